//! Runs that are logged to while they are served.

use std::time::{Duration, Instant};

use ethogram_server::ServeOptions;
use ethogram_store::{Axis, RunState};
use serde_json::json;

use crate::{
    http::Served,
    runs::{RUN, episode, info, log_step, start},
};

fn live_info() -> ethogram_store::RunInfo {
    ethogram_store::RunInfo { created_us: ethogram_store::now_us(), ..info(RUN, "live") }
}

#[tokio::test]
async fn a_stream_on_which_nothing_happens_says_that_the_server_is_alive() {
    let root = tempfile::tempdir().expect("a folder");
    let served = Served::start(&[root.path().into()], ServeOptions::default()).await;
    let mut events = served.events();
    assert_eq!(events.next().await.0, "hello");
    let began = Instant::now();
    for _ in 0..2 {
        assert_eq!(events.next_name().await, "alive");
    }
    let quiet = began.elapsed();
    assert!(quiet >= ethogram_server::limits::KEEP_ALIVE_EVERY, "twice within {quiet:?}");
}

#[tokio::test]
async fn row_b1_a_logged_value_is_announced_and_there_when_asked_for() {
    let root = tempfile::tempdir().expect("a folder");
    let run = start(root.path(), live_info());
    run.scalar(Axis::GlobalStep, "loss", 0, 1, 1.0).expect("logged");
    run.flush().expect("flushed");
    let served = Served::start(&[root.path().into()], ServeOptions::default()).await;
    let mut events = served.events();
    let (name, hello) = events.next().await;
    assert_eq!(name, "hello");
    assert_eq!((&hello["runs"][0]["run"], &hello["runs"][0]["state"]), (&json!(RUN), &json!("running")));

    let series = json!({ "series": [{ "run": RUN, "axis": "global_step", "tag": "loss" }] });
    let logged = Instant::now();
    run.scalar(Axis::GlobalStep, "loss", 1, 2, 0.5).expect("logged");
    loop {
        let notice = events.next_of("revision").await;
        assert_eq!((&notice["run"], &notice["state"]), (&json!(RUN), &json!("running")));
        let points = served.post("/api/series", &series).await.columns();
        if points.f64("0/last") == Some(vec![1.0, 0.5]) {
            break;
        }
    }
    // The bar is one second; a loaded machine gets more, and the bench has the number.
    assert!(logged.elapsed() < Duration::from_secs(10), "{:?}", logged.elapsed());

    run.close(RunState::Finished).expect("closed");
    while events.next_of("revision").await["state"] != "finished" {}
    assert_eq!(served.json("/api/runs").await["runs"][0]["state"], "finished");
    served.stop().await;
}

#[tokio::test]
async fn row_b1_a_run_that_appears_is_announced() {
    let root = tempfile::tempdir().expect("a folder");
    let served = Served::start(&[root.path().into()], ServeOptions::default()).await;
    let mut events = served.events();
    assert_eq!(events.next().await, ("hello".into(), json!({ "runs": [] })));
    let run = start(root.path(), live_info());
    assert_eq!(events.next_of("runs").await, json!({}));
    assert_eq!(served.json("/api/runs").await["runs"][0]["name"], "live");
    run.close(RunState::Finished).expect("closed");
    std::fs::remove_dir_all(root.path().join("pong")).expect("removed");
    assert_eq!(events.next_of("runs").await, json!({}), "a run that went");
    assert_eq!(served.json("/api/runs").await["runs"], json!([]));
}

#[tokio::test]
async fn an_episode_can_be_watched_while_it_is_played() {
    let root = tempfile::tempdir().expect("a folder");
    let run = start(root.path(), live_info());
    let open = ethogram_store::EpisodeRow { recorded: true, end: ethogram_store::EpisodeEnd::Open, ..episode(0) };
    run.episode(open).expect("logged");
    let served = Served::start(&[root.path().into()], ServeOptions::default()).await;
    let mut events = served.events();
    events.next().await;
    let path = format!("/api/runs/{RUN}/episodes/0/fields?names=reward");
    let mut tag = String::new();
    for step in 0..3 {
        log_step(&run, 0, step);
        run.flush().expect("flushed");
        loop {
            events.next_of("revision").await;
            let answer = served.ask("GET", &path, &[("If-None-Match", &tag)], b"").await;
            if answer.status == 304 {
                continue;
            }
            answer.header("etag").clone_into(&mut tag);
            if answer.columns().f64("reward").map(|rewards| rewards.len()) == Some(step as usize + 1) {
                break;
            }
        }
    }
}

#[tokio::test]
async fn stopping_ends_open_streams() {
    let root = tempfile::tempdir().expect("a folder");
    let served = Served::start(&[root.path().into()], ServeOptions::default()).await;
    let mut events = served.events();
    events.next().await;
    let stopping = Instant::now();
    served.stop().await;
    assert_eq!(events.next_or_end().await, None);
    assert!(stopping.elapsed() < Duration::from_secs(10), "{:?}", stopping.elapsed());
}
