use serde_json::json;

use super::served;
use crate::runs::RUN;

#[tokio::test]
async fn row_b13_runs_are_compared_and_come_as_a_table() {
    let (_root, served) = served().await;
    let body = json!({ "runs": [RUN], "reps": 200, "points": 3, "by": 1 });
    let misspelt = served.post("/api/benchmark", &body).await;
    assert_eq!(misspelt.status, 400, "a member that is not known is no guess");
    let body = json!({ "runs": [RUN], "reps": 200, "points": 3, "score": "best" });
    let answer = served.post("/api/benchmark", &body).await.json();
    let run = &answer["runs"][0];
    assert_eq!((&run["run"], &run["algorithm"], &run["task"]), (&json!(RUN), &json!(0), &json!(0)));
    assert!(run["score"].is_f64(), "{run}");
    let cell = &answer["cells"][0];
    assert_eq!(
        (&cell["mean"]["value"], &cell["mean"]["low"], &cell["sd"]),
        (&run["score"], &json!(null), &json!(null))
    );
    assert!(answer["warnings"][0].as_str().is_some_and(|text| text.starts_with("Only one run")), "{answer}");

    let table = served.post("/api/benchmark/table?format=csv", &body).await;
    assert_eq!((table.status, table.header("content-type")), (200, "text/csv; charset=utf-8"));
    let rows = served.post("/api/benchmark/table?format=json&cells=runtime", &body).await;
    assert_eq!(rows.header("content-disposition"), "attachment; filename=\"benchmark.json\"");
    let rows = rows.json();
    assert_eq!((&rows[0]["mean"], &rows[0]["runs"], &rows[1]), (&run["score"], &json!(1), &json!(null)), "{rows}");
    let parquet = served.post("/api/benchmark/table?format=parquet", &body).await;
    assert_eq!((parquet.status, parquet.header("content-type")), (200, "application/vnd.apache.parquet"));
    assert_eq!((&parquet.body[..4], &parquet.body[parquet.body.len() - 4..]), (&b"PAR1"[..], &b"PAR1"[..]));
}

#[tokio::test]
async fn row_b14_each_part_comes_as_a_file_of_its_own() {
    let (_root, served) = served().await;
    let body = json!({ "runs": [RUN], "reps": 200, "points": 3, "score": "best" });
    let answer = served.post("/api/benchmark", &body).await.json();
    let rows = async |part: &str| {
        let file = served.post(&format!("/api/benchmark/table?format=json&part={part}"), &body).await;
        let name = format!("attachment; filename=\"benchmark_{part}.json\"");
        assert_eq!((file.status, file.header("content-disposition")), (200, name.as_str()));
        file.json().as_array().expect("rows").clone()
    };
    assert_eq!(rows("runs").await[0]["score"], answer["runs"][0]["score"]);
    assert_eq!(rows("aggregates").await[0]["iqm"], answer["algorithms"][0]["iqm"]["value"]);
    assert_eq!(rows("pairs").await.len(), 0);
    let curves = rows("curves").await;
    let points = |of: &str| answer[of][0]["at"].as_array().map_or(0, Vec::len);
    assert_eq!(curves.len(), points("curves") + points("task_curves"));
    assert_eq!(curves[0]["value"], answer["curves"][0]["value"][0]);
    let profiles = rows("profiles").await;
    assert_eq!(profiles[5]["threshold"], answer["algorithms"][0]["run_profile"]["threshold"][5]);
    let refused = served.post("/api/benchmark/table?format=json&part=all", &body).await;
    assert_eq!(
        (refused.status, refused.json()["message"].as_str()),
        (400, Some("part: expected one of scores, runs, aggregates, pairs, curves, profiles, found \"all\""))
    );
    let parameters = served.post("/api/benchmark/parameters/table?format=csv", &json!({ "runs": [RUN] })).await;
    assert_eq!(parameters.header("content-disposition"), "attachment; filename=\"parameters.csv\"");
    let head = "parameter,permutation,permutation_sd,impurity,correlation,rank_correlation";
    assert_eq!(String::from_utf8_lossy(&parameters.body).trim_end(), head, "one run differs from none");
}

#[tokio::test]
async fn what_cannot_be_compared_is_named() {
    let (_root, served) = served().await;
    let error = async |path: &str, body: serde_json::Value| {
        let answer = served.post(path, &body).await;
        (answer.status, answer.json()["message"].as_str().unwrap_or_default().to_owned())
    };
    let (status, message) = error("/api/benchmark", json!({ "runs": [RUN], "score": "worst" })).await;
    assert_eq!(
        (status, message.as_str()),
        (400, "score: expected last100, last, best or step:N, after TAG@ for a tag, found \"worst\"")
    );
    let (status, message) = error("/api/benchmark/table?format=word", json!({ "runs": [RUN] })).await;
    assert_eq!(
        (status, message.as_str()),
        (400, "format: expected one of table, csv, json, parquet, npz, markdown, latex, found \"word\"")
    );
    assert_eq!(error("/api/benchmark", json!({ "runs": ["nobody"] })).await.0, 404);
    assert_eq!(error("/api/benchmark", json!({ "runs": [RUN], "reps": 0 })).await.0, 400);
    assert_eq!(error("/api/benchmark", json!({ "runs": vec![RUN; 2001] })).await.0, 413);
}

#[tokio::test]
async fn row_b13_parameters_come_with_what_runs_reached() {
    let (_root, served) = served().await;
    let body = json!({ "runs": [RUN], "score": "best", "normalization": "none" });
    let answer = served.post("/api/benchmark/parameters", &body).await.json();
    let run = &answer["runs"][0];
    assert_eq!((&run["run"], &run["task"]), (&json!(RUN), &json!(0)));
    assert!(run["score"].is_f64() && run["score"] == run["outcome"], "scores as they are: {run}");
    assert_eq!((&answer["parameters"], &answer["explained"]), (&json!([]), &json!(null)), "one run differs from none");
    let error = async |body: serde_json::Value| {
        let answer = served.post("/api/benchmark/parameters", &body).await;
        (answer.status, answer.json()["message"].as_str().unwrap_or_default().to_owned())
    };
    let (status, message) = error(json!({ "runs": [RUN], "trees": 2001 })).await;
    assert_eq!((status, message.as_str()), (400, "trees expected 1 to 2000, found 2001"));
    assert_eq!(error(json!({ "runs": [RUN], "algorithm": "name" })).await.0, 400, "nothing that it does not know");
    assert_eq!(error(json!({ "runs": ["nobody"] })).await.0, 404);
    assert_eq!(error(json!({ "runs": vec![RUN; 2001] })).await.0, 413);
}
