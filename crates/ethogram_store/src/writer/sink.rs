//! The segments of one kind, one after the other.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use arrow_array::RecordBatch;

use super::options::SealLimits;
use crate::Result;
use crate::layout::{Kind, log_path, segment_path};
use crate::live::{SegmentWriter, Span};

/// A segment that will not grow any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ClosedSegment {
    pub(super) kind: Kind,
    pub(super) number: u32,
    pub(super) rows: u64,
    pub(super) bytes: u64,
}

/// Appends batches of one kind, opening segments as they are needed.
pub(super) struct Sink {
    kind: Kind,
    writer_dir: PathBuf,
    limits: SealLimits,
    durable: bool,
    next_number: u32,
    open: Option<SegmentWriter>,
    /// Values appended and not committed.
    uncommitted: u64,
    closed: Vec<ClosedSegment>,
    retry_at: Option<Instant>,
}

/// A write that failed: why, and how many values went with it. No reason: the disk failed a moment ago and was not asked again.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) error: Option<crate::Error>,
    pub(super) values: u64,
}

impl Sink {
    /// After a failure the disk is left alone for so long.
    const RETRY: Duration = Duration::from_secs(1);

    pub(super) fn new(writer_dir: &Path, kind: Kind, limits: SealLimits, durable: bool) -> Self {
        Self {
            kind,
            writer_dir: writer_dir.to_owned(),
            limits,
            durable,
            next_number: 0,
            open: None,
            uncommitted: 0,
            closed: Vec::new(),
            retry_at: None,
        }
    }

    /// Appends a batch that stands for `values` values; it is on disk after [`Sink::commit`].
    pub(super) fn append(&mut self, batch: &RecordBatch, span: Span, values: u64) -> Result<(), Failed> {
        if self.retry_at.is_some_and(|at| Instant::now() < at) {
            return Err(Failed { error: None, values });
        }
        if self.open.as_ref().is_some_and(|open| open.schema() != batch.schema_ref() || self.is_full(open)) {
            self.rotate()?;
        }
        self.uncommitted += values;
        self.try_append(batch, span).map_err(|error| self.failed(error))
    }

    fn try_append(&mut self, batch: &RecordBatch, span: Span) -> Result<()> {
        let segment = match &mut self.open {
            Some(segment) => segment,
            none => {
                let number = self.next_number;
                let created = SegmentWriter::create(&self.writer_dir, self.kind, number, batch.schema());
                // The number is used up even if this failed, if a file is left of it. A number without one would read as a segment that
                // was removed.
                let paths = [segment_path, log_path].map(|path_of| path_of(&self.writer_dir, self.kind, number));
                let is_there = |path: &PathBuf| path.symlink_metadata().is_ok();
                if created.is_ok() || paths.iter().any(is_there) {
                    self.next_number += 1;
                }
                none.insert(created?)
            }
        };
        segment.append(batch, span)
    }

    /// Brings all that was appended to disk. Returns the bytes written.
    pub(super) fn commit(&mut self) -> Result<u64, Failed> {
        let Some(segment) = &mut self.open else { return Ok(0) };
        match segment.commit(self.durable) {
            Ok(bytes) => {
                self.uncommitted = 0;
                self.retry_at = None;
                Ok(bytes)
            }
            Err(error) => Err(self.failed(error)),
        }
    }

    /// Closes the open segment; the next batch opens another. Returns the bytes written.
    pub(super) fn rotate(&mut self) -> Result<u64, Failed> {
        let bytes = self.commit()?;
        if let Some(segment) = self.open.take() {
            let (number, rows) = (segment.number(), segment.rows());
            self.closed.push(ClosedSegment { kind: self.kind, number, rows, bytes: segment.bytes() });
        }
        Ok(bytes)
    }

    /// Closes the open segment if it is large or old enough.
    pub(super) fn rotate_if_full(&mut self) -> Result<u64, Failed> {
        match &self.open {
            Some(open) if self.is_full(open) => self.rotate(),
            _ => Ok(0),
        }
    }

    /// Segments closed since the last call.
    pub(super) fn take_closed(&mut self) -> Vec<ClosedSegment> {
        std::mem::take(&mut self.closed)
    }

    /// Bytes that wait for a commit.
    pub(super) fn pending_bytes(&self) -> u64 {
        self.open.as_ref().map_or(0, SegmentWriter::pending_bytes)
    }

    fn is_full(&self, segment: &SegmentWriter) -> bool {
        let (rows, bytes) = (segment.rows(), segment.bytes());
        let limits = &self.limits;
        let large = rows >= limits.rows || bytes >= limits.bytes;
        let middling = rows >= limits.rows / 16 || bytes >= limits.bytes / 16;
        large || (middling && segment.opened().elapsed() >= limits.age)
    }

    fn failed(&mut self, error: crate::Error) -> Failed {
        // What was committed of it stays readable; a new segment is tried later.
        if let Some(segment) = self.open.take() {
            let (number, rows) = (segment.number(), segment.rows());
            self.closed.push(ClosedSegment { kind: self.kind, number, rows, bytes: segment.bytes() });
        }
        self.retry_at = Some(Instant::now() + Self::RETRY);
        Failed { error: Some(error), values: std::mem::take(&mut self.uncommitted) }
    }
}
