use ethogram_server::ServeOptions;
use ethogram_store::RunState;
use serde_json::json;

use super::{covered, served};
use crate::{
    http::Served,
    runs::{RUN, finished, info, start},
};

#[tokio::test]
async fn the_table_of_runs_is_as_documented() {
    let (root, served) = served().await;
    let runs = served.json("/api/runs").await;
    assert_eq!(runs["roots"], json!([root.path()]));
    insta::assert_json_snapshot!("runs", covered(runs));
}

#[tokio::test]
async fn one_run_tells_all_of_itself() {
    let (_root, served) = served().await;
    insta::assert_json_snapshot!("run", covered(served.json(&format!("/api/runs/{RUN}")).await));
    let missing = served.get("/api/runs/01ARZ3NDEKTSV4RRFFQ69G5FAW").await;
    assert_eq!((missing.status, missing.error_code().as_str()), (404, "not_found"));
}

#[tokio::test]
async fn health_tells_the_version() {
    let (_root, served) = served().await;
    let health = served.json("/api/health").await;
    assert_eq!(health["version"], env!("CARGO_PKG_VERSION"));
    assert!(health["revision"].is_u64());
}

#[tokio::test]
async fn row_b1_runs_of_several_roots_are_in_one_table() {
    let (a, b) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    finished(a.path());
    let newer = info("01BX5ZZKBKACTAV9WEVGEMMVRZ", "newer");
    let newer = ethogram_store::RunInfo { created_us: newer.created_us + 1, ..newer };
    start(b.path(), newer).close(RunState::Finished).expect("closed");
    let served = Served::start(&[a.path().into(), b.path().into()], ServeOptions::default()).await;
    let runs = served.json("/api/runs").await;
    let names: Vec<_> = runs["runs"].as_array().expect("runs").iter().map(|run| (&run["name"], &run["root"])).collect();
    let expected = [(json!("newer"), json!(b.path())), (json!("pong dqn"), json!(a.path()))];
    assert_eq!(names, expected.iter().map(|(name, root)| (name, root)).collect::<Vec<_>>(), "newest first");
}

#[tokio::test]
async fn row_a18_several_roots_and_a_run_that_cannot_be_read_are_told_apart() {
    let (good, bad) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    finished(good.path());
    let broken = bad.path().join("pong/broken");
    std::fs::create_dir_all(&broken).expect("a folder");
    std::fs::write(broken.join("run.json"), "{").expect("written");
    let served = Served::start(&[good.path().into(), bad.path().into()], ServeOptions::default()).await;
    let runs = served.json("/api/runs").await;
    assert_eq!(runs["runs"].as_array().map(Vec::len), Some(1), "A-18: the rest is served");
    assert_eq!(runs["skipped"][0]["path"], json!(broken));
    assert!(runs["skipped"][0]["why"].as_str().expect("a reason").contains("JSON"), "{runs}");
}

#[cfg(unix)]
#[tokio::test]
async fn row_a18_a_read_only_root_is_served() {
    use std::os::unix::fs::PermissionsExt;

    let root = tempfile::tempdir().expect("a folder");
    let run = finished(root.path());
    let mut folders = vec![root.path().to_owned()];
    let mut all = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("listed").flatten() {
            if entry.path().is_dir() { folders.push(entry.path()) } else { all.push(entry.path()) }
        }
        all.push(folder);
    }
    let allow = |mode: u32| {
        for path in &all {
            let mode = if path.is_dir() { mode | 0o111 } else { mode };
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("permissions");
        }
    };
    allow(0o444);
    let before = tree(&run);
    let served = Served::start(&[root.path().into()], ServeOptions::default()).await;
    let fields = served.columns(&format!("/api/runs/{RUN}/episodes/0/fields?names=reward,episode_return")).await;
    assert_eq!(fields.f64("reward").map(|rewards| rewards[7]), Some(1.0));
    served.stop().await;
    assert_eq!(tree(&run), before, "A-18: reading leaves nothing behind");
    allow(0o644);
}

/// Names and lengths of all files.
#[cfg(unix)]
fn tree(folder: &std::path::Path) -> Vec<(std::path::PathBuf, u64)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("listed").flatten() {
        if entry.path().is_dir() {
            found.extend(tree(&entry.path()));
        } else {
            found.push((entry.path(), entry.metadata().expect("a file").len()));
        }
    }
    found.sort();
    found
}
