//! `ethogram import`: runs of our own of other tools' logs.

use std::io::IsTerminal as _;
use std::sync::Arc;

use anyhow::Context as _;
use ethogram_import::{Converted, ForeignOpener, ForeignRun, convert, plan};
use ethogram_store::{Opener as _, RunSource as _};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::{options::ImportOptions, text::text_from_count};

/// Converts every run below a folder, one after the other, and prints a line each. The code is 1 when one could not be.
pub fn import(options: &ImportOptions) -> anyhow::Result<u8> {
    let from = &options.from;
    anyhow::ensure!(from.is_dir(), "expected a folder that holds logs, found none: {}", from.display());
    let opener = ForeignOpener::default();
    let found = opener.find(from)?;
    anyhow::ensure!(
        !found.is_empty(),
        "no logs there that are known; docs/migrate lists the formats, and `ethogram ls` shows runs of our own: {}",
        from.display()
    );
    let mut failed = false;
    let mut told = Vec::new();
    for path in found {
        let done = opener.open_folder(&path).map_err(anyhow::Error::from).and_then(|run| match run {
            Some(run) => one(&run, options),
            None => anyhow::bail!("it is gone"),
        });
        match done.with_context(|| format!("{} was not imported", path.display())) {
            Ok((run, done)) if options.json => told.push(value(&run, &path, &done)),
            Ok((run, done)) => print(&run, &path, &done, options.dry_run),
            Err(error) => {
                failed = true;
                eprintln!("error: {}", crate::text_from_error(&error));
            }
        }
    }
    if options.json {
        println!("{}", serde_json::to_string_pretty(&told)?);
    }
    Ok(u8::from(failed))
}

fn one(run: &Arc<ForeignRun>, options: &ImportOptions) -> anyhow::Result<(Arc<ForeignRun>, Converted)> {
    if options.dry_run {
        return Ok((Arc::clone(run), plan(run, &options.to)?));
    }
    let bar = std::io::stderr().is_terminal().then(|| {
        let style = ProgressStyle::with_template("{bar:32} {human_pos} of {human_len} values  {msg}");
        ProgressBar::new(0)
            .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
            .with_message(run.info().name)
    });
    let progress = |done: u64, total: u64| {
        if let Some(bar) = &bar {
            bar.set_length(total);
            bar.set_position(done);
        }
    };
    let done = convert(run, &options.to, &progress);
    if let Some(bar) = &bar {
        bar.finish_and_clear();
    }
    Ok((Arc::clone(run), done?))
}

fn print(run: &ForeignRun, path: &std::path::Path, done: &Converted, dry_run: bool) {
    let count = |count: u64| text_from_count(count as i64);
    let verb = match (done.was_there, dry_run) {
        (true, _) => "was there before",
        (false, true) => "would be made",
        (false, false) => "made",
    };
    println!(
        "{} ({}): {} points, {} tensors, {} episodes, {} steps; {verb}: {}",
        path.display(),
        run.format(),
        count(done.points),
        count(done.tensors),
        count(done.episodes),
        count(done.steps),
        done.path.display()
    );
    for lost in &done.skipped {
        let place = if lost.file.is_empty() { String::new() } else { format!("{}: ", lost.file) };
        println!("  left out: {place}{} ({})", lost.what, lost.why);
    }
}

fn value(run: &ForeignRun, path: &std::path::Path, done: &Converted) -> serde_json::Value {
    json!({
        "from": path, "format": run.format(), "path": done.path, "was_there": done.was_there, "points": done.points,
        "tensors": done.tensors, "episodes": done.episodes, "steps": done.steps, "skipped": done.skipped,
    })
}
