//! The second thread of a writer: seals segments that will not grow any more, so that neither training nor writing waits for it.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use super::options::SealLimits;
use super::queue::Queue;
use super::sink::ClosedSegment;
use crate::Error;
use crate::layout::Kind;
use crate::seal::Sealer;

/// Hands closed segments to the sealing thread, several small ones together.
pub(super) struct Sealing {
    limits: SealLimits,
    waiting: [Vec<ClosedSegment>; 6],
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

/// Live segments `first` to `last` of a kind.
struct Job {
    kind: Kind,
    first: u32,
    last: u32,
}

impl Sealing {
    /// So many segments are sealed together at most, however small they are.
    const SEGMENTS_MAX: usize = 64;
    /// Frames are packed anew when they are sealed, which takes a second for so many bytes; more are left to `compact` when a run closes.
    const FRAMES_AT_CLOSE: u64 = 4 << 20;

    /// Starts the thread. From then on nobody else seals in this folder.
    pub(super) fn start(queue: Arc<Queue>, writer_dir: &Path, limits: SealLimits) -> Self {
        let (jobs, todo) = channel();
        let writer_dir = writer_dir.to_owned();
        let work = move || seal_all(&queue, &writer_dir, &todo);
        // Without a thread nothing is sealed: the run stays as it is, and is read as well.
        let thread = std::thread::Builder::new().name("ethogram-sealer".into()).spawn(work).ok();
        Self { limits, waiting: Default::default(), jobs: Some(jobs), thread }
    }

    /// Takes segments that were closed.
    pub(super) fn take(&mut self, closed: Vec<ClosedSegment>) {
        for segment in closed {
            self.waiting[segment.kind.index()].push(segment);
        }
        for kind in Kind::ALL {
            let waiting = &self.waiting[kind.index()];
            let rows: u64 = waiting.iter().map(|segment| segment.rows).sum();
            let bytes: u64 = waiting.iter().map(|segment| segment.bytes).sum();
            let enough = rows >= self.limits.rows / 16 || bytes >= self.limits.bytes / 16;
            if !waiting.is_empty() && (enough || waiting.len() >= Self::SEGMENTS_MAX) {
                self.send(kind);
            }
        }
    }

    /// Seals what is left and ends the thread.
    pub(super) fn close(mut self) {
        for kind in Kind::ALL {
            let waiting = &self.waiting[kind.index()];
            let bytes: u64 = waiting.iter().map(|segment| segment.bytes).sum();
            if !waiting.is_empty() && (kind != Kind::Frames || bytes <= Self::FRAMES_AT_CLOSE) {
                self.send(kind);
            }
        }
        drop(self.jobs.take());
        // A panic while sealing has changed nothing: the manifest names only what is whole.
        let _ = self.thread.take().map(JoinHandle::join);
    }

    fn send(&mut self, kind: Kind) {
        let waiting = std::mem::take(&mut self.waiting[kind.index()]);
        if let (Some(first), Some(last), Some(jobs)) = (waiting.first(), waiting.last(), &self.jobs) {
            let _ = jobs.send(Job { kind, first: first.number, last: last.number });
        }
    }
}

fn seal_all(queue: &Queue, writer_dir: &Path, jobs: &Receiver<Job>) {
    let told = |error: &Error| {
        queue.fault(format!("segments could not be sealed and stay as they are: {error}"));
    };
    // On disk for good before the live files go, whatever the writer was told: what lay safe for an hour is not to be lost in a power cut
    // because it was packed a moment before.
    let mut sealer = match Sealer::lock(writer_dir, true) {
        Ok(sealer) => sealer,
        Err(error) => return told(&error),
    };
    for Job { kind, first, last } in jobs {
        if let Err(error) = sealer.seal(kind, first, last) {
            told(&error);
        }
    }
}
