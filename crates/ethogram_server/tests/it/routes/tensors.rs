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
