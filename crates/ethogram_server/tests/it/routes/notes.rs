//! R-17: titles, descriptions, tags and hotspots.

use std::sync::Arc;

use ethogram_query::{Options, Workbench};
use ethogram_server::{ServeOptions, Server};
use serde_json::{Value, json};

use super::served;
use crate::runs::{RUN, finished};

fn path() -> String {
    format!("/api/runs/{RUN}/notes")
}

fn said(title: &str) -> Value {
    json!({
        "title": title,
        "description": "two lines\nof <b>text</b>",
        "tags": ["loop"],
        "episodes": { "3": {
            "title": null, "description": "", "tags": ["odd", "long"],
            "hotspots": [{ "from": 120, "to": 140, "title": "tunnel", "note": "goes through" }],
        } },
    })
}

#[tokio::test]
async fn row_r17_notes_are_written_beside_the_run_and_announced() {
    let (root, served) = served().await;
    let empty = served.get(&path()).await;
    assert_eq!(empty.json(), json!({ "title": null, "description": "", "tags": [], "episodes": {} }));
    let mut events = served.events();
    events.next_of("hello").await;
    let written = served.put(&path(), empty.header("etag"), &said("the tunnel")).await;
    assert_eq!((written.status, written.json()), (200, said("the tunnel")), "R-17");
    assert_eq!(events.next_of("notes").await, json!({ "run": RUN }));
    let read = served.get(&path()).await;
    assert_eq!((read.header("etag"), read.json()), (written.header("etag"), said("the tunnel")));
    assert_ne!(read.header("etag"), empty.header("etag"));
    let same = served.ask("GET", &path(), &[("If-None-Match", read.header("etag"))], b"").await;
    assert_eq!((same.status, same.body.len()), (304, 0));
    let file = std::fs::read_to_string(root.path().join("pong").join(RUN).join("meta/notes.json")).expect("a file");
    assert_eq!(serde_json::from_str::<Value>(&file).expect("json"), said("the tunnel"), "people can read it");
}

#[tokio::test]
async fn row_r17_the_table_of_runs_has_titles_and_tags_that_people_gave() {
    let (_root, served) = served().await;
    let words = async || {
        let runs = served.json("/api/runs").await;
        let run = runs["runs"].as_array().expect("runs").iter().find(|run| run["id"] == RUN).expect("the run").clone();
        (run["title"].clone(), run["given_tags"].clone())
    };
    assert_eq!(words().await, (Value::Null, json!([])));
    let tag = served.get(&path()).await.header("etag").to_owned();
    let written = served.put(&path(), &tag, &said("the tunnel")).await;
    assert_eq!(words().await, (json!("the tunnel"), json!(["loop"])));
    let other = served.put(&path(), written.header("etag"), &json!({ "title": null, "tags": ["other"] })).await;
    assert_eq!((other.status, words().await), (200, (Value::Null, json!(["other"]))));
}

#[tokio::test]
async fn what_somebody_else_wrote_is_not_written_over() {
    let (_root, served) = served().await;
    let before = served.get(&path()).await;
    let first = served.put(&path(), before.header("etag"), &said("first")).await;
    for tag in [before.header("etag"), "\"0000000000000000\"", "\"none of ours\""] {
        let second = served.put(&path(), tag, &said("second")).await;
        assert_eq!((second.status, second.json()["code"].as_str()), (412, Some("changed")), "{tag}");
        assert_eq!(second.json()["notes"], said("first"), "the client can take over what is there");
        assert_eq!(second.header("etag"), first.header("etag"));
    }
    for tag in ["", "*"] {
        let blind = served.put(&path(), tag, &said("second")).await;
        assert_eq!((blind.status, blind.error_code().as_str()), (428, "no_if_match"));
    }
    assert_eq!(served.json(&path()).await, said("first"));
}

#[tokio::test]
async fn what_cannot_be_kept_is_refused_by_name() {
    let (_root, served) = served().await;
    let tag = served.get(&path()).await.header("etag").to_owned();
    let of_episode = |notes: Value| json!({ "episodes": { "3": notes } });
    let spot = |from: Value, to: Value| of_episode(json!({ "hotspots": [{ "from": from, "to": to }] }));
    let cases = [
        (json!({ "titel": "x" }), 400, "unknown field `titel`"),
        (of_episode(json!({ "stars": 5 })), 400, "unknown field `stars`"),
        (of_episode(json!({ "hotspots": [{ "from": 1, "to": 2, "colour": "red" }] })), 400, "unknown field `colour`"),
        (json!({ "episodes": { "-1": {} } }), 400, "episodes"),
        (json!({ "tags": "x" }), 400, "tags"),
        (json!(7), 400, "expected struct Notes"),
        (spot(json!(5), json!(4)), 400, "it ends before it begins"),
        (spot(json!(-5), json!(4)), 400, "from"),
        (spot(json!(1.5), json!(4)), 400, "from"),
        (json!({ "title": "x".repeat(201) }), 413, "over the limit of 200"),
        (json!({ "title": "a\u{7}b" }), 400, "control character"),
        (json!({ "description": "x".repeat(300_000) }), 413, "over the limit of 20000"),
        (of_episode(json!({ "hotspots": vec![json!({ "from": 1, "to": 2 }); 1_001] })), 413, "over the limit of 1000"),
    ];
    for (body, status, expected) in cases {
        let answer = served.put(&path(), &tag, &body).await;
        let message = answer.json()["message"].as_str().expect("a message").to_owned();
        assert!(message.contains(expected), "{expected}: {message}");
        assert_eq!(answer.status, status, "{message}");
    }
    for body in ["", "{", "nul", "\u{feff}{}"] {
        let origin = served.origin();
        let headers = [("Content-Type", "application/json"), ("Origin", origin.as_str()), ("If-Match", tag.as_str())];
        assert_eq!(served.ask("PUT", &path(), &headers, body.as_bytes()).await.error_code(), "bad_request", "{body}");
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let origin = served.origin();
    let headers = [("Content-Type", "application/json"), ("Origin", origin.as_str()), ("If-Match", tag.as_str())];
    assert_eq!(served.ask("PUT", &path(), &headers, deep.as_bytes()).await.error_code(), "bad_request");
    assert_eq!(served.get(&path()).await.header("etag"), tag, "nothing was written");
    assert_eq!(served.put("/api/runs/nobody/notes", &tag, &json!({})).await.status, 404);
}

#[tokio::test]
async fn a_damaged_file_is_told_of_and_kept() {
    let (root, served) = served().await;
    let meta = root.path().join("pong").join(RUN).join("meta");
    std::fs::create_dir(&meta).expect("a folder");
    std::fs::write(meta.join("notes.json"), r#"{"title": "by ha"#).expect("written");
    let answer = served.get(&path()).await;
    assert_eq!((answer.status, answer.error_code().as_str()), (500, "corrupt"));
    let blind = served.put(&path(), "\"0000000000000000\"", &json!({})).await;
    assert_eq!((blind.status, blind.json()["notes"].clone()), (412, Value::Null));
    assert!(meta.join("notes.json.bad-1").metadata().is_err(), "not before somebody has seen it");
    let written = served.put(&path(), answer.header("etag"), &said("anew")).await;
    assert_eq!(written.status, 200, "{}", written.text());
    let kept = std::fs::read_to_string(meta.join("notes.json.bad-1")).expect("kept");
    assert_eq!(kept, r#"{"title": "by ha"#);
    assert_eq!(served.json(&path()).await, said("anew"));
}

#[tokio::test]
async fn of_many_who_write_at_once_one_is_heard() {
    let (_root, served) = served().await;
    let tag = served.get(&path()).await.header("etag").to_owned();
    let titles: Vec<String> = (0..8).map(|index| format!("title {index}")).collect();
    let path = path();
    let answers = titles.iter().map(|title| {
        let (served, path, tag) = (&served, &path, &tag);
        async move { served.put(path, tag, &said(title)).await.status }
    });
    let mut statuses: Vec<u16> = futures::future::join_all(answers).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412, 412, 412, 412, 412, 412]);
}

#[tokio::test]
async fn a_run_that_has_no_place_for_notes_says_so() {
    let root = tempfile::tempdir().expect("a folder");
    let run = finished(root.path());
    let options = Options { openers: vec![Arc::new(super::foreign::Opener(run))], ..Options::default() };
    let workbench = Workbench::open(vec![root.path().to_owned().into()], options).expect("a workbench");
    let options = ServeOptions { port: Some(0), ..ServeOptions::default() };
    let server = Server::bind(Arc::new(workbench), options).await.expect("a server");
    let served = crate::http::Served::of(server);
    let empty = served.get(&path()).await;
    let refused = served.put(&path(), empty.header("etag"), &said("x")).await;
    assert_eq!((refused.status, refused.error_code().as_str()), (403, "read_only"));
    assert!(!refused.json()["hint"].as_str().expect("a hint").is_empty());
}
