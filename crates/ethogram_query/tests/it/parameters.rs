//! B-13: parameters of configs beside what runs reached.

use std::sync::Arc;

use ethogram_query::{
    Facet, ForestParams, Normalization, ParameterValues, Parameters, ParametersRequest, Score, Workbench,
};
use ethogram_store::{EnvSpec, EpisodeEnd, EpisodeRow, RunId, RunInfo};
use serde_json::{Value, json};

use crate::memory::{MemoryRun, Shelf, episode_row};

/// A run for each config, task and return; NaN for none.
fn sweep(runs: &[(Value, &str, f64)]) -> (Workbench, Vec<RunId>) {
    let shelf = Shelf::default();
    let mut ids = Vec::new();
    for (at, (config, task, reached)) in runs.iter().enumerate() {
        let env = Some(EnvSpec { id: (*task).into(), ..EnvSpec::default() });
        let run = Arc::new(MemoryRun::with_info(RunInfo {
            name: format!("run-{at:02}"),
            config: config.clone(),
            env,
            ..RunInfo::default()
        }));
        if !reached.is_nan() {
            let row = episode_row(0, EpisodeEnd::Terminated);
            run.episode_told(EpisodeRow { episode_return: *reached, recorded: false, ..row });
        }
        run.finish();
        shelf.put(&format!("/runs/{at:02}"), &run);
        ids.push(run.id());
    }
    (shelf.workbench(), ids)
}

fn request(runs: &[RunId]) -> ParametersRequest {
    ParametersRequest {
        runs: runs.to_vec(),
        task: Facet::Auto,
        score: Score::default(),
        normalization: Normalization::Auto,
        forest: ForestParams::default(),
    }
}

fn read(bench: &Workbench, runs: &[RunId]) -> Parameters {
    bench.parameters(&request(runs)).expect("parameters")
}

/// The learning rate decides, by its logarithm; the optimizer and the number that some lack say nothing.
fn rates(at: u32) -> (Value, &'static str, f64) {
    let optimizer = ["adam", "sgd"][(at / 4 % 2) as usize];
    let mut config = json!({ "lr": 10_f64.powi(-((at % 4) as i32)), "optimizer": optimizer, "seed": at });
    if at >= 8 {
        config["extra"] = json!({ "clip": 0.1 * f64::from(at / 8) });
    }
    (config, "a", f64::from(at % 4))
}

#[test]
fn row_b13_what_decides_is_first_and_correlates() {
    let runs: Vec<_> = (0..24).map(rates).collect();
    let (bench, ids) = sweep(&runs);
    let found = read(&bench, &ids);
    let keys: Vec<&str> = found.parameters.iter().map(|of| of.key.as_str()).collect();
    assert_eq!((keys.len(), keys[0]), (3, "lr"), "{keys:?}");
    let lr = &found.parameters[0];
    assert!(lr.impurity.is_some_and(|share| share > 0.99), "{lr:?}");
    // A shuffle that foretells nothing any more costs R² twice over.
    assert!(lr.permutation.is_some_and(|fall| (1.2..2.6).contains(&fall.mean)), "{lr:?}");
    assert_eq!(lr.rank_correlation.map(|found| (found * 1e9).round()), Some(-1e9));
    // numpy.corrcoef of six times [1, 0.1, 0.01, 0.001] and [0, 1, 2, 3].
    assert!(lr.correlation.is_some_and(|found| (found + 0.824_140_716_620_699).abs() < 1e-9), "{lr:?}");
    assert!(found.explained.is_some_and(|explained| explained > 0.99), "{:?}", found.explained);
    let optimizer = found.parameters.iter().find(|of| of.key == "optimizer").expect("a parameter");
    assert!(optimizer.correlation.is_none() && optimizer.impurity.is_some_and(|share| share < 0.01), "{optimizer:?}");
    assert!(optimizer.permutation.is_some_and(|fall| fall.mean.abs() < 0.05), "{optimizer:?}");
    let clip = found.parameters.iter().find(|of| of.key == "extra.clip").expect("a parameter");
    let ParameterValues::Numbers(values) = &clip.values else { panic!("{clip:?}") };
    assert_eq!(values.iter().filter(|value| value.is_none()).count(), 8, "who has none has none");
    assert_eq!(found, read(&bench, &ids), "the same question has the same answer");
}

#[test]
fn row_b13_a_run_without_a_score_has_no_outcome_and_few_runs_no_importance() {
    let mut runs: Vec<_> = (0..6).map(rates).collect();
    runs.push((json!({ "lr": 0.5 }), "a", f64::NAN));
    let (bench, ids) = sweep(&runs);
    let found = read(&bench, &ids);
    assert_eq!((found.runs.len(), found.left_out.len(), found.explained), (6, 1, None));
    assert!(found.parameters.iter().all(|of| of.permutation.is_none() && of.impurity.is_none()));
    assert!(found.parameters.iter().any(|of| of.correlation.is_some()));
    assert_eq!(found.warnings[0], "Importance takes 8 runs with a score; there are 6.");
    assert!(found.warnings[1].starts_with("Left out: 1 of the runs, the first because: "), "{:?}", found.warnings);
}

#[test]
fn row_b13_outcomes_of_several_tasks_are_on_one_scale() {
    let of = |task: &'static str, lr: f64, reached: f64| (json!({ "lr": lr }), task, reached);
    let (bench, ids) = sweep(&[of("a", 1.0, 10.0), of("a", 2.0, 30.0), of("b", 1.0, -5.0), of("b", 2.0, 5.0)]);
    let found = read(&bench, &ids);
    assert_eq!(found.normalization, Normalization::MinMax);
    assert_eq!(found.runs.iter().map(|run| run.outcome).collect::<Vec<_>>(), [0.0, 1.0, 0.0, 1.0].map(Some));
    let raw = ParametersRequest { normalization: Normalization::None, ..request(&ids) };
    let warnings = bench.parameters(&raw).expect("parameters").warnings;
    assert!(warnings.contains(&"Scores of 2 tasks are compared as they are.".to_owned()), "{warnings:?}");
}

/// Every run has its own number, and the forest splits by it where the noise of the score can be known by heart: impurity takes that for
/// importance, permutation does not.
#[test]
fn row_b13_a_number_of_its_own_for_each_run_is_not_important_by_permutation() {
    let of = |at: u32| {
        let noise = f64::from(at * 7919 % 101) / 101.0;
        let reached = f64::from(at % 2) + noise;
        (json!({ "double": at.is_multiple_of(2), "port": at * 37 % 64, "seed": at }), "a", reached)
    };
    let (bench, ids) = sweep(&(0..64).map(of).collect::<Vec<_>>());
    let found = read(&bench, &ids);
    let keys: Vec<&str> = found.parameters.iter().map(|of| of.key.as_str()).collect();
    assert_eq!(keys, ["double", "port"]);
    let [double, port] = &found.parameters[..] else { panic!("{keys:?}") };
    assert!(port.impurity.is_some_and(|share| share > 0.2), "{port:?}");
    let (double, port) = (double.permutation.expect("a fall"), port.permutation.expect("a fall"));
    assert!(port.mean < 0.1 * double.mean && double.sd.is_some_and(|sd| sd < double.mean), "{double:?} {port:?}");
}
