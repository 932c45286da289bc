use serde_json::json;

use super::served;
use crate::runs::{RUN, STEPS};

#[tokio::test]
async fn logged_and_derived_fields_come_in_the_same_way() {
    let (_root, served) = served().await;
    let path = format!("/api/runs/{RUN}/episodes/0/fields?names=reward,observation,return_to_go,action");
    let columns = served.columns(&path).await;
    assert_eq!(columns.header["errors"], json!({}));
    assert_eq!((&columns.header["first"], &columns.header["steps"]), (&json!(0), &json!(STEPS + 1)));
    assert_eq!(columns.names(), ["reward", "observation", "return_to_go", "action"]);
    let reward = columns.f64("reward").expect("rewards");
    assert_eq!((reward[6], reward[7]), (0.0, 1.0));
    assert!(reward.len() == 41 && reward[40].is_nan(), "no reward answers the final observation: {reward:?}");
    let observation = columns.entry("observation").expect("an entry");
    assert_eq!((observation.dtype.as_str(), observation.shape.as_slice()), ("float32", [41, 2].as_slice()));
    assert_eq!(columns.f64("observation").map(|values| values[80]), Some(40.0));
    assert_eq!(columns.entry("action").map(|entry| entry.dtype.as_str()), Some("int64"));
    let to_go = columns.f64("return_to_go").expect("derived");
    assert!((to_go[5] - 0.25).abs() < 1e-6, "the run's own discount of 0.5, two steps before: {}", to_go[5]);
}

#[tokio::test]
async fn parameters_reach_the_field_they_name() {
    let (_root, served) = served().await;
    let path = format!("/api/runs/{RUN}/episodes/0/fields?names=return_to_go&return_to_go.gamma=1&from=5&to=9");
    let columns = served.columns(&path).await;
    assert_eq!(columns.f64("return_to_go"), Some(vec![1.0, 1.0, 1.0, 0.0]));
    assert_eq!(columns.header["first"], 5);
    let bad = format!("/api/runs/{RUN}/episodes/0/fields?names=return_to_go&return_to_go.gamma=2");
    assert_eq!(served.columns(&bad).await.header["errors"]["return_to_go"]["code"], "bad_request");
}

#[tokio::test]
async fn one_field_that_cannot_be_had_does_not_spoil_the_others() {
    let (_root, served) = served().await;
    let path = format!("/api/runs/{RUN}/episodes/0/fields?names=reward,nothing,advantage,observation");
    let columns = served.columns(&path).await;
    assert_eq!(columns.names(), ["reward", "observation"]);
    assert_eq!(columns.header["errors"]["nothing"]["code"], "not_found");
    let advantage = &columns.header["errors"]["advantage"];
    assert_eq!(advantage["code"], "missing_input");
    assert!(advantage["message"].as_str().expect("a message").contains("value"), "{advantage}");
    let missing = served.get(&format!("/api/runs/{RUN}/episodes/2/fields?names=reward")).await;
    assert_eq!((missing.status, missing.error_code().as_str()), (404, "not_found"), "no such episode at all");
}

#[tokio::test]
async fn texts_and_odd_names_come_through() {
    let (_root, served) = served().await;
    let columns = served.columns(&format!("/api/runs/{RUN}/episodes/0/fields?name=thought%2Caloud&to=3")).await;
    assert_eq!(columns.text("thought,aloud"), Some([Some("step 0".into()), None, Some("step 2".into())].as_slice()));
}

#[tokio::test]
async fn ranges_are_cut_to_the_episode() {
    let (_root, served) = served().await;
    let columns = served.columns(&format!("/api/runs/{RUN}/episodes/0/fields?names=reward&from=38&to=99999")).await;
    assert_eq!(columns.f64("reward").map(|rewards| rewards.len()), Some(3));
    let beyond = served.columns(&format!("/api/runs/{RUN}/episodes/0/fields?names=reward&from=1000")).await;
    assert_eq!(beyond.f64("reward").map(|rewards| rewards.len()), Some(0));
    assert_eq!(beyond.header["errors"], json!({}));
    for path in ["names=reward&from=3&to=2", "names=reward&from=x", "names=", "names=reward&reward.x.y=1&form=2"] {
        let answer = served.get(&format!("/api/runs/{RUN}/episodes/0/fields?{path}")).await;
        assert_eq!(answer.error_code(), "bad_request", "{path}");
    }
}
