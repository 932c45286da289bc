//! Records of TensorFlow: length, its checksum, bytes, their checksum. Read while the file grows.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use ethogram_store::{Error, Result};

/// Longest record that is read; a longer one is passed over.
pub const RECORD_BYTES_MAX: u64 = 256 << 20;
/// Length and its checksum.
const HEAD: usize = 12;
/// Checksum of the bytes.
const FOOT: usize = 4;
/// Bytes read at a time.
const CHUNK: usize = 1 << 20;
/// Bytes that are looked through for the head of a record in one go: more of them are another damage.
const SCANNED_BYTES_MAX: u64 = 16 << 20;

/// Reads the records of a file from its beginning, again and again as it grows.
#[derive(Debug)]
pub struct RecordReader {
    path: PathBuf,
    /// `None` while nothing is read: there may be more files than a process may have open.
    file: Option<File>,
    /// Which file it was when it was opened first: its device, and its number there.
    identity: Option<(u64, u64)>,
    /// Of the file when it was looked at last.
    length: u64,
    /// Where the next record begins.
    position: u64,
    buffer: Vec<u8>,
    /// What the buffer holds, from this place of the file.
    held_from: u64,
}

/// What lies at the position.
#[derive(Debug)]
pub enum Next<'a> {
    /// A sound record.
    Record {
        /// Where its bytes begin.
        offset: u64,
        /// The bytes.
        bytes: &'a [u8],
    },
    /// Bytes that cannot be trusted and were passed over.
    Unsound {
        /// Which.
        range: Range<u64>,
        /// Why.
        why: &'static str,
    },
    /// All was read but what is not there yet: at most a part of a record.
    End,
}

impl RecordReader {
    /// Of a file that was not looked at yet.
    pub fn new(path: &Path) -> Self {
        let path = path.to_owned();
        Self { path, file: None, identity: None, length: 0, position: 0, buffer: Vec::new(), held_from: 0 }
    }

    /// The same file from its beginning.
    pub fn once_more(&self) -> Self {
        Self { identity: self.identity, ..Self::new(&self.path) }
    }

    /// Looks how long the file is now.
    ///
    /// # Errors
    /// It is not there, or another one is in its place.
    pub fn look(&mut self) -> Result<u64> {
        let opened = match self.file.take() {
            Some(file) => Ok(file),
            None => File::open(&self.path),
        };
        let file = opened.map_err(|source| failed("open", &self.path, source))?;
        let found = file.metadata().map_err(|source| failed("read", &self.path, source))?;
        let identity = (found.dev(), found.ino());
        if *self.identity.get_or_insert(identity) != identity {
            let replaced = std::io::Error::other("another file is there now: it is read anew at the next look");
            return Err(failed("read", &self.path, replaced));
        }
        (self.file, self.length) = (Some(file), found.len());
        Ok(self.length)
    }

    /// Whether another file is in its place.
    pub fn is_replaced(&self) -> bool {
        let Ok(found) = std::fs::metadata(&self.path) else { return false };
        self.identity.is_some_and(|identity| identity != (found.dev(), found.ino()))
    }

    /// Takes the file for no longer than this.
    pub fn cut(&mut self, length: u64) {
        self.length = self.length.min(length);
    }

    /// Goes on at a place where a record begins.
    pub fn skip_to(&mut self, position: u64) {
        self.position = position;
    }

    /// Where the next record begins: all before was read.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Bytes behind the position.
    pub fn unread(&self) -> u64 {
        self.length.saturating_sub(self.position)
    }

    /// Closes the file, and lets go of the bytes that were read ahead.
    pub fn rest(&mut self) {
        (self.file, self.buffer, self.held_from) = (None, Vec::new(), 0);
    }

    /// The next record.
    pub fn next(&mut self) -> Result<Next<'_>> {
        let start = self.position;
        if self.unread() < HEAD as u64 {
            return Ok(Next::End);
        }
        let head = self.bytes(start, HEAD)?;
        let (length, checksum) = (number(&head[..8]), &head[8..12]);
        if masked_crc(&head[..8]).to_le_bytes() != *checksum {
            return self.resynchronise();
        }
        // A length that is vouched for is believed, but not allocated.
        let total = length.saturating_add((HEAD + FOOT) as u64);
        if total > self.unread() {
            return Ok(Next::End);
        }
        if length > RECORD_BYTES_MAX {
            self.position = start + total;
            return Ok(Next::Unsound { range: start..start + total, why: "the record is over the limit of 256 MiB" });
        }
        self.position = start + total;
        let record = self.bytes(start, total as usize)?;
        let (bytes, foot) = record[HEAD..].split_at(length as usize);
        if masked_crc(bytes).to_le_bytes() != *foot {
            return Ok(Next::Unsound { range: start..start + total, why: "checksum of the record differs" });
        }
        let held = (start - self.held_from) as usize + HEAD;
        Ok(Next::Record { offset: start + HEAD as u64, bytes: &self.buffer[held..held + length as usize] })
    }

    /// Looks for the next place that can be the head of a record: eight bytes whose checksum follows them.
    fn resynchronise(&mut self) -> Result<Next<'_>> {
        let start = self.position;
        let mut at = start + 1;
        while at + HEAD as u64 <= self.length && at - start < SCANNED_BYTES_MAX {
            let ahead = (self.length - at).min(CHUNK as u64) as usize;
            let bytes = self.bytes(at, ahead)?;
            let sound = |window: &[u8]| {
                // Bytes of zeros are common, and records are short: most places are ruled out before anything is summed up.
                number(&window[..8]) <= RECORD_BYTES_MAX && masked_crc(&window[..8]).to_le_bytes() == window[8..12]
            };
            if let Some(found) = bytes.windows(HEAD).position(sound) {
                at += found as u64;
                self.position = at;
                return Ok(Next::Unsound { range: start..at, why: "checksum of a length differs" });
            }
            at += (ahead - HEAD + 1) as u64;
        }
        // A head may still be on its way, or further on.
        self.position = at.min(self.length);
        Ok(Next::Unsound { range: start..self.position, why: "checksum of a length differs" })
    }

    /// `count` bytes from `start`, which the file has, and as many more as a chunk holds.
    fn bytes(&mut self, start: u64, count: usize) -> Result<&[u8]> {
        let held = self.held_from..self.held_from + self.buffer.len() as u64;
        if !(held.start <= start && start + count as u64 <= held.end) {
            let wanted = (self.length - start).min(count.max(CHUNK) as u64) as usize;
            let kept =
                if held.start <= start && start < held.end { (start - held.start) as usize } else { held_len(&held) };
            self.buffer.drain(..kept);
            self.held_from = start;
            let from = self.buffer.len();
            // A buffer that a long record needed is not kept for short ones.
            if self.buffer.capacity() > 8 * CHUNK && wanted <= CHUNK {
                self.buffer.shrink_to(2 * CHUNK);
            }
            self.buffer.resize(wanted.max(from), 0);
            let closed = || std::io::Error::other("it was not looked at before it was read");
            let file = self.file.as_ref().ok_or_else(closed);
            let read = file.and_then(|file| file.read_exact_at(&mut self.buffer[from..], start + from as u64));
            if let Err(source) = read {
                self.buffer.clear();
                return Err(failed("read", &self.path, source));
            }
        }
        let at = (start - self.held_from) as usize;
        Ok(&self.buffer[at..at + count])
    }
}

fn held_len(held: &Range<u64>) -> usize {
    (held.end - held.start) as usize
}

/// The bytes of one record again, `length` of them from `offset`, checked again: the file may have changed since.
pub fn read_again(path: &Path, offset: u64, length: u32) -> Result<Vec<u8>> {
    let file = File::open(path).map_err(|source| failed("open", path, source))?;
    let mut bytes = vec![0; length as usize + FOOT];
    file.read_exact_at(&mut bytes, offset).map_err(|source| failed("read", path, source))?;
    let foot = bytes.split_off(length as usize);
    if masked_crc(&bytes).to_le_bytes() != *foot {
        return Err(Error::Corrupt {
            what: format!("the record at byte {offset}"),
            expected: "the bytes that were there before".into(),
            found: "other bytes".into(),
            path: path.to_owned(),
        });
    }
    Ok(bytes)
}

/// CRC-32C, rotated and shifted, so that a checksum of checksums is none.
pub fn masked_crc(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

fn number(bytes: &[u8]) -> u64 {
    bytes.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

fn failed(action: &'static str, path: &Path, source: std::io::Error) -> Error {
    Error::Io { action, path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_huge_damage_is_looked_through_in_parts() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("events.out.tfevents.1.a");
        // A hole of 40 MiB, as of a terabyte: it takes no room on the disk.
        let length = 40 << 20;
        File::create(&path).and_then(|file| file.set_len(length)).expect("a hole");
        let mut records = RecordReader::new(&path);
        assert_eq!(records.look().expect("there"), length);
        let mut ends = Vec::new();
        while let Next::Unsound { range, .. } = records.next().expect("read") {
            assert_eq!(range.start, ends.last().copied().unwrap_or(0));
            assert!(range.end - range.start < SCANNED_BYTES_MAX + CHUNK as u64, "{range:?}");
            ends.push(range.end);
        }
        assert_eq!(ends.len(), 3);
        assert!(length - records.position() < HEAD as u64, "{}", records.position());
    }
}
