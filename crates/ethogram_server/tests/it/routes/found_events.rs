use std::sync::Arc;

use ethogram_server::ServeOptions;
use ethogram_store::{Array, Axis, EpisodeRow, RunState, StepValue};
use serde_json::Value;

use crate::{
    http::Served,
    runs::{CREATED_US, RUN, episode, info, start},
};

/// Two episodes, of which the second runs in a circle; and an entropy that collapses.
async fn found() -> (tempfile::TempDir, Served) {
    let root = tempfile::tempdir().expect("a folder");
    let run = start(root.path(), info(RUN, "looping"));
    for index in 0..2 {
        run.episode(EpisodeRow { recorded: true, length: 120, ..episode(index) }).expect("logged");
        for step in 0..120_u64 {
            let place = if index == 1 { step % 3 } else { step };
            let values: Vec<(Arc<str>, StepValue)> = vec![
                ("observation".into(), StepValue::Array(Array::from_f32(&[place as f32, 1.0]))),
                ("action".into(), StepValue::Array(Array::scalar_i64(step as i64 % 3))),
                ("reward".into(), StepValue::Array(Array::scalar(0.0))),
                ("action_probabilities".into(), StepValue::Array(Array::from_f32(&[0.5, 0.25 + index as f32 * 0.25]))),
            ];
            run.step(index, step, values).expect("logged");
        }
    }
    for step in 0..100_i64 {
        let entropy = if step < 50 { 1.0 } else { 0.001 };
        run.scalar(Axis::GlobalStep, "losses/entropy", step, CREATED_US + step, entropy).expect("logged");
    }
    run.close(RunState::Finished).expect("closed");
    let served = Served::start(&[root.path().to_owned()], ServeOptions::default()).await;
    (root, served)
}

async fn get(served: &Served, path: &str) -> Value {
    let answer = served.get(&format!("/api/runs/{RUN}{path}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_b12_a_loop_is_sent_with_its_evidence() {
    let (_root, served) = found().await;
    let all = get(&served, "/events?kinds=loop,high_advantage&top=3").await;
    assert_eq!((all["done"].as_u64(), all["episodes"].as_u64()), (Some(2), Some(2)));
    let events = all["events"].as_array().expect("events");
    assert_eq!(events.len(), 1, "{all}");
    assert_eq!((events[0]["kind"].as_str(), events[0]["episode"].as_u64()), (Some("loop"), Some(1)));
    assert_eq!((events[0]["from"].as_u64(), events[0]["to"].as_u64()), (Some(0), Some(120)));
    assert_eq!(events[0]["numbers"]["period"].as_f64(), Some(3.0));
    let kinds = all["kinds"].as_array().expect("kinds");
    let kind = |name: &str| kinds.iter().find(|kind| kind["name"] == name).expect("a kind");
    assert_eq!(kind("loop")["count"].as_u64(), Some(1));
    assert!(kind("high_advantage")["missing"].as_str().is_some_and(|why| why.contains("value")));
    assert!(kind("value_surprise")["count"].is_null(), "it was not looked for");
    let none = get(&served, "/episodes/0/events?kinds=loop").await;
    assert_eq!(none["events"].as_array().map(Vec::len), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_and_divergence_are_sent() {
    let (_root, served) = found().await;
    let health = get(&served, "/health").await;
    let rules: Vec<_> =
        health["findings"].as_array().expect("findings").iter().map(|one| one["rule"].as_str()).collect();
    assert_eq!(rules, [Some("entropy_collapse"), Some("looping")], "{health}");
    assert_eq!(health["findings"][0]["step"].as_i64(), Some(50));
    let calm = get(&served, "/health?entropy_share=0&loop_steps_share=1").await;
    assert_eq!(calm["findings"].as_array().map(Vec::len), Some(0));
    let moved = get(&served, "/divergence?base=e").await;
    assert!(moved["episodes"][0]["mean"].is_null() && moved["episodes"][1]["mean"].as_f64().is_some_and(|d| d > 0.0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_makes_no_sense_is_named() {
    let (_root, served) = found().await;
    for (path, words) in [
        ("/events?kinds=lop", "expected some of loop"),
        ("/events?loopy=1", "expected one of gamma"),
        ("/events?top=1001", "EVENTS_TOP_MAX"),
        ("/events?loop_share=2", "a number from 0 to 1"),
        ("/health?kl=1", "expected one of explosion"),
        ("/divergence?base=3", "one of 2, e"),
        ("/episodes/9/events", "no episode 9"),
    ] {
        let answer = served.get(&format!("/api/runs/{RUN}{path}")).await;
        assert!((400..500).contains(&answer.status), "{path}: {}", answer.status);
        assert!(answer.text().contains(words), "{path}: {}", answer.text());
    }
}
