//! Derived fields of episodes, as a person would ask for them.

use std::sync::Arc;

use ethogram_query::{DERIVATIONS, FieldRequest, Origin, Workbench};
use ethogram_store::{ActionGroup, Dtype, EnvSpec, EpisodeEnd, RunInfo, Space};

use crate::memory::{MemoryRun, Rows, bench_of, gaps, numbers};

fn env(action_space: Space) -> RunInfo {
    RunInfo { env: Some(EnvSpec { action_space: Some(action_space), ..EnvSpec::default() }), ..RunInfo::default() }
}

fn discrete(n: u64, start: i64) -> RunInfo {
    env(Space::Discrete { n, start, dtype: Dtype::Int64 })
}

fn multi(nvec: &[u64]) -> RunInfo {
    env(Space::MultiDiscrete { nvec: nvec.to_vec(), shape: vec![nvec.len()], dtype: Dtype::Int64 })
}

/// A workbench over one run with one episode.
fn bench(info: RunInfo, end: EpisodeEnd, fields: &[(&str, &[usize], Rows)]) -> (Workbench, FieldRequest) {
    let run = Arc::new(MemoryRun::with_info(info));
    run.episode(0, end, fields);
    (bench_of(&run), FieldRequest::all(&run.id(), 0, ""))
}

fn ask(of: &(Workbench, FieldRequest), name: &str, params: &[(&str, f64)]) -> Vec<Option<f64>> {
    let params = params.iter().map(|&(name, value)| (name.to_owned(), value.into())).collect();
    let field = of.0.field(&FieldRequest { name: name.into(), params, ..of.1.clone() });
    let field = field.unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(field.origin, Origin::Derived, "{name}");
    let width = field.column.info.shape.iter().product::<usize>();
    let values = field.column.to_f64();
    values.into_iter().enumerate().map(|(i, value)| field.column.is_valid(i / width).then_some(value)).collect()
}

/// Derived fields are stored in single precision: 1e-6 of relative rounding.
fn check(name: &str, found: &[Option<f64>], expected: &[Option<f64>]) {
    let close = |pair: (&Option<f64>, &Option<f64>)| match pair {
        (Some(found), Some(expected)) => (found - expected).abs() <= 1e-6 * expected.abs().max(1.0),
        (found, expected) => found == expected,
    };
    let same = found.len() == expected.len() && found.iter().zip(expected).all(close);
    assert!(same, "{name}\nexpected {expected:?}\n   found {found:?}");
}

fn error(of: &(Workbench, FieldRequest), name: &str, params: &[(&str, &str)]) -> ethogram_query::Error {
    let params = params.iter().map(|&(name, value)| (name.to_owned(), value.into())).collect();
    of.0.field(&FieldRequest { name: name.into(), params, ..of.1.clone() }).expect_err("no answer")
}

/// U-4: the worked example, asked of an episode whose last row holds only the final observation and its value.
#[test]
fn row_u4_advantage_of_an_episode() {
    let fields: [(&str, &[usize], Rows); 3] = [
        ("reward", &[], gaps(&[Some(0.0), Some(1.0), Some(0.0), None])),
        ("value", &[], numbers(&[0.5, 0.6, 0.2, 0.4])),
        ("terminated", &[], gaps(&[Some(0.0), Some(0.0), Some(1.0), None])),
    ];
    let of = bench(RunInfo { gamma: Some(0.999), ..RunInfo::default() }, EpisodeEnd::Terminated, &fields);
    let expected = [Some(0.488_501_01), Some(0.409_99), Some(-0.2), None];
    check("with the run's own discount", &ask(&of, "advantage", &[]), &expected);
    check("with both parameters", &ask(&of, "advantage", &[("gamma", 0.999), ("lambda", 0.95)]), &expected);
    let delta = [Some(0.999 * 0.6 - 0.5), Some(1.0 + 0.999 * 0.2 - 0.6), Some(-0.2), None];
    check("lambda 0 is the TD error", &ask(&of, "advantage", &[("lambda", 0.0)]), &delta);
    check("td_error", &ask(&of, "td_error", &[]), &delta);
    let target: Vec<_> = [0.5, 0.6, 0.2].iter().zip(expected).map(|(v, a)| Some(v + a?)).chain([None]).collect();
    check("value_target", &ask(&of, "value_target", &[]), &target);
    check("return_to_go", &ask(&of, "return_to_go", &[("gamma", 0.5)]), &[Some(0.5), Some(1.0), Some(0.0), None]);
}

#[test]
fn a_cut_episode_bootstraps_from_its_final_observation() {
    let values = [2.0, 4.0, 8.0];
    let fields = |rows: usize| -> [(&str, &[usize], Rows); 3] {
        [
            ("reward", &[], numbers(&[1.0, 1.0])),
            ("value", &[], numbers(&values[..rows])),
            ("truncated", &[], numbers(&[0.0, 1.0])),
        ]
    };
    let (gamma, lambda) = (("gamma", 0.5), ("lambda", 1.0));
    let whole = bench(RunInfo::default(), EpisodeEnd::Truncated, &fields(3));
    check("advantage", &ask(&whole, "advantage", &[gamma, lambda]), &[Some(1.5), Some(1.0), None]);
    check("return", &ask(&whole, "return_to_go", &[gamma]), &[Some(3.5), Some(5.0), None]);
    let bare = bench(RunInfo::default(), EpisodeEnd::Truncated, &fields(2));
    check("advantage, no final value", &ask(&bare, "advantage", &[gamma, lambda]), &[Some(1.0), None]);
    check("return, no final value", &ask(&bare, "return_to_go", &[gamma]), &[Some(3.0), None]);
    let blind = bench(RunInfo::default(), EpisodeEnd::Truncated, &fields(2)[..1]);
    check("return, no critic", &ask(&blind, "return_to_go", &[gamma]), &[Some(1.5), Some(1.0)]);
}

#[test]
fn the_episodes_own_end_serves_where_steps_do_not_say() {
    let fields: [(&str, &[usize], Rows); 2] =
        [("reward", &[], numbers(&[1.0, 1.0])), ("value", &[], numbers(&[2.0, 4.0]))];
    let one = [("gamma", 0.5), ("lambda", 0.0)];
    let of = bench(RunInfo::default(), EpisodeEnd::Terminated, &fields);
    check("terminated", &ask(&of, "advantage", &one), &[Some(1.0), Some(-3.0)]);
    let of = bench(RunInfo::default(), EpisodeEnd::Open, &fields);
    check("open", &ask(&of, "advantage", &one), &[Some(1.0), None]);
}

#[test]
fn an_open_episode_bootstraps_from_its_newest_value() {
    // The policy has spoken of step 2, but nothing came back yet.
    let fields: [(&str, &[usize], Rows); 2] =
        [("reward", &[], gaps(&[Some(1.0), Some(1.0), None])), ("value", &[], numbers(&[2.0, 4.0, 8.0]))];
    let of = bench(RunInfo::default(), EpisodeEnd::Open, &fields);
    check("open", &ask(&of, "td_error", &[("gamma", 0.5)]), &[Some(1.0), Some(1.0), None]);
}

#[test]
fn a_critic_of_actions_has_a_greedy_value_and_a_q_learning_error() {
    let fields: [(&str, &[usize], Rows); 4] = [
        ("reward", &[], gaps(&[Some(1.0), Some(1.0), None])),
        ("action", &[], gaps(&[Some(3.0), Some(4.0), None])),
        ("q_values", &[2], vec![Some(vec![2.0, 4.0]), Some(vec![8.0, 6.0]), Some(vec![0.0, 10.0])]),
        ("truncated", &[], gaps(&[Some(0.0), Some(1.0), None])),
    ];
    let of = bench(discrete(2, 3), EpisodeEnd::Truncated, &fields);
    check("max_q", &ask(&of, "max_q", &[]), &[4.0, 8.0, 10.0].map(Some));
    check("td_error", &ask(&of, "td_error", &[("gamma", 0.5)]), &[Some(3.0), Some(0.0), None]);
    let greedy = ask(&of, "advantage", &[("gamma", 0.5), ("lambda", 0.0)]);
    check("advantage", &greedy, &[Some(1.0), Some(-2.0), None]);
    let found =
        error(&bench(discrete(2, 3), EpisodeEnd::Truncated, &[fields[0].clone(), fields[2].clone()]), "td_error", &[]);
    assert!(found.is_missing_input());
    assert_eq!(
        found.to_string(),
        r#""td_error" cannot be derived in episode 0: it needs action; pass action= to episode.step"#
    );
}

#[test]
fn a_policy_has_probabilities_an_entropy_and_a_confidence() {
    let logits = vec![Some(vec![0.0, 0.0]), None, Some(vec![0.0, f64::NEG_INFINITY]), Some(vec![f64::NAN, 0.0])];
    let fields: [(&str, &[usize], Rows); 2] =
        [("logits", &[2], logits), ("action", &[], numbers(&[2.0, 1.0, 1.0, 1.0]))];
    let of = bench(discrete(2, 1), EpisodeEnd::Open, &fields);
    let ln2 = 2.0_f64.ln();
    let check = |name: &str, expected: &[Option<f64>]| {
        let found = ask(&of, name, &[]);
        let (known, nan) = found.split_at(expected.len());
        check(name, known, expected);
        assert!(nan.iter().all(|value| value.is_some_and(f64::is_nan)), "{name}: NaN is a value, {nan:?}");
    };
    check("action_probabilities", &[Some(0.5), Some(0.5), None, None, Some(1.0), Some(0.0)]);
    check("action_log_probability", &[Some(-ln2), None, Some(0.0)]);
    check("entropy", &[Some(ln2), None, Some(0.0)]);
    check("confidence", &[Some(0.0), None, Some(1.0)]);
}

#[test]
fn logged_probabilities_are_taken_as_they_are() {
    let fields: [(&str, &[usize], Rows); 2] =
        [("action_probabilities", &[2], vec![Some(vec![0.25, 0.75])]), ("action", &[1], numbers(&[0.0]))];
    let of = bench(RunInfo::default(), EpisodeEnd::Open, &fields);
    check("log-probability", &ask(&of, "action_log_probability", &[]), &[Some(0.25_f64.ln())]);
    let expected = -(0.25 * 0.25_f64.ln() + 0.75 * 0.75_f64.ln());
    check("entropy", &ask(&of, "entropy", &[]), &[Some(expected)]);
    let entries = of.0.fields(&of.1.run, 0).expect("entries");
    let probabilities: Vec<_> = entries.iter().filter(|entry| entry.info.name == "action_probabilities").collect();
    assert_eq!(probabilities.iter().map(|entry| entry.origin).collect::<Vec<_>>(), [Origin::Logged]);
}

/// R-4: a `MultiDiscrete` action is several choices, each with probabilities of its own.
#[test]
fn row_r4_multi_discrete_actions_are_choices_side_by_side() {
    let fields: [(&str, &[usize], Rows); 2] =
        [("logits", &[5], vec![Some(vec![0.0; 5])]), ("action", &[2], vec![Some(vec![1.0, 2.0])])];
    let of = bench(multi(&[2, 3]), EpisodeEnd::Open, &fields);
    let third = Some(1.0 / 3.0);
    check("probabilities", &ask(&of, "action_probabilities", &[]), &[Some(0.5), Some(0.5), third, third, third]);
    check("entropy", &ask(&of, "entropy", &[]), &[Some(6.0_f64.ln())]);
    check("confidence", &ask(&of, "confidence", &[]), &[Some(0.0)]);
    check("log-probability", &ask(&of, "action_log_probability", &[]), &[Some(-(6.0_f64.ln()))]);
    let of = bench(multi(&[2, 4]), EpisodeEnd::Open, &fields);
    let found = error(&of, "entropy", &[]);
    assert!(found.is_bad_request());
    let text = r#""entropy" cannot be derived: "logits" expected 6 entries a step, one an action of each choice, found 5 entries a step"#;
    assert_eq!(found.to_string(), text);
    let offered = of.0.fields(&of.1.run, 0).expect("entries");
    assert!(offered.iter().all(|entry| entry.info.name != "entropy"), "not offered where it cannot be had");
}

/// R-4: parts of nested observations and actions are fields by their paths.
/// R-2: the observation and the rendered frame are two fields, and neither stands in for the other.
#[test]
fn row_r2_row_r4_parts_of_an_observation_are_fields_of_their_own() {
    let fields: [(&str, &[usize], Rows); 3] = [
        ("action/0", &[], numbers(&[1.0])),
        ("observation/camera/0", &[2], vec![Some(vec![1.0, 2.0])]),
        ("frame", &[2], vec![Some(vec![7.0, 7.0])]),
    ];
    let of = bench(RunInfo::default(), EpisodeEnd::Open, &fields);
    let entries = of.0.fields(&of.1.run, 0).expect("entries");
    let about = |name: &str| entries.iter().find(|entry| entry.info.name == name).map(|entry| entry.doc);
    assert_eq!(about("observation/camera/0"), Some("what the policy received before the action"));
    assert_eq!(about("action/0"), Some("the action taken"));
    let part = of.0.field(&FieldRequest { name: "observation/camera/0".into(), ..of.1.clone() }).expect("rows");
    assert_eq!(part.column.to_f64(), [1.0, 2.0]);
    assert!(error(&of, "observation", &[]).is_not_found(), "the frame is not the observation");
}

#[test]
fn a_missing_input_is_named_with_how_to_log_it() {
    let of = bench(RunInfo::default(), EpisodeEnd::Open, &[("reward", &[], numbers(&[1.0]))]);
    let check = |name: &str, expected: &str| {
        let found = error(&of, name, &[]);
        assert!(found.is_missing_input(), "{name}");
        assert_eq!(found.to_string(), format!("{name:?} cannot be derived in episode 0: it needs {expected}"));
    };
    check("advantage", "value or max_q; pass value= (or q_values=) to episode.step");
    check(
        "entropy",
        "logits or action_probabilities or action_log_std; pass logits=, action_probabilities= or action_log_std= to episode.step",
    );
    check("max_q", "q_values or q_mean; pass q_values= (or quantiles=, or q_heads=) to episode.step");
}

#[test]
fn parameters_are_checked_and_named() {
    let of = bench(RunInfo::default(), EpisodeEnd::Open, &[("reward", &[], numbers(&[1.0, 3.0]))]);
    let check = |field: &str, params: &[(&str, &str)], expected: &str| {
        let found = error(&of, field, params);
        assert!(found.is_bad_request(), "{found}");
        assert_eq!(found.to_string(), format!("parameter {expected}"));
    };
    check(
        "return_to_go",
        &[("gamma", "1.5")],
        r#""gamma" of "return_to_go": expected a number from 0 to 1, found "1.5""#,
    );
    check(
        "return_to_go",
        &[("gamma", "NaN")],
        r#""gamma" of "return_to_go": expected a number from 0 to 1, found "NaN""#,
    );
    check("return_to_go", &[("lambda", "1")], r#""lambda" of "return_to_go": expected one of gamma, found 1"#);
    check("smooth", &[("method", "x")], r#""method" of "smooth": expected one of ema, rolling, found "x""#);
    check(
        "reward",
        &[("gamma", "1")],
        r#""gamma" of "reward": expected no parameters, for it was logged; ask for derived/reward to derive it, found 1"#,
    );
    let texts = [("gamma".to_owned(), "0.5".into())].into_iter().collect();
    let field = of.0.field(&FieldRequest { name: "return_to_go".into(), params: texts, ..of.1.clone() }).expect("rows");
    assert_eq!(field.column.to_f64(), [2.5, 3.0], "a text that spells a number is one");
}

#[test]
fn any_field_of_one_number_can_be_smoothed() {
    let fields: [(&str, &[usize], Rows); 2] =
        [("reward", &[], numbers(&[0.0, 3.0, 6.0])), ("logits", &[2], vec![Some(vec![0.0; 2]); 3])];
    let of = bench(RunInfo::default(), EpisodeEnd::Open, &fields);
    let ask = |params: &[(&str, &str)]| {
        let params = params.iter().map(|&(name, value)| (name.to_owned(), value.into())).collect();
        of.0.field(&FieldRequest { name: "smooth".into(), params, ..of.1.clone() }).map(|field| field.column.to_f64())
    };
    assert_eq!(ask(&[("weight", "0.5")]).expect("rows")[..2], [0.0, 2.0]);
    assert_eq!(ask(&[("method", "rolling"), ("window", "2")]).expect("rows"), [0.0, 1.5, 4.5]);
    let derived = ask(&[("field", "episode_return"), ("method", "rolling"), ("window", "2")]);
    assert_eq!(derived.expect("rows"), [0.0, 1.5, 6.0]);
    assert!(ask(&[("field", "logits")]).is_err_and(|error| error.is_bad_request()));
    assert!(ask(&[("field", "smooth")]).is_err_and(|error| error.is_missing_input()), "not of itself");
    assert!(ask(&[("field", "nothing")]).is_err_and(|error| error.is_missing_input()));
}

#[test]
fn every_derivation_gives_what_it_announces() {
    let rows = 3;
    let row = |width: usize| vec![Some(vec![0.5; width]); rows];
    let fields: [(&str, &[usize], Rows); 11] = [
        ("reward", &[], row(1)),
        ("value", &[], row(1)),
        ("q_values", &[2], row(2)),
        ("quantiles", &[3, 2], row(6)),
        ("atoms", &[3], row(3)),
        ("atom_probabilities", &[2, 3], row(6)),
        ("q_heads", &[4, 2], row(8)),
        ("q_heads_prior", &[4, 2], row(8)),
        ("action_log_std", &[2], row(2)),
        ("logits", &[2], row(2)),
        ("action", &[], vec![Some(vec![1.0]); rows]),
    ];
    let mut info = discrete(2, 0);
    let groups = vec![ActionGroup { name: "both".into(), actions: vec![0, 1] }];
    info.env.as_mut().expect("an environment").action_groups = groups;
    let of = bench(info, EpisodeEnd::Open, &fields);
    let entries = of.0.fields(&of.1.run, 0).expect("entries");
    let derived: Vec<_> = entries.iter().filter(|entry| entry.origin == Origin::Derived).collect();
    let names: Vec<_> = DERIVATIONS.iter().map(|derivation| derivation.name()).collect();
    let alone = DERIVATIONS.iter().filter(|derivation| derivation.earlier().is_empty());
    let alone: Vec<_> = alone.map(|derivation| derivation.name()).collect();
    assert_eq!(derived.iter().map(|entry| entry.info.name.as_str()).collect::<Vec<_>>(), alone, "no episode is before");
    for entry in derived {
        let field = of.0.field(&FieldRequest { name: entry.info.name.clone(), ..of.1.clone() }).expect("rows");
        assert_eq!(field.column.info, entry.info);
        assert_eq!(field.column.rows(), rows, "{}", entry.info.name);
        assert!(field.column.is_valid(0), "{}", entry.info.name);
    }
    let empty = bench(discrete(2, 0), EpisodeEnd::Open, &[("unrelated", &[], row(1))]);
    assert_eq!(empty.0.fields(&empty.1.run, 0).expect("entries").len(), 1, "only what was logged");
    for name in names {
        assert!(error(&empty, name, &[]).is_missing_input(), "{name}");
    }
}
