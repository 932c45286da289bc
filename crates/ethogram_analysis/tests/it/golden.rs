//! Tails of real episodes; `testdata/make.py` says where they and the results come from.

use ethogram_analysis::{
    EqualWidth, Rollout, Trend, entropy_from_logits, entropy_from_probabilities, finite_extent, gae, lambda_return,
    return_to_go, softmax, td_error, trend,
};
use serde_json::Value;

const GAE: &str = include_str!("../../testdata/gae.json");
const DIAGNOSTICS: &str = include_str!("../../testdata/diagnostics.json");
const HISTOGRAM: &str = include_str!("../../testdata/histogram.json");

fn cases(text: &str, having: &str) -> Vec<(String, Value)> {
    let golden: Value = serde_json::from_str(text).expect("json");
    let cases = golden["cases"].as_object().expect("cases").clone();
    let cases: Vec<_> = cases.into_iter().filter(|(_, case)| case.get(having).is_some()).collect();
    assert!(!cases.is_empty(), "no case has {having}");
    cases
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("an array").iter().map(|value| value.as_f64().expect("a number")).collect()
}

fn some(value: &Value) -> Vec<Option<f64>> {
    numbers(value).into_iter().map(Some).collect()
}

fn bools(value: &Value) -> Vec<bool> {
    value.as_array().expect("an array").iter().map(|value| value.as_bool().expect("a bool")).collect()
}

fn check(name: &str, found: &[Option<f64>], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{name}");
    for (row, (found, expected)) in found.iter().zip(expected).enumerate() {
        let found = found.unwrap_or_else(|| panic!("{name} row {row} is missing, expected {expected}"));
        let error = (found - expected).abs() / expected.abs().max(1.0);
        assert!(error <= tolerance, "{name} row {row}: expected {expected}, found {found}");
    }
}

/// U-4: advantages, λ-returns and discounted returns of real episodes, terminated and cut.
/// Both sides sum 64 terms in doubles: 1e-12 is rounding.
#[test]
fn row_u4_advantages_of_real_episodes() {
    for (name, case) in cases(GAE, "advantage") {
        let (rewards, values) = (some(&case["reward"]), some(&case["value"]));
        let (terminated, truncated) = (bools(&case["terminated"]), bools(&case["truncated"]));
        let rollout = Rollout {
            rewards: &rewards,
            values: &values,
            terminated: &terminated,
            truncated: &truncated,
            final_value: case["final_value"].as_f64(),
        };
        let expected = |key: &str| numbers(&case[key]);
        check(&name, &gae(&rollout, 0.99, 0.95).expect("advantages"), &expected("advantage"), 1e-12);
        check(&name, &lambda_return(&rollout, 0.99, 0.95).expect("returns"), &expected("lambda_return"), 1e-12);
        check(&name, &return_to_go(&rollout, 0.99).expect("returns"), &expected("return_to_go"), 1e-12);
    }
}

/// U-4: the worked example of the original: r = (0, 1, 0), done after the third, V = (0.5, 0.6, 0.2, 0.4), γ 0.999, λ 0.95.
/// Its fourth advantage is 0 by definition; here row 3 holds only the final observation and no advantage.
#[test]
fn row_u4_the_worked_example() {
    let rollout = Rollout {
        rewards: &[Some(0.0), Some(1.0), Some(0.0)],
        values: &[Some(0.5), Some(0.6), Some(0.2)],
        terminated: &[false, false, true],
        truncated: &[false; 3],
        final_value: Some(0.4),
    };
    check("example", &gae(&rollout, 0.999, 0.95).expect("advantages"), &[0.488_501_01, 0.409_99, -0.2], 1e-8);
}

/// The reference stored single-precision TD errors of magnitude up to 100: 1e-5 of relative rounding.
#[test]
fn td_errors_of_real_q_values() {
    for (name, case) in cases(DIAGNOSTICS, "td_error") {
        let q_values: Vec<Vec<f64>> = case["q_values"].as_array().expect("rows").iter().map(numbers).collect();
        let actions = numbers(&case["action"]);
        let taken: Vec<_> = q_values.iter().zip(&actions).map(|(q, &action)| Some(q[action as usize])).collect();
        let max = |q: &[f64]| q.iter().copied().reduce(f64::max);
        let max_q: Vec<_> = q_values.iter().map(|q| max(q)).collect();
        let terminated = bools(&case["terminated"]);
        let rollout = Rollout {
            rewards: &some(&case["reward"]),
            values: &max_q,
            truncated: &vec![false; terminated.len()],
            terminated: &terminated,
            final_value: max(&numbers(&case["final_q_values"])),
        };
        let found = td_error(rollout.rewards, &taken, &rollout.next_values(), 0.99).expect("errors");
        check(&name, &found, &numbers(&case["td_error"]), 1e-5);
    }
}

/// Logits are single-precision; both sides work on them in doubles.
#[test]
fn entropy_and_probabilities_of_real_policies() {
    for (name, case) in cases(DIAGNOSTICS, "entropy") {
        let logits: Vec<Vec<f64>> = case["logits"].as_array().expect("rows").iter().map(numbers).collect();
        let probabilities: Vec<_> = logits.iter().map(|row| softmax(row)).collect();
        let max: Vec<_> = probabilities.iter().map(|row| row.iter().copied().reduce(f64::max)).collect();
        check(&name, &max, &numbers(&case["max_probability"]), TOLERANCE);
        let entropy: Vec<_> = logits.iter().map(|row| Some(entropy_from_logits(row))).collect();
        check(&name, &entropy, &numbers(&case["entropy"]), TOLERANCE);
        let entropy: Vec<_> = probabilities.iter().map(|row| Some(entropy_from_probabilities(row))).collect();
        check(&name, &entropy, &numbers(&case["entropy"]), TOLERANCE);
    }
}

const TOLERANCE: f64 = 1e-10;

/// D-9: counts and edges are NumPy's to the last bit, also of values on and beside the edges; `testdata/make_histogram.py`.
#[test]
fn row_d9_histograms_are_those_of_numpy() {
    for (name, case) in cases(HISTOGRAM, "counts") {
        let values = numbers(&case["values"]);
        let bins = case["bins"].as_u64().expect("bins") as usize;
        let within = case["range"].as_array().map(|pair| (pair[0].as_f64(), pair[1].as_f64()));
        let (low, high) = match within {
            Some((low, high)) => low.zip(high).expect("numbers"),
            None => finite_extent(values.iter().copied()).expect("values"),
        };
        let histogram = EqualWidth::new(low, high, bins).expect("bins");
        assert_eq!(histogram.edges(), numbers(&case["edges"]), "{name}");
        let mut counts = histogram.empty();
        values.iter().for_each(|&value| histogram.add(&mut counts, value, 1.0));
        assert_eq!(counts.bins, numbers(&case["counts"]), "{name}");
    }
}

const TREND: &str = include_str!("../../testdata/trend.json");

/// D-5: the polynomial of degree 5 over the index of the sample is NumPy's, also with gaps and with fewer points than coefficients;
/// other trends are those of statsmodels and pandas. NumPy's own solution is good to about 1e-9 of the values here, since its matrix
/// holds fifth powers of the index.
#[test]
fn row_d5_trends_are_those_of_the_references() {
    for (name, case) in cases(TREND, "x") {
        let x = numbers(&case["x"]);
        let nan = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
        let y: Vec<f64> = case["y"].as_array().expect("an array").iter().map(nan).collect();
        let rows: Vec<usize> = (0..x.len()).collect();
        let finite: Vec<usize> = rows.iter().copied().filter(|&row| y[row].is_finite()).collect();
        let kinds = [
            ("polynomial_5", Trend::Polynomial { degree: 5 }),
            ("polynomial_2", Trend::Polynomial { degree: 2 }),
            ("linear", Trend::Linear),
            ("loess_0.1", Trend::Loess { span: 0.1 }),
            ("loess_0.3", Trend::Loess { span: 0.3 }),
            ("rolling_median_21", Trend::RollingMedian { window: 21 }),
            ("rolling_median_4", Trend::RollingMedian { window: 4 }),
        ];
        for (key, kind) in kinds {
            let Some(expected) = case.get(key) else { continue };
            let expected: Vec<f64> = expected.as_array().expect("an array").iter().map(nan).collect();
            let at = if key.starts_with("loess") { &finite } else { &rows };
            let found = trend(kind, &x, &y, at).expect("a trend");
            // A window without any value has no median; that is NaN on both sides.
            let nowhere = |heights: &[f64]| heights.iter().map(|height| height.is_nan()).collect::<Vec<_>>();
            assert_eq!(nowhere(&found), nowhere(&expected), "{name}, {key}");
            let somewhere =
                |heights: Vec<f64>| heights.into_iter().filter(|height| !height.is_nan()).collect::<Vec<_>>();
            let found: Vec<_> = somewhere(found).into_iter().map(Some).collect();
            check(&format!("{name}, {key}"), &found, &somewhere(expected), 1e-8);
        }
    }
}
