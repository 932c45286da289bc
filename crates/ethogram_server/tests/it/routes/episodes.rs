use serde_json::json;

use super::{covered, served};
use crate::runs::{CREATED_US, RUN, STEPS};

#[tokio::test]
async fn episodes_are_columns_and_missing_is_missing() {
    let (_root, served) = served().await;
    let columns = served.columns(&format!("/api/runs/{RUN}/episodes")).await;
    let kinds: Vec<_> = columns
        .names()
        .iter()
        .map(|name| (name.to_string(), columns.entry(name).expect("an entry").dtype.clone()))
        .collect();
    let expected = [
        ("episode", "float64"),
        ("env_index", "uint32"),
        ("agent", "text"),
        ("seed", "int64"),
        ("end", "text"),
        ("episode_return", "float64"),
        ("length", "float64"),
        ("global_step", "float64"),
        ("started_us", "float64"),
        ("ended_us", "float64"),
        ("recorded", "bool"),
        ("evaluation", "bool"),
        ("checkpoint", "float64"),
        ("env_return", "float64"),
        ("extra", "text"),
    ];
    assert_eq!(kinds, expected.map(|(name, kind)| (name.to_owned(), kind.to_owned())));
    assert_eq!(columns.f64("episode"), Some(vec![0.0, 1.0, 3.0]), "an index that was never logged has no row");
    assert_eq!(columns.f64("episode_return"), Some(vec![-21.0, -20.0, -18.0]));
    assert_eq!(columns.f64("recorded"), Some(vec![1.0, 0.0, 0.0]));
    assert_eq!(columns.f64("started_us"), Some(vec![(CREATED_US + 1) as f64; 3]));
    let text = |name: &str| columns.text(name).expect("text").to_vec();
    assert_eq!(text("end"), ["terminated", "terminated", "open"].map(|end| Some(end.to_owned())));
    assert_eq!(text("agent"), [None, Some("left".into()), None]);
    assert_eq!(text("extra"), [Some(r#"{"level":"easy"}"#.into()), None, None]);
    for name in ["seed", "ended_us", "checkpoint", "env_return"] {
        assert_eq!(columns.valid(name), Some([true, false, false].as_slice()), "{name}");
    }
    let seed = columns.bytes("seed").expect("seeds")[..8].try_into().expect("eight bytes");
    assert_eq!(i64::from_le_bytes(seed), i64::MAX - 1, "a seed keeps all of its bits");
}

#[tokio::test]
async fn a_range_of_episodes_is_half_open() {
    let (_root, served) = served().await;
    let columns = served.columns(&format!("/api/runs/{RUN}/episodes?from=1&to=3")).await;
    assert_eq!(columns.f64("episode"), Some(vec![1.0]));
    let beyond = served.columns(&format!("/api/runs/{RUN}/episodes?from=100")).await;
    assert_eq!(beyond.f64("episode"), Some(vec![]));
}

#[tokio::test]
async fn one_episode_tells_its_steps_and_fields() {
    let (_root, served) = served().await;
    let mut episode = served.json(&format!("/api/runs/{RUN}/episodes/0")).await;
    assert_eq!(episode["steps"], STEPS + 1);
    let fields = episode["fields"].as_array_mut().expect("fields");
    assert!(fields.iter().any(|field| field["origin"] == "derived"), "{fields:?}");
    // What can be derived grows with the registry, which has tests of its own.
    fields.retain(|field| field["origin"] == "logged");
    insta::assert_json_snapshot!("episode", covered(episode));
    let bare = served.json(&format!("/api/runs/{RUN}/episodes/1")).await;
    assert_eq!((&bare["steps"], &bare["fields"]), (&0.into(), &serde_json::json!([])), "it was not recorded");
    for missing in [2, 4, u64::MAX] {
        assert_eq!(served.get(&format!("/api/runs/{RUN}/episodes/{missing}")).await.error_code(), "not_found");
    }
}

#[tokio::test]
async fn what_did_not_change_is_not_sent_twice() {
    let (_root, served) = served().await;
    for path in ["episodes", "episodes/0/fields?names=reward", "episodes/0/frames", "tensors?tag=weights"] {
        let path = format!("/api/runs/{RUN}/{path}");
        let first = served.get(&path).await;
        let tag = first.header("etag").to_owned();
        assert!(first.status == 200 && tag.starts_with('"'), "{path}: {first:?}");
        assert_eq!(first.header("cache-control"), "private, no-cache", "{path}");
        let again = served.ask("GET", &path, &[("If-None-Match", &tag)], b"").await;
        assert_eq!((again.status, again.body.len(), again.header("etag")), (304, 0, tag.as_str()), "{path}");
        let other = served.ask("GET", &path, &[("If-None-Match", "\"other\"")], b"").await;
        assert_eq!(other.body, first.body, "{path}");
    }
}

#[tokio::test]
async fn episodes_are_summed_up_and_what_is_not_there_is_left_out() {
    let (_root, served) = served().await;
    let path = format!("/api/runs/{RUN}/episodes/summary");
    let found = served.post(&path, &json!({ "episodes": [3, 0, 1, 2, 0] })).await.json();
    assert_eq!(found["episodes"], 3);
    let returns = &found["episode_return"];
    assert_eq!((&returns["min"], &returns["median"], &returns["max"]), (&json!(-21.0), &json!(-20.5), &json!(-20.0)));
    assert_eq!((&returns["count"], &returns["not_finite"]), (&json!(2), &json!(0)), "without the open one");
    assert_eq!(found["length"]["count"], 2);
    assert_eq!(found["length"]["mean"].as_f64().map(f64::round), Some(STEPS as f64));
    assert_eq!(found["ends"], json!({ "open": 1, "terminated": 2 }));
    let nothing = served.post(&path, &json!({ "episodes": [] })).await.json();
    assert_eq!((&nothing["episodes"], &nothing["episode_return"]["mean"]), (&json!(0), &json!(null)));
}
