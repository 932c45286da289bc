//! The process that is killed: logs a tick a millisecond and says on its standard output what it has logged.

use std::ffi::OsString;
use std::io::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use ethogram_store::{
    Array, Axis, Dtype, EpisodeEnd, EpisodeRow, RunInfo, RunState, RunWriter, SealLimits, StepValue, WriterOptions,
    now_us,
};

use super::Acknowledged;
use super::picture::{EPISODE_LENGTH, PICTURE_SHAPE, observation, picture, reward, scalars};

/// Bytes of what is said of a tick: its number and the time.
const SAID_BYTES: usize = 16;
const TICK: Duration = Duration::from_millis(1);

/// What the process is to do.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Life {
    /// The child continues this run
    #[arg(long, hide = true)]
    resume: Option<PathBuf>,
    /// The first tick of the child
    #[arg(long, hide = true, default_value_t = 0)]
    from: u64,
    /// The child ends in order after so many ticks; else it goes on until it is killed
    #[arg(long, hide = true)]
    ticks: Option<u64>,
    /// The child seals its segments every few hundred rows, so that kills fall into sealing too
    #[arg(long, hide = true)]
    small_segments: bool,
    /// The child brings what it logs to disk for good
    #[arg(long, hide = true)]
    fsync: bool,
    /// The child flushes now and then, and marks in the folder what was flushed
    #[arg(long, hide = true)]
    marks: bool,
}

impl Life {
    /// A new run, or one that is continued from a tick on.
    pub fn of(resumed: Option<&(PathBuf, u64)>, small_segments: bool) -> Self {
        let (resume, from) = resumed.map_or((None, 0), |(run_dir, from)| (Some(run_dir.clone()), *from));
        Self { resume, from, small_segments, ..Self::default() }
    }

    /// As arguments of the child.
    pub fn arguments(&self) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = vec!["--from".into(), self.from.to_string().into()];
        if let Some(run_dir) = &self.resume {
            arguments.extend(["--resume".into(), run_dir.into()]);
        }
        if let Some(ticks) = self.ticks {
            arguments.extend(["--ticks".into(), ticks.to_string().into()]);
        }
        let flags = [("--small-segments", self.small_segments), ("--fsync", self.fsync), ("--marks", self.marks)];
        arguments.extend(flags.into_iter().filter(|(_, is_on)| *is_on).map(|(flag, _)| flag.into()));
        arguments
    }

    /// Ends in order after so many ticks.
    pub fn of_ticks(ticks: u64, small_segments: bool) -> Self {
        Self { ticks: Some(ticks), small_segments, ..Self::default() }
    }

    /// Marks what was flushed, and with `fsync` that stays whatever happens.
    pub fn marked(self, fsync: bool) -> Self {
        Self { marks: true, fsync, ..self }
    }
}

/// Ticks between two flushes of a process that marks them.
const MARK_EVERY: u64 = 150;
/// Name of the folder that says that all ticks before a number were flushed.
pub const MARK: &str = "flushed-";

/// Logs into a new run under `root`, or one that is continued, until it is killed or has logged what it is to log.
pub fn log(root: &Path, life: &Life) -> Result<()> {
    let mut options = WriterOptions { fsync: life.fsync, ..WriterOptions::default() };
    if life.small_segments {
        options.seal = SealLimits { rows: 400, bytes: 1 << 20, age: Duration::from_secs(1) };
    }
    let writer = match &life.resume {
        Some(run_dir) => RunWriter::resume(run_dir, options)?,
        None => RunWriter::create(root, RunInfo { project: "crash".into(), ..RunInfo::default() }, options)?,
    };
    let mut out = std::io::stdout().lock();
    let mut say = |what: u64, number: i64| -> Result<()> {
        let mut said = [0; SAID_BYTES];
        said[..8].copy_from_slice(&what.to_le_bytes());
        said[8..].copy_from_slice(&number.to_le_bytes());
        out.write_all(&said)?;
        Ok(out.flush()?)
    };
    let from = life.from;
    let ticks = from..life.ticks.map_or(u64::MAX, |ticks| from + ticks);
    let began = Instant::now();
    let (mut called, mut longest) = (Instant::now(), Duration::ZERO);
    log_ticks(&writer, ticks, |tick| {
        longest = longest.max(called.elapsed());
        say(tick, now_us())?;
        if life.marks && tick % MARK_EVERY == MARK_EVERY - 1 {
            writer.flush()?;
            std::fs::create_dir(root.join(format!("{MARK}{}", tick + 1)))?;
        }
        let next = TICK * (tick - from + 1) as u32;
        std::thread::sleep(next.saturating_sub(began.elapsed()));
        called = Instant::now();
        Ok(())
    })?;
    // A disk that failed says so here, and nowhere before.
    let closed = writer.close(RunState::Finished);
    let counters = writer.counters();
    say(DROPPED, counters.dropped as i64)?;
    say(LONGEST_CALL_US, longest.as_micros() as i64)?;
    say(CLOSED_WELL, i64::from(closed.is_ok()))
}

/// What a process says at its end, in place of a tick.
const DROPPED: u64 = u64::MAX;
const LONGEST_CALL_US: u64 = u64::MAX - 1;
const CLOSED_WELL: u64 = u64::MAX - 2;

/// What a process that ended in order said at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastWords {
    /// Values that it dropped.
    pub dropped: u64,
    /// Its longest tick: calls that log, and what they waited for.
    pub longest_call: Duration,
    /// Closing gave no error.
    pub closed_well: bool,
}

/// Parts what was said into ticks and last words.
pub fn last_words(said: Vec<Acknowledged>) -> (Vec<Acknowledged>, Option<LastWords>) {
    let (words, ticks): (Vec<_>, Vec<_>) = said.into_iter().partition(|said| said.tick >= CLOSED_WELL);
    let word = |what: u64| words.iter().find(|said| said.tick == what).map(|said| said.time_us);
    let words = word(DROPPED).zip(word(LONGEST_CALL_US)).zip(word(CLOSED_WELL));
    let words = words.map(|((dropped, longest), closed)| LastWords {
        dropped: dropped as u64,
        longest_call: Duration::from_micros(longest as u64),
        closed_well: closed == 1,
    });
    (ticks, words)
}

/// Logs scalars, a step with a picture, and the episodes of these ticks. `logged` is called after each.
pub fn log_ticks(writer: &RunWriter, ticks: Range<u64>, mut logged: impl FnMut(u64) -> Result<()>) -> Result<()> {
    let mut episode = episode_row(writer, ticks.start);
    writer.episode(episode.clone())?;
    for tick in ticks {
        writer.scalars(Axis::GlobalStep, tick as i64, now_us(), &scalars(tick))?;
        writer.step(episode.episode, episode.length, step_values(tick)?)?;
        episode.length += 1;
        episode.episode_return += f64::from(reward(tick));
        if episode.length == EPISODE_LENGTH {
            writer.episode(EpisodeRow { end: EpisodeEnd::Terminated, ended_us: Some(now_us()), ..episode.clone() })?;
            episode = episode_row(writer, tick + 1);
            writer.episode(episode.clone())?;
        }
        logged(tick)?;
    }
    Ok(())
}

/// What a child said before it was killed; the last word may be cut.
pub fn parse(bytes: &[u8]) -> Vec<Acknowledged> {
    let number = |bytes: &[u8]| bytes.iter().rev().fold(0_u64, |number, &byte| number << 8 | u64::from(byte));
    bytes
        .chunks_exact(SAID_BYTES)
        .map(|said| Acknowledged { tick: number(&said[..8]), time_us: number(&said[8..]) as i64 })
        .collect()
}

fn episode_row(writer: &RunWriter, tick: u64) -> EpisodeRow {
    EpisodeRow {
        episode: writer.next_episode(),
        env_index: 0,
        agent: None,
        seed: Some(tick as i64),
        end: EpisodeEnd::Open,
        episode_return: 0.0,
        length: 0,
        global_step: tick as i64,
        started_us: now_us(),
        ended_us: None,
        recorded: true,
        evaluation: false,
        checkpoint: None,
        env_return: None,
        extra: serde_json::Map::new(),
    }
}

fn step_values(tick: u64) -> Result<Vec<(Arc<str>, StepValue)>> {
    let frame = Array::new(Dtype::Uint8, PICTURE_SHAPE.to_vec(), picture(tick))?;
    let reward = Array::new(Dtype::Float32, vec![], reward(tick).to_le_bytes().to_vec())?;
    Ok([
        ("tick", Array::scalar_i64(tick as i64)),
        ("reward", reward),
        ("observation", Array::from_f32(&observation(tick))),
        ("frame", frame),
    ]
    .map(|(name, array)| (Arc::from(name), StepValue::Array(array)))
    .to_vec())
}
