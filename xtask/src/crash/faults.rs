//! `cargo xtask crash --faults`: the disk is full, broken, read-only or slow for a while, writes are cut short, the clock jumps, and two
//! processes write one run, and forked children end (`forks.rs`). Training must never be stopped or held up, what is lost must be counted and shown, and the rest be right.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use ethogram_store::{RunReader, RunSource, check, read_status};

use super::child::{LastWords, Life, last_words, parse};
use super::forks;
use super::shim::{Fault, Shim};
use super::verify::{scalar_ticks, step_ticks, verify};
use super::{LIFE_MILLIS, LOSS_MAX_US, begin, command_of, find_run};
use crate::random::Random;

/// Ticks of a process whose disk fails; one a millisecond.
const TICKS: u64 = 4_000;
/// Values of a tick: three scalars, a row, a picture.
const VALUES_OF_A_TICK: u64 = 5;
/// A process that is held up by its disk would wait as long as it does: a slow write takes 150 ms, and a retry comes after a second.
const CALL_MAX: Duration = Duration::from_millis(100);

/// Each kind of failure so often.
pub fn run(times: u32, seed: u64) -> Result<()> {
    let folder = tempfile::tempdir().context("no temporary folder")?;
    let shim = Shim::compile(folder.path())?;
    let mut random = Random::new(seed);
    for fault in Fault::ALL {
        let mut tally = Tally::default();
        for time in 0..times {
            let root = folder.path().join(format!("{}-{time:04}", fault.name()));
            std::fs::create_dir(&root)?;
            let from = random.within(50..2_000);
            let millis = from..from + random.within(100..2_000);
            match one(&shim, &root, fault, millis.clone(), time % 2 == 1) {
                Ok(found) => tally.add(&found),
                Err(error) => {
                    let kept = folder.keep();
                    bail!(
                        "{} for {millis:?} ms, time {time} of seed {seed}: {error:#}; kept in {}",
                        fault.name(),
                        kept.display()
                    );
                }
            }
            std::fs::remove_dir_all(&root)?;
        }
        tally.report(fault.name(), times);
    }
    for time in 0..times {
        let root = folder.path().join(format!("two-{time:04}"));
        let life = Duration::from_millis(random.within(LIFE_MILLIS).max(600));
        two_writers(&root, life).with_context(|| format!("two writers, time {time} of seed {seed}"))?;
    }
    println!("two writers of one run, both killed: {times} times, corrupt runs: 0");
    if let Err(error) = forks::run(times, folder.path(), &mut random) {
        bail!("forks of seed {seed}: {error:#}; kept in {}", folder.keep().display());
    }
    Ok(())
}

/// What came of one failure.
struct Found {
    words: LastWords,
    missing: u64,
}

fn one(shim: &Shim, root: &Path, fault: Fault, millis: std::ops::Range<u64>, small_segments: bool) -> Result<Found> {
    let mut command = command_of(root, &Life::of_ticks(TICKS, small_segments))?;
    shim.watch(&mut command, root);
    Shim::fail(&mut command, fault, millis);
    let (mut child, said) = begin(command)?;
    let status = child.wait()?;
    ensure!(status.success(), "the process that trains was stopped: {status}");
    let bytes = said.join().map_err(|_| anyhow::anyhow!("the reader of the pipe panicked"))??;
    let (ticks, words) = last_words(parse(&bytes));
    let words = words.context("the process did not end in order")?;
    ensure!(ticks.len() as u64 == TICKS, "{} of {TICKS} ticks were logged", ticks.len());

    let run_dir = find_run(root)?.context("there is no run")?;
    let run = RunReader::open(&run_dir).context("the run does not open")?;
    let (scalars, (rows, frames)) = (scalar_ticks(&run)?, step_ticks(&run)?);
    let there = scalars.iter().map(|(_, ticks)| ticks.len()).sum::<usize>() + rows.len() + frames.len();
    let missing = (TICKS * VALUES_OF_A_TICK).checked_sub(there as u64).context("more is there than was logged")?;
    ensure!(missing <= words.dropped, "{missing} values are missing, but only {} were counted", words.dropped);
    let shown = read_status(&run_dir).context("there is no status")?;
    ensure!(
        shown.dropped == words.dropped,
        "{} dropped values are shown, {} were counted",
        shown.dropped,
        words.dropped
    );
    ensure!(
        words.closed_well == shown.fault.is_none(),
        "the fault {:?} is shown, closing went well: {}",
        shown.fault,
        words.closed_well
    );
    let mut lost = run.lost();
    lost.extend(check(&run_dir, false)?.lost);
    ensure!(lost.is_empty(), "damage is left behind: {lost:?}");
    if !fault.loses() {
        ensure!(words.dropped == 0 && missing == 0, "{missing} values are missing, {} were dropped", words.dropped);
        ensure!(words.closed_well, "a fault is told: {:?}", shown.fault);
    }
    Ok(Found { words, missing })
}

/// One process writes a run, another resumes it by mistake while the first goes on; both are killed.
fn two_writers(root: &Path, life: Duration) -> Result<()> {
    let (mut first, first_said) = begin(command_of(root, &Life::default())?)?;
    let run_dir = loop {
        std::thread::sleep(Duration::from_millis(20));
        if let Some(run_dir) = find_run(root)?.filter(|run_dir| run_dir.join("status.json").exists()) {
            break run_dir;
        }
        ensure!(first.try_wait()?.is_none(), "the first process ended by itself");
    };
    let (mut second, second_said) = begin(command_of(root, &Life::of(Some(&(run_dir.clone(), 0)), true))?)?;
    std::thread::sleep(life);
    let killed_us = ethogram_store::now_us();
    for child in [&mut first, &mut second] {
        ensure!(child.try_wait()?.is_none(), "a process ended by itself");
        child.kill()?;
        child.wait()?;
    }
    let mut said = Vec::new();
    for pipe in [first_said, second_said] {
        said.push(parse(&pipe.join().map_err(|_| anyhow::anyhow!("the reader of the pipe panicked"))??));
    }
    // Both log the same at the same tick, so that the run reads as that of whoever came further.
    let further = said.into_iter().max_by_key(Vec::len).unwrap_or_default();
    let ends_lost_us = verify(&run_dir, 0, &further, killed_us)?.ends_lost_us;
    ensure!(ends_lost_us <= LOSS_MAX_US, "an episode that ended {ends_lost_us} us before the kill is missing");
    Ok(())
}

#[derive(Default)]
struct Tally {
    dropped: u64,
    missing: u64,
    longest_call: Duration,
    held_up: u32,
    told: u32,
}

impl Tally {
    fn add(&mut self, Found { words, missing }: &Found) {
        self.dropped += words.dropped;
        self.missing += missing;
        self.longest_call = self.longest_call.max(words.longest_call);
        self.held_up += u32::from(words.longest_call > CALL_MAX);
        self.told += u32::from(!words.closed_well);
    }

    fn report(&self, fault: &str, times: u32) {
        let Self { dropped, missing, longest_call, held_up, told } = self;
        println!(
            "{fault:10} {times} times: training stopped 0, corrupt runs 0, values missing {missing}, counted as dropped {dropped}, \
             told at the end {told}; longest tick {:.1} ms, {held_up} over {} ms",
            longest_call.as_secs_f64() * 1e3,
            CALL_MAX.as_millis()
        );
    }
}
