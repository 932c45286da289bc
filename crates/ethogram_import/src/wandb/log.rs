//! The log of LevelDB that a file of W&B is: blocks of 32 KiB, pieces of records in them.
//!
//! **Source** `LevelDB`, `doc/log_format.md`; `core/internal/leveldb` of W&B, whose checksum is that of zlib.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use ethogram_store::{Error, Result};

/// `:W&B`, a number, and version 0.
const HEAD: [u8; 7] = [b':', b'W', b'&', b'B', 0xe1, 0xbe, 0];
const BLOCK: u64 = 32 << 10;
/// Checksum, length and kind of a piece.
const PIECE_HEAD: u64 = 7;
/// Longest record that is read.
const RECORD_BYTES_MAX: usize = 64 << 20;

/// A log, read as far as it goes.
#[derive(Default)]
pub struct Log {
    position: u64,
    /// It is none of W&B's: nothing of it is read.
    is_other: bool,
    /// Where a record begins, and its bytes so far; the rest comes in the next block.
    begun: Option<(u64, Vec<u8>)>,
}

/// What a log holds.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// A record, and where it begins.
    Record { at: u64, bytes: Vec<u8> },
    /// What could not be read, and why.
    Lost { what: String, why: &'static str },
}

impl Log {
    /// How far it was read.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Reads what is new, about `budget` bytes at most, and hands it out in order. Whether there may be more.
    ///
    /// # Errors
    /// The file cannot be read just now.
    pub fn read(&mut self, path: &Path, budget: u64, mut each: impl FnMut(Found)) -> Result<bool> {
        let (file, length) = open(path)?;
        let (mut found, end) = (Vec::new(), self.position.saturating_add(budget));
        while self.step(&file, length, path, &mut found)? {
            found.drain(..).for_each(&mut each);
            if self.position >= end {
                return Ok(self.position < length);
            }
        }
        found.into_iter().for_each(each);
        Ok(false)
    }

    /// Reads on by a block; whether there may be more.
    fn step(&mut self, file: &File, length: u64, path: &Path, found: &mut Vec<Found>) -> Result<bool> {
        if self.position >= length || self.is_other {
            return Ok(false);
        }
        let begin = self.position / BLOCK * BLOCK;
        let mut block = vec![0; (length - begin).min(BLOCK) as usize];
        file.read_exact_at(&mut block, begin).map_err(|source| failed(source, path))?;
        let whole = block.len() as u64 == BLOCK;
        let before = self.position;
        self.block(&block, begin, found);
        if whole {
            self.position = begin + BLOCK;
        }
        // Else the rest of a piece is on its way.
        Ok(whole || self.position != before)
    }

    /// Reads the pieces of a block from the position on.
    fn block(&mut self, block: &[u8], begin: u64, found: &mut Vec<Found>) {
        let mut at = (self.position - begin) as usize;
        if self.position == 0 {
            if block.len() < HEAD.len() {
                return;
            }
            if block[..HEAD.len()] != HEAD {
                let why = "it does not begin as a file of W&B does";
                found.push(Found::Lost { what: "the file".into(), why });
                self.is_other = true;
                return;
            }
            at = HEAD.len();
        }
        while at + PIECE_HEAD as usize <= block.len() {
            let head = &block[at..at + PIECE_HEAD as usize];
            let checksum = u32::from_le_bytes([head[0], head[1], head[2], head[3]]);
            let (length, kind) = (usize::from(u16::from_le_bytes([head[4], head[5]])), head[6]);
            let from = at + PIECE_HEAD as usize;
            let place = begin + at as u64;
            let Some(bytes) = block.get(from..from + length) else {
                if block.len() as u64 == BLOCK {
                    found.push(lost(place, "a piece reaches beyond its block"));
                }
                break;
            };
            if kind == 0 && length == 0 && checksum == 0 {
                break; // Filled up, or not written yet.
            }
            let mut sum = crc32fast::Hasher::new();
            sum.update(&[kind]);
            sum.update(bytes);
            if sum.finalize() == checksum {
                self.piece(kind, bytes, place, found);
            } else {
                found.push(lost(place, "checksum of a piece differs"));
                self.begun = None;
            }
            at = from + length;
            self.position = begin + at as u64;
        }
        // What is left of a block is too short for a piece.
    }

    fn piece(&mut self, kind: u8, bytes: &[u8], at: u64, found: &mut Vec<Found>) {
        if matches!(kind, 1 | 2) {
            self.begun = Some((at, Vec::new()));
        }
        // The end of a record whose beginning was damaged is none.
        let Some((_, begun)) = &mut self.begun else { return };
        if begun.len() + bytes.len() > RECORD_BYTES_MAX {
            self.begun = None;
            return found.push(lost(at, "the record is over the limit of 64 MiB"));
        }
        begun.extend_from_slice(bytes);
        if matches!(kind, 1 | 4)
            && let Some((at, bytes)) = self.begun.take()
        {
            found.push(Found::Record { at, bytes });
        }
    }
}

/// Reads the record that begins at a place once more.
///
/// # Errors
/// The file cannot be read just now, or holds no record there any more.
pub fn record_at(path: &Path, at: u64) -> Result<Vec<u8>> {
    let (file, length) = open(path)?;
    let mut log = Log { position: at.max(HEAD.len() as u64), ..Log::default() };
    let mut found = Vec::new();
    while found.is_empty() && log.step(&file, length, path, &mut found)? {}
    match found.into_iter().next() {
        Some(Found::Record { at: begin, bytes }) if begin == at => Ok(bytes),
        _ => Err(Error::Corrupt {
            what: format!("the record at byte {at}"),
            expected: "what was there before".into(),
            found: "something else".into(),
            path: path.to_owned(),
        }),
    }
}

fn open(path: &Path) -> Result<(File, u64)> {
    let file = File::open(path).map_err(|source| failed(source, path))?;
    let length = file.metadata().map_err(|source| failed(source, path))?.len();
    Ok((file, length))
}

fn failed(source: std::io::Error, path: &Path) -> Error {
    Error::Io { action: "read", path: path.to_owned(), source }
}

fn lost(at: u64, why: &'static str) -> Found {
    Found::Lost { what: format!("the record at byte {at}"), why }
}
