//! Folders that hold very much: 10,000 runs of our own, and 50 GB of event files.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use ethogram_store::{RunId, RunInfo};
use serde_json::json;

use crate::bench::http::{ask, columns_header};
use crate::bench::lab::{Lab, folder_bytes};
use crate::bench::measure::{Bar, Measure};
use crate::bench::serve::Server;
use crate::bench::walk::{events_of_walks, run_of_walks, tag};

const RUNS: usize = 10_000;
/// Folders of event files, each with the same file of so many points under a name of its own: 100 MB.
const LOGS: usize = 500;
const POINTS: usize = 1_800_000;
/// Logs that are looked at, one after the other: several times of what open runs may keep in memory.
const LOOKED_AT: usize = 60;

/// From the start to the list of all runs, at first and once more.
pub fn many_runs(lab: &Lab, program: &Path) -> Result<Vec<Measure>> {
    let root = lab.empty_folder("many")?;
    let first = run_of_walks(&root, 0, 2_000)?;
    let info: RunInfo = serde_json::from_slice(&std::fs::read(first.join("run.json"))?)?;
    for index in 1..RUNS {
        let info = RunInfo {
            id: RunId(format!("01BX5ZZKBKACTAV9WEVG{index:06}")),
            name: format!("run {index}"),
            ..info.clone()
        };
        let folder = first.with_file_name(&info.id.0);
        linked(&first, &folder)?;
        std::fs::write(folder.join("run.json"), serde_json::to_vec(&info)?)?;
    }
    let bytes = folder_bytes(&root, &["json", "parquet", "rollup", "log", "arrows"])? as f64 / 1e6;
    let (mut listed, mut read, mut memory) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..2 {
        let began = Instant::now();
        let mut server = Server::start_with(program, &[&root], &[])?;
        let ids = server.run_ids()?;
        listed.push(began.elapsed().as_secs_f64());
        ensure!(ids.len() == RUNS, "expected {RUNS} runs, found {}", ids.len());
        read.push(server.read_mb()?);
        memory.push(server.memory_mb()?);
        server.stop()?;
    }
    std::fs::remove_dir_all(&root)?;
    Ok(vec![
        Measure::new(format!("load/start to the list of {RUNS} runs"), listed[0], "s").bar(Bar::AtMost(5.0)),
        Measure::new("load/the same after a restart", listed[1], "s").bar(Bar::AtMost(5.0)),
        Measure::new(format!("load/read for it after a restart, of {bytes:.0} MB"), read[1], "MB")
            .bar(Bar::AtMost(bytes / 2.0)),
        Measure::new("load/memory after the list", memory[1], "MB").bar(Bar::AtMost(300.0)),
    ])
}

/// The files of a run but its `run.json`, by links.
fn linked(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            linked(&entry.path(), &target)?;
        } else if entry.file_name() != "run.json" {
            std::fs::hard_link(entry.path(), target)?;
        }
    }
    Ok(())
}

/// 50 GB of event files: the list, one curve, and the memory once many were looked at.
///
/// The disk holds the file once, under many names, so the page cache does too: every byte that is asked for is read and checked, but
/// not fetched from a disk again.
pub fn large_folder(lab: &Lab, program: &Path) -> Result<Vec<Measure>> {
    let root = lab.empty_folder("large")?;
    let name = "events.out.tfevents.0.bench";
    let first = root.join("log-000");
    events_of_walks(&first, 0, POINTS)?;
    for index in 1..LOGS {
        let folder = root.join(format!("log-{index:03}"));
        std::fs::create_dir(&folder)?;
        std::fs::hard_link(first.join(name), folder.join(name))?;
    }
    let gigabytes = std::fs::metadata(first.join(name))?.len() as f64 * LOGS as f64 / 1e9;
    let began = Instant::now();
    let mut server = Server::start_with(program, &[&root], &[])?;
    let ids = server.run_ids()?;
    let listed = began.elapsed().as_secs_f64();
    ensure!(ids.len() == LOGS, "expected {LOGS} logs, found {}", ids.len());
    let listed_memory = server.memory_mb()?;
    let mut waited = Vec::new();
    for id in &ids[..LOOKED_AT] {
        let asked = Instant::now();
        loop {
            let body = json!({ "series": [{ "run": id, "axis": "global_step", "tag": tag(3) }], "buckets": 800 });
            let header = columns_header(&ask(server.address, "POST", "/api/series", &body.to_string())?)?;
            let last = header["series"][0]["last_step"].as_u64().with_context(|| format!("no last step: {header}"))?;
            if last + 1 == (POINTS / crate::bench::walk::TAGS) as u64 {
                break;
            }
            ensure!(asked.elapsed().as_secs() < 60, "step {last} is the last after a minute");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        waited.push(asked.elapsed().as_secs_f64());
    }
    let memory = server.memory_mb()?;
    server.stop()?;
    std::fs::remove_dir_all(&root)?;
    let name = format!("load/{gigabytes:.0} GB of event files in {LOGS} folders: ");
    Ok(vec![
        Measure::new(format!("{name}start to the list"), listed, "s").bar(Bar::AtMost(5.0)),
        Measure::new(format!("{name}memory after the list"), listed_memory, "MB").bar(Bar::AtMost(500.0)),
        Measure::new(format!("{name}a whole curve of one, median"), crate::statistics::median(&waited), "s"),
        Measure::new(format!("{name}memory after those of {LOOKED_AT}"), memory, "MB").bar(Bar::AtMost(2_000.0)),
    ])
}
