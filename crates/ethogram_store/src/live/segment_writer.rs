//! Appends batches to a live segment, and their records to its log once the bytes are in the segment.

use std::fs::{File, OpenOptions, create_dir_all};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use arrow_array::RecordBatch;
use arrow_ipc::CompressionType;
use arrow_ipc::writer::{IpcWriteOptions, StreamWriter};
use arrow_schema::{ArrowError, Schema, SchemaRef};
use xxhash_rust::xxh3::xxh3_64;

use crate::layout::{Kind, io_error, log_path, segment_path, sync_folder};
use crate::log::{Record, RecordKind};
use crate::{Error, Result};

/// What the rows of a batch cover.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Smallest step.
    pub first: i64,
    /// Largest step.
    pub last: i64,
    /// The one episode of all rows, or [`Record::NO_EPISODE`].
    pub episode: u64,
}

/// An open live segment. Batches gather in memory until [`SegmentWriter::commit`].
pub struct SegmentWriter {
    number: u32,
    schema: SchemaRef,
    opened: Instant,
    path: PathBuf,
    segment: File,
    log: File,
    stream: StreamWriter<Vec<u8>>,
    records: Vec<Record>,
    /// Bytes and records that are on disk.
    written: u64,
    sequence: u32,
    rows: u64,
}

impl SegmentWriter {
    /// Opens segment `number`, which must not exist. The schema is on disk with the first commit.
    pub fn create(writer_dir: &Path, kind: Kind, number: u32, schema: SchemaRef) -> Result<Self> {
        let folder = writer_dir.join(kind.folder());
        create_dir_all(&folder).map_err(|source| io_error("create", &folder, source))?;
        let open = |path: &Path| {
            let file = OpenOptions::new().append(true).create_new(true).open(path);
            file.map_err(|source| io_error("create", path, source))
        };
        // The log first: a segment without a log is then always a damaged one.
        let log = open(&log_path(writer_dir, kind, number))?;
        let path = segment_path(writer_dir, kind, number);
        let segment = open(&path)?;
        let stream = new_stream(kind, &schema).map_err(|error| not_written(&path, &error))?;
        let mut writer = Self {
            number,
            schema,
            opened: Instant::now(),
            path,
            segment,
            log,
            stream,
            records: Vec::new(),
            written: 0,
            sequence: 0,
            rows: 0,
        };
        let length = writer.stream.get_ref().len();
        writer.push_record(RecordKind::Schema, 0, length, 0, Span { first: 0, last: 0, episode: Record::NO_EPISODE });
        Ok(writer)
    }

    /// Encodes a batch of the segment's schema; it reaches the disk with the next [`SegmentWriter::commit`].
    pub fn append(&mut self, batch: &RecordBatch, span: Span) -> Result<()> {
        let start = self.stream.get_ref().len();
        self.stream.write(batch).map_err(|error| not_written(&self.path, &error))?;
        let length = self.stream.get_ref().len() - start;
        self.push_record(RecordKind::Batch, start, length, batch.num_rows() as u32, span);
        self.rows += batch.num_rows() as u64;
        Ok(())
    }

    fn push_record(&mut self, kind: RecordKind, start: usize, length: usize, rows: u32, span: Span) {
        let message = &self.stream.get_ref()[start..start + length];
        self.records.push(Record {
            offset: self.written + start as u64,
            length: length as u64,
            first: span.first,
            last: span.last,
            episode: span.episode,
            hash: xxh3_64(message),
            rows,
            kind,
            sequence: self.sequence + self.records.len() as u32,
        });
    }

    /// Brings all that was appended to disk: first the segment, then the log. Returns the bytes written.
    ///
    /// # Errors
    /// When the disk refuses. What could not be written is then lost, what was committed before is not,
    /// and the segment must not be used any more.
    pub fn commit(&mut self, durable: bool) -> Result<u64> {
        if self.records.is_empty() {
            return Ok(0);
        }
        let log: Vec<u8> = self.records.iter().copied().flat_map(Record::to_bytes).collect();
        if let Err(source) = self.write(&log, durable) {
            // A torn tail does no harm, but a full disk is glad of the room.
            let _ = self.log.set_len(u64::from(self.sequence) * Record::BYTES as u64);
            let _ = self.segment.set_len(self.written);
            return Err(io_error("append", &self.path, source));
        }
        let bytes = self.stream.get_ref().len();
        self.written += bytes as u64;
        self.sequence += self.records.len() as u32;
        self.records.clear();
        self.stream.get_mut().clear();
        Ok((bytes + log.len()) as u64)
    }

    fn write(&mut self, log: &[u8], durable: bool) -> std::io::Result<()> {
        self.segment.write_all(self.stream.get_ref())?;
        if durable {
            // In this order, so that no record outlives a power cut that its bytes do not.
            self.segment.sync_data()?;
            if self.sequence == 0 {
                // The names of both files, and that of their folder.
                self.path.ancestors().skip(1).take(2).try_for_each(sync_folder)?;
            }
        }
        self.log.write_all(log)?;
        if durable {
            self.log.sync_data()?;
        }
        Ok(())
    }

    /// Number of the segment.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Schema of all its batches.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Rows appended.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Bytes of the segment, those not yet committed included.
    pub fn bytes(&self) -> u64 {
        self.written + self.stream.get_ref().len() as u64
    }

    /// Bytes that wait for [`SegmentWriter::commit`].
    pub fn pending_bytes(&self) -> u64 {
        self.stream.get_ref().len() as u64
    }

    /// When it was opened.
    pub fn opened(&self) -> Instant {
        self.opened
    }
}

fn new_stream(kind: Kind, schema: &Schema) -> Result<StreamWriter<Vec<u8>>, ArrowError> {
    // Frame groups are compressed already.
    let compression = (kind != Kind::Frames).then_some(CompressionType::ZSTD);
    let options = IpcWriteOptions::default().try_with_compression(compression)?;
    StreamWriter::try_new_with_options(Vec::new(), schema, options)
}

fn not_written(path: &Path, error: &ArrowError) -> Error {
    Error::Io { action: "encode", path: path.to_owned(), source: std::io::Error::other(error.to_string()) }
}
