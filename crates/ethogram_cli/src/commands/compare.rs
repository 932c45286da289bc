//! `ethogram compare`: algorithms over tasks and seeds, as tables.

use std::io::{IsTerminal as _, Write as _};

use ethogram_query::{Benchmark, BenchmarkRequest, Bootstrap, CellOf, TableFile, TableFormat};

use super::export::write_whole;
use crate::{options::CompareOptions, runs};

/// Prints the scores and how long runs took, or writes them to a file; what to know before believing them goes to the other stream.
pub fn compare(options: &CompareOptions) -> anyhow::Result<u8> {
    let format = match (options.format, &options.output) {
        (Some(format), _) => format,
        (None, Some(path)) => TableFormat::File(TableFile::of_path(path).map_err(anyhow::Error::msg)?),
        (None, None) => TableFormat::Text,
    };
    let workbench = runs::open_runs(&options.roots, &options.stores)?;
    let found = workbench.benchmark(&BenchmarkRequest {
        runs: workbench.runs()?.into_iter().map(|run| run.info.id.clone()).collect(),
        algorithm: options.by.clone(),
        task: options.task.clone(),
        score: options.score.clone(),
        normalization: options.normalization,
        target: options.target,
        bootstrap: Bootstrap { reps: options.reps, seed: options.seed, ..Bootstrap::default() },
        points: 0,
    })?;
    let table = table(&found, format, options.cells)?;
    match &options.output {
        Some(path) => {
            write_whole(path, &table)?;
            let (algorithms, tasks) = (found.algorithms.len(), found.tasks.len());
            println!("{}: algorithms {algorithms}, tasks {tasks}", path.display());
        }
        // Programs get what a file would hold; names of runs do not steer a terminal.
        None if !format.is_for_reading() && !std::io::stdout().is_terminal() => {
            // A closed pipe wants no more.
            let _ = std::io::stdout().lock().write_all(&table);
        }
        None => print!("{}", crate::text::shown(&String::from_utf8_lossy(&table))),
    }
    for warning in &found.warnings {
        eprintln!("note: {warning}");
    }
    Ok(0)
}

/// Programs find everything in one table; for people there are the scores, and below them the runtimes.
fn table(found: &Benchmark, format: TableFormat, cells_of: CellOf) -> anyhow::Result<Vec<u8>> {
    let scores = found.table(format, cells_of)?;
    if !format.is_for_reading() || cells_of == CellOf::Runtime {
        return Ok(scores);
    }
    let runtimes = found.table(format, CellOf::Runtime)?;
    let cells = match cells_of {
        CellOf::Iqm => "interquartile mean over runs [95 % interval]",
        _ => "mean ± standard deviation over runs",
    };
    let scale = match found.normalization.name() {
        "none" => "not normalised",
        "human" => "human-normalised",
        _ => "normalised from the lowest to the highest score of each task",
    };
    let score = capital(&found.score.to_string());
    let titles = [format!("{score}: {cells}; over all tasks {scale}"), "Minutes: mean ± standard deviation".to_owned()];
    let [first, second] = match format {
        TableFormat::File(TableFile::Latex) => titles.map(|title| format!("% {title}\n")),
        _ => titles.map(|title| format!("{title}\n\n")),
    };
    Ok([first.as_bytes(), &scores, b"\n", second.as_bytes(), &runtimes].concat())
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}
