//! `ethogram import`: runs of our own of other tools' logs.

use std::io::IsTerminal as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use ethogram_import::{Converted, ForeignOpener, ForeignRun, convert, plan};
use ethogram_store::{Opener as _, RunSource as _};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::{options::ImportOptions, outcomes::Outcomes, text::text_from_count};

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
    let mut outcomes = Outcomes::new(options.json);
    for path in found {
        let done = opener.open_folder(&path).map_err(anyhow::Error::from).and_then(|run| match run {
            Some(run) => one(&run, options),
            None => anyhow::bail!("it is gone"),
        });
        outcomes.tell(
            done.with_context(|| format!("{} was not imported", path.display())),
            |(run, done)| value(run, &path, done),
            |(run, done)| text(run, &path, done, options.dry_run),
        );
    }
    outcomes.end()
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

fn text(run: &ForeignRun, path: &Path, done: &Converted, dry_run: bool) -> String {
    let count = |count: u64| text_from_count(count as i64);
    let verb = match (done.was_there, dry_run) {
        (true, _) => "was there before",
        (false, true) => "would be made",
        (false, false) => "made",
    };
    let mut lines = vec![format!(
        "{} ({}): {} points, {} tensors, {} episodes, {} steps; {verb}: {}",
        path.display(),
        run.format(),
        count(done.points),
        count(done.tensors),
        count(done.episodes),
        count(done.steps),
        done.path.display()
    )];
    lines.extend(done.skipped.iter().map(|lost| {
        let place = if lost.file.is_empty() { String::new() } else { format!("{}: ", lost.file) };
        format!("  left out: {place}{} ({})", lost.what, lost.why)
    }));
    lines.join("\n")
}

fn value(run: &ForeignRun, path: &Path, done: &Converted) -> serde_json::Value {
    json!({
        "from": path, "format": run.format(), "path": done.path, "was_there": done.was_there, "points": done.points,
        "tensors": done.tensors, "episodes": done.episodes, "steps": done.steps, "skipped": done.skipped,
    })
}
