//! B-14: statistics of algorithms against rliable; `testdata/make_benchmark.py` says how they were computed.

use ethogram_analysis::{
    Bootstrap, Estimate, ProfileOf, Scores, Statistic, aggregates, estimate_curve, performance_profile,
    probability_of_improvement,
};
use serde_json::Value;

const GOLDEN: &str = include_str!("../../testdata/benchmark.json");
/// Point estimates are sums of a few hundred doubles.
const POINT: f64 = 1e-9;

fn golden() -> Value {
    serde_json::from_str(GOLDEN).expect("json")
}

fn cases(golden: &Value) -> impl Iterator<Item = (&String, &Value)> {
    golden["cases"].as_object().expect("cases").iter()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("an array").iter().map(|value| value.as_f64().expect("a number")).collect()
}

/// From runs by tasks.
fn scores(rows: &Value, share: f64) -> Scores {
    let rows: Vec<Vec<f64>> = rows.as_array().expect("runs").iter().map(numbers).collect();
    let task = |task: usize| rows.iter().map(|row| row[task] * share).collect();
    Scores::new((0..rows[0].len()).map(task).collect()).expect("scores")
}

/// Both ends of an interval of `reps` repetitions each have a standard error of about 0.37 √(50/reps) % … of its width: the quantile's
/// √(0.025·0.975/reps) over the normal density there, 0.0584/σ, with a width of 3.92 σ. Two bootstraps differ by √2 of it; five times
/// that is no chance any more. Where few values are possible an end may jump to the next, `step` away.
fn check_interval(what: &str, found: [f64; 2], expected: &Value, reps: f64, step: f64) {
    let expected = numbers(expected);
    let width = (expected[1] - expected[0]).max(1e-12);
    let error = (0.025 * 0.975 / reps).sqrt() / 0.0584 / 3.92 * width;
    let tolerance = 5.0 * std::f64::consts::SQRT_2 * error + step;
    for (found, expected) in found.iter().zip(&expected) {
        assert!((found - expected).abs() <= tolerance, "{what}: expected {expected} ± {tolerance}, found {found}");
    }
}

fn check(what: &str, found: &Estimate, value: f64, interval: &Value, reps: f64, step: f64) {
    assert!((found.value - value).abs() <= POINT, "{what}: expected {value}, found {}", found.value);
    check_interval(what, found.interval.expect("an interval"), interval, reps, step);
}

#[test]
fn row_b14_aggregates_are_those_of_rliable() {
    let golden = golden();
    for (name, case) in cases(&golden) {
        for algorithm in ["x", "y"] {
            let case = &case[algorithm];
            let scores = scores(&case["scores"], 1.0);
            let step = if name.contains("ties") { 1.0 / scores.count() as f64 } else { 0.0 };
            let found = aggregates(&scores, 1.0, &Bootstrap::default()).expect("aggregates");
            for (at, (found, value)) in found.iter().zip(numbers(&case["aggregates"])).enumerate() {
                check(&format!("{name} {algorithm} {at}"), found, value, &case["intervals"][at], 50_000.0, step);
            }
        }
    }
}

#[test]
fn row_b14_performance_profiles_are_those_of_rliable() {
    let golden = golden();
    let thresholds = numbers(&golden["thresholds"]);
    let bootstrap = Bootstrap { reps: 20_000, ..Bootstrap::default() };
    for (name, case) in cases(&golden) {
        for (key, of) in [("profile_runs", ProfileOf::Runs), ("profile_tasks", ProfileOf::Tasks)] {
            let case = &case["x"];
            let scores = scores(&case["scores"], 1.0);
            let found = performance_profile(&scores, &thresholds, of, &bootstrap).expect("a profile");
            let bands = found.interval.expect("bands");
            let runs = if of == ProfileOf::Runs { scores.count() } else { scores.tasks().len() };
            for (at, share) in numbers(&case[key]["share"]).into_iter().enumerate() {
                let what = format!("{name} {key} at {}", thresholds[at]);
                assert!(
                    (found.share[at] - share).abs() <= POINT,
                    "{what}: expected {share}, found {}",
                    found.share[at]
                );
                check_interval(&what, bands[at], &case[key]["interval"][at], 2_000.0, 1.0 / runs as f64);
            }
        }
    }
}

#[test]
fn row_b14_probability_of_improvement_is_that_of_rliable() {
    let golden = golden();
    for (name, case) in cases(&golden) {
        let (x, y) = (scores(&case["x"]["scores"], 1.0), scores(&case["y"]["scores"], 1.0));
        let found = probability_of_improvement(&x, &y, &Bootstrap::default()).expect("a probability");
        let expected = &case["improvement"];
        let value = expected["value"].as_f64().expect("a number");
        // A pair more or less on one task.
        let pairs = x.tasks()[0].len() * y.tasks()[0].len() * x.tasks().len();
        check(name, &found, value, &expected["interval"], 2_000.0, 1.0 / pairs as f64);
    }
}

#[test]
fn row_b14_efficiency_curves_are_those_of_rliable() {
    let golden = golden();
    for (name, case) in cases(&golden) {
        let curve = &case["curve"];
        let points: Vec<_> =
            numbers(&curve["share"]).into_iter().map(|share| Some(scores(&case["x"]["scores"], share))).collect();
        let found = estimate_curve(&points, Statistic::Iqm, &Bootstrap::default()).expect("a curve");
        for (at, (found, value)) in found.iter().zip(numbers(&curve["iqm"])).enumerate() {
            let found = found.as_ref().expect("a point");
            let step = if name.contains("ties") { 1.0 / 40.0 } else { 0.0 };
            check(&format!("{name} {at}"), found, value, &curve["interval"][at], 20_000.0, step);
        }
    }
}

#[test]
fn row_b14_equal_seeds_give_equal_bits_whatever_else_is_asked() {
    let golden = golden();
    let (_, case) = cases(&golden).next().expect("a case");
    let scores = scores(&case["x"]["scores"], 1.0);
    let at = |reps, seed| aggregates(&scores, 1.0, &Bootstrap { reps, seed, level: 0.95 }).expect("aggregates");
    assert_eq!(at(2_000, 7), at(2_000, 7));
    assert_ne!(at(2_000, 7), at(2_000, 8));
    // One repetition is done by one thread, many by all; each has a stream of its own.
    let first = at(1, 7)[0].interval.expect("an interval")[0];
    let [low, high] = at(2_000, 7)[0].interval.expect("an interval");
    assert!(first.is_finite() && low < high);
}
