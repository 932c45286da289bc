//! What is kept beside a run: told, and removed by who may change things.

use serde_json::json;

use super::what_if::{cartpole, path};
use crate::runs::RUN;

#[tokio::test]
async fn what_is_kept_beside_a_run_is_told_and_removed() {
    let (root, served) = cartpole().await;
    let kept = format!("/api/runs/{RUN}/kept");
    let nothing = json!({"attributions": {"questions": 0, "bytes": 0}});
    assert_eq!(served.json(&kept).await, nothing);

    let asked = path("attribution?method=saliency&target=greedy&from=0&to=8");
    let first = served.columns(&asked).await;
    served.columns(&path("attribution?method=saliency&target=0&from=0&to=8")).await;
    let told = served.json(&kept).await;
    assert_eq!(told["attributions"]["questions"], 2, "told anew though the run is what it was");
    assert!(told["attributions"]["bytes"].as_u64().expect("bytes") > 100, "{told}");

    // A page of somebody else's may not.
    let refused = served.ask("DELETE", &kept, &[("Origin", "http://example.org")], b"").await;
    assert!(refused.status >= 400, "{}", refused.status);
    assert_eq!(served.json(&kept).await, told);
    let left = served.delete(&kept).await;
    assert_eq!((left.status, left.json()), (200, nothing.clone()));
    assert_eq!(served.json(&kept).await, nothing);
    let again = served.columns(&asked).await;
    assert_eq!(again.header, first.header, "computed anew");
    assert_eq!(served.json(&kept).await["attributions"]["questions"], 1);
    drop(root);

    assert_eq!(served.get("/api/runs/nothing/kept").await.error_code(), "not_found");
    assert_eq!(served.get(&format!("{kept}?all=1")).await.status, 400);
}
