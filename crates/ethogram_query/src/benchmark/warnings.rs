//! What to know before believing a benchmark, in plain words.

use ethogram_store::RunState;

use super::{Benchmark, Normalization};

/// Fewer runs than this on a task, and an interval says little (Agarwal et al. 2021 compare 3 to 10).
const FEW_RUNS: usize = 5;
/// Most names in one sentence.
const NAMES: usize = 4;

pub(super) fn of(found: &Benchmark) -> Vec<String> {
    let mut warnings = Vec::new();
    warnings.extend(few_runs(found));
    warnings.extend(unequal_runs(found));
    warnings.extend(missing_tasks(found));
    warnings.extend(raw_average(found));
    warnings.extend(not_told_apart(found));
    warnings.extend(not_finite(found));
    let going_on = found.runs.iter().filter(|run| run.state == RunState::Running).count();
    if going_on > 0 {
        warnings.push(format!("{} still going on; the numbers will change.", counted(going_on, "run is", "runs are")));
    }
    if !found.left_out.is_empty() {
        let (_, why) = &found.left_out[0];
        let left = counted(found.left_out.len(), "run is", "runs are");
        warnings.push(format!("{left} left out, the first because: {why}."));
    }
    warnings
}

fn few_runs(found: &Benchmark) -> Option<String> {
    let names = |fewer: &dyn Fn(usize) -> bool| -> Vec<&str> {
        let has = |algorithm: usize| {
            let runs = found.cells.iter().filter(|cell| cell.algorithm == algorithm).map(|cell| cell.runs).min();
            runs.is_some_and(fewer)
        };
        (0..found.algorithms.len()).filter(|&at| has(at)).map(|at| found.algorithms[at].name.as_str()).collect()
    };
    let (one, few) = (names(&|runs| runs == 1), names(&|runs| runs < FEW_RUNS));
    if !one.is_empty() {
        let names = listed(&one);
        return Some(format!(
            "Only one run on some task: {names}. One run has no interval, and makes others look narrower than they are."
        ));
    }
    (!few.is_empty()).then(|| {
        let names = listed(&few);
        format!("Fewer than {FEW_RUNS} runs on some task: {names}. Intervals of so few runs are too narrow more often than they say.")
    })
}

fn unequal_runs(found: &Benchmark) -> Option<String> {
    let counts = || found.cells.iter().map(|cell| cell.runs);
    let (few, many) = (counts().min()?, counts().max()?);
    (few != many).then(|| {
        format!("Numbers of runs differ, from {few} to {many}. Tasks count the same but in the interquartile mean, where every run does.")
    })
}

fn missing_tasks(found: &Benchmark) -> Option<String> {
    let lacks = |algorithm: usize| {
        let has = |task: usize| found.cells.iter().any(|cell| cell.algorithm == algorithm && cell.task == task);
        (0..found.tasks.len()).filter(|&task| !has(task)).map(|task| found.tasks[task].as_str()).collect::<Vec<_>>()
    };
    let lacking: Vec<(&str, Vec<&str>)> = (0..found.algorithms.len())
        .map(|at| (found.algorithms[at].name.as_str(), lacks(at)))
        .filter(|(_, tasks)| !tasks.is_empty())
        .collect();
    match lacking.as_slice() {
        [] => None,
        [(name, tasks)] => {
            let tasks = listed(tasks);
            Some(format!(
                "{name} has no run on {tasks}: its numbers over all tasks are of other tasks than those of the rest."
            ))
        }
        several => {
            let names: Vec<&str> = several.iter().map(|(name, _)| *name).collect();
            Some(format!(
                "Without a run on some task: {}. Numbers over all tasks are not of the same tasks.",
                listed(&names)
            ))
        }
    }
}

fn raw_average(found: &Benchmark) -> Option<String> {
    let raw = found.normalization == Normalization::None && found.tasks.len() > 1;
    raw.then(|| {
        "Scores of different tasks are averaged as they are: the task with the largest returns decides.".to_owned()
    })
}

/// Two algorithms whose difference may be none.
fn not_told_apart(found: &Benchmark) -> Option<String> {
    let name = |at: usize| found.algorithms[at].name.as_str();
    let unclear = |pair: &&super::BenchmarkPair| {
        pair.iqm_difference.interval.is_some_and(|[low, high]| low <= 0.0 && high >= 0.0)
    };
    let told: Vec<String> =
        found.pairs.iter().filter(unclear).map(|pair| format!("{} and {}", name(pair.x), name(pair.y))).collect();
    let parts: Vec<&str> = told.iter().map(String::as_str).collect();
    (!told.is_empty()).then(|| {
        format!(
            "Not told apart by these runs: {}. The interval of the difference of their interquartile means holds 0.",
            listed(&parts)
        )
    })
}

fn not_finite(found: &Benchmark) -> Option<String> {
    let names: Vec<&str> = found
        .runs
        .iter()
        .filter(|run| run.score.is_none_or(|score| !score.is_finite()))
        .map(|run| run.name.as_str())
        .collect();
    (!names.is_empty()).then(|| format!("Without a finite score, and so in no statistic: {}.", listed(&names)))
}

/// Names in a sentence, the first few of many.
pub(super) fn listed(names: &[&str]) -> String {
    let rest = names.len().saturating_sub(NAMES);
    let shown = names[..names.len() - rest].join(", ");
    if rest > 0 { format!("{shown} and {rest} more") } else { shown }
}

fn counted(count: usize, one: &str, several: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { several })
}
