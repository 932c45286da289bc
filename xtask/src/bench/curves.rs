//! The Training page with 100 runs of ten scalars in a real browser: how soon it is there, how it follows the pointer, and whether it
//! stays as large as it is while runs grow.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};

use super::lab::{Lab, lines, number};
use super::measure::{Bar, Measure};
use super::serve::{Server, program};
use crate::root::root;

const RUNS: usize = 100;
const POINTS: usize = 2_000;
/// Runs that grow, at six points a second and tag: ten minutes of a run that logs once a second.
const LIVE_RUNS: usize = 10;
const LIVE_RATE: usize = 6;
const LIVE_SECS: usize = 100;

/// Bars by the names that `web/bench/curves.mjs` prints.
const BARS: &[(&str, f64, &str)] = &[
    ("first picture", 1_000.0, "ms"),
    ("hover, median", 33.4, "ms"),
    ("zoom, median", 33.4, "ms"),
    ("pan, median", 33.4, "ms"),
    ("layout shift", 0.0, ""),
    ("all lines, first picture", 1_000.0, "ms"),
    ("all lines, hover, median", 33.4, "ms"),
    ("all lines, zoom, median", 33.4, "ms"),
    ("all lines, pan, median", 33.4, "ms"),
    ("all lines, layout shift", 0.0, ""),
    ("live, growth of the heap", 0.1, ""),
    ("live, layout shift", 0.0, ""),
];

/// The bench. It needs the built web app (`make web`), its `node_modules`, Chromium, and a Python with our SDK.
pub fn run(lab: &Lab) -> Result<Vec<Measure>> {
    let runs = prepared_runs(lab)?;
    let live = lab.empty_folder("live")?;
    let app = root().join("web/dist/index.html");
    ensure!(app.exists(), "the web app is not built: {}", app.display());
    let mut server =
        Server::start_with(&program()?, &[&runs, &live], &["--ui".into(), root().join("web/dist").into()])?;
    let mut growing = Growing(
        python()
            .arg(&live)
            .args(["--live", &LIVE_RUNS.to_string(), "--rate", &LIVE_RATE.to_string()])
            // The other measures are taken meanwhile.
            .args(["--seconds", &(LIVE_SECS + 120).to_string()])
            .stdout(Stdio::null())
            .spawn()
            .context("python did not start")?,
    );
    let mut node = Command::new("node");
    node.arg(root().join("web/bench/curves.mjs")).arg(format!("http://{}", server.address)).arg(LIVE_SECS.to_string());
    let printed = lines(node.current_dir(root().join("web")))?;
    growing.stop()?;
    server.stop()?;
    printed.iter().map(measure).collect()
}

fn measure(line: &serde_json::Value) -> Result<Measure> {
    let name = line["name"].as_str().with_context(|| format!("no name in {line}"))?;
    let bar = BARS.iter().find(|(known, ..)| *known == name);
    let unit = bar.map_or(if name.contains("frame") || name.contains("95 %") { "ms" } else { "" }, |(.., unit)| unit);
    let measure = Measure::new(format!("curves/{name}"), number(line, "value")?, unit);
    Ok(match bar {
        Some((_, most, _)) => measure.bar(Bar::AtMost(*most)),
        None => measure,
    })
}

/// The runs, made once.
fn prepared_runs(lab: &Lab) -> Result<PathBuf> {
    let (folder, ready) = (lab.folder().join("runs"), lab.folder().join("runs.ready"));
    if !ready.exists() {
        eprintln!("logging {RUNS} runs of {POINTS} points in ten tags");
        let folder = lab.empty_folder("runs")?;
        let status = python()
            .arg(&folder)
            .args(["--runs", &RUNS.to_string(), "--points", &POINTS.to_string()])
            .stdout(Stdio::null())
            .status()?;
        ensure!(status.success(), "bench/curves_runs.py failed: {status}");
        std::fs::write(ready, "")?;
    }
    Ok(folder)
}

/// `bench/curves_runs.py` by the Python that has our SDK: `ETHOGRAM_PYTHON`, else that of `make build`.
fn python() -> Command {
    let python = std::env::var_os("ETHOGRAM_PYTHON").map_or_else(|| root().join(".venv/bin/python"), PathBuf::from);
    let mut command = Command::new(python);
    command.arg(root().join("bench/curves_runs.py"));
    command
}

/// Runs that grow until they are told to stop.
struct Growing(Child);

impl Growing {
    fn stop(&mut self) -> Result<()> {
        self.0.kill()?;
        self.0.wait()?;
        Ok(())
    }
}

impl Drop for Growing {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
