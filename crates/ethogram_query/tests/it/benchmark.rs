//! B-13: algorithms over tasks and seeds, from runs to tables.

use std::sync::Arc;

use ethogram_query::{
    Along, Benchmark, BenchmarkPart, BenchmarkRequest, Bootstrap, CellOf, Estimate, Facet, How, Normalization, Score,
    Table, TableFile, TableFormat, Workbench,
};
use ethogram_store::{Axis, EnvSpec, EpisodeEnd, EpisodeRow, RunId, RunInfo, attach_film, film_alone};
use serde_json::json;

use crate::memory::{MemoryRun, Shelf, episode_row};

/// An algorithm, a task and returns of episodes, ten steps apart.
type Told<'a> = (&'a str, &'a str, &'a [f64]);

fn bench(runs: &[Told]) -> (Workbench, Vec<RunId>) {
    let shelf = Shelf::default();
    let mut ids = Vec::new();
    for (seed, (algo, task, returns)) in runs.iter().enumerate() {
        let info = RunInfo {
            name: format!("{algo}-{seed}"),
            config: json!({"algo": algo, "seed": seed, "optimizer": {"lr": if *algo == "dqn" { 0.1 } else { 0.2 }}}),
            env: Some(EnvSpec { id: (*task).into(), ..EnvSpec::default() }),
            ..RunInfo::default()
        };
        let run = Arc::new(MemoryRun::with_info(info));
        for (episode, reward) in returns.iter().enumerate() {
            let row = episode_row(episode as u64, EpisodeEnd::Terminated);
            let global_step = episode as i64 * 10;
            run.episode_told(EpisodeRow { episode_return: *reward, global_step, recorded: false, ..row });
            run.scalar(Axis::GlobalStep, "loss", episode as i64 * 10, -reward);
        }
        run.finish();
        shelf.put(&format!("/runs/{seed}"), &run);
        ids.push(run.id());
    }
    (shelf.workbench(), ids)
}

fn request(runs: &[RunId]) -> BenchmarkRequest {
    BenchmarkRequest {
        runs: runs.to_vec(),
        algorithm: Facet::Auto,
        task: Facet::Auto,
        score: Score::default(),
        normalization: Normalization::Auto,
        target: None,
        bootstrap: Bootstrap { reps: 500, ..Bootstrap::default() },
        points: 5,
        along: Along::Steps,
    }
}

const PONG: &str = "ALE/Pong-v5";
const BREAKOUT: &str = "BreakoutNoFrameskip-v4";

fn two_by_two() -> (Workbench, Vec<RunId>) {
    bench(&[
        ("dqn", PONG, &[-20.7, -20.7]),
        ("dqn", PONG, &[14.6, 14.6]),
        ("dqn", BREAKOUT, &[30.5, 30.5]),
        ("dqn", BREAKOUT, &[59.3, 59.3]),
        ("ppo", PONG, &[14.6]),
        ("ppo", PONG, &[14.6]),
    ])
}

fn read(bench: &Workbench, request: &BenchmarkRequest) -> Benchmark {
    bench.benchmark(request).expect("a benchmark")
}

#[test]
fn row_b13_scores_are_sorted_by_algorithm_and_task_and_scaled_from_chance_to_people() {
    let (bench, runs) = two_by_two();
    let found = read(&bench, &request(&runs));
    assert_eq!(found.tasks, [PONG, BREAKOUT]);
    assert_eq!(found.algorithms.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["dqn", "ppo"]);
    assert_eq!((found.normalization, found.target), (Normalization::Human, Some(1.0)));
    let normalized: Vec<f64> = found.runs.iter().filter_map(|run| run.normalized).collect();
    for (found, expected) in normalized.iter().zip([0.0, 1.0, 1.0, 2.0, 1.0, 1.0]) {
        assert!((found - expected).abs() < 1e-9, "{normalized:?}");
    }
    let cell = found.cells.iter().find(|cell| (cell.algorithm, cell.task) == (0, 1)).expect("a cell");
    // numpy: mean, std and std with ddof=1 of [30.5, 59.3].
    assert!((cell.mean.value - 44.9).abs() < 1e-9 && (cell.sd_population - 14.4).abs() < 1e-9, "{cell:?}");
    assert!(cell.sd.is_some_and(|sd| (sd - 20.364_675_298_172_57).abs() < 1e-9), "{cell:?}");
    let [iqm, median, mean, gap] = found.algorithms[0].aggregates.map(|one| one.expect("an aggregate").value);
    assert!((iqm - 1.0).abs() < 1e-9 && (median - 1.0).abs() < 1e-9 && (mean - 1.0).abs() < 1e-9);
    assert!((gap - 0.25).abs() < 1e-9, "{gap}");
}

#[test]
fn row_b13_the_last_hundred_episodes_are_the_score() {
    let returns: Vec<f64> = (0..150).map(f64::from).collect();
    let (bench, runs) = bench(&[("dqn", "CartPole-v1", &returns)]);
    let score = |how| {
        let score = Score { tag: None, how };
        read(&bench, &BenchmarkRequest { score, ..request(&runs) }).runs[0].score
    };
    assert_eq!(score(How::LastMean(100)), Some(99.5));
    assert_eq!((score(How::Last), score(How::Best)), (Some(149.0), Some(149.0)));
    let of_tag = "loss@step:25".parse().expect("a score");
    assert_eq!(read(&bench, &BenchmarkRequest { score: of_tag, ..request(&runs) }).runs[0].score, Some(-2.0));
}

#[test]
fn row_b13_tables_have_exact_formats() {
    let (bench, runs) = two_by_two();
    let found = read(&bench, &request(&runs));
    let lines = |kind| {
        let table = found.table(BenchmarkPart::Scores, TableFormat::File(kind), CellOf::MeanSd).expect("a table");
        String::from_utf8(table).expect("text").lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let markdown = lines(TableFile::Markdown);
    assert_eq!(
        markdown[..3],
        ["| Task | dqn | ppo |", "| --- | ---: | ---: |", "| ALE/Pong-v5 | -3.05 ± 24.96 | 14.60 ± 0.00 |"]
    );
    assert_eq!(markdown[3], "| BreakoutNoFrameskip-v4 | 44.90 ± 20.36 | – |");
    assert!(markdown[4].starts_with("| IQM | 1.00 [0."), "{}", markdown[4]);
    let latex = lines(TableFile::Latex);
    assert_eq!(latex[..4], ["\\begin{tabular}{lrr}", "\\toprule", "Task & dqn & ppo \\\\", "\\midrule"]);
    assert_eq!(latex[4], "ALE/Pong-v5 & $-3.05$ $\\pm$ 24.96 & 14.60 $\\pm$ 0.00 \\\\");
    let csv = lines(TableFile::Csv);
    assert!(csv[0].starts_with("algorithm,task,runs,mean,mean_low,mean_high,sd,sd_population,iqm,"));
    assert!(csv[2].starts_with("dqn,BreakoutNoFrameskip-v4,2,44.9,"), "{}", csv[2]);
    assert_eq!(csv.len(), 4, "a line an algorithm and task");
}

#[test]
fn row_b13_programs_get_a_row_an_algorithm_and_task_with_all_that_is_known() {
    let (bench, runs) = bench(&[("=ppo", PONG, &[14.6]), ("dqn", PONG, &[0.1]), ("dqn", PONG, &[0.2])]);
    let found = read(&bench, &request(&runs));
    let json =
        found.table(BenchmarkPart::Scores, TableFormat::File(TableFile::Json), CellOf::Runtime).expect("a table");
    let rows: Vec<serde_json::Value> = serde_json::from_slice(&json).expect("JSON");
    let [ppo, dqn] = &rows[..] else { panic!("{rows:?}") };
    assert_eq!((&ppo["algorithm"], &ppo["task"], &ppo["runs"]), (&json!("=ppo"), &json!(PONG), &json!(1)));
    let missing = json!(null);
    assert_eq!(
        (&ppo["mean"], &ppo["sd"], &ppo["mean_low"]),
        (&json!(14.6), &missing, &missing),
        "one run has no spread"
    );
    // What a program wrote beside them: nothing is rounded.
    let cell = &found.cells[1];
    let [low, high] = cell.iqm.interval.expect("two runs have an interval");
    for (name, expected) in [
        ("mean", Some(cell.mean.value)),
        ("sd", cell.sd),
        ("sd_population", Some(cell.sd_population)),
        ("iqm", Some(cell.iqm.value)),
        ("iqm_low", Some(low)),
        ("iqm_high", Some(high)),
        ("runtime_secs", cell.runtime_secs),
        ("runtime_sd", cell.runtime_sd),
    ] {
        assert_eq!(dqn[name].as_f64().map(f64::to_bits), expected.map(f64::to_bits), "{name}: {dqn}");
    }
    let csv = found.table(BenchmarkPart::Scores, TableFormat::File(TableFile::Csv), CellOf::MeanSd).expect("a table");
    let csv = String::from_utf8(csv).expect("text");
    assert!(csv.lines().nth(1).is_some_and(|line| line.starts_with("'=ppo,")), "no formula of a spreadsheet: {csv}");
    let parquet =
        found.table(BenchmarkPart::Scores, TableFormat::File(TableFile::Parquet), CellOf::MeanSd).expect("a table");
    assert_eq!(
        parquet,
        Table::of_benchmark(&found, BenchmarkPart::Scores).to_bytes(TableFile::Parquet).expect("a file")
    );
    let known: Result<TableFormat, String> = "parquet".parse();
    assert_eq!(known, Ok(TableFormat::File(TableFile::Parquet)));
}

/// Every number of every part is the one that the answer has, and none is left behind.
#[test]
fn row_b14_each_part_is_a_table_of_the_same_numbers() {
    let (bench, runs) = two_by_two();
    let found = read(&bench, &BenchmarkRequest { points: 4, ..request(&runs) });
    let rows = |part: BenchmarkPart| -> Vec<serde_json::Value> {
        let json = found.table(part, TableFormat::File(TableFile::Json), CellOf::MeanSd).expect("a table");
        serde_json::from_slice(&json).expect("JSON")
    };
    let bits = |value: &serde_json::Value| value.as_f64().map(f64::to_bits);
    let check = |row: &serde_json::Value, name: &str, expected: Option<Estimate>| {
        assert_eq!(bits(&row[name]), expected.map(|of| of.value.to_bits()), "{name}: {row}");
        for (end, at) in [("low", 0), ("high", 1)] {
            let expected = expected.and_then(|of| of.interval).map(|ends| ends[at].to_bits());
            assert_eq!(bits(&row[format!("{name}_{end}")]), expected, "{name}_{end}: {row}");
        }
    };
    let of_runs = rows(BenchmarkPart::Runs);
    assert_eq!(of_runs.len(), found.runs.len());
    for (row, run) in of_runs.iter().zip(&found.runs) {
        assert_eq!((&row["run"], &row["algorithm"]), (&json!(run.run.0), &json!(found.algorithms[run.algorithm].name)));
        assert_eq!(bits(&row["normalized"]), run.normalized.map(f64::to_bits), "{row}");
    }
    let aggregates = rows(BenchmarkPart::Aggregates);
    assert_eq!(aggregates.len(), 2);
    for (row, of) in aggregates.iter().zip(&found.algorithms) {
        assert_eq!((&row["algorithm"], &row["tasks"]), (&json!(of.name), &json!(of.tasks)));
        for (at, name) in ["iqm", "median", "mean", "optimality_gap"].into_iter().enumerate() {
            check(row, name, of.aggregates[at]);
        }
    }
    let pairs = rows(BenchmarkPart::Pairs);
    assert_eq!((pairs.len(), &pairs[0]["x"], &pairs[0]["y"]), (1, &json!("dqn"), &json!("ppo")));
    check(&pairs[0], "improvement", Some(found.pairs[0].improvement));
    check(&pairs[0], "iqm_difference", Some(found.pairs[0].iqm_difference));
    let curves = rows(BenchmarkPart::Curves);
    let all: Vec<_> = found.curves.iter().chain(&found.task_curves).collect();
    assert_eq!(curves.len(), all.iter().map(|curve| curve.at.len()).sum::<usize>());
    let mut curves = curves.iter();
    for curve in all {
        for (at, step) in curve.at.iter().enumerate() {
            let row = curves.next().expect("a row a point");
            let task = curve.task.map_or(json!(null), |task| json!(found.tasks[task]));
            assert_eq!((&row["step"], &row["task"], &row["runs"]), (&json!(step), &task, &json!(curve.runs[at])));
            check(row, "value", curve.estimates[at]);
        }
    }
    let profiles = rows(BenchmarkPart::Profiles);
    assert_eq!(profiles.len(), 2 * 2 * 101);
    let first = found.algorithms[0].run_profile.as_ref().expect("a profile");
    let interval = first.interval.as_ref().map(|ends| ends[7]);
    assert_eq!((&profiles[7]["algorithm"], &profiles[7]["share_of"]), (&json!("dqn"), &json!("runs")));
    assert_eq!(bits(&profiles[7]["threshold"]), Some(first.threshold[7].to_bits()));
    check(&profiles[7], "share", Some(Estimate { value: first.share[7], interval }));
    let text = found.table(BenchmarkPart::Pairs, TableFormat::Text, CellOf::MeanSd).expect("a table");
    let text = String::from_utf8(text).expect("text");
    assert!(text.starts_with("x    y    tasks  improvement  improvement_low"), "{text}");
    let refused: Result<BenchmarkPart, String> = "all".parse();
    let expected = "expected one of scores, runs, aggregates, pairs, curves, profiles, found \"all\"";
    assert_eq!(refused, Err(expected.to_owned()));
}

#[test]
fn row_b14_doubts_are_said_in_plain_words() {
    let (bench, runs) = two_by_two();
    let found = read(&bench, &request(&runs));
    let has = |text: &str| assert!(found.warnings.iter().any(|one| one.contains(text)), "{text}: {:?}", found.warnings);
    has("Fewer than 5 runs on some task: dqn, ppo.");
    has("ppo has no run on BreakoutNoFrameskip-v4");
    has("Not told apart by these runs: dqn and ppo.");
    let alone = read(&bench, &BenchmarkRequest { normalization: Normalization::MinMax, ..request(&runs[..1]) });
    let left = "Left out of what is normalised: ALE/Pong-v5; all runs have the same score";
    assert!(alone.warnings.iter().any(|one| one.starts_with(left)), "{:?}", alone.warnings);
    let raw = read(&bench, &BenchmarkRequest { normalization: Normalization::None, ..request(&runs) });
    assert!(raw.warnings.iter().any(|one| one.contains("averaged as they are")), "{:?}", raw.warnings);
    assert_eq!((raw.target, raw.algorithms[0].aggregates[3]), (None, None), "no target, no gap");
}

#[test]
fn row_b14_pairs_are_of_the_tasks_that_both_have() {
    let (bench, runs) = two_by_two();
    let found = read(&bench, &request(&runs));
    let pair = &found.pairs[0];
    assert_eq!((found.pairs.len(), pair.tasks), (1, 1));
    // On Pong dqn reached −20.7 and 14.6, ppo 14.6 twice: two ties of four pairs.
    assert!((pair.improvement.value - 0.25).abs() < 1e-12);
}

#[test]
fn curves_are_at_steps_in_common_and_end_where_runs_end() {
    let (bench, runs) = bench(&[("dqn", "a", &[1.0, 2.0, 3.0, 4.0, 5.0]), ("dqn", "a", &[3.0, 4.0, 5.0])]);
    let score = "loss@last".parse().expect("a score");
    let found = read(&bench, &BenchmarkRequest { score, ..request(&runs) });
    let curve = &found.task_curves[0];
    assert_eq!(
        (curve.at.as_slice(), curve.runs.as_slice()),
        ([0, 10, 20, 30, 40].as_slice(), [2, 2, 2, 1, 1].as_slice())
    );
    let values: Vec<f64> = curve.estimates.iter().flatten().map(|found| found.value).collect();
    assert_eq!(values, [-2.0, -3.0, -4.0, -4.0, -5.0]);
    assert!(curve.estimates[0].is_some_and(|found| found.interval.is_some()));
    assert!(curve.estimates[4].is_some_and(|found| found.interval.is_none()), "of one run there is none");
}

#[test]
fn curves_run_over_the_time_since_each_run_began() {
    let shelf = Shelf::default();
    let began_us = 1_000_000_000;
    // A point a second, a point in two, and a log without times.
    let runs: Vec<RunId> = [("quick", 1_000_000), ("slow", 2_000_000), ("untimed", 0)]
        .into_iter()
        .map(|(name, every_us)| {
            let env = Some(EnvSpec { id: "a".into(), ..EnvSpec::default() });
            let created_us = if every_us == 0 { 0 } else { began_us };
            let info = RunInfo { name: name.into(), env, created_us, ..RunInfo::default() };
            let run = Arc::new(MemoryRun::with_info(info));
            for episode in 0..5 {
                let ended_us = Some(if every_us == 0 { 7 } else { began_us + (episode as i64 + 1) * every_us });
                let row = episode_row(episode, EpisodeEnd::Terminated);
                let (episode_return, global_step) = (episode as f64, episode as i64 * 10);
                run.episode_told(EpisodeRow { episode_return, global_step, ended_us, recorded: false, ..row });
            }
            run.finish();
            shelf.put(&format!("/runs/{name}"), &run);
            run.id()
        })
        .collect();
    let bench = shelf.workbench();
    let score = "last".parse().expect("a score");
    let found = read(&bench, &BenchmarkRequest { score, points: 10, along: Along::Time, ..request(&runs) });
    let (names, along) = (found.algorithms.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), found.along);
    assert_eq!((names, along), (vec!["quick", "slow", "untimed"], Along::Time));
    let values = |curve: usize| -> Vec<Option<f64>> {
        found.task_curves[curve].estimates.iter().map(|found| found.map(|found| found.value)).collect()
    };
    let seconds: Vec<i64> = found.task_curves[0].at.iter().map(|at| at / 1_000_000).collect();
    assert_eq!(seconds, (1..=10).collect::<Vec<_>>());
    let reached = |numbers: &[f64]| -> Vec<Option<f64>> {
        (0..10).map(|at| numbers.get(at).copied().filter(|number| *number >= 0.0)).collect()
    };
    // It ended after five seconds, and keeps what it had reached.
    assert_eq!(values(0), reached(&[0.0, 1.0, 2.0, 3.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0]));
    assert_eq!(values(1), reached(&[-1.0, 0.0, 0.0, 1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 4.0]));
    assert_eq!(values(2), reached(&[]));
    let told = "Left out of curves over time: untimed; their logs have no times.";
    assert!(found.warnings.iter().any(|one| one == told), "{:?}", found.warnings);
    let json = TableFormat::File(TableFile::Json);
    let table = found.table(BenchmarkPart::Curves, json, CellOf::MeanSd).expect("a table");
    assert!(String::from_utf8_lossy(&table).contains("elapsed_us"), "in place of step");
}

#[test]
fn a_curve_over_all_tasks_is_where_all_of_them_have_a_run() {
    let short: &[f64] = &[3.0, 4.0, 5.0];
    let long: &[f64] = &[1.0, 2.0, 3.0, 4.0, 5.0];
    let (bench, runs) = bench(&[
        ("dqn", "a", long),
        ("dqn", "a", &[2.0, 3.0, 4.0, 5.0, 6.0]),
        ("dqn", "b", short),
        ("dqn", "b", &[4.0, 5.0, 6.0]),
    ]);
    let score = "loss@last".parse().expect("a score");
    let found = read(&bench, &BenchmarkRequest { score, ..request(&runs) });
    let curve = &found.curves[0];
    assert_eq!((curve.task, curve.runs.as_slice()), (None, [4, 4, 4, 0, 0].as_slice()));
    assert!(curve.estimates[2].is_some() && curve.estimates[3].is_none());
    assert_eq!(found.task_curves[0].runs, [2, 2, 2, 2, 2], "of one task it goes on");
}

#[test]
fn configs_are_compared_and_runs_that_do_not_count_are_told_of() {
    let (bench, mut runs) = two_by_two();
    let found = read(&bench, &request(&runs));
    let keys: Vec<_> = found.differences.iter().map(|one| one.key.as_str()).collect();
    assert_eq!(keys, ["algo", "optimizer.lr"]);
    assert_eq!(found.differences[1].values, [["0.1"], ["0.2"]]);
    let by = |key: &str| BenchmarkRequest { algorithm: key.parse().expect("a facet"), ..request(&runs) };
    assert_eq!(read(&bench, &by("optimizer.lr")).algorithms[1].name, "0.2");
    let error = bench.benchmark(&by("nothing")).expect_err("no algorithm");
    assert!(error.to_string().contains("nothing names its algorithm"), "{error}");
    runs.push(RunId("nobody".into()));
    assert!(bench.benchmark(&request(&runs)).expect_err("no run").is_not_found());
    assert!(bench.benchmark(&request(&[])).expect_err("no runs").is_bad_request());
    let many = BenchmarkRequest { points: 201, ..request(&runs[..1]) };
    assert!(bench.benchmark(&many).expect_err("too many").to_string().contains("CURVE_POINTS_MAX"));
}

#[test]
fn films_of_episodes_that_nobody_counted_do_not_hide_the_logged_return() {
    let run = Arc::new(MemoryRun::with_info(RunInfo {
        config: json!({"algo": "ppo", "env_id": PONG}),
        ..RunInfo::default()
    }));
    for step in 0..10 {
        run.scalar(Axis::GlobalStep, "charts/episodic_return", step, 14.6);
    }
    let mut row = film_alone(0, 7);
    attach_film(&mut row.extra, "rl-video-episode-0.mp4", "5f", 100, 0);
    run.episode_told(row);
    run.finish();
    let shelf = Shelf::default();
    shelf.put("/runs/0", &run);
    let found = read(&shelf.workbench(), &request(&[run.id()]));
    assert_eq!((found.left_out, found.runs.len()), (Vec::new(), 1));
    assert!(found.runs[0].score.is_some_and(|score| (score - 14.6).abs() < 1e-9), "{:?}", found.runs[0]);
}
