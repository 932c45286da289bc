use std::io::Write as _;
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ethogram_server::ServeOptions;
use ethogram_store::{Array, Dtype, EpisodeEnd, EpisodeRow, RunState, StepValue};
use serde_json::json;

use crate::http::Served;
use crate::runs::{RUN, episode, info, start};

const STEPS: u64 = 6;

/// A run whose episode was played by a distributional critic with 8 quantiles of 3 actions.
async fn served() -> (tempfile::TempDir, Served) {
    let root = tempfile::tempdir().expect("a folder");
    let run = start(root.path(), info(RUN, "quantiles"));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ethogram_model/testdata/policies");
    let onnx = std::fs::read(folder.join("quantiles.onnx")).expect("a network");
    let signature = json!({
        "inputs": {"obs": {"role": "observation", "field": "observation"}},
        "outputs": {"quantiles": {"role": "quantiles"}},
    });
    run.checkpoint(0, "start", "onnx", onnx, signature).expect("logged");
    let played = EpisodeRow { recorded: true, end: EpisodeEnd::Terminated, length: STEPS, ..episode(0) };
    run.episode(played).expect("logged");
    for step in 0..STEPS {
        let seen: Vec<f32> = (0..5).map(|at| ((step * 5 + at) as f32).sin()).collect();
        let values: Vec<(Arc<str>, StepValue)> = vec![
            ("observation".into(), StepValue::Array(Array::from_f32(&seen))),
            ("action".into(), StepValue::Array(Array::scalar_i64(step as i64 % 3))),
            ("quantiles".into(), StepValue::Array(Array::from_f32(&[0.0; 24]))),
        ];
        run.step(0, step, values).expect("logged");
    }
    run.close(RunState::Finished).expect("closed");
    let served = Served::start(&[root.path().to_owned()], ServeOptions::default()).await;
    (root, served)
}

fn path(rest: &str) -> String {
    format!("/api/runs/{RUN}/episodes/0/{rest}")
}

#[tokio::test]
async fn everything_that_can_be_asked_is_listed() {
    let (_root, served) = served().await;
    let listed = served.json(&path("explanations")).await;
    let names = |key: &str| -> Vec<String> {
        let items = listed[key].as_array().expect("a list");
        items.iter().map(|item| item["name"].as_str().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(names("targets"), ["action", "greedy", "0", "1", "2", "all", "cvar:0.1"]);
    assert_eq!(names("views"), ["plain"], "what actions are worth is no probability");
    assert_eq!(listed["inputs"], json!([{"name": "obs", "field": "observation", "recurrent": false}]));
    let layers = listed["layers"].as_array().expect("a list");
    assert_eq!(layers.iter().filter(|layer| layer["recommended"] == true).count(), 1, "{layers:?}");
    assert!(layers.iter().all(|layer| layer["shape"].is_array() && layer["operator"].is_string()));
    let methods = listed["methods"].as_array().expect("a list");
    let ig = methods.iter().find(|method| method["name"] == "integrated_gradients").expect("there");
    assert!(
        ["doc", "does_not_show", "cost", "source"].iter().all(|key| ig[*key].as_str().is_some_and(|t| t.len() > 9))
    );
    assert_eq!(ig["params"][0]["name"], "steps");
    assert_eq!(
        (&ig["params"][0]["kind"], &ig["params"][0]["default"], &ig["params"][0]["max"]),
        (&json!("integer"), &json!(50), &json!(10_000))
    );
    assert_eq!(ig["params"][1]["of"][4], "riemann_trapezoid");
}

#[tokio::test]
async fn settings_change_the_answer_and_are_checked() {
    let (_root, served) = served().await;
    let ask = |more: &str| path(&format!("attribution?method=integrated_gradients&target=greedy{more}"));
    let plain = served.columns(&ask("")).await;
    assert_eq!(plain.header["settings"]["steps"], "50");
    assert_eq!(plain.header["targets"], json!(["greedy"]));
    assert_eq!(plain.header["parts"][0]["name"], "obs");
    let mean = served.columns(&ask("&steps=20&rule=riemann_middle&baseline=episode_mean")).await;
    assert_eq!(mean.header["settings"]["rule"], "riemann_middle");
    assert_ne!(plain.f64("at_baseline"), mean.f64("at_baseline"));
    let check = |more: &'static str, text: &'static str| {
        let asked = ask(more);
        let served = &served;
        async move {
            let answer = served.get(&asked).await;
            assert_eq!((answer.status, answer.error_code().as_str()), (400, "bad_request"), "{more}");
            assert!(answer.text().contains(text), "{}", answer.text());
        }
    };
    check("&steps=0", "a whole number from 1 to 10000").await;
    check("&stride=3", "steps, rule, baseline").await;
    check("&of=odds", "log_probability").await;
    check("&baseline=black", "episode_mean").await;
    check("&steps=1&steps=2", "given twice").await;
}

#[tokio::test]
async fn several_targets_are_answered_at_once() {
    let (_root, served) = served().await;
    let columns = served.columns(&path("attribution?method=gradient&target=action,top3,cvar:0.25")).await;
    assert_eq!(columns.header["targets"], json!(["action", "top:1", "top:2", "cvar:0.25:action"]));
    for step in 0..STEPS as usize {
        let mut entries: Vec<f64> =
            (0..3).map(|index| columns.f64(&format!("{index}/entry")).expect("there")[step]).collect();
        entries.sort_by(f64::total_cmp);
        assert_eq!(entries, [0.0, 1.0, 2.0]);
    }
    let (mean, tail) = (columns.f64("0/at_input").expect("there"), columns.f64("3/at_input").expect("there"));
    assert!(mean.iter().zip(&tail).all(|(mean, tail)| tail < mean));
}

#[tokio::test]
async fn quality_and_parity_are_told() {
    let (_root, served) = served().await;
    let rest = "attribution/quality?method=integrated_gradients&target=1&step=2&checks=curves,infidelity,randomised&planted=0,1";
    let quality = served.json(&path(rest)).await;
    assert_eq!(quality["step"], 2);
    assert_eq!(quality["curves"]["shares"].as_array().map(Vec::len), Some(21));
    assert!(quality["infidelity"].is_number() && quality["planted"]["last"].is_number());
    assert_eq!(quality["randomised"].as_array().map(Vec::len), Some(2));
    assert!(quality["completeness"]["error"].is_number());
    let wrong = served.get(&path("attribution/quality?method=saliency&checks=truth")).await;
    assert_eq!((wrong.status, wrong.error_code().as_str()), (400, "bad_request"));

    // All zeros were logged as quantiles: this is another network.
    let parity = served.json(&path("parity")).await;
    assert_eq!(parity["verdict"], "different");
    assert_eq!((&parity["outputs"][0]["field"], &parity["steps"]), (&json!("quantiles"), &json!(STEPS)));
    let missing = served.get(&format!("/api/runs/{RUN}/episodes/7/parity")).await;
    assert_eq!(missing.status, 404);
}

/// An episode of so many frames, of which the published Breakout agent says what was not logged.
fn breakout(steps: u64) -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a folder");
    let run = start(root.path(), info(RUN, "breakout"));
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../demo/sources/models");
    let network = std::fs::read(models.join("breakout-a3c-80M.onnx")).expect("a network");
    let signature = json!({
        "inputs": {
            "frame": {"role": "observation", "field": "observation",
                      "preprocessing": [{"op": "scale", "by": 1.0 / 255.0}, {"op": "unsqueeze", "axis": 0}]},
            "hx": {"role": "state", "next": "hx_next"},
        },
        "outputs": {"logits": {"role": "logits"}, "value": {"role": "value"}},
    });
    run.checkpoint(0, "80M", "onnx", network, signature).expect("logged");
    run.episode(EpisodeRow { recorded: true, length: steps, ..episode(0) }).expect("logged");
    for step in 0..steps {
        let pixels = (0..6_400).map(|at: u64| ((at * 7 + step) % 200) as u8).collect();
        let values: Vec<(Arc<str>, StepValue)> = vec![
            ("observation".into(), StepValue::Array(Array::new(Dtype::Uint8, vec![80, 80], pixels).expect("a frame"))),
            ("recurrent_state".into(), StepValue::Array(Array::from_f32(&[0.0; 256]))),
            ("value".into(), StepValue::Array(Array::from_f32(&[0.0]))),
        ];
        run.step(0, step, values).expect("logged");
    }
    run.close(RunState::Finished).expect("closed");
    root
}

/// A comparison of a long episode is over soon after its client has left, where one that is waited for takes its time.
#[test]
fn a_comparison_that_nobody_waits_for_ends() {
    let root = breakout(1_024);
    let runtime =
        || tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let serving = async || Served::start(&[root.path().to_owned()], ServeOptions::default()).await;
    let whole = {
        let runtime = runtime();
        let served = runtime.block_on(serving());
        let asked = Instant::now();
        assert_eq!(runtime.block_on(served.json(&path("parity")))["steps"], 1_024);
        asked.elapsed()
    };

    let runtime = runtime();
    let served = runtime.block_on(serving());
    let mut stream = TcpStream::connect(("127.0.0.1", served.port)).expect("a connection");
    let head = format!("GET {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n", path("parity"), served.port);
    stream.write_all(head.as_bytes()).expect("sent");
    std::thread::sleep((whole / 10).max(Duration::from_millis(20)));
    drop(stream);
    let left = Instant::now();
    runtime.block_on(served.stop());
    // Waits for what workers have begun.
    drop(runtime);
    assert!(left.elapsed() < whole / 2, "{:?} after the client left; all of it takes {whole:?}", left.elapsed());
}
