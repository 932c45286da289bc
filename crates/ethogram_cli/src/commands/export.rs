//! `ethogram export`: curves, episodes or steps as a table.

use std::{io::Write as _, path::Path, sync::Arc};

use anyhow::{Context as _, bail};
use ethogram_query::{NamePattern, PointsRequest, RunHandle, StepsRequest, Table, TableFile};

use super::video::newest_recorded;
use crate::{options::ExportOptions, runs, text::text_from_count};

/// Writes the table, and says how many rows it has.
pub fn export(options: &ExportOptions) -> anyhow::Result<u8> {
    let format = match (&options.format, &options.output) {
        (Some(format), _) => *format,
        (None, Some(path)) => TableFile::of_path(path).map_err(anyhow::Error::msg)?,
        (None, None) => TableFile::Csv,
    };
    let workbench = runs::open_runs(&options.runs, &options.stores)?;
    let found = workbench.runs()?.iter().map(|run| workbench.run(&run.info.id.0)).collect::<Result<Vec<_>, _>>()?;
    if found.is_empty() {
        bail!("no run there; `ethogram ls FOLDER` lists the runs below a folder");
    }
    let table = table(options, &found)?;
    let bytes = table.to_bytes(format)?;
    let Some(path) = &options.output else {
        // A closed pipe wants no more.
        let _ = std::io::stdout().lock().write_all(&bytes);
        return Ok(0);
    };
    write_whole(path, &bytes)?;
    let rows = text_from_count(table.rows() as i64);
    println!("{}: {rows} rows of {} columns", path.display(), table.columns.len());
    Ok(0)
}

fn table(options: &ExportOptions, found: &[Arc<RunHandle>]) -> anyhow::Result<Table> {
    let for_steps = options.episode.is_some() || !options.fields.is_empty();
    if options.what != "steps" && for_steps {
        bail!("--episode and --field are of steps: `ethogram export steps RUN --episode N`");
    }
    if options.what != "curves" && !options.tags.is_empty() {
        bail!("--tag is of curves: `ethogram export curves RUN --tag 'losses/*'`");
    }
    let range = options.range.clone().unwrap_or(0..u64::MAX);
    Ok(match options.what.as_str() {
        "episodes" if options.range.is_some() => bail!("--range is of steps or curves"),
        "episodes" => Table::of_episodes(found)?,
        "curves" => {
            runs::check_tags(found, &options.tags)?;
            let is_wanted =
                |tag: &str| options.tags.is_empty() || options.tags.iter().any(|one: &NamePattern| one.matches(tag));
            let whole = |step: u64| i64::try_from(step).unwrap_or(i64::MAX);
            let range = if options.range.is_some() { whole(range.start)..whole(range.end) } else { i64::MIN..i64::MAX };
            Table::of_points(found, &PointsRequest { axis: None, is_wanted: &is_wanted, range })?
        }
        _ => {
            let [run] = found else {
                bail!("expected one run, found {}; give the folder of one", found.len());
            };
            let episode = options.episode.map_or_else(|| newest_recorded(run), Ok)?;
            let fields = (!options.fields.is_empty()).then(|| options.fields.clone());
            run.steps_table(&StepsRequest { episode, range, fields, fps: None })?
        }
    })
}

/// Writes a file in place of what was there, in one moment.
pub fn write_whole(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let beside = path.with_file_name(name);
    let written = std::fs::write(&beside, bytes).and_then(|()| std::fs::rename(&beside, path));
    if written.is_err() {
        // What was begun is of no use.
        let _ = std::fs::remove_file(&beside);
    }
    written.with_context(|| format!("the table cannot be written to {}", path.display()))
}
