//! Perturbation: what a spot's score is, and that doing less work for it changes no bit.

use std::collections::BTreeMap;

use ethogram_model::{
    Attribution, Cancel, Explained, Frames, Limits, Method, Mode, Model, Occlusion, Perturbation, Score, Subject,
    Target, Tensor,
};

use crate::encode::{floats, ints, model, node};
use crate::goldens::{open, worst};
use crate::methods::picture;
use crate::operators::noise;

/// A-7: of a linear network a spot's score is the closed form ½ (Σ w · m · (x − blurred x))², or without the square by the target.
#[test]
fn row_a7_a_linear_networks_map_is_the_closed_form() {
    // From its last hidden layer on the network is linear.
    let model = open("planted.onnx");
    let cancel = Cancel::default();
    let subject = |wrt: &str| Subject {
        inputs: BTreeMap::from([("frame".to_owned(), picture(&[2, 1, 16, 16], 4))]).into(),
        target: Target::entries("logits", &[1, 0]),
        wrt: vec![wrt.to_owned()],
    };
    let layer = model.layers().iter().rev().find(|layer| layer.operator == "Relu").unwrap().name.clone();
    let explained = Explained::new(&model, subject(&layer), 1, &cancel).unwrap();
    let at = explained.at_values();
    let (all, width) = ([0, 1], explained.width());
    let slopes: Vec<Vec<f32>> = (0..2)
        .map(|entry| {
            let counts = [f32::from(entry == 0), f32::from(entry == 1)].repeat(2);
            explained.gradients_of(at, &all, &counts, &cancel).unwrap()
        })
        .collect();
    let soft = blurred(at, 6 * 2, 16, 16);
    // A disc of one pixel, blurred by half a pixel and with a peak of 1: exp(−2 (dx² + dy²)) where no edge is near.
    let mask = |element: usize, centre: [usize; 2]| {
        let (dy, dx) = ((element / 16 % 16).abs_diff(centre[0]), (element % 16).abs_diff(centre[1]));
        if dy.max(dx) <= 2 { (-2.0 * (dy * dy + dx * dx) as f64).exp() } else { 0.0 }
    };
    let fall = |entry: usize, row: usize, centre: [usize; 2]| -> f64 {
        let of = row * width..(row + 1) * width;
        of.map(|i| f64::from(slopes[entry][i]) * mask(i % width % 256, centre) * f64::from(at[i] - soft[i])).sum()
    };
    let spots = |score| Perturbation { stride: 4, radius: 0.0, spot_sigma: 0.5, score, ..Perturbation::default() };
    let target = spots(Score::Target).attribute(&explained, &cancel).unwrap();
    let output = spots(Score::Output).attribute(&explained, &cancel).unwrap();
    assert_eq!(target.values.shape(), [2, 4, 4]);
    for row in 0..2 {
        for place in 0..9 {
            let (y, x) = (1 + place / 3, 1 + place % 3);
            let found = |map: &Tensor| f64::from(map.as_f32().unwrap()[row * 16 + y * 4 + x]);
            let falls = [fall(0, row, [4 * y, 4 * x]), fall(1, row, [4 * y, 4 * x])];
            // Row 0 is explained for action 1, row 1 for action 0.
            let (signed, squared) = (falls[1 - row], f64::midpoint(falls[0].powi(2), falls[1].powi(2)));
            assert!(
                (found(&target.values) - signed).abs() < 1e-4,
                "{row} {y} {x}: {}, {signed}",
                found(&target.values)
            );
            assert!(
                (found(&output.values) - squared).abs() < 1e-4,
                "{row} {y} {x}: {}, {squared}",
                found(&output.values)
            );
        }
    }
    // Channels one after the other: of a linear network their signed falls add up to that of all together.
    let singly =
        Perturbation { frames: Frames::Singly, ..spots(Score::Target) }.attribute(&explained, &cancel).unwrap();
    assert_eq!(singly.values.shape(), [2, 6, 4, 4]);
    for at in 0..32 {
        let sum: f32 = (0..6).map(|plane| singly.values.as_f32().unwrap()[at / 16 * 96 + plane * 16 + at % 16]).sum();
        let together = target.values.as_f32().unwrap()[at];
        assert!((sum - together).abs() < 1e-4, "{sum}, together {together}");
    }
}

/// Planes blurred by a Gaussian of standard deviation 3, cut after 4 of them, mirrored at the edges.
fn blurred(planes: &[f32], count: usize, height: usize, width: usize) -> Vec<f32> {
    let kernel: Vec<f64> = (-12..=12).map(|at| (-0.5 * (f64::from(at) / 3.0).powi(2)).exp()).collect();
    let sum: f64 = kernel.iter().sum();
    let mirrored = |at: i64, length: usize| {
        let period = 2 * length as i64;
        let at = at.rem_euclid(period);
        at.min(period - 1 - at) as usize
    };
    let mut out = vec![0.0; planes.len()];
    for plane in 0..count {
        for y in 0..height {
            for x in 0..width {
                let mut value = 0.0;
                for (i, a) in kernel.iter().enumerate() {
                    for (j, b) in kernel.iter().enumerate() {
                        let (from_y, from_x) =
                            (mirrored(y as i64 + i as i64 - 12, height), mirrored(x as i64 + j as i64 - 12, width));
                        value += a * b * f64::from(planes[(plane * height + from_y) * width + from_x]);
                    }
                }
                out[(plane * height + y) * width + x] = (value / sum / sum) as f32;
            }
        }
    }
    out
}

/// A-7: with the state explained too, every spot is a whole pass; for the picture alone the first layers are done again only around the spot.
#[test]
fn row_a7_layers_done_again_around_a_spot_give_the_same_bits() {
    let model = open("pong-a3c-40M.onnx");
    let inputs =
        BTreeMap::from([("frame".to_owned(), picture(&[3, 1, 80, 80], 5)), ("hx".to_owned(), picture(&[3, 256], 6))]);
    let explained = |output: &str, wrt: &[&str], threads: usize| {
        let subject = Subject {
            inputs: inputs.clone().into(),
            target: Target::entries(output, &[0; 3]),
            wrt: wrt.iter().map(|name| (*name).to_owned()).collect(),
        };
        Explained::new(&model, subject, threads, &Cancel::default()).unwrap()
    };
    let bits = |tensor: &Tensor| tensor.as_f32().unwrap().iter().map(|value| value.to_bits()).collect::<Vec<_>>();
    let cancel = Cancel::default();
    for mode in [Mode::Occlude, Mode::Searchlight] {
        let method = Perturbation { stride: 13, mode, ..Perturbation::default() };
        let (actor, critic) = (explained("logits", &["frame"], 1), explained("value", &["frame"], 2));
        let each = method.attribute_each(&[&actor, &critic], &cancel).unwrap();
        for (output, found) in ["logits", "value"].into_iter().zip(&each) {
            for threads in [1, 3] {
                let alone = method.attribute(&explained(output, &["frame"], threads), &cancel).unwrap();
                let whole = method.attribute(&explained(output, &["frame", "hx"], threads), &cancel).unwrap();
                assert_eq!(bits(&found.values), bits(&alone.values), "{output} {mode:?}, together and alone");
                assert_eq!(bits(&alone.values), bits(&whole.values), "{output} {mode:?}, around and whole");
                assert_eq!(found.at_input, whole.at_input);
            }
        }
    }
    let method = Occlusion { window: vec![20, 20], stride: vec![15, 17], ..Occlusion::default() };
    let alone = method.attribute(&explained("value", &["frame"], 2), &cancel).unwrap();
    let whole = method.attribute(&explained("value", &["frame", "hx"], 2), &cancel).unwrap();
    for (alone, whole) in bits(&alone.values).chunks(6_400).zip(bits(&whole.values).chunks(6_400 + 256)) {
        assert_eq!(alone, &whole[..6_400]);
    }
}

/// A network that was exported for one row is asked about one spot after the other, and says the same.
#[test]
fn pictures_of_a_network_of_one_row_are_perturbed_one_by_one() {
    let cancel = Cancel::default();
    let ask = |file: &str, method: &dyn Attribution| {
        let model = open(file);
        let subject = Subject {
            inputs: BTreeMap::from([("frame".to_owned(), picture(&[2, 1, 16, 16], 4))]).into(),
            target: Target::entries("logits", &[1, 0]),
            wrt: vec!["frame".to_owned()],
        };
        let explained = Explained::new(&model, subject, 1, &cancel).unwrap();
        method.attribute(&explained, &cancel).unwrap().values.as_f32().unwrap().to_vec()
    };
    let target = Perturbation { score: Score::Target, ..Perturbation::default() };
    let searchlight = Perturbation { mode: Mode::Searchlight, ..Perturbation::default() };
    let methods: [&dyn Attribution; 3] = [&target, &searchlight, &Occlusion::default()];
    for (index, method) in methods.into_iter().enumerate() {
        let error = worst(&ask("fixed-planted.onnx", method), &ask("planted.onnx", method));
        assert!(error < 1e-5, "method {index}: off by {error}");
    }
}

/// One network twice: as it takes `[C, H, W]`, and behind a turn of axes as it takes `[H, W, C]`, channels last. What is found is the same, turned.
#[test]
fn pictures_with_their_channels_last_are_explained_as_others_are() {
    let weights = || floats("w", &[3, 5, 3, 3], &noise(3 * 5 * 9, 11));
    let tail = |from: &str| {
        vec![
            node("Conv", &[from, "w"], &["c"], vec![]),
            node("Tanh", &["c"], &["r"], vec![]),
            node("GlobalAveragePool", &["r"], &["p"], vec![]),
            node("Flatten", &["p"], &["y"], vec![]),
        ]
    };
    let turn = node("Transpose", &["x"], &["t"], vec![ints("perm", &[0, 3, 1, 2])]);
    let read = |bytes: Vec<u8>| Model::from_bytes(&bytes, &Limits::default()).unwrap();
    let (height, width, planes) = (20, 16, 5);
    let first = read(model(tail("x"), vec![weights()], &[1, 5, 20, 16]));
    let last = read(model([vec![turn], tail("t")].concat(), vec![weights()], &[1, 20, 16, 5]));
    let plain = picture(&[1, planes, height, width], 9);
    // Where an element of `[H, W, C]` lies in `[C, H, W]`.
    let turned = |values: &[f32]| -> Vec<f32> {
        let from = |at: usize| at % planes * height * width + at / planes;
        (0..values.len()).map(|at| values[from(at)]).collect()
    };
    let explained = |network, at: Tensor| {
        let subject = Subject {
            inputs: BTreeMap::from([("x".to_owned(), at)]).into(),
            target: Target::entries("y", &[0]),
            wrt: vec!["x".to_owned()],
        };
        Explained::new(network, subject, 1, &Cancel::default()).unwrap()
    };
    let at_last = Tensor::f32(&[1, height, width, planes], turned(plain.as_f32().unwrap())).unwrap();
    let (first, last) = (explained(&first, plain.clone()), explained(&last, at_last));
    let by = |name: &str, settings: &[(&str, &str)]| {
        let method = Method::find(name).unwrap();
        let given = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        method.with(&given).unwrap()
    };
    for (name, settings) in [
        ("perturbation", vec![]),
        ("perturbation", vec![("frames", "singly"), ("mode", "searchlight")]),
        ("occlusion", vec![]),
        ("occlusion", vec![("window", "3"), ("stride", "2")]),
        ("integrated_gradients", vec![("baseline", "blur")]),
        ("multi_path", vec![]),
        ("sarfa", vec![]),
    ] {
        let found = [&first, &last].map(|it| by(name, &settings).attribute(it, &Cancel::default()).unwrap().values);
        let [plain, other] = found.each_ref().map(|values| values.as_f32().unwrap().to_vec());
        let whole = plain.len() == height * width * planes;
        let expected = if whole { turned(&plain) } else { plain };
        let most = expected.iter().map(|value| value.abs()).fold(0.0, f32::max);
        assert!(most > 0.0, "{name}: nothing was found");
        let error = worst(&other, &expected);
        assert!(error <= 1e-5, "{name} {settings:?}: {error}");
    }
}
