//! A thousand runs below one root.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use ethogram_server::ServeOptions;
use ethogram_store::{RunId, RunInfo};

use crate::{http::Served, runs::finished};

const RUNS: usize = 1_000;

/// Copies of one run under other ids.
fn copies(root: &Path) {
    let first = finished(root);
    let text = std::fs::read_to_string(first.join("run.json")).expect("a run");
    let info: RunInfo = serde_json::from_str(&text).expect("a run");
    for index in 1..RUNS {
        let info = RunInfo { id: RunId(format!("01BX5ZZKBKACTAV9WEVG{index:06}")), ..info.clone() };
        let folder = first.with_file_name(&info.id.0);
        copy(&first, &folder);
        std::fs::write(folder.join("run.json"), serde_json::to_vec(&info).expect("json")).expect("written");
    }
}

/// Links to all files but `run.json`; of what the writer logged, the scalars are enough.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("listed").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let target = to.join(&name);
        if entry.path().is_dir() && (name.starts_with("w-") || name == "scalars") {
            copy(&entry.path(), &target);
        } else if entry.path().is_file() && name != "run.json" {
            std::fs::hard_link(entry.path(), target).expect("linked");
        }
    }
}

/// Bytes of this process that are in memory.
fn resident_bytes() -> Option<u64> {
    let pages = std::fs::read_to_string("/proc/self/statm").ok()?;
    Some(pages.split(' ').nth(1)?.parse::<u64>().ok()? * 4096)
}

#[tokio::test]
async fn a_thousand_runs_are_listed_before_any_is_read() {
    let root = tempfile::tempdir().expect("a folder");
    copies(root.path());
    let before = resident_bytes();
    let starting = Instant::now();
    let served = Served::start(&[root.path().into()], ServeOptions::default()).await;
    let runs = served.json("/api/runs").await;
    let started = starting.elapsed();
    let runs = runs["runs"].as_array().expect("runs");
    assert_eq!(runs.len(), RUNS);
    assert!(runs.iter().all(|run| run["recorded"] == 1 && run["episodes"] == 3), "known without reading the data");
    let grown = resident_bytes().zip(before).map(|(after, before)| after.saturating_sub(before));
    println!("{RUNS} runs: {started:?}, {grown:?} bytes");
    // The bars are one second and 200 MB; a loaded machine gets more time.
    assert!(started < Duration::from_secs(10), "{started:?}");
    assert!(grown.is_none_or(|bytes| bytes < 200 << 20), "{grown:?} bytes");
}
