use std::{path::Path, sync::Arc};

use ethogram_server::{
    ServeOptions,
    columns::Decoded,
    parts::{PARTS_TYPE, read_parts},
};
use ethogram_store::{Array, EpisodeEnd, EpisodeRow, RunState, StepValue};
use serde_json::{Value, json};

use super::video::unchunked;
use crate::http::Served;
use crate::runs::{RUN, episode, info, start};

const STEPS: u64 = 24;
/// The last layer that is a picture.
const LAYER: &str = "/Relu_4_output_0";

/// A run in whose frames a bright row walks down.
async fn served() -> (tempfile::TempDir, Served) {
    let root = tempfile::tempdir().expect("a folder");
    let run = start(root.path(), info(RUN, "residual"));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ethogram_model/testdata/policies");
    let onnx = std::fs::read(folder.join("residual.onnx")).expect("a network");
    let signature = json!({
        "inputs": {"frame": {"role": "observation", "field": "observation"}},
        "outputs": {"logits": {"role": "logits"}, "value": {"role": "value"}},
    });
    run.checkpoint(7, "seven", "onnx", onnx, signature).expect("logged");
    let played = EpisodeRow { recorded: true, end: EpisodeEnd::Terminated, length: STEPS, ..episode(0) };
    run.episode(played).expect("logged");
    for step in 0..STEPS {
        let pixel = |at: u64| if at % 64 / 8 == step % 8 { 1.0 } else { (at * 37 + step * 11) as f32 % 19.0 / 40.0 };
        let frame: Vec<u8> = (0..192).flat_map(|at| pixel(at).to_le_bytes()).collect();
        let frame = Array::new(ethogram_store::Dtype::Float32, vec![3, 8, 8], frame).expect("a frame");
        let values: Vec<(Arc<str>, StepValue)> = vec![("observation".into(), StepValue::Array(frame))];
        run.step(0, step, values).expect("logged");
    }
    run.close(RunState::Finished).expect("closed");
    let served = Served::start(&[root.path().to_owned()], ServeOptions::default()).await;
    (root, served)
}

fn path(rest: &str) -> String {
    format!("/api/runs/{RUN}/features{rest}")
}

async fn found(served: &Served, body: &Value) -> Decoded {
    let answer = served.post(&path(""), body).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, PARTS_TYPE), "{}", answer.text());
    let mut parts = read_parts(&unchunked(&answer.body)).expect("parts");
    let last = parts.pop().expect("a part");
    assert!(parts.iter().all(|part| part.header["part"] == "progress" && part.header["share"].is_number()));
    assert_eq!(last.header["part"], "features");
    last
}

/// U-9, U-12, U-13: the answer has all that the page shows, and the same question has the same answer.
#[tokio::test]
async fn row_u12_features_come_with_what_shows_them() {
    let (_root, served) = served().await;
    let ask = json!({"layer": LAYER, "of": "activations", "factors": 3});
    let features = found(&served, &ask).await;
    let header = &features.header;
    assert_eq!((&header["layer"], &header["of"], &header["steps"]), (&json!(LAYER), &json!("activations"), &json!(24)));
    assert_eq!(header["checkpoint"], json!({"global_step": 7, "name": "seven"}));
    assert_eq!(header["observation"], "observation");
    let colours: Vec<&str> =
        header["factors"].as_array().expect("a list").iter().filter_map(|one| one["colour"].as_str()).collect();
    assert_eq!(colours, ["#ff0000", "#00ff00", "#0000ff"]);
    let shape: Vec<usize> = serde_json::from_value(header["shape"].clone()).expect("a shape");
    assert_eq!(features.entry("directions").expect("there").shape, [3, shape[0]]);
    for factor in 0..3 {
        let column = |name: &str| features.f64(&format!("{factor}/{name}")).expect("there");
        assert_eq!(column("example_step").len(), shape[1] * shape[2]);
        assert!(column("thumbnail_strength").len() <= 16);
        assert!(column("example_row").iter().all(|row| *row < shape[1] as f64));
    }
    assert_eq!(found(&served, &ask).await.header["features"], header["features"]);
}

/// U-10, U-22: maps and residual of some steps, and what would be said without a feature.
#[tokio::test]
async fn row_u10_a_layer_is_asked_about_by_its_features() {
    let (_root, served) = served().await;
    let features = found(&served, &json!({"layer": LAYER, "factors": 3, "steps": 16})).await;
    let id = features.header["features"].as_str().expect("an id").to_owned();
    let shape: Vec<usize> = serde_json::from_value(features.header["shape"].clone()).expect("a shape");
    let maps = served.columns(&path(&format!("/{id}/maps?episode=0&from=2&to=6"))).await;
    assert_eq!(maps.entry("maps").expect("there").shape, [4, 3, shape[1], shape[2]]);
    assert_eq!((&maps.header["first"], maps.f64("totals").expect("there").len()), (&json!(2), 12));
    let (all, totals) = (maps.f64("maps").expect("there"), maps.f64("totals").expect("there"));
    for (map, total) in all.chunks(shape[1] * shape[2]).zip(totals) {
        assert!((map.iter().sum::<f64>() - total).abs() < 1e-4);
    }

    let ask = json!({"episode": 0, "from": 0, "to": 5, "factors": [0, 2]});
    let without = served.post(&path(&format!("/{id}/without")), &ask).await;
    assert_eq!(without.status, 200, "{}", without.text());
    let without = ethogram_server::columns::decode(&without.body).expect("columns");
    assert_eq!((without.f64("step"), &without.header["role"]), (Some(vec![0.0, 1.0, 2.0, 3.0, 4.0]), &json!("logits")));
    assert!(without.f64("kl").expect("there").iter().all(|kl| *kl >= 0.0));
    assert_ne!(without.f64("before/value"), without.f64("after/value"), "the features had a say");
}

/// U-14: progress, then what features would like to see, and how that compares with real states.
#[tokio::test]
async fn row_u14_images_of_features_come_with_the_strongest_states() {
    let (_root, served) = served().await;
    let features = found(&served, &json!({"layer": LAYER, "of": "activations", "factors": 3, "steps": 16})).await;
    let id = features.header["features"].as_str().expect("an id").to_owned();
    let ask = json!({"factors": [2, 0], "steps": 20, "seed": 4});
    let answer = served.post(&path(&format!("/{id}/images")), &ask).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, PARTS_TYPE), "{}", answer.text());
    let mut parts = read_parts(&unchunked(&answer.body)).expect("parts");
    let last = parts.pop().expect("a part");
    assert!(parts.iter().all(|part| part.header["part"] == "progress" && part.header["share"].is_number()));
    // On the way there are images too, no better than the last.
    let rising = parts.iter().find(|part| part.entry("values").is_some()).expect("an image on its way");
    assert_eq!(rising.entry("values").expect("there").shape, [2, 3, 8, 8]);
    assert_eq!((&rising.header["images"][0]["factor"], &rising.header["shape"]), (&json!(2), &json!([3, 8, 8])));
    let so_far = rising.header["images"][0]["excitation"].as_f64().expect("a number");
    assert!(so_far <= last.header["images"][0]["excitation"].as_f64().expect("a number") + 1e-4);
    assert!(!rising.f64("curves").expect("there").is_empty());
    let header = &last.header;
    assert_eq!((&header["part"], &header["shape"], &header["seed"]), (&json!("images"), &json!([3, 8, 8]), &json!(4)));
    assert_eq!(last.entry("values").expect("there").shape, [2, 3, 8, 8]);
    let curves = last.f64("curves").expect("there");
    for (image, curve) in header["images"].as_array().expect("a list").iter().zip(curves.chunks(curves.len() / 2)) {
        let [start, end] = ["start", "excitation"].map(|name| image[name].as_f64().expect("a number"));
        assert!(end > start && (curve[0] - start).abs() < 1e-6, "{image}");
        assert!(image["strongest"]["excitation"].is_number() && image["row"].is_number());
    }
    assert_eq!(header["images"][0]["factor"], 2);
    for (ask, status, text) in [
        (json!({"factors": [3]}), 400, "0 to 2"),
        (json!({"place": "corner"}), 400, "corner"),
        (json!({"place": [99, 0]}), 400, "a row below"),
        (json!({"steps": 2_001}), 413, "ASCENT_STEPS_MAX"),
        (json!({"colour": 1}), 400, "colour"),
    ] {
        let answer = served.post(&path(&format!("/{id}/images")), &ask).await;
        assert_eq!(answer.status, status, "{ask}: {}", answer.text());
        assert!(answer.text().contains(text), "{ask}: {}", answer.text());
    }
    let gone = served.post(&path("/0123/images"), &json!({})).await;
    assert_eq!((gone.status, gone.error_code().as_str()), (410, "features_gone"));
}

/// What cannot be asked is answered as everywhere, before any part.
#[tokio::test]
async fn what_makes_no_sense_is_told_before_the_first_part() {
    let (_root, served) = served().await;
    for (ask, status, text) in [
        (json!({"layer": "nowhere"}), 400, "nowhere"),
        (json!({"layer": LAYER, "factors": 0}), 400, "1 to 64"),
        (json!({"layer": LAYER, "factors": 65}), 413, "FEATURES_MAX"),
        (json!({"layer": LAYER, "episodes": [3]}), 404, "no episode 3"),
        (json!({"layer": LAYER, "colour": "red"}), 400, "colour"),
    ] {
        let answer = served.post(&path(""), &ask).await;
        assert_eq!(answer.status, status, "{ask}: {}", answer.text());
        assert!(answer.text().contains(text), "{ask}: {}", answer.text());
    }
    let gone = served.get(&path("/0123/maps?episode=0")).await;
    assert_eq!((gone.status, gone.error_code().as_str()), (410, "features_gone"));
    let features = found(&served, &json!({"layer": LAYER, "of": "activations", "factors": 2})).await;
    let id = features.header["features"].as_str().expect("an id");
    let nothing = served.post(&path(&format!("/{id}/without")), &json!({"episode": 0, "factors": [9]})).await;
    assert_eq!(nothing.status, 400, "{}", nothing.text());
    let many = served.get(&path(&format!("/{id}/maps?episode=0&from=0&to=65"))).await;
    assert_eq!(many.status, 200, "cut to the episode: {}", many.text());
}
