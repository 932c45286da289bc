//! The server on 1,000 runs: from its start to the list of all runs, memory, and how soon a point that is logged can be drawn.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use ethogram_store::{Axis, RunInfo, RunState, RunWriter, WriterOptions, now_us};
use serde_json::{Value, json};

use super::http::{ask, columns_header, listen};
use super::lab::Lab;
use super::measure::{Bar, Measure};
use super::walk::{TAGS, run_of_walks, tag};
use crate::root::root;
use crate::statistics::{max, median};

const RUNS: usize = 1_000;
const POINTS: usize = 20_000;
const LIVE_POINTS: i64 = 20;

/// The bench.
pub fn run(lab: &Lab) -> Result<Vec<Measure>> {
    let program = program()?;
    let runs = prepared_runs(lab)?;
    let (mut starts, mut listed, mut drawn, mut late) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..lab.rounds {
        let began = Instant::now();
        let mut server = Server::start(&program, &runs)?;
        let ids = server.run_ids()?;
        starts.push(began.elapsed().as_secs_f64());
        ensure!(ids.len() >= RUNS, "expected {RUNS} runs, found {}", ids.len());
        listed.push(server.memory_mb()?);
        for ids in ids[..RUNS].chunks(100) {
            let series: Vec<Value> =
                ids.iter().map(|id| json!({ "run": id, "axis": "global_step", "tag": tag(7) })).collect();
            ask(server.address, "POST", "/api/series", &json!({ "series": series, "buckets": 1500 }).to_string())?;
        }
        drawn.push(server.memory_mb()?);
        late.extend(live_points(&runs, &server)?);
        server.stop()?;
    }
    Ok(vec![
        Measure::new("serve/start to the list of 1,000 runs", median(&starts), "s").bar(Bar::AtMost(1.0)),
        Measure::new("serve/memory after the list", max(&listed), "MB").bar(Bar::AtMost(200.0)),
        Measure::new("serve/memory after a curve of each", max(&drawn), "MB").bar(Bar::AtMost(200.0)),
        Measure::new("serve/live point, median", median(&late), "ms"),
        Measure::new("serve/live point, most", max(&late), "ms").bar(Bar::AtMost(1_000.0)),
    ])
}

/// The `ethogram` command of this checkout, built now.
pub(super) fn program() -> Result<PathBuf> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--release", "--quiet", "--workspace", "--bin", "ethogram"]).current_dir(root());
    ensure!(cargo.status()?.success(), "the ethogram command was not built");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    Ok(target.join("release/ethogram"))
}

/// From a call that logs to the first answer of the server that has the point, in milliseconds.
fn live_points(runs: &Path, server: &Server) -> Result<Vec<f64>> {
    let info = RunInfo { project: "live".into(), ..RunInfo::default() };
    let writer = RunWriter::create(runs, info, WriterOptions::default())?;
    writer.scalar(Axis::GlobalStep, "loss", 0, now_us(), 0.0)?;
    let id = writer.info().id.0.clone();
    // As a browser does: while nobody listens the server looks less often.
    let _listening = listen(server.address, "/api/events")?;
    let appeared = Instant::now();
    while !server.run_ids()?.contains(&id) {
        ensure!(appeared.elapsed() < Duration::from_secs(20), "run {id} does not appear");
        thread::sleep(Duration::from_millis(50));
    }
    let body = json!({ "series": [{ "run": id, "axis": "global_step", "tag": "loss" }], "buckets": 100 }).to_string();
    let mut late = Vec::new();
    for step in 1..=LIVE_POINTS {
        // At moments that the intervals of writer and server know nothing of.
        thread::sleep(Duration::from_millis(150 + (step as u64 * 37) % 100));
        let logged = Instant::now();
        writer.scalar(Axis::GlobalStep, "loss", step, now_us(), step as f64)?;
        loop {
            let header = columns_header(&ask(server.address, "POST", "/api/series", &body)?)?;
            if header["series"][0]["last_step"].as_i64() == Some(step) {
                break;
            }
            ensure!(logged.elapsed() < Duration::from_secs(20), "point {step} is not served: {header}");
            thread::sleep(Duration::from_millis(10));
        }
        late.push(logged.elapsed().as_secs_f64() * 1e3);
    }
    let path = writer.path().to_owned();
    writer.close(RunState::Finished)?;
    std::fs::remove_dir_all(path)?;
    Ok(late)
}

/// The runs, made once.
fn prepared_runs(lab: &Lab) -> Result<PathBuf> {
    let (root, ready) = (lab.folder().join("runs"), lab.folder().join("runs.ready"));
    if !ready.exists() {
        eprintln!("writing {RUNS} runs of {POINTS} points in {TAGS} tags");
        let root = lab.empty_folder("runs")?;
        for seed in 0..RUNS {
            run_of_walks(&root, seed as u64, POINTS)?;
        }
        std::fs::write(ready, "")?;
    }
    Ok(root)
}

/// `ethogram serve`.
pub(super) struct Server {
    process: Child,
    /// Where it listens.
    pub(super) address: SocketAddr,
}

impl Server {
    fn start(program: &Path, runs: &Path) -> Result<Self> {
        Self::start_with(program, &[runs], &[])
    }

    /// Serves several folders, with more arguments.
    pub(super) fn start_with(program: &Path, roots: &[&Path], more: &[std::ffi::OsString]) -> Result<Self> {
        let mut command = Command::new(program);
        command.arg("serve").args(roots).args(["--json", "--no-open", "--port", "0"]).args(more);
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let mut line = String::new();
        BufReader::new(process.stdout.take().context("no pipe")?).read_line(&mut line)?;
        let address = serde_json::from_str::<Value>(&line).ok().and_then(|said| said["address"].as_str()?.parse().ok());
        let Some(address) = address else {
            process.kill()?;
            bail!("the server did not say where it listens, but {line:?}");
        };
        Ok(Self { process, address })
    }

    /// The runs that it lists.
    pub(super) fn run_ids(&self) -> Result<Vec<String>> {
        let answer: Value = serde_json::from_slice(&ask(self.address, "GET", "/api/runs", "")?)?;
        let runs = answer["runs"].as_array().context("no runs in the answer")?;
        Ok(runs.iter().filter_map(|run| Some(run["id"].as_str()?.to_owned())).collect())
    }

    /// The most memory it ever held.
    pub(super) fn memory_mb(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? * 1024.0 / 1e6)
    }

    /// What it ever asked files and sockets for.
    pub(super) fn read_mb(&self) -> Result<f64> {
        let io = std::fs::read_to_string(format!("/proc/{}/io", self.process.id()))?;
        let line = io.lines().find_map(|line| line.strip_prefix("rchar:")).context("no rchar")?;
        Ok(line.trim().parse::<f64>()? / 1e6)
    }

    /// Sends the signal with which process managers end a service; gives how long it took to end in order.
    pub(super) fn terminate(&mut self) -> Result<Duration> {
        let began = Instant::now();
        let sent = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status()?;
        ensure!(sent.success(), "the signal was not sent");
        let status = self.process.wait()?;
        ensure!(status.success(), "the server ended with {status}");
        Ok(began.elapsed())
    }

    pub(super) fn stop(&mut self) -> Result<()> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
