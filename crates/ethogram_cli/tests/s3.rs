//! Runs in an object store, served, listed and checked by the program as people start it.
//!
//! `.ci/test-s3` starts a store and sets what this reads: `ETHOGRAM_TEST_S3` (a URL such as `s3://bucket/prefix`, where anything may be
//! written and removed) and the `AWS_` variables that the program reads too.

#[path = "it/program.rs"]
mod program;
#[path = "it/serving.rs"]
mod serving;
#[path = "it/written.rs"]
#[allow(dead_code, reason = "shared with the tests of local runs")]
mod written;

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use ethogram_store::{Axis, RunState, RunWriter, WriterOptions};
use program::run;
use serde_json::Value;
use serving::Serving;

const RUN: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
const OTHER: &str = "01BX5ZZKBKACTAV9WEVGEMMVRZ";

/// A prefix of this test alone.
fn bucket(test: &str) -> String {
    let url = std::env::var("ETHOGRAM_TEST_S3").expect("ETHOGRAM_TEST_S3 is not set; run .ci/test-s3");
    format!("{url}/{test}-{}", std::process::id())
}

fn push(from: &Path, to: &str) {
    let said = run(&["push", &from.display().to_string(), to]);
    assert_eq!(said.code, 0, "{}", said.err);
}

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no head: {answer}")).1
}

fn json(server: &Serving, path: &str) -> Value {
    let answer = server.get(path);
    serde_json::from_str(body(&answer)).unwrap_or_else(|error| panic!("{error}: {answer}"))
}

/// Asks again until the answer is as wanted.
fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(60) {
        if let Some(found) = ask() {
            return found;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    panic!("it did not come: {what}");
}

/// The answer without what tells one place from another.
fn equal_part(mut answer: Value) -> Value {
    if let Some(members) = answer.as_object_mut() {
        for member in ["revision", "root", "roots"] {
            members.remove(member);
        }
    }
    answer
}

#[test]
fn a_run_in_a_bucket_is_served_as_the_same_run_from_the_disk() {
    let root = tempfile::tempdir().expect("a folder");
    written::write_run(root.path(), RUN, "dqn");
    let url = bucket("serve");
    push(root.path(), &url);
    let local = Serving::start(&["--port", "0", "."], root.path());
    let remote = Serving::start(&["--port", "0", &format!("{url}/")], root.path());

    let (here, there) = (json(&local, "/api/runs"), json(&remote, "/api/runs"));
    assert_eq!(there["skipped"], serde_json::json!([]));
    assert_eq!(there["roots"][0], url.as_str());
    assert_eq!(equal_part(there["runs"][0].clone()), equal_part(here["runs"][0].clone()));
    let first = format!("/api/runs/{RUN}");
    assert_eq!(equal_part(json(&remote, &first)), equal_part(json(&local, &first)));
    for path in [
        "/episodes",
        "/episodes/0",
        "/episodes/0/fields?names=reward,episode_return",
        "/episodes/0/frames?field=frame",
        "/notes",
    ] {
        let path = format!("{first}{path}");
        let (here, there) = (local.get(&path), remote.get(&path));
        assert!(here.starts_with("HTTP/1.1 200"), "{path}: {here}");
        assert_eq!(body(&there), body(&here), "{path}");
    }
    let curve = format!("/api/series.csv?run={RUN}&axis=global_step&tag=loss");
    assert_eq!(body(&remote.get(&curve)), body(&local.get(&curve)));
    assert_eq!(body(&local.get(&curve)).lines().count(), 51);
}

#[test]
fn a_run_that_grows_and_one_that_comes_are_seen() {
    let root = tempfile::tempdir().expect("a folder");
    let url = bucket("grow");
    let path = written::write_run(root.path(), RUN, "dqn");
    push(root.path(), &url);
    let server = Serving::start(&["--port", "0", &url], root.path());
    let points = || {
        let run = json(&server, &format!("/api/runs/{RUN}"));
        (run["scalars"][0]["count"].as_u64(), run["state"].as_str().map(str::to_owned))
    };
    assert_eq!(points(), (Some(50), Some("finished".into())));

    // A training process goes on with it, and somebody sends what there is from time to time.
    let writer = RunWriter::resume(&path, WriterOptions::default()).expect("resumed");
    for step in 50..80 {
        writer.scalar(Axis::GlobalStep, "loss", step * 1_000, 1, 0.25).expect("logged");
    }
    writer.flush().expect("flushed");
    push(root.path(), &url);
    until("80 points of a live run", || (points() == (Some(80), Some("running".into()))).then_some(()));
    for step in 80..90 {
        writer.scalar(Axis::GlobalStep, "loss", step * 1_000, 1, 0.125).expect("logged");
    }
    writer.close(RunState::Finished).expect("closed");
    written::write_run(root.path(), OTHER, "a second run");
    push(root.path(), &url);
    until("90 points of a finished run", || (points() == (Some(90), Some("finished".into()))).then_some(()));
    let run = json(&server, &format!("/api/runs/{RUN}"));
    assert_eq!(run["lost"], serde_json::json!([]));
    until("a second run", || json(&server, "/api/runs")["runs"].as_array().filter(|runs| runs.len() == 2).map(|_| ()));
}

#[test]
fn a_root_that_cannot_be_had_is_told_and_the_others_stay() {
    let root = tempfile::tempdir().expect("a folder");
    written::write_run(root.path(), RUN, "dqn");
    let url = bucket("mixed");
    push(root.path(), &url);
    let there = root.path().join("more");
    written::write_run(&there, OTHER, "local");
    let server = Serving::start(&["--port", "0", "more", "s3://no-such-bucket-of-ours/x", &url], root.path());
    let list = json(&server, "/api/runs");
    assert_eq!(list["runs"].as_array().map(Vec::len), Some(2), "{list}");
    assert_eq!(list["skipped"].as_array().map(Vec::len), Some(1), "{list}");
    let why = list["skipped"][0]["why"].as_str().expect("a reason");
    assert!(why.contains("there is no bucket \"no-such-bucket-of-ours\""), "{why}");
    let (_, err) = server.end("-INT");
    assert!(err.contains("1 run in more\n") && err.contains(&format!("1 run in {url}\n")), "{err}");

    let dead = run(&["ls", "--s3-endpoint", "http://127.0.0.1:9", "s3://bucket/runs"]);
    assert_eq!((dead.code, dead.out.as_str()), (1, ""));
    assert!(
        dead.err.contains("http://127.0.0.1:9 does not answer") && dead.err.contains("--s3-endpoint"),
        "{}",
        dead.err
    );
    let mut nobody = program::program();
    nobody
        .env("AWS_ACCESS_KEY_ID", "")
        .env_remove("AWS_SECRET_ACCESS_KEY")
        .env("AWS_METADATA_ENDPOINT", "http://127.0.0.1:9");
    let said = nobody.args(["ls", "--s3-endpoint", "http://127.0.0.1:9", "s3://bucket/runs"]).output().expect("it ran");
    let said = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(said.contains("no credentials") && said.contains("AWS_ACCESS_KEY_ID"), "{said}");
}

#[test]
fn the_other_commands_take_a_url_too() {
    let root = tempfile::tempdir().expect("a folder");
    let path = written::write_run(root.path(), RUN, "dqn");
    let url = bucket("commands");
    push(&path, &url);
    let listed: Value = serde_json::from_str(&run(&["ls", "--json", &url]).out).expect("json");
    let local: Value = serde_json::from_str(&run(&["ls", "--json", &path.display().to_string()]).out).expect("json");
    assert_eq!(listed[0]["path"], format!("{url}/pong/{RUN}"), "a run alone lies by its project and id");
    assert_eq!(listed[0]["mean_return"], local[0]["mean_return"]);
    let described: Value = serde_json::from_str(&run(&["info", "--json", &url]).out).expect("json");
    let local: Value = serde_json::from_str(&run(&["info", "--json", &path.display().to_string()]).out).expect("json");
    assert_eq!(described["weight"]["frames"], local["weight"]["frames"]);
    assert_eq!(described["weight"]["bytes_by_kind"]["frames"], local["weight"]["bytes_by_kind"]["frames"]);
    let checked = run(&["check", &format!("{url}/pong/{RUN}")]);
    assert_eq!((checked.code, checked.err.as_str()), (0, ""));
    assert!(checked.out.starts_with("sound: "), "{}", checked.out);
    for args in [["check", "--repair"], ["compact", "--json"]] {
        let said = run(&[args[0], args[1], &url]);
        assert!(said.code == 1 && said.err.contains("an object store is only read"), "{}", said.err);
    }
    let damaged = PathBuf::from(&path).join("status.json");
    std::fs::write(&damaged, "{").expect("written");
    push(&path, &url);
    let checked = run(&["check", &format!("{url}/pong/{RUN}")]);
    assert!(checked.code == 1 && checked.out.contains("status.json"), "{}", checked.out);
}

#[test]
fn a_pulled_run_is_the_pushed_one_and_a_pull_that_was_killed_goes_on() {
    let root = tempfile::tempdir().expect("a folder");
    let here = root.path().join("here");
    let path = written::write_run(&here, RUN, "dqn");
    written::write_run(&here, OTHER, "a second run");
    // Large enough that a pull takes a moment.
    let writer = RunWriter::resume(&path, WriterOptions::default()).expect("resumed");
    for blob in 0..12_u8 {
        let weights = (0..4 << 20).map(|at: u32| (at >> 8) as u8 ^ blob).collect();
        writer.checkpoint(i64::from(blob), "policy", "onnx", weights, serde_json::json!({})).expect("logged");
    }
    writer.close(RunState::Finished).expect("closed");
    let url = bucket("pull");
    push(&here, &url);

    let there = root.path().join("there");
    let mut pulling = program::program();
    let mut child =
        pulling.args(["pull", &url]).arg(&there).stdout(std::process::Stdio::null()).spawn().expect("started");
    until("something of a run", || there.join("pong").exists().then_some(()));
    child.kill().expect("killed");
    child.wait().expect("ended");
    let whole = |folder: &Path| ethogram_store::check(folder, false).expect("a run").is_sound();
    for run in ethogram_store::find_runs(&there, 10).expect("listed") {
        assert!(whole(&run), "what can be seen is whole: {}", run.display());
    }
    let said = run(&["pull", "--json", &url, &there.display().to_string()]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(ethogram_store::find_runs(&there, 10).expect("listed").len(), 2);
    let told = |folder: &Path| run(&["info", "--json", &folder.join("pong").join(RUN).display().to_string()]).out;
    let same = |text: String| -> Value {
        let mut value: Value = serde_json::from_str(&text).expect("json");
        value.as_object_mut().expect("an object").retain(|name, _| !["path", "root"].contains(&name.as_str()));
        value["weight"] = value["weight"]["frames"].take();
        value
    };
    assert_eq!(same(told(&there)), same(told(&here)));
    let again: Value =
        serde_json::from_str(&run(&["pull", "--json", &url, &there.display().to_string()]).out).expect("json");
    assert!(again.as_array().is_some_and(|runs| runs.iter().all(|run| run["report"]["files"] == 0)), "{again}");

    // One alone lies by its project and id.
    let alone = root.path().join("alone");
    let said = run(&["pull", &format!("{url}/pong/{RUN}"), &alone.display().to_string()]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(whole(&alone.join("pong").join(RUN)));
    let said = run(&["pull", &url, &here.display().to_string()]);
    assert!(said.code == 1 && said.err.contains("was not pulled"), "a run that lies there stays: {}", said.err);
    let said = run(&["pull", &format!("{url}/nothing"), &alone.display().to_string()]);
    assert!(said.code == 1 && said.err.contains("no run there"), "{}", said.err);
}

#[test]
fn two_servers_on_one_bucket_show_the_same() {
    let root = tempfile::tempdir().expect("a folder");
    let path = written::write_run(root.path(), RUN, "dqn");
    let url = bucket("two");
    push(root.path(), &url);
    let servers = [(); 2].map(|()| Serving::start(&["--port", "0", &url], root.path()));
    let points = |server: &Serving| json(server, &format!("/api/runs/{RUN}"))["scalars"][0]["count"].as_u64();
    assert_eq!(servers.each_ref().map(points), [Some(50); 2]);
    // A process on another machine logs on, and sends what there is while both are asked all the time.
    let writer = RunWriter::resume(&path, WriterOptions::default()).expect("resumed");
    for round in 1..=3_u64 {
        for step in 0..10 {
            let step = (50 + (round as i64 - 1) * 10 + step) * 1_000;
            writer.scalar(Axis::GlobalStep, "loss", step, 1, 0.25).expect("logged");
        }
        writer.flush().expect("flushed");
        push(root.path(), &url);
        for server in &servers {
            until("the points that were sent", || (points(server) == Some(50 + round * 10)).then_some(()));
        }
    }
    writer.close(RunState::Finished).expect("closed");
    push(root.path(), &url);
    for server in &servers {
        until("the end of the run", || {
            (json(server, &format!("/api/runs/{RUN}"))["state"] == "finished").then_some(())
        });
    }
    let curve = format!("/api/series.csv?run={RUN}&axis=global_step&tag=loss");
    let [one, other] = servers.each_ref().map(|server| body(&server.get(&curve)).to_owned());
    assert_eq!(one, other);
    assert_eq!(one.lines().count(), 81);
    for server in &servers {
        assert_eq!(json(server, &format!("/api/runs/{RUN}"))["lost"], serde_json::json!([]));
    }
}
