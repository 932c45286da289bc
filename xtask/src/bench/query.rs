//! One curve of 100 runs in a process that has just started, against the data server of `TensorBoard`.
//!
//! The peer loads everything before it can answer; it gets [`PEER_RUNS`] runs and its time is multiplied, for it is linear in points.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use ethogram_query::{NativeOpener, Options, SeriesRequest, Workbench};
use ethogram_store::{Axis, Bucketer, RunReader, RunSource, find_runs};
use serde_json::json;

use super::lab::{Lab, lines, number};
use super::measure::{Bar, Measure};
use super::walk::{TAGS, events_of_walks, run_of_walks, tag};
use crate::statistics::{median, quantile};

const RUNS: usize = 100;
const PEER_RUNS: usize = 10;
const POINTS: usize = 1_000_000;
const BUCKETS: usize = 1_000;
/// Cold processes of ours a round.
const REPEATS: usize = 5;

/// The bench.
pub fn run(lab: &Lab) -> Result<Vec<Measure>> {
    let (runs, events) = (prepared_runs(lab)?, prepared_events(lab)?);
    let root = runs.display().to_string();
    let mut times: [Vec<f64>; 3] = Default::default();
    let mut peer = Vec::new();
    for round in 0..lab.rounds {
        for _ in 0..REPEATS {
            for (times, how) in times.iter_mut().zip(["rollups", "workbench", "exact"]) {
                let answer = lines(&mut lab.child(&[how, &root])?)?;
                times.push(number(answer.first().context("the child said nothing")?, "millis")?);
            }
        }
        // Seconds each; once in a while is enough.
        if round < 2 {
            let args = [&events.display().to_string(), &PEER_RUNS.to_string(), &(POINTS / TAGS).to_string()];
            let answer = lab.python("query.py", &args.map(String::as_str))?;
            let secs = number(answer.first().context("the peer said nothing")?, "secs")?;
            peer.push(secs * 1e3 * (RUNS / PEER_RUNS) as f64);
        }
    }
    let peer = quantile(&peer, 0.0);
    let bars = [Bar::AtMost(25.0), Bar::Ratio(0.01), Bar::AtMost(150.0)];
    let names = ["rollups", "rollups through the workbench", "exact"];
    let mut measures = Vec::new();
    for ((name, times), bar) in names.into_iter().zip(&times).zip(bars) {
        for (which, millis) in [("median", median(times)), ("least", quantile(times, 0.0))] {
            measures.push(Measure::new(format!("query/{name}, {which}"), millis, "ms").against(peer).bar(bar));
        }
    }
    measures.push(Measure::new("query/exact, ratio", median(&times[2]), "ms").against(peer).bar(Bar::Ratio(0.01)));
    Ok(measures)
}

/// The cold process: opens everything, asks once, and says how long it took.
pub fn child(args: &[String]) -> Result<()> {
    let began = Instant::now();
    let [how, root] = args else { bail!("expected how and where, found {args:?}") };
    let (runs, counted) = match how.as_str() {
        "rollups" => each_run(Path::new(root), |run| {
            let buckets = run.scalar_buckets(Axis::GlobalStep, &tag(7), 0..(POINTS / TAGS) as i64, BUCKETS)?;
            Ok(buckets.count.iter().sum())
        })?,
        "exact" => each_run(Path::new(root), |run| {
            let points = run.scalars(Axis::GlobalStep, &tag(7), i64::MIN..i64::MAX)?;
            let mut bucketer = Bucketer::new(0..(POINTS / TAGS) as i64, BUCKETS);
            for ((&step, &time_us), &value) in points.step.iter().zip(&points.time_us).zip(&points.value) {
                bucketer.add_point(step, time_us, value);
            }
            Ok(bucketer.finish().iter().map(|bucket| bucket.count).sum())
        })?,
        "workbench" => through_workbench(Path::new(root))?,
        other => bail!("no way {other:?} to ask"),
    };
    let millis = began.elapsed().as_secs_f64() * 1e3;
    ensure!(runs == RUNS as u64, "expected {RUNS} runs, found {runs}");
    let expected = (RUNS * POINTS / TAGS) as u64;
    ensure!(counted == expected, "expected {expected} points in the buckets, found {counted}");
    println!("{}", json!({ "millis": millis }));
    Ok(())
}

fn each_run(root: &Path, ask: impl Fn(&RunReader) -> Result<u64>) -> Result<(u64, u64)> {
    let paths = find_runs(root, RUNS)?;
    let mut counted = 0;
    for path in &paths {
        counted += ask(&RunReader::open(path)?)?;
    }
    Ok((paths.len() as u64, counted))
}

/// As the server answers `/api/series`.
fn through_workbench(root: &Path) -> Result<(u64, u64)> {
    let options = Options { openers: vec![Arc::new(NativeOpener)], ..Options::default() };
    let workbench = Workbench::open(vec![root.to_owned().into()], options)?;
    let runs = workbench.runs()?;
    let mut counted = 0;
    for run in &runs {
        let request = SeriesRequest {
            run: run.info.id.clone(),
            axis: Axis::GlobalStep,
            tag: tag(7),
            range: i64::MIN..i64::MAX,
            buckets: BUCKETS,
            smooth: None,
        };
        counted += workbench.series(&request)?.buckets.count.iter().sum::<u64>();
    }
    Ok((runs.len() as u64, counted))
}

/// The runs, made once: some 450 MB.
fn prepared_runs(lab: &Lab) -> Result<PathBuf> {
    let (root, ready) = (lab.folder().join("runs"), lab.folder().join("runs.ready"));
    if !ready.exists() {
        eprintln!("writing {RUNS} runs of {POINTS} points");
        let root = lab.empty_folder("runs")?;
        for seed in 0..RUNS {
            run_of_walks(&root, seed as u64, POINTS)?;
        }
        std::fs::write(ready, "")?;
    }
    Ok(root)
}

/// The same for the peer: some 55 MB a run.
fn prepared_events(lab: &Lab) -> Result<PathBuf> {
    let (root, ready) = (lab.folder().join("events"), lab.folder().join("events.ready"));
    if !ready.exists() {
        eprintln!("writing {PEER_RUNS} event files of {POINTS} points");
        let root = lab.empty_folder("events")?;
        for seed in 0..PEER_RUNS {
            events_of_walks(&root.join(format!("run_{seed:02}")), seed as u64, POINTS)?;
        }
        std::fs::write(ready, "")?;
    }
    Ok(root)
}
