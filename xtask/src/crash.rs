//! `cargo xtask crash`: a process that logs is killed with signal 9 at a random moment, again and again.
//! After each kill the run must open, hold a prefix of what was logged, and miss at most its last second, unless the machine itself
//! held up whoever writes a file (`witness.rs`).
//!
//! With `--power-cut` the power goes instead (`power.rs`), with `--faults` the disk or the clock fails for a while (`faults.rs`), and
//! forked children end in their own ways (`forks.rs`).

pub(crate) mod child;
mod disk;
mod faults;
mod forks;
pub(crate) mod picture;
mod power;
mod shim;
mod trace;
pub(crate) mod verify;
mod witness;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use ethogram_store::{find_runs, now_us};

use crate::random::Random;
use crate::statistics::{max, median};
use child::Life;
use verify::Verdict;
use witness::Witness;

/// `cargo xtask crash`
#[derive(Args)]
pub struct CrashArgs {
    /// How often to kill
    #[arg(long, alias = "runs", default_value_t = 200)]
    kills: u32,
    /// Instead of killing, cut the power so often
    #[arg(long, value_name = "CUTS")]
    power_cut: Option<u32>,
    /// Instead of killing, let the disk or the clock fail, two processes write one run, and forked children end, each kind so often
    #[arg(long, value_name = "TIMES")]
    faults: Option<u32>,
    /// Seed of the moments at which to kill
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Be the process that is killed, logging into this folder
    #[arg(long, hide = true)]
    child: Option<PathBuf>,
    #[command(flatten)]
    life: Life,
}

/// Lost at most: the promise is the last second.
const LOSS_MAX_US: i64 = 1_000_000;
/// Every so many kills the run is not begun anew, but the last one continued.
const RESUME_EVERY: u32 = 10;
/// The child lives so long.
const LIFE_MILLIS: std::ops::Range<u64> = 30..2_500;

/// A tick that the child had logged, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Acknowledged {
    tick: u64,
    time_us: i64,
}

/// Runs the test, or is the child of one.
pub fn run(args: &CrashArgs) -> Result<()> {
    if let Some(root) = &args.child {
        return child::log(root, &args.life);
    }
    if let Some(cuts) = args.power_cut {
        return power::run(cuts, args.seed);
    }
    if let Some(times) = args.faults {
        return faults::run(times, args.seed);
    }
    let folder = tempfile::tempdir().context("no temporary folder")?;
    let witness = Witness::new(folder.path())?;
    let mut random = Random::new(args.seed);
    let mut tally = Tally::default();
    let mut continued: Option<(PathBuf, u64)> = None;
    for kill in 0..args.kills {
        let root = folder.path().join(format!("{kill:06}"));
        let life = Duration::from_millis(random.within(LIFE_MILLIS));
        witness.take_longest_us();
        let resumed = continued.take().filter(|_| kill % RESUME_EVERY == 0);
        let (acknowledged, killed_us) = one_life(command_of(&root, &Life::of(resumed.as_ref(), kill % 2 == 1))?, life)?;
        let held_up_us = witness.take_longest_us();
        let run_dir = match &resumed {
            Some((run_dir, _)) => Some(run_dir.clone()),
            None => find_run(&root)?,
        };
        let Some(run_dir) = run_dir else {
            ensure!(
                acknowledged.is_empty(),
                "kill {kill}: {} ticks were logged but there is no run",
                acknowledged.len()
            );
            tally.unborn += 1;
            continue;
        };
        tally.resumed += u32::from(resumed.is_some());
        let from = resumed.map_or(0, |(_, from)| from);
        match verify::verify(&run_dir, from, &acknowledged, killed_us) {
            Ok(verdict) => {
                continued = Some((run_dir, verdict.next_tick()));
                tally.verdicts.push((verdict, held_up_us));
            }
            Err(error) => {
                eprintln!("kill {kill} after {life:?}: {error:#}");
                let kept = folder.keep();
                bail!("kill {kill} of seed {}: the run is corrupt; kept in {}", args.seed, kept.display());
            }
        }
        if kill % 20 == 19 {
            eprintln!("{} kills", kill + 1);
        }
    }
    tally.report(args.kills)
}

/// This program as the process that logs into `root`, not yet started.
fn command_of(root: &Path, life: &Life) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe().context("this program has no path")?);
    command.arg("crash").arg("--child").arg(root).args(life.arguments()).stdout(Stdio::piped()).stdin(Stdio::null());
    Ok(command)
}

type Said = std::thread::JoinHandle<std::io::Result<Vec<u8>>>;

/// Starts a child, and reads what it says.
fn begin(mut command: Command) -> Result<(Child, Said)> {
    let mut child = command.spawn().context("the child did not start")?;
    let mut pipe = child.stdout.take().context("the child has no pipe")?;
    let reader = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).map(|_| bytes)
    });
    Ok((child, reader))
}

/// Lets a child log for as long as `life`, kills it, and returns what it said it had logged and when it was killed.
fn one_life(command: Command, life: Duration) -> Result<(Vec<Acknowledged>, i64)> {
    let (mut child, reader) = begin(command)?;
    std::thread::sleep(life);
    let early = child.try_wait()?;
    let killed_us = now_us();
    child.kill()?;
    child.wait()?;
    ensure!(early.is_none(), "the child ended by itself: {early:?}");
    let bytes = reader.join().map_err(|_| anyhow::anyhow!("the reader of the pipe panicked"))??;
    Ok((child::parse(&bytes), killed_us))
}

fn find_run(root: &Path) -> Result<Option<PathBuf>> {
    match find_runs(root, 2) {
        Ok(runs) => {
            ensure!(runs.len() < 2, "expected one run, found {}", runs.len());
            Ok(runs.into_iter().next())
        }
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// What came of all kills.
#[derive(Default)]
struct Tally {
    /// Each with how long the machine held up the witness meanwhile, in microseconds.
    verdicts: Vec<(Verdict, i64)>,
    /// Killed before there was a run.
    unborn: u32,
    resumed: u32,
}

impl Tally {
    fn report(&self, kills: u32) -> Result<()> {
        let seconds = |of: fn(&Verdict) -> i64| -> Vec<f64> {
            self.verdicts.iter().map(|(verdict, _)| of(verdict) as f64 / 1e6).collect()
        };
        let ticks: u64 = self.verdicts.iter().map(|(verdict, _)| verdict.acknowledged).sum();
        println!("{kills} kills, {} of them before there was a run, {} of a continued run", self.unborn, self.resumed);
        println!("{ticks} steps were logged by the processes that were killed; corrupt runs: 0");
        for (name, lost) in [
            ("scalars", seconds(|verdict| verdict.scalars_lost_us)),
            ("steps", seconds(|verdict| verdict.steps_lost_us)),
            ("frames", seconds(|verdict| verdict.frames_lost_us)),
            ("ends", seconds(|verdict| verdict.ends_lost_us)),
        ] {
            println!("{name:8} lost before the kill: median {:.3} s, most {:.3} s", median(&lost), max(&lost));
        }
        let held_up: Vec<f64> = self.verdicts.iter().map(|(_, held_up_us)| *held_up_us as f64 / 1e6).collect();
        println!("witness  held up by the machine: median {:.3} s, most {:.3} s", median(&held_up), max(&held_up));
        let late = self.verdicts.iter().filter(|(verdict, _)| verdict.lost_us() > LOSS_MAX_US);
        let (excused, late): (Vec<_>, Vec<_>) =
            late.partition(|(verdict, held_up_us)| verdict.lost_us() <= LOSS_MAX_US + held_up_us);
        for (verdict, held_up_us) in &excused {
            let [lost, held_up] = [verdict.lost_us(), *held_up_us].map(|us| us as f64 / 1e6);
            println!("late     {lost:.3} s, while the machine held up the witness for {held_up:.3} s");
        }
        ensure!(
            late.is_empty(),
            "{} runs lost more than the last second, with no fault of the machine: {late:?}",
            late.len()
        );
        Ok(())
    }
}
