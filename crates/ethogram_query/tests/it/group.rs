//! Several runs as one curve.

use std::sync::Arc;

use ethogram_query::{GROUP_RUNS_MAX, GroupRequest, Smoothing, Workbench};
use ethogram_store::{Axis, RunId};

use crate::memory::{MemoryRun, Shelf};

/// Runs that log `value` every `every` steps, `points` times.
fn seeds(runs: &[(f64, i64, i64)]) -> (Workbench, Vec<RunId>) {
    let shelf = Shelf::default();
    let mut ids = Vec::new();
    for (index, (value, every, points)) in runs.iter().enumerate() {
        let run = Arc::new(MemoryRun::new("seed"));
        for point in 0..*points {
            run.scalar(Axis::GlobalStep, "loss", point * every, *value);
        }
        shelf.put(&format!("/runs/seed{index}"), &run);
        ids.push(run.id());
    }
    (shelf.workbench(), ids)
}

fn request(runs: &[RunId], buckets: usize) -> GroupRequest {
    GroupRequest {
        runs: runs.to_vec(),
        axis: Axis::GlobalStep,
        tag: "loss".into(),
        range: i64::MIN..i64::MAX,
        buckets,
        smooth: None,
    }
}

#[test]
fn row_b1_seeds_are_one_curve_with_its_interval() {
    let (bench, runs) = seeds(&[(1.0, 10, 100), (2.0, 10, 100), (3.0, 10, 50)]);
    let group = bench.group(&request(&runs, 200)).expect("a curve");
    assert_eq!((group.runs.len(), group.count, group.first_step, group.last_step), (3, 250, 0, 990));
    let across = &group.across;
    assert_eq!(across.step, (0..100).map(|i| i * 10).collect::<Vec<_>>(), "all log at the same steps");
    assert_eq!((across.runs[49], across.runs[50]), (3, 2), "the third has ended");
    assert_eq!((across.mean[0], across.mean[99]), (2.0, 1.5));
    assert_eq!((across.min[0], across.max[0]), (1.0, 3.0));
    assert!(
        across.low[0].is_some_and(|low| (low - (2.0 - 4.302_653 / 3_f64.sqrt())).abs() < 1e-12),
        "{:?}",
        across.low[0]
    );
}

#[test]
fn buckets_are_common_however_often_each_run_logs() {
    let (bench, runs) = seeds(&[(1.0, 1, 20_000), (3.0, 7, 3_000)]);
    for range in [i64::MIN..i64::MAX, 5_000..15_000] {
        let group = bench.group(&GroupRequest { range: range.clone(), ..request(&runs, 100) }).expect("a curve");
        let across = group.across;
        assert!(across.step.len() <= 100 && across.step.len() > 90, "{}", across.step.len());
        let both = across.runs.iter().filter(|runs| **runs == 2).count();
        assert!(both >= 90, "{both}");
        assert!(across.step.iter().all(|step| range.contains(step)));
        assert!(across.mean.iter().zip(&across.runs).all(|(mean, runs)| *runs == 1 || (*mean - 2.0).abs() < 1e-12));
    }
}

#[test]
fn smoothing_is_that_of_the_mean_alone() {
    let (bench, runs) = seeds(&[(1.0, 10, 5), (2.0, 10, 3)]);
    let plain = bench.group(&request(&runs, 10)).expect("a curve").across;
    let smooth = GroupRequest { smooth: Some(Smoothing::Rolling(5)), ..request(&runs, 10) };
    let smooth = bench.group(&smooth).expect("a curve").across;
    assert!((smooth.mean[4] - (1.5 * 3.0 + 1.0 * 2.0) / 5.0).abs() < 1e-12, "{:?}", smooth.mean);
    assert_eq!((&smooth.low, &smooth.min), (&plain.low, &plain.min));
}

#[test]
fn a_run_without_the_tag_is_left_out_and_bad_groups_are_refused() {
    let (bench, runs) = seeds(&[(1.0, 10, 5), (0.0, 10, 0)]);
    let group = bench.group(&request(&runs, 10)).expect("a curve");
    assert_eq!(group.runs, runs[..1]);
    assert_eq!(group.across.low, vec![None; 5], "of one run there is no interval");
    let error = |runs: &[RunId]| bench.group(&request(runs, 10)).expect_err("no curve");
    assert!(error(&runs[1..]).is_not_found());
    assert!(error(&[runs[0].clone(), RunId("nobody".into())]).is_not_found());
    assert!(error(&[]).is_bad_request());
    assert!(error(&[runs[0].clone(), runs[0].clone()]).to_string().contains("twice"));
    let many: Vec<_> = (0..=GROUP_RUNS_MAX).map(|run| RunId(run.to_string())).collect();
    assert!(error(&many).is_too_large());
    assert!(bench.group(&request(&runs, 0)).is_err_and(|error| error.is_bad_request()));
}
