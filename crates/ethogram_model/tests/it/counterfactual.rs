//! What is found flips the choice, and where there is a closed form it is that.

use std::collections::BTreeMap;
use std::sync::Arc;

use ethogram_model::{
    Asker, Bounds, Cancel, EntryChange, Explained, Forward, Measure, Model, Replacement, Subject, Target, Tensor,
    nearest_entries, smallest_regions,
};
use proptest::prelude::*;

use crate::goldens::{Golden, open};
use crate::linear::linear;

/// The subject whose row *j* explains "wanted minus j" at one row of inputs.
fn subject(inputs: &BTreeMap<String, Tensor>, output: &str, entries: usize, wanted: usize, wrt: &str) -> Subject {
    let repeated = inputs.iter().map(|(name, tensor)| {
        let values = tensor.as_f32().unwrap().repeat(entries);
        (name.clone(), Tensor::f32(&[&[entries], &tensor.shape()[1..]].concat(), values).unwrap())
    });
    let weights = (0..entries).map(|rival| vec![(wanted, 1.0), (rival, -1.0)]).collect();
    let target = Target::weighed(output, weights);
    Subject { inputs: Arc::new(repeated.collect()), target, wrt: vec![wrt.to_owned()] }
}

fn vector(model: &Model, x: &[f32], output: &str, entries: usize, wanted: usize) -> Subject {
    let name = model.inputs()[0].name.clone();
    let inputs = BTreeMap::from([(name.clone(), Tensor::f32(&[1, x.len()], x.to_vec()).unwrap())]);
    subject(&inputs, output, entries, wanted, &name)
}

fn search(model: &Model, subject: Subject, wanted: usize, bounds: &Bounds, measure: Measure) -> EntryChange {
    let cancel = Cancel::default();
    let explained = Explained::new(model, subject, 1, &cancel).unwrap();
    let mut told = 0;
    let mut progress = |_| told += 1;
    let mut asker = Asker::new(&explained, wanted, &cancel, &mut progress).unwrap();
    nearest_entries(&mut asker, bounds, measure).unwrap()
}

/// The choice at `x` with these elements changed.
fn choice(model: &Arc<Model>, x: &[f32], output: &str, change: &[(usize, f32)]) -> usize {
    let mut x = x.to_vec();
    for &(at, value) in change {
        x[at] = value;
    }
    let inputs = BTreeMap::from([(model.inputs()[0].name.clone(), Tensor::f32(&[1, x.len()], x).unwrap())]);
    let found = Forward::new(Arc::clone(model)).run(&inputs, &Cancel::default()).unwrap();
    let row = found.iter().find(|(name, _)| name == output).unwrap().1.as_f32().unwrap().to_vec();
    (0..row.len()).max_by(|&a, &b| row[a].total_cmp(&row[b])).unwrap()
}

fn boxed(width: usize, reach: f32) -> Bounds {
    Bounds { low: vec![-reach; width], high: vec![reach; width], unit: vec![1.0; width] }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Of two entries: the least change is the way to the plane between them, the fewest is along the steepest element alone.
    #[test]
    fn on_a_linear_network_the_smallest_change_is_the_closed_form(
        w in prop::collection::vec(-2.0_f32..2.0, 8),
        x in prop::collection::vec(-1.0_f32..1.0, 4),
        bias in -1.0_f32..1.0,
    ) {
        let weights = vec![w[..4].to_vec(), w[4..].to_vec()];
        let model = linear(&weights, &[bias, 0.0]);
        let y = |row: usize| weights[row].iter().zip(&x).map(|(w, x)| w * x).sum::<f32>() + [bias, 0.0][row];
        let wanted = usize::from(y(0) > y(1));
        let g: Vec<f32> = (0..4).map(|at| weights[wanted][at] - weights[1 - wanted][at]).collect();
        let (lack, steep) = (y(1 - wanted) - y(wanted), g.iter().map(|g| g * g).sum::<f32>());
        let most = g.iter().map(|g| g.abs()).fold(0.0, f32::max);
        prop_assume!(lack > 1e-2 && most > 0.2);

        let least = search(&model, vector(&model, &x, "logits", 2, wanted), wanted, &boxed(4, 1e3), Measure::Least);
        prop_assert!(least.margin > 0.0);
        let mut found = vec![0.0; 4];
        least.entries.iter().for_each(|&(at, value)| found[at] = value - x[at]);
        for at in 0..4 {
            let expected = lack * g[at] / steep;
            prop_assert!((found[at] - expected).abs() < 2e-3 * (1.0 + expected.abs()), "{found:?}, {at}: {expected}");
        }

        let fewest = search(&model, vector(&model, &x, "logits", 2, wanted), wanted, &boxed(4, 40.0), Measure::Fewest);
        if lack / most < 30.0 {
            prop_assert_eq!(fewest.entries.len(), 1);
            let (at, value) = fewest.entries[0];
            prop_assert!((value - x[at]).abs() <= lack / most * 1.001 + 1e-4, "{} against {}", value - x[at], lack / most);
            for &(at, value) in &fewest.alone {
                let expected = lack / g[at];
                prop_assert!((value - x[at] - expected).abs() < 2e-3 * (1.0 + expected.abs()));
            }
        }
    }

    /// Where one element cannot do it within its bounds, several do; and nobody leaves the bounds.
    #[test]
    fn bounds_hold_and_more_elements_take_over(x in prop::collection::vec(-0.5_f32..0.5, 5)) {
        let model = linear(&[vec![1.0; 5], vec![0.0; 5]], &[0.0, 1.5]);
        for measure in [Measure::Fewest, Measure::Least] {
            let found = search(&model, vector(&model, &x, "logits", 2, 0), 0, &boxed(5, 0.6), measure);
            prop_assert!(found.margin > 0.0);
            prop_assert!(found.entries.iter().all(|(_, value)| value.abs() <= 0.6));
            let model = Arc::new(model.clone());
            prop_assert_eq!(choice(&model, &x, "logits", &found.entries), 0);
        }
    }

    /// On a published agent: whatever it is asked to choose instead, it does at what was found, and not a hundredth before.
    #[test]
    fn what_is_found_flips_the_choice_of_an_agent(
        x in prop::collection::vec(-1.0_f32..1.0, 8),
        wanted in 0_usize..4,
    ) {
        let model = Arc::new(open("lunarlander-dqn.onnx"));
        prop_assume!(choice(&model, &x, "q_values", &[]) != wanted);
        let bounds = boxed(8, 2.5);
        for measure in [Measure::Fewest, Measure::Least] {
            let found = search(&model, vector(&model, &x, "q_values", 4, wanted), wanted, &bounds, measure);
            if found.margin > 0.0 {
                prop_assert_eq!(choice(&model, &x, "q_values", &found.entries), wanted);
                prop_assert!(found.entries.iter().all(|(_, value)| value.abs() <= 2.5));
            }
            for &(at, value) in &found.alone {
                prop_assert_eq!(choice(&model, &x, "q_values", &[(at, value)]), wanted);
                let before = x[at] + 0.99 * (value - x[at]);
                prop_assert!(choice(&model, &x, "q_values", &[(at, before)]) != wanted || (value - x[at]).abs() < 1e-4);
            }
        }
    }
}

#[test]
fn what_is_chosen_already_needs_no_change() {
    let model = linear(&[vec![1.0, 0.0], vec![0.0, 1.0]], &[1.0, 0.0]);
    let found = search(&model, vector(&model, &[0.0, 0.0], "logits", 2, 0), 0, &boxed(2, 1.0), Measure::Fewest);
    assert!(found.entries.is_empty() && found.margin > 0.0, "{found:?}");
}

#[test]
fn what_cannot_be_is_told_with_the_nearest() {
    let model = linear(&[vec![1.0, 0.0], vec![0.0, 0.0]], &[0.0, 9.0]);
    let found = search(&model, vector(&model, &[0.0, 0.0], "logits", 2, 0), 0, &boxed(2, 1.0), Measure::Fewest);
    assert!((found.margin + 8.0).abs() < 1e-5 && found.alone.is_empty(), "{found:?}");
}

#[test]
fn regions_of_a_frame_flip_what_breakout_does() {
    let golden = Golden::load("breakout-a3c-80M-seed000");
    let wrt = golden.model.inputs()[0].name.clone();
    let rows = golden.inputs()[&wrt].shape()[0];
    let mut flipped = 0;
    for row in 0..rows {
        let one: BTreeMap<String, Tensor> = golden
            .inputs()
            .into_iter()
            .map(|(name, tensor)| {
                let width = tensor.len() / tensor.shape()[0];
                let values = tensor.as_f32().unwrap()[row * width..][..width].to_vec();
                (name, Tensor::f32(&[&[1], &tensor.shape()[1..]].concat(), values).unwrap())
            })
            .collect();
        let cancel = Cancel::default();
        let forward = Forward::new(Arc::new(golden.model.clone()));
        let logits = |inputs: &BTreeMap<String, Tensor>| -> Vec<f32> {
            let found = forward.run(inputs, &cancel).unwrap();
            found.iter().find(|(name, _)| name == "logits").unwrap().1.as_f32().unwrap().to_vec()
        };
        let best = |row: &[f32]| (0..row.len()).max_by(|&a, &b| row[a].total_cmp(&row[b])).unwrap();
        let before = logits(&one);
        let mut order: Vec<usize> = (0..before.len()).collect();
        order.sort_by(|&a, &b| before[b].total_cmp(&before[a]));
        let wanted = order[1];
        let explained =
            Explained::new(&golden.model, subject(&one, "logits", before.len(), wanted, &wrt), 1, &cancel).unwrap();
        let mut progress = |_| ();
        let mut asker = Asker::new(&explained, wanted, &cancel, &mut progress).unwrap();
        let black = vec![0.0; 80 * 80];
        let elements = |y: usize, x: usize| vec![y * 80 + x];
        let with = Replacement { height: 80, width: 80, values: &black, elements: &elements };
        let found = smallest_regions(&mut asker, &with).unwrap();
        if found.margin <= 0.0 {
            continue;
        }
        flipped += 1;
        let mut pixels = one[&wrt].as_f32().unwrap().to_vec();
        for area in &found.areas {
            for y in area.y..area.y + area.height {
                pixels[y * 80 + area.x..][..area.width].fill(0.0);
            }
        }
        let mut changed = one.clone();
        changed.insert(wrt.clone(), Tensor::f32(one[&wrt].shape(), pixels).unwrap());
        assert_eq!(best(&logits(&changed)), wanted, "{found:?}");
        assert_ne!(best(&before), wanted);
    }
    assert!(flipped >= 1, "no frame flipped");
}

#[test]
fn a_search_that_is_called_off_ends() {
    let model = linear(&[vec![1.0, 0.0], vec![0.0, 1.0]], &[0.0, 1.0]);
    let cancel = Cancel::default();
    let explained = Explained::new(&model, vector(&model, &[0.0, 0.0], "logits", 2, 0), 1, &cancel).unwrap();
    cancel.cancel();
    let mut progress = |_| ();
    let mut asker = Asker::new(&explained, 0, &cancel, &mut progress).unwrap();
    let error = nearest_entries(&mut asker, &boxed(2, 3.0), Measure::Fewest).unwrap_err();
    assert_eq!(error, ethogram_model::Error::Cancelled);
}
