//! NumPy's `.npz`: a zip of arrays. What is pickled is refused; nothing is allocated that the file only claims.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use ethogram_store::{Array, Dtype};

/// Largest file that is read.
const FILE_BYTES_MAX: u64 = 256 << 20;
/// Most bytes of all arrays of a file, unpacked.
const ARRAYS_BYTES_MAX: u64 = 256 << 20;
/// Most arrays of a file.
const ARRAYS_MAX: usize = 256;

/// Arrays by name, each with why it could not be read.
pub type Arrays = Vec<(String, Result<Array, String>)>;

/// Reads a file.
pub fn read(path: &Path) -> Result<Arrays, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err("it is over the limit of 256 MiB".into());
    }
    arrays(&bytes)
}

/// The arrays of a zip.
pub fn arrays(zip: &[u8]) -> Result<Arrays, String> {
    // The directory is found from its end, which stands in the last 64 KiB.
    let from = zip.len().saturating_sub((1 << 16) + 22);
    let end = zip[from..].windows(4).rposition(|window| window == b"PK\x05\x06").ok_or("it is no zip")? + from;
    let count = number(zip, end + 10, 2)? as usize;
    let mut at = number(zip, end + 16, 4)? as usize;
    if count > ARRAYS_MAX {
        return Err(format!("it has {count} arrays, over the limit of {ARRAYS_MAX}"));
    }
    let mut arrays = Vec::new();
    let mut left = ARRAYS_BYTES_MAX;
    for _ in 0..count {
        if zip.get(at..at + 4) != Some(b"PK\x01\x02") {
            return Err("its directory is damaged".into());
        }
        let (method, packed) = (number(zip, at + 10, 2)?, number(zip, at + 20, 4)? as usize);
        let lengths = [28, 30, 32].map(|field| number(zip, at + field, 2).map(|length| length as usize));
        let [name, extra, comment] = lengths;
        let (name, next) = (name?, at + 46 + extra? + comment?);
        let text = zip.get(at + 46..at + 46 + name).ok_or("its directory is cut off")?;
        let local = number(zip, at + 42, 4)? as usize;
        let text = String::from_utf8_lossy(text).into_owned();
        let text = text.strip_suffix(".npy").unwrap_or(&text).to_owned();
        let read = member(zip, local, method, packed, &mut left);
        arrays.push((text, read.and_then(|bytes| array(&bytes))));
        at = next + name;
    }
    Ok(arrays)
}

/// The bytes of a member, unpacked, which are taken off `left`. One that is larger leaves nothing: what follows is not unpacked at all.
fn member(zip: &[u8], local: usize, method: u64, packed: usize, left: &mut u64) -> Result<Vec<u8>, String> {
    if packed == u32::MAX as usize {
        return Err("it is in the form for more than 4 GiB".into());
    }
    let head = local.saturating_add(30);
    let begin =
        head + number(zip, local.saturating_add(26), 2)? as usize + number(zip, local.saturating_add(28), 2)? as usize;
    let bytes = zip.get(begin..begin.saturating_add(packed)).ok_or("it is cut off")?;
    let mut unpacked = Vec::new();
    let read = match method {
        0 => bytes.take(*left + 1).read_to_end(&mut unpacked),
        8 => flate2::read::DeflateDecoder::new(bytes).take(*left + 1).read_to_end(&mut unpacked),
        other => return Err(format!("it is packed by method {other}; expected 0 or 8")),
    };
    read.map_err(|error| format!("it cannot be unpacked: {error}"))?;
    let is_over = unpacked.len() as u64 > *left;
    *left = left.saturating_sub(unpacked.len() as u64);
    if is_over {
        return Err(format!("the arrays of the file are over the limit of {ARRAYS_BYTES_MAX} bytes"));
    }
    Ok(unpacked)
}

/// An array of the format `.npy`.
pub fn array(npy: &[u8]) -> Result<Array, String> {
    let version = npy.get(6).filter(|_| npy.starts_with(b"\x93NUMPY")).ok_or("it is no NumPy array")?;
    let (length, begin) = if *version == 1 { (number(npy, 8, 2)?, 10) } else { (number(npy, 8, 4)?, 12) };
    let end = begin + length as usize;
    let head = npy.get(begin..end).and_then(|head| std::str::from_utf8(head).ok()).ok_or("its head is damaged")?;
    let after = |key: &str| head.split_once(&format!("'{key}':")).map(|(_, rest)| rest.trim_start());
    let descr = after("descr").and_then(|rest| rest.strip_prefix('\'')).and_then(|rest| rest.split('\'').next());
    let descr = descr.ok_or("its elements are records")?;
    let dtype = dtype(descr)?;
    if after("fortran_order").is_none_or(|rest| !rest.starts_with("False")) {
        return Err("its first axis is the fastest".into());
    }
    let shape = after("shape").and_then(|rest| rest.strip_prefix('(')).and_then(|rest| rest.split(')').next());
    let lengths = shape.ok_or("its shape is not told")?.split(',').map(str::trim).filter(|text| !text.is_empty());
    let shape =
        lengths.map(|text| text.parse::<usize>().map_err(|_| "its shape is none")).collect::<Result<Vec<_>, _>>()?;
    Array::new(dtype, shape, npy[end..].to_vec()).map_err(|_| "its length is not that of its shape".into())
}

fn dtype(descr: &str) -> Result<Dtype, String> {
    Ok(match descr {
        "|b1" => Dtype::Bool,
        "|u1" => Dtype::Uint8,
        "|i1" => Dtype::Int8,
        "<u2" => Dtype::Uint16,
        "<u4" => Dtype::Uint32,
        "<u8" => Dtype::Uint64,
        "<i2" => Dtype::Int16,
        "<i4" => Dtype::Int32,
        "<i8" => Dtype::Int64,
        "<f2" => Dtype::Float16,
        "<f4" => Dtype::Float32,
        "<f8" => Dtype::Float64,
        "|O" => return Err("its elements are pickled objects, which could run any code".into()),
        other => return Err(format!("its elements are {other:?}; expected numbers, smallest byte first")),
    })
}

fn number(bytes: &[u8], at: usize, length: usize) -> Result<u64, String> {
    let bytes = bytes.get(at..at.saturating_add(length)).ok_or("it is cut off")?;
    Ok(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn npy(head: &str, data: &[u8]) -> Vec<u8> {
        let mut npy = b"\x93NUMPY\x01\x00".to_vec();
        npy.extend((head.len() as u16).to_le_bytes());
        npy.extend(head.as_bytes());
        npy.extend(data);
        npy
    }

    #[test]
    fn an_array_is_read_and_what_is_pickled_refused() {
        let read = |head: &str, data: &[u8]| array(&npy(head, data));
        let sound =
            read("{'descr': '<i2', 'fortran_order': False, 'shape': (2, 1), }\n", &[1, 0, 2, 0]).expect("an array");
        assert_eq!((sound.shape(), sound.to_f64()), (&[2, 1][..], vec![1.0, 2.0]));
        let refused = read("{'descr': '|O', 'fortran_order': False, 'shape': (2,), }\n", &[]).expect_err("pickled");
        assert!(refused.contains("pickled"), "{refused}");
        assert!(read("{'descr': '<i2', 'fortran_order': False, 'shape': (99999999999,), }\n", &[]).is_err());
        for cut in 0..20 {
            assert!(array(&npy("{'descr': '<i2', }", &[])[..cut]).is_err());
        }
    }

    /// A zip whose members all are the same packed bytes.
    fn zip(members: usize, packed: &[u8]) -> Vec<u8> {
        let number = |value: usize, length: usize| value.to_le_bytes()[..length].to_vec();
        let mut zip = [b"PK\x03\x04".to_vec(), vec![0; 22], number(1, 2), number(0, 2), b"a".to_vec()].concat();
        zip.extend(packed);
        let directory = zip.len();
        for _ in 0..members {
            zip.extend(
                [b"PK\x01\x02".to_vec(), vec![0; 6], number(8, 2), vec![0; 8], number(packed.len(), 4)].concat(),
            );
            zip.extend([vec![0; 4], number(1, 2), vec![0; 16], b"a".to_vec()].concat());
        }
        zip.extend([b"PK\x05\x06".to_vec(), vec![0; 6], number(members, 2), vec![0; 4], number(directory, 4)].concat());
        zip.extend([0; 2]);
        zip
    }

    #[test]
    fn a_small_file_that_unpacks_to_much_is_refused_before_it_is_unpacked() {
        use std::io::Write;
        let mut packer = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        packer
            .write_all(&npy("{'descr': '|u1', 'fortran_order': False, 'shape': (67108864,), }\n", &[]))
            .expect("packed");
        let zeros = vec![0; 1 << 20];
        (0..64).for_each(|_| packer.write_all(&zeros).expect("packed"));
        let packed = packer.finish().expect("packed");
        assert!(packed.len() < 1 << 17, "{} bytes for 64 MiB", packed.len());
        let arrays = arrays(&zip(200, &packed)).expect("a zip");
        let (read, refused): (Vec<_>, Vec<_>) = arrays.iter().map(|(_, array)| array).partition(|array| array.is_ok());
        assert_eq!((read.len(), refused.len()), (3, 197), "four of them are over 256 MiB by their heads");
        assert!(refused.iter().all(|why| why.as_ref().is_err_and(|why| why.contains("limit of 268435456 bytes"))));
    }
}
