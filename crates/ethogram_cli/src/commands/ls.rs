//! `ethogram ls`: the runs below some folders.

use ethogram_query::RunSummary;
use ethogram_store::{EpisodeEnd, RunSource, RunState};
use serde_json::json;

use crate::{
    disk,
    options::LsOptions,
    parallel::in_parallel,
    runs,
    table::{Side, text_from_rows},
    text::{text_from_age, text_from_bytes, text_from_count, text_from_number},
};

/// Ended episodes whose mean return is shown.
const RETURNS: usize = 100;
/// Episodes that are read at once, from the newest on, until so many have ended.
const READ_AT_ONCE: u64 = 1_000;

/// Prints one row a run, newest first.
pub fn ls(options: &LsOptions) -> anyhow::Result<u8> {
    let workbench = runs::open(&options.roots, &options.stores, None)?;
    let found = workbench.runs()?.into_iter().map(|run| Ok((workbench.run(&run.info.id.0)?, run)));
    let rows = in_parallel(&found.collect::<anyhow::Result<Vec<_>>>()?, |(run, summary)| {
        let mut summary = summary.clone();
        let last_return = last_returns(run.source().as_ref());
        // Counted, now that the episodes were read; before that it is what the writer said last.
        summary.counts = run.source().counts().unwrap_or(summary.counts);
        Row { bytes: disk::bytes(run), last_return, path: run.path().to_owned(), summary }
    });
    if options.json {
        println!("{}", serde_json::to_string_pretty(&rows.iter().map(Row::json).collect::<Vec<_>>())?);
    } else if rows.is_empty() {
        let roots: Vec<_> = workbench.roots().iter().map(|root| root.label.as_str()).collect();
        eprintln!("no runs in {}; `ethogram.init()` in a training script makes one", roots.join(", "));
    } else {
        print!("{}", crate::text::shown(&text(&rows, runs::now_us())));
    }
    let skipped = workbench.skipped();
    for skipped in &skipped {
        eprintln!("left out: {}", runs::text_from_skipped(skipped));
    }
    let is_root = |path: &std::path::PathBuf| workbench.roots().iter().any(|root| root.path == *path);
    Ok(u8::from(skipped.iter().any(|skipped| is_root(&skipped.path))))
}

struct Row {
    summary: RunSummary,
    path: std::path::PathBuf,
    bytes: u64,
    last_return: Option<f64>,
}

impl Row {
    fn json(&self) -> serde_json::Value {
        let (run, info, status) = (&self.summary, &self.summary.info, &self.summary.status);
        json!({
            "id": info.id, "name": info.name, "project": info.project, "format": run.format, "group": info.group, "tags": info.tags,
            "state": run.state, "created_us": info.created_us, "heartbeat_us": status.heartbeat_us,
            "ended_us": status.ended_us, "global_step": status.global_step, "episodes": run.counts.episodes,
            "recorded": run.counts.recorded, "filmed": run.counts.filmed, "checkpoints": run.counts.checkpoints,
            "env_id": info.env.as_ref().map(|env| &env.id),
            "mean_return": self.last_return, "bytes": self.bytes,
            "dropped": status.dropped, "fault": status.fault, "path": self.path, "root": run.root,
        })
    }
}

/// Mean return of the last episodes that ended; `None` when none did.
fn last_returns(source: &dyn RunSource) -> Option<f64> {
    let mut ended: Vec<f64> = Vec::new();
    let mut end = source.episode_count();
    // Several writers leave gaps between their episodes, and what did not end may be many.
    while end > 0 && ended.len() < RETURNS {
        let start = end.saturating_sub(READ_AT_ONCE);
        let rows = source.episodes(start..end).ok()?;
        let closed = rows.iter().rev().filter(|row| row.end != EpisodeEnd::Open).map(|row| row.episode_return);
        ended.extend(closed.take(RETURNS - ended.len()));
        end = start;
    }
    (!ended.is_empty()).then(|| ended.iter().sum::<f64>() / ended.len() as f64)
}

fn text(rows: &[Row], now_us: i64) -> String {
    let cells: Vec<[String; 9]> = rows
        .iter()
        .map(|row| {
            let (run, info) = (&row.summary, &row.summary.info);
            [
                if info.name.is_empty() { "-".into() } else { info.name.clone() },
                info.id.0.clone(),
                info.project.clone(),
                state_name(run.state).into(),
                text_from_age(now_us - info.created_us),
                run.status.global_step.map_or("-".into(), text_from_count),
                text_from_count(run.counts.episodes as i64),
                text_from_bytes(row.bytes),
                row.last_return.map_or("-".into(), text_from_number),
            ]
        })
        .collect();
    let (left, right) = (Side::Left, Side::Right);
    let head = [
        ("NAME", left),
        ("ID", left),
        ("PROJECT", left),
        ("STATE", left),
        ("AGE", right),
        ("STEP", right),
        ("EPISODES", right),
        ("SIZE", right),
        ("MEAN RETURN", right),
    ];
    text_from_rows(head, &cells)
}

/// As in JSON.
pub fn state_name(state: RunState) -> &'static str {
    match state {
        RunState::Running => "running",
        RunState::Finished => "finished",
        RunState::Crashed => "crashed",
    }
}
