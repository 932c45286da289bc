//! What algorithms reached on tasks, a row each.

use ethogram_analysis::Estimate;

use super::{Cells, Table};
use crate::{Benchmark, BenchmarkCell};

impl Table {
    /// A row an algorithm and task that has runs, by algorithm and then task; nothing is rounded.
    ///
    /// **Units**: scores as they are, not normalised; times in seconds. `_low` and `_high` are ends of 95 % intervals, missing where there
    /// is none; `sd` is of the sample (n − 1), `sd_population` is NumPy's `std` (n).
    pub fn of_benchmark(found: &Benchmark) -> Self {
        let texts = |of: &dyn Fn(&BenchmarkCell) -> String| {
            Cells::Texts(found.cells.iter().map(|cell| Some(of(cell))).collect())
        };
        let numbers = |of: &dyn Fn(&BenchmarkCell) -> Option<f64>| Cells::Numbers(found.cells.iter().map(of).collect());
        let mut table = Self::default();
        table.push("algorithm", texts(&|cell| found.algorithms[cell.algorithm].name.clone()));
        table.push("task", texts(&|cell| found.tasks[cell.task].clone()));
        table.push("runs", Cells::Integers(found.cells.iter().map(|cell| Some(cell.runs as i64)).collect()));
        table.push("mean", numbers(&|cell| Some(cell.mean.value)));
        table.push("mean_low", numbers(&|cell| low(&cell.mean)));
        table.push("mean_high", numbers(&|cell| high(&cell.mean)));
        table.push("sd", numbers(&|cell| cell.sd));
        table.push("sd_population", numbers(&|cell| Some(cell.sd_population)));
        table.push("iqm", numbers(&|cell| Some(cell.iqm.value)));
        table.push("iqm_low", numbers(&|cell| low(&cell.iqm)));
        table.push("iqm_high", numbers(&|cell| high(&cell.iqm)));
        table.push("runtime_secs", numbers(&|cell| cell.runtime_secs));
        table.push("runtime_sd", numbers(&|cell| cell.runtime_sd));
        table
    }
}

fn low(estimate: &Estimate) -> Option<f64> {
    estimate.interval.map(|ends| ends[0])
}

fn high(estimate: &Estimate) -> Option<f64> {
    estimate.interval.map(|ends| ends[1])
}
