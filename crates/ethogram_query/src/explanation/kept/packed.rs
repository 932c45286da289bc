//! Floats as bytes that compress: first bytes, second bytes, third, fourth, each together.

/// Compression level: what is packed while somebody scrubs must not cost more than computing it.
const LEVEL: i32 = 1;

/// The bytes that lie on the disk; the plain ones where compressing does not pay.
pub fn pack(values: &[f32]) -> Vec<u8> {
    let plain = planes(values);
    match zstd::bulk::compress(&plain, LEVEL) {
        Ok(packed) if packed.len() < plain.len() => packed,
        _ => plain,
    }
}

/// `count` floats; `None` when the bytes hold something else.
pub fn unpack(bytes: &[u8], count: usize) -> Option<Vec<f32>> {
    let length = count.checked_mul(4)?;
    if bytes.len() == length {
        return Some(floats(bytes));
    }
    let plain = zstd::bulk::decompress(bytes, length).ok()?;
    (plain.len() == length).then(|| floats(&plain))
}

fn planes(values: &[f32]) -> Vec<u8> {
    let mut bytes = vec![0; values.len() * 4];
    for (plane, bytes) in bytes.chunks_mut(values.len().max(1)).enumerate() {
        bytes.iter_mut().zip(values).for_each(|(byte, value)| *byte = value.to_le_bytes()[plane]);
    }
    bytes
}

fn floats(planes: &[u8]) -> Vec<f32> {
    let count = planes.len() / 4;
    (0..count).map(|at| f32::from_le_bytes(std::array::from_fn(|plane| planes[plane * count + at]))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_come_back_bit_by_bit() {
        for values in [vec![], vec![1.0], vec![0.0; 10_000], vec![f32::NAN, -0.0, f32::INFINITY, 1e-40, 3.25]] {
            let packed = pack(&values);
            assert!(packed.len() <= values.len() * 4);
            let back = unpack(&packed, values.len()).expect("floats");
            assert!(back.iter().zip(&values).all(|(a, b)| a.to_bits() == b.to_bits()), "{values:?}");
        }
        assert!(pack(&vec![0.0; 10_000]).len() < 100, "what is not there costs nothing");
    }

    #[test]
    fn other_bytes_are_no_floats() {
        let packed = pack(&vec![2.5; 1_000]);
        assert!(unpack(&packed, 999).is_none() && unpack(&packed, 1_001).is_none());
        assert!(unpack(&packed[..packed.len() - 1], 1_000).is_none());
        assert!(unpack(b"hello", 1_000).is_none());
    }
}
