//! The store by itself: full step records a second, bytes a scalar, how soon a reader sees what was logged,
//! and what becomes of files that are cut or of which a bit is flipped.

mod damage;
mod records;

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use ethogram_store::{
    Axis, QueuePolicy, RunInfo, RunReader, RunSource, RunState, RunWriter, SealLimits, WriterOptions, compact, now_us,
};

use super::lab::{Lab, folder_bytes};
use super::measure::{Bar, Measure};
use super::walk::{TAGS, Walk, events_of_walks};
use crate::statistics::{max, median};

const POINTS: usize = 1_000_000;
/// Scalars between two flushes: 20,000 a second with the default interval.
const POINTS_PER_FLUSH: usize = 4_000;
/// The same of a slow run: 200 a second.
const SLOW_POINTS_PER_FLUSH: usize = 40;
const TAIL_SECS: u64 = 10;

/// The bench.
pub fn run(lab: &Lab) -> Result<Vec<Measure>> {
    let mut measures = records::sustained(lab)?;
    measures.extend(scalar_bytes(lab)?);
    measures.extend(tail(lab)?);
    measures.extend(damage::found(lab)?);
    Ok(measures)
}

/// Bytes of a scalar on disk, live and sealed, beside those of event files.
fn scalar_bytes(lab: &Lab) -> Result<Vec<Measure>> {
    let root = lab.empty_folder("scalars")?;
    let events = root.join("events");
    events_of_walks(&events, 1, POINTS)?;
    let peer = folder_bytes(&events, &["bench"])? as f64 / POINTS as f64;
    let (live, path) = live_bytes(&root.join("brisk"), POINTS, POINTS_PER_FLUSH)?;
    let (slow, _) = live_bytes(&root.join("slow"), POINTS / 50, SLOW_POINTS_PER_FLUSH)?;
    compact(&path)?;
    let sealed = folder_bytes(&path, &[".parquet"])? as f64 / POINTS as f64;
    ensure!(folder_bytes(&path, &[".arrows"])? == 0, "compaction left live segments");
    Ok(vec![
        Measure::new("store/live scalar, 20,000 a second", live, "B").against(peer).bar(Bar::Ratio(0.2)),
        Measure::new("store/live scalar, 200 a second", slow, "B").against(peer),
        Measure::new("store/sealed scalar with rollup", sealed, "B").against(peer).bar(Bar::Ratio(0.1)),
    ])
}

/// Bytes a scalar of live segments and their logs, and the run.
fn live_bytes(root: &Path, points: usize, points_per_flush: usize) -> Result<(f64, std::path::PathBuf)> {
    let seal = SealLimits { rows: u64::MAX, bytes: u64::MAX, age: Duration::MAX };
    let options = WriterOptions { seal, policy: QueuePolicy::Block, ..WriterOptions::default() };
    let writer = RunWriter::create(root, RunInfo::default(), options)?;
    let mut walk = Walk::new(1);
    for step in 0..points / TAGS {
        let (time_us, values) = walk.next();
        writer.scalars(Axis::GlobalStep, step as i64, time_us, &values)?;
        if (step + 1) % (points_per_flush / TAGS) == 0 {
            writer.flush()?;
        }
    }
    writer.flush()?;
    let path = writer.path().to_owned();
    let bytes = folder_bytes(&path, &[".arrows", ".log"])?;
    writer.close(RunState::Finished)?;
    Ok((bytes as f64 / points as f64, path))
}

/// From a call that logs to the moment at which a reader that looks every 20 ms has it.
fn tail(lab: &Lab) -> Result<Vec<Measure>> {
    let root = lab.empty_folder("tail")?;
    let options = WriterOptions::default();
    let limit_ms = options.flush_interval.as_secs_f64() * 1e3 + 300.0;
    let writer = RunWriter::create(&root, RunInfo::default(), options)?;
    writer.scalar(Axis::GlobalStep, "tick", 0, now_us(), 0.0)?;
    writer.flush()?;
    let reader = RunReader::open(writer.path())?;
    let until = Instant::now() + Duration::from_secs(TAIL_SECS);
    let log = thread::spawn(move || -> Result<()> {
        for tick in 1.. {
            writer.scalar(Axis::GlobalStep, "tick", tick, now_us(), 0.0)?;
            thread::sleep(Duration::from_millis(3));
            if Instant::now() > until {
                break;
            }
        }
        writer.close(RunState::Finished)?;
        Ok(())
    });
    let (mut next, mut late_ms, mut poll_us) = (1, Vec::new(), Vec::new());
    while !log.is_finished() {
        let began = Instant::now();
        reader.refresh()?;
        poll_us.push(began.elapsed().as_secs_f64() * 1e6);
        let seen = now_us();
        let points = reader.scalars(Axis::GlobalStep, "tick", next..i64::MAX)?;
        late_ms.extend(points.time_us.iter().map(|&logged| (seen - logged) as f64 / 1e3));
        next = points.step.last().map_or(next, |&last| last + 1);
        thread::sleep(Duration::from_millis(20));
    }
    log.join().map_err(|_| anyhow::anyhow!("the thread that logs panicked"))??;
    ensure!(late_ms.len() > 100, "only {} points were seen", late_ms.len());
    late_ms.pop().context("nothing was seen")?;
    Ok(vec![
        Measure::new("store/tail, median", median(&late_ms), "ms"),
        Measure::new("store/tail, most", max(&late_ms), "ms").bar(Bar::AtMost(limit_ms)),
        Measure::new("store/look for growth, median", median(&poll_us), "us"),
    ])
}
