use serde_json::{Value, json};

use super::served;

fn path(project: &str, name: &str) -> String {
    let pairs = form_urlencoded::Serializer::new(String::new())
        .append_pair("project", project)
        .append_pair("name", name)
        .finish();
    format!("/api/layouts?{pairs}")
}

fn names(layouts: &Value) -> Vec<&str> {
    let layouts = layouts["layouts"].as_array().expect("layouts");
    layouts.iter().map(|layout| layout["name"].as_str().expect("a name")).collect()
}

#[tokio::test]
async fn layouts_are_kept_by_project_and_announced() {
    let (root, served) = served().await;
    assert_eq!(served.json("/api/layouts?project=pong").await, json!({ "layouts": [] }));
    let mut events = served.events();
    events.next_of("hello").await;
    let saved = served.put(&path("pong", "wide & long"), "", &json!({ "panels": [1, { "a": null }] })).await;
    assert_eq!(saved.status, 200, "{}", saved.text());
    assert_eq!(events.next_of("layouts").await, json!({ "project": "pong" }));
    served.put(&path("pong", "a"), "", &json!({})).await;
    let layouts = served.json("/api/layouts?project=pong").await;
    assert_eq!(names(&layouts), ["a", "wide & long"]);
    assert_eq!(layouts["layouts"][1]["layout"], json!({ "panels": [1, { "a": null }] }));
    assert!(layouts["layouts"][1]["updated_us"].as_i64().expect("a time") > 1_700_000_000_000_000);
    assert_eq!(served.json("/api/layouts?project=Pong").await, json!({ "layouts": [] }));
    let left = served.delete(&path("pong", "a")).await;
    assert_eq!((left.status, names(&left.json())), (200, vec!["wide & long"]));
    assert_eq!(served.delete(&path("pong", "a")).await.error_code(), "not_found");
    let files = std::fs::read_dir(root.path().join(".ethogram/layouts")).expect("a folder").flatten();
    let files: Vec<_> = files.map(|entry| entry.file_name().into_string().expect("a name")).collect();
    assert!(files.iter().all(|name| name == "LOCK" || name.starts_with("pong.")), "{files:?}");
    assert_eq!(served.json("/api/runs").await["runs"].as_array().map(Vec::len), Some(1), "no run is found in there");
}

#[tokio::test]
async fn no_project_or_name_leads_out_of_the_folder() {
    let (root, served) = served().await;
    let before = std::fs::read_dir(root.path()).expect("listed").count();
    for odd in ["..", "../../x", "/etc/passwd", "a\\b", "con", "räuber 5", "%2e%2e", "x/../../y"] {
        let saved = served.put(&path(odd, odd), "", &json!({ "of": odd })).await;
        assert_eq!(saved.status, 200, "{odd}: {}", saved.text());
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("project", odd).finish();
        let found = served.json(&format!("/api/layouts?{query}")).await;
        assert_eq!(found["layouts"][0]["layout"]["of"], odd);
    }
    assert_eq!(std::fs::read_dir(root.path()).expect("listed").count(), before + 1, "one folder of ours");
    let parent = root.path().parent().expect("a parent");
    assert!(!parent.join("x").exists() && !parent.join("y").exists());
}

#[tokio::test]
async fn what_cannot_be_kept_is_refused_by_name() {
    let (_root, served) = served().await;
    let check = async |path: &str, body: Value, status: u16, expected: &str| {
        let answer = served.put(path, "", &body).await;
        assert_eq!(answer.status, status, "{}", answer.text());
        assert!(answer.text().contains(expected), "{expected}: {}", answer.text());
    };
    check(
        &path("pong", "x"),
        json!({ "x": "y".repeat(64 << 10) }),
        413,
        "bytes of a layout is 65544, over the limit of 65536",
    )
    .await;
    check(&path("pong", "x"), json!([1]), 400, "the body is not what this route takes").await;
    check(&path("pong", ""), json!({}), 400, "it is empty").await;
    check(&path("", "x"), json!({}), 400, "it is empty").await;
    check(&path("pong", &"n".repeat(201)), json!({}), 413, "over the limit of 200").await;
    check(&path(&"p".repeat(513), "x"), json!({}), 400, "longer than 512 bytes").await;
    check("/api/layouts?project=pong", json!({}), 400, "\\\"name\\\" is missing").await;
    check(&format!("{}&colour=1", path("pong", "x")), json!({}), 400, "is not known here").await;
    assert_eq!(served.json("/api/layouts?project=pong").await, json!({ "layouts": [] }));
    assert_eq!(served.get("/api/layouts").await.error_code(), "bad_request");
}

#[tokio::test]
async fn a_damaged_file_is_told_of_and_kept() {
    let (root, served) = served().await;
    served.put(&path("pong", "a"), "", &json!({})).await;
    let folder = root.path().join(".ethogram/layouts");
    let list = || std::fs::read_dir(&folder).expect("listed").flatten().map(|entry| entry.path());
    let file = list().find(|path| path.extension().is_some_and(|end| end == "json")).expect("a file");
    std::fs::write(&file, "[").expect("written");
    assert_eq!(served.get("/api/layouts?project=pong").await.error_code(), "corrupt");
    assert_eq!(served.put(&path("pong", "b"), "", &json!({})).await.status, 200);
    assert_eq!(names(&served.json("/api/layouts?project=pong").await), ["b"]);
    let kept = list().find(|path| path.to_string_lossy().ends_with(".json.bad-1")).expect("kept");
    assert_eq!(std::fs::read_to_string(kept).expect("kept"), "[");
}
