use ethogram_server::{ServeOptions, columns::Decoded};
use ethogram_store::{Axis, RunInfo, RunState};
use serde_json::{Value, json};

use super::served;
use crate::{
    http::Served,
    runs::{CREATED_US, RUN, info, start},
};

async fn ask(served: &Served, series: Value, buckets: usize) -> Decoded {
    served.post("/api/series", &json!({ "series": series, "buckets": buckets })).await.columns()
}

#[tokio::test]
async fn few_points_are_sent_as_they_are() {
    let (_root, served) = served().await;
    let one = json!({ "run": RUN, "axis": "global_step", "tag": "losses/td_loss", "from": 10, "to": 14 });
    let columns = ask(&served, json!([one]), 1_500).await;
    assert_eq!(
        columns.names(),
        ["0/step", "0/time_us", "0/count", "0/min", "0/max", "0/mean", "0/last", "0/not_finite"]
    );
    assert_eq!(columns.entry("0/count").map(|entry| entry.dtype.as_str()), Some("uint32"));
    assert_eq!(columns.f64("0/step"), Some(vec![10.0, 11.0, 12.0, 13.0]));
    assert_eq!(columns.f64("0/time_us").map(|times| times[0]), Some((CREATED_US + 10) as f64));
    assert_eq!(columns.f64("0/count"), Some(vec![1.0; 4]));
    assert_eq!(columns.f64("0/last").map(|values| values[0]), Some(1.0 / 11.0));
    let expected = json!([{
        "run": RUN, "axis": "global_step", "tag": "losses/td_loss", "count": 3_000, "first_step": 0, "last_step": 2_999,
        "exact": true,
    }]);
    assert_eq!(columns.header["series"], expected);
}

#[tokio::test]
async fn many_points_are_summarised_and_none_is_forgotten() {
    let (_root, served) = served().await;
    let one = json!({ "run": RUN, "axis": "global_step", "tag": "losses/td_loss" });
    let columns = ask(&served, json!([one]), 100).await;
    let counts = columns.f64("0/count").expect("counts");
    assert!(counts.len() <= 100, "{}", counts.len());
    assert_eq!(counts.iter().sum::<f64>() as u64, 3_000);
    assert_eq!(columns.f64("0/max").map(|max| max[0]), Some(1.0), "the first point is the largest");
    assert_eq!(columns.header["series"][0]["exact"], json!(false));
}

#[tokio::test]
async fn what_is_not_finite_stays_so() {
    let (_root, served) = served().await;
    let columns = ask(&served, json!([{ "run": RUN, "axis": "episode", "tag": "odd" }]), 10).await;
    assert_eq!(format!("{:?}", columns.f64("0/last").expect("values")), "[1.5, NaN, inf]");
    assert_eq!(columns.f64("0/not_finite"), Some(vec![0.0, 1.0, 1.0]));
}

#[tokio::test]
async fn one_bad_series_does_not_spoil_the_others() {
    let (_root, served) = served().await;
    let good = json!({ "run": RUN, "axis": "episode", "tag": "odd" });
    let unknown_tag = json!({ "run": RUN, "axis": "episode", "tag": "nothing" });
    let unknown_run = json!({ "run": "nobody", "axis": "episode", "tag": "odd" });
    let backwards = json!({ "run": RUN, "axis": "episode", "tag": "odd", "from": 5, "to": 4 });
    let columns = ask(&served, json!([unknown_tag, unknown_run, good, backwards]), 10).await;
    let codes: Vec<_> =
        columns.header["series"].as_array().expect("series").iter().map(|s| s["error"]["code"].clone()).collect();
    assert_eq!(codes, [json!("not_found"), json!("not_found"), Value::Null, json!("bad_request")]);
    assert_eq!(columns.f64("2/step"), Some(vec![0.0, 1.0, 2.0]));
    assert_eq!(columns.f64("0/step"), None);
}

#[tokio::test]
async fn a_range_between_steps_takes_in_those_around_it() {
    let (_root, served) = served().await;
    let one = json!({ "run": RUN, "axis": "global_step", "tag": "losses/td_loss", "from": 10.5, "to": 12.5 });
    assert_eq!(ask(&served, json!([one]), 10).await.f64("0/step"), Some(vec![10.0, 11.0, 12.0]));
}

#[tokio::test]
async fn smoothing_is_the_servers() {
    let (_root, served) = served().await;
    let plain = json!({ "run": RUN, "axis": "global_step", "tag": "losses/td_loss", "from": 0, "to": 50 });
    let mut smooth = plain.clone();
    smooth["smooth"] = json!({ "ema": 0.9 });
    let columns = ask(&served, json!([plain, smooth]), 100).await;
    let (plain, smooth) = (columns.f64("0/last").expect("values"), columns.f64("1/last").expect("values"));
    assert_eq!(plain.len(), smooth.len());
    assert!((smooth[0] - plain[0]).abs() < 1e-12, "the average is debiased: {smooth:?}");
    assert!(smooth[49] > plain[49], "of a falling curve the average lies above");
    assert_eq!(columns.f64("0/min"), columns.f64("1/min"));
}

#[tokio::test]
async fn row_b1_several_runs_are_one_curve_with_its_interval() {
    let root = tempfile::tempdir().expect("a folder");
    let ids = ["01ARZ3NDEKTSV4RRFFQ69G5FA1", "01ARZ3NDEKTSV4RRFFQ69G5FA2", "01ARZ3NDEKTSV4RRFFQ69G5FA3"];
    for (seed, id) in ids.iter().enumerate() {
        // The seeds ran one after the other, an hour apart.
        let created_us = CREATED_US + 3_600_000_000 * seed as i64;
        let run = start(root.path(), RunInfo { created_us, ..info(id, &format!("dqn-s{seed}")) });
        for step in 0..if seed == 2 { 1 } else { 2 } {
            run.scalar(Axis::GlobalStep, "loss", step, created_us + 10 + step, (seed + 1) as f64).expect("logged");
        }
        run.close(RunState::Finished).expect("closed");
    }
    let served = Served::start(&[root.path().to_owned()], ServeOptions::default()).await;
    let group = json!({ "runs": ids, "axis": "global_step", "tag": "loss" });
    let twice = json!({ "runs": [ids[0], ids[0]], "axis": "global_step", "tag": "loss" });
    let both = json!({ "run": ids[0], "runs": ids, "axis": "global_step", "tag": "loss" });
    let neither = json!({ "axis": "global_step", "tag": "loss" });
    let columns = ask(&served, json!([group, twice, both, neither]), 100).await;
    let names = ["0/step", "0/time_us", "0/count", "0/min", "0/max", "0/mean", "0/last", "0/low", "0/high"];
    assert_eq!(columns.names(), names);
    assert_eq!(columns.f64("0/step"), Some(vec![0.0, 1.0]));
    assert_eq!(columns.f64("0/time_us"), Some(vec![(CREATED_US + 10) as f64, (CREATED_US + 11) as f64]));
    assert_eq!(columns.f64("0/count"), Some(vec![3.0, 2.0]));
    assert_eq!(columns.f64("0/mean"), Some(vec![2.0, 1.5]));
    assert_eq!(columns.f64("0/max"), Some(vec![3.0, 2.0]));
    let (low, high) = (columns.f64("0/low").expect("low"), columns.f64("0/high").expect("high"));
    // Student's t with 2 and 1 degrees of freedom; sd 1 and √½.
    assert!((low[0] - (2.0 - 4.302_653 / 3_f64.sqrt())).abs() < 1e-12, "{low:?}");
    assert!((high[1] - (1.5 + 12.706_205 / 2.0)).abs() < 1e-12, "{high:?}");
    let expected = json!({
        "runs": ids, "axis": "global_step", "tag": "loss", "count": 5, "first_step": 0, "last_step": 1, "exact": false,
    });
    assert_eq!(columns.header["series"][0], expected);
    for bad in 1..4 {
        assert_eq!(columns.header["series"][bad]["error"]["code"], json!("bad_request"), "{bad}");
    }
}

#[tokio::test]
async fn runs_of_groups_count_as_series() {
    let (_root, served) = served().await;
    let runs: Vec<String> = (0..60).map(|run| run.to_string()).collect();
    let group = json!({ "runs": runs, "axis": "episode", "tag": "odd" });
    let body = json!({ "series": vec![group; 9], "buckets": 10 });
    let answer = served.post("/api/series", &body).await;
    let message = "runs of all series: found 540, over the limit of 512";
    assert_eq!((answer.status, answer.json()["message"].as_str()), (413, Some(message)));
}
