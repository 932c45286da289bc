//! Files cut at random places must read as a prefix; a flipped bit must be found, or do no harm.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use ethogram_store::codec::decode_group;
use ethogram_store::{RunInfo, RunReader, RunSource, RunState, RunWriter, WriterOptions, check, compact};

use super::super::lab::Lab;
use super::super::measure::{Bar, Measure};
use crate::crash::child::log_ticks;
use crate::crash::verify::{scalar_prefix, step_prefixes};
use crate::random::Random;

const TRIALS: usize = 400;
const TICKS: u64 = 200;
/// Flushes while the run is written, so that its segments have several batches.
const TICKS_PER_FLUSH: u64 = 20;

/// Shares in per cent.
pub fn found(lab: &Lab) -> Result<Vec<Measure>> {
    let (live, sealed) = small_runs(lab)?;
    let prefixes = cut(&live)?;
    let share = |count: usize, of: usize| count as f64 * 100.0 / of.max(1) as f64;
    let mut measures = vec![
        Measure::new("store/cut files that read as a prefix", share(prefixes, TRIALS), "%").bar(Bar::AtLeast(100.0)),
    ];
    for (what, run) in [("live", &live), ("sealed", &sealed)] {
        let Flips { detected, harmless, silent } = flip(run)?;
        eprintln!(
            "{what}: of {TRIALS} flipped bits {detected} were detected, {harmless} changed nothing, {silent} went unseen"
        );
        let name = format!("store/flipped bits of {what} files detected");
        measures.push(Measure::new(name, share(detected, detected + silent), "%").bar(Bar::AtLeast(100.0)));
    }
    Ok(measures)
}

/// A run as it lies while it is written, and the same closed and compacted.
fn small_runs(lab: &Lab) -> Result<(PathBuf, PathBuf)> {
    let writer = RunWriter::create(&lab.empty_folder("damage")?, RunInfo::default(), WriterOptions::default())?;
    log_ticks(&writer, 0..TICKS, |tick| {
        if (tick + 1) % TICKS_PER_FLUSH == 0 {
            writer.flush()?;
        }
        Ok(())
    })?;
    let sealed = writer.path().to_owned();
    let live = lab.empty_folder("damage-live")?;
    copy_folder(&sealed, &live)?;
    writer.close(RunState::Finished)?;
    let report = compact(&sealed)?;
    ensure!(report.skipped.is_empty(), "not compacted: {:?}", report.skipped);
    Ok((live, sealed))
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// How many of the cuts left a prefix. What cannot be read any more must not be served.
fn cut(run_dir: &Path) -> Result<usize> {
    let files = files(run_dir, &["arrows", "log"])?;
    let mut random = Random::new(2);
    let mut prefixes = 0;
    for trial in 0..TRIALS {
        let (path, whole) = pick(&files, &mut random)?;
        let end = random.within(0..whole.len() as u64) as usize;
        fs::write(path, &whole[..end])?;
        match prefix(run_dir) {
            Ok(()) => prefixes += 1,
            Err(error) => eprintln!("cut {trial}: {} at {end} of {}: {error:#}", path.display(), whole.len()),
        }
        fs::write(path, whole)?;
    }
    Ok(prefixes)
}

fn prefix(run_dir: &Path) -> Result<()> {
    let run = RunReader::open(run_dir)?;
    for (what, ticks) in [("scalars", scalar_prefix(&run)?), ("steps", step_prefixes(&run)?.0)] {
        ensure!(ticks <= TICKS, "{what} has {ticks} ticks of {TICKS}");
    }
    Ok(())
}

struct Flips {
    /// The check, or whoever opens the run, tells of damage.
    detected: usize,
    /// Every value reads as it was written.
    harmless: usize,
    /// Nobody tells, and something reads differently.
    silent: usize,
}

fn flip(run_dir: &Path) -> Result<Flips> {
    let files = files(run_dir, &["arrows", "log", "parquet", "arrow", "json"])?;
    let sound = contents(run_dir)?;
    ensure!(check(run_dir, false)?.is_sound(), "the run is damaged before any bit was flipped");
    let mut random = Random::new(3);
    let mut flips = Flips { detected: 0, harmless: 0, silent: 0 };
    for trial in 0..TRIALS {
        let (path, whole) = pick(&files, &mut random)?;
        let bit = random.within(0..whole.len() as u64 * 8) as usize;
        let mut flipped = whole.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        fs::write(path, flipped)?;
        if !check(run_dir, false).is_ok_and(|report| report.is_sound()) {
            flips.detected += 1;
        } else if contents(run_dir).is_ok_and(|found| found == sound) {
            flips.harmless += 1;
        } else {
            eprintln!("flip {trial}: bit {bit} of {} went unseen", path.display());
            flips.silent += 1;
        }
        fs::write(path, whole)?;
    }
    ensure!(contents(run_dir)? == sound, "the run was not put back as it was");
    Ok(flips)
}

/// A hash of everything that can be read.
fn contents(run_dir: &Path) -> Result<u64> {
    let run = RunReader::open(run_dir)?;
    let mut hasher = DefaultHasher::new();
    for tag in run.scalar_tags() {
        let points = run.scalars(tag.axis, &tag.tag, i64::MIN..i64::MAX)?;
        (tag.tag, points.step, points.time_us).hash(&mut hasher);
        points.value.iter().for_each(|value| value.to_bits().hash(&mut hasher));
    }
    for row in run.episodes(0..u64::MAX)? {
        format!("{row:?}").hash(&mut hasher);
        let rows = run.step_count(row.episode)?;
        for field in run.step_fields(row.episode)? {
            if field.image {
                for group in run.frame_groups(row.episode, &field.name, 0..rows)? {
                    group.first.hash(&mut hasher);
                    decode_group(&group.bytes)?.data().hash(&mut hasher);
                }
            } else {
                format!("{:?}", run.steps(row.episode, &field.name, 0..rows)?).hash(&mut hasher);
            }
        }
    }
    Ok(hasher.finish())
}

/// The files of the writers in a run, whole. `run.json` and `status.json` are for people and have no checksum.
fn files(run_dir: &Path, endings: &[&str]) -> Result<BTreeMap<PathBuf, Vec<u8>>> {
    let mut files = BTreeMap::new();
    let mut folders: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(run_dir)? {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("w-")) {
            folders.push(path);
        }
    }
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| endings.iter().any(|wanted| ending == *wanted)) {
                files.insert(path.clone(), fs::read(path)?);
            }
        }
    }
    files.retain(|_, bytes| !bytes.is_empty());
    ensure!(!files.is_empty(), "no files of {endings:?} in {}", run_dir.display());
    Ok(files)
}

/// One of the files, each as likely as another, so that the small logs get their share.
fn pick<'a>(files: &'a BTreeMap<PathBuf, Vec<u8>>, random: &mut Random) -> Result<(&'a PathBuf, &'a Vec<u8>)> {
    let at = random.within(0..files.len() as u64) as usize;
    files.iter().nth(at).context("no file")
}
