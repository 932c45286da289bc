use serde_json::json;

use super::served;
use crate::runs::RUN;

#[tokio::test]
async fn row_b17_tags_of_many_runs_come_in_one_answer_and_a_bad_run_does_not_spoil_the_others() {
    let (_root, served) = served().await;
    let answer = served.post("/api/tags", &json!({ "runs": ["nobody", RUN] })).await.json();
    let detail = served.json(&format!("/api/runs/{RUN}")).await;
    let [lost, found] = answer["runs"].as_array().expect("runs").as_slice() else { panic!("two runs: {answer}") };
    assert_eq!((&lost["run"], &lost["error"]["code"]), (&json!("nobody"), &json!("not_found")));
    assert_eq!(found["run"], RUN);
    for member in ["scalars", "episode_count", "revision"] {
        assert_eq!(found[member], detail[member], "{member}");
    }
}

#[tokio::test]
async fn too_many_runs_are_refused() {
    let (_root, served) = served().await;
    let answer = served.post("/api/tags", &json!({ "runs": vec![RUN; 513] })).await;
    assert_eq!((answer.status, answer.error_code().as_str()), (413, "too_large"));
    let misspelt = served.post("/api/tags", &json!({ "run": [RUN] })).await;
    assert_eq!(misspelt.status, 400);
}
