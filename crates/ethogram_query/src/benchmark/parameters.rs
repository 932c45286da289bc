//! What of their configs goes with how well runs did.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ethogram_analysis::{Bootstrap, Fall, ForestParams, Setting, correlation, importance, rank_correlation};
use ethogram_store::RunId;
use serde_json::Value;

use super::contents::Contents;
use super::facet::config_values;
use super::{Along, BENCHMARK_RUNS_MAX, BenchmarkRequest, Facet, Normalization, Score, check};
use crate::{Result, RunHandle, Workbench};

/// Most parameters that are looked at.
pub const PARAMETERS_MAX: usize = 100;
/// Most different words of a parameter: what has more names its run.
pub const WORDS_MAX: usize = 32;
/// Longest word of a parameter, in bytes.
const WORD_BYTES_MAX: usize = 200;
/// Fewest runs with a score for importances.
const RUNS_MIN: usize = 8;
/// Below this share of what other runs did, a forest has not learned what decides.
const EXPLAINED_LITTLE: f64 = 0.1;

/// Asks for the parameters of runs.
#[derive(Clone, Debug, PartialEq)]
pub struct ParametersRequest {
    /// Of which runs, from 1 to [`BENCHMARK_RUNS_MAX`].
    pub runs: Vec<RunId>,
    /// What names the task of a run.
    pub task: Facet,
    /// What it reached.
    pub score: Score,
    /// How tasks are brought to one scale.
    pub normalization: Normalization,
    /// How the forest is grown and asked.
    pub forest: ForestParams,
}

/// A run with what it reached.
#[derive(Clone, Debug, PartialEq)]
pub struct ParametersRun {
    /// Which.
    pub run: RunId,
    /// Its name.
    pub name: String,
    /// Index among the tasks.
    pub task: usize,
    /// What it reached; missing when it has nothing to score.
    pub score: Option<f64>,
    /// The same on the common scale, which importances are of.
    pub outcome: Option<f64>,
}

/// What a parameter was in each run.
#[derive(Clone, Debug, PartialEq)]
pub enum ParameterValues {
    /// Numbers, also those that were written as text.
    Numbers(Vec<Option<f64>>),
    /// Anything else, as text.
    Words(Vec<Option<String>>),
}

/// A member of the configs in which runs differ.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its path, with dots.
    pub key: String,
    /// In the order of the runs; missing where a run has none.
    pub values: ParameterValues,
    /// By how much worse the forest foretells runs that it was not grown of when this is shuffled among the runs: how far R² falls.
    pub permutation: Option<Fall>,
    /// Its share of what the forest's splits explain, which favours parameters with many different values.
    pub impurity: Option<f64>,
    /// Pearson's with the outcome, of numbers and of `true` and `false`, which count as 1 and 0.
    pub correlation: Option<f64>,
    /// Spearman's.
    pub rank_correlation: Option<f64>,
}

/// The parameters of runs, and what they reached.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameters {
    /// What the score of a run is.
    pub score: Score,
    /// What the common scale is, never [`Normalization::Auto`].
    pub normalization: Normalization,
    /// Sorted by name.
    pub tasks: Vec<String>,
    /// By task and name.
    pub runs: Vec<ParametersRun>,
    /// Runs that do not count, with the reason.
    pub left_out: Vec<(RunId, String)>,
    /// The most important by permutation first, those without an importance by name.
    pub parameters: Vec<Parameter>,
    /// How well the forest foretells runs that it was not grown of: R² out of bag.
    pub explained: Option<f64>,
    /// What to know before believing any of it, in plain words.
    pub warnings: Vec<String>,
}

impl Parameters {
    /// Reads configs and scores. A run that has no score, or whose task nobody named, is left out and told of; the seed is no parameter.
    ///
    /// **Errors** when there is no such run, something is over its limit, or no run is left.
    pub(crate) fn read(workbench: &Workbench, request: &ParametersRequest) -> Result<Self> {
        check("runs of a benchmark (BENCHMARK_RUNS_MAX)", request.runs.len(), BENCHMARK_RUNS_MAX)?;
        let handles = request.runs.iter().map(|run| workbench.run(&run.0)).collect::<Result<Vec<Arc<RunHandle>>>>()?;
        let contents = Contents::read(&handles, &request.scores())?;
        let runs: Vec<ParametersRun> = contents
            .runs
            .into_iter()
            .map(|run| ParametersRun {
                run: run.run,
                name: run.name,
                task: run.task,
                score: run.score,
                outcome: run.normalized.filter(|outcome| outcome.is_finite()),
            })
            .collect();
        let by_id: BTreeMap<&RunId, &Arc<RunHandle>> = handles.iter().map(|handle| (handle.id(), handle)).collect();
        let configs = runs.iter().map(|run| by_id.get(&run.run).map(|handle| &handle.info().config));
        let mut warnings = contents.problems;
        let parameters = differing(&configs.collect::<Vec<_>>(), &mut warnings);
        let mut found = Self {
            score: request.score.clone(),
            normalization: contents.normalization,
            tasks: contents.tasks,
            runs,
            left_out: contents.left_out,
            parameters,
            explained: None,
            warnings,
        };
        found.weigh(&request.forest)?;
        found.warn();
        Ok(found)
    }

    /// Fills in importances and correlations.
    fn weigh(&mut self, forest: &ForestParams) -> Result<()> {
        let counting: Vec<usize> = (0..self.runs.len()).filter(|&run| self.runs[run].outcome.is_some()).collect();
        let outcome: Vec<f64> = counting.iter().filter_map(|&run| self.runs[run].outcome).collect();
        let settings: Vec<Setting> = self.parameters.iter().map(|of| of.values.setting(&counting)).collect();
        let found = Some(importance(&settings, &outcome, forest)?).filter(|_| outcome.len() >= RUNS_MIN);
        for (at, parameter) in self.parameters.iter_mut().enumerate() {
            if let Some(numbers) = parameter.values.numbers(&counting) {
                parameter.correlation = correlation(&numbers, &outcome);
                parameter.rank_correlation = rank_correlation(&numbers, &outcome);
            }
            let found = found.as_ref();
            parameter.permutation = found.and_then(|found| found.falls.as_ref()).map(|falls| falls[at]);
            parameter.impurity = found.and_then(|found| found.share.as_ref()).map(|share| share[at]);
        }
        self.explained = found.and_then(|found| found.explained);
        self.parameters.sort_by(|a, b| {
            let importance = |of: &Parameter| {
                let nothing = f64::NEG_INFINITY;
                (of.permutation.map_or(nothing, |fall| fall.mean), of.impurity.unwrap_or(nothing))
            };
            let (of_a, of_b) = (importance(a), importance(b));
            of_b.0.total_cmp(&of_a.0).then(of_b.1.total_cmp(&of_a.1)).then_with(|| a.key.cmp(&b.key))
        });
        Ok(())
    }

    fn warn(&mut self) {
        let scored = self.runs.iter().filter(|run| run.outcome.is_some()).count();
        if scored < RUNS_MIN && !self.parameters.is_empty() {
            self.warnings.push(format!("Importance takes {RUNS_MIN} runs with a score; there are {scored}."));
        }
        if let Some(explained) = self.explained.filter(|explained| *explained < EXPLAINED_LITTLE) {
            self.warnings.push(format!(
                "The forest foretells other runs hardly better than their mean does (R² {explained:.2}): its importances say little."
            ));
        }
        if self.tasks.len() > 1 && self.normalization == Normalization::None {
            self.warnings.push(format!("Scores of {} tasks are compared as they are.", self.tasks.len()));
        }
        if let Some((_, why)) = self.left_out.first() {
            self.warnings.push(format!("Left out: {} of the runs, the first because: {why}.", self.left_out.len()));
        }
    }
}

impl ParametersRequest {
    /// The same as of a benchmark, in which the name of the algorithm has no say.
    fn scores(&self) -> BenchmarkRequest {
        BenchmarkRequest {
            runs: self.runs.clone(),
            algorithm: Facet::Project,
            task: self.task.clone(),
            score: self.score.clone(),
            normalization: self.normalization,
            target: None,
            bootstrap: Bootstrap::default(),
            points: 0,
            along: Along::default(),
        }
    }
}

impl ParameterValues {
    /// Numbers when all of those that are set are; nothing when runs do not differ. **Errors**: why it is no parameter.
    fn of(values: &[Option<&Value>]) -> Result<Option<Self>, String> {
        let values: Vec<Option<&Value>> = values.iter().map(|value| value.filter(|value| !value.is_null())).collect();
        let number = |value: &Value| match value {
            // YAML reads `3e-4` as text.
            Value::String(text) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
            value => value.as_f64(),
        };
        let differ = values.windows(2).any(|pair| pair[0] != pair[1]);
        if !differ {
            return Ok(None);
        }
        if values.iter().flatten().all(|value| number(value).is_some()) {
            return Ok(Some(Self::Numbers(values.iter().map(|value| value.and_then(number)).collect())));
        }
        let words: Vec<Option<String>> = values.iter().map(|value| value.map(word)).collect();
        let different: BTreeSet<&String> = words.iter().flatten().collect();
        if different.len() > WORDS_MAX {
            return Err(format!("has {} different words, more than {WORDS_MAX}", different.len()));
        }
        if different.iter().any(|word| word.len() > WORD_BYTES_MAX) {
            return Err(format!("has words longer than {WORD_BYTES_MAX} bytes"));
        }
        Ok(Some(Self::Words(words)))
    }

    /// As a forest takes it, of these runs.
    fn setting(&self, runs: &[usize]) -> Setting {
        match self {
            Self::Numbers(values) => {
                Setting::Numbers(runs.iter().map(|&run| values[run].unwrap_or(f64::NAN)).collect())
            }
            Self::Words(words) => {
                let different: Vec<&String> = words.iter().flatten().collect::<BTreeSet<_>>().into_iter().collect();
                let index = |word: &Option<String>| {
                    word.as_ref().and_then(|word| different.binary_search(&word).ok()).map(|at| at as u32)
                };
                Setting::Words(runs.iter().map(|&run| index(&words[run])).collect())
            }
        }
    }

    /// Numbers that a correlation can be of, NaN where there is none.
    fn numbers(&self, runs: &[usize]) -> Option<Vec<f64>> {
        let flag = |word: &Option<String>| match word.as_deref() {
            Some("true") => Some(1.0),
            Some("false") => Some(0.0),
            None => Some(f64::NAN),
            Some(_) => None,
        };
        match self {
            Self::Numbers(values) => Some(runs.iter().map(|&run| values[run].unwrap_or(f64::NAN)).collect()),
            Self::Words(words) => runs.iter().map(|&run| flag(&words[run])).collect(),
        }
    }
}

fn word(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Members of the configs, but for the seed, in which these differ, by key.
fn differing(configs: &[Option<&Value>], warnings: &mut Vec<String>) -> Vec<Parameter> {
    let mut members: BTreeMap<String, Vec<Option<&Value>>> = BTreeMap::new();
    for (run, config) in configs.iter().enumerate().filter_map(|(run, config)| Some((run, (*config)?))) {
        for (key, value) in config_values(config) {
            if key != "seed" {
                members.entry(key).or_insert_with(|| vec![None; configs.len()])[run] = Some(value);
            }
        }
    }
    let mut found = Vec::new();
    let mut refused = Vec::new();
    for (key, values) in members {
        match ParameterValues::of(&values) {
            Ok(Some(values)) => {
                let (permutation, impurity, correlation, rank_correlation) = (None, None, None, None);
                found.push(Parameter { key, values, permutation, impurity, correlation, rank_correlation });
            }
            Ok(None) => {}
            Err(why) => refused.push(format!("{key} {why}")),
        }
    }
    if let Some(first) = refused.first() {
        warnings.push(format!("Not looked at: {} of the parameters, the first because {first}.", refused.len()));
    }
    if found.len() > PARAMETERS_MAX {
        warnings.push(format!("Only the first {PARAMETERS_MAX} of {} parameters by name are looked at.", found.len()));
        found.truncate(PARAMETERS_MAX);
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_a_parameter_and_of_which_kind() {
        let configs = [
            json!({"lr": 1e-3, "text_lr": "3e-4", "algo": "dqn", "same": 1, "dueling": true, "seed": 1, "run": "x".repeat(201), "net": {"width": 64}, "only": null}),
            json!({"lr": 1, "text_lr": "1e-3", "algo": 5, "same": 1, "dueling": false, "seed": 2, "run": "y", "net": {"width": 64}, "only": 3}),
        ];
        let mut warnings = Vec::new();
        let found = differing(&configs.iter().map(Some).collect::<Vec<_>>(), &mut warnings);
        let numbers = |of: &[Option<f64>]| ParameterValues::Numbers(of.to_vec());
        let words = |of: &[&str]| ParameterValues::Words(of.iter().map(|word| Some((*word).to_owned())).collect());
        let expected = [
            ("algo", words(&["dqn", "5"])),
            ("dueling", words(&["true", "false"])),
            ("lr", numbers(&[Some(1e-3), Some(1.0)])),
            ("only", numbers(&[None, Some(3.0)])),
            ("text_lr", numbers(&[Some(3e-4), Some(1e-3)])),
        ];
        assert_eq!(found.iter().map(|of| of.key.as_str()).collect::<Vec<_>>(), expected.each_ref().map(|of| of.0));
        for (found, (key, values)) in found.iter().zip(expected) {
            assert_eq!(found.values, values, "{key}");
        }
        assert_eq!(
            warnings,
            ["Not looked at: 1 of the parameters, the first because run has words longer than 200 bytes."]
        );
    }

    #[test]
    fn flags_correlate_and_other_words_do_not() {
        let words =
            |of: &[Option<&str>]| ParameterValues::Words(of.iter().map(|word| word.map(str::to_owned)).collect());
        let flags = words(&[Some("true"), None, Some("false")]).numbers(&[0, 2]);
        assert_eq!(flags, Some(vec![1.0, 0.0]));
        assert_eq!(words(&[Some("adam"), Some("true")]).numbers(&[0, 1]), None);
        assert_eq!(
            words(&[Some("b"), None, Some("a")]).setting(&[0, 1, 2]),
            Setting::Words(vec![Some(1), None, Some(0)])
        );
    }
}
