//! Every kind of policy and target against torch's autograd and captum: `testdata/make_policies.py` made the numbers.

use std::collections::BTreeMap;
use std::sync::Arc;

use ethogram_model::{
    Attribution, Baseline, Cancel, DeepLift, Explained, Forward, IntegratedGradients, Limits, Link, Model, Occlusion,
    Rule, SignedGradient, Spread, Subject, Target, Tensor, Unrolling, View,
};

use crate::encode::{floats, model};
use crate::goldens::{Golden, open, worst};

const ROWS: usize = 4;
/// Both sides compute in single precision.
const TOLERANCE: f32 = 2e-5;

fn explained<'a>(golden: &'a Golden, target: Target, wrt: &[&str]) -> Explained<'a> {
    let subject =
        Subject { inputs: golden.inputs().into(), target, wrt: wrt.iter().map(|name| (*name).to_owned()).collect() };
    Explained::new(&golden.model, subject, 1, &Cancel::default()).unwrap()
}

fn target(output: &str, view: View, weights: &[(usize, f32)], link: Link) -> Target {
    Target::weighed(output, vec![weights.to_vec(); ROWS]).viewed(view).linked(link)
}

/// The target's number and its gradient by `obs` are those called `PREFIX__at` and `PREFIX__d_obs`.
fn check(name: &str, prefix: &str, target: Target) {
    let golden = Golden::load(name);
    let found = SignedGradient.attribute(&explained(&golden, target, &["obs"]), &Cancel::default()).unwrap();
    let error = worst(&found.at_input, golden.values(&format!("{prefix}__at")));
    assert!(error < TOLERANCE, "{name} {prefix}: off by {error}");
    let error = worst(found.values.as_f32().unwrap(), golden.values(&format!("{prefix}__d_obs")));
    assert!(error < TOLERANCE, "gradient of {name} {prefix}: off by {error}");
}

/// U-8, R-6: gradients of joint actions, groups and entropy of a `MultiDiscrete([4, 3, 2])` policy.
#[test]
fn row_r6_joint_actions_and_groups_equal_torch() {
    let parts = |log| View::Parts { lengths: vec![4, 3, 2], log };
    let joint = [(2, 1.0), (4, 1.0), (8, 1.0)];
    check("joint", "joint_log_p", target("logits", parts(true), &joint, Link::Identity));
    check("joint", "joint_p", target("logits", parts(true), &joint, Link::Exp));
    let either = [(0, 1.0), (3, 1.0)];
    check("joint", "either_p", target("logits", parts(false), &either, Link::Identity));
    check("joint", "either_log_p", target("logits", parts(false), &either, Link::Log));
    check("joint", "entropy", target("logits", View::Entropy { lengths: vec![4, 3, 2] }, &[(0, 1.0)], Link::Identity));
}

/// N-9: the numbers of a continuous policy.
#[test]
fn row_n9_density_and_entropy_of_a_gaussian_equal_torch() {
    let actions = Golden::load("gaussian").array("action").clone();
    let one = [(0, 1.0)];
    check("gaussian", "mean1", target("mean", View::Plain, &[(1, 1.0)], Link::Identity));
    let follows = View::LogDensity { actions: actions.clone(), spread: Spread::Output("log_std".into()) };
    check("gaussian", "log_density", target("mean", follows, &one, Link::Identity));
    let fixed = View::LogDensity { actions, spread: Spread::Given(Tensor::full(&[ROWS, 2], 0.3)) };
    check("gaussian", "log_density_fixed", target("mean", fixed, &one, Link::Identity));
    check("gaussian", "entropy", target("log_std", View::GaussianEntropy, &one, Link::Identity));
}

/// N-10: the numbers of distributional critics and ensembles.
#[test]
fn row_n10_values_of_distributions_and_ensembles_equal_torch() {
    let plain = |view, entry| target("quantiles", view, &[(entry, 1.0)], Link::Identity);
    check("quantiles", "q1", plain(View::Mean, 1));
    check("quantiles", "cvar1", plain(View::Cvar(0.3), 1));
    check("quantiles", "median2", plain(View::Quantile(0.5), 2));
    let atoms = Golden::load("categorical").values("atoms").to_vec();
    let view = |share| View::Atoms { atoms: atoms.clone(), logits: false, share };
    check("categorical", "q0", target("probabilities", view(1.0), &[(0, 1.0)], Link::Identity));
    check("categorical", "cvar2", target("probabilities", view(0.25), &[(2, 1.0)], Link::Identity));
    check("ensemble", "head1_3", target("q_heads", View::Plain, &[(7, 1.0)], Link::Identity));
    check("ensemble", "q3", target("q_heads", View::Mean, &[(3, 1.0)], Link::Identity));
}

#[test]
fn dict_observations_equal_captum() {
    let golden = Golden::load("nested");
    let (camera, speed) = (golden.array("camera"), golden.array("speed"));
    let mut baseline = Vec::new();
    for _ in 0..ROWS {
        baseline.extend(vec![0.2; camera.len() / ROWS]);
        baseline.extend(vec![-0.1; speed.len() / ROWS]);
    }
    let baseline = Baseline::Given(Tensor::f32(&[ROWS, 131], baseline).unwrap());
    let methods: [(&str, &dyn Attribution, f32); 4] = [
        ("saliency", &SignedGradient, 1e-4),
        (
            "ig",
            &IntegratedGradients { steps: 50, rule: Rule::GaussLegendre, baseline: baseline.clone() },
            // A point of the path within rounding of a kink may fall on its other side.
            1e-3,
        ),
        ("deep_lift", &DeepLift { baseline }, 1e-4),
        ("occlusion", &Occlusion { window: vec![3, 3], stride: vec![2, 2], ..Occlusion::default() }, 1e-4),
    ];
    for (name, method, tolerance) in methods {
        let explained = explained(&golden, Target::entries("logits", &[2; ROWS]), &["camera", "speed"]);
        let found = method.attribute(&explained, &Cancel::default()).unwrap();
        for part in explained.parts() {
            // Captum's windows of a vector are one entry wide, as ours are when none is given.
            if name == "occlusion" && part.name == "speed" {
                continue;
            }
            let values = found.values.as_f32().unwrap().chunks(131);
            let values: Vec<f32> = values.flat_map(|row| row[part.offset..][..part.width].to_vec()).collect();
            let error = worst(&values, golden.values(&format!("{name}__{}", part.name)));
            assert!(error < tolerance, "{name} of {}: off by {error}", part.name);
        }
        if name == "deep_lift" {
            for (error, at) in found.completeness_error.iter().zip(&found.at_input) {
                assert!(error.abs() < 1e-4 * at.abs().max(1.0), "the shares of deep_lift are {error} off");
            }
        }
    }
}

/// The inputs of the LSTM at one of its steps, states as they were before the first.
fn lstm_inputs(golden: &Golden, step: usize) -> BTreeMap<String, Tensor> {
    let state = |name: &str| golden.array(name).clone().reshaped(&[ROWS, 1, 6]).unwrap();
    BTreeMap::from([
        ("obs".to_owned(), golden.array(&format!("obs_{step}")).clone()),
        ("h".to_owned(), state("h")),
        ("c".to_owned(), state("c")),
    ])
}

fn lstm_states() -> Vec<(String, String)> {
    vec![("h".to_owned(), "h_next".to_owned()), ("c".to_owned(), "c_next".to_owned())]
}

/// R-9, N-8: an LSTM whose state has its layers first is explained with respect to what it sees and to its memory, and shares over both
/// add up.
#[test]
fn row_r9_an_lstm_is_explained_by_what_it_sees_and_remembers() {
    let golden = Golden::load("lstm");
    let subject = |target: Target| Subject {
        inputs: lstm_inputs(&golden, 0).into(),
        target,
        wrt: ["obs", "h", "c"].map(str::to_owned).to_vec(),
    };
    let cancel = Cancel::default();
    let part = |values: &Tensor, offset: usize, width: usize| -> Vec<f32> {
        values.as_f32().unwrap().chunks(17).flat_map(|row| row[offset..offset + width].to_vec()).collect()
    };
    let one = Explained::new(&golden.model, subject(Target::entries("logits", &[1; ROWS])), 1, &cancel).unwrap();
    let found = SignedGradient.attribute(&one, &cancel).unwrap();
    for (name, offset, width) in [("obs_0", 0, 5), ("h", 5, 6), ("c", 11, 6)] {
        let error = worst(&part(&found.values, offset, width), golden.values(&format!("one__d_{name}")));
        assert!(error < TOLERANCE, "gradient by {name}: off by {error}");
    }
    let value = Explained::new(&golden.model, subject(Target::entries("value", &[0; ROWS])), 1, &cancel).unwrap();
    let method = IntegratedGradients { steps: 64, ..IntegratedGradients::default() };
    let found = method.attribute(&value, &cancel).unwrap();
    for (name, offset, width) in [("obs_0", 0, 5), ("h", 5, 6), ("c", 11, 6)] {
        let error = worst(&part(&found.values, offset, width), golden.values(&format!("ig__{name}")));
        assert!(error < 1e-4, "shares of {name}: off by {error}");
    }
    let scale = found.at_input.iter().fold(0.1_f32, |most, value| most.max(value.abs()));
    assert!(found.completeness_error.iter().all(|error| error.abs() < 1e-4 * scale), "{:?}", found.completeness_error);
}

/// three steps through the memory have torch's gradient, and their shares add up.
#[test]
fn row_r9_earlier_steps_are_explained_through_the_memory() {
    let golden = Golden::load("lstm");
    let cancel = Cancel::default();
    let subject = Subject {
        inputs: lstm_inputs(&golden, 2).into(),
        target: Target::entries("logits", &[2; ROWS]),
        wrt: vec!["obs".to_owned()],
    };
    let unrolling =
        Unrolling { earlier: vec![lstm_inputs(&golden, 0), lstm_inputs(&golden, 1)], states: lstm_states() };
    let over = Explained::over_time(&golden.model, subject, &unrolling, 1, &cancel).unwrap();
    let names: Vec<&str> = over.parts().iter().map(|part| part.name.as_str()).collect();
    assert_eq!(names, ["obs@-2", "obs@-1", "obs@-0", "h", "c"]);
    let found = SignedGradient.attribute(&over, &cancel).unwrap();
    let error = worst(&found.at_input, golden.values("three__at"));
    assert!(error < TOLERANCE, "the logit: off by {error}");
    for (name, part) in ["obs_0", "obs_1", "obs_2", "h", "c"].iter().zip(over.parts()) {
        let rows = found.values.as_f32().unwrap().chunks(over.width());
        let values: Vec<f32> = rows.flat_map(|row| row[part.offset..][..part.width].to_vec()).collect();
        let error = worst(&values, golden.values(&format!("three__d_{name}")));
        assert!(error < TOLERANCE, "gradient by {name}: off by {error}");
    }
    let method = IntegratedGradients { steps: 100, ..IntegratedGradients::default() };
    let shares = method.attribute(&over, &cancel).unwrap();
    for (error, at) in shares.completeness_error.iter().zip(&shares.at_input) {
        assert!(error.abs() < 1e-3 * at.abs().max(0.1), "shares over time are {error} off");
    }
}

/// A recurrent state of another network is refused by name.
#[test]
fn states_that_do_not_fit_are_named() {
    let golden = Golden::load("lstm");
    let subject = Subject {
        inputs: lstm_inputs(&golden, 2).into(),
        target: Target::entries("logits", &[2; ROWS]),
        wrt: vec!["obs".to_owned()],
    };
    let unrolling = Unrolling { earlier: Vec::new(), states: vec![("h".to_owned(), "logits".to_owned())] };
    let error = Explained::over_time(&golden.model, subject.clone(), &unrolling, 1, &Cancel::default()).err().unwrap();
    assert!(error.to_string().contains("states"), "{error}");
    let error =
        Explained::over_time(&golden.model, subject, &Unrolling::default(), 1, &Cancel::default()).err().unwrap();
    assert!(error.to_string().contains("recurrent state"), "{error}");
}

#[test]
fn a_gru_is_explained_by_its_memory() {
    let golden = Golden::load("gru");
    let found = SignedGradient
        .attribute(&explained(&golden, Target::entries("q", &[3; ROWS]), &["hx"]), &Cancel::default())
        .unwrap();
    let error = worst(found.values.as_f32().unwrap(), golden.values("q3__d_hx"));
    assert!(error < TOLERANCE, "off by {error}");
}

/// A network that was exported for one row is asked row by row, and says the same.
#[test]
fn a_network_of_one_row_is_asked_row_by_row() {
    let (golden, fixed) = (Golden::load("quantiles"), open("fixed.onnx"));
    assert!(fixed.has_fixed_rows() && !golden.model.has_fixed_rows());
    let ask = |model: &Model, wrt: &str| {
        let target = target("quantiles", View::Mean, &[(1, 1.0)], Link::Identity);
        let subject = Subject { inputs: golden.inputs().into(), target, wrt: vec![wrt.to_owned()] };
        let explained = Explained::new(model, subject, 1, &Cancel::default()).unwrap();
        IntegratedGradients::default().attribute(&explained, &Cancel::default()).unwrap()
    };
    let error = worst(ask(&fixed, "obs").values.as_f32().unwrap(), ask(&golden.model, "obs").values.as_f32().unwrap());
    assert!(error < 1e-5, "off by {error}");
    let layer = |model: &Model| model.layers().iter().find(|layer| layer.operator == "Relu").unwrap().name.clone();
    let (one, all) = (ask(&fixed, &layer(&fixed)), ask(&golden.model, &layer(&golden.model)));
    let error = worst(one.values.as_f32().unwrap(), all.values.as_f32().unwrap());
    assert!(error < 1e-5, "of a layer off by {error}");
}

/// The same where the state has its layers first: every output and every gradient is torch's.
#[test]
fn a_recurrent_network_of_one_row_is_asked_row_by_row() {
    let golden = Golden::load("fixed-lstm");
    assert!(golden.model.has_fixed_rows());
    assert_eq!(["obs", "h", "c_next"].map(|name| golden.model.axis_of_rows(name)), [0, 1, 1]);
    let forward = Forward::new(std::sync::Arc::new(golden.model.clone()));
    let found = forward.run(&golden.inputs(), &Cancel::default()).unwrap();
    assert_eq!(
        found.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
        ["logits", "value", "h_next", "c_next"]
    );
    for (name, tensor) in found {
        assert_eq!(tensor.shape(), golden.array(&name).shape(), "{name}");
        let error = worst(tensor.as_f32().unwrap(), golden.values(&name));
        assert!(error < TOLERANCE, "{name}: off by {error}");
    }
    for input in ["obs", "h", "c"] {
        let target = Target::entries("logits", &[1; ROWS]);
        let found = SignedGradient.attribute(&explained(&golden, target, &[input]), &Cancel::default()).unwrap();
        let error = worst(found.values.as_f32().unwrap(), golden.values(&format!("one__d_{input}")));
        assert!(error < TOLERANCE, "gradient by {input}: off by {error}");
    }
    // Over time: what the step before saw reaches the target through the state.
    let unrolling = Unrolling {
        earlier: vec![golden.inputs()],
        states: [("h", "h_next"), ("c", "c_next")].map(|(a, b)| (a.to_owned(), b.to_owned())).to_vec(),
    };
    let target = Target::entries("logits", &[1; ROWS]);
    let subject = Subject { inputs: golden.inputs().into(), target, wrt: vec!["obs".to_owned()] };
    let explained = Explained::over_time(&golden.model, subject, &unrolling, 1, &Cancel::default()).unwrap();
    let found = SignedGradient.attribute(&explained, &Cancel::default()).unwrap();
    let (mut inputs, states) = (golden.inputs(), forward.run(&golden.inputs(), &Cancel::default()).unwrap());
    inputs.extend(states.into_iter().skip(2).map(|(name, tensor)| (name.replace("_next", ""), tensor)));
    let second = forward.run(&inputs, &Cancel::default()).unwrap().remove(0).1;
    let expected: Vec<f32> = second.as_f32().unwrap().chunks(3).map(|row| row[1]).collect();
    assert!(worst(&found.at_input, &expected) < TOLERANCE, "{:?}, expected {expected:?}", found.at_input);
}

/// Attention as torch's exporters write it, with and without an operator of its own.
#[test]
fn attention_of_every_exporter_of_torch_equals_torch() {
    let golden = Golden::load("attends-legacy");
    for file in ["attends-legacy.onnx", "attends-20.onnx", "attends-23.onnx"] {
        let model = open(file);
        let subject = Subject {
            inputs: BTreeMap::from([("things".to_owned(), golden.array("things").clone())]).into(),
            target: Target::entries("logits", &[1; ROWS]),
            wrt: vec!["things".to_owned()],
        };
        let explained = Explained::new(&model, subject, 1, &Cancel::default()).unwrap();
        let found = SignedGradient.attribute(&explained, &Cancel::default()).unwrap();
        let error = worst(&found.at_input, golden.values("one__at"));
        assert!(error < TOLERANCE, "{file}: off by {error}");
        let error = worst(found.values.as_f32().unwrap(), golden.values("one__d_things"));
        assert!(error < TOLERANCE, "gradient of {file}: off by {error}");
    }
}

/// What JAX and Keras export is what JAX and TensorFlow compute: `testdata/make_exports.py` made the numbers.
fn check_export(name: &str, outputs: &[&str]) {
    let golden = Golden::load(name);
    let found =
        Forward::new(std::sync::Arc::new(golden.model.clone())).run(&golden.inputs(), &Cancel::default()).unwrap();
    assert_eq!(found.len(), outputs.len(), "{name}");
    for ((output, tensor), expected) in found.iter().zip(outputs) {
        assert_eq!(tensor.shape(), golden.array(expected).shape(), "{name} {output}");
        let error = worst(tensor.as_f32().unwrap(), golden.values(expected));
        assert!(error < TOLERANCE, "{name} {output}: off by {error}");
    }
    for input in golden.model.inputs() {
        let target = Target::entries(&found[0].0, &[1; ROWS]);
        let gradient =
            SignedGradient.attribute(&explained(&golden, target, &[&input.name]), &Cancel::default()).unwrap();
        let expected = golden.values(&format!("one__d_{}", input.name));
        let error = worst(gradient.values.as_f32().unwrap(), expected);
        assert!(error < TOLERANCE, "gradient of {name} by {}: off by {error}", input.name);
    }
}

#[test]
fn exports_of_jax_equal_jax() {
    check_export("jax-sees", &["logits", "value"]);
    check_export("jax-remembers", &["q", "hx_next"]);
    check_export("jax-attends", &["logits"]);
    // Parts that are functions of the file.
    check_export("jax-calls", &["logits"]);
    let layers = Golden::load("jax-calls").model.layers();
    assert!(layers.iter().any(|layer| layer.name.starts_with("Block_2/")), "{layers:?}");
}

#[test]
fn exports_of_keras_equal_tensorflow() {
    check_export("keras-sees", &["result"]);
    check_export("keras-remembers", &["result"]);
    check_export("keras-attends", &["result"]);
    // A GRU, and one in both directions below a plain recurrence: loops.
    check_export("keras-loops", &["result"]);
    check_export("keras-loops-both", &["result"]);
}

/// What is the same for every observation is no node's: CleanRL's C51 in JAX gives out its returns so.
#[test]
fn an_output_may_lie_in_the_file() {
    let bytes = model(vec![], vec![floats("y", &[3], &[1.0, 2.0, 3.0])], &[2, 3]);
    let model = Arc::new(Model::from_bytes(&bytes, &Limits::default()).unwrap());
    let inputs = BTreeMap::from([("x".to_owned(), Tensor::f32(&[2, 3], vec![0.5; 6]).unwrap())]);
    let found = Forward::new(model).run(&inputs, &Cancel::default()).unwrap();
    assert_eq!(found, [("y".to_owned(), Tensor::f32(&[3], vec![1.0, 2.0, 3.0]).unwrap())]);
}
