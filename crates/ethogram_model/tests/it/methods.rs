//! Laws that methods keep, on networks whose answers are known.

use std::collections::BTreeMap;

use ethogram_model::{
    ATTRIBUTIONS, Attribution, Baseline, Cancel, Combine, DeepLift, Explained, IntegratedGradients, Jacobian, Limits,
    Link, Method, Model, MultiPath, Rule, Saliency, SignedGradient, SmoothGrad, Spread, Subject, Target, Tensor, View,
    layer_choices, randomised,
};

use crate::encode;
use crate::goldens::{Golden, open, worst};

fn given(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn lunar(golden: &Golden) -> Explained<'_> {
    let subject = Subject {
        inputs: golden.inputs().into(),
        target: Target::entries("q_values", &[2; 5]),
        wrt: vec![golden.model.inputs()[0].name.clone()],
    };
    Explained::new(&golden.model, subject, 1, &Cancel::default()).unwrap()
}

/// A picture of numbers that look random and never repeat.
pub fn picture(shape: &[usize], salt: u64) -> Tensor {
    let mut state = salt.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let number = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1_u32 << 24) as f32
    };
    Tensor::f32(shape, (0..shape.iter().product::<usize>()).map(number).collect()).unwrap()
}

/// The planted network, explained at one picture for its second action, whose logit one pixel rules.
fn planted(model: &Model, view: View) -> Explained<'_> {
    let mut seen = picture(&[1, 1, 16, 16], 3).as_f32().unwrap().to_vec();
    seen[5 * 16 + 9] = 1.0;
    let subject = Subject {
        inputs: BTreeMap::from([("frame".to_owned(), Tensor::f32(&[1, 1, 16, 16], seen).unwrap())]).into(),
        target: Target::entries("logits", &[1]).viewed(view),
        wrt: vec!["frame".to_owned()],
    };
    Explained::new(model, subject, 1, &Cancel::default()).unwrap()
}

/// 64 numbers, of which the first layer makes 8: these are what is worth carrying along a path.
fn narrowing() -> Model {
    let wave = |count: usize| (0..count).map(|at| (at as f32 * 0.7).sin() * 0.3).collect::<Vec<_>>();
    let product = |from: &str, weights: &str, to: &str| encode::node("MatMul", &[from, weights], &[to], vec![]);
    let bytes = encode::model(
        vec![
            product("x", "first", "before"),
            encode::node("Add", &["before", "bias"], &["h"], vec![]),
            encode::node("Tanh", &["h"], &["bent"], vec![]),
            product("bent", "last", "y"),
        ],
        vec![
            encode::floats("first", &[64, 8], &wave(512)),
            encode::floats("bias", &[8], &wave(8)),
            encode::floats("last", &[8, 3], &wave(24)),
        ],
        &[1, 64],
    );
    Model::from_bytes(&bytes, &Limits::default()).unwrap()
}

/// The shares of `subject`'s target by integrated gradients are those of gradients taken point by point.
fn check_path(title: &str, model: &Model, subject: Subject) {
    let method = IntegratedGradients { steps: 7, rule: Rule::RiemannMiddle, baseline: Baseline::Zero };
    let cancel = Cancel::default();
    let explained = Explained::new(model, subject, 1, &cancel).unwrap();
    let found = method.attribute(&explained, &cancel).unwrap();
    let (at, all): (_, Vec<usize>) = (explained.at_values(), (0..explained.rows()).collect());
    let mut expected = vec![0.0; at.len()];
    for point in 0..7 {
        let places: Vec<f32> = at.iter().map(|value| value * (point as f32 + 0.5) / 7.0).collect();
        let (_, gradients) = explained.gradients(&places, &all, &cancel).unwrap();
        expected.iter_mut().zip(gradients.iter().zip(at)).for_each(|(sum, (slope, at))| *sum += slope * at / 7.0);
    }
    let error = worst(found.values.as_f32().unwrap(), &expected);
    // Points within rounding of a kink of relu fall on one side or the other.
    assert!(error < 1e-3, "{title}: off by {error}");
}

/// First layers that are affine are taken once for all points of a path, which changes nothing. The deviation of the Gaussian reaches the
/// target by a way of its own, which no layer of the mean stands for.
#[test]
fn a_path_is_the_sum_of_its_points() {
    let parts = View::Parts { lengths: vec![4, 3, 2], log: true };
    let actions = Golden::load("gaussian").array("action").clone();
    let density = View::LogDensity { actions, spread: Spread::Output("log_std".into()) };
    let cases: [(&str, &str, &str, View, Link); 6] = [
        ("joint", "obs", "logits", parts, Link::Exp),
        ("gaussian", "obs", "mean", density, Link::Identity),
        ("gaussian", "obs", "mean", View::Plain, Link::Identity),
        ("breakout-a3c-80M-seed000", "frame", "logits", View::Probability, Link::Log),
        ("breakout-a3c-80M-seed000", "frame", "value", View::Plain, Link::Identity),
        ("breakout-a3c-80M-seed000", "hx", "logits", View::LogProbability, Link::Identity),
    ];
    for (name, wrt, output, view, link) in cases {
        let golden = Golden::load(name);
        let rows = golden.inputs().values().next().unwrap().shape()[0];
        let target = Target::entries(output, &vec![0; rows]).viewed(view).linked(link);
        let subject = Subject { inputs: golden.inputs().into(), target, wrt: vec![wrt.to_owned()] };
        check_path(&format!("{name}, {output} by {wrt}"), &golden.model, subject);
    }
    let (model, seen) = (narrowing(), picture(&[1, 64], 5));
    let log_probability = Target::entries("y", &[1]).viewed(View::Probability).linked(Link::Log);
    for target in [Target::differences("y", &[(2, 0)]), log_probability] {
        let inputs = BTreeMap::from([("x".to_owned(), seen.clone())]);
        check_path("narrowing", &model, Subject { inputs: inputs.into(), target, wrt: vec!["x".to_owned()] });
    }
}

/// What was made ready for a network is not asked about another one made of it.
#[test]
fn randomised_layers_change_what_is_found() {
    let golden = Golden::load("lunarlander-dqn-seed000");
    let subject = Subject {
        inputs: golden.inputs().into(),
        target: Target::entries("q_values", &[2; 5]),
        wrt: vec![golden.model.inputs()[0].name.clone()],
    };
    let found = randomised(&golden.model, &subject, &Saliency, None, 0, &Cancel::default()).unwrap();
    for layer in &found {
        assert!(layer.correlation.iter().all(|correlation| *correlation < 0.999), "{layer:?}");
    }
}

#[test]
fn every_method_says_what_it_is_and_runs_with_its_defaults() {
    let model = open("planted.onnx");
    for method in ATTRIBUTIONS {
        for text in [method.doc, method.does_not_show, method.cost, method.source] {
            assert!(text.len() > 10 && !text.ends_with('.'), "{}: {text}", method.name);
        }
        assert!(
            std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
                .join(format!("../../docs/methods/{}.md", method.name))
                .exists(),
            "docs/methods/{}.md is missing",
            method.name
        );
        let configured = method.with(&BTreeMap::new()).unwrap();
        assert_eq!(configured.settings.iter().count(), method.params.len());
        let found = configured.attribute(&planted(&model, View::Plain), &Cancel::default()).unwrap();
        assert!(found.values.as_f32().unwrap().iter().all(|value| value.is_finite()), "{}", method.name);
    }
    let error = Method::find("occlusoin").err().unwrap().to_string();
    assert!(error.contains("occlusion"), "{error}");
}

/// Answers are kept a step: what is said of a step must not depend on which others are asked about with it.
#[test]
fn what_is_said_of_a_row_does_not_depend_on_the_rows_beside_it() {
    let model = open("planted.onnx");
    let rows = picture(&[3, 1, 16, 16], 4);
    let others = BTreeMap::from([("frame".to_owned(), picture(&[8, 1, 16, 16], 8))]);
    for method in ATTRIBUTIONS {
        let ask = |which: &[usize]| {
            let subject = Subject {
                inputs: BTreeMap::from([("frame".to_owned(), rows.rows(which).unwrap())]).into(),
                target: Target::entries("logits", &vec![1; which.len()]),
                wrt: vec!["frame".to_owned()],
            };
            let explained = Explained::new(&model, subject, 1, &Cancel::default()).unwrap();
            let explained = explained.with_reference(&others, &Cancel::default()).unwrap();
            let found = method.with(&BTreeMap::new()).unwrap().attribute(&explained, &Cancel::default()).unwrap();
            found.values.as_f32().unwrap().to_vec()
        };
        let together = ask(&[0, 1, 2]);
        let scale = together.iter().fold(0.0_f32, |scale, value| scale.max(value.abs()));
        for row in 0..3 {
            let alone = ask(&[row]);
            let width = together.len() / 3;
            let worst = alone.iter().zip(&together[row * width..][..width]).map(|(a, b)| (a - b).abs());
            let worst = worst.fold(0.0_f32, f32::max);
            assert!(worst <= 1e-4 * scale, "{}: row {row} is off by {worst} of {scale}", method.name);
        }
    }
}

/// every method finds the planted pixel among the top 1 % of the picture's elements.
#[test]
fn row_a10_the_planted_pixel_is_found() {
    let model = open("planted.onnx");
    let (settings, all) = (given(&[("stride", "1"), ("radius", "0"), ("sigma", "0.5")]), 256);
    for method in ATTRIBUTIONS {
        let given = match method.name {
            "perturbation" | "sarfa" => settings.clone(),
            "occlusion" => given(&[("window", "1")]),
            _ => BTreeMap::new(),
        };
        let others = BTreeMap::from([("frame".to_owned(), picture(&[8, 1, 16, 16], 8))]);
        let explained = planted(&model, View::Plain).with_reference(&others, &Cancel::default()).unwrap();
        let found = method.with(&given).unwrap().attribute(&explained, &Cancel::default()).unwrap();
        let sizes: Vec<f32> = found.values.as_f32().unwrap().iter().map(|value| value.abs()).collect();
        assert_eq!(sizes.len(), all, "{}", method.name);
        let rank = sizes.iter().filter(|size| **size > sizes[5 * 16 + 9]).count();
        assert!(rank * 100 < all, "{} puts the planted pixel at place {rank} of {all}", method.name);
    }
}

/// every rule's shares add up, the better the more points there are; a network of `ReLUs` has kinks along the way, so that each rule
/// errs by about 1 / points; with 5,000 points all are within 1e-3. The rule that looks for kinks is there with 500.
#[test]
fn row_r5_shares_add_up_by_every_rule() {
    let golden = Golden::load("lunarlander-dqn-seed000");
    let explained = lunar(&golden);
    for (name, rule) in Rule::ALL {
        let error = |steps: usize| {
            let method = IntegratedGradients { steps, rule: *rule, baseline: Baseline::Zero };
            let found = method.attribute(&explained, &Cancel::default()).unwrap();
            let of = found.completeness_error.iter().zip(found.at_input.iter().zip(&found.at_baseline));
            // A network of kinks is as uneven along the way as its outputs are large.
            of.map(|(error, (at, from))| error.abs() / at.abs().max(from.abs()).max(1.0)).fold(0.0, f32::max)
        };
        assert!(error(5_000) < 1e-3, "{name}: {}", error(5_000));
        if *rule == Rule::AdaptiveTrapezoid {
            assert!(error(500) < 1e-3, "{name}: {}", error(500));
        }
    }
}

/// baselines by name are what they say.
#[test]
fn row_r7_baselines_are_what_they_say() {
    let golden = Golden::load("lunarlander-dqn-seed000");
    let x = golden.inputs().into_values().next().unwrap();
    let name = golden.model.inputs()[0].name.clone();
    let with = |settings: &[(&str, &str)], reference: Option<&Tensor>| {
        let mut explained = lunar(&golden);
        if let Some(reference) = reference {
            let inputs = BTreeMap::from([(name.clone(), reference.clone())]);
            explained = explained.with_reference(&inputs, &Cancel::default()).unwrap();
        }
        let method = Method::find("integrated_gradients").unwrap().with(&given(settings)).unwrap();
        method.attribute(&explained, &Cancel::default())
    };
    let by = |baseline: Tensor| {
        let method = IntegratedGradients { baseline: Baseline::Given(baseline), ..IntegratedGradients::default() };
        method.attribute(&lunar(&golden), &Cancel::default()).unwrap()
    };
    assert_eq!(with(&[], None).unwrap(), by(Tensor::full(&[8], 0.0)));
    let values = x.as_f32().unwrap();
    let mean: Vec<f32> =
        (0..8).map(|at| (0..5).map(|row| f64::from(values[row * 8 + at])).sum::<f64>() as f32 / 5.0).collect();
    let found = with(&[("baseline", "episode_mean")], Some(&x)).unwrap();
    let error = worst(found.values.as_f32().unwrap(), by(Tensor::f32(&[8], mean).unwrap()).values.as_f32().unwrap());
    assert!(error < 1e-4, "mean of the episode: off by {error}");
    let third = x.rows(&[3]).unwrap();
    let found = with(&[("baseline", "step"), ("baseline_step", "3")], Some(&third)).unwrap();
    assert_eq!(found, by(third));
    let rows: Vec<f32> = values.chunks(8).flat_map(|row| vec![row.iter().sum::<f32>() / 8.0; 8]).collect();
    let found = with(&[("baseline", "row_mean")], None).unwrap();
    let error = worst(found.values.as_f32().unwrap(), by(Tensor::f32(&[5, 8], rows).unwrap()).values.as_f32().unwrap());
    assert!(error < 1e-4, "mean of the row: off by {error}");
    let text = with(&[("baseline", "episode_mean")], None).unwrap_err().to_string();
    assert!(text.contains("other steps"), "{text}");
    let text = with(&[("baseline", "blur")], None).unwrap_err().to_string();
    assert!(text.contains("pictures"), "{text}");
}

/// U-8: gradients are finite differences.
#[test]
fn row_u8_gradients_are_finite_differences() {
    let golden = Golden::load("gaussian");
    let mut inputs = golden.inputs();
    let subject = |inputs: BTreeMap<String, Tensor>| Subject {
        inputs: inputs.into(),
        target: Target::entries("mean", &[1; 4]),
        wrt: vec!["obs".to_owned()],
    };
    let cancel = Cancel::default();
    let explained = Explained::new(&golden.model, subject(inputs.clone()), 1, &cancel).unwrap();
    let found = SignedGradient.attribute(&explained, &cancel).unwrap();
    let at = inputs.remove("obs").unwrap().as_f32().unwrap().to_vec();
    let rows: Vec<usize> = (0..4).collect();
    for element in 0..5 {
        let value = |by: f32| {
            let mut moved = at.clone();
            (0..4).for_each(|row| moved[row * 5 + element] += by);
            explained.values(&moved, &rows, &cancel).unwrap()
        };
        let (above, below) = (value(1e-2), value(-1e-2));
        for row in 0..4 {
            let slope = (above[row] - below[row]) / 2e-2;
            let gradient = found.values.as_f32().unwrap()[row * 5 + element];
            // Rounding of the difference, and the third derivative.
            assert!(
                (slope - gradient).abs() < 1e-3,
                "row {row}, element {element}: {gradient}, by differences {slope}"
            );
        }
    }
}

/// the Jacobian's length is that of the single entries' gradients, its weighed form the square of their sum; memory is hidden part by part.
#[test]
fn row_a9_the_jacobian_is_made_of_every_outputs_gradient() {
    let golden = Golden::load("lunarlander-dqn-seed000");
    let explained = lunar(&golden);
    let cancel = Cancel::default();
    let all: Vec<usize> = (0..5).collect();
    let (outputs, entries) = explained.outputs(explained.at_values(), &all, &cancel).unwrap();
    let (mut norm, mut sum) = (vec![0.0_f32; 40], vec![0.0_f32; 40]);
    for entry in 0..entries {
        let gradients = golden.values(&format!("q{entry}__gradient_signed"));
        for at in 0..40 {
            norm[at] += gradients[at].powi(2);
            sum[at] += outputs[at / 8 * entries + entry] * gradients[at];
        }
    }
    for value in &mut norm {
        *value = value.sqrt();
    }
    for value in &mut sum {
        *value = value.powi(2);
    }
    for (combine, expected) in [(Combine::Norm, norm), (Combine::Weighed, sum)] {
        let found = Jacobian { combine }.attribute(&explained, &cancel).unwrap();
        let error = worst(found.values.as_f32().unwrap(), &expected);
        assert!(error < 1e-3, "{combine:?}: off by {error}");
    }
    // Memory: hiding one unit of the state at a time, wholly and by half.
    let golden = Golden::load("gru");
    let subject =
        Subject { inputs: golden.inputs().into(), target: Target::entries("q", &[3; 4]), wrt: vec!["hx".to_owned()] };
    let memory = Explained::new(&golden.model, subject, 1, &cancel).unwrap();
    let rows: Vec<usize> = (0..4).collect();
    let before = memory.values(memory.at_values(), &rows, &cancel).unwrap();
    for (strength, kept) in [("1", 0.0), ("0.5", 0.5)] {
        let method = Method::find("occlusion").unwrap().with(&given(&[("strength", strength)])).unwrap();
        let found = method.attribute(&memory, &cancel).unwrap();
        for unit in 0..6 {
            let mut dimmed = memory.at_values().to_vec();
            (0..4).for_each(|row| dimmed[row * 6 + unit] *= kept);
            let after = memory.values(&dimmed, &rows, &cancel).unwrap();
            for row in 0..4 {
                let (fall, found) = (before[row] - after[row], found.values.as_f32().unwrap()[row * 6 + unit]);
                assert!((fall - found).abs() < 1e-6, "unit {unit} by {strength}: {found}, expected {fall}");
            }
        }
    }
}

/// U-7: each way's shares add up; of a network that is linear from the layer on every way gives the shares of the straight one.
#[test]
fn row_u7_many_ways_add_up_and_are_the_straight_one_where_all_is_linear() {
    let golden = Golden::load("lunarlander-dqn-seed000");
    let cancel = Cancel::default();
    let curved = lunar(&golden);
    let method = MultiPath {
        paths: 6,
        steps: 2_000,
        rule: Rule::GaussLegendre,
        baseline: Baseline::Zero,
        seed: 1,
        components: Vec::new(),
    };
    let found = method.attribute(&curved, &cancel).unwrap();
    for (worst, at) in found.completeness_error.iter().zip(&found.at_input) {
        assert!(worst.abs() < 5e-3 * at.abs().max(1.0), "the worst way is {worst} off");
    }
    let layer = golden.model.layers().iter().rev().find(|layer| layer.operator == "Relu").unwrap().name.clone();
    let subject = || Subject {
        inputs: golden.inputs().into(),
        target: Target::entries("q_values", &[2; 5]),
        wrt: vec![layer.clone()],
    };
    let linear = Explained::new(&golden.model, subject(), 1, &cancel).unwrap();
    let straight = IntegratedGradients::default().attribute(&linear, &cancel).unwrap();
    let few = MultiPath { steps: 5, ..method.clone() };
    let found = few.attribute(&linear, &cancel).unwrap();
    let error = worst(found.values.as_f32().unwrap(), straight.values.as_f32().unwrap());
    assert!(error < 1e-4, "linear: off by {error}");
    // Components of one's own: half of the activations each, and nothing left over.
    let half: Vec<f32> = linear.at_values().iter().map(|value| value / 2.0).collect();
    let half = Tensor::f32(linear.at().shape(), half).unwrap();
    let parts = MultiPath { components: vec![half.clone(), half], ..few };
    let found = parts.attribute(&linear, &cancel).unwrap();
    let error = worst(found.values.as_f32().unwrap(), straight.values.as_f32().unwrap());
    assert!(error < 1e-4, "components: off by {error}");
}

/// U-6: shares of a hidden layer add up to the target's difference from no activation, for a value, a logit, and a sum of logits.
#[test]
fn row_u6_a_hidden_layer_explains_value_logit_and_sums() {
    let model = open("residual.onnx");
    let cancel = Cancel::default();
    let frame = picture(&[3, 3, 8, 8], 9);
    let shapes = BTreeMap::from([("frame".to_owned(), frame.shape().to_vec())]);
    let choices = layer_choices(&model, &shapes, "frame", &["logits", "value"]).unwrap();
    let layer = choices.iter().find(|layer| layer.recommended).unwrap().name.clone();
    let targets = [
        Target::entries("value", &[0; 3]),
        Target::entries("logits", &[1; 3]),
        Target::weighed("logits", vec![vec![(0, 1.0), (2, 1.0)]; 3]),
    ];
    for target in targets {
        let inputs = BTreeMap::from([("frame".to_owned(), frame.clone())]);
        let subject = Subject { inputs: inputs.into(), target, wrt: vec![layer.clone()] };
        let explained = Explained::new(&model, subject, 1, &cancel).unwrap();
        let method = IntegratedGradients { steps: 500, ..IntegratedGradients::default() };
        let found = method.attribute(&explained, &cancel).unwrap();
        for (row, error) in found.completeness_error.iter().enumerate() {
            let difference = found.at_input[row] - found.at_baseline[row];
            let scale = difference.abs().max(found.at_input[row].abs()).max(0.2);
            assert!(error.abs() < 1e-3 * scale, "{error} of {difference}");
        }
    }
}

/// U-5: of a network of residual blocks the ends of blocks are bottlenecks and what lies within is not; of a plain one all layers are.
#[test]
fn row_u5_bottlenecks_are_found() {
    let model = open("residual.onnx");
    let shapes = BTreeMap::from([("frame".to_owned(), vec![1, 3, 8, 8])]);
    let choices = layer_choices(&model, &shapes, "frame", &["logits", "value"]).unwrap();
    let of = |operator: &str| -> Vec<bool> {
        choices
            .iter()
            .filter(|layer| layer.operator == operator && layer.shape.len() == 3)
            .map(|l| l.bottleneck)
            .collect()
    };
    // The first one enters; two within each block.
    assert_eq!(of("Conv"), [true, false, false, false, false]);
    assert_eq!(of("Add"), [true, true]);
    assert_eq!(of("MaxPool"), [true]);
    // relu before each block's first convolution lies beside the way around it; the last one ends the trunk.
    assert_eq!(of("Relu"), [false, false, false, false, true]);
    let recommended: Vec<_> = choices.iter().filter(|layer| layer.recommended).collect();
    assert_eq!(recommended.len(), 1);
    assert_eq!((recommended[0].operator.as_str(), recommended[0].shape.as_slice()), ("Relu", &[4, 4, 4][..]));

    let model = open("planted.onnx");
    let shapes = BTreeMap::from([("frame".to_owned(), vec![1, 1, 16, 16])]);
    let choices = layer_choices(&model, &shapes, "frame", &["logits"]).unwrap();
    assert!(choices.iter().all(|layer| layer.bottleneck), "{choices:?}");
    let recommended = choices.iter().find(|layer| layer.recommended).unwrap();
    assert_eq!((recommended.operator.as_str(), recommended.shape.as_slice()), ("Relu", &[6, 16, 16][..]));

    // Actor and critic share nothing but what they see: the last layer of whichever is named first.
    let golden = Golden::load("cartpole-ppo-seed001");
    let name = golden.model.inputs()[0].name.clone();
    let shapes = BTreeMap::from([(name.clone(), vec![1, 4])]);
    let ends: Vec<&str> = golden.model.outputs().iter().map(|output| output.name.as_str()).collect();
    let best = |ends: &[&str]| {
        let choices = layer_choices(&golden.model, &shapes, &name, ends).unwrap();
        choices.into_iter().find(|layer| layer.recommended).unwrap()
    };
    let [first, second] = [best(&[ends[0], ends[1]]), best(&[ends[1], ends[0]])];
    assert_eq!([&first.name, &second.name], [&best(&ends[..1]).name, &best(&ends[1..2]).name]);
    assert_ne!(first.name, second.name);
    for layer in [first, second] {
        assert_eq!((layer.operator.as_str(), layer.bottleneck), ("Tanh", false), "{}", layer.name);
    }

    let golden = Golden::load("lunarlander-dqn-seed000");
    let name = golden.model.inputs()[0].name.clone();
    let choices =
        layer_choices(&golden.model, &BTreeMap::from([(name.clone(), vec![1, 8])]), &name, &["q_values"]).unwrap();
    assert_eq!(choices.iter().filter(|layer| layer.recommended).count(), 1);
    assert!(
        layer_choices(&golden.model, &BTreeMap::from([(name.clone(), vec![1, 8])]), "nothing", &["q_values"]).is_err()
    );
}

/// Of a network that is linear from the layer on, several methods say the same.
#[test]
fn methods_agree_where_all_is_linear() {
    let golden = Golden::load("lunarlander-dqn-seed000");
    let cancel = Cancel::default();
    let layer = golden.model.layers().iter().rev().find(|layer| layer.operator == "Relu").unwrap().name.clone();
    let subject =
        Subject { inputs: golden.inputs().into(), target: Target::entries("q_values", &[2; 5]), wrt: vec![layer] };
    let explained = Explained::new(&golden.model, subject, 1, &cancel).unwrap();
    let shares = IntegratedGradients::default().attribute(&explained, &cancel).unwrap();
    let occlusion = Method::find("occlusion").unwrap().with(&BTreeMap::new()).unwrap();
    let others: [&dyn Attribution; 3] = [&DeepLift::default(), &occlusion, &ethogram_model::GradientTimesInput];
    for other in others {
        let found = other.attribute(&explained, &cancel).unwrap();
        let error = worst(found.values.as_f32().unwrap(), shares.values.as_f32().unwrap());
        assert!(error < 1e-4, "off by {error}");
    }
    let slope = SignedGradient.attribute(&explained, &cancel).unwrap();
    let smooth = SmoothGrad { samples: 3, noise: 0.2, seed: 4 }.attribute(&explained, &cancel).unwrap();
    assert!(worst(smooth.values.as_f32().unwrap(), slope.values.as_f32().unwrap()) < 1e-5);
}

#[test]
fn the_rescale_rule_refuses_what_it_does_not_cover() {
    let model = open("residual.onnx");
    let subject = Subject {
        inputs: BTreeMap::from([("frame".to_owned(), picture(&[1, 3, 8, 8], 2))]).into(),
        target: Target::entries("value", &[0]),
        wrt: vec!["frame".to_owned()],
    };
    let explained = Explained::new(&model, subject, 1, &Cancel::default()).unwrap();
    let error = DeepLift::default().attribute(&explained, &Cancel::default()).unwrap_err().to_string();
    assert!(error.contains("rescale rule MaxPool"), "{error}");
}

#[test]
fn equal_seeds_give_equal_bits() {
    let golden = Golden::load("lunarlander-dqn-seed000");
    for name in ["smooth_grad", "expected_gradients", "multi_path"] {
        let run = |seed: &str| {
            let method = Method::find(name).unwrap().with(&given(&[("seed", seed)])).unwrap();
            method.attribute(&lunar(&golden), &Cancel::default()).unwrap()
        };
        assert_eq!(run("3"), run("3"), "{name}");
        assert_ne!(run("3"), run("4"), "{name}");
    }
}
