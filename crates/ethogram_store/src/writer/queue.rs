//! What callers and the writer thread share: a bounded queue, and tickets for those who wait for a flush.
//!
//! There is one lock. Callers hold it to append; the thread holds it to take everything at once.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::options::{QueuePolicy, WriterOptions};
use crate::codec::FrameLayout;
use crate::columns::{FieldType, StepValue, TensorPoint};
use crate::layout::check_name;
use crate::{Axis, CheckpointRow, EpisodeRow, Error, Result, RunState};

/// Most scalar tags of one writer.
pub(super) const TAGS_MAX: usize = 100_000;
/// Most fields of steps of one writer.
pub(super) const FIELDS_MAX: usize = 4_096;

/// One scalar, its tag by number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    pub(super) tag: u32,
    pub(super) step: i64,
    pub(super) time_us: i64,
    pub(super) value: f64,
}

/// A field of steps as its first value made it.
#[derive(Debug)]
pub(super) struct StepField {
    pub(super) name: Arc<str>,
    pub(super) kind: FieldType,
    /// Present when it lies in frame groups.
    pub(super) layout: Option<FrameLayout>,
}

/// All else that is logged, in the order in which it was.
#[derive(Debug)]
pub(super) enum Item {
    Step {
        episode: u64,
        step: u64,
        values: Vec<(Arc<StepField>, StepValue)>,
    },
    Episode(Box<EpisodeRow>),
    /// An episode that an earlier writer of the run began and counted.
    Left(Box<EpisodeRow>),
    Tensor(Box<TensorPoint>),
    Checkpoint(Box<CheckpointRow>),
    Blob {
        hash: String,
        bytes: Vec<u8>,
    },
}

/// What lies between two takings of the thread.
#[derive(Debug, Default)]
pub(super) struct Front {
    tag_numbers: [HashMap<Arc<str>, u32>; 5],
    pub(super) tags: Vec<(Axis, Arc<str>)>,
    pub(super) points: Vec<Point>,
    pub(super) items: Vec<(Item, u64)>,
    pub(super) fields: HashMap<Arc<str>, Arc<StepField>>,
    bytes: u64,
    pub(super) flush_asked: u64,
    flush_done: u64,
    flush_error: Option<String>,
    pub(super) closing: Option<RunState>,
    closed: bool,
}

impl Front {
    /// The number of a tag, given on first sight.
    pub(super) fn tag_number(&mut self, axis: Axis, tag: &str) -> Result<u32> {
        let numbers = &mut self.tag_numbers[usize::from(crate::columns::axis_code(axis))];
        if let Some(&number) = numbers.get(tag) {
            return Ok(number);
        }
        check_name(tag)?;
        let number = self.tags.len();
        if number >= TAGS_MAX {
            let (what, limit) = ("number of scalar tags".into(), TAGS_MAX as u64);
            return Err(Error::TooLarge { what, limit, found: limit + 1 });
        }
        let tag: Arc<str> = tag.into();
        numbers.insert(Arc::clone(&tag), number as u32);
        self.tags.push((axis, tag));
        Ok(number as u32)
    }
}

/// What the thread took.
#[derive(Debug, Default)]
pub(super) struct Taken {
    pub(super) points: Vec<Point>,
    pub(super) items: Vec<(Item, u64)>,
    pub(super) flush_asked: u64,
    pub(super) closing: Option<RunState>,
}

/// Shared by all callers and the thread.
#[derive(Debug)]
pub(super) struct Queue {
    front: Mutex<Front>,
    /// Tells the thread that there is work.
    work: Condvar,
    /// Tells callers that there is room, or that a flush is done.
    done: Condvar,
    /// Bytes logged and not yet on disk: in `front`, or with the thread.
    queued: AtomicU64,
    pub(super) dropped: AtomicU64,
    pub(super) written: AtomicU64,
    /// The largest global step that somebody said was reached.
    reached: AtomicI64,
    fault: Mutex<Option<String>>,
    limit: u64,
    wake_bytes: u64,
    policy: QueuePolicy,
}

impl Queue {
    /// Bytes of a scalar in the queue.
    pub(super) const POINT_BYTES: u64 = size_of::<Point>() as u64;
    /// So much makes the thread start before the flush interval is over.
    const WAKE_BYTES: u64 = 1 << 20;
    /// Callers that wait look again this often, should a signal get lost with its thread.
    const PATIENCE: Duration = Duration::from_millis(50);

    pub(super) fn new(options: &WriterOptions, fields: HashMap<Arc<str>, Arc<StepField>>) -> Self {
        Self {
            front: Mutex::new(Front { fields, ..Front::default() }),
            work: Condvar::new(),
            done: Condvar::new(),
            queued: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            written: AtomicU64::new(0),
            reached: AtomicI64::new(i64::MIN),
            fault: Mutex::new(None),
            limit: options.queue_bytes,
            wake_bytes: Self::WAKE_BYTES.min(options.queue_bytes / 8),
            policy: options.policy,
        }
    }

    /// The lock. A caller that panicked under it left the queue whole: every change is a single push.
    pub(super) fn lock(&self) -> MutexGuard<'_, Front> {
        self.front.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn reach(&self, global_step: i64) {
        self.reached.fetch_max(global_step, Ordering::Relaxed);
    }

    /// The largest global step that was reached, if anybody said so.
    pub(super) fn reached(&self) -> Option<i64> {
        Some(self.reached.load(Ordering::Relaxed)).filter(|step| *step != i64::MIN)
    }

    pub(super) fn queued(&self) -> u64 {
        self.queued.load(Ordering::Relaxed)
    }

    /// A call that logs `bytes` would have to wait now.
    pub(super) fn would_wait(&self, bytes: u64) -> bool {
        self.policy == QueuePolicy::Block && !self.has_room(bytes)
    }

    /// Anything fits into an empty queue, or else it could never be logged.
    fn has_room(&self, bytes: u64) -> bool {
        let queued = self.queued();
        queued == 0 || queued.saturating_add(bytes) <= self.limit
    }

    /// Makes room for `bytes` of `values` values, or counts them as dropped. The caller then pushes under the same lock.
    pub(super) fn reserve<'a>(
        &'a self,
        mut front: MutexGuard<'a, Front>,
        bytes: u64,
        values: u64,
    ) -> Result<MutexGuard<'a, Front>> {
        loop {
            if front.closed || front.closing.is_some() {
                return Err(Error::Closed);
            }
            if self.has_room(bytes) {
                break;
            }
            self.work.notify_one();
            if self.policy == QueuePolicy::Drop {
                self.dropped.fetch_add(values, Ordering::Relaxed);
                return Err(Error::QueueFull { limit: self.limit });
            }
            let waited = self.done.wait_timeout(front, Self::PATIENCE);
            front = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        self.queued.fetch_add(bytes, Ordering::Relaxed);
        let before = front.bytes;
        front.bytes += bytes;
        if before < self.wake_bytes && front.bytes >= self.wake_bytes {
            self.work.notify_one();
        }
        Ok(front)
    }

    /// Waits until `deadline` or until there is much to do, and takes all there is, and the tags that came new.
    /// `spare` is empty, and is where the points to come are gathered.
    pub(super) fn take(&self, deadline: Instant, tags: &mut Vec<(Axis, Arc<str>)>, spare: Vec<Point>) -> Taken {
        let mut front = self.lock();
        while front.closing.is_none() && front.flush_asked == front.flush_done && front.bytes < self.wake_bytes.max(1) {
            let now = Instant::now();
            let Some(rest) = deadline.checked_duration_since(now).filter(|rest| !rest.is_zero()) else { break };
            front = self.work.wait_timeout(front, rest).unwrap_or_else(PoisonError::into_inner).0;
        }
        front.bytes = 0;
        tags.extend_from_slice(&front.tags[tags.len()..]);
        Taken {
            points: std::mem::replace(&mut front.points, spare),
            items: std::mem::take(&mut front.items),
            flush_asked: front.flush_asked,
            closing: front.closing,
        }
    }

    /// The thread holds `bytes` less than before.
    pub(super) fn release(&self, bytes: u64) {
        if bytes > 0 {
            self.queued.fetch_sub(bytes, Ordering::Relaxed);
            self.done.notify_all();
        }
    }

    /// Asks for a flush and waits for it.
    pub(super) fn flush(&self) -> Result<()> {
        let mut front = self.lock();
        if front.closed || front.closing.is_some() {
            return Err(Error::Closed);
        }
        front.flush_asked += 1;
        let ticket = front.flush_asked;
        self.work.notify_one();
        while front.flush_done < ticket && !front.closed {
            front = self.done.wait_timeout(front, Self::PATIENCE).unwrap_or_else(PoisonError::into_inner).0;
        }
        match &front.flush_error {
            Some(text) => {
                let source = std::io::Error::other(text.clone());
                Err(Error::Io { action: "flush", path: "run".into(), source })
            }
            None if front.flush_done < ticket => Err(Error::Closed),
            None => Ok(()),
        }
    }

    /// Asks the thread to end; false when that was done before.
    pub(super) fn close(&self, state: RunState) -> bool {
        let mut front = self.lock();
        let first = front.closing.is_none() && !front.closed;
        if first {
            front.closing = Some(state);
        }
        self.work.notify_one();
        first
    }

    /// All that was asked for up to `ticket` is on disk, or failed for the reason given.
    pub(super) fn flushed(&self, ticket: u64, error: Option<String>) {
        let mut front = self.lock();
        if ticket > front.flush_done {
            front.flush_done = ticket;
            front.flush_error = error;
        }
        self.done.notify_all();
    }

    /// The thread has ended; nobody waits for it any more.
    pub(super) fn ended(&self) {
        self.lock().closed = true;
        self.done.notify_all();
    }

    /// Remembers the first fault; true if this was it.
    pub(super) fn fault(&self, text: String) -> bool {
        let mut fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        let first = fault.is_none();
        fault.get_or_insert(text);
        first
    }

    pub(super) fn first_fault(&self) -> Option<String> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
