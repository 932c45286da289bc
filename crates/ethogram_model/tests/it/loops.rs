//! Loops that are unrolled: what they give against loops written here, gradients against differences, and what is refused.

use std::time::Instant;

use ethogram_model::{Limits, Model};
use proptest::prelude::*;

use crate::encode::{branch, floats, int, integers, ints, model, node, tensor};
use crate::operators::{check, noise, wide};

/// Turns of a loop, as a number of the file.
fn turns(count: i64) -> Vec<u8> {
    tensor("turns", &[], 7, count.to_le_bytes().to_vec())
}

/// `h ← tanh(w · h + x[t])` from `h = 0`, in a loop, for `x` of `[steps, width]`; `y` is every `h` below the last.
fn recurrence(steps: usize, width: usize, weight: &[f32], condition: Option<i64>) -> Vec<u8> {
    let mut nodes = vec![
        node("Gather", &["x", "turn"], &["seen"], vec![int("axis", 0)]),
        node("Mul", &["h", "w"], &["kept"], vec![]),
        node("Add", &["seen", "kept"], &["sum"], vec![]),
        node("Tanh", &["sum"], &["next"], vec![]),
        node("Identity", &["next"], &["told"], vec![]),
        node("Less", &["turn", "end"], &["on"], vec![]),
    ];
    if condition.is_none() {
        nodes[5] = node("Identity", &["before"], &["on"], vec![]);
    }
    let end = tensor("end", &[], 7, condition.unwrap_or(0).to_le_bytes().to_vec());
    let body = branch("body", &["turn", "before", "h"], nodes, vec![end], &["on", "next", "told"]);
    let count = if condition.is_some() { i64::MAX } else { steps as i64 };
    let nodes = vec![
        node("Loop", &["turns", "yes", "start"], &["last", "all"], vec![body]),
        node("Unsqueeze", &["last", "zero"], &["below"], vec![]),
        node("Concat", &["all", "below"], &["y"], vec![int("axis", 0)]),
    ];
    let width_wide = [width as i64];
    let weights = vec![
        floats("w", &width_wide, weight),
        floats("start", &width_wide, &vec![0.0; width]),
        turns(count),
        tensor("yes", &[], 9, vec![1]),
        integers("zero", &[0]),
    ];
    model(nodes, weights, &wide(&[steps, width]))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// What the number of turns ends, and what the condition ends, are the same loop.
    #[test]
    fn loops_follow_differences(steps in 1_usize..6, width in 1_usize..5, by_condition in any::<bool>()) {
        let weight = noise(width, 13);
        // The condition is asked after a turn.
        let condition = by_condition.then_some(steps as i64 - 1);
        let found = check(&recurrence(steps, width, &weight, condition), &[steps, width]).unwrap();
        prop_assert_eq!(found.shape(), &[steps + 1, width]);
        let (x, mut h, mut expected) = (noise(steps * width, 3), vec![0.0_f32; width], Vec::new());
        for row in x.chunks(width) {
            for ((h, x), w) in h.iter_mut().zip(row).zip(&weight) {
                *h = (*h * w + x).tanh();
            }
            expected.extend_from_slice(&h);
        }
        expected.extend_from_slice(&h);
        prop_assert!(found.as_f32().unwrap().iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-6));
    }

    /// Along any axis, in both directions, of what goes in and of what comes out.
    #[test]
    fn scans_follow_differences(rows in 1_usize..5, columns in 1_usize..5, axis in 0_usize..2, backwards in any::<bool>(), front in any::<bool>()) {
        let nodes = vec![
            node("Add", &["sum", "part"], &["next"], vec![]),
            node("Mul", &["next", "part"], &["told"], vec![]),
        ];
        let body = branch("body", &["sum", "part"], nodes, vec![], &["next", "told"]);
        let settings = vec![
            body,
            int("num_scan_inputs", 1),
            ints("scan_input_axes", &[axis as i64 - 2]),
            ints("scan_input_directions", &[i64::from(backwards)]),
            ints("scan_output_axes", &[axis as i64]),
            ints("scan_output_directions", &[i64::from(front)]),
        ];
        let (turns, width) = if axis == 0 { (rows, columns) } else { (columns, rows) };
        let weights = vec![floats("start", &[width as i64], &noise(width, 17))];
        let scan = node("Scan", &["start", "x"], &["", "y"], settings);
        let found = check(&model(vec![scan], weights, &wide(&[rows, columns])), &[rows, columns]).unwrap();
        let (x, mut sum) = (noise(rows * columns, 3), noise(width, 17));
        let place = |turn: usize, at: usize| if axis == 0 { turn * columns + at } else { at * columns + turn };
        let mut expected = vec![0.0_f32; rows * columns];
        for count in 0..turns {
            let turn = if backwards { turns - 1 - count } else { count };
            let to = if front { turns - 1 - count } else { count };
            for (at, sum) in sum.iter_mut().enumerate() {
                *sum += x[place(turn, at)];
                expected[place(to, at)] = *sum * x[place(turn, at)];
            }
        }
        prop_assert_eq!(found.shape(), &[rows, columns]);
        prop_assert!(found.as_f32().unwrap().iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-6));
    }

    /// Rows of several lengths; the entries behind each stay.
    #[test]
    fn reversed_sequences_follow_differences(lengths in prop::collection::vec(0_i64..5, 1..5)) {
        let rows = lengths.len();
        let settings = vec![int("time_axis", 1), int("batch_axis", 0)];
        let nodes = vec![
            node("ReverseSequence", &["x", "lengths"], &["turned"], settings),
            node("Mul", &["turned", "x"], &["y"], vec![]),
        ];
        let bytes = model(nodes, vec![integers("lengths", &lengths)], &wide(&[rows, 4]));
        let found = check(&bytes, &[rows, 4]).unwrap();
        let x = noise(rows * 4, 3);
        let mut turned = x.clone();
        turned.chunks_mut(4).zip(&lengths).for_each(|(row, &length)| row[..length as usize].reverse());
        let expected: Vec<f32> = x.iter().zip(turned).map(|(a, b)| a * b).collect();
        prop_assert!(found.as_f32().unwrap().iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-6));
    }
}

/// A loop of these nodes around `x`, for so many turns.
fn around(nodes: Vec<Vec<u8>>, count: &str, outputs: &[&str], before: Vec<Vec<u8>>) -> Vec<u8> {
    let body = branch("body", &["turn", "before", "h"], nodes, vec![], outputs);
    let nodes = [before, vec![node("Loop", &[count, "", "x"], &["y", "all"], vec![body])]].concat();
    model(nodes, vec![turns(3), tensor("many", &[], 7, i64::MAX.to_le_bytes().to_vec())], &[3])
}

#[test]
fn loops_that_stay_out_are_told_by_name() {
    let same = || vec![node("Identity", &["before"], &["on"], vec![]), node("Neg", &["h"], &["next"], vec![])];
    let told = |bytes: &[u8], words: &[&str]| {
        let error = check(bytes, &[3]).unwrap_err();
        assert!(words.iter().all(|word| error.contains(word)), "{error}");
    };
    let all = ["on", "next", "next"];
    told(&around(same(), "many", &all, vec![]), &["the turns of a loop", "recurrent_steps", "1024"]);
    let counted = vec![node("ArgMax", &["x"], &["found"], vec![int("axis", 0)])];
    told(&around(same(), "found", &all, counted), &["Loop", "how often it turns depends on the observation"]);
    let mut decided = same();
    decided[0] = node("Less", &["seen", "zero"], &["on"], vec![]);
    decided.insert(0, node("ReduceSum", &["h"], &["seen"], vec![int("keepdims", 0)]));
    decided.insert(0, node("Sub", &["seen", "seen"], &["zero"], vec![]));
    decided.swap(0, 1);
    told(&around(decided, "turns", &all, vec![]), &["Loop", "whether it goes on depends on the observation"]);
    told(&around(same(), "turns", &["on"], vec![]), &["1 outputs for 1 values"]);
    let none = around(same(), "none", &all, vec![node("Sub", &["turns", "turns"], &["none"], vec![])]);
    told(&none, &["it never turns"]);
}

/// A value of a loop has another number at each turn: it is no layer that could be asked for.
#[test]
fn values_inside_a_loop_are_no_layers() {
    let network = Model::from_bytes(&recurrence(3, 2, &[0.5, 0.25], None), &Limits::default()).unwrap();
    assert!(network.layers().iter().all(|layer| layer.name != "kept"));
    let shapes = [("x".to_owned(), vec![3, 2])].into();
    let error = network.graph(&shapes, &["kept".to_owned()]).unwrap_err().to_string();
    assert!(error.contains("\"kept\""), "{error}");
}

/// Loops of nothing in loops of nothing would make no operation, and never end.
#[test]
fn loops_of_nothing_end() {
    let start = Instant::now();
    let names = (1..400).map(|at| format!("copy{at}")).chain(["next".to_owned()]);
    let mut nodes: Vec<Vec<u8>> = names.map(|name| node("Identity", &["h"], &[&name], vec![])).collect();
    for depth in 0..6 {
        let body = branch("body", &["turn", "before", "h"], nodes, vec![], &["before", "next"]);
        let next = if depth == 5 { "y" } else { "next" };
        nodes = vec![node("Loop", &["turns", "", if depth == 5 { "x" } else { "h" }], &[next], vec![body])];
    }
    let bytes = model(nodes, vec![turns(1_000)], &[3]);
    let network = Model::from_bytes(&bytes, &Limits { nodes: 2_000, ..Limits::default() }).unwrap();
    let error = network.graph(&[("x".to_owned(), vec![3])].into(), &[]).unwrap_err().to_string();
    assert!(error.contains("nodes of all turns of loops"), "{error}");
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}
