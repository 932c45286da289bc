//! The process that is killed: logs a tick a millisecond and says on its standard output what it has logged.

use std::io::Write;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use ethogram_store::{
    Array, Axis, Dtype, EpisodeEnd, EpisodeRow, RunInfo, RunWriter, SealLimits, StepValue, WriterOptions, now_us,
};

use super::Acknowledged;
use super::picture::{EPISODE_LENGTH, PICTURE_SHAPE, observation, picture, reward, scalars};

/// Bytes of what is said of a tick: its number and the time.
const SAID_BYTES: usize = 16;
const TICK: Duration = Duration::from_millis(1);

/// Logs from tick `from` on, into a new run under `root` or one that is continued.
pub fn log_until_killed(root: &Path, resume: Option<&Path>, from: u64, small_segments: bool) -> Result<()> {
    let mut options = WriterOptions::default();
    if small_segments {
        options.seal = SealLimits { rows: 400, bytes: 1 << 20, age: Duration::from_secs(1) };
    }
    let writer = match resume {
        Some(run_dir) => RunWriter::resume(run_dir, options)?,
        None => RunWriter::create(root, RunInfo { project: "crash".into(), ..RunInfo::default() }, options)?,
    };
    let mut out = std::io::stdout().lock();
    let began = Instant::now();
    log_ticks(&writer, from..u64::MAX, |tick| {
        let mut said = [0; SAID_BYTES];
        said[..8].copy_from_slice(&tick.to_le_bytes());
        said[8..].copy_from_slice(&now_us().to_le_bytes());
        out.write_all(&said)?;
        out.flush()?;
        let next = TICK * (tick - from + 1) as u32;
        std::thread::sleep(next.saturating_sub(began.elapsed()));
        Ok(())
    })
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
