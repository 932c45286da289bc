use super::served;
use crate::runs::RUN;

#[tokio::test]
async fn a_blob_is_kept_for_ever() {
    let (_root, served) = served().await;
    let run = served.json(&format!("/api/runs/{RUN}")).await;
    let hash = run["checkpoints"][0]["hash"].as_str().expect("a hash").to_owned();
    let path = format!("/api/runs/{RUN}/blobs/{hash}");
    let blob = served.get(&path).await;
    assert_eq!((blob.status, blob.body.as_slice()), (200, b"weights".as_slice()));
    assert_eq!(blob.header("content-type"), "application/octet-stream");
    assert_eq!(blob.header("content-disposition"), format!("attachment; filename=\"{hash}\""));
    assert_eq!(blob.header("cache-control"), "private, max-age=31536000, immutable");
    let again = served.ask("GET", &path, &[("If-None-Match", &format!("\"{hash}\""))], b"").await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    let missing = served.get(&format!("/api/runs/{RUN}/blobs/{}", "0".repeat(32))).await;
    assert_eq!((missing.status, missing.error_code().as_str()), (404, "not_found"));
    for bad in ["x", "0", &"0".repeat(33), &"G".repeat(32), &hash.to_uppercase()] {
        let answer = served.get(&format!("/api/runs/{RUN}/blobs/{bad}")).await;
        assert!(answer.status == 400 || bad == hash, "{bad}: {}", answer.text());
    }
}

#[tokio::test]
async fn a_blob_that_claims_to_be_huge_is_refused_before_it_is_read() {
    let (root, served) = served().await;
    // It takes no room on the disk: a file with a hole, as `truncate -s` makes it.
    let hash = "0123456789abcdef0123456789abcdef";
    let runs = ethogram_store::find_runs(root.path(), 10).expect("runs");
    for blobs in runs.iter().map(|run| run.join("blobs")).filter(|blobs| blobs.is_dir()) {
        std::fs::File::create(blobs.join(hash)).and_then(|file| file.set_len(300 << 20)).expect("a hole");
    }
    let answer = served.get(&format!("/api/runs/{RUN}/blobs/{hash}")).await;
    assert_eq!((answer.status, answer.error_code().as_str()), (413, "too_large"), "{}", answer.text());
}
