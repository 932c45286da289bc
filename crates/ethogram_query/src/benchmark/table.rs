//! A benchmark as a table for a paper: Markdown, LaTeX and plain text; other kinds of files, and its other parts, are those of every table.

use std::str::FromStr;

use ethogram_analysis::Estimate;

use super::{Benchmark, BenchmarkCell, BenchmarkPart, Parameters};
use crate::table::lined_up;
use crate::{Result, Table, TableFile};

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableFormat {
    /// In columns that line up.
    Text,
    /// A kind of file.
    File(TableFile),
}

impl TableFormat {
    /// It is looked at, and not read by programs.
    pub fn is_for_reading(self) -> bool {
        match self {
            Self::Text => true,
            Self::File(kind) => kind.is_for_reading(),
        }
    }
}

/// What stands in a cell of a table for people; the others have all of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CellOf {
    /// `mean ± sd`, the standard deviation of the sample.
    #[default]
    MeanSd,
    /// `IQM [low, high]`.
    Iqm,
    /// Minutes that runs took, `mean ± sd`.
    Runtime,
}

impl FromStr for TableFormat {
    type Err = String;

    /// `table`, or a kind of file.
    fn from_str(text: &str) -> Result<Self, String> {
        if text == "table" {
            return Ok(Self::Text);
        }
        text.parse().map(Self::File).map_err(|why: String| why.replacen("one of ", "one of table, ", 1))
    }
}

impl FromStr for CellOf {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text {
            "mean_sd" => Self::MeanSd,
            "iqm" => Self::Iqm,
            "runtime" => Self::Runtime,
            _ => return Err(format!("expected mean_sd, iqm or runtime, found {text:?}")),
        })
    }
}

const AGGREGATES: [&str; 4] = ["IQM", "Median", "Mean", "Optimality gap"];

impl Benchmark {
    /// Of scores, for people, tasks down, algorithms across; below them the aggregates over all tasks with their intervals, but for
    /// runtimes. A cell without a run is a dash. For programs, and of other parts, [`Table::of_benchmark`].
    ///
    /// # Errors
    /// As [`Table::write`].
    pub fn table(&self, part: BenchmarkPart, format: TableFormat, of: CellOf) -> Result<Vec<u8>> {
        if part == BenchmarkPart::Scores && format.is_for_reading() {
            return Ok(self.for_reading(format, of).into_bytes());
        }
        written(&Table::of_benchmark(self, part), format)
    }

    fn for_reading(&self, format: TableFormat, of: CellOf) -> String {
        let mut head = vec!["Task".to_owned()];
        head.extend(self.algorithms.iter().map(|algorithm| algorithm.name.clone()));
        let mut rows: Vec<Vec<String>> = Vec::new();
        for (task, name) in self.tasks.iter().enumerate() {
            let cell =
                |algorithm: usize| self.cell(algorithm, task).map_or("–".to_owned(), |cell| cell_text(cell, of));
            rows.push(std::iter::once(name.clone()).chain((0..self.algorithms.len()).map(cell)).collect());
        }
        let of_tasks = rows.len();
        for (at, name) in AGGREGATES.iter().enumerate().filter(|_| of != CellOf::Runtime) {
            let cells = self.algorithms.iter().map(|algorithm| algorithm.aggregates[at]);
            if cells.clone().any(|cell| cell.is_some()) {
                let cells = cells.map(|cell| cell.map_or("–".to_owned(), |cell| estimate_text(&cell)));
                rows.push(std::iter::once((*name).to_owned()).chain(cells).collect());
            }
        }
        match format {
            TableFormat::File(TableFile::Latex) => latex(&head, &rows, of_tasks),
            TableFormat::File(_) => markdown(&head, &rows),
            TableFormat::Text => text(&head, &rows, of_tasks),
        }
    }

    fn cell(&self, algorithm: usize, task: usize) -> Option<&BenchmarkCell> {
        self.cells.iter().find(|cell| cell.algorithm == algorithm && cell.task == task)
    }
}

impl Parameters {
    /// [`Table::of_parameters`].
    ///
    /// # Errors
    /// As [`Table::write`].
    pub fn table(&self, format: TableFormat) -> Result<Vec<u8>> {
        written(&Table::of_parameters(self), format)
    }
}

fn written(table: &Table, format: TableFormat) -> Result<Vec<u8>> {
    match format {
        TableFormat::Text => table.to_text().map(String::into_bytes),
        TableFormat::File(kind) => table.to_bytes(kind),
    }
}

fn cell_text(cell: &BenchmarkCell, of: CellOf) -> String {
    let mean_sd = |mean: f64, sd: Option<f64>| match sd {
        Some(sd) => format!("{mean:.2} ± {sd:.2}"),
        None => format!("{mean:.2}"),
    };
    match of {
        CellOf::MeanSd => mean_sd(cell.mean.value, cell.sd),
        CellOf::Iqm => estimate_text(&cell.iqm),
        CellOf::Runtime => {
            cell.runtime_secs.map_or("–".to_owned(), |secs| mean_sd(secs / 60.0, cell.runtime_sd.map(|sd| sd / 60.0)))
        }
    }
}

fn estimate_text(estimate: &Estimate) -> String {
    match estimate.interval {
        Some([low, high]) => format!("{:.2} [{low:.2}, {high:.2}]", estimate.value),
        None => format!("{:.2}", estimate.value),
    }
}

fn text(head: &[String], rows: &[Vec<String>], of_tasks: usize) -> String {
    let all: Vec<Vec<String>> = std::iter::once(head.to_vec()).chain(rows.iter().cloned()).collect();
    let mut lines = lined_up(&all, |column| column > 0);
    if rows.len() > of_tasks {
        lines.insert(of_tasks + 1, String::new());
    }
    lines.into_iter().map(|line| line + "\n").collect()
}

fn markdown(head: &[String], rows: &[Vec<String>]) -> String {
    let escaped = |cell: &String| cell.replace('\\', "\\\\").replace('|', "\\|").replace('\n', " ");
    let line = |cells: &[String]| format!("| {} |\n", cells.iter().map(escaped).collect::<Vec<_>>().join(" | "));
    let mut out = line(head);
    out.push_str("| --- |");
    out.push_str(&" ---: |".repeat(head.len() - 1));
    out.push('\n');
    for row in rows {
        out.push_str(&line(row));
    }
    out
}

fn latex(head: &[String], rows: &[Vec<String>], of_tasks: usize) -> String {
    let line = |cells: &[String]| {
        format!("{} \\\\\n", cells.iter().map(|cell| latex_escaped(cell)).collect::<Vec<_>>().join(" & "))
    };
    let mut out = format!("\\begin{{tabular}}{{l{}}}\n\\toprule\n", "r".repeat(head.len() - 1));
    out.push_str(&line(head));
    out.push_str("\\midrule\n");
    for (at, row) in rows.iter().enumerate() {
        if at == of_tasks {
            out.push_str("\\midrule\n");
        }
        out.push_str(&line(row));
    }
    out.push_str("\\bottomrule\n\\end{tabular}\n");
    out
}

fn latex_escaped(text: &str) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        match letter {
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => {
                out.push('\\');
                out.push(letter);
            }
            '\\' => out.push_str("\\textbackslash{}"),
            '~' => out.push_str("\\textasciitilde{}"),
            '^' => out.push_str("\\textasciicircum{}"),
            '±' => out.push_str("$\\pm$"),
            '–' => out.push_str("--"),
            '\n' => out.push(' '),
            other => out.push(other),
        }
    }
    // A minus, not a hyphen.
    let is_negative = |word: &str| word.len() > 1 && word.starts_with('-') && word[1..].parse::<f64>().is_ok();
    out.split(' ')
        .map(|word| {
            let bare = word.trim_matches(|sign| "[],".contains(sign));
            if is_negative(bare) { word.replacen(bare, &format!("${bare}$"), 1) } else { word.to_owned() }
        })
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_other_languages_read_as_signs_is_escaped() {
        assert_eq!(
            latex_escaped("a_b 1.00 ± 0.50 & -2.50 [-3.00, 1.00]"),
            "a\\_b 1.00 $\\pm$ 0.50 \\& $-2.50$ [$-3.00$, 1.00]"
        );
        assert_eq!(markdown(&["a|b".into(), "c".into()], &[]), "| a\\|b | c |\n| --- | ---: |\n");
    }
}
