//! How a writer behaves, and what it has to tell of itself.

use std::time::Duration;

/// What to do when more is logged than the disk takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum QueuePolicy {
    /// Training goes on; what does not fit is dropped and counted.
    #[default]
    Drop,
    /// The call waits until there is room.
    Block,
}

/// When a live segment is closed and sealed: at the first of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealLimits {
    /// Rows.
    pub rows: u64,
    /// Bytes on disk.
    pub bytes: u64,
    /// Age; only once it holds a sixteenth of `rows` or of `bytes`, so that a slow run is not cut into crumbs.
    pub age: Duration,
}

impl Default for SealLimits {
    fn default() -> Self {
        Self { rows: 262_144, bytes: 64 << 20, age: Duration::from_mins(1) }
    }
}

/// How a run is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriterOptions {
    /// What is logged is on disk, and visible to readers, this much later.
    pub flush_interval: Duration,
    /// When segments are sealed.
    pub seal: SealLimits,
    /// Bound of what is logged and not yet on disk.
    pub queue_bytes: u64,
    /// What happens at that bound.
    pub policy: QueuePolicy,
    /// Most rows of an image field in one frame group; 1 to 1,024.
    pub frame_group: usize,
    /// Survive a power cut, not only a killed process: `fdatasync` after each flush.
    pub fsync: bool,
}

impl Default for WriterOptions {
    fn default() -> Self {
        Self {
            flush_interval: Duration::from_millis(200),
            seal: SealLimits::default(),
            queue_bytes: 256 << 20,
            policy: QueuePolicy::Drop,
            frame_group: 32,
            fsync: false,
        }
    }
}

/// How a writer fares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Values that were dropped because the queue was full or the disk failed.
    pub dropped: u64,
    /// Bytes logged and not yet on disk.
    pub queued_bytes: u64,
    /// Bytes written to live segments, logs and blobs.
    pub written_bytes: u64,
    /// The first error of the disk.
    pub fault: Option<String>,
}
