//! From a writer to an answer, over the disk.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ethogram_query::{Change, FieldRequest, Options, Origin, Root, SeriesRequest, Workbench};
use ethogram_store::{
    Array, Axis, Dtype, EnvSpec, EpisodeEnd, EpisodeRow, RunInfo, RunState, RunWriter, Space, StepValue, WriterOptions,
};
use serde_json::Value;

use crate::memory::episode_row;

/// Tails of real episodes with their advantages; `crates/ethogram_analysis/testdata/make.py` says where they come from.
const GAE: &str = include_str!("../../../ethogram_analysis/testdata/gae.json");

fn writer(root: &Path, info: RunInfo) -> RunWriter {
    RunWriter::create(root, info, WriterOptions::default()).expect("a run")
}

fn workbench(root: &Path) -> Workbench {
    let options = Options { search_every: Duration::ZERO, ..Options::default() };
    Workbench::open(vec![Root::from(root.to_owned())], options).expect("a workbench")
}

fn number(value: f64) -> StepValue {
    StepValue::Array(Array::scalar(value))
}

fn flag(value: bool) -> StepValue {
    StepValue::Array(Array::new(Dtype::Bool, vec![], vec![u8::from(value)]).expect("a flag"))
}

fn vector(values: &[f32]) -> StepValue {
    StepValue::Array(Array::from_f32(values))
}

fn step(writer: &RunWriter, episode: u64, step: u64, values: Vec<(&str, StepValue)>) {
    let values = values.into_iter().map(|(name, value)| (name.into(), value)).collect();
    writer.step(episode, step, values).expect("a step");
}

fn numbers(of: &Value) -> Vec<f64> {
    of.as_array().expect("an array").iter().map(|value| value.as_f64().expect("a number")).collect()
}

/// U-4: advantages, value targets and returns of real episodes, written step by step with their final observation, and asked for.
/// Rewards and values were single-precision, and so are derived fields: 2e-6 of relative rounding.
#[test]
fn row_u4_advantages_of_real_episodes_from_writer_to_answer() {
    let golden: Value = serde_json::from_str(GAE).expect("json");
    let cases: Vec<_> = golden["cases"].as_object().expect("cases").values().collect();
    let root = tempfile::tempdir().expect("a folder");
    let info = RunInfo { gamma: Some(0.99), ..RunInfo::default() };
    let run = info.id.clone();
    let writer = writer(root.path(), info);
    for (episode, case) in cases.iter().enumerate() {
        let episode = episode as u64;
        let (rewards, values) = (numbers(&case["reward"]), numbers(&case["value"]));
        let rows = rewards.iter().zip(&values).zip(0..);
        for ((&reward, &value), t) in rows {
            let at = |key: &str| case[key][t as usize].as_bool().expect("a bool");
            let ends = [("terminated", flag(at("terminated"))), ("truncated", flag(at("truncated")))];
            let fields = [("reward", number(reward)), ("value", number(value))];
            step(&writer, episode, t, fields.into_iter().chain(ends).collect());
        }
        let last = rewards.len() as u64;
        step(&writer, episode, last, vec![("value", number(case["final_value"].as_f64().expect("a number")))]);
        let row = episode_row(episode, EpisodeEnd::Terminated);
        writer.episode(EpisodeRow { length: last, ..row }).expect("an episode");
    }
    writer.close(RunState::Finished).expect("closed");

    let bench = workbench(root.path());
    for (episode, case) in cases.iter().enumerate() {
        for (name, key) in
            [("advantage", "advantage"), ("value_target", "lambda_return"), ("return_to_go", "return_to_go")]
        {
            let field = bench.field(&FieldRequest::all(&run, episode as u64, name)).expect("rows");
            assert_eq!(field.origin, Origin::Derived);
            let expected = numbers(&case[key]);
            assert_eq!(field.column.rows(), expected.len() + 1);
            assert!(!field.column.is_valid(expected.len()), "the final observation has no {name}");
            for (t, (found, expected)) in field.column.to_f64().iter().zip(expected).enumerate() {
                let error = (found - expected).abs() / expected.abs().max(1.0);
                assert!(error <= 2e-6, "{name} of episode {episode} at {t}: expected {expected}, found {found}");
            }
        }
    }
}

#[test]
fn a_live_run_is_seen_to_grow() {
    let root = tempfile::tempdir().expect("a folder");
    let bench = workbench(root.path());
    assert_eq!(bench.runs().expect("rows"), []);
    let writer = writer(root.path(), RunInfo { name: "live".into(), ..RunInfo::default() });
    let run = writer.info().id.clone();
    let log = |t: u64| {
        step(&writer, 0, t, vec![("reward", number(1.0))]);
        writer.scalar(Axis::GlobalStep, "loss", t as i64, 0, 1.0 / (t + 1) as f64).expect("a scalar");
    };
    writer.episode(episode_row(0, EpisodeEnd::Open)).expect("an episode");
    log(0);
    writer.flush().expect("on disk");
    assert!(bench.refresh().contains(&Change::Came(run.clone())));
    let sums = || bench.field(&FieldRequest::all(&run, 0, "episode_return")).expect("rows").column.to_f64();
    let series = || {
        let (tag, range) = ("loss".to_owned(), i64::MIN..i64::MAX);
        let request =
            SeriesRequest { run: run.clone(), axis: Axis::GlobalStep, tag, range, buckets: 100, smooth: None };
        bench.series(&request).expect("a series").buckets.last
    };
    bench.refresh();
    assert_eq!((sums(), series()), (vec![1.0], vec![1.0]));
    log(1);
    writer.flush().expect("on disk");
    assert_eq!(sums(), [1.0], "not seen before the refresh");
    let changes = bench.refresh();
    let grew =
        |change: &Change| matches!(change, Change::Grew { run: grown, state: RunState::Running, .. } if *grown == run);
    assert!(changes.iter().any(grew), "{changes:?}");
    assert_eq!((sums(), series()), (vec![1.0, 2.0], vec![1.0, 0.5]));
    writer.close(RunState::Finished).expect("closed");
    bench.refresh();
    let row = &bench.runs().expect("rows")[0];
    assert_eq!((row.state, row.info.name.as_str(), row.counts.episodes), (RunState::Finished, "live", 1));
    std::fs::remove_dir_all(writer.path()).expect("removed");
    assert_eq!(bench.refresh(), [Change::Went(run.clone())]);
}

/// R-4: an agent of a nested observation and two choices, from writer to answer.
#[test]
fn row_r4_nested_observations_and_several_choices_from_writer_to_answer() {
    let root = tempfile::tempdir().expect("a folder");
    let action_space = Space::MultiDiscrete { nvec: vec![2, 3], shape: vec![2], dtype: Dtype::Int64 };
    let env = EnvSpec { action_space: Some(action_space), ..EnvSpec::default() };
    let writer = writer(root.path(), RunInfo { env: Some(env), ..RunInfo::default() });
    let run = writer.info().id.clone();
    let action = Array::new(Dtype::Int64, vec![2], [1_i64, 0].iter().flat_map(|a| a.to_le_bytes()).collect());
    let values = vec![
        ("observation/camera/0", vector(&[1.0, 2.0])),
        ("observation/goal", vector(&[3.0])),
        ("action", StepValue::Array(action.expect("two choices"))),
        ("logits", vector(&[0.0, 0.0, 0.0, f32::NEG_INFINITY, f32::NEG_INFINITY])),
    ];
    step(&writer, 0, 0, values);
    step(&writer, 0, 1, vec![("observation/camera/0", vector(&[5.0, 6.0]))]);
    writer.episode(episode_row(0, EpisodeEnd::Open)).expect("an episode");
    writer.close(RunState::Finished).expect("closed");

    let bench = workbench(root.path());
    let names: Vec<_> = bench.fields(&run, 0).expect("entries").into_iter().map(|entry| entry.info.name).collect();
    let logged = ["action", "logits", "observation/camera/0", "observation/goal"];
    let derived = ["action_probabilities", "action_log_probability", "entropy", "confidence"];
    assert_eq!(names, [logged, derived].concat());
    let ask = |name: &str| bench.field(&FieldRequest::all(&run, 0, name)).expect("rows");
    assert_eq!(ask("observation/camera/0").column.to_f64(), [1.0, 2.0, 5.0, 6.0]);
    assert_eq!(ask("observation/goal").column.valid, Some(vec![true, false]));
    assert_eq!(ask("action_probabilities").column.to_f64()[..5], [0.5, 0.5, 1.0, 0.0, 0.0]);
    let entropy: Arc<_> = ask("entropy");
    assert!((entropy.column.to_f64()[0] - 2.0_f64.ln()).abs() < 1e-7);
    assert_eq!(entropy.column.valid, Some(vec![true, false]));
}

#[test]
fn odd_questions_get_an_answer_or_a_clear_error() {
    let root = tempfile::tempdir().expect("a folder");
    let writer = writer(root.path(), RunInfo::default());
    let run = writer.info().id.clone();
    for t in 0..4_u64 {
        let note = StepValue::Text(format!("step {t}"));
        step(&writer, 0, t, vec![("reward", number(1.0)), ("value", vector(&[1.0, 2.0])), ("note", note)]);
        writer.scalar(Axis::GlobalStep, "loss", t as i64, 0, 1.0).expect("a scalar");
    }
    writer.episode(episode_row(0, EpisodeEnd::Terminated)).expect("an episode");
    writer.close(RunState::Finished).expect("closed");
    let bench = workbench(root.path());
    let max = u64::MAX;
    for (start, end, rows) in [(3, 1, 0), (max, max, 0), (max, 0, 0), (2, max, 2), (0, 0, 0)] {
        for name in ["reward", "episode_return", "note"] {
            let request = FieldRequest { range: start..end, ..FieldRequest::all(&run, 0, name) };
            assert_eq!(bench.field(&request).expect("rows").column.rows(), rows, "{name} {start}..{end}");
        }
    }
    for (start, end, points) in [(3, 1, 0), (i64::MAX, i64::MIN, 0), (i64::MIN, 2, 2), (2, i64::MAX, 2)] {
        for (axis, tag, points) in
            [(Axis::GlobalStep, "loss", points), (Axis::Episode, "episode_return", points.min(1))]
        {
            let tag = tag.to_owned();
            let request = SeriesRequest { run: run.clone(), axis, tag, range: start..end, buckets: 2, smooth: None };
            let count = bench.series(&request).expect("a series").buckets.count.iter().sum::<u64>();
            let expected = if axis == Axis::Episode && start == 2 { 0 } else { points };
            assert_eq!(count, expected, "{} {start}..{end}", request.tag);
        }
    }
    let error = |episode, name: &str| bench.field(&FieldRequest::all(&run, episode, name)).expect_err("no answer");
    assert!(error(max, "reward").is_not_found());
    assert!(error(max, "episode_return").is_not_found());
    assert!(error(0, "").is_not_found());
    assert!(error(0, "derived/derived/advantage").is_not_found());
    assert_eq!(
        error(0, "advantage").to_string(),
        r#""advantage" cannot be derived: "value" expected one number a step, found float32 [2]"#
    );
    let params = [("field".to_owned(), "note".into())].into_iter().collect();
    let text = bench.field(&FieldRequest { params, ..FieldRequest::all(&run, 0, "smooth") }).expect_err("a text");
    assert_eq!(text.to_string(), r#""smooth" cannot be derived: "note" expected one number a step, found text []"#);
    assert!(bench.run("../../etc").is_err_and(|error| error.is_not_found()));
}

fn finished(root: &Path, info: RunInfo, points: i64) -> std::path::PathBuf {
    let run = writer(root, info);
    for step in 0..points {
        run.scalar(Axis::GlobalStep, "loss", step, step, step as f64).expect("logged");
    }
    run.episode(episode_row(0, EpisodeEnd::Terminated)).expect("an episode");
    let path = run.path().to_owned();
    run.close(RunState::Finished).expect("closed");
    path
}

fn points(bench: &Workbench, run: &str) -> u64 {
    let tags = bench.run(run).expect("a run").scalar_tags();
    tags.iter().find(|tag| tag.tag == "loss").map_or(0, |tag| tag.count)
}

/// A folder that was deleted and made anew under a server: what lies there now is served, with revisions that were never given before.
#[test]
fn a_run_that_is_made_anew_in_its_place_is_opened_anew() {
    let root = tempfile::tempdir().expect("a folder");
    let info = RunInfo { project: "p".into(), ..RunInfo::default() };
    let id = info.id.0.clone();
    let path = finished(root.path(), info.clone(), 500);
    let bench = workbench(root.path());
    assert_eq!(points(&bench, &id), 500);
    let before = bench.run(&id).expect("a run").source().revision();
    assert_eq!(bench.refresh(), []);

    std::fs::remove_dir_all(&path).expect("removed");
    finished(root.path(), RunInfo { name: "again".into(), ..info.clone() }, 20);
    assert_eq!(bench.refresh(), [Change::Came(info.id.clone())]);
    assert_eq!(points(&bench, &id), 20);
    let run = bench.run(&id).expect("a run");
    assert_eq!((run.info().name.as_str(), run.source().lost()), ("again", vec![]));
    assert!(run.source().revision() > before, "a tag of an old answer is none of a new one");
    assert_eq!(bench.refresh(), []);

    // Another run under the same path.
    std::fs::remove_dir_all(&path).expect("removed");
    let other = RunInfo { project: "p".into(), ..RunInfo::default() };
    let theirs = finished(root.path(), other.clone(), 7);
    std::fs::rename(theirs, &path).expect("renamed");
    let changes = bench.refresh();
    assert_eq!(changes, [Change::Came(other.id.clone()), Change::Went(info.id.clone())]);
    assert_eq!(points(&bench, &other.id.0), 7);
    assert!(bench.run(&id).is_err_and(|error| error.is_not_found()));
}

/// Of many runs that were looked at, those asked for longest ago let go of what they hold; nobody sees a difference.
#[test]
fn runs_that_nobody_looks_at_are_closed() {
    let root = tempfile::tempdir().expect("a folder");
    let infos: Vec<RunInfo> = (0..5).map(|_| RunInfo { project: "p".into(), ..RunInfo::default() }).collect();
    for info in &infos {
        finished(root.path(), info.clone(), 50);
    }
    let bench = |open_runs: usize, open_bytes: usize| {
        let options = Options { search_every: Duration::ZERO, open_runs, open_bytes, ..Options::default() };
        Workbench::open(vec![Root::from(root.path().to_owned())], options).expect("a workbench")
    };
    let open = |bench: &Workbench| -> Vec<usize> {
        let held = |info: &RunInfo| {
            // Not through `run`, which counts as a look.
            let all = bench.runs().expect("runs");
            assert_eq!(all.len(), 5);
            bench.held(&info.id).is_some()
        };
        infos.iter().enumerate().filter(|(_, info)| held(info)).map(|(index, _)| index).collect()
    };
    let by_number = bench(2, usize::MAX);
    assert_eq!(open(&by_number), [] as [usize; 0], "a table opens none");
    let looked: Vec<_> = infos.iter().map(|info| points(&by_number, &info.id.0)).collect();
    assert_eq!(looked, [50; 5]);
    let before: Vec<_> = by_number.runs().expect("runs").iter().map(|run| (run.revision, run.counts.lost)).collect();
    assert_eq!(by_number.refresh(), []);
    assert_eq!(open(&by_number), [3, 4]);
    points(&by_number, &infos[0].id.0);
    assert_eq!(by_number.refresh(), []);
    assert_eq!(open(&by_number), [0, 4]);
    let after: Vec<_> = by_number.runs().expect("runs").iter().map(|run| (run.revision, run.counts.lost)).collect();
    assert_eq!(after, before, "closing is no growth");

    let by_bytes = bench(100, 1);
    for info in &infos {
        points(&by_bytes, &info.id.0);
    }
    by_bytes.refresh();
    assert_eq!(open(&by_bytes), [4], "what was asked for last stays");
    assert_eq!(points(&by_bytes, &infos[1].id.0), 50);
}

#[test]
fn the_size_of_tensors_is_known_before_they_are_read() {
    let root = tempfile::tempdir().expect("a folder");
    let info = RunInfo { project: "p".into(), ..RunInfo::default() };
    let run = writer(root.path(), info.clone());
    let tensor = |step: i64, values: usize| ethogram_store::TensorRow {
        step,
        time_us: 1,
        kind: ethogram_store::TensorKind::Tensor,
        array: Array::from_f32(&vec![0.5; values]),
        meta: serde_json::Map::new(),
    };
    for step in 0..30 {
        run.tensor(Axis::GlobalStep, "weights", tensor(step, 100)).expect("logged");
    }
    // The same step again: the newest counts.
    run.tensor(Axis::GlobalStep, "weights", tensor(29, 7)).expect("logged");
    run.flush().expect("flushed");
    let bench = workbench(root.path());
    let check = |range: std::ops::Range<i64>| {
        let source = bench.run(&info.id.0).expect("a run").source().clone();
        let size = source.tensors_size(Axis::GlobalStep, "weights", range.clone()).expect("a size").expect("known");
        let rows = source.tensors(Axis::GlobalStep, "weights", range.clone()).expect("rows");
        let bytes: usize = rows.iter().map(|row| row.array.data().len()).sum();
        assert_eq!((size.rows, size.bytes), (rows.len() as u64, bytes as u64), "{range:?}");
        bytes
    };
    let all = [check(0..30), check(i64::MIN..i64::MAX), check(10..12), check(12..12), check(99..100)];
    assert_eq!(all, [29 * 400 + 28, 29 * 400 + 28, 800, 0, 0]);
    let path = run.path().to_owned();
    run.close(RunState::Finished).expect("closed");
    ethogram_store::compact(&path).expect("compacted");
    bench.refresh();
    assert_eq!([check(0..30), check(29..30)], [29 * 400 + 28, 28], "sealed");
}

/// Two rows at the ends of a hundred million steps cost no question gigabytes: it is answered, or refused in words.
#[test]
fn rows_far_apart_cost_no_question_gigabytes() {
    let root = tempfile::tempdir().expect("a folder");
    let info = RunInfo::default();
    let run = info.id.clone();
    let writer = writer(root.path(), info);
    let far = 99_999_999;
    for at in [0, far] {
        let text = StepValue::Text("why".into());
        let fields = vec![("reward", number(1.0)), ("action", number(2.0)), ("observation", vector(&[1.0; 8]))];
        step(&writer, 0, at, fields.into_iter().chain([("note", text)]).collect());
    }
    writer.episode(episode_row(0, EpisodeEnd::Terminated)).expect("logged");
    writer.close(RunState::Finished).expect("closed");
    let bench = workbench(root.path());
    let handle = bench.run(&run.0).expect("the run");
    for name in ["reward", "action", "observation", "note", "return_to_go", "episode_return"] {
        let asked = bench.field(&FieldRequest::all(&run, 0, name));
        assert!(asked.as_ref().is_err_and(ethogram_query::Error::is_too_large), "{name}: {asked:?}");
    }
    let range = far..far + 1;
    let last = bench.field(&FieldRequest { range, ..FieldRequest::all(&run, 0, "note") }).expect("the last row");
    assert_eq!(last.column.data, ethogram_store::ColumnData::Text(vec!["why".into()]));
    let extents = handle.extents(0, "reward", &ethogram_query::Params::new()).expect("extents, in parts");
    assert_eq!((extents.low, extents.high), (vec![1.0], vec![1.0]));
    let table =
        handle.steps_table(&ethogram_query::StepsRequest { episode: 0, range: 0..u64::MAX, fields: None, fps: None });
    assert!(table.is_err_and(|error| error.to_string().contains("TABLE_CELLS_MAX")));
    let counts = ethogram_query::ActionCounts::of(&handle, &[0], 10);
    assert!(counts.is_err_and(|error| error.to_string().contains("ACTION_STEPS_MAX")));
    let settings = ethogram_query::Params::new();
    let events = handle.episode_events(0, &[], &settings, &ethogram_model::Cancel::default());
    assert!(events.is_err_and(|error| error.is_too_large()));
}
