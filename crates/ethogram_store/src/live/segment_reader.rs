//! Reads a live segment as far as its commit log vouches for it.

use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use xxhash_rust::xxh3::xxh3_64;

use super::message;
use crate::layout::{Kind, io_error, log_path, open_file, segment_path};
use crate::log::{LogTail, Record};
use crate::{Error, Result};

/// A live segment and what its log says of it. No file stays open.
#[derive(Debug)]
pub struct LiveSegment {
    number: u32,
    file: Arc<SegmentFile>,
    tail: LogTail,
    records: Vec<Record>,
}

/// The file of a live segment; reads ranges that a record vouches for.
#[derive(Debug)]
pub struct SegmentFile {
    path: PathBuf,
    head: OnceLock<Record>,
    schema: OnceLock<SchemaRef>,
}

impl LiveSegment {
    /// Looks at nothing yet; [`LiveSegment::refresh`] does.
    pub fn new(writer_dir: &Path, kind: Kind, number: u32) -> Self {
        let path = segment_path(writer_dir, kind, number);
        Self {
            number,
            file: Arc::new(SegmentFile { path, head: OnceLock::new(), schema: OnceLock::new() }),
            tail: LogTail::new(log_path(writer_dir, kind, number)),
            records: Vec::new(),
        }
    }

    /// Reads what is new in the log. Returns whether anything was.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn refresh(&mut self) -> Result<bool> {
        let before = self.records.len();
        self.tail.read_new(&mut self.records)?;
        if let Some(head) = self.records.first() {
            self.file.head.get_or_init(|| *head);
        }
        Ok(self.records.len() > before)
    }

    /// Number of the segment.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// The segment's file.
    pub fn file(&self) -> &Arc<SegmentFile> {
        &self.file
    }

    /// The log's file.
    pub fn log_path(&self) -> &Path {
        self.tail.path()
    }

    /// Why the log ends where it does, when that is a damage.
    pub fn unsound(&self) -> Option<&'static str> {
        self.tail.unsound()
    }

    /// Records of the batches, in the order in which they were written.
    pub fn batches(&self) -> &[Record] {
        self.records.get(1..).unwrap_or_default()
    }

    /// The rows of one of [`LiveSegment::batches`]; see [`SegmentFile::read`].
    pub fn read(&self, record: &Record) -> Result<RecordBatch> {
        self.file.read(record)
    }
}

impl SegmentFile {
    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The schema of all batches.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when its bytes are not those written; [`Error::NotFound`] when nothing was committed yet.
    pub fn schema(&self) -> Result<&SchemaRef> {
        if let Some(schema) = self.schema.get() {
            return Ok(schema);
        }
        let record = self.head.get().ok_or_else(|| Error::NotFound { what: self.path.display().to_string() })?;
        let bytes = self.verified(record)?;
        let schema = message::read_schema(&bytes).map_err(|found| self.corrupt("schema", found))?;
        Ok(self.schema.get_or_init(|| schema))
    }

    /// The rows of a batch that the log vouches for.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when its bytes are not those written.
    pub fn read(&self, record: &Record) -> Result<RecordBatch> {
        let schema = self.schema()?;
        let bytes = self.verified(record)?;
        message::read_batch(&bytes, schema, record.rows).map_err(|found| self.corrupt("batch", found))
    }

    fn verified(&self, record: &Record) -> Result<Vec<u8>> {
        let mut file = open_file(&self.path).map_err(|source| io_error("open", &self.path, source))?;
        // The length on disk bounds what is allocated, whatever the record claims.
        let length = file.metadata().map_err(|source| io_error("read", &self.path, source))?.len();
        if record.end() > length {
            let found = format!("{length} bytes where the log vouches for {}", record.end());
            return Err(self.corrupt("segment", found));
        }
        let mut bytes = vec![0; record.length as usize];
        let read = file.seek(SeekFrom::Start(record.offset)).and_then(|_| file.read_exact(&mut bytes));
        read.map_err(|source| io_error("read", &self.path, source))?;
        if xxh3_64(&bytes) != record.hash {
            return Err(self.corrupt("checksum", "other bytes".into()));
        }
        Ok(bytes)
    }

    fn corrupt(&self, what: &str, found: String) -> Error {
        Error::Corrupt { what: what.into(), expected: "what was written".into(), found, path: self.path.clone() }
    }
}
