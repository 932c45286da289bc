//! `ethogram compare`: algorithms over tasks and seeds, as tables.

use ethogram_query::{Benchmark, BenchmarkRequest, Bootstrap, CellOf, TableFormat};

use crate::{options::CompareOptions, runs};

/// Prints the scores and how long runs took; what to know before believing them goes to the other stream.
pub fn compare(options: &CompareOptions) -> anyhow::Result<u8> {
    let workbench = runs::open(&options.roots, &options.stores, None)?;
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
    print!("{}", crate::text::shown(&text(&found, options)));
    for warning in &found.warnings {
        eprintln!("note: {warning}");
    }
    Ok(0)
}

/// CSV has everything in one table; the others print the scores, and below them the runtimes.
fn text(found: &Benchmark, options: &CompareOptions) -> String {
    let scores = found.table(options.format, options.cells);
    if options.format == TableFormat::Csv || options.cells == CellOf::Runtime {
        return scores;
    }
    let runtimes = found.table(options.format, CellOf::Runtime);
    let cells = match options.cells {
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
    let [first, second] = match options.format {
        TableFormat::Latex => titles.map(|title| format!("% {title}\n")),
        _ => titles.map(|title| format!("{title}\n\n")),
    };
    format!("{first}{scores}\n{second}{runtimes}")
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}
