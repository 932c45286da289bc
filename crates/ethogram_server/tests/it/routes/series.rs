use ethogram_server::columns::Decoded;
use serde_json::{Value, json};

use super::served;
use crate::{
    http::Served,
    runs::{CREATED_US, RUN},
};

async fn ask(served: &Served, series: Value, buckets: usize) -> Decoded {
    served.post("/api/series", &json!({ "series": series, "buckets": buckets })).await.columns()
}

#[tokio::test]
async fn few_points_are_sent_as_they_are() {
    let (_root, served) = served().await;
    let one = json!({ "run": RUN, "axis": "global_step", "tag": "losses/td_loss", "from": 10, "to": 14 });
    let columns = ask(&served, json!([one]), 1_500).await;
    assert_eq!(columns.names(), ["0/step", "0/time_us", "0/count", "0/min", "0/max", "0/mean", "0/last"]);
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
