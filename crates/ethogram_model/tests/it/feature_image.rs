//! What is found excites more than anything tried beside it, and on a linear network it is the closed form.

use std::collections::BTreeMap;

use ethogram_model::{
    Ascent, Cancel, Canvas, Error, Excited, Explained, Model, Pictures, SoFar, Subject, Target, Tensor, excite,
};

use crate::goldens::open;
use crate::linear::linear;

/// The last layer that is a picture.
const LAYER: &str = "/Relu_4_output_0";
const PIXELS: usize = 3 * 8 * 8;

/// A direction of the layer's channels at its middle, one a row.
fn subject(model: &Model, rows: usize, at: f32) -> Subject {
    let inputs = BTreeMap::from([("frame".to_owned(), Tensor::full(&[rows, 3, 8, 8], at))]);
    let cancel = Cancel::default();
    let layer = Target::weighed(LAYER, vec![vec![(0, 1.0)]; rows]);
    let of_one = Subject { inputs: inputs.clone().into(), target: layer, wrt: vec!["frame".to_owned()] };
    let entries =
        Explained::new(model, of_one, 1, &cancel).unwrap().outputs(&vec![at; PIXELS], &[0], &cancel).unwrap().1;
    let direction = |row: usize| (0..entries).map(|entry| (entry, ((entry * 7 + row * 3) % 5) as f32)).collect();
    Subject {
        inputs: inputs.into(),
        target: Target::weighed(LAYER, (0..rows).map(direction).collect()),
        wrt: vec!["frame".to_owned()],
    }
}

fn canvas() -> Canvas {
    let planes = (0..3).map(|plane| (plane * 64..(plane + 1) * 64).collect()).collect();
    let pictures = Pictures { height: 8, width: 8, planes, colours: vec![[0, 1, 2]] };
    Canvas::new(vec![0.0; PIXELS], vec![1.0; PIXELS], Some(pictures)).unwrap()
}

/// Rows by their place.
fn names(explained: &Explained<'_>) -> Vec<u64> {
    (0..explained.rows() as u64).collect()
}

fn excited(explained: &Explained<'_>, ascent: &Ascent) -> Vec<Excited> {
    excite(explained, &canvas(), ascent, &names(explained), &mut |_| {}, &Cancel::default()).unwrap()
}

#[test]
fn row_u14_the_target_rises_step_by_step_beyond_its_start_and_beyond_random_inputs() {
    let model = open("residual.onnx");
    let cancel = Cancel::default();
    let explained = Explained::new(&model, subject(&model, 3, 0.5), 1, &cancel).unwrap();
    for (row, found) in excited(&explained, &Ascent::default()).into_iter().enumerate() {
        assert!(found.curve.windows(2).all(|pair| pair[0] <= pair[1]), "row {row}: {:?}", found.curve);
        let (first, last) = (found.curve[0], *found.curve.last().unwrap());
        assert!(last > first + 0.5 * first.abs(), "row {row}: {first} to {last}");
        assert!(found.input.iter().all(|value| (0.0..=1.0).contains(value)), "within the bounds");
        let again = explained.values(&found.input, &[row], &cancel).unwrap()[0];
        assert!((again - last).abs() <= 1e-5 * last.abs().max(1.0), "{again}, told {last}");
        let mut state = 1_u64;
        let random: Vec<f32> = (0..200 * PIXELS)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 40) as f32 / (1_u32 << 24) as f32
            })
            .collect();
        let best = explained.values(&random, &[row; 200], &cancel).unwrap().into_iter().fold(f32::MIN, f32::max);
        assert!(last > best, "row {row}: {last}, a random input {best}");
    }
}

#[test]
fn row_u14_the_gradient_that_is_climbed_is_that_of_finite_differences() {
    let model = open("residual.onnx");
    let cancel = Cancel::default();
    let explained = Explained::new(&model, subject(&model, 1, 0.5), 1, &cancel).unwrap();
    let at: Vec<f32> = (0..PIXELS).map(|pixel| ((pixel * 29) % 31) as f32 / 31.0).collect();
    let (_, gradient) = explained.gradients(&at, &[0], &cancel).unwrap();
    let size = gradient.iter().map(|slope| slope * slope).sum::<f32>().sqrt();
    // Along the gradient itself: rectifiers bend other ways.
    let moved = |by: f32| -> Vec<f32> { at.iter().zip(&gradient).map(|(x, slope)| x + by * slope / size).collect() };
    let values = explained.values(&[moved(1e-3), moved(-1e-3)].concat(), &[0, 0], &cancel).unwrap();
    let difference = (values[0] - values[1]) / 2e-3;
    assert!((difference - size).abs() < 0.02 * size, "{difference}, expected {size}");
}

#[test]
fn row_u14_equal_seeds_are_equal_bits_on_any_number_of_threads_and_other_seeds_are_not() {
    let model = open("residual.onnx");
    let cancel = Cancel::default();
    let of = |threads: usize, ascent: Ascent| {
        let explained = Explained::new(&model, subject(&model, 5, 0.5), threads, &cancel).unwrap();
        let found = excited(&explained, &ascent);
        found.into_iter().flat_map(|one| one.input).map(f32::to_bits).collect::<Vec<_>>()
    };
    let ascent = Ascent { steps: 20, ..Ascent::default() };
    let one = of(1, ascent);
    assert!([2, 3, 8].into_iter().all(|threads| of(threads, ascent) == one));
    assert_ne!(of(1, Ascent { seed: 1, ..ascent }), one);
}

#[test]
fn row_u14_on_a_linear_network_it_is_the_corner_that_the_weights_point_to() {
    let weights = vec![vec![2.0, -1.0, 0.5, -3.0], vec![-1.0, 1.0, -1.0, 1.0]];
    let model = linear(&weights, &[0.0, 0.0]);
    let cancel = Cancel::default();
    let inputs = BTreeMap::from([("x".to_owned(), Tensor::full(&[2, 4], 0.0))]);
    let subject =
        Subject { inputs: inputs.into(), target: Target::entries("logits", &[0, 1]), wrt: vec!["x".to_owned()] };
    let explained = Explained::new(&model, subject, 1, &cancel).unwrap();
    let canvas = Canvas::new(vec![-1.0; 4], vec![1.0; 4], None).unwrap();
    let found = excite(&explained, &canvas, &Ascent::default(), &[0, 1], &mut |_| {}, &cancel).unwrap();
    for (weights, found) in weights.iter().zip(found) {
        for (weight, value) in weights.iter().zip(&found.input) {
            assert!(weight.signum() * value > 0.95, "{weight}: {value}");
        }
    }
}

/// A rectifier that noise leaves shut has no gradient: the row's own input is begun at.
#[test]
fn row_u14_where_noise_has_no_gradient_the_rows_own_input_is_the_start() {
    let model = open("residual.onnx");
    let cancel = Cancel::default();
    // A target without any entry has no gradient anywhere.
    let dead = Subject { target: Target::weighed(LAYER, vec![Vec::new()]), ..subject(&model, 1, 0.3) };
    let explained = Explained::new(&model, dead, 1, &cancel).unwrap();
    let found = excited(&explained, &Ascent { steps: 3, ..Ascent::default() });
    assert!(found[0].from_input);
    assert!(found[0].input.iter().all(|value| (value - 0.3).abs() < 1e-3), "{:?}", &found[0].input[..4]);
    assert!(
        !excited(&Explained::new(&model, subject(&model, 1, 0.3), 1, &cancel).unwrap(), &Ascent::default())[0]
            .from_input
    );
}

#[test]
fn what_is_told_on_the_way_rises_and_ends_at_what_is_found() {
    type Told = (f64, Vec<Vec<f32>>, Vec<Vec<f32>>);
    let model = open("residual.onnx");
    let cancel = Cancel::default();
    let explained = Explained::new(&model, subject(&model, 2, 0.5), 1, &cancel).unwrap();
    let mut told: Vec<Told> = Vec::new();
    let mut tell = |so_far: &SoFar<'_>| {
        let rows = |of: &mut dyn Iterator<Item = &[f32]>| of.map(<[f32]>::to_vec).collect();
        told.push((so_far.share, rows(&mut so_far.inputs()), rows(&mut so_far.curves())));
    };
    let ascent = Ascent { steps: 12, ..Ascent::default() };
    let found = excite(&explained, &canvas(), &ascent, &[0, 1], &mut tell, &cancel).unwrap();
    assert!(told.len() >= 13 && told.windows(2).all(|pair| pair[0].0 <= pair[1].0), "{}", told.len());
    for (row, found) in found.iter().enumerate() {
        let (share, inputs, curves) = told.last().unwrap();
        assert_eq!((*share, &inputs[row], &curves[row]), (1.0, &found.input, &found.curve));
        // What is shown on the way gives what the curve says.
        for (_, inputs, curves) in &told {
            let value = explained.values(&inputs[row], &[row], &cancel).unwrap()[0];
            let said = *curves[row].last().unwrap();
            assert!((value - said).abs() <= 1e-5 * said.abs().max(1.0), "{value}, told {said}");
        }
    }
}

/// A row of a name goes the same way alone and among others.
#[test]
fn what_is_found_depends_on_a_rows_name_and_not_on_its_place() {
    let model = open("residual.onnx");
    let cancel = Cancel::default();
    let ascent = Ascent { steps: 20, ..Ascent::default() };
    let of = |rows: usize, names: &[u64]| {
        // All rows climb the same target.
        let one = subject(&model, 1, 0.5);
        let inputs = BTreeMap::from([("frame".to_owned(), Tensor::full(&[rows, 3, 8, 8], 0.5))]);
        let entries = (0..16).map(|entry| (entry, (entry % 5) as f32)).collect();
        let target = Target::weighed(LAYER, vec![entries; rows]);
        let explained =
            Explained::new(&model, Subject { inputs: inputs.into(), target, wrt: one.wrt }, 1, &cancel).unwrap();
        let found = excite(&explained, &canvas(), &ascent, names, &mut |_| {}, &cancel).unwrap();
        found.into_iter().map(|one| one.input.into_iter().map(f32::to_bits).collect::<Vec<_>>()).collect::<Vec<_>>()
    };
    let list = of(3, &[8, 3, 5]);
    assert_eq!(of(1, &[3]), [list[1].clone()]);
    assert_ne!(list[0], list[1], "another name is another beginning");
}

#[test]
fn the_ascent_ends_when_told_and_its_limits_are_named() {
    let model = open("residual.onnx");
    let cancel = Cancel::default();
    let explained = Explained::new(&model, subject(&model, 1, 0.5), 1, &cancel).unwrap();
    let mut stop = |so_far: &SoFar<'_>| {
        if so_far.share > 0.1 {
            cancel.cancel();
        }
    };
    let found = excite(&explained, &canvas(), &Ascent::default(), &[0], &mut stop, &cancel);
    assert!(matches!(found, Err(Error::Cancelled)), "{found:?}");
    let fresh = Cancel::default();
    for ascent in [Ascent { steps: 2_001, ..Ascent::default() }, Ascent { jitter: 17, ..Ascent::default() }] {
        let found = excite(&explained, &canvas(), &ascent, &[0], &mut |_| {}, &fresh);
        assert!(matches!(found, Err(Error::Argument { .. })), "{found:?}");
    }
    let narrow = Canvas::new(vec![0.0; 3], vec![1.0; 3], None).unwrap();
    assert!(excite(&explained, &narrow, &Ascent::default(), &[0], &mut |_| {}, &fresh).is_err());
    let unnamed = excite(&explained, &canvas(), &Ascent::default(), &[], &mut |_| {}, &fresh);
    assert!(unnamed.is_err_and(|error| error.to_string().contains("a number for each of 1 rows")));
}
