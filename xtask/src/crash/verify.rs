//! What a killed process left, compared with what it had said.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use ethogram_store::{Axis, Column, ColumnData, EpisodeEnd, RunReader, RunSource, check};

use super::Acknowledged;
use super::picture::{EPISODE_LENGTH, observation, picture, reward, scalars};

/// How a sound run fared.
#[derive(Clone, Copy, Debug)]
pub struct Verdict {
    /// Ticks that the killed process had logged.
    pub acknowledged: u64,
    /// From the time of the first scalar that is missing to the kill; zero when none is.
    pub scalars_lost_us: i64,
    /// The same of rows of steps.
    pub steps_lost_us: i64,
    /// The same of pictures.
    pub frames_lost_us: i64,
    /// The same of ends of episodes.
    pub ends_lost_us: i64,
    /// Ticks `0..kept` are there in full.
    kept: u64,
}

impl Verdict {
    /// The worst of the four.
    pub fn lost_us(&self) -> i64 {
        self.scalars_lost_us.max(self.steps_lost_us).max(self.frames_lost_us).max(self.ends_lost_us)
    }

    /// Where a process that continues the run goes on.
    pub fn next_tick(&self) -> u64 {
        self.kept
    }
}

/// Reads the whole run: every value must be what was logged at its tick, and the ticks a prefix without holes.
///
/// `from` is the first tick of the process that was killed last; those before it were verified to be there.
pub fn verify(run_dir: &Path, from: u64, acknowledged: &[Acknowledged], killed_us: i64) -> Result<Verdict> {
    let run = RunReader::open(run_dir).context("the run does not open")?;
    let lost = run.lost();
    ensure!(lost.is_empty(), "the reader lost something: {lost:?}");
    let report = check(run_dir, false).context("the run cannot be checked")?;
    ensure!(report.lost.is_empty(), "the check found damage: {:?}", report.lost);

    let logged = acknowledged.last().map_or(from, |last| last.tick + 1);
    let scalars = scalar_prefix(&run)?;
    let (steps, frames) = step_prefixes(&run)?;
    for (what, prefix) in [("scalars", scalars), ("steps", steps), ("frames", frames)] {
        // A tick may be on disk before the child could say so.
        ensure!(prefix <= logged + 1, "{what} has {prefix} ticks, but only {logged} were logged");
        ensure!(prefix >= from, "{what} has {prefix} ticks; {from} were there before the process was continued");
    }
    let said_at = |tick: u64| acknowledged.get((tick - from) as usize).map(|said| said.time_us);
    let lost_us = |prefix: u64| said_at(prefix).map_or(0, |time_us| (killed_us - time_us).max(0));
    Ok(Verdict {
        acknowledged: acknowledged.len() as u64,
        scalars_lost_us: lost_us(scalars),
        steps_lost_us: lost_us(steps),
        frames_lost_us: lost_us(frames),
        ends_lost_us: lost_us(first_end_missing(&run, from)?),
        kept: scalars.min(steps).min(frames),
    })
}

/// The number of ticks whose scalars are all there.
pub fn scalar_prefix(run: &RunReader) -> Result<u64> {
    let mut prefix = u64::MAX;
    for (tag, ticks) in scalar_ticks(run)? {
        let hole = ticks.iter().enumerate().find(|(position, tick)| **tick != *position as u64);
        ensure!(hole.is_none(), "scalar {tag:?} has a hole: expected the first tick, found the second of {hole:?}");
        prefix = prefix.min(ticks.len() as u64);
    }
    Ok(prefix)
}

/// At which ticks each scalar is there. Each value must be what was logged.
pub fn scalar_ticks(run: &RunReader) -> Result<Vec<(&'static str, Vec<u64>)>> {
    let mut found = Vec::new();
    for (index, (tag, _)) in scalars(0).into_iter().enumerate() {
        let points = match run.scalars(Axis::GlobalStep, tag, i64::MIN..i64::MAX) {
            Err(error) if error.is_not_found() => continue,
            points => points?,
        };
        for (&step, &value) in points.step.iter().zip(&points.value) {
            let expected = scalars(u64::try_from(step)?)[index].1;
            ensure!(value.to_bits() == expected.to_bits(), "{tag:?} at {step}: expected {expected}, found {value}");
        }
        found.push((tag, points.step.iter().map(|&step| step as u64).collect()));
    }
    Ok(found)
}

/// At which ticks there is a row, and at which a picture, wherever there may be holes. Each value must be what was logged; nothing is
/// taken from the rows of episodes, which may be lost themselves.
pub fn step_ticks(run: &RunReader) -> Result<(BTreeSet<u64>, BTreeSet<u64>)> {
    let (mut rows, mut frames) = (BTreeSet::new(), BTreeSet::new());
    for episode in 0..run.episode_count() {
        let count = run.step_count(episode)?;
        if count == 0 {
            continue;
        }
        if let Some(tick) = column(run, episode, "tick", count)? {
            let rewards = run.steps(episode, "reward", 0..count)?;
            let observations = run.steps(episode, "observation", 0..count)?;
            let (all_rewards, all_observations) = (rewards.to_f64(), observations.to_f64());
            for (t, found) in tick.to_f64().into_iter().enumerate().filter(|&(t, _)| tick.is_valid(t)) {
                let found = found as u64;
                let same = all_rewards[t].to_bits() == f64::from(reward(found)).to_bits()
                    && all_observations[t * 4..t * 4 + 4] == observation(found).map(f64::from);
                ensure!(same, "episode {episode} step {t}, tick {found}: other values than were logged");
                rows.insert(found);
            }
        }
        if let Some(column) = column(run, episode, "frame", count)? {
            let ColumnData::Numeric(pixels) = &column.data else { bail!("frames of episode {episode} are text") };
            for (t, found) in pixels.chunks_exact(column.row_bytes()).enumerate().filter(|&(t, _)| column.is_valid(t)) {
                let tick = found[..8].iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte));
                ensure!(found == picture(tick), "frame of episode {episode} step {t} differs from what was logged");
                frames.insert(tick);
            }
        }
    }
    Ok((rows, frames))
}

/// The number of ticks whose rows, and whose pictures, are all there.
pub fn step_prefixes(run: &RunReader) -> Result<(u64, u64)> {
    // Where each tick has its row and its picture. A continued process logs the ticks again that had been lost in part.
    let mut ticks: BTreeMap<u64, bool> = BTreeMap::new();
    for row in run.episodes(0..u64::MAX)? {
        let episode = row.episode;
        let rows = run.step_count(episode)?;
        if rows == 0 {
            continue;
        }
        let first = u64::try_from(row.global_step)?;
        // A field of which nothing came to disk is not known in this episode.
        if let Some(tick) = column(run, episode, "tick", rows)? {
            let rewards = run.steps(episode, "reward", 0..rows)?.to_f64();
            let observations = run.steps(episode, "observation", 0..rows)?.to_f64();
            for (t, found) in tick.to_f64().into_iter().enumerate().filter(|&(t, _)| tick.is_valid(t)) {
                let expected = first + t as u64;
                ensure!(
                    found.to_bits() == (expected as f64).to_bits(),
                    "episode {episode} step {t}: expected {expected}, found {found}"
                );
                let same_reward = rewards[t].to_bits() == f64::from(reward(expected)).to_bits();
                ensure!(same_reward, "reward of episode {episode} step {t} is {}", rewards[t]);
                let same = observations[t * 4..t * 4 + 4] == observation(expected).map(f64::from);
                ensure!(same, "observation of episode {episode} step {t} differs");
                ticks.entry(expected).or_insert(false);
            }
        }
        if let Some(frames) = column(run, episode, "frame", rows)? {
            let ColumnData::Numeric(pixels) = &frames.data else { bail!("frames of episode {episode} are text") };
            for (t, found) in pixels.chunks_exact(frames.row_bytes()).enumerate().filter(|&(t, _)| frames.is_valid(t)) {
                let expected = first + t as u64;
                ensure!(found == picture(expected), "frame of episode {episode} step {t} differs from what was logged");
                // Frames are written before the row of their step: a picture without a row is no error.
                if let Some(framed) = ticks.get_mut(&expected) {
                    *framed = true;
                }
            }
        }
    }
    let all = ticks.len() as u64;
    let rows = (0..all).take_while(|tick| ticks.contains_key(tick)).count() as u64;
    let framed = (0..all).take_while(|tick| ticks.get(tick) == Some(&true)).count() as u64;
    ensure!(rows == all, "rows of steps have a hole at tick {rows}: {all} ticks are there");
    Ok((rows, framed))
}

/// All rows of a field; `None` when the episode does not know it.
fn column(run: &RunReader, episode: u64, field: &str, rows: u64) -> Result<Option<Column>> {
    match run.steps(episode, field, 0..rows) {
        Ok(column) => Ok(Some(column)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The last tick of the first episode of the last process whose end is not there; those that are there must say what was logged.
fn first_end_missing(run: &RunReader, from: u64) -> Result<u64> {
    let rows = run.episodes(0..u64::MAX)?;
    let mut first = from;
    loop {
        let last = first + EPISODE_LENGTH - 1;
        let found = rows.iter().rev().find(|row| row.global_step == first as i64);
        let Some(row) = found.filter(|row| row.end != EpisodeEnd::Open) else { return Ok(last) };
        let whole: f64 = (first..=last).map(|tick| f64::from(reward(tick))).sum();
        ensure!(row.end == EpisodeEnd::Terminated, "episode {} ended, but says {:?}", row.episode, row.end);
        ensure!(row.length == EPISODE_LENGTH, "episode {} has length {}", row.episode, row.length);
        ensure!((row.episode_return - whole).abs() < 1e-9, "episode {} returned {whole}", row.episode);
        first += EPISODE_LENGTH;
    }
}
