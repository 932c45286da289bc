use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ethogram_server::columns::Decoded;
use ethogram_server::parts::{PARTS_TYPE, read_parts};
use ethogram_server::{ServeOptions, columns::decode};
use ethogram_store::{Array, Dtype, EnvSpec, EpisodeEnd, EpisodeRow, RunInfo, RunState, Space, StepValue};
use serde_json::{Value, json};

use super::video::unchunked;
use crate::http::{Answer, Served};
use crate::runs::{RUN, episode, info, start};

/// Steps of each of the two recorded episodes.
const STEPS: u64 = 150;

/// A run whose episodes were played by a critic with 8 quantiles of 3 actions.
async fn served() -> (tempfile::TempDir, Served) {
    let root = tempfile::tempdir().expect("a folder");
    let env = EnvSpec {
        action_space: Some(Space::Discrete { n: 3, start: 0, dtype: Dtype::Int64 }),
        action_meanings: ["stay", "left", "right"].map(String::from).to_vec(),
        observation_names: ["a", "b", "c", "d", "e"].map(String::from).to_vec(),
        ..EnvSpec::default()
    };
    let run = start(root.path(), RunInfo { env: Some(env), ..info(RUN, "quantiles") });
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ethogram_model/testdata/policies");
    let onnx = std::fs::read(folder.join("quantiles.onnx")).expect("a network");
    let signature = json!({
        "inputs": {"obs": {"role": "observation", "field": "observation"}},
        "outputs": {"quantiles": {"role": "quantiles"}},
    });
    run.checkpoint(0, "start", "onnx", onnx, signature).expect("logged");
    for index in 0..2 {
        let played = EpisodeRow { recorded: true, end: EpisodeEnd::Terminated, length: STEPS, ..episode(index) };
        run.episode(played).expect("logged");
        for step in 0..STEPS {
            let phase = (index * 40 + step) as f32 / 9.0;
            let seen: Vec<f32> = (0..5).map(|at| (phase + at as f32).sin() * (at + 1) as f32).collect();
            let values: Vec<(Arc<str>, StepValue)> = vec![
                ("observation".into(), StepValue::Array(Array::from_f32(&seen))),
                ("action".into(), StepValue::Array(Array::scalar_i64(step as i64 % 3))),
                ("reward".into(), StepValue::Array(Array::scalar(step as f64))),
            ];
            run.step(index, step, values).expect("logged");
        }
    }
    run.close(RunState::Finished).expect("closed");
    let served = Served::start(&[root.path().to_owned()], ServeOptions::default()).await;
    (root, served)
}

fn ask(more: &Value) -> Value {
    let mut body = json!({"sources": [{"run": RUN}]});
    for (key, value) in more.as_object().expect("members") {
        body[key] = value.clone();
    }
    body
}

fn parts_of(answer: &Answer) -> Vec<Decoded> {
    assert_eq!((answer.status, answer.header("content-type")), (200, PARTS_TYPE), "{}", answer.text());
    assert_eq!(answer.header("cache-control"), "no-store");
    read_parts(&unchunked(&answer.body)).expect("parts")
}

async fn map(served: &Served, more: &Value) -> Vec<Decoded> {
    parts_of(&served.post("/api/maps", &ask(more)).await)
}

fn of_kind<'a>(parts: &'a [Decoded], kind: &str) -> Vec<&'a Decoded> {
    parts.iter().filter(|part| part.header["part"] == kind).collect()
}

fn id(parts: &[Decoded]) -> String {
    of_kind(parts, "points")[0].header["map"].as_str().expect("an id").to_owned()
}

/// A-12, D-13: the points first, then PCA, then the layout as it moves, and the last is done.
#[tokio::test]
async fn row_a12_a_map_is_sent_as_it_moves() {
    let (_root, served) = served().await;
    for (method, dims) in [("pca", 2), ("umap", 2), ("tsne", 3)] {
        let parts = map(&served, &json!({"method": method, "dims": dims, "points": 200})).await;
        let points = of_kind(&parts, "points");
        assert_eq!(points.len(), 1);
        let header = &points[0].header;
        assert_eq!(
            (&header["of"], &header["width"], &header["steps"]),
            (&json!("observation"), &json!(5), &json!(300))
        );
        let notes = json!(["37 points are the same as an earlier one and lie at its place"]);
        assert_eq!((&header["left_out"], &header["notes"]), (&json!([]), &notes));
        assert_eq!(points[0].names(), ["source", "episode", "step"]);
        assert_eq!(points[0].entry("source").expect("there").dtype, "uint32");
        let (episodes, steps) = (points[0].f64("episode").expect("there"), points[0].f64("step").expect("there"));
        assert_eq!((episodes[0], steps[0], episodes[199], steps[199]), (0.0, 0.0, 1.0, 148.0));

        let layouts: Vec<_> = of_kind(&parts, "layout").into_iter().filter(|part| part.f64("x").is_some()).collect();
        assert_eq!(layouts[0].header["method"], "pca");
        assert_eq!(layouts[0].header["variance_ratio"].as_array().map(Vec::len), Some(dims));
        let last = layouts[layouts.len() - 1];
        assert_eq!((&last.header["method"], &last.header["done"]), (&json!(method), &json!(true)));
        assert_eq!(last.header["round"], last.header["rounds"]);
        assert!(layouts[..layouts.len() - 1].iter().all(|part| part.header["done"] == false));
        let names = if dims == 3 { vec!["x", "y", "z"] } else { vec!["x", "y"] };
        assert_eq!(last.names(), names);
        assert_eq!(
            (last.entry("x").expect("there").dtype.as_str(), last.f64("x").expect("there").len()),
            ("float32", 200)
        );
        // Those who come late see the last.
        let late = served.columns(&format!("/api/maps/{}/layout", id(&parts))).await;
        assert_eq!((late.bytes("y"), &late.header["done"]), (last.bytes("y"), &json!(true)));
    }
}

#[tokio::test]
async fn layers_are_mapped_and_aligned_to_an_earlier_map() {
    let (_root, served) = served().await;
    let choices = served.post("/api/maps/choices", &json!({"sources": [{"run": RUN}]})).await.json();
    assert_eq!((&choices["steps"], &choices["episodes"]), (&json!(300), &json!(2)));
    let of = choices["of"].as_array().expect("a list");
    assert_eq!(
        (&of[0]["name"], &of[0]["width"], &of[0]["origin"]),
        (&json!("observation"), &json!(5), &json!("logged"))
    );
    let layer = of.iter().find(|of| of["origin"] == "network").expect("a layer");
    let colours = choices["colours"].as_array().expect("a list");
    let colour = |name: &str| colours.iter().find(|colour| colour["name"] == name).expect("there");
    assert_eq!((&colour("action")["kind"], &colour("reward")["kind"]), (&json!("choice"), &json!("number")));
    assert_eq!(colour("observation[1]")["label"], "b");

    let first = map(&served, &json!({"of": layer["name"], "method": "umap", "settings": {"rounds": "60"}})).await;
    assert_eq!(of_kind(&first, "points")[0].header["width"], layer["width"]);
    let next = json!({"of": "observation", "method": "umap", "settings": {"rounds": "60"}, "align_to": id(&first)});
    let next = map(&served, &next).await;
    let laid = |parts: &[Decoded]| -> Vec<Vec<f64>> { parts.iter().filter_map(|part| part.f64("x")).collect() };
    assert_eq!(laid(&first).last(), laid(&next).first(), "points begin where they lay");
}

/// A-13, D-14: neighbours and colours of a map that was made.
#[tokio::test]
async fn row_a13_a_map_answers_questions() {
    let (_root, served) = served().await;
    let map = id(&map(&served, &json!({})).await);
    let near = served.columns(&format!("/api/maps/{map}/neighbors?point=7&count=5&metric=cosine")).await;
    assert_eq!((near.names(), near.f64("point").expect("there").len()), (vec!["point", "distance"], 5));
    let distances = near.f64("distance").expect("there");
    assert!(distances.windows(2).all(|pair| pair[0] <= pair[1]) && !near.f64("point").expect("there").contains(&7.0));
    for (query, text) in [
        ("?count=3", "is missing"),
        ("?point=900", "a row of the points"),
        ("?point=1&count=0", "1 to 1,000"),
        ("?point=1&metric=manhattan", "euclidean or cosine"),
        ("?point=1&k=3", "not known here"),
    ] {
        let answer = served.get(&format!("/api/maps/{map}/neighbors{query}")).await;
        assert_eq!((answer.status, answer.error_code().as_str()), (400, "bad_request"), "{query}");
        assert!(answer.text().contains(text), "{}", answer.text());
    }

    let names = ["reward", "action", "q_mean[argmax]", "time", "run", "regret", "observation"];
    let query: Vec<String> = names.iter().map(|name| format!("name={name}")).collect();
    let fields = served.columns(&format!("/api/maps/{map}/fields?{}", query.join("&"))).await;
    assert_eq!(fields.f64("reward").map(|values| values[3]), Some(3.0));
    assert_eq!(fields.header["names"]["action"], json!(["stay", "left", "right"]));
    assert_eq!(fields.header["names"]["run"], json!(["quantiles"]));
    assert_eq!(fields.f64("time").map(|values| values[149]), Some(1.0));
    assert_eq!(fields.header["errors"]["regret"]["code"], "not_found");
    assert!(fields.header["errors"]["observation"]["message"].as_str().expect("text").contains("5 numbers"));
    assert!(fields.f64("regret").is_none());

    let gone = served.get("/api/maps/1-1/layout").await;
    assert_eq!((gone.status, gone.error_code().as_str()), (410, "map_gone"));
    let still = served.post(&format!("/api/maps/{map}/steer"), &json!({"pause": true})).await;
    assert_eq!((still.status, still.error_code().as_str()), (409, "map_still"));
}

#[tokio::test]
async fn what_cannot_be_mapped_is_an_error_before_the_first_part() {
    let (_root, served) = served().await;
    for (more, status, code, text) in [
        (json!({"sources": []}), 400, "bad_request", "1 to 64 runs"),
        (json!({"sources": [{"run": "nobody"}]}), 404, "not_found", "no run nobody"),
        (json!({"sources": [{"run": RUN, "episodes": [9]}]}), 404, "not_found", "no episode 9"),
        (json!({"of": "state"}), 404, "not_found", "no field"),
        (json!({"of": "layer/x"}), 400, "bad_request", "no value named"),
        (json!({"method": "isomap"}), 400, "bad_request", "one of pca, umap, tsne"),
        (json!({"method": "umap", "settings": {"n_neighbors": "many"}}), 400, "bad_request", "a whole number from 2"),
        (json!({"dims": 5}), 400, "bad_request", "2 or 3"),
        (json!({"points": 9_000_000}), 413, "too_large", "MAP_POINTS_MAX"),
        (json!({"align_to": "1-1"}), 410, "map_gone", "ask for it again"),
        (json!({"supervised_by": "action"}), 400, "bad_request", "the method umap"),
        (json!({"method": "umap", "supervised_by": "mood"}), 404, "not_found", "no field"),
        (json!({"colour": "action"}), 400, "bad_request", "unknown field"),
    ] {
        let answer = served.post("/api/maps", &ask(&more)).await;
        assert_eq!((answer.status, answer.error_code().as_str()), (status, code), "{more}: {}", answer.text());
        assert!(answer.text().contains(text), "{more}: {}", answer.text());
    }
    let lacking = served.post("/api/maps", &ask(&json!({"of": "td_error"}))).await;
    assert_eq!((lacking.status, lacking.error_code().as_str()), (422, "missing_input"));
    // What shows only when points are there is a part of its own.
    let of = |episode: u64| json!([{"run": RUN, "episodes": [episode]}]);
    let earlier = id(&map(&served, &json!({"sources": of(0)})).await);
    let apart = map(&served, &json!({"sources": of(1), "align_to": earlier})).await;
    let error = &apart.last().expect("a part").header;
    assert_eq!((&error["part"], &error["code"]), (&json!("error"), &json!("bad_request")));
    assert!(error["message"].as_str().expect("text").contains("shares steps"), "{error:?}");
}

#[tokio::test]
async fn methods_are_told_with_their_settings() {
    let (_root, served) = served().await;
    let told = served.json("/api/maps/methods").await;
    let methods = told["methods"].as_array().expect("a list");
    assert_eq!(
        methods.iter().map(|method| method["name"].as_str().expect("text")).collect::<Vec<_>>(),
        ["pca", "umap", "tsne"]
    );
    let umap = &methods[1];
    assert_eq!((&umap["params"][0]["name"], &umap["params"][0]["default"]), (&json!("n_neighbors"), &json!(15)));
    assert!(told["fields"].as_array().expect("a list").iter().any(|field| field["name"] == "global_step"));
}

/// Sends a request for a map and reads parts as they come.
struct Reading {
    stream: TcpStream,
    bytes: Vec<u8>,
}

impl Reading {
    fn begin(port: u16, body: &Value) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
        let body = body.to_string();
        let head = format!(
            "POST /api/maps HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        (&stream).write_all((head + &body).as_bytes()).expect("sent");
        Reading { stream, bytes: Vec::new() }
    }

    /// Reads until a part of these bytes came; each part comes as a chunk of its own.
    fn until(&mut self, wanted: impl Fn(&Decoded) -> bool) -> Decoded {
        let mut some = vec![0; 65_536];
        loop {
            if let Some(found) = self.parts().into_iter().rev().find(&wanted) {
                return found;
            }
            let count = self.stream.read(&mut some).expect("bytes");
            assert!(
                count > 0,
                "the answer ended: {}",
                String::from_utf8_lossy(&self.bytes[..200.min(self.bytes.len())])
            );
            self.bytes.extend_from_slice(&some[..count]);
        }
    }

    fn parts(&self) -> Vec<Decoded> {
        let starts = self.bytes.windows(4).enumerate().filter(|(_, four)| four == b"ETHC").map(|(at, _)| at);
        starts
            .filter_map(|at| {
                let length = u32::from_le_bytes(self.bytes[at - 4..at].try_into().ok()?) as usize;
                decode(self.bytes.get(at..at + length)?).ok()
            })
            .collect()
    }
}

/// held, shaken, let go, and left; who left frees the place.
#[tokio::test(flavor = "multi_thread")]
async fn row_a12_a_map_is_steered_while_it_is_read() {
    let (_root, served) = served().await;
    let long = ask(&json!({"method": "tsne", "settings": {"rounds": "10000", "perplexity": "5"}}));
    let mut reading = Reading::begin(served.port, &long);
    let map = reading.until(|part| part.header.get("part").is_some_and(|kind| kind == "points")).header["map"]
        .as_str()
        .expect("an id")
        .to_owned();
    reading.until(|part| part.header.get("method").is_some_and(|name| name == "tsne") && part.f64("x").is_some());
    let steer = format!("/api/maps/{map}/steer");
    let held = served.post(&steer, &json!({"pause": true})).await.json();
    assert_eq!((&held["paused"], &held["rounds"]), (&json!(true), &json!(10_250)));
    tokio::time::sleep(Duration::from_millis(300)).await;
    let layout = || async { served.columns(&format!("/api/maps/{map}/layout")).await };
    let (before, after) = (layout().await, {
        tokio::time::sleep(Duration::from_millis(300)).await;
        layout().await
    });
    assert_eq!((before.bytes("x"), &before.header["round"]), (after.bytes("x"), &after.header["round"]), "held");
    served.post(&steer, &json!({"perturb": 0.3, "seed": 5})).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_ne!(layout().await.bytes("x"), before.bytes("x"), "shaken");
    let wrong = served.post(&steer, &json!({"perturb": 7})).await;
    assert_eq!((wrong.status, wrong.error_code().as_str()), (400, "bad_request"));
    let held =
        [Reading::begin(served.port, &long), Reading::begin(served.port, &long), Reading::begin(served.port, &long)];
    tokio::time::sleep(Duration::from_millis(500)).await;
    let busy = served.post("/api/maps", &ask(&json!({}))).await;
    assert_eq!((busy.status, busy.error_code().as_str()), (503, "busy"));
    drop((reading, held));
    for _ in 0..100 {
        // Of the readers that left, one may be noticed before the others.
        let still = served.post(&steer, &json!({"pause": false})).await;
        if still.status == 409 && served.post("/api/maps", &ask(&json!({}))).await.status == 200 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("clients that left still hold their places");
}

/// Frames of one colour an episode and step, in two episodes.
#[tokio::test]
async fn row_a13_pictures_of_points_of_many_episodes_come_in_one_answer() {
    let root = tempfile::tempdir().expect("a folder");
    let run = start(root.path(), info(RUN, "pictures"));
    for index in 0..2_u64 {
        let played = EpisodeRow { recorded: true, end: EpisodeEnd::Terminated, length: 40, ..episode(index) };
        run.episode(played).expect("logged");
        for step in 0..40_u64 {
            let pixel = [(index * 100) as u8, step as u8, 7];
            let frame = Array::new(Dtype::Uint8, vec![20, 40, 3], pixel.repeat(800)).expect("a frame");
            let mut values: Vec<(Arc<str>, StepValue)> =
                vec![("observation".into(), StepValue::Array(Array::from_f32(&[step as f32, index as f32])))];
            // Of one step nothing was seen.
            if (index, step) != (1, 5) {
                values.push(("frame".into(), StepValue::Array(frame)));
            }
            run.step(index, step, values).expect("logged");
        }
    }
    run.close(RunState::Finished).expect("closed");
    let served = Served::start(&[root.path().to_owned()], ServeOptions::default()).await;
    let id = id(&map(&served, &json!({})).await);
    let path = format!("/api/maps/{id}/pictures");
    let asked = served.post(&path, &json!({"points": [79, 0, 45, 41], "side": 10})).await;
    assert_eq!(asked.status, 200, "{}", asked.text());
    let found = decode(&asked.body).expect("columns");
    assert!(found.header["error"].is_null());
    assert_eq!(found.f64("point"), Some(vec![79.0, 0.0, 45.0, 41.0]));
    assert_eq!(found.f64("width"), Some(vec![10.0, 10.0, 0.0, 10.0]));
    assert_eq!(found.f64("height"), Some(vec![5.0, 5.0, 0.0, 5.0]));
    let rgb = found.f64("rgb").expect("pixels");
    assert_eq!(rgb.len(), 3 * 50 * 3);
    for (at, pixel) in [(0, [100.0, 39.0, 7.0]), (1, [0.0, 0.0, 7.0]), (2, [100.0, 1.0, 7.0])] {
        assert!(
            rgb[150 * at..][..150].chunks(3).all(|found| found == pixel),
            "picture {at}: {:?}",
            &rgb[150 * at..][..3]
        );
    }
    for (body, text) in [
        (json!({"points": [80]}), "below 80"),
        (json!({"points": [0], "side": 257}), "1 to 256"),
        (json!({"points": vec![0; 513]}), "MAP_PICTURES_MAX"),
    ] {
        let answer = served.post(&path, &body).await;
        assert!([400, 413].contains(&answer.status) && answer.text().contains(text), "{}", answer.text());
    }
}
