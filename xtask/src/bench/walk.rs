//! Scalars that look like a training run's: noisy random walks at single precision, at moments that jitter.

use std::path::{Path, PathBuf};

use anyhow::Result;
use ethogram_store::{Axis, QueuePolicy, RunInfo, RunState, RunWriter, WriterOptions, compact};

use super::event_file::EventFile;
use crate::random::Random;

/// Tags of a run.
pub const TAGS: usize = 20;

/// One walk a tag.
pub struct Walk {
    random: Random,
    tags: Vec<String>,
    level: [f64; TAGS],
    time_us: i64,
}

impl Walk {
    /// Equal seeds give equal runs.
    pub fn new(seed: u64) -> Self {
        let tags = (0..TAGS).map(tag).collect();
        Self { random: Random::new(seed), tags, level: [0.0; TAGS], time_us: 1_790_000_000_000_000 }
    }

    /// The values of all tags at the next step, and the moment.
    pub fn next(&mut self) -> (i64, Vec<(&str, f64)>) {
        self.time_us += 900 + self.random.within(0..200) as i64;
        for level in &mut self.level {
            *level += self.random.signed() * 0.01;
        }
        let random = &mut self.random;
        let noisy = |level: f64| f64::from((level + random.signed() * 0.1) as f32);
        (self.time_us, self.tags.iter().map(String::as_str).zip(self.level.map(noisy)).collect())
    }
}

/// The name of a tag.
pub fn tag(index: usize) -> String {
    format!("losses/scalar_{index:02}")
}

/// A closed and compacted run of so many points, all tags together.
pub fn run_of_walks(root: &Path, seed: u64, points: usize) -> Result<PathBuf> {
    let info = RunInfo { project: "bench".into(), name: format!("walk {seed}"), ..RunInfo::default() };
    let options = WriterOptions { policy: QueuePolicy::Block, ..WriterOptions::default() };
    let writer = RunWriter::create(root, info, options)?;
    let mut walk = Walk::new(seed);
    for step in 0..points / TAGS {
        let (time_us, values) = walk.next();
        writer.scalars(Axis::GlobalStep, step as i64, time_us, &values)?;
    }
    let path = writer.path().to_owned();
    writer.close(RunState::Finished)?;
    drop(writer);
    compact(&path)?;
    Ok(path)
}

/// The same points as an event file.
pub fn events_of_walks(folder: &Path, seed: u64, points: usize) -> Result<()> {
    let mut events = EventFile::create(folder)?;
    let mut walk = Walk::new(seed);
    for step in 0..points / TAGS {
        let (time_us, values) = walk.next();
        for (tag, value) in values {
            events.scalar(tag, step as i64, time_us, value)?;
        }
    }
    events.finish()
}
