//! `cargo xtask crash --power-cut`: what a process does to its files is written down, and at random moments of it the power goes.
//!
//! What the disk then holds is made by the rules of `disk.rs`. A run with `fsync` must hold all that was flushed; any run must open, name
//! what is damaged, give nothing but what was logged, and have lost nothing that was sealed.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use ethogram_store::{RunReader, RunSource, check};

use super::child::{Life, MARK, last_words};
use super::disk::{Names, after_power_cut, put};
use super::shim::Shim;
use super::trace::{Done, Event, read};
use super::verify::{scalar_ticks, step_ticks};
use super::{Acknowledged, command_of, find_run, one_life};
use crate::random::Random;
use crate::statistics::{max, median};

/// Cuts of what one process did.
const CUTS_OF_A_LIFE: u32 = 25;
const LIFE_MILLIS: std::ops::Range<u64> = 300..2_500;

/// Cuts the power so often.
pub fn run(cuts: u32, seed: u64) -> Result<()> {
    let folder = tempfile::tempdir().context("no temporary folder")?;
    let shim = Shim::compile(folder.path())?;
    let mut random = Random::new(seed);
    let mut tally = [Tally::default(), Tally::default()];
    let mut done = 0;
    for life in 0.. {
        if done >= cuts {
            break;
        }
        let fsync = life % 2 == 0;
        let root = folder.path().join(format!("life-{life:04}"));
        let trace = folder.path().join(format!("life-{life:04}.trace"));
        std::fs::create_dir(&root)?;
        let mut command = command_of(&root, &Life::of(None, life % 4 < 2).marked(fsync))?;
        shim.watch(&mut command, &root);
        Shim::trace(&mut command, &trace);
        let lived = Duration::from_millis(random.within(LIFE_MILLIS));
        let (said, _) = one_life(command, lived)?;
        let events = read(&trace)?;
        let (ticks, _) = last_words(said);
        for cut in 0..CUTS_OF_A_LIFE.min(cuts - done) {
            let at = random.within(1..events.len() as u64 + 1) as usize;
            let names = if cut % 2 == 0 { Names::InOrder } else { Names::ByChance };
            let place = folder.path().join("left");
            let left = after_power_cut(&events[..at], names, &mut random);
            std::fs::create_dir(&place)?;
            put(&left, &root, &place)?;
            let flushed = flushed_before(&events[..at]).filter(|_| fsync);
            match look(&place, flushed, &ticks, events[at - 1].time_us) {
                Ok(found) => tally[usize::from(fsync)].add(&found),
                Err(error) => {
                    let kept = folder.keep();
                    bail!(
                        "cut {} of seed {seed}, {names:?}, fsync {fsync}: {error:#}; kept in {}",
                        done + cut,
                        kept.display()
                    );
                }
            }
            std::fs::remove_dir_all(&place)?;
        }
        done += CUTS_OF_A_LIFE.min(cuts - done);
        std::fs::remove_dir_all(&root)?;
        std::fs::remove_file(&trace)?;
        if life % 8 == 7 {
            eprintln!("{done} cuts");
        }
    }
    println!("{done} power cuts; corrupt runs: 0; sealed files lost: 0; values other than were logged: 0");
    tally[1].report("with fsync", true)?;
    tally[0].report("without", false)
}

/// The last tick before which all was flushed, as the process marked it.
fn flushed_before(events: &[Event]) -> Option<u64> {
    events.iter().rev().find_map(|event| match &event.done {
        Done::Folder(path) => path.file_name()?.to_str()?.strip_prefix(MARK)?.parse().ok(),
        _ => None,
    })
}

/// What a cut left.
#[expect(clippy::struct_excessive_bools, reason = "each is counted by itself")]
struct Found {
    /// There was a run.
    is_born: bool,
    /// Something was damaged, and named.
    has_damage: bool,
    /// Steps are missing between others, and nothing is said to be lost.
    has_silent_hole: bool,
    /// What another writer logged afterwards can be read.
    goes_on: bool,
    /// From the time of the first tick that is missing to the cut.
    lost_us: i64,
}

fn look(place: &Path, flushed: Option<u64>, ticks: &[Acknowledged], cut_us: i64) -> Result<Found> {
    let logged = ticks.iter().filter(|tick| tick.time_us <= cut_us).count() as u64;
    let Some(run_dir) = find_run(place)? else {
        ensure!(flushed.is_none(), "{flushed:?} ticks were flushed, but there is no run");
        return Ok(Found { is_born: false, has_damage: false, has_silent_hole: false, goes_on: true, lost_us: 0 });
    };
    let run = RunReader::open(&run_dir).context("the run does not open")?;
    let scalars = scalar_ticks(&run)?;
    let (rows, frames) = step_ticks(&run)?;
    let report = check(&run_dir, false).context("the run cannot be checked")?;
    let mut lost = run.lost();
    lost.extend(report.lost);
    let sealed = lost.iter().find(|lost| {
        let is_sealed = |end: &str| Path::new(&lost.file).extension().is_some_and(|found| found == end);
        is_sealed("parquet") || is_sealed("arrow")
    });
    ensure!(sealed.is_none(), "something that was sealed is lost: {sealed:?}");
    let prefix = |mut has: Box<dyn FnMut(u64) -> bool + '_>| (0..u64::MAX).take_while(|tick| has(*tick)).count() as u64;
    let of_scalars = scalars.iter().map(|(_, ticks)| {
        let known: std::collections::BTreeSet<u64> = ticks.iter().copied().collect();
        prefix(Box::new(move |tick| known.contains(&tick)))
    });
    let of_scalars = if scalars.len() == 3 { of_scalars.min().unwrap_or(0) } else { 0 };
    let kept = of_scalars
        .min(prefix(Box::new(|tick| rows.contains(&tick))))
        .min(prefix(Box::new(|tick| frames.contains(&tick))));
    // What is missing in between and not told is taken for what was never logged.
    let most = rows.last().map_or(0, |last| last + 1);
    let has_silent_hole = rows.len() as u64 != most && lost.is_empty();
    if let Some(flushed) = flushed {
        ensure!(kept >= flushed, "{flushed} ticks were flushed, but only {kept} are whole; lost: {lost:?}");
    }
    let goes_on = continues(&run_dir)?;
    ensure!(goes_on || (!lost.is_empty() && flushed.is_none()), "what was logged after the cut is not there");
    let first_missing = ticks.get(kept as usize).filter(|_| kept < logged);
    let lost_us = first_missing.map_or(0, |tick| (cut_us - tick.time_us).max(0));
    Ok(Found { is_born: true, has_damage: !lost.is_empty(), has_silent_hole, goes_on, lost_us })
}

/// Whoever resumes the run can log into it; gives whether what was logged is there.
fn continues(run_dir: &Path) -> Result<bool> {
    let writer = ethogram_store::RunWriter::resume(run_dir, ethogram_store::WriterOptions::default());
    let writer = writer.context("the run cannot be continued")?;
    writer.scalar(ethogram_store::Axis::GlobalStep, "continued", 1, 1, 1.0)?;
    writer.close(ethogram_store::RunState::Finished)?;
    let points = RunReader::open(run_dir)?.scalars(ethogram_store::Axis::GlobalStep, "continued", 0..9);
    Ok(points.is_ok_and(|points| points.step == [1]))
}

/// What came of all cuts.
#[derive(Default)]
struct Tally {
    cuts: u32,
    unborn: u32,
    damaged: u32,
    silent_holes: u32,
    hidden: u32,
    lost_secs: Vec<f64>,
}

impl Tally {
    fn add(&mut self, found: &Found) {
        self.cuts += 1;
        self.unborn += u32::from(!found.is_born);
        self.damaged += u32::from(found.has_damage);
        self.silent_holes += u32::from(found.has_silent_hole);
        self.hidden += u32::from(!found.goes_on);
        if found.is_born {
            self.lost_secs.push(found.lost_us as f64 / 1e6);
        }
    }

    fn report(&self, how: &str, holds_flushed: bool) -> Result<()> {
        let Self { cuts, unborn, damaged, silent_holes, hidden, lost_secs } = self;
        if *cuts == 0 {
            return Ok(());
        }
        let flushed = if holds_flushed { "; flushed and lost: 0" } else { "" };
        println!(
            "{how:10} {cuts} cuts, {unborn} before there was a run, {damaged} with damage that is named, {silent_holes} with holes that are not, \
             {hidden} whose later scalars are hidden by a missing file; \
             lost before the cut: median {:.3} s, most {:.3} s{flushed}",
            median(lost_secs),
            max(lost_secs)
        );
        ensure!(!holds_flushed || *silent_holes == 0, "{silent_holes} runs have holes that nothing tells of");
        Ok(())
    }
}
