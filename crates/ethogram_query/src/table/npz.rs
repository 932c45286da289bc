//! Arrays as a file of `NumPy`: a zip archive of `.npy`, nothing packed.
//!
//! **Source** NumPy's format specification, version 1.0; PKWARE's APPNOTE 6.3, local and central headers.

use std::io::{self, Write};

use super::{Cells, Table};

/// Most bytes of one archive: its sizes are those of version 2.
pub(super) const NPZ_BYTES_MAX: u64 = u32::MAX as u64;

/// Bytes that the columns of a table take, known before any is made. Each text takes the room of the longest of its column.
pub(super) fn bytes_of(table: &Table) -> u64 {
    let of = |cells: &Cells| {
        let (each, whole) = match cells {
            Cells::Integers(cells) => (8, !cells.contains(&None)),
            Cells::Numbers(cells) => (8, cells.iter().all(Option::is_some)),
            Cells::Truths(cells) => (1, !cells.contains(&None)),
            Cells::Texts(texts) => {
                let longest = texts.iter().flatten().map(|text| text.chars().count()).max();
                (4 * longest.unwrap_or(0).max(1) as u64, texts.iter().all(Option::is_some))
            }
        };
        (each + u64::from(!whole)).saturating_mul(cells.len() as u64)
    };
    table.columns.iter().fold(0, |sum: u64, column| sum.saturating_add(of(&column.cells)))
}

/// An array a column. Whole numbers are `int64`, numbers `float64`, truths `bool`, texts `str`; where cells are missing, those hold 0,
/// NaN, false or nothing, and `NAME/valid` says which are not.
pub(super) fn write(table: &Table, to: &mut dyn Write) -> io::Result<()> {
    let mut archive = NpzArchive::new(to);
    for column in &table.columns {
        let (name, rows) = (column.name.as_str(), [column.cells.len()]);
        let valid: Vec<bool> = match &column.cells {
            Cells::Integers(cells) => {
                let bytes: Vec<u8> = cells.iter().flat_map(|cell| cell.unwrap_or(0).to_le_bytes()).collect();
                archive.array(name, "<i8", &rows, &bytes)?;
                cells.iter().map(Option::is_some).collect()
            }
            Cells::Numbers(cells) => {
                let bytes: Vec<u8> = cells.iter().flat_map(|cell| cell.unwrap_or(f64::NAN).to_le_bytes()).collect();
                archive.array(name, "<f8", &rows, &bytes)?;
                cells.iter().map(Option::is_some).collect()
            }
            Cells::Truths(cells) => {
                let bytes: Vec<u8> = cells.iter().map(|cell| u8::from(cell.unwrap_or(false))).collect();
                archive.array(name, "|b1", &rows, &bytes)?;
                cells.iter().map(Option::is_some).collect()
            }
            Cells::Texts(cells) => {
                let texts: Vec<&str> = cells.iter().map(|cell| cell.as_deref().unwrap_or("")).collect();
                archive.texts(name, &texts)?;
                cells.iter().map(Option::is_some).collect()
            }
        };
        if valid.contains(&false) {
            let bytes: Vec<u8> = valid.into_iter().map(u8::from).collect();
            archive.array(&format!("{name}/valid"), "|b1", &rows, &bytes)?;
        }
    }
    archive.finish()
}

/// A zip archive on its way. Sizes are those of version 2: a file or an archive of 4 GiB is refused.
pub struct NpzArchive<'a> {
    to: &'a mut dyn Write,
    at: u64,
    /// Name, checksum, size, offset.
    entries: Vec<(String, u32, u32, u32)>,
}

impl<'a> NpzArchive<'a> {
    /// Begins one.
    pub fn new(to: &'a mut dyn Write) -> Self {
        Self { to, at: 0, entries: Vec::new() }
    }

    /// Adds an array: `descr` is `NumPy`'s name of its type, `data` its elements, little-endian in C order.
    ///
    /// # Errors
    /// What `to` refuses; an archive of 4 GiB or more.
    pub fn array(&mut self, name: &str, descr: &str, shape: &[usize], data: &[u8]) -> io::Result<()> {
        let shape: Vec<String> = shape.iter().map(usize::to_string).collect();
        // A tuple of one has a comma, too; that of none has not.
        let shape = if shape.is_empty() { String::new() } else { shape.join(", ") + "," };
        let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({shape}), }}").into_bytes();
        // The data begins at a multiple of 64.
        let length = (10 + header.len() + 1).next_multiple_of(64) - 10;
        header.resize(length - 1, b' ');
        header.push(b'\n');
        let mut head = b"\x93NUMPY\x01\x00".to_vec();
        head.extend_from_slice(&(length as u16).to_le_bytes());
        head.extend(header);
        self.file(&format!("{name}.npy"), &head, data)
    }

    /// Adds texts.
    ///
    /// # Errors
    /// As [`NpzArchive::array`].
    pub fn texts(&mut self, name: &str, texts: &[impl AsRef<str>]) -> io::Result<()> {
        let width = texts.iter().map(|text| text.as_ref().chars().count()).max().unwrap_or(0).max(1);
        let padded = |text: &str| {
            let signs: Vec<u32> = text.chars().map(u32::from).collect();
            (0..width).flat_map(move |at| signs.get(at).copied().unwrap_or(0).to_le_bytes()).collect::<Vec<u8>>()
        };
        let bytes: Vec<u8> = texts.iter().flat_map(|text| padded(text.as_ref())).collect();
        self.array(name, &format!("<U{width}"), &[texts.len()], &bytes)
    }

    fn file(&mut self, name: &str, begin: &[u8], bytes: &[u8]) -> io::Result<()> {
        let small = |number: u64| {
            u32::try_from(number).map_err(|_| io::Error::other("an .npz of 4 GiB or more; write fewer rows"))
        };
        let (size, offset) = (small((begin.len() + bytes.len()) as u64)?, small(self.at)?);
        let mut checksum = crc32fast::Hasher::new();
        checksum.update(begin);
        checksum.update(bytes);
        let checksum = checksum.finalize();
        let mut head = b"PK\x03\x04".to_vec();
        head.extend(described(checksum, size, name));
        head.extend_from_slice(name.as_bytes());
        self.to.write_all(&head)?;
        self.to.write_all(begin)?;
        self.to.write_all(bytes)?;
        self.at += head.len() as u64 + u64::from(size);
        self.entries.push((name.to_owned(), checksum, size, offset));
        Ok(())
    }

    /// Writes what lies where.
    ///
    /// # Errors
    /// As [`NpzArchive::array`].
    pub fn finish(self) -> io::Result<()> {
        let mut directory = Vec::new();
        for (name, checksum, size, offset) in &self.entries {
            directory.extend_from_slice(b"PK\x01\x02\x14\x00");
            directory.extend(described(*checksum, *size, name));
            // No comment, disk 0, no attributes.
            directory.extend_from_slice(&[0; 10]);
            directory.extend_from_slice(&offset.to_le_bytes());
            directory.extend_from_slice(name.as_bytes());
        }
        let (count, start) = (self.entries.len() as u16, self.at as u32);
        self.to.write_all(&directory)?;
        self.to.write_all(b"PK\x05\x06\0\0\0\0")?;
        self.to.write_all(&[count.to_le_bytes(), count.to_le_bytes()].concat())?;
        self.to.write_all(&[(directory.len() as u32).to_le_bytes(), start.to_le_bytes()].concat())?;
        self.to.write_all(&[0, 0])
    }
}

/// What both headers say of a file: version 2.0, names in UTF-8, nothing packed, midnight of 1 January 1980.
fn described(checksum: u32, size: u32, name: &str) -> Vec<u8> {
    let mut bytes = vec![0x14, 0, 0, 0x08, 0, 0, 0, 0, 0x21, 0];
    for number in [checksum, size, size] {
        bytes.extend_from_slice(&number.to_le_bytes());
    }
    bytes.extend_from_slice(&(name.len() as u16).to_le_bytes());
    bytes.extend_from_slice(&[0, 0]);
    bytes
}
