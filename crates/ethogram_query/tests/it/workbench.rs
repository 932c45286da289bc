//! Runs that come, grow and go; curves; logged fields.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use ethogram_query::{Change, EpisodeSummary, Error, FieldRequest, Origin, SeriesRequest, Smoothing};
use ethogram_store::{Axis, EpisodeEnd, RunState, attach_film, film_alone};

use crate::memory::{MemoryRun, Shelf, bench_of, gaps, numbers};

fn request(run: &MemoryRun, tag: &str, buckets: usize) -> SeriesRequest {
    let (axis, tag) = (Axis::GlobalStep, tag.to_owned());
    SeriesRequest { run: run.id(), axis, tag, range: i64::MIN..i64::MAX, buckets, smooth: None }
}

#[test]
fn runs_come_grow_and_go() {
    let shelf = Shelf::default();
    let bench = shelf.workbench();
    assert_eq!(bench.runs().expect("rows"), []);
    let run = Arc::new(MemoryRun::new("a"));
    shelf.put("/runs/a", &run);
    shelf.put("/elsewhere/b", &Arc::new(MemoryRun::new("b")));
    assert_eq!(bench.refresh(), [Change::Came(run.id())]);
    assert_eq!(bench.refresh(), []);
    run.scalar(Axis::GlobalStep, "loss", 3, 0.5);
    let grew = bench.refresh();
    assert!(matches!(&grew[..], [Change::Grew { run: grown, state: RunState::Running, .. }] if *grown == run.id()));
    run.finish();
    assert!(matches!(&bench.refresh()[..], [Change::Grew { state: RunState::Finished, .. }]));
    assert_eq!(bench.runs().expect("rows")[0].state, RunState::Finished);
    shelf.take("/runs/a");
    assert_eq!(bench.refresh(), [Change::Went(run.id())]);
    assert!(bench.run(&run.id().0).is_err_and(|error| error.is_not_found()));
}

#[test]
fn a_copy_of_a_run_is_served_once_and_told_of() {
    let shelf = Shelf::default();
    let run = Arc::new(MemoryRun::new("a"));
    shelf.put("/runs/a", &run);
    shelf.put("/runs/copy", &run);
    let bench = shelf.workbench();
    bench.refresh();
    assert_eq!(bench.runs().expect("rows").len(), 1);
    let [skipped] = &bench.skipped()[..] else { panic!("one copy, found {:?}", bench.skipped()) };
    assert_eq!(skipped.path.to_str(), Some("/runs/copy"));
    assert_eq!(skipped.why, format!("run {} is already served from /runs/a", run.id()));
    shelf.take("/runs/a");
    bench.refresh();
    bench.refresh();
    assert_eq!(bench.runs().expect("rows").len(), 1, "the copy takes the place of the first");
    assert_eq!(bench.skipped(), []);
}

#[test]
fn a_summary_counts_recorded_episodes() {
    let run = Arc::new(MemoryRun::new("a"));
    run.episode(0, EpisodeEnd::Terminated, &[("reward", &[], numbers(&[1.0]))]);
    run.episode(1, EpisodeEnd::Open, &[]);
    let bench = bench_of(&run);
    let row = &bench.runs().expect("rows")[0];
    assert_eq!(
        (row.counts.episodes, row.counts.recorded, row.info.name.as_str(), row.root.as_str()),
        (2, 1, "a", "runs")
    );
    run.episode(2, EpisodeEnd::Open, &[("reward", &[], numbers(&[1.0]))]);
    bench.refresh();
    assert_eq!(bench.runs().expect("rows")[0].counts.recorded, 2);
}

#[test]
fn few_points_are_exact_and_many_are_buckets() {
    let run = Arc::new(MemoryRun::new("a"));
    for step in 0..100 {
        run.scalar(Axis::GlobalStep, "loss", step * 10, if step == 7 { f64::NAN } else { step as f64 });
    }
    let bench = bench_of(&run);
    let exact = bench.series(&request(&run, "loss", 100)).expect("a series");
    assert!(exact.exact);
    assert_eq!(exact.buckets.count, vec![1; 100]);
    assert_eq!(exact.buckets.step[3], 30);
    assert!(exact.buckets.last[7].is_nan(), "NaN is a value");
    let coarse = bench.series(&request(&run, "loss", 10)).expect("a series");
    assert!(!coarse.exact);
    assert_eq!(coarse.buckets.count.iter().sum::<u64>(), 100);
    assert_eq!((coarse.tag.count, coarse.tag.first_step, coarse.tag.last_step), (100, 0, 990));
    let part = bench.series(&SeriesRequest { range: 100..200, ..request(&run, "loss", 10) }).expect("a series");
    assert!(part.exact, "the range holds no more points than buckets");
    assert_eq!(part.buckets.step, (10..20).map(|i| i * 10).collect::<Vec<_>>());
}

#[test]
fn a_curve_that_is_not_there_says_how_to_log_it() {
    let run = Arc::new(MemoryRun::new("a"));
    let bench = bench_of(&run);
    let error = bench.series(&request(&run, "loss", 10)).expect_err("nothing was logged");
    assert!(error.is_not_found());
    let id = run.id();
    assert_eq!(
        error.to_string(),
        format!(
            r#"no scalar "loss" on the global_step axis of run {id}; log it with run.log(step, {{"loss": value}})"#
        )
    );
}

#[test]
fn what_only_films_stand_for_is_no_curve() {
    let run = Arc::new(MemoryRun::new("a"));
    let filmed = |episode| {
        let mut row = film_alone(episode, 7);
        attach_film(&mut row.extra, "rl-video-episode-0.mp4", "5f", 100, 0);
        run.episode_told(row);
    };
    filmed(0);
    let bench = bench_of(&run);
    assert!(bench.run(&run.id().0).expect("the run").scalar_tags().is_empty(), "another tag is the return then");
    run.episode(1, EpisodeEnd::Terminated, &[]);
    filmed(2);
    bench.refresh();
    let handle = bench.run(&run.id().0).expect("the run");
    let points = handle.scalar_tags().iter().map(|tag| (tag.count, tag.last_step)).collect::<Vec<_>>();
    assert_eq!(points, [(1, 1), (1, 1)]);
    let summary = EpisodeSummary::of(&handle, &[0, 1, 2]).expect("a summary");
    assert_eq!((summary.episodes, summary.length.count, summary.episode_return.not_finite), (3, 1, 0));
}

#[test]
fn episodes_that_ended_are_curves() {
    let run = Arc::new(MemoryRun::new("a"));
    for episode in (0..100).filter(|episode| *episode != 50) {
        run.episode(episode, EpisodeEnd::Terminated, &[]);
    }
    run.episode(100, EpisodeEnd::Open, &[]);
    let bench = bench_of(&run);
    let tags = bench.run(&run.id().0).expect("the run").scalar_tags();
    let names: Vec<_> = tags.iter().map(|tag| (tag.axis, tag.tag.as_str(), tag.count, tag.last_step)).collect();
    assert_eq!(names, [(Axis::Episode, "episode_length", 99, 99), (Axis::Episode, "episode_return", 99, 99)]);
    let ask = |buckets, range| {
        let request = SeriesRequest { axis: Axis::Episode, range, ..request(&run, "episode_return", buckets) };
        bench.series(&request).expect("a series")
    };
    let all = ask(100, i64::MIN..i64::MAX);
    assert!(all.exact);
    assert_eq!((all.buckets.step[50], all.buckets.last[50]), (51, 25.5));
    let part = ask(100, 10..12).buckets;
    assert_eq!((part.step, part.mean), (vec![10, 11], vec![5.0, 5.5]));
    let coarse = ask(10, i64::MIN..i64::MAX);
    assert_eq!(coarse.buckets.count, [10, 10, 10, 10, 10, 9, 10, 10, 10, 10]);
    assert_eq!((coarse.buckets.min[1], coarse.buckets.max[1], coarse.buckets.mean[1]), (5.0, 9.5, 7.25));
    run.scalar(Axis::Episode, "episode_return", 3, 7.0);
    bench.refresh();
    assert_eq!(ask(100, i64::MIN..i64::MAX).buckets.last, [7.0], "a logged scalar hides it");
}

#[test]
fn smoothing_leaves_the_spread_and_the_gaps() {
    let run = Arc::new(MemoryRun::new("a"));
    for (step, value) in [0.0, 3.0, f64::NAN, 6.0].into_iter().enumerate() {
        run.scalar(Axis::GlobalStep, "loss", step as i64, value);
    }
    let bench = bench_of(&run);
    let ask = |smooth| bench.series(&SeriesRequest { smooth: Some(smooth), ..request(&run, "loss", 10) });
    let ema = ask(Smoothing::Ema(0.5)).expect("a series").buckets;
    assert_eq!(ema.mean[..2], [0.0, 2.0]);
    assert!(ema.mean[2].is_nan() && ema.last[2].is_nan());
    assert_eq!(ema.max[3].to_bits(), 6.0_f64.to_bits());
    let rolling = ask(Smoothing::Rolling(2)).expect("a series").buckets;
    assert_eq!((rolling.mean[1], rolling.mean[3]), (1.5, 6.0));
    for bad in [Smoothing::Ema(1.0), Smoothing::Ema(f64::NAN), Smoothing::Rolling(0)] {
        assert!(ask(bad).is_err_and(|error| error.is_bad_request()), "{bad:?}");
    }
}

#[test]
fn a_number_of_buckets_has_limits() {
    let run = Arc::new(MemoryRun::new("a"));
    run.scalar(Axis::GlobalStep, "loss", 0, 1.0);
    let bench = bench_of(&run);
    assert!(bench.series(&request(&run, "loss", 0)).is_err_and(|error| error.is_bad_request()));
    assert!(bench.series(&request(&run, "loss", 65_537)).is_err_and(|error| error.is_too_large()));
}

#[test]
fn a_logged_field_is_read_in_part_and_missing_stays_missing() {
    let run = Arc::new(MemoryRun::new("a"));
    run.episode(0, EpisodeEnd::Open, &[("reward", &[], gaps(&[Some(1.0), None, Some(f64::NAN), Some(4.0)]))]);
    let bench = bench_of(&run);
    let field = bench.field(&FieldRequest { range: 1..3, ..FieldRequest::all(&run.id(), 0, "reward") }).expect("rows");
    assert_eq!((field.origin, field.column.first, field.column.rows()), (Origin::Logged, 1, 2));
    assert_eq!(field.column.valid, Some(vec![false, true]));
    assert!(field.column.to_f64()[1].is_nan());
    let beyond = bench.field(&FieldRequest { range: 9..12, ..FieldRequest::all(&run.id(), 0, "reward") });
    assert_eq!(beyond.expect("cut, not refused").column.rows(), 0);
}

#[test]
fn what_is_not_there_is_named() {
    let run = Arc::new(MemoryRun::new("a"));
    run.episode(0, EpisodeEnd::Open, &[("reward", &[], numbers(&[1.0])), ("speed", &[], numbers(&[1.0]))]);
    let bench = bench_of(&run);
    let ask = |episode, name: &str| bench.field(&FieldRequest::all(&run.id(), episode, name)).expect_err("not there");
    let id = run.id();
    assert_eq!(
        ask(0, "x").to_string(),
        format!(r#"no field "x" in episode 0 of run {id}; logged there: reward, speed"#)
    );
    assert_eq!(ask(5, "x").to_string(), format!("no episode 5 in run {id}, which has 1"));
    assert!(matches!(ask(5, "episode_return"), Error::NoEpisode { episode: 5, .. }));
}

#[test]
fn a_logged_field_hides_the_derived_one() {
    let run = Arc::new(MemoryRun::new("a"));
    let fields = [("reward", &[][..], numbers(&[1.0, 2.0])), ("episode_return", &[][..], numbers(&[10.0, 20.0]))];
    run.episode(0, EpisodeEnd::Open, &fields);
    let bench = bench_of(&run);
    let logged = bench.field(&FieldRequest::all(&run.id(), 0, "episode_return")).expect("rows");
    assert_eq!((logged.origin, logged.column.to_f64()), (Origin::Logged, vec![10.0, 20.0]));
    let derived = bench.field(&FieldRequest::all(&run.id(), 0, "derived/episode_return")).expect("rows");
    assert_eq!((derived.origin, derived.column.to_f64()), (Origin::Derived, vec![1.0, 3.0]));
    let entries = bench.fields(&run.id(), 0).expect("entries");
    assert_eq!(entries.iter().filter(|entry| entry.info.name == "episode_return").count(), 1);
}

#[test]
fn a_derived_field_is_computed_once_and_again_when_its_inputs_change() {
    let run = Arc::new(MemoryRun::new("a"));
    run.episode(0, EpisodeEnd::Open, &[("reward", &[], numbers(&[1.0, 2.0]))]);
    let bench = bench_of(&run);
    let request = FieldRequest::all(&run.id(), 0, "episode_return");
    let ask = || bench.field(&request).expect("rows").column.to_f64();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert_eq!(ask(), [1.0, 3.0]));
        }
    });
    assert_eq!(run.reads.load(Ordering::SeqCst), 1, "eight questions, one reading");
    run.scalar(Axis::GlobalStep, "loss", 0, 0.0);
    bench.refresh();
    assert_eq!(ask(), [1.0, 3.0]);
    assert_eq!(run.reads.load(Ordering::SeqCst), 2, "looked at again, for the run grew");
    run.episode(0, EpisodeEnd::Open, &[("reward", &[], numbers(&[1.0, 2.0, 4.0]))]);
    assert_eq!(ask(), [1.0, 3.0], "not seen before the refresh");
    bench.refresh();
    assert_eq!(ask(), [1.0, 3.0, 7.0]);
}

/// Names stand in each row of a table of points: that is counted before they do.
#[test]
fn a_table_of_points_with_names_that_are_too_long_is_refused() {
    let run = Arc::new(MemoryRun::new("long"));
    let tag = "x".repeat(1 << 20);
    for step in 0..1_100 {
        run.scalar(Axis::GlobalStep, &tag, step, 0.5);
    }
    let handle = bench_of(&run).run(&run.id().0).expect("the run");
    let request = |range| ethogram_query::PointsRequest { axis: None, is_wanted: &|_| true, range };
    let runs = [handle];
    let few = ethogram_query::Table::of_points(&runs, &request(0..9)).expect("nine rows");
    assert_eq!(few.rows(), 9);
    let refused =
        ethogram_query::Table::of_points(&runs, &request(i64::MIN..i64::MAX)).expect_err("1.1 GB").to_string();
    assert!(refused.contains("TABLE_NAME_BYTES_MAX") && refused.contains("ask for a smaller range"), "{refused}");
}
