//! What algorithms reached on tasks, and what goes with it, as tables.

use ethogram_analysis::{Estimate, Profile};

use super::{Cells, Table};
use crate::{
    Along, Benchmark, BenchmarkAlgorithm, BenchmarkCell, BenchmarkPair, BenchmarkPart, BenchmarkRun, Parameter,
    Parameters,
};

impl Table {
    /// One part of a benchmark; nothing is rounded.
    ///
    /// **Units**: scores of [`BenchmarkPart::Scores`] and of curves on one task as they are, all others on the common scale; times in
    /// seconds. `_low` and `_high` are ends of 95 % intervals, missing where there is none; `sd` is of the sample (n − 1), `sd_population`
    /// is NumPy's `std` (n).
    pub fn of_benchmark(found: &Benchmark, part: BenchmarkPart) -> Self {
        match part {
            BenchmarkPart::Scores => of_scores(found),
            BenchmarkPart::Runs => of_runs(found),
            BenchmarkPart::Aggregates => of_aggregates(found),
            BenchmarkPart::Pairs => of_pairs(found),
            BenchmarkPart::Curves => of_curves(found),
            BenchmarkPart::Profiles => of_profiles(found),
        }
    }

    /// A row a parameter, the most important first: its importances, and how it goes with the outcome.
    pub fn of_parameters(found: &Parameters) -> Self {
        let rows = Rows(&found.parameters);
        let mut table = Self::default();
        rows.texts(&mut table, "parameter", |of| of.key.clone());
        rows.numbers(&mut table, "permutation", |of: &Parameter| of.permutation.map(|fall| fall.mean));
        rows.numbers(&mut table, "permutation_sd", |of| of.permutation.and_then(|fall| fall.sd));
        rows.numbers(&mut table, "impurity", |of| of.impurity);
        rows.numbers(&mut table, "correlation", |of| of.correlation);
        rows.numbers(&mut table, "rank_correlation", |of| of.rank_correlation);
        table
    }
}

/// By algorithm and then task; those without a run are not there.
fn of_scores(found: &Benchmark) -> Table {
    let rows = Rows(&found.cells);
    let mut table = Table::default();
    rows.texts(&mut table, "algorithm", |cell| found.algorithms[cell.algorithm].name.clone());
    rows.texts(&mut table, "task", |cell| found.tasks[cell.task].clone());
    rows.integers(&mut table, "runs", |cell| cell.runs as i64);
    rows.estimates(&mut table, "mean", |cell| Some(cell.mean));
    rows.numbers(&mut table, "sd", |cell: &BenchmarkCell| cell.sd);
    rows.numbers(&mut table, "sd_population", |cell| Some(cell.sd_population));
    rows.estimates(&mut table, "iqm", |cell| Some(cell.iqm));
    rows.numbers(&mut table, "runtime_secs", |cell| cell.runtime_secs);
    rows.numbers(&mut table, "runtime_sd", |cell| cell.runtime_sd);
    table
}

/// By algorithm, task and name.
fn of_runs(found: &Benchmark) -> Table {
    let rows = Rows(&found.runs);
    let mut table = Table::default();
    rows.texts(&mut table, "run", |run: &BenchmarkRun| run.run.0.clone());
    rows.texts(&mut table, "name", |run| run.name.clone());
    rows.texts(&mut table, "algorithm", |run| found.algorithms[run.algorithm].name.clone());
    rows.texts(&mut table, "task", |run| found.tasks[run.task].clone());
    table.push("seed", Cells::Texts(found.runs.iter().map(|run| run.seed.clone()).collect()));
    rows.numbers(&mut table, "score", |run| run.score);
    rows.numbers(&mut table, "normalized", |run| run.normalized);
    rows.numbers(&mut table, "runtime_secs", |run| run.runtime_secs);
    table.push("last_step", Cells::Integers(found.runs.iter().map(|run| run.last_step).collect()));
    table
}

fn of_aggregates(found: &Benchmark) -> Table {
    let rows = Rows(&found.algorithms);
    let mut table = Table::default();
    rows.texts(&mut table, "algorithm", |of: &BenchmarkAlgorithm| of.name.clone());
    rows.integers(&mut table, "runs", |of| of.runs as i64);
    rows.integers(&mut table, "tasks", |of| of.tasks as i64);
    for (at, name) in ["iqm", "median", "mean", "optimality_gap"].into_iter().enumerate() {
        rows.estimates(&mut table, name, |of| of.aggregates[at]);
    }
    table
}

fn of_pairs(found: &Benchmark) -> Table {
    let rows = Rows(&found.pairs);
    let mut table = Table::default();
    rows.texts(&mut table, "x", |pair: &BenchmarkPair| found.algorithms[pair.x].name.clone());
    rows.texts(&mut table, "y", |pair| found.algorithms[pair.y].name.clone());
    rows.integers(&mut table, "tasks", |pair| pair.tasks as i64);
    rows.estimates(&mut table, "improvement", |pair| Some(pair.improvement));
    rows.estimates(&mut table, "iqm_difference", |pair| Some(pair.iqm_difference));
    table
}

/// Those over all tasks first, without a task: the interquartile mean on the common scale. Then task by task the mean, not normalised.
fn of_curves(found: &Benchmark) -> Table {
    let curves = found.curves.iter().chain(&found.task_curves);
    let points: Vec<_> = curves.flat_map(|curve| (0..curve.at.len()).map(move |at| (curve, at))).collect();
    let rows = Rows(&points);
    let mut table = Table::default();
    rows.texts(&mut table, "algorithm", |(curve, _)| found.algorithms[curve.algorithm].name.clone());
    let task = |task: Option<usize>| task.map(|task| found.tasks[task].clone());
    table.push("task", Cells::Texts(points.iter().map(|(curve, _)| task(curve.task)).collect()));
    rows.texts(&mut table, "statistic", |(curve, _)| if curve.task.is_some() { "mean" } else { "iqm" }.into());
    match found.along {
        Along::Steps => rows.integers(&mut table, "step", |(curve, at)| curve.at[*at]),
        Along::Time => rows.integers(&mut table, "elapsed_us", |(curve, at)| curve.at[*at]),
    }
    rows.integers(&mut table, "runs", |(curve, at)| curve.runs[*at] as i64);
    rows.estimates(&mut table, "value", |(curve, at)| curve.estimates[*at]);
    table
}

fn of_profiles(found: &Benchmark) -> Table {
    let profiles = found.algorithms.iter().flat_map(|of| {
        let both = [("runs", &of.run_profile), ("tasks", &of.task_profile)];
        both.into_iter().filter_map(|(counted, profile)| Some((&of.name, counted, profile.as_ref()?)))
    });
    let points: Vec<(&String, &str, &Profile, usize)> = profiles
        .flat_map(|(name, counted, profile)| (0..profile.threshold.len()).map(move |at| (name, counted, profile, at)))
        .collect();
    let rows = Rows(&points);
    let mut table = Table::default();
    rows.texts(&mut table, "algorithm", |(name, ..)| (*name).clone());
    rows.texts(&mut table, "share_of", |(_, counted, ..)| (*counted).to_owned());
    rows.numbers(&mut table, "threshold", |(.., profile, at)| Some(profile.threshold[*at]));
    rows.estimates(&mut table, "share", |(.., profile, at)| {
        Some(Estimate { value: profile.share[*at], interval: profile.interval.as_ref().map(|ends| ends[*at]) })
    });
    table
}

/// What a table has a row for each of.
struct Rows<'a, T>(&'a [T]);

impl<T> Rows<'_, T> {
    fn texts(&self, table: &mut Table, name: &str, of: impl Fn(&T) -> String) {
        table.push(name, Cells::Texts(self.0.iter().map(|row| Some(of(row))).collect()));
    }

    fn integers(&self, table: &mut Table, name: &str, of: impl Fn(&T) -> i64) {
        table.push(name, Cells::Integers(self.0.iter().map(|row| Some(of(row))).collect()));
    }

    fn numbers(&self, table: &mut Table, name: &str, of: impl Fn(&T) -> Option<f64>) {
        table.push(name, Cells::Numbers(self.0.iter().map(of).collect()));
    }

    /// A column of that name, and the ends of its interval.
    fn estimates(&self, table: &mut Table, name: &str, of: impl Fn(&T) -> Option<Estimate>) {
        self.numbers(table, name, |row| of(row).map(|found| found.value));
        for (at, end) in ["low", "high"].into_iter().enumerate() {
            self.numbers(table, &format!("{name}_{end}"), |row| of(row)?.interval.map(|ends| ends[at]));
        }
    }
}
