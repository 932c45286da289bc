//! Runs sorted into algorithms and tasks, with what each reached.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ethogram_analysis::{Bootstrap, Scores, Statistic, estimate};
use ethogram_store::{RunId, RunState};

use super::facet::{config_members, config_text};
use super::normalization::Scale;
use super::score::History;
use super::warnings::listed;
use super::{
    ALGORITHMS_MAX, Along, BenchmarkCell, BenchmarkRequest, BenchmarkRun, ConfigDifference, How, Normalization,
    TASKS_MAX, check,
};
use crate::{Error, Result, RunHandle};

/// Most members of configs that are told of.
const DIFFERENCES_MAX: usize = 200;

pub(super) struct Contents {
    pub algorithms: Vec<String>,
    pub tasks: Vec<String>,
    pub runs: Vec<BenchmarkRun>,
    /// Of each run.
    pub histories: Vec<History>,
    /// Of each run along time, where curves run over it; missing where no time passes.
    timed: Option<Vec<Option<History>>>,
    pub left_out: Vec<(RunId, String)>,
    pub normalization: Normalization,
    /// Of each task; missing where it cannot be scaled.
    pub scales: Vec<Option<Scale>>,
    /// Why tasks cannot be scaled.
    pub problems: Vec<String>,
    pub how: How,
}

impl Contents {
    pub fn read(handles: &[Arc<RunHandle>], request: &BenchmarkRequest) -> Result<Self> {
        let mut named = Vec::new();
        let mut left_out = Vec::new();
        for handle in handles {
            match (request.algorithm.algorithm(handle.info()), request.task.task(handle.info())) {
                (Some(algorithm), Some(task)) => match History::read(handle, &request.score) {
                    Ok(history) => named.push((algorithm, task, history, handle)),
                    Err(error) if error.is_not_found() => left_out.push((handle.id().clone(), error.to_string())),
                    Err(error) => return Err(error),
                },
                (None, _) => left_out.push((handle.id().clone(), "nothing names its algorithm".to_owned())),
                (_, None) => left_out.push((handle.id().clone(), "nothing names its task".to_owned())),
            }
        }
        if named.is_empty() {
            let found = left_out.first().map_or("no runs".to_owned(), |(run, why)| format!("{run}: {why}"));
            let expected = "a run with an algorithm, a task and a score".to_owned();
            return Err(Error::BadParam { field: "benchmark".into(), param: "runs".into(), expected, found });
        }
        named.sort_by(|a, b| (&a.0, &a.1, &a.3.info().name, a.3.id()).cmp(&(&b.0, &b.1, &b.3.info().name, b.3.id())));
        let of = |names: BTreeSet<String>| -> Vec<String> { names.into_iter().collect() };
        let algorithms = of(named.iter().map(|run| run.0.clone()).collect());
        let tasks = of(named.iter().map(|run| run.1.clone()).collect());
        check("algorithms (ALGORITHMS_MAX; choose another key of the config)", algorithms.len(), ALGORITHMS_MAX)?;
        check("tasks (TASKS_MAX; choose another key of the config)", tasks.len(), TASKS_MAX)?;
        let index = |names: &[String], name: &str| names.partition_point(|other| other.as_str() < name);
        let mut histories = Vec::with_capacity(named.len());
        let mut timed = (request.along == Along::Time && request.points > 0).then(Vec::new);
        let mut runs = Vec::with_capacity(named.len());
        for (algorithm, task, history, handle) in named {
            runs.push(BenchmarkRun {
                run: handle.id().clone(),
                name: handle.info().name.clone(),
                algorithm: index(&algorithms, &algorithm),
                task: index(&tasks, &task),
                seed: config_text(&handle.info().config, "seed"),
                score: history.score(request.score.how),
                normalized: None,
                runtime_secs: runtime_secs(handle),
                last_step: history.last_step(),
                state: handle.state(),
            });
            if let Some(timed) = &mut timed {
                timed.push(history.along_time(handle.info().created_us, handle.state() != RunState::Running));
            }
            histories.push(history);
        }
        let normalization = request.normalization.chosen(&tasks);
        let mut contents = Contents {
            algorithms,
            tasks,
            runs,
            histories,
            timed,
            left_out,
            normalization,
            scales: Vec::new(),
            problems: Vec::new(),
            how: request.score.how,
        };
        contents.normalize();
        contents.tell_untimed();
        Ok(contents)
    }

    /// What the curve of a run is made of; nothing where curves run over time and it has none.
    pub fn trace(&self, run: usize) -> Option<&History> {
        self.timed.as_ref().map_or(Some(&self.histories[run]), |timed| timed[run].as_ref())
    }

    fn tell_untimed(&mut self) {
        let untimed = self.runs.iter().enumerate().filter(|(index, _)| self.trace(*index).is_none());
        let names: Vec<&str> = untimed.map(|(_, run)| run.name.as_str()).collect();
        if !names.is_empty() {
            let problem = format!("Left out of curves over time: {}; their logs have no times.", listed(&names));
            self.problems.push(problem);
        }
    }

    fn normalize(&mut self) {
        let mut without: Vec<&str> = Vec::new();
        for (task, name) in self.tasks.iter().enumerate() {
            let of_task = self.runs.iter().filter(|run| run.task == task);
            let scores: Vec<f64> = of_task.filter_map(|run| run.score).filter(|score| score.is_finite()).collect();
            let scale = self.normalization.scale(name, &scores);
            if scale.is_none() {
                without.push(name);
            }
            self.scales.push(scale);
        }
        if !without.is_empty() {
            let (tasks, why) = (listed(&without), self.normalization.why_not());
            self.problems.push(format!("Left out of what is normalised: {tasks}; {why}."));
        }
        for run in &mut self.runs {
            run.normalized = run.score.zip(self.scales[run.task]).map(|(score, scale)| scale.of(score));
        }
    }

    /// Finite scores of an algorithm on the common scale, a list a task; nothing when there is none.
    pub fn normalized_scores(&self, algorithm: usize) -> Option<Scores> {
        self.sorted_by_task(algorithm, |_, run| run.normalized)
    }

    /// Finite numbers of an algorithm's runs, a list a task.
    pub fn sorted_by_task(&self, algorithm: usize, of: impl Fn(usize, &BenchmarkRun) -> Option<f64>) -> Option<Scores> {
        let mut tasks = vec![Vec::new(); self.tasks.len()];
        for (index, run) in self.runs.iter().enumerate().filter(|(_, run)| run.algorithm == algorithm) {
            tasks[run.task].extend(of(index, run).filter(|score| score.is_finite()));
        }
        Scores::new(tasks).ok()
    }

    /// Every algorithm on every task that it has a score on.
    pub fn cells(&self, bootstrap: &Bootstrap) -> Result<Vec<BenchmarkCell>> {
        let mut cells = Vec::new();
        for algorithm in 0..self.algorithms.len() {
            for task in 0..self.tasks.len() {
                let of_cell = || self.runs.iter().filter(|run| run.algorithm == algorithm && run.task == task);
                let scores: Vec<f64> =
                    of_cell().filter_map(|run| run.score).filter(|score| score.is_finite()).collect();
                let times: Vec<f64> = of_cell().filter_map(|run| run.runtime_secs).collect();
                let Ok(sorted) = Scores::new(vec![scores.clone()]) else { continue };
                cells.push(BenchmarkCell {
                    algorithm,
                    task,
                    runs: scores.len(),
                    mean: estimate(&sorted, Statistic::Mean, bootstrap)?,
                    sd: sample_sd(&scores),
                    sd_population: deviation(&scores, scores.len() as f64),
                    iqm: estimate(&sorted, Statistic::Iqm, bootstrap)?,
                    runtime_secs: (!times.is_empty()).then(|| mean(&times)),
                    runtime_sd: sample_sd(&times),
                });
            }
        }
        Ok(cells)
    }

    /// Members of the configs, but for the seed, whose values are not the same for all algorithms.
    pub fn differences(&self, handles: &[Arc<RunHandle>]) -> Vec<ConfigDifference> {
        let mut members: BTreeMap<String, Vec<BTreeSet<String>>> = BTreeMap::new();
        let places: BTreeMap<&RunId, usize> = self.runs.iter().map(|run| (&run.run, run.algorithm)).collect();
        for handle in handles {
            let Some(&algorithm) = places.get(handle.id()) else { continue };
            for (key, value) in config_members(&handle.info().config) {
                if key != "seed" {
                    let sets = members.entry(key).or_insert_with(|| vec![BTreeSet::new(); self.algorithms.len()]);
                    sets[algorithm].insert(value);
                }
            }
        }
        let differs = |sets: &[BTreeSet<String>]| sets.windows(2).any(|pair| pair[0] != pair[1]);
        let told = members.into_iter().filter(|(_, sets)| differs(sets)).take(DIFFERENCES_MAX);
        told.map(|(key, sets)| ConfigDifference {
            key,
            values: sets.into_iter().map(|set| set.into_iter().collect()).collect(),
        })
        .collect()
    }
}

fn runtime_secs(handle: &RunHandle) -> Option<f64> {
    let status = handle.source().status();
    let micros = status.ended_us.unwrap_or(status.heartbeat_us).checked_sub(handle.info().created_us)?;
    (micros >= 0 && handle.info().created_us > 0).then(|| micros as f64 / 1e6)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn sample_sd(values: &[f64]) -> Option<f64> {
    (values.len() > 1).then(|| deviation(values, values.len() as f64 - 1.0))
}

fn deviation(values: &[f64], over: f64) -> f64 {
    let mean = mean(values);
    (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / over).sqrt()
}
