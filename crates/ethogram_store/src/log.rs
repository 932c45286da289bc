//! The commit log: 64 bytes for every message of a live segment, saying what it holds and vouching for its bytes.

use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::Result;
use crate::layout::{io_error, open_file};

/// What one record vouches for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// Where the message starts in the segment.
    pub offset: u64,
    /// Its bytes, framing included.
    pub length: u64,
    /// Smallest step in the batch.
    pub first: i64,
    /// Largest step in the batch.
    pub last: i64,
    /// The episode that all rows belong to, or [`Record::NO_EPISODE`].
    pub episode: u64,
    /// xxh3-64 of the message.
    pub hash: u64,
    /// Rows in the batch.
    pub rows: u32,
    /// What the message is.
    pub kind: RecordKind,
    /// Number of this record in its log, from 0.
    pub sequence: u32,
}

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordKind {
    /// The schema of the segment; always the first.
    Schema,
    /// A record batch.
    Batch,
}

impl Record {
    /// Bytes of a record.
    pub const BYTES: usize = 64;
    /// Stands in [`Record::episode`] where rows belong to no one episode.
    pub const NO_EPISODE: u64 = u64::MAX;
    /// Largest message that is written or read.
    pub const LENGTH_MAX: u64 = 1 << 30;
    const VERSION: u8 = 1;

    /// The record as it lies on disk.
    pub fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        bytes[0..8].copy_from_slice(&self.offset.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.length.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.first.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.last.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.episode.to_le_bytes());
        bytes[40..48].copy_from_slice(&self.hash.to_le_bytes());
        bytes[48..52].copy_from_slice(&self.rows.to_le_bytes());
        bytes[52] = match self.kind {
            RecordKind::Schema => 0,
            RecordKind::Batch => 1,
        };
        bytes[53] = Self::VERSION;
        bytes[56..60].copy_from_slice(&self.sequence.to_le_bytes());
        let crc = crc32fast::hash(&bytes[..60]);
        bytes[60..64].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// Reads a record; says why it is unsound.
    pub fn from_bytes(bytes: &[u8; Self::BYTES]) -> Result<Self, &'static str> {
        fn take<const N: usize>(bytes: &[u8; 64], at: usize) -> [u8; N] {
            std::array::from_fn(|i| bytes[at + i])
        }
        if crc32fast::hash(&bytes[..60]) != u32::from_le_bytes(take(bytes, 60)) {
            return Err("checksum of the record differs");
        }
        if bytes[53] != Self::VERSION {
            return Err("record of another version");
        }
        let kind = match bytes[52] {
            0 => RecordKind::Schema,
            1 => RecordKind::Batch,
            _ => return Err("record of an unknown kind"),
        };
        let record = Self {
            offset: u64::from_le_bytes(take(bytes, 0)),
            length: u64::from_le_bytes(take(bytes, 8)),
            first: i64::from_le_bytes(take(bytes, 16)),
            last: i64::from_le_bytes(take(bytes, 24)),
            episode: u64::from_le_bytes(take(bytes, 32)),
            hash: u64::from_le_bytes(take(bytes, 40)),
            rows: u32::from_le_bytes(take(bytes, 48)),
            kind,
            sequence: u32::from_le_bytes(take(bytes, 56)),
        };
        if record.length == 0 || record.length > Self::LENGTH_MAX {
            return Err("length of the message is zero or over the limit of 1 GiB");
        }
        if record.offset.checked_add(record.length).is_none() {
            return Err("range of the message overflows");
        }
        Ok(record)
    }

    /// Where the message ends in the segment.
    pub fn end(&self) -> u64 {
        self.offset + self.length
    }
}

/// Reads a log that may still grow, each record once.
#[derive(Debug)]
pub struct LogTail {
    path: PathBuf,
    sequence: u32,
    end: u64,
    unsound: Option<&'static str>,
}

impl LogTail {
    /// Bytes read at a time.
    const CHUNK: usize = 64 << 10;

    /// Starts at the first record.
    pub fn new(path: PathBuf) -> Self {
        Self { path, sequence: 0, end: 0, unsound: None }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Why the record after the last one read cannot be trusted, if there is one. What follows it is not read.
    pub fn unsound(&self) -> Option<&'static str> {
        self.unsound
    }

    /// Appends the sound records that are new to `records`. A record of which only a part is there yet is left for later.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read_new(&mut self, records: &mut Vec<Record>) -> Result<()> {
        let failed = |source| io_error("read", &self.path, source);
        let position = u64::from(self.sequence) * Record::BYTES as u64;
        let mut file = open_file(&self.path).map_err(failed)?;
        if file.metadata().map_err(failed)?.len() < position + Record::BYTES as u64 {
            return Ok(());
        }
        file.seek(SeekFrom::Start(position)).map_err(failed)?;
        self.unsound = None;
        let mut chunk = Vec::new();
        loop {
            chunk.clear();
            (&file).take(Self::CHUNK as u64).read_to_end(&mut chunk).map_err(|e| io_error("read", &self.path, e))?;
            for bytes in chunk.as_chunks::<{ Record::BYTES }>().0 {
                match self.check(bytes) {
                    Ok(record) => {
                        self.sequence += 1;
                        self.end = record.end();
                        records.push(record);
                    }
                    Err(why) => {
                        self.unsound = Some(why);
                        return Ok(());
                    }
                }
            }
            if chunk.len() < Self::CHUNK {
                return Ok(());
            }
        }
    }

    fn check(&self, bytes: &[u8; Record::BYTES]) -> Result<Record, &'static str> {
        let record = Record::from_bytes(bytes)?;
        if record.sequence != self.sequence || self.sequence == u32::MAX {
            return Err("record is out of sequence");
        }
        if (record.kind == RecordKind::Schema) != (self.sequence == 0) {
            return Err("the first record and only the first describes the schema");
        }
        if record.offset < self.end {
            return Err("range of the message overlaps the one before");
        }
        Ok(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(sequence: u32) -> Record {
        Record {
            offset: u64::from(sequence) * 100,
            length: 100,
            first: -5,
            last: 7,
            episode: 3,
            hash: 0x0123_4567_89ab_cdef,
            rows: 12,
            kind: if sequence == 0 { RecordKind::Schema } else { RecordKind::Batch },
            sequence,
        }
    }

    #[test]
    fn a_record_comes_back_and_any_flipped_bit_is_seen() {
        let bytes = record(1).to_bytes();
        assert_eq!(Record::from_bytes(&bytes), Ok(record(1)));
        for bit in 0..Record::BYTES * 8 {
            let mut flipped = bytes;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(Record::from_bytes(&flipped).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn a_tail_reads_each_record_once_and_waits_for_the_rest_of_a_torn_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("000000.log");
        let bytes: Vec<u8> = (0..3).flat_map(|n| record(n).to_bytes()).collect();
        let mut tail = LogTail::new(path.clone());
        for end in 0..=bytes.len() {
            std::fs::write(&path, &bytes[..end]).expect("written");
            let mut records = Vec::new();
            tail.read_new(&mut records).expect("read");
            let complete = end > 0 && end % Record::BYTES == 0;
            assert_eq!(records.len(), usize::from(complete), "at {end}");
            assert_eq!(tail.unsound(), None);
        }
        assert_eq!(tail.sequence, 3);
    }

    #[test]
    fn a_log_ends_at_its_first_unsound_record() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("000000.log");
        let check = |order: &[u32], sound: usize| {
            let bytes: Vec<u8> = order.iter().flat_map(|&n| record(n).to_bytes()).collect();
            std::fs::write(&path, bytes).expect("written");
            let mut tail = LogTail::new(path.clone());
            let mut records = Vec::new();
            tail.read_new(&mut records).expect("read");
            assert_eq!(records.len(), sound, "{order:?}");
            assert_eq!(tail.unsound().is_some(), sound < order.len(), "{order:?}");
        };
        check(&[0, 1, 2], 3);
        check(&[0, 2, 1], 1);
        check(&[1, 2], 0);
        check(&[0, 1, 1], 2);
    }
}
