//! Operators made of smaller ones: values by the standard's own tests (`nodes.rs`), gradients by differences here.

use std::collections::BTreeMap;

use ethogram_model::{Cancel, Limits, Model, Program, Tensor, differentiate, run_reference};
use proptest::prelude::*;

use crate::encode::{Field, branch, floats, int, integers, message, model, node, tensor, text};

/// Numbers between −1 and 1 that look random and never repeat.
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

pub fn words(name: &str, value: &str) -> Vec<u8> {
    message([text(1, name), text(4, value), Field::Int(20, 3)])
}

pub fn wide(shape: &[usize]) -> Vec<i64> {
    shape.iter().map(|&length| length as i64).collect()
}

/// The output `y` of a file at `x`, and the gradient of its weighed sum, against central differences of the plain operations in `f64`.
pub fn check(bytes: &[u8], shape: &[usize]) -> Result<Tensor, String> {
    let network = Model::from_bytes(bytes, &Limits::default()).map_err(|error| error.to_string())?;
    let graph =
        network.graph(&BTreeMap::from([("x".to_owned(), shape.to_vec())]), &[]).map_err(|error| error.to_string())?;
    let named = |name: &str| network.find(&graph, name).map_err(|error| error.to_string());
    let (x, y) = (named("x")?, named("y")?);
    let at = noise(shape.iter().product(), 3);
    let out = graph.value(y).shape.clone();
    let seed = noise(out.iter().product(), 5);
    let value = |at: Vec<f32>| run_reference(&graph, &[(x, Tensor::f32(shape, at).unwrap())], &[y]).unwrap().remove(0);
    let weighed = |at: Vec<f32>| -> f64 {
        let y = value(at);
        y.as_f32().unwrap().iter().zip(&seed).map(|(y, seed)| f64::from(*y) * f64::from(*seed)).sum()
    };
    let found = differentiate(graph.clone(), y, &[x], &Limits::default()).map_err(|error| error.to_string())?;
    let given = [(x, Tensor::f32(shape, at.clone()).unwrap()), (found.seed, Tensor::f32(&out, seed.clone()).unwrap())];
    let program = Program::compile(found.graph, &[y, found.wrt[0]], &Limits::default()).unwrap();
    let fast = program.run(&given, &Cancel::default()).unwrap();
    let near =
        |found: f32, expected: f32, tolerance: f32| (found - expected).abs() <= tolerance * (1.0 + expected.abs());
    let plain = value(at.clone());
    for (found, expected) in fast[0].as_f32().unwrap().iter().zip(plain.as_f32().unwrap()) {
        assert!(near(*found, *expected, 2e-5), "{found}, plainly {expected}");
    }
    for index in 0..at.len() {
        let moved = |by: f32| {
            let mut at = at.clone();
            at[index] += by;
            weighed(at)
        };
        let expected = ((moved(2e-3) - moved(-2e-3)) / 4e-3) as f32;
        let found = fast[1].as_f32().unwrap()[index];
        assert!(near(found, expected, 5e-3), "gradient {index}: {found}, differences say {expected}");
    }
    Ok(plain)
}

/// A sum of products, written as loops over every axis.
fn looped(equation: &str, factors: &[(&[usize], &[f32])], lengths: &BTreeMap<char, usize>) -> Vec<f32> {
    let (left, right) = equation.split_once("->").unwrap();
    let names: Vec<char> = lengths.keys().copied().collect();
    let place =
        |term: &str, at: &BTreeMap<char, usize>| term.chars().fold(0, |place, name| place * lengths[&name] + at[&name]);
    let mut out = vec![0.0_f64; right.chars().map(|name| lengths[&name]).product()];
    for index in 0..lengths.values().product::<usize>() {
        let (mut rest, mut at) = (index, BTreeMap::new());
        for name in &names {
            at.insert(*name, rest % lengths[name]);
            rest /= lengths[name];
        }
        let product: f64 =
            left.split(',').zip(factors).map(|(term, (_, values))| f64::from(values[place(term, &at)])).product();
        out[place(right, &at)] += product;
    }
    out.into_iter().map(|sum| sum as f32).collect()
}

fn einsum(equation: &str, weights: Vec<Vec<u8>>, inputs: &[&str], shape: &[usize]) -> Vec<u8> {
    model(vec![node("Einsum", inputs, &["y"], vec![words("equation", equation)])], weights, &wide(shape))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn sums_of_products_equal_loops(lengths in [1_usize..4, 1_usize..4, 1_usize..4, 1_usize..4], which in 0_usize..8) {
        let equation = [
            "ab,bc->ac", "abc,bc->ab", "bac,bad->bcd", "ab,cd->dacb", "abcd,cb->da", "ab,ab->", "aab,b->a", "ab,bc->cb",
        ][which];
        let lengths: BTreeMap<char, usize> = "abcd".chars().zip(lengths).filter(|(name, _)| equation.contains(*name)).collect();
        let (left, _) = equation.split_once("->").unwrap();
        let shapes: Vec<Vec<usize>> =
            left.split(',').map(|term| term.chars().map(|name| lengths[&name]).collect()).collect();
        let other = noise(shapes[1].iter().product(), 7);
        let bytes = einsum(equation, vec![floats("w", &wide(&shapes[1]), &other)], &["x", "w"], &shapes[0]);
        let found = check(&bytes, &shapes[0]).unwrap();
        let at = noise(shapes[0].iter().product(), 3);
        let expected = looped(equation, &[(&shapes[0], &at), (&shapes[1], &other)], &lengths);
        for (found, expected) in found.as_f32().unwrap().iter().zip(&expected) {
            prop_assert!((found - expected).abs() < 1e-5, "{}: {} for {}", equation, found, expected);
        }
    }

    #[test]
    fn attention_follows_differences(
        heads in 1_usize..3, queries in 1_usize..4, width in 1_usize..4, causal in any::<bool>(), masked in 0_usize..3, softcap in any::<bool>(),
    ) {
        let all = heads * width;
        let shape = [2, queries, all];
        let mut attributes = vec![int("q_num_heads", heads as i64), int("kv_num_heads", heads as i64), int("is_causal", causal.into())];
        if softcap {
            attributes.push(message([text(1, "softcap"), Field::Float(2, 0.7), Field::Int(20, 1)]));
        }
        // Nothing may be looked at by the last of the queries, or all but the first key by every one.
        let open = (0..queries * queries).map(|at| u8::from(if masked == 1 { at / queries + 1 < queries } else { at % queries == 0 }));
        let weights = vec![
            floats("k", &wide(&[all, all]), &noise(all * all, 9)),
            floats("v", &wide(&[all, all]), &noise(all * all, 11)),
            tensor("mask", &wide(&[queries, queries]), 9, open.collect()),
        ];
        let mut inputs = vec!["x", "keys", "values"];
        if masked > 0 {
            inputs.push("mask");
        }
        let nodes = vec![
            node("MatMul", &["x", "k"], &["keys"], vec![]),
            node("MatMul", &["x", "v"], &["values"], vec![]),
            node("Attention", &inputs, &["y"], attributes),
        ];
        let found = check(&model(nodes, weights, &wide(&shape)), &shape).unwrap();
        prop_assert!(found.as_f32().unwrap().iter().all(|value| value.is_finite()));
        if masked == 1 && queries > 0 {
            let last = &found.as_f32().unwrap()[(queries - 1) * all..][..all];
            prop_assert!(last.iter().all(|value| value.abs() < 1e-12), "{:?} where nothing is seen", last);
        }
    }

    #[test]
    fn scattered_reductions_follow_differences(rows in 2_usize..5, inner in 1_usize..4, index in prop::collection::vec(0_i64..2, 1..5), kind in 0_usize..3) {
        let (shape, count) = ([rows, inner], index.len());
        let name = ["mul", "max", "min"][kind];
        // Updates are made of x too: its first row, each time by another number.
        let nodes = vec![
            node("Slice", &["x", "zero", "one"], &["first"], vec![]),
            node("Mul", &["first", "factors"], &["updates"], vec![]),
            node("ScatterND", &["x", "index", "updates"], &["y"], vec![words("reduction", name)]),
        ];
        let factors = noise(count, 21);
        let weights = vec![
            integers("zero", &[0]),
            integers("one", &[1]),
            floats("factors", &[count as i64, 1], &factors),
            tensor("index", &[count as i64, 1], 7, index.iter().flat_map(|at| at.to_le_bytes()).collect()),
        ];
        let found = check(&model(nodes, weights, &wide(&shape)), &shape).unwrap();
        let mut expected = noise(rows * inner, 3);
        let first = expected[..inner].to_vec();
        for (&row, factor) in index.iter().zip(&factors) {
            for (place, first) in expected[row as usize * inner..][..inner].iter_mut().zip(&first) {
                let update = first * factor;
                *place = match kind { 0 => *place * update, 1 => place.max(update), _ => place.min(update) };
            }
        }
        prop_assert!(found.as_f32().unwrap().iter().zip(&expected).all(|(found, expected)| (found - expected).abs() < 1e-6));
    }

    #[test]
    fn scattered_updates_follow_differences(rows in 2_usize..5, inner in 1_usize..4, first in 0_usize..4, add in any::<bool>()) {
        let shape = [rows, inner];
        let reduction = words("reduction", if add { "add" } else { "none" });
        let index = [(first % rows) as i64, -(((first + 1) % rows) as i64) - 1];
        // The update is made of x too, so that both ways of the gradient show.
        let nodes = |operator: &str| vec![
            node("Slice", &["x", "zero", "two"], &["part"], vec![]),
            node("Mul", &["part", "part"], &["square"], vec![]),
            node(operator, &["x", "index", "square"], &["y"], vec![reduction.clone()]),
        ];
        let mut weights = vec![integers("zero", &[0]), integers("two", &[2])];
        weights.push(tensor("index", &[2, 1], 7, index.iter().flat_map(|at| at.to_le_bytes()).collect()));
        let found = check(&model(nodes("ScatterND"), weights.clone(), &wide(&shape)), &shape).unwrap();
        let at = noise(rows * inner, 3);
        let mut expected = at.clone();
        for (update, index) in index.iter().enumerate() {
            let row = index.rem_euclid(rows as i64) as usize;
            for column in 0..inner {
                let (to, square) = (row * inner + column, at[update * inner + column].powi(2));
                expected[to] = if add { expected[to] + square } else { square };
            }
        }
        prop_assert!(found.as_f32().unwrap().iter().zip(&expected).all(|(found, expected)| (found - expected).abs() < 1e-6));
        // Every column by its own index says the same.
        let all: Vec<i64> = index.iter().flat_map(|&at| vec![at; inner]).collect();
        weights[2] = tensor("index", &[2, inner as i64], 7, all.iter().flat_map(|at| at.to_le_bytes()).collect());
        let each = check(&model(nodes("ScatterElements"), weights, &wide(&shape)), &shape).unwrap();
        prop_assert_eq!(each.as_f32().unwrap(), found.as_f32().unwrap());
    }
}

#[test]
fn a_known_condition_picks_its_branch() {
    let choice = |condition: &str, nodes: Vec<Vec<u8>>| {
        let inner = branch("then_branch", &[], vec![node("Neg", &["x"], &["turned"], vec![])], vec![], &["turned"]);
        let outer = branch(
            "else_branch",
            &[],
            vec![node("If", &["yes"], &["inner"], vec![inner]), node("Mul", &["inner", "two"], &["twice"], vec![])],
            vec![floats("two", &[1], &[2.0])],
            &["twice"],
        );
        let then = branch("then_branch", &[], vec![node("Abs", &["x"], &["turned"], vec![])], vec![], &["turned"]);
        let weights = vec![tensor("yes", &[], 9, vec![1]), tensor("no", &[1], 9, vec![0])];
        model([nodes, vec![node("If", &[condition], &["y"], vec![then, outer])]].concat(), weights, &[3])
    };
    let at = noise(3, 3);
    let found = |condition: &str| check(&choice(condition, vec![]), &[3]).unwrap().as_f32().unwrap().to_vec();
    assert_eq!(found("yes"), at.iter().map(|x| x.abs()).collect::<Vec<_>>());
    assert_eq!(found("no"), at.iter().map(|x| -2.0 * x).collect::<Vec<_>>());
    // What the observation decides is refused by name.
    let decided = vec![
        node("ReduceMax", &["x"], &["most"], vec![int("keepdims", 0)]),
        node("Greater", &["most", "most"], &["above"], vec![]),
    ];
    let error = check(&choice("above", decided), &[3]).unwrap_err();
    assert!(error.contains("If") && error.contains("depends on the observation"), "{error}");
}

#[test]
fn functions_of_tensorflow_that_its_exporter_leaves_are_known() {
    // The series of the error function, from minus one to one.
    let erfc = |x: f64| {
        let (mut term, mut sum) = (x, x);
        for n in 1..40 {
            term *= -x * x / f64::from(n);
            sum += term / f64::from(2 * n + 1);
        }
        1.0 - std::f64::consts::FRAC_2_SQRT_PI * sum
    };
    for (operator, expected) in [("Erfc", &erfc as &dyn Fn(f64) -> f64), ("Expm1", &f64::exp_m1)] {
        let bytes = model(vec![node(operator, &["x"], &["y"], vec![])], vec![], &[2, 9]);
        let found = check(&bytes, &[2, 9]).unwrap();
        for (found, at) in found.as_f32().unwrap().iter().zip(noise(18, 3)) {
            let expected = expected(f64::from(at)) as f32;
            assert!(
                (found - expected).abs() <= 1e-6 * (1.0 + expected.abs()),
                "{operator} of {at}: {found}, {expected}"
            );
        }
    }
}

#[test]
fn what_stays_out_is_told_by_name() {
    let check = |bytes: &[u8], shape: &[usize], expected: &str| {
        let error = check(bytes, shape).unwrap_err();
        assert!(error.contains(expected), "{error}");
    };
    check(&einsum("ab,bc", vec![], &["x"], &[2, 3]), &[2, 3], "for 1 inputs");
    check(&einsum("abc->a", vec![], &["x"], &[2, 3]), &[2, 3], "for 2 axes");
    check(&einsum("ab->az", vec![], &["x"], &[2, 3]), &[2, 3], "the result of");
    check(&einsum("a1->a", vec![], &["x"], &[2, 3]), &[2, 3], "term");
    let scatter = node("ScatterND", &["x", "index", "x"], &["y"], vec![words("reduction", "mean")]);
    let index = tensor("index", &[2, 1], 7, [0_i64, 1].iter().flat_map(|at| at.to_le_bytes()).collect());
    check(&model(vec![scatter], vec![index], &[2, 3]), &[2, 3], "reduction \"mean\"");
    let decided = [
        node("ArgMax", &["x"], &["index"], vec![int("axis", 1)]),
        node("ScatterND", &["x", "index", "x"], &["y"], vec![words("reduction", "max")]),
    ];
    check(&model(decided.to_vec(), vec![], &[2, 3]), &[2, 3], "places that depend on the observation");
    let scatter = node("ScatterND", &["x", "index", "x"], &["y"], vec![]);
    let index = tensor("index", &[2, 1], 7, [0_i64, 2].iter().flat_map(|at| at.to_le_bytes()).collect());
    check(&model(vec![scatter], vec![index], &[2, 3]), &[2, 3], "index 2 of an axis of length 2");
    let heads = node("Attention", &["x", "x", "x"], &["y"], vec![int("q_num_heads", 2), int("kv_num_heads", 2)]);
    check(&model(vec![heads], vec![], &[1, 2, 3]), &[1, 2, 3], "q_num_heads is 2 for a width of 3");
}
