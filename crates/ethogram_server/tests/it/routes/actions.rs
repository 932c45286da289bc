use std::sync::Arc;

use ethogram_server::ServeOptions;
use ethogram_store::{Array, Dtype, EnvSpec, EpisodeRow, RunInfo, RunState, Space, StepValue};
use serde_json::{Value, json};

use crate::{
    http::Served,
    runs::{RUN, episode, info, start},
};

/// A run whose episodes take these actions; the last row of each holds the final observation alone.
async fn acting(space: Option<Space>, names: &[&str], episodes: &[Vec<Array>]) -> (tempfile::TempDir, Served) {
    let root = tempfile::tempdir().expect("a folder");
    let action_meanings = names.iter().map(|name| (*name).to_owned()).collect();
    let env = EnvSpec { id: "Test-v0".into(), action_space: space, action_meanings, ..EnvSpec::default() };
    let run = start(root.path(), RunInfo { env: Some(env), ..info(RUN, "acting") });
    for (index, actions) in episodes.iter().enumerate() {
        let index = index as u64;
        let recorded = !actions.is_empty();
        run.episode(EpisodeRow { recorded, ..episode(index) }).expect("logged");
        let observation = || ("observation".into(), StepValue::Array(Array::scalar(0.5)));
        for (step, action) in actions.iter().enumerate() {
            let values: Vec<(Arc<str>, StepValue)> =
                vec![observation(), ("action".into(), StepValue::Array(action.clone()))];
            run.step(index, step as u64, values).expect("logged");
        }
        if recorded {
            run.step(index, actions.len() as u64, vec![observation()]).expect("logged");
        }
    }
    run.close(RunState::Finished).expect("closed");
    let served = Served::start(&[root.path().to_owned()], ServeOptions::default()).await;
    (root, served)
}

async fn ask(served: &Served, body: Value) -> Value {
    let answer = served.post(&format!("/api/runs/{RUN}/actions"), &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

fn discrete(actions: &[i64]) -> Vec<Array> {
    actions.iter().map(|action| Array::scalar_i64(*action)).collect()
}

/// D-4: an episode that uses actions 0 and 2 only shows the right names, and those never taken with 0.
#[tokio::test]
async fn row_d4_all_actions_of_the_space_are_there() {
    let space = Space::Discrete { n: 4, start: 0, dtype: Dtype::Int64 };
    let names = ["NOOP", "FIRE", "RIGHT", "LEFT"];
    let episodes = [discrete(&[0, 2, 2, 0, 2]), discrete(&[3]), vec![]];
    let (_root, served) = acting(Some(space), &names, &episodes).await;
    let expected = json!({
        "episodes": 1, "unrecorded": 0, "steps": 5,
        "parts": [{ "kind": "choice", "name": "action", "outside": 0, "actions": [
            { "id": 0, "name": "NOOP", "count": 2, "fraction": 0.4 },
            { "id": 1, "name": "FIRE", "count": 0, "fraction": 0.0 },
            { "id": 2, "name": "RIGHT", "count": 3, "fraction": 0.6 },
            { "id": 3, "name": "LEFT", "count": 0, "fraction": 0.0 },
        ] }],
    });
    assert_eq!(ask(&served, json!({ "episodes": [0] })).await, expected);

    let all = ask(&served, json!({ "episodes": [2, 1, 0, 1] })).await;
    let counts: Vec<_> = all["parts"][0]["actions"].as_array().expect("actions").iter().map(|a| &a["count"]).collect();
    assert_eq!(counts, [2, 0, 3, 1]);
    assert_eq!((&all["episodes"], &all["unrecorded"], &all["steps"]), (&json!(2), &json!(1), &json!(6)));
    assert_eq!(ask(&served, json!({ "episodes": [2] })).await["parts"], json!([]));
}

#[tokio::test]
async fn a_space_that_starts_elsewhere_and_actions_outside_it() {
    let space = Space::Discrete { n: 2, start: -1, dtype: Dtype::Int64 };
    let (_root, served) = acting(Some(space), &["left", "right"], &[discrete(&[-1, 0, 0, 7])]).await;
    let part = &ask(&served, json!({ "episodes": [0] })).await["parts"][0];
    assert_eq!(part["outside"], 1);
    assert_eq!(part["actions"][0], json!({ "id": -1, "name": "left", "count": 1, "fraction": 0.25 }));
}

#[tokio::test]
async fn every_choice_of_several_is_counted_by_itself() {
    let space = Space::MultiDiscrete { nvec: vec![3, 2], shape: vec![2], dtype: Dtype::Int64 };
    let pair = |a: i64, b: i64| {
        Array::new(Dtype::Int64, vec![2], [a, b].iter().flat_map(|v| v.to_le_bytes()).collect()).expect("an action")
    };
    let (_root, served) = acting(Some(space), &[], &[vec![pair(0, 1), pair(2, 1)]]).await;
    let parts = ask(&served, json!({ "episodes": [0] })).await["parts"].clone();
    let counts = |part: usize| -> Vec<u64> {
        let actions = parts[part]["actions"].as_array().expect("actions");
        actions.iter().map(|action| action["count"].as_u64().expect("a count")).collect()
    };
    assert_eq!((counts(0), counts(1)), (vec![1, 0, 1], vec![0, 2]));
    assert_eq!((&parts[0]["name"], &parts[1]["name"]), (&json!("action[0]"), &json!("action[1]")));
    assert_eq!(parts[0]["actions"][0]["name"], Value::Null);

    let bits = Space::MultiBinary { shape: vec![2] };
    let bit = |a: i8, b: i8| Array::new(Dtype::Int8, vec![2], vec![a as u8, b as u8]).expect("bits");
    let (_root, served) = acting(Some(bits), &[], &[vec![bit(0, 1), bit(0, 1), bit(1, 1)]]).await;
    let parts = ask(&served, json!({ "episodes": [0] })).await["parts"].clone();
    assert_eq!((&parts[0]["actions"][1]["count"], &parts[1]["actions"][0]["count"]), (&json!(1), &json!(0)));
}

#[tokio::test]
async fn numbers_are_counted_between_the_bounds_of_the_space() {
    let bounded = Space::Box {
        shape: vec![2],
        dtype: Dtype::Float32,
        low: vec![Some(-1.0), None],
        high: vec![Some(1.0), None],
        stack_axis: None,
    };
    let taken = [[-1.0, 5.0], [0.5, 7.0], [3.0, f32::NAN], [1.0, 6.0]].map(|pair| Array::from_f32(&pair)).to_vec();
    let (_root, served) = acting(Some(bounded), &[], &[taken]).await;
    let parts = ask(&served, json!({ "episodes": [0], "bins": 4 })).await["parts"].clone();
    let expected = json!({
        "kind": "number", "name": "action[0]", "edges": [-1.0, -0.5, 0.0, 0.5, 1.0], "counts": [1.0, 0.0, 0.0, 2.0],
        "below": 0.0, "above": 1.0, "not_finite": 0.0,
    });
    assert_eq!(parts[0], expected);
    assert_eq!((&parts[1]["edges"][0], &parts[1]["edges"][4]), (&json!(5.0), &json!(7.0)), "its own extent");
    assert_eq!(parts[1]["not_finite"], 1.0);
}

#[tokio::test]
async fn without_a_space_whole_numbers_are_choices() {
    let (_root, served) = acting(None, &[], &[discrete(&[0, 3, 3])]).await;
    let actions = ask(&served, json!({ "episodes": [0] })).await["parts"][0]["actions"].clone();
    assert_eq!(actions.as_array().map(Vec::len), Some(4));
    assert_eq!(actions[3]["count"], 2);
}

#[tokio::test]
async fn limits_are_named() {
    let space = Space::Discrete { n: 5_000, start: 0, dtype: Dtype::Int64 };
    let (_root, served) = acting(Some(space), &[], &[discrete(&[0])]).await;
    let check = async |body: Value, status: u16, expected: &str| {
        let answer = served.post(&format!("/api/runs/{RUN}/actions"), &body).await;
        assert_eq!(answer.status, status, "{}", answer.text());
        assert!(answer.text().contains(expected), "{} lacks {expected}", answer.text());
    };
    check(json!({ "episodes": [0] }), 413, "ACTIONS_MAX").await;
    check(json!({ "episodes": (0..1_001).collect::<Vec<_>>() }), 413, "ACTION_EPISODES_MAX").await;
    check(json!({ "episodes": [9] }), 404, "no episode 9").await;
    check(json!({ "episodes": [0], "bins": 0 }), 400, "bins expected 1 to 4096, found 0").await;
    check(json!({ "episode": [0] }), 400, "unknown field").await;
}
