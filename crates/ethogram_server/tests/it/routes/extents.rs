use super::served;
use crate::runs::{RUN, STEPS};

#[tokio::test]
async fn extents_are_those_of_the_whole_episode() {
    let (_root, served) = served().await;
    let path = format!("/api/runs/{RUN}/episodes/0/extents?names=observation,reward,return_to_go,thought");
    let columns = served.columns(&path).await;
    assert_eq!(columns.f64("observation/low").map(|low| low.len()), Some(2), "one an element");
    assert_eq!(columns.f64("observation/low").map(|low| low[0]), Some(0.0));
    assert_eq!(columns.f64("observation/high").map(|high| high[0]), Some(STEPS as f64), "the final observation counts");
    assert_eq!((columns.f64("reward/low"), columns.f64("reward/high")), (Some(vec![0.0]), Some(vec![1.0])));
    assert!(columns.f64("return_to_go/high").is_some_and(|high| high[0] >= 1.0), "derived fields likewise");
    assert_eq!(columns.header["errors"]["thought"]["code"], "not_found");
}

#[tokio::test]
async fn texts_have_none_and_a_missing_episode_is_one_error() {
    let (_root, served) = served().await;
    let columns = served.columns(&format!("/api/runs/{RUN}/episodes/0/extents?name=thought%2Caloud")).await;
    assert_eq!(columns.header["errors"]["thought,aloud"]["code"], "bad_input");
    let missing = served.get(&format!("/api/runs/{RUN}/episodes/2/extents?names=reward")).await;
    assert_eq!((missing.status, missing.error_code().as_str()), (404, "not_found"));
}
