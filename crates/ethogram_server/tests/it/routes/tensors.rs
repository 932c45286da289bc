use serde_json::json;

use super::served;
use crate::runs::{CREATED_US, RUN};

#[tokio::test]
async fn rows_of_a_tag_are_columns() {
    let (_root, served) = served().await;
    let columns = served.columns(&format!("/api/runs/{RUN}/tensors?axis=global_step&tag=weights")).await;
    assert_eq!(columns.names(), ["step", "time_us", "row/0", "row/1"]);
    assert_eq!(columns.f64("step"), Some(vec![10.0, 20.0]));
    assert_eq!(columns.f64("time_us").map(|times| times[0]), Some((CREATED_US + 10) as f64));
    assert_eq!(columns.entry("row/0").map(|entry| entry.shape.clone()), Some(vec![2, 2]));
    assert_eq!(columns.f64("row/1"), Some(vec![4.5]));
    let rows = json!([
        { "kind": "distribution", "shape": [2, 2], "meta": { "edges": [0.0, 1.0, 2.0] } },
        { "kind": "tensor", "shape": [], "meta": {} },
    ]);
    assert_eq!(columns.header["rows"], rows);
    let part = served.columns(&format!("/api/runs/{RUN}/tensors?tag=weights&from=11")).await;
    assert_eq!(part.f64("step"), Some(vec![20.0]));
}

#[tokio::test]
async fn a_text_is_its_bytes() {
    let (_root, served) = served().await;
    let columns = served.columns(&format!("/api/runs/{RUN}/tensors?axis=episode&tag=note")).await;
    assert_eq!(columns.bytes("row/0"), Some(b"hello".as_slice()));
    assert_eq!(columns.header["rows"][0]["kind"], "text");
}

#[tokio::test]
async fn unknown_tags_and_axes_are_named() {
    let (_root, served) = served().await;
    for (query, code) in [
        ("tag=nothing", "not_found"),
        ("axis=episode&tag=weights", "not_found"),
        ("axis=week&tag=weights", "bad_request"),
        ("", "bad_request"),
    ] {
        assert_eq!(served.get(&format!("/api/runs/{RUN}/tensors?{query}")).await.error_code(), code, "{query}");
    }
}

#[tokio::test]
async fn what_is_too_much_is_refused_before_it_is_read() {
    let root = tempfile::tempdir().expect("a folder");
    let run = crate::runs::start(root.path(), crate::runs::info(RUN, "many"));
    let row = |step| ethogram_store::TensorRow {
        step,
        time_us: CREATED_US,
        kind: ethogram_store::TensorKind::Tensor,
        array: ethogram_store::Array::scalar(1.0),
        meta: serde_json::Map::new(),
    };
    for step in 0..10_001 {
        run.tensor(ethogram_store::Axis::GlobalStep, "weights", row(step)).expect("logged");
    }
    run.close(ethogram_store::RunState::Finished).expect("closed");
    let served = crate::http::Served::start(&[root.path().into()], ethogram_server::ServeOptions::default()).await;
    let path = format!("/api/runs/{RUN}/tensors?tag=weights");
    let refused = served.get(&path).await;
    let message = "rows of tensors: found 10001, over the limit of 10000";
    assert_eq!((refused.status, refused.json()["message"].as_str()), (413, Some(message)));
    assert_eq!(served.columns(&format!("{path}&from=1")).await.f64("step").map(|steps| steps.len()), Some(10_000));
}
