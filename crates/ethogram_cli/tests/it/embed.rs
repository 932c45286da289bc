//! `ethogram embed`: what it writes and says. That its numbers are right is held by the tests of the Python package, which read them back.

use std::sync::Arc;

use ethogram_store::{Array, EpisodeEnd, EpisodeRow, RunState, StepValue};
use serde_json::Value;

use crate::{
    program::run,
    written::{log_run, write_run},
};

const RUN: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

/// A run with an episode of 30 observations of 3 numbers.
fn observed(root: &std::path::Path) -> String {
    let writer = log_run(root, RUN, "dqn");
    let row = EpisodeRow {
        episode: 2,
        env_index: 0,
        agent: None,
        seed: None,
        end: EpisodeEnd::Terminated,
        episode_return: 0.0,
        length: 30,
        global_step: 0,
        started_us: 1,
        ended_us: Some(2),
        recorded: true,
        evaluation: false,
        checkpoint: None,
        env_return: None,
        extra: serde_json::Map::new(),
    };
    writer.episode(row).expect("logged");
    for step in 0..30 {
        let t = step as f32 / 5.0;
        let values: Vec<(Arc<str>, StepValue)> = vec![
            ("observation".into(), StepValue::Array(Array::from_f32(&[t.sin(), t.cos(), 1.0]))),
            ("reward".into(), StepValue::Array(Array::scalar(f64::from(step) / 2.0))),
        ];
        writer.step(2, step as u64, values).expect("logged");
    }
    let path = writer.path().display().to_string();
    writer.close(RunState::Finished).expect("closed");
    path
}

#[test]
fn points_become_a_table_with_what_is_said_of_them() {
    let root = tempfile::tempdir().expect("a folder");
    let path = observed(root.path());
    let table = root.path().join("map.csv");
    let file = table.display().to_string();
    let asked = ["embed", &path, "--episodes", "2", "--method", "umap", "--n-neighbors", "50", "--with", "reward"];
    let said = run(&[&asked[..], &["-o", &file]].concat());
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.err.contains("note: n_neighbors is 30, not 50"), "{}", said.err);
    assert!(said.err.contains("note: 1 of 3 coordinates is the same everywhere"), "{}", said.err);
    assert!(said.out.starts_with(&format!("{file}: 30 of 30 steps, 3 numbers each, by umap in ")), "{}", said.out);
    let text = std::fs::read_to_string(&table).expect("a table");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!((lines.len(), lines[0]), (31, "run,episode,step,x,y,reward"));
    assert!(lines[4].starts_with("dqn,2,3,") && lines[4].ends_with(",1.5"), "{}", lines[4]);

    let asked = ["embed", &path, "--episodes", "2", "--supervised-by", "reward", "--label-weight", "0.8", "-o", &file];
    let said = run(&asked);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.err.contains("note: labels took part: near points of one of 30 values of \"reward\""), "{}", said.err);

    let folder = root.path().join("projector").display().to_string();
    let said =
        run(&["embed", &path, "--method", "pca", "--dims", "3", "--points", "10", "--projector", &folder, "--json"]);
    let told: Value = serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {}", said.err));
    assert_eq!((&told["points"], &told["steps"], &told["width"]), (&Value::from(9), &Value::from(33), &Value::from(3)));
    assert_eq!(told["left_out"][0]["count"], 1, "a step of the episode without observations: {told}");
    assert_eq!(told["variance_ratio"].as_array().map(Vec::len), Some(3));
    let config = std::fs::read_to_string(format!("{folder}/projector_config.pbtxt")).expect("a configuration");
    assert!(config.contains("tensor_name: \"observation\"\n  tensor_shape: 9\n  tensor_shape: 3"), "{config}");
}

#[test]
fn what_cannot_be_laid_out_says_why() {
    let root = tempfile::tempdir().expect("a folder");
    let path = write_run(root.path(), RUN, "dqn").display().to_string();
    let file = root.path().join("map.csv").display().to_string();
    let check = |args: &[&str], code: i32, expected: &str| {
        let said = run(&[&["embed", &path], args].concat());
        assert_eq!(said.code, code, "{args:?}: {}", said.err);
        assert!(said.err.contains(expected), "{args:?}: {}", said.err);
        assert!(!std::path::Path::new(&file).exists(), "{args:?}");
    };
    check(&["-o", &file], 1, "no field \"observation\" in episode 0");
    check(&["-o", "map.xlsx"], 1, "expected a name that ends in .csv or .npz, found map.xlsx");
    check(&["-o", &file, "--episodes", "1"], 1, "episode 1 of dqn is not there, or its steps were not recorded");
    check(&["-o", &file, "--of", "reward", "--method", "isomap"], 1, "one of pca, umap, tsne");
    check(&["-o", &file, "--of", "layer/relu"], 1, "the run has no checkpoint");
    check(&["-o", &file, "--samples", "space-1"], 1, "eg.probe(policy, run=run");
    check(&["-o", &file, "--of", "reward", "--perplexity", "9"], 1, "expected one of n_neighbors");
    check(
        &["-o", &file, "--of", "reward", "--method", "tsne", "--supervised-by", "reward"],
        1,
        "the only one that takes",
    );
    check(&[], 2, "--output <FILE>");
}
