//! Moments that are found: bookmarks, loops and how far a policy moved.

use ethogram_analysis::{
    Direction, DivergenceParams, LoopParams, OutlierParams, Rollout, States, action_divergence, action_loops,
    best_bookmarks, bookmark, gae, outliers, revisits, reward_cycle, reward_source,
};
use proptest::prelude::*;
use serde_json::Value;

const DIVERGENCE: &str = include_str!("../../testdata/action_divergence.json");

fn rows(value: &Value) -> Vec<Option<Vec<f64>>> {
    let numbers = |row: &Value| row.as_array().expect("a row").iter().map(|x| x.as_f64().expect("a number")).collect();
    value.as_array().expect("rows").iter().map(|row| Some(numbers(row))).collect()
}

/// D-3: with its own options, DRLVis's numbers to 1e-9.
#[test]
fn row_d3_action_divergence_is_that_of_the_original() {
    let golden: Value = serde_json::from_str(DIVERGENCE).expect("JSON");
    let (now, before) = (rows(&golden["current"]), rows(&golden["previous"]));
    let found = action_divergence(&now, &before, &DivergenceParams::default()).expect("a divergence");
    for (step, expected) in golden["per_step"].as_array().expect("steps").iter().enumerate() {
        let (found, expected) = (found.per_step[step].expect("there"), expected.as_f64().expect("a number"));
        assert!((found - expected).abs() < 1e-9, "step {step}: {found}, not {expected}");
    }
    let sum = golden["sum"].as_f64().expect("a number");
    assert!((found.sum.expect("a sum") - sum).abs() < 1e-9);
    assert!((found.mean.expect("a mean") - sum / now.len() as f64).abs() < 1e-9);
}

/// D-3: softmax of both sides is what rows that were made distributions before give.
#[test]
fn row_d3_softmax_is_that_of_rows_made_distributions_before() {
    let golden: Value = serde_json::from_str(DIVERGENCE).expect("JSON");
    let (now, before) = (rows(&golden["current"]), rows(&golden["previous"]));
    let logits = |rows: &[Option<Vec<f64>>]| -> Vec<Option<Vec<f64>>> {
        rows.iter().map(|row| row.as_ref().map(|row| row.iter().map(|p| p.ln() + 3.0).collect())).collect()
    };
    for direction in [Direction::Forward, Direction::Reverse, Direction::Symmetric] {
        let params = DivergenceParams { direction, base: std::f64::consts::E, ..DivergenceParams::default() };
        let plain = action_divergence(&now, &before, &params).expect("a divergence");
        let params = DivergenceParams { softmax: true, ..params };
        let soft = action_divergence(&logits(&now), &logits(&before), &params).expect("a divergence");
        assert!((plain.sum.expect("a sum") - soft.sum.expect("a sum")).abs() < 1e-9, "{direction:?}");
    }
}

/// U-4: the bookmarks of the original's worked example, r = (0, 1, 0), V = (0.5, 0.6, 0.2, 0.4), γ 0.999, λ 0.95.
#[test]
fn row_u4_one_bookmark_an_episode_and_sign() {
    let rollout = Rollout {
        rewards: &[Some(0.0), Some(1.0), Some(0.0)],
        values: &[Some(0.5), Some(0.6), Some(0.2)],
        terminated: &[false, false, true],
        truncated: &[false; 3],
        final_value: Some(0.4),
    };
    let advantages = gae(&rollout, 0.999, 0.95).expect("advantages");
    let high = bookmark(&advantages, 1.0).expect("above 0");
    let low = bookmark(&advantages, -1.0).expect("below 0");
    assert_eq!((high.step, low.step), (0, 2));
    assert!((high.score - 0.488_501_01).abs() < 1e-8 && (low.score + 0.2).abs() < 1e-12);
    // One an episode at most, the 16 best of all.
    let episodes: Vec<_> = (0..40).map(|at| bookmark(&[Some(f64::from(at)), Some(0.5)], 1.0)).collect();
    let best = best_bookmarks(&episodes, 16);
    assert_eq!(best.iter().map(|(episode, _)| *episode).collect::<Vec<_>>(), (24..40).rev().collect::<Vec<_>>());
    assert_eq!(bookmark(&[Some(-0.5), Some(0.0)], 1.0), None, "only above 0");
}

/// B-12: an agent that walks in circles, with noise before it, is found with its period, its steps and its states.
#[test]
fn row_b12_a_planted_loop_is_found() {
    let mut chance = 1_u64;
    let mut next = move || {
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        chance >> 33
    };
    let wild: Vec<u64> = (0..200).map(|_| next() % 6).collect();
    let actions: Vec<Option<u64>> =
        wild.iter().copied().chain((0..300).map(|at| [2, 2, 5, 1][at % 4])).map(Some).collect();
    let numbers: Vec<f64> = (0..500)
        .flat_map(|at| {
            let turn = f64::from(at % 4) * std::f64::consts::FRAC_PI_2;
            let noise = (next() % 1_000) as f64 / 1_000.0;
            if at < 200 {
                [noise * 4.0 - 2.0, (next() % 1_000) as f64 / 250.0 - 2.0]
            } else {
                [turn.cos() + noise * 0.01, turn.sin()]
            }
        })
        .collect();
    let states = States::near(2, &numbers, 0.02);
    let found = action_loops(&actions, &states, &LoopParams::default());
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].start, found[0].end, found[0].period), (200, 500, 4));
    assert!(found[0].apart > 0.0 && found[0].apart <= 0.02);
    let back = revisits(&States::Exact((0..500).map(|at| Some(if at < 200 { at } else { 1_000 + at % 4 })).collect()));
    assert_eq!(back.map(|back| (back.revisits, back.distinct)), Some((296, 204)));
    // One that walks on through new states, with the same actions, is none.
    let walk: Vec<f64> = (0..500).flat_map(|at| [f64::from(at), f64::from(at % 4)]).collect();
    assert_eq!(action_loops(&actions, &States::near(2, &walk, 0.02), &LoopParams::default()), []);
}

proptest! {
    /// Never NaN, never below 0 but for rounding, in any direction, whatever the rows hold.
    #[test]
    fn divergence_is_finite_and_not_below_0(
        now in prop::collection::vec(prop::collection::vec(0.0..1.0_f64, 4), 0..12),
        before in prop::collection::vec(prop::collection::vec(prop_oneof![Just(0.0), 0.0..1.0_f64], 4), 0..12),
    ) {
        let some = |rows: Vec<Vec<f64>>| rows.into_iter().map(Some).collect::<Vec<_>>();
        let (now, before) = (some(now), some(before));
        for direction in [Direction::Forward, Direction::Reverse, Direction::Symmetric] {
            let params = DivergenceParams { direction, ..DivergenceParams::default() };
            let found = action_divergence(&now, &before, &params).expect("a divergence");
            prop_assert_eq!(found.per_step.len(), now.len());
            for step in found.per_step.iter().flatten() {
                // ε moves a little mass, so that equal rows may seem a hair closer than equal.
                prop_assert!(step.is_finite() && *step > -1e-2, "{}", step);
            }
        }
    }

    /// Whatever is found is true: actions and states repeat with the period over the whole stretch.
    #[test]
    fn every_loop_is_one(actions in prop::collection::vec(0..2_u64, 0..120), share in 0.0..0.5) {
        let some: Vec<Option<u64>> = actions.iter().copied().map(Some).collect();
        let states = States::Exact(some.clone());
        let params = LoopParams { share_min: share, steps_min: 8, ..LoopParams::default() };
        let found = action_loops(&some, &states, &params);
        for one in &found {
            prop_assert!(one.repeats() >= 4.0 && one.steps() >= 8 && one.end <= actions.len());
            for at in one.start + one.period..one.end {
                prop_assert_eq!(actions[at], actions[at - one.period]);
            }
        }
    }

    /// Nothing panics on rewards of any kind, and shares are shares.
    #[test]
    fn finders_take_anything(values in prop::collection::vec(prop::option::of(prop_oneof![Just(0.0), Just(1.0), Just(f64::NAN), -5.0..5.0_f64]), 0..80)) {
        let actions: Vec<Option<u64>> = values.iter().map(|value| value.map(|value| value.to_bits() % 3)).collect();
        if let Some(source) = reward_source(&values, &actions, &States::Unknown) {
            prop_assert!(source.share > 0.0 && source.share <= 1.0 + 1e-12 && source.count <= source.rewards);
        }
        if let Some(cycle) = reward_cycle(&values, 3) {
            prop_assert!(cycle.end <= values.len() && cycle.repeats >= 3 && cycle.period > 0);
        }
        for outlier in outliers(&values, OutlierParams::default()) {
            prop_assert!(outlier.z >= 3.5 && outlier.step < values.len());
        }
    }
}
