//! How long the machine itself held up somebody who only writes a small file now and then, beside the process that is killed: a run
//! cannot be on disk before the disk takes it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

const EVERY: Duration = Duration::from_millis(20);

/// Writes until it is dropped.
pub struct Witness {
    shared: Arc<Shared>,
    writer: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    longest_us: AtomicU64,
    over: AtomicBool,
}

impl Witness {
    /// Writes into this folder, which must be on the same disk.
    pub fn new(folder: &Path) -> Result<Self> {
        let (at, shared) = (folder.join("witness"), Arc::<Shared>::default());
        std::fs::create_dir(&at).context("no folder for the witness")?;
        let theirs = Arc::clone(&shared);
        Ok(Self { shared, writer: Some(std::thread::spawn(move || watch(&at, &theirs))) })
    }

    /// The longest time that one file took since this was asked last, beyond what it waits by itself.
    pub fn take_longest_us(&self) -> i64 {
        self.shared.longest_us.swap(0, Ordering::Relaxed) as i64
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::Relaxed);
        if let Some(writer) = self.writer.take() {
            drop(writer.join());
        }
    }
}

fn watch(folder: &Path, shared: &Shared) {
    let (new, old): (PathBuf, PathBuf) = (folder.join("new"), folder.join("old"));
    while !shared.over.load(Ordering::Relaxed) {
        let began = Instant::now();
        // What a writer does: a file that grows, and one that replaces another. An error here is one of the run too, and found there.
        drop(std::fs::write(&new, [0; 4096]));
        drop(std::fs::rename(&new, &old));
        std::thread::sleep(EVERY);
        let held_up = began.elapsed().saturating_sub(EVERY);
        shared.longest_us.fetch_max(held_up.as_micros() as u64, Ordering::Relaxed);
    }
}
