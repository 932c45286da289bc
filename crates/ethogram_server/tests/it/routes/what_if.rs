//! Edits of what published agents received, asked over HTTP.

use std::{path::Path, sync::Arc};

use ethogram_server::ServeOptions;
use ethogram_store::{Array, Dtype, EnvSpec, EpisodeRow, RunInfo, RunState, Space, StepValue};
use serde_json::{Value, json};

use crate::{
    http::Served,
    runs::{RUN, episode, info, start},
};

/// A published agent of the demo.
fn agent(name: &str) -> Vec<u8> {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../demo/sources/models");
    std::fs::read(models.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn unbounded(shape: Vec<usize>, dtype: Dtype, low: Option<f64>, high: Option<f64>) -> Space {
    Space::Box { shape, dtype, low: vec![low], high: vec![high], stack_axis: None }
}

fn row_of(step: u64) -> Vec<f32> {
    (0..4).map(|at| 0.1 * at as f32 - 0.02 * step as f32).collect()
}

/// An episode of `CartPole` with agents of six stages of one training; the last of them is in force.
pub(super) async fn cartpole() -> (tempfile::TempDir, Served) {
    let root = tempfile::tempdir().expect("a folder");
    let env = EnvSpec {
        id: "CartPole-v1".into(),
        observation_space: Some(unbounded(vec![4], Dtype::Float32, Some(-2.0), Some(2.0))),
        action_space: Some(Space::Discrete { n: 2, start: 0, dtype: Dtype::Int64 }),
        ..EnvSpec::default()
    };
    let run = start(root.path(), RunInfo { env: Some(env), ..info(RUN, "cartpole") });
    let signature = json!({
        "inputs": {"obs": {"role": "observation", "field": "observation"}},
        "outputs": {"q_values": {"role": "q_values"}},
    });
    for step in [1, 2_000, 5_000, 10_000, 25_000, 50_000] {
        let bytes = agent(&format!("cartpole-dqn-stages-seed1/step{step:06}.onnx"));
        run.checkpoint(step, &format!("step {step}"), "onnx", bytes, signature.clone()).expect("logged");
    }
    run.episode(EpisodeRow { recorded: true, checkpoint: Some(50_000), ..episode(0) }).expect("logged");
    for step in 0..12 {
        let observation = StepValue::Array(Array::from_f32(&row_of(step)));
        let action = StepValue::Array(Array::scalar_i64(0));
        let values: Vec<(Arc<str>, StepValue)> = vec![("observation".into(), observation), ("action".into(), action)];
        run.step(0, step, values).expect("logged");
    }
    run.close(RunState::Finished).expect("closed");
    let served = Served::start(&[root.path().to_owned()], ServeOptions::default()).await;
    (root, served)
}

/// Three frames of Breakout, each darker than the one before, with the state before each.
async fn breakout() -> (tempfile::TempDir, Served) {
    let root = tempfile::tempdir().expect("a folder");
    let env = EnvSpec {
        id: "Breakout-v4".into(),
        observation_space: Some(unbounded(vec![80, 80], Dtype::Uint8, Some(0.0), Some(255.0))),
        action_space: Some(Space::Discrete { n: 4, start: 0, dtype: Dtype::Int64 }),
        ..EnvSpec::default()
    };
    let run = start(root.path(), RunInfo { env: Some(env), ..info(RUN, "breakout") });
    let signature = json!({
        "inputs": {
            "frame": {"role": "observation", "field": "observation",
                      "preprocessing": [{"op": "scale", "by": 1.0 / 255.0}, {"op": "unsqueeze", "axis": 0}]},
            "hx": {"role": "state", "next": "hx_next"},
        },
        "outputs": {"logits": {"role": "logits"}, "value": {"role": "value"}, "hx_next": {"role": "state", "of": "hx"}},
    });
    run.checkpoint(80, "80M", "onnx", agent("breakout-a3c-80M.onnx"), signature).expect("logged");
    run.episode(EpisodeRow { recorded: true, checkpoint: Some(80), ..episode(0) }).expect("logged");
    for step in 0..3_u64 {
        let pixels = (0..6_400).map(|at: u64| (at * 7 % 200) as u8 / (step as u8 + 1)).collect();
        let frame = Array::new(Dtype::Uint8, vec![80, 80], pixels).expect("a frame");
        let state = Array::from_f32(&[0.1; 256]);
        let values: Vec<(Arc<str>, StepValue)> =
            vec![("observation".into(), StepValue::Array(frame)), ("recurrent_state".into(), StepValue::Array(state))];
        run.step(0, step, values).expect("logged");
    }
    run.close(RunState::Finished).expect("closed");
    let served = Served::start(&[root.path().to_owned()], ServeOptions::default()).await;
    (root, served)
}

pub(super) fn path(question: &str) -> String {
    format!("/api/runs/{RUN}/episodes/0/{question}")
}

fn set(element: usize, value: f64) -> Value {
    json!({"field": "observation", "place": {"elements": [element]}, "change": {"set": value}})
}

/// N-2: an edited entry changes what the policy says, as if it had been recorded so.
#[tokio::test]
async fn n_2_an_edited_step_is_answered_like_one_that_was_recorded() {
    let (_root, served) = cartpole().await;
    let found = served.post(&path("what_if"), &json!({"step": 3})).await.columns();
    let as_recorded = &found.header["answers"][0];
    assert_eq!(as_recorded["before"], as_recorded["after"]);
    assert_eq!(as_recorded["checkpoint"], json!({"global_step": 50_000, "name": "step 50000"}));
    assert_eq!(found.header["fields"][0]["changed"], 0);

    // Step 7 written over step 3 is step 7.
    let edits: Vec<Value> = row_of(7).iter().enumerate().map(|(at, &value)| set(at, value.into())).collect();
    let edited = served.post(&path("what_if"), &json!({"step": 3, "edits": edits})).await.columns();
    let other = served.post(&path("what_if"), &json!({"step": 7})).await.columns();
    assert_eq!(edited.header["answers"][0]["after"], other.header["answers"][0]["before"]);
    assert_ne!(edited.header["answers"][0]["after"], edited.header["answers"][0]["before"]);
    assert_eq!(edited.header["fields"][0]["changed"], 4);
    let pasted = json!([{"field": "observation", "place": "all", "change": {"paste": {"step": 7}}}]);
    let pasted = served.post(&path("what_if"), &json!({"step": 3, "edits": pasted})).await.columns();
    assert_eq!(pasted.header["answers"][0]["after"], other.header["answers"][0]["before"]);

    // Outside of the space it is answered, and marked.
    let outside = served.post(&path("what_if"), &json!({"step": 3, "edits": [set(2, 5.0)]})).await.columns();
    assert_eq!(outside.header["fields"][0]["outside"], 1);
    assert_ne!(outside.header["answers"][0]["after"], as_recorded["after"]);
}

/// A-11, N-6: one state asked of every checkpoint, and the states on which they disagree.
#[tokio::test]
async fn a_11_one_state_is_asked_of_every_checkpoint() {
    let (_root, served) = cartpole().await;
    let ask = json!({
        "step": 3, "checkpoints": "all", "attribution": {"method": "saliency", "target": "greedy"},
    });
    let found = served.post(&path("what_if"), &ask).await.columns();
    let answers = found.header["answers"].as_array().expect("answers");
    assert_eq!(answers.len(), 6);
    assert_eq!(answers.iter().filter(|answer| answer["in_force"] == true).count(), 1);
    let q = |answer: &Value| answer["after"]["numbers"].clone();
    assert!(answers.windows(2).all(|pair| q(&pair[0]) != q(&pair[1])), "each has its own");
    for (index, answer) in answers.iter().enumerate() {
        // The same as the route of attributions says, whose numbers are bytes with a scale.
        let step = answer["checkpoint"]["global_step"].as_i64().expect("a step");
        let query = format!("attribution?method=saliency&target=greedy&checkpoint={step}&from=3&to=4");
        let expected = served.columns(&path(&query)).await;
        let scale = expected.f64("scale").expect("a scale")[0];
        let bytes = expected.bytes("values").expect("bytes");
        let found = found.bytes(&format!("attribution/{index}/after")).expect("floats");
        for (found, byte) in found.as_chunks::<4>().0.iter().zip(bytes) {
            let found = f64::from(f32::from_le_bytes(*found));
            assert!((found - f64::from(byte.cast_signed()) * scale).abs() <= 0.51 * scale, "{index}");
        }
    }

    let many = served.post(&path("disagreement"), &json!({})).await.columns();
    assert_eq!(many.f64("step").expect("steps").len(), 12);
    assert_eq!(many.header["checkpoints"].as_array().map(Vec::len), Some(6));
    assert_eq!((many.header["by_kl"].clone(), many.header["in_force"].clone()), (json!(false), json!(5)));
    assert!(many.f64("apart").expect("shares").iter().all(|share| (0.0..=1.0).contains(share)));
    let numbers = many.bytes("5/numbers").expect("numbers")[3 * 8..][..4].try_into().expect("four bytes");
    let in_one = q(&answers[5])[0].as_f64().expect("a number");
    assert!((f64::from(f32::from_le_bytes(numbers)) - in_one).abs() < 1e-4);
    let few = served.post(&path("disagreement"), &json!({"checkpoints": [1], "places": 3})).await.columns();
    assert_eq!(few.f64("step").expect("steps"), [0.0, 5.0, 11.0]);
    assert_eq!(few.header["checkpoints"].as_array().map(Vec::len), Some(2), "the one in force is always among them");
}

/// R-9, N-7: the state before a step is edited like any other input, and pictures are painted on.
#[tokio::test]
async fn r_9_the_recurrent_state_is_edited_like_a_picture_is() {
    let (_root, served) = breakout().await;
    let ask = |edits: Value| json!({"step": 0, "edits": edits});
    let found = served
        .post(
            &path("what_if"),
            &ask(json!([
                {"field": "recurrent_state", "place": "all", "change": {"set": 0.0}},
                {"field": "observation", "place": {"rect": [0, 0, 80, 40]}, "change": {"set": 300.0}},
                {"field": "observation", "place": {"runs": [[3_200, 80]]}, "change": {"paste": {"step": 2}}},
                {"field": "observation", "place": {"rect": [0, 60, 80, 1]}, "change": "erase"},
            ])),
        )
        .await
        .columns();
    let fields = &found.header["fields"];
    assert_eq!((&fields[0]["name"], &fields[1]["name"]), (&json!("observation"), &json!("recurrent_state")));
    assert_eq!((fields[0]["clipped"].clone(), fields[1]["changed"].clone()), (json!(3_200), json!(256)));
    let after: Vec<f32> = found
        .bytes("field/0/after")
        .expect("pixels")
        .as_chunks::<4>()
        .0
        .iter()
        .map(|bytes| f32::from_le_bytes(*bytes))
        .collect();
    assert_eq!((after[0], after[3_199]), (255.0, 255.0), "bytes are clipped");
    let recorded = |at: u64, step: u8| f32::from((at * 7 % 200) as u8 / (step + 1));
    assert_eq!((after[3_250], after[3_281]), (recorded(3_250, 2), recorded(3_281, 0)));
    // The median of three frames, each darker than the one before, is the second.
    assert!((after[4_850] - recorded(4_850, 1)).abs() < 1e-6);
    let answer = &found.header["answers"][0];
    assert!(answer["kl"].as_f64().expect("a KL") > 0.0);
    let sum: f64 = answer["after"]["probabilities"].as_array().expect("four").iter().filter_map(Value::as_f64).sum();
    assert!((sum - 1.0).abs() < 1e-6);

    let memory = json!([{"field": "recurrent_state", "place": {"elements": [3]}, "change": {"set": 2.0}}]);
    let found = served.post(&path("what_if"), &ask(memory)).await.columns();
    let state = &found.header["answers"][0];
    assert_ne!(state["before"]["value"], state["after"]["value"], "the memory alone changes the value");
}

/// An episode of a policy with two states, `h` and `c`, which were logged as one field. **Source**: `lstm` of `testdata/policies`, four rows
/// of which are the four steps.
async fn lstm() -> (tempfile::TempDir, Served) {
    let root = tempfile::tempdir().expect("a folder");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ethogram_model/testdata/policies");
    let run = start(root.path(), info(RUN, "lstm"));
    let signature = json!({
        "inputs": {
            "obs": {"role": "observation", "field": "observation"},
            "h": {"role": "state", "next": "h_next"},
            "c": {"role": "state", "next": "c_next"},
        },
        "outputs": {"logits": {"role": "logits"}, "value": {"role": "value"}},
    });
    let network = std::fs::read(folder.join("lstm.onnx")).expect("a network");
    run.checkpoint(0, "start", "onnx", network, signature).expect("logged");
    run.episode(EpisodeRow { recorded: true, checkpoint: Some(0), ..episode(0) }).expect("logged");
    for step in 0..4 {
        let row = |name: &str, width: usize| -> Vec<f32> { reference("lstm", name)[step * width..][..width].to_vec() };
        let state = [row("h", 6), row("c", 6)].concat();
        let values: Vec<(Arc<str>, StepValue)> = vec![
            ("observation".into(), StepValue::Array(Array::from_f32(&row("obs_0", 5)))),
            ("recurrent_state".into(), StepValue::Array(Array::from_f32(&state))),
        ];
        run.step(0, step as u64, values).expect("logged");
    }
    run.close(RunState::Finished).expect("closed");
    let served = Served::start(&[root.path().to_owned()], ServeOptions::default()).await;
    (root, served)
}

/// Numbers that torch computed of a policy of `testdata/policies`.
fn reference(policy: &str, array: &str) -> Vec<f32> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ethogram_model/testdata/policies");
    let text = std::fs::read_to_string(folder.join(format!("{policy}.json"))).expect("a description");
    let about: Value = serde_json::from_str(&text).expect("JSON");
    let arrays = about["arrays"].as_array().expect("arrays");
    let found = arrays.iter().find(|known| known["name"] == array).expect("the array");
    let count: u64 = found["shape"].as_array().expect("a shape").iter().filter_map(Value::as_u64).product();
    let numbers = std::fs::read(folder.join(format!("{policy}.bin"))).expect("numbers");
    let from = 4 * found["offset"].as_u64().expect("an offset") as usize;
    let numbers = &numbers[from..from + 4 * count as usize];
    numbers.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

/// R-9, N-7: states that were logged as one field are edited there, and each reaches its own input.
#[tokio::test]
async fn r_9_states_of_one_field_are_edited_together() {
    let (_root, served) = lstm().await;
    let found = served.post(&path("what_if"), &json!({"step": 1})).await.columns();
    let fields = &found.header["fields"];
    assert_eq!((&fields[0]["name"], &fields[1]["name"]), (&json!("observation"), &json!("recurrent_state")));
    assert_eq!(fields[1]["shape"], json!([12]));
    // What torch says of the first action of the same rows.
    let logit = |said: &Value| said["numbers"][1].as_f64().expect("a logit") as f32;
    let expected = reference("lstm", "one__at");
    let before = logit(&found.header["answers"][0]["before"]);
    assert!((before - expected[1]).abs() < 2e-5, "{before}, expected {}", expected[1]);

    // All of step 3 written over step 1 is step 3; one half of the state alone is neither.
    let paste = |field: &str, place: Value| json!({"field": field, "place": place, "change": {"paste": {"step": 3}}});
    let ask = |edits: Value| json!({"step": 1, "edits": edits});
    let state = |from: usize, to: usize| paste("recurrent_state", json!({"elements": (from..to).collect::<Vec<_>>()}));
    let after = async |edits: Value| {
        let found = served.post(&path("what_if"), &ask(edits)).await.columns();
        logit(&found.header["answers"][0]["after"])
    };
    let all = after(json!([paste("observation", json!("all")), state(0, 12)])).await;
    assert!((all - expected[3]).abs() < 2e-5, "{all}, expected {}", expected[3]);
    let (h, c) = (after(json!([state(0, 6)])).await, after(json!([state(6, 12)])).await);
    let differ = |a: f32, b: f32| (a - b).abs() > 1e-4;
    assert!(differ(h, before) && differ(c, before) && differ(h, c), "{h} and {c}, before {before}");

    // Attributions of the edited step take the edited state, too.
    let attributed = json!({"step": 1, "edits": [paste("observation", json!("all")), state(0, 12)],
        "attribution": {"method": "saliency", "target": "1", "wrt": "c"}});
    let told = served.post(&path("what_if"), &attributed).await.columns();
    let at_input = told.header["answers"][0]["attribution"]["after"]["at_input"].as_f64().expect("a number") as f32;
    assert!((at_input - all).abs() < 1e-5, "{at_input}, expected {all}");

    // The smallest change is looked for in what one input takes.
    let greedy = found.header["answers"][0]["before"]["greedy"][0].as_u64().expect("a choice");
    let other = json!({"step": 1, "action": (greedy + 1) % 3, "field": "recurrent_state"});
    let wrong = served.post(&path("counterfactual"), &other).await.text();
    assert!(wrong.contains("one of observation"), "{wrong}");
}

/// The lines of a search; between them are the lengths of chunks, as HTTP sends them.
fn lines(text: &str) -> Vec<Value> {
    let lines = text.lines().filter(|line| line.starts_with('{'));
    lines.map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// N-2: the smallest change is a list of edits which, asked again, flips the choice.
#[tokio::test]
async fn n_2_the_smallest_change_flips_the_choice() {
    let (_root, served) = cartpole().await;
    for (step, measure) in [(0, "fewest"), (0, "least"), (9, "fewest"), (9, "least")] {
        let before = served.post(&path("what_if"), &json!({"step": step})).await.columns();
        let prefers = before.header["answers"][0]["before"]["greedy"][0].as_u64().expect("a choice");
        let ask = json!({"step": step, "action": 1 - prefers, "measure": measure});
        let answer = served.post(&path("counterfactual"), &ask).await;
        assert_eq!(answer.header("content-type"), "application/x-ndjson");
        let lines = lines(&answer.text());
        let found = &lines[lines.len() - 1]["found"];
        assert_eq!(found["flips"], true, "{found}");
        let again = json!({"step": step, "edits": found["edits"]});
        let again = served.post(&path("what_if"), &again).await.columns();
        assert_eq!(again.header["answers"][0]["after"]["greedy"], json!([1 - prefers]));
        assert_eq!(again.header["fields"][0]["outside"], 0, "within the space");
        assert_eq!(again.header["fields"][0]["changed"], found["size"]["l0"]);
        for alone in found["alone"].as_array().expect("a list") {
            let edit = set(alone[0].as_u64().expect("an element") as usize, alone[1].as_f64().expect("a number"));
            let one = served.post(&path("what_if"), &json!({"step": step, "edits": [edit]})).await.columns();
            assert_eq!(one.header["answers"][0]["after"]["greedy"], json!([1 - prefers]), "{alone}");
        }
    }
}

#[tokio::test]
async fn what_cannot_be_asked_is_named() {
    let (_root, served) = cartpole().await;
    let check = async |question: &str, body: Value, status: u16, text: &str| {
        let answer = served.post(&path(question), &body).await;
        assert_eq!(answer.status, status, "{body}: {}", answer.text());
        assert!(answer.text().contains(text), "{text}: {}", answer.text());
    };
    check("what_if", json!({}), 400, "step").await;
    check("what_if", json!({"step": 3, "edit": []}), 400, "edit").await;
    check("what_if", json!({"step": 99}), 422, "not logged at step 99").await;
    check("what_if", json!({"step": 3, "edits": [set(4, 0.0)]}), 400, "elements below 4").await;
    check("what_if", json!({"step": 3, "edits": vec![set(1, 0.0); 257]}), 413, "EDITS_MAX").await;
    check("what_if", json!({"step": 3, "checkpoints": [7]}), 400, "2000").await;
    check("what_if", json!({"step": 3, "attribution": {"method": "tea_leaves"}}), 400, "saliency").await;
    let odd = json!({"method": "integrated_gradients", "settings": {"leaves": "7"}});
    check("what_if", json!({"step": 3, "attribution": odd}), 400, "leaves").await;
    check("disagreement", json!({"places": 1_001}), 413, "COMPARED_STEPS_MAX").await;
    let unknown = json!({"field": "reward", "place": "all", "change": "erase"});
    check("what_if", json!({"step": 3, "edits": [unknown]}), 400, "one of observation").await;
    // A search answers with its error as its last line: its head was sent before it was known.
    let answer = served.post(&path("counterfactual"), &json!({"step": 3, "action": 2})).await;
    let lines = lines(&answer.text());
    assert!(lines[0]["error"]["message"].as_str().is_some_and(|text| text.contains("below 2")), "{lines:?}");
    let missing = served.post(&format!("/api/runs/{RUN}/episodes/5/what_if"), &json!({"step": 0})).await;
    assert_eq!(missing.status, 404);
}
