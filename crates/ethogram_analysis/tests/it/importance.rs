//! B-13: parameter importance against scikit-learn and correlations against scipy; `testdata/make_importance.py` says how they were computed.

use ethogram_analysis::{ForestParams, Setting, correlation, importance, rank_correlation};
use serde_json::Value;

const GOLDEN: &str = include_str!("../../testdata/importance.json");
const NAMES: [&str; 5] = ["lr", "width", "dropout", "idle", "optimizer"];
const WORDS: [&str; 3] = ["adam", "rmsprop", "sgd"];

fn golden() -> Value {
    serde_json::from_str(GOLDEN).expect("json")
}

/// NaN where there is none.
fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("an array").iter().map(|value| value.as_f64().unwrap_or(f64::NAN)).collect()
}

fn settings(golden: &Value) -> Vec<Setting> {
    let word = |value: &Value| value.as_str().and_then(|text| WORDS.iter().position(|word| *word == text));
    let of = |name: &str| match name {
        "optimizer" => {
            let words = golden["columns"][name].as_array().expect("an array");
            Setting::Words(words.iter().map(|value| word(value).map(|at| at as u32)).collect())
        }
        name => Setting::Numbers(numbers(&golden["columns"][name])),
    };
    NAMES.map(of).to_vec()
}

#[test]
fn row_b13_one_tree_is_that_of_scikit_learn() {
    let golden = golden();
    let leaf = golden["leaf"].as_u64().expect("a leaf") as usize;
    let params = ForestParams { trees: 1, leaf, bootstrap: false, seed: 5, ..ForestParams::default() };
    let found = importance(&settings(&golden), &numbers(&golden["outcome"]), &params).expect("a tree");
    let share = found.share.expect("shares");
    for ((found, expected), name) in share.iter().zip(numbers(&golden["tree"])).zip(NAMES) {
        // Sums of a hundred doubles.
        assert!((found - expected).abs() < 1e-9, "{name}: expected {expected}, found {found}");
    }
    assert_eq!(found.explained, None);
}

/// Two forests differ by √2 of the deviation between seeds; five times that is no chance any more.
#[test]
fn row_b13_importances_of_a_forest_are_those_of_scikit_learn_within_its_chance() {
    let golden = golden();
    let trees = golden["trees"].as_u64().expect("trees") as usize;
    let (mean, sd) = (numbers(&golden["forest"]["mean"]), numbers(&golden["forest"]["sd"]));
    for seed in 0..3 {
        let params = ForestParams { trees, seed, ..ForestParams::default() };
        let found = importance(&settings(&golden), &numbers(&golden["outcome"]), &params).expect("a forest");
        let share = found.share.expect("shares");
        assert!((share.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        let all = share.into_iter().chain(found.explained);
        for (at, found) in all.enumerate() {
            let (expected, tolerance) = (mean[at], 5.0 * std::f64::consts::SQRT_2 * sd[at]);
            let name = NAMES.get(at).unwrap_or(&"R² out of bag");
            assert!((found - expected).abs() <= tolerance, "{name}: expected {expected} ± {tolerance}, found {found}");
        }
    }
}

#[test]
fn row_b13_correlations_are_those_of_scipy() {
    let golden = golden();
    let outcome = numbers(&golden["outcome"]);
    for name in &NAMES[..4] {
        let values = numbers(&golden["columns"][name]);
        let expected = numbers(&golden["correlation"][name]);
        let found = [correlation(&values, &outcome), rank_correlation(&values, &outcome)];
        for (found, expected) in found.into_iter().zip(expected) {
            let found = found.expect("a correlation");
            assert!((found - expected).abs() < 1e-12, "{name}: expected {expected}, found {found}");
        }
    }
}

/// As the shares above: falls of R² out of bag, and by how much they differ between shuffles.
#[test]
fn row_b13_falls_of_a_forest_are_those_of_scikit_learn_within_its_chance() {
    let golden = golden();
    let whole = |name: &str| golden[name].as_u64().expect("a whole number") as usize;
    let (mean, sd) = (numbers(&golden["falls"]["mean"]), numbers(&golden["falls"]["sd"]));
    for seed in 0..3 {
        let params =
            ForestParams { trees: whole("trees"), shuffles: whole("shuffles"), seed, ..ForestParams::default() };
        let found = importance(&settings(&golden), &numbers(&golden["outcome"]), &params).expect("a forest");
        let falls = found.falls.expect("falls");
        let all = falls.iter().map(|fall| fall.mean).chain(falls.iter().map(|fall| fall.sd.expect("a deviation")));
        for (at, found) in all.enumerate() {
            let (expected, tolerance) = (mean[at], 5.0 * std::f64::consts::SQRT_2 * sd[at]);
            let name = NAMES[at % NAMES.len()];
            assert!((found - expected).abs() <= tolerance, "{name}: expected {expected} ± {tolerance}, found {found}");
        }
        let idle = falls[3];
        assert!(idle.mean < 0.05 && falls[0].mean > 0.3, "what does nothing is seen to do nothing: {falls:?}");
    }
}

#[test]
fn without_shuffles_or_a_bag_nothing_falls() {
    let golden = golden();
    let of = |params| importance(&settings(&golden), &numbers(&golden["outcome"]), &params).expect("a forest");
    let few = ForestParams { trees: 10, ..ForestParams::default() };
    let without = of(ForestParams { shuffles: 0, ..few });
    let with = of(few);
    assert_eq!(without.falls, None);
    assert_eq!((without.share, without.explained), (with.share, with.explained), "shuffling changes nothing else");
    assert_eq!(of(ForestParams { bootstrap: false, ..few }).falls, None);
}
