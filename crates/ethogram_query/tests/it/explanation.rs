//! Why policies of every kind said what they said: from logged fields and a checkpoint to attributions.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use ethogram_model::{Limits, Model, Tensor, View, look};
use ethogram_query::{
    Cancel, Explanation, ExplanationRequest, Of, Params, QualityChecks, RunHandle, Verdict, Workbench,
};
use ethogram_store::{ActionGroup, EnvSpec, EpisodeEnd, RunInfo, Space};
use serde_json::{Value, json};

use crate::memory::{MemoryRun, Rows, bench_of};

/// Steps of the episodes.
pub const STEPS: usize = 6;

fn onnx(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ethogram_model/testdata/policies");
    std::fs::read(folder.join(format!("{name}.onnx"))).expect("a network")
}

/// Numbers that look random and never repeat.
pub fn noise(count: usize, salt: u64) -> Vec<f32> {
    let mut state = salt.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..count)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 40) as f32 / (1_u32 << 23) as f32 - 1.0
        })
        .collect()
}

pub fn rows(values: &[f32], width: usize) -> Rows {
    values.chunks(width).map(|row| Some(row.iter().map(|&value| f64::from(value)).collect())).collect()
}

/// Batches of other sizes round otherwise in the last bits.
pub fn close(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    let same = found.iter().zip(expected).all(|(a, b)| (a - b).abs() <= 1e-5 * b.abs().max(1.0));
    assert!(same, "{found:?}, expected {expected:?}");
}

/// A run with one network and episodes of these fields, and a bench that shows it.
pub struct Asked {
    _bench: Workbench,
    pub run: Arc<RunHandle>,
}

pub type Fields<'a> = Vec<(&'a str, Vec<usize>, Rows)>;

pub fn asked(network: &str, signature: Value, env: Option<EnvSpec>, episodes: &[Fields<'_>]) -> Asked {
    let run = Arc::new(MemoryRun::with_info(RunInfo { id: ethogram_store::RunId::new(), env, ..RunInfo::default() }));
    run.checkpoint(0, onnx(network), signature);
    for (index, fields) in episodes.iter().enumerate() {
        let fields: Vec<(&str, &[usize], Rows)> =
            fields.iter().map(|(name, shape, rows)| (*name, shape.as_slice(), rows.clone())).collect();
        run.episode(index as u64, EpisodeEnd::Open, &fields);
    }
    let bench = bench_of(&run);
    let run = bench.run(&run.id().0).expect("the run");
    Asked { _bench: bench, run }
}

impl Asked {
    pub fn ask(&self, target: &str, method: &str, change: impl FnOnce(&mut ExplanationRequest)) -> Vec<Explanation> {
        self.try_ask(target, method, change).unwrap_or_else(|error| panic!("{target} by {method}: {error}"))
    }

    fn try_ask(
        &self,
        target: &str,
        method: &str,
        change: impl FnOnce(&mut ExplanationRequest),
    ) -> ethogram_query::Result<Vec<Explanation>> {
        let mut request =
            ExplanationRequest { target: target.into(), method: method.into(), ..ExplanationRequest::default() };
        change(&mut request);
        self.run.explanations_of(&request, &Cancel::default())
    }

    fn error(&self, target: &str, method: &str, change: impl FnOnce(&mut ExplanationRequest)) -> String {
        self.try_ask(target, method, change).expect_err("no answer").to_string()
    }
}

fn params(pairs: &[(&str, &str)]) -> Params {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect()
}

pub fn observations(salt: u64) -> (&'static str, Vec<usize>, Rows) {
    ("observation", vec![5], rows(&noise(STEPS * 5, salt), 5))
}

fn simple(output: &str, role: &str) -> Value {
    json!({"inputs": {"obs": {"role": "observation", "field": "observation"}}, "outputs": {output: {"role": role}}})
}

/// A policy of 4, 3 and 2 choices at once, and the actions it took.
fn joint() -> Asked {
    let signature = json!({
        "inputs": {"obs": {"role": "observation", "field": "observation"}},
        "outputs": {"logits": {"role": "logits"}, "value": {"role": "value"}},
    });
    let space = Space::MultiDiscrete { nvec: vec![4, 3, 2], shape: vec![3], dtype: ethogram_store::Dtype::Int64 };
    let env = EnvSpec { id: "joint".into(), action_space: Some(space), ..EnvSpec::default() };
    let actions = (0..STEPS).map(|step| Some(vec![(step % 4) as f64, (step % 3) as f64, (step % 2) as f64])).collect();
    asked("joint", signature, Some(env), &[vec![observations(1), ("action", vec![3], actions)]])
}

/// R-6: picked, highest, top three and all joint actions of a `MultiDiscrete([4, 3, 2])`; without doubles, and their probabilities add up to 1.
#[test]
fn row_r6_joint_actions_are_explained_together_and_by_part() {
    let joint = joint();
    let with = |of: Of| move |request: &mut ExplanationRequest| request.of = of;
    let all = joint.ask("all", "saliency", with(Of::Probability));
    assert_eq!(all.len(), 24);
    for step in 0..STEPS {
        let sum: f32 = all.iter().map(|one| one.at_input[step]).sum();
        assert!((sum - 1.0).abs() < 1e-5, "step {step}: {sum}");
        let mut entries: Vec<u32> = all.iter().map(|one| one.entry[step]).collect();
        assert!(all.windows(2).all(|pair| pair[0].at_input[step] >= pair[1].at_input[step]), "the likeliest first");
        entries.sort_unstable();
        assert!(entries.iter().copied().eq(0..24), "each once: {entries:?}");
    }
    let best = &joint.ask("greedy", "saliency", with(Of::Probability))[0];
    assert_eq!((&best.at_input, &best.entry), (&all[0].at_input, &all[0].entry), "the highest is the first");
    let four = joint.ask("action,top3", "saliency", with(Of::Plain));
    assert_eq!(four.iter().map(|one| one.target.as_str()).collect::<Vec<_>>(), ["action", "top:1", "top:2", "top:3"]);
    for step in 0..STEPS {
        let taken = (step % 4 * 3 + step % 3) * 2 + step % 2;
        assert_eq!(four[0].entry[step] as usize, taken);
        let mut entries: Vec<u32> = four.iter().map(|one| one.entry[step]).collect();
        entries.sort_unstable();
        entries.dedup();
        assert_eq!(entries.len(), 4, "no doubles");
    }
    // The parts' logits add up to the joint one, and so do their gradients.
    let whole = &joint.ask("action", "gradient", |_| {})[0];
    let parts: Vec<Explanation> =
        ["action:0", "action:1", "action:2"].iter().map(|part| joint.ask(part, "gradient", |_| {}).remove(0)).collect();
    for (at, value) in whole.values.iter().enumerate() {
        let sum: f32 = parts.iter().map(|part| part.values[at]).sum();
        assert!((value - sum).abs() < 1e-5);
    }
    // The probability of the joint action is the product of those of its parts.
    let whole = &joint.ask("action", "saliency", with(Of::Probability))[0];
    let parts: Vec<f32> = ["action:0", "action:1", "action:2"]
        .iter()
        .map(|part| joint.ask(part, "saliency", with(Of::Probability))[0].at_input[3])
        .collect();
    assert!((whole.at_input[3] - parts.iter().product::<f32>()).abs() < 1e-6);
    let chosen = &joint.ask("0:3+1:0+2:1", "saliency", with(Of::LogProbability))[0];
    assert!((chosen.at_input[3].exp() - whole.at_input[3]).abs() < 1e-6, "step 3 took 3, 0 and 1");
    assert_eq!(joint.ask("value", "saliency", |_| {})[0].output, "value");
}

/// R-6 of a `MultiBinary([9])`: an action is nine switches, each of which is off or on.
#[test]
fn row_r6_switches_are_explained_together_and_one_by_one() {
    let signature = json!({
        "inputs": {"obs": {"role": "observation", "field": "observation"}},
        "outputs": {"logits": {"role": "logits"}, "value": {"role": "value"}},
    });
    let env = EnvSpec {
        id: "switches".into(),
        action_space: Some(Space::MultiBinary { shape: vec![9] }),
        ..EnvSpec::default()
    };
    let on = |step: usize, switch: usize| (step + switch).is_multiple_of(3);
    let action = |step| Some((0..9).map(|switch| f64::from(u8::from(on(step, switch)))).collect());
    let actions = (0..STEPS).map(action).collect();
    let of = asked("joint", signature, Some(env), &[vec![observations(1), ("action", vec![9], actions)]]);
    let one = |target: String, looked_at: Of| of.ask(&target, "gradient", |request| request.of = looked_at).remove(0);
    let mut product = [1.0_f32; STEPS];
    let mut likeliest = [1.0_f32; STEPS];
    let mut entropy = [0.0_f32; STEPS];
    for switch in 0..9 {
        let logit = one(switch.to_string(), Of::Plain);
        let taken = one(format!("action:{switch}"), Of::Plain);
        let chance = one(format!("action:{switch}"), Of::Probability);
        let [off, is_on] = [0, 1].map(|choice| one(format!("{switch}:{choice}"), Of::Probability));
        for step in 0..STEPS {
            let sign = if on(step, switch) { 1.0 } else { -1.0 };
            close(&taken.at_input[step..=step], &[sign * logit.at_input[step]]);
            let (row, width) = (step * 5, 5);
            let signed: Vec<f32> = logit.values[row..row + width].iter().map(|value| sign * value).collect();
            close(&taken.values[row..row + width], &signed);
            let (p, q) = (is_on.at_input[step], off.at_input[step]);
            assert!((p + q - 1.0).abs() < 1e-6 && (p - 1.0 / (1.0 + (-logit.at_input[step]).exp())).abs() < 1e-6);
            close(&[chance.at_input[step]], &[if on(step, switch) { p } else { q }]);
            product[step] *= chance.at_input[step];
            likeliest[step] *= p.max(q);
            entropy[step] -= p * p.ln() + q * q.ln();
        }
    }
    close(&one("action".into(), Of::Probability).at_input, &product);
    close(&one("greedy".into(), Of::Probability).at_input, &likeliest);
    close(&one("entropy".into(), Of::Plain).at_input, &entropy);
    // By their logits those that are on count for, and those that are off against.
    let whole = one("action".into(), Of::Plain);
    let parts: Vec<f32> = (0..9).map(|switch| one(format!("action:{switch}"), Of::Plain).at_input[2]).collect();
    close(&whole.at_input[2..3], &[parts.iter().sum()]);
    let best = of.ask("top8", "gradient", |request| request.of = Of::Probability);
    for step in 0..STEPS {
        let entries: std::collections::BTreeSet<u32> = best.iter().map(|one| one.entry[step]).collect();
        assert_eq!(entries.len(), 8, "no doubles");
        assert!(best.windows(2).all(|pair| pair[0].at_input[step] >= pair[1].at_input[step]), "the likeliest first");
    }
    assert_eq!(of.ask("all", "gradient", |_| {}).len(), 9, "each switch");
    assert!(of.error("action:9", "gradient", |_| {}).contains("9 parts"));
    assert!(of.error("9", "gradient", |_| {}).contains("part 9 of 9"));
}

#[test]
fn targets_that_are_not_there_say_what_is() {
    let joint = joint();
    let check = |target: &str, of: Of, text: &str| {
        let error = joint.error(target, "saliency", |request| request.of = of);
        assert!(error.contains(text), "{target}: {error}");
    };
    check("0:4", Of::Plain, "index 4 of 4");
    check("3:0", Of::Plain, "part 3 of 3");
    check("action:3", Of::Plain, "3 parts");
    check("group:left", Of::Plain, "there are none");
    check("name:LEFT", Of::Plain, "LEFT");
    check("cvar:0.1", Of::Plain, "quantiles");
    check("log_density", Of::Plain, "action_mean");
    check("value", Of::Probability, "no probability");
    check("action-greedy", Of::Probability, "log_probability");
    let all = joint.try_ask("top25", "saliency", |_| {}).expect("answers");
    assert_eq!(all.len(), 24, "there are no more");
    let error = joint.error("action", "integrated_gradients", |request| request.params = params(&[("stps", "3")]));
    assert!(error.contains(r#""attribution/integrated_gradients""#) && error.contains("steps"), "{error}");
    let error = joint.error("action", "magic", |_| {});
    assert!(error.contains("integrated_gradients"), "{error}");
    let request = ExplanationRequest { target: "top3".into(), ..ExplanationRequest::default() };
    let error = joint.run.explanation(&request, &Cancel::default()).expect_err("several").to_string();
    assert!(error.contains("one target"), "{error}");
    let error = joint.error("value", "saliency", |request| request.wrt = Some("state".into()));
    assert!(error.contains("recurrent state"), "{error}");
}

/// What an LSTM says over an episode, and its state before each step: `recurrent_state` holds h and then c.
fn lstm_episode(salt: u64, changed_from: usize) -> Fields<'static> {
    let model = Model::from_bytes(&onnx("lstm"), &Limits::default()).expect("a network");
    let (mut seen, other) = (noise(STEPS * 5, 7), noise(STEPS * 5, salt));
    seen[changed_from * 5..].copy_from_slice(&other[changed_from * 5..]);
    let (mut h, mut c) = (vec![0.0; 6], vec![0.0; 6]);
    let (mut logits, mut states) = (Vec::new(), Vec::new());
    for step in 0..STEPS {
        states.extend_from_slice(&c);
        states.extend_from_slice(&h);
        let inputs = BTreeMap::from([
            ("obs".to_owned(), Tensor::f32(&[1, 5], seen[step * 5..][..5].to_vec()).expect("floats")),
            ("h".to_owned(), Tensor::f32(&[1, 1, 6], h.clone()).expect("floats")),
            ("c".to_owned(), Tensor::f32(&[1, 1, 6], c.clone()).expect("floats")),
        ]);
        let given =
            |output: &str| look(&model, inputs.clone(), output, &View::Plain, &Cancel::default()).expect("an output").0;
        logits.extend(given("logits"));
        (h, c) = (given("h_next"), given("c_next"));
    }
    let states: Vec<f32> = states.chunks(12).flat_map(|row| [&row[6..], &row[..6]].concat()).collect();
    let action = (0..STEPS).map(|step| Some(vec![(step % 3) as f64])).collect();
    vec![
        ("observation", vec![5], rows(&seen, 5)),
        ("recurrent_state", vec![12], rows(&states, 12)),
        ("logits", vec![3], rows(&logits, 3)),
        ("action", vec![], action),
    ]
}

fn lstm(episodes: &[Fields<'_>]) -> Asked {
    let signature = json!({
        "inputs": {
            "obs": {"role": "observation", "field": "observation"},
            "h": {"role": "state", "next": "h_next"},
            "c": {"role": "state", "next": "c_next"},
        },
        "outputs": {"logits": {"role": "logits"}, "value": {"role": "value"}},
    });
    asked("lstm", signature, None, episodes)
}

/// R-9, N-8: what a recurrent policy is explained by at step t does not hang on what comes after, and shares over what it sees and remembers add up.
#[test]
fn row_r9_an_attribution_knows_nothing_of_the_future() {
    let lstm = lstm(&[lstm_episode(7, 0), lstm_episode(8, 4)]);
    for (method, history, wrt) in
        [("integrated_gradients", 0, "all"), ("integrated_gradients", 3, "observation"), ("gradient", 2, "observation")]
    {
        let of = |episode: u64| {
            let ask = |request: &mut ExplanationRequest| {
                (request.episode, request.history) = (episode, history);
                request.wrt = Some(wrt.into());
            };
            lstm.ask("action", method, ask).remove(0)
        };
        let (first, second) = (of(0), of(1));
        let width = first.shape[0];
        assert_eq!(
            first.values[..4 * width],
            second.values[..4 * width],
            "{method}, {history}: steps before the change"
        );
        assert_ne!(first.values[4 * width..], second.values[4 * width..], "{method}, {history}: steps after it");
        for (error, at) in first.completeness_error.iter().zip(&first.at_input) {
            assert!(error.abs() < 1e-4 * at.abs().max(1.0), "{method}, {history}: {error} of {at}");
        }
    }
}

/// N-8: steps back are named, and where the episode began there is nothing before.
#[test]
fn row_n8_steps_back_are_named_and_begin_with_the_episode() {
    let lstm = lstm(&[lstm_episode(7, 0)]);
    let whole = lstm.ask("action", "gradient", |request| request.history = 3).remove(0);
    let names: Vec<&str> = whole.parts.iter().map(|part| part.name.as_str()).collect();
    assert_eq!(names, ["obs@-3", "obs@-2", "obs@-1", "obs@-0", "h", "c"]);
    assert_eq!(whole.shape, [4 * 5 + 12]);
    for step in 0..STEPS {
        let row = &whole.values[step * 32..][..32];
        for back in 0..4 {
            let part = &row[(3 - back) * 5..][..5];
            assert_eq!(part.iter().all(|&value| value == 0.0), back > step, "step {step}, {back} back");
        }
    }
    // A window of the episode says the same as the whole.
    let part = lstm.ask("action", "gradient", |request| (request.history, request.range) = (3, 4..6)).remove(0);
    close(&part.values, &whole.values[4 * 32..]);
    // Through the memory the target is what it was.
    let now = lstm.ask("action", "gradient", |_| {}).remove(0);
    for (through, now) in whole.at_input.iter().zip(&now.at_input) {
        assert!((through - now).abs() < 1e-5);
    }
    let memory = lstm.ask("action", "occlusion", |request| request.wrt = Some("state".into())).remove(0);
    assert_eq!((memory.wrt.as_str(), memory.shape.as_slice()), ("h+c", &[12][..]));
}

/// Parity: the network that acted agrees with what was logged; another network, another preprocessing and a shifted state do not.
#[test]
fn a_wrong_network_or_preprocessing_is_loud() {
    let good = lstm(&[lstm_episode(7, 0)]);
    let parity = good.run.parity(0, None, &Cancel::default()).expect("compared");
    assert_eq!((parity.verdict, parity.steps), (Verdict::Same, STEPS as u64), "{parity:?}");
    assert_eq!(parity.outputs[0].field, "logits");

    // The state after the step in place of the one before it.
    let mut shifted = lstm_episode(7, 0);
    shifted[1].2.rotate_left(1);
    let shifted = lstm(&[shifted]).run.parity(0, None, &Cancel::default()).expect("compared");
    assert_eq!(shifted.verdict, Verdict::Different, "{shifted:?}");

    let fields = |scale: f32| {
        let seen = noise(STEPS * 5, 3);
        let model = Model::from_bytes(&onnx("joint"), &Limits::default()).expect("a network");
        let inputs = BTreeMap::from([("obs".to_owned(), Tensor::f32(&[STEPS, 5], seen.clone()).expect("floats"))]);
        let value = look(&model, inputs, "value", &View::Plain, &Cancel::default()).expect("a value").0;
        let recorded: Vec<f32> = seen.iter().map(|value| value / scale).collect();
        vec![("observation", vec![5], rows(&recorded, 5)), ("value", vec![], rows(&value, 1))]
    };
    let signature = |by: f64| {
        json!({
            "inputs": {"obs": {"role": "observation", "field": "observation", "preprocessing": [{"op": "scale", "by": by}]}},
            "outputs": {"logits": {"role": "logits"}, "value": {"role": "value"}},
        })
    };
    let verdict = |by: f64| {
        let asked = asked("joint", signature(by), None, &[fields(0.5)]);
        asked.run.parity(0, None, &Cancel::default()).expect("compared")
    };
    assert_eq!(verdict(0.5).verdict, Verdict::Same);
    let wrong = verdict(1.0);
    assert_eq!(wrong.verdict, Verdict::Different);
    assert!(wrong.outputs[0].relative() > 0.02 && wrong.outputs[0].worst_step < STEPS as u64, "{wrong:?}");
    // Nothing that was logged can be compared with.
    let silent = asked("joint", signature(1.0), None, &[vec![observations(1)]]);
    let error = silent.run.parity(0, None, &Cancel::default()).expect_err("nothing").to_string();
    assert!(error.contains("env.annotate"), "{error}");
}

/// N-9, N-10, R-6: targets of continuous, distributional and ensemble policies.
#[test]
fn row_n10_every_kind_of_policy_has_its_targets() {
    let actions: Rows = (0..STEPS).map(|step| Some(vec![step as f64 * 0.1, -0.2])).collect();
    let signature = json!({
        "inputs": {"obs": {"role": "observation", "field": "observation"}},
        "outputs": {"mean": {"role": "action_mean"}, "log_std": {"role": "log_std"}},
    });
    let gaussian = asked("gaussian", signature, None, &[vec![observations(2), ("action", vec![2], actions)]]);
    let density = &gaussian.ask("log_density", "integrated_gradients", |_| {})[0];
    assert!(density.at_input.iter().all(|value| value.is_finite()));
    assert_eq!(gaussian.ask("all", "saliency", |_| {}).len(), 2, "one a dimension");
    assert!(gaussian.error("action", "saliency", |_| {}).contains("log_density"));
    assert!(gaussian.error("0", "saliency", |request| request.of = Of::Probability).contains("no probability"));
    let names = |asked: &Asked| -> Vec<String> {
        asked.run.explanations(0).expect("choices").targets.into_iter().map(|target| target.name).collect()
    };
    assert_eq!(names(&gaussian), ["0", "1", "log_density", "entropy"]);

    let action: Rows = (0..STEPS).map(|step| Some(vec![(step % 3) as f64])).collect();
    let fields = || vec![observations(2), ("action", vec![], action.clone())];
    let quantiles = asked("quantiles", simple("quantiles", "quantiles"), None, &[fields()]);
    let value = |asked: &Asked, target: &str| asked.ask(target, "saliency", |_| {})[0].at_input[1];
    let (low, mean) = (value(&quantiles, "cvar:0.25"), value(&quantiles, "action"));
    let (median, top) = (value(&quantiles, "quantile:0.5"), value(&quantiles, "quantile:1"));
    assert!(low < mean && median <= top && (mean - value(&quantiles, "q:1")).abs() < 1e-6);
    assert!((value(&quantiles, "cvar:1") - mean).abs() < 1e-5, "all of it is the mean");
    let error = quantiles.error("greedy", "saliency", |request| request.of = Of::Probability);
    assert!(error.contains("no probability"), "{error}");

    let mut with_atoms = fields();
    with_atoms.push(("atoms", vec![7], (0..STEPS).map(|_| Some((-3..=3).map(f64::from).collect())).collect()));
    let categorical =
        asked("categorical", simple("probabilities", "atom_probabilities"), None, &[with_atoms, fields()]);
    assert!(value(&categorical, "cvar:0.25:2") < value(&categorical, "q:2"));
    let error = categorical.error("greedy", "saliency", |request| request.episode = 1);
    assert!(error.contains("atoms="), "{error}");

    let ensemble = asked("ensemble", simple("q_heads", "q_heads"), None, &[fields()]);
    let heads: Vec<f32> = (0..3).map(|head| value(&ensemble, &format!("head:{head}:2"))).collect();
    assert!((heads.iter().sum::<f32>() / 3.0 - value(&ensemble, "q:2")).abs() < 1e-5);
    assert!(ensemble.error("head:3", "saliency", |_| {}).contains("3 heads"));
    assert!(names(&ensemble).contains(&"head:0".to_owned()));
}

/// Dict observations: both parts are explained together, or one of them.
#[test]
fn nested_observations_are_explained_together() {
    let signature = json!({
        "inputs": {
            "camera": {"role": "observation", "field": "observation/camera",
                       "preprocessing": [{"op": "transpose", "axes": [2, 0, 1]}]},
            "speed": {"role": "observation", "field": "observation/speed"},
        },
        "outputs": {"logits": {"role": "logits"}},
    });
    let fields = vec![
        ("observation/camera", vec![8, 8, 2], rows(&noise(STEPS * 128, 4), 128)),
        ("observation/speed", vec![3], rows(&noise(STEPS * 3, 5), 3)),
        ("action", vec![], (0..STEPS).map(|step| Some(vec![(step % 3) as f64])).collect()),
    ];
    let env = EnvSpec {
        action_space: Some(Space::Discrete { n: 3, start: 0, dtype: ethogram_store::Dtype::Int64 }),
        action_meanings: ["NOOP", "LEFT", "RIGHT"].map(str::to_owned).to_vec(),
        action_groups: vec![ActionGroup { name: "half-turn".into(), actions: vec![1, 2] }],
        ..EnvSpec::default()
    };
    let nested = asked("nested", signature, Some(env), &[fields]);
    let both = &nested.ask("action", "integrated_gradients", |_| {})[0];
    let parts: Vec<(&str, usize)> = both.parts.iter().map(|part| (part.name.as_str(), part.width)).collect();
    assert_eq!(parts, [("camera", 128), ("speed", 3)]);
    for (error, at) in both.completeness_error.iter().zip(&both.at_input) {
        assert!(error.abs() < 2e-2 * at.abs().max(0.1), "{error} of {at}");
    }
    let gradient = &nested.ask("action", "gradient", |_| {})[0];
    let one = &nested.ask("action", "gradient", |request| request.wrt = Some("speed".into()))[0];
    close(&one.values[..3], &gradient.values[128..131]);
    let map = &nested.ask("greedy", "perturbation", |request| request.params = params(&[("stride", "4")]))[0];
    assert_eq!(map.shape, [2, 2], "spots lie on the picture");
    let group = &nested.ask("group:half-turn", "saliency", |request| request.of = Of::Probability)[0];
    let sum: f32 = ["1", "name:RIGHT"]
        .iter()
        .map(|name| nested.ask(name, "saliency", |request| request.of = Of::Probability)[0].at_input[0])
        .sum();
    assert!((group.at_input[0] - sum).abs() < 1e-6);

    let choices = nested.run.explanations(0).expect("choices");
    let labels: Vec<&str> = choices.targets.iter().map(|target| target.label.as_str()).collect();
    assert!(labels.contains(&"RIGHT") && labels.contains(&"the group half-turn"), "{labels:?}");
    assert_eq!(choices.views.len(), 3);
    assert_eq!(choices.inputs.len(), 2);
    let recommended: Vec<_> = choices.layers.iter().filter(|layer| layer.recommended).collect();
    assert_eq!(recommended.len(), 1, "{:?}", choices.layers);
}

/// R-7: baselines out of data: the mean of the episode, another of its steps, a step of another episode.
#[test]
fn row_r7_baselines_come_from_the_run() {
    let action: Rows = (0..STEPS).map(|_| Some(vec![1.0])).collect();
    let fields = |salt| vec![observations(salt), ("action", vec![], action.clone())];
    let quantiles = asked("quantiles", simple("quantiles", "quantiles"), None, &[fields(2), fields(3), fields(4)]);
    let with = |settings: &[(&str, &str)]| {
        let settings = params(settings);
        quantiles.ask("1", "integrated_gradients", |request| request.params = settings).remove(0)
    };
    let step = with(&[("baseline", "step"), ("baseline_step", "2")]);
    // A step compared with itself has nothing to share.
    assert!(step.values[2 * 5..3 * 5].iter().all(|&value| value == 0.0));
    close(&step.at_baseline, &[step.at_input[2]; STEPS]);
    let (one, other) = (with(&[("baseline", "dataset")]), with(&[("baseline", "dataset"), ("seed", "5")]));
    assert_eq!(one, with(&[("baseline", "dataset"), ("seed", "0")]));
    assert_ne!(one.at_baseline, other.at_baseline, "another draw");
    let mean = with(&[("baseline", "episode_mean")]);
    for column in 0..5 {
        // Shares of a straight way from the mean: what is above it and what is below it differ in sign where the slope does not.
        assert!(mean.values.iter().skip(column).step_by(5).any(|value| *value != 0.0));
    }
    let alone = asked("quantiles", simple("quantiles", "quantiles"), None, &[fields(2)]);
    let error = alone.error("1", "expected_gradients", |request| request.params = params(&[("baseline", "dataset")]));
    assert!(error.contains("another recorded episode"), "{error}");
    let error = alone.error("1", "integrated_gradients", |request| {
        request.params = params(&[("baseline", "step"), ("baseline_step", "99")]);
    });
    assert!(error.contains("steps to compare with"), "{error}");
}

/// N-18, A-10: trust in numbers: a method that sees the network finds the planted pixel, deletes the target faster than chance, and loses its map when
/// the weights are lost.
#[test]
fn row_n18_trust_is_measured() {
    let signature = json!({
        "inputs": {"frame": {"role": "observation", "field": "observation"}},
        "outputs": {"logits": {"role": "logits"}},
    });
    let mut seen: Vec<f32> = noise(STEPS * 256, 6).into_iter().map(f32::abs).collect();
    seen.chunks_mut(256).for_each(|picture| picture[5 * 16 + 9] = 1.0);
    let fields = vec![("observation", vec![1, 16, 16], rows(&seen, 256))];
    let planted = asked("planted", signature, None, &[fields]);
    let request = ExplanationRequest {
        method: "integrated_gradients".into(),
        target: "1".into(),
        range: 2..3,
        ..ExplanationRequest::default()
    };
    let checks = QualityChecks { curves: true, infidelity: true, randomised: true, planted: vec![5 * 16 + 9] };
    let quality = planted.run.quality(&request, &checks, &Cancel::default()).expect("measured");
    assert_eq!((quality.step, quality.target.as_str()), (2, "1"));
    assert_eq!(quality.planted, Some((0.0, 0.0)), "the planted pixel is the first of all");
    let curves = quality.curves.expect("curves");
    assert_eq!((curves.shares.len(), curves.deletion.len()), (21, 21));
    close(&[curves.deletion[0], curves.insertion[20]], &[quality.at_input; 2]);
    assert!(
        curves.deletion_area < curves.random_area && curves.insertion_area > 1.0 - curves.random_area,
        "{curves:?}"
    );
    assert!(quality.infidelity.expect("measured") < 0.5, "{:?}", quality.infidelity);
    assert_eq!(quality.randomised.len(), 3, "two convolutions and the last layer");
    // Shares are products with the input, which stays: they never lose all likeness.
    assert!(quality.randomised[2].correlation[0].abs() < 0.8, "{:?}", quality.randomised);
    let (error, difference) = quality.completeness.expect("promised");
    assert!(error.abs() < 1e-2 * difference.abs());
    let checks = QualityChecks { planted: vec![256], ..QualityChecks::default() };
    assert!(planted.run.quality(&request, &checks, &Cancel::default()).is_err());
}
