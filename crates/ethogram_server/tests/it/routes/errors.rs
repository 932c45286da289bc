use serde_json::json;

use super::served;
use crate::runs::RUN;

/// whatever is asked for, an error is JSON with a code for programs and a text for people.
#[tokio::test]
async fn row_r18_errors_are_typed_json() {
    let (_root, served) = served().await;
    let run = format!("/api/runs/{RUN}");
    let cases = [
        ("GET", "/api/nothing".to_owned(), 404, "not_found"),
        ("GET", "/api/runs/nobody".to_owned(), 404, "not_found"),
        ("GET", "/api/runs/nobody/episodes/0/frames".to_owned(), 404, "not_found"),
        ("GET", format!("{run}/episodes/99"), 404, "not_found"),
        ("GET", format!("{run}/episodes/first"), 400, "bad_request"),
        ("GET", format!("{run}/episodes/0/fields?names=reward&from=-1"), 400, "bad_request"),
        ("GET", format!("{run}/episodes/0/fields?names=reward&depth=2"), 400, "bad_request"),
        ("GET", format!("{run}/tensors"), 400, "bad_request"),
        ("GET", format!("{run}/blobs/0"), 400, "bad_request"),
        ("GET", format!("{run}/actions"), 405, "method_not_allowed"),
        ("DELETE", format!("{run}/episodes"), 403, "no_origin"),
    ];
    for (method, path, status, code) in cases {
        let answer = served.ask(method, &path, &[], b"").await;
        assert_eq!(answer.header("content-type"), "application/json", "{method} {path}");
        assert_eq!((answer.status, answer.error_code().as_str()), (status, code), "{method} {path}");
    }
    let refused = served.post("/api/series", &json!({"series": "all"})).await;
    assert_eq!((refused.status, refused.error_code().as_str()), (400, "bad_request"));
}
