//! `ethogram compare`: algorithms over tasks and seeds, or parameters of their configs, as tables.

use std::io::{IsTerminal as _, Write as _};

use ethogram_query::{
    Benchmark, BenchmarkPart, BenchmarkRequest, Bootstrap, CellOf, ForestParams, ParametersRequest, TableFile,
    TableFormat, Workbench,
};

use super::export::write_whole;
use crate::{
    options::{CompareOptions, ComparePart},
    runs,
};

/// What there is to say of some runs.
struct Compared {
    table: Vec<u8>,
    /// How much it is of, in words.
    told: String,
    warnings: Vec<String>,
}

/// Prints a table, or writes it to a file; what to know before believing it goes to the other stream.
pub fn compare(options: &CompareOptions) -> anyhow::Result<u8> {
    let format = match (options.format, &options.output) {
        (Some(format), _) => format,
        (None, Some(path)) => TableFormat::File(TableFile::of_path(path).map_err(anyhow::Error::msg)?),
        (None, None) => TableFormat::Text,
    };
    let workbench = runs::open_runs(&options.roots, &options.stores)?;
    let Compared { table, told, warnings } = match options.part {
        ComparePart::Benchmark(part) => algorithms(&workbench, options, part, format)?,
        ComparePart::Parameters => parameters(&workbench, options, format)?,
    };
    match &options.output {
        Some(path) => {
            write_whole(path, &table)?;
            println!("{}: {told}", path.display());
        }
        // Programs get what a file would hold; names of runs do not steer a terminal.
        None if !format.is_for_reading() && !std::io::stdout().is_terminal() => {
            // A closed pipe wants no more.
            let _ = std::io::stdout().lock().write_all(&table);
        }
        None => print!("{}", crate::text::shown(&String::from_utf8_lossy(&table))),
    }
    for warning in &warnings {
        eprintln!("note: {warning}");
    }
    Ok(0)
}

fn algorithms(
    workbench: &Workbench,
    options: &CompareOptions,
    part: BenchmarkPart,
    format: TableFormat,
) -> anyhow::Result<Compared> {
    let found = workbench.benchmark(&BenchmarkRequest {
        runs: workbench.runs()?.into_iter().map(|run| run.info.id.clone()).collect(),
        algorithm: options.by.clone(),
        task: options.task.clone(),
        score: options.score.clone(),
        normalization: options.normalization,
        target: options.target,
        bootstrap: Bootstrap { reps: options.reps, seed: options.seed, ..Bootstrap::default() },
        points: if part == BenchmarkPart::Curves { options.points } else { 0 },
        along: options.along,
    })?;
    let table = match part {
        BenchmarkPart::Scores => scores(&found, format, options.cells)?,
        part => found.table(part, format, options.cells)?,
    };
    let (algorithms, tasks) = (found.algorithms.len(), found.tasks.len());
    Ok(Compared { table, told: format!("algorithms {algorithms}, tasks {tasks}"), warnings: found.warnings })
}

fn parameters(workbench: &Workbench, options: &CompareOptions, format: TableFormat) -> anyhow::Result<Compared> {
    let found = workbench.parameters(&ParametersRequest {
        runs: workbench.runs()?.into_iter().map(|run| run.info.id.clone()).collect(),
        task: options.task.clone(),
        score: options.score.clone(),
        normalization: options.normalization,
        forest: ForestParams { seed: options.seed, ..ForestParams::default() },
    })?;
    let (runs, parameters) = (found.runs.len(), found.parameters.len());
    let explained = found.explained.map_or(String::new(), |explained| format!(", R² out of bag {explained:.2}"));
    let told = format!("runs {runs}, parameters {parameters}{explained}");
    let mut table = found.table(format)?;
    if format == TableFormat::Text {
        let score = capital(&found.score.to_string());
        table.splice(0..0, format!("{score}; {told}\n\n").into_bytes());
    }
    Ok(Compared { table, told, warnings: found.warnings })
}

/// Programs find everything in one table; for people there are the scores, and below them the runtimes.
fn scores(found: &Benchmark, format: TableFormat, cells_of: CellOf) -> anyhow::Result<Vec<u8>> {
    let scores = found.table(BenchmarkPart::Scores, format, cells_of)?;
    if !format.is_for_reading() || cells_of == CellOf::Runtime {
        return Ok(scores);
    }
    let runtimes = found.table(BenchmarkPart::Scores, format, CellOf::Runtime)?;
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
