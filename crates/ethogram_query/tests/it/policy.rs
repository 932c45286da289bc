//! What is derived from the policies of distributional, ensemble and Gaussian agents.

use std::sync::Arc;

use ethogram_query::{FieldRequest, Workbench};
use ethogram_store::{ActionGroup, Dtype, EnvSpec, EpisodeEnd, RunInfo, Space};
use serde_json::Value;

use crate::memory::{MemoryRun, Rows, bench_of, numbers};

struct Asked(Workbench, FieldRequest);

fn asked(info: RunInfo, fields: &[(&str, &[usize], Rows)]) -> Asked {
    let run = Arc::new(MemoryRun::with_info(info));
    run.episode(0, EpisodeEnd::Open, fields);
    Asked(bench_of(&run), FieldRequest::all(&run.id(), 0, ""))
}

impl Asked {
    fn request(&self, name: &str, params: &[(&str, f64)]) -> FieldRequest {
        let params = params.iter().map(|&(name, value)| (name.to_owned(), value.into())).collect();
        FieldRequest { name: name.into(), params, ..self.1.clone() }
    }

    /// Shape of a row, and all values.
    fn field(&self, name: &str, params: &[(&str, f64)]) -> (Vec<usize>, Vec<f64>) {
        let field = self.0.field(&self.request(name, params)).unwrap_or_else(|error| panic!("{name}: {error}"));
        (field.column.info.shape.clone(), field.column.to_f64())
    }

    fn error(&self, name: &str) -> String {
        self.0.field(&self.request(name, &[])).expect_err("no answer").to_string()
    }

    fn offers(&self, name: &str) -> bool {
        self.0.fields(&self.1.run, 0).expect("entries").iter().any(|entry| entry.info.name == name)
    }
}

/// Derived fields are stored in single precision: 1e-6 of relative rounding.
fn check(name: &str, found: &(Vec<usize>, Vec<f64>), shape: &[usize], expected: &[f64]) {
    assert_eq!(found.0, shape, "{name}");
    let close = |(found, expected): (&f64, &f64)| {
        (found - expected).abs() <= 1e-6 * expected.abs().max(1.0) || (found.is_nan() && expected.is_nan())
    };
    let same = found.1.len() == expected.len() && found.1.iter().zip(expected).all(close);
    assert!(same, "{name}\nexpected {expected:?}\n   found {:?}", found.1);
}

fn flat(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(parts) => parts.iter().flat_map(flat).collect(),
        other => vec![other.as_f64().expect("a number")],
    }
}

/// B-6: mean, spread and lower tail of a published agent's quantiles are those that NumPy finds.
#[test]
fn row_b6_numbers_of_quantiles_are_numpys() {
    let golden: Value = serde_json::from_str(include_str!("../../testdata/mountaincar_qrdqn.json")).expect("JSON");
    let rows: Rows = golden["quantiles"].as_array().expect("rows").iter().map(|row| Some(flat(row))).collect();
    let of = asked(RunInfo::default(), &[("quantiles", &[25, 3], rows)]);
    let alpha = golden["alpha"].as_f64().expect("a share");
    for (name, params) in [("q_mean", vec![]), ("return_std", vec![]), ("cvar", vec![("alpha", alpha)])] {
        check(name, &of.field(name, &params), &[3], &flat(&golden[name]));
    }
    // The network's own means, in single precision.
    let network = flat(&golden["q_values"]);
    let apart = of.field("q_mean", &[]).1.iter().zip(&network).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(apart < 1e-5, "{apart}");
    check("all of the probability", &of.field("cvar", &[("alpha", 1.0)]), &[3], &flat(&golden["q_mean"]));
    let best: Vec<_> = flat(&golden["q_mean"]).chunks(3).map(|q| q.iter().copied().fold(f64::MIN, f64::max)).collect();
    check("max_q", &of.field("max_q", &[]), &[], &best);
}

/// B-6: a categorical critic, whose atoms are the same for all actions or each action's own.
#[test]
fn row_b6_atoms_under_their_probabilities() {
    let atoms = vec![-1.0, 0.0, 1.0];
    let p = vec![0.2, 0.3, 0.5, 0.0, 1.0, 0.5];
    let common: [(&str, &[usize], Rows); 2] =
        [("atoms", &[3], vec![Some(atoms.clone())]), ("atom_probabilities", &[2, 3], vec![Some(p.clone())])];
    let of = asked(RunInfo::default(), &common);
    check("q_mean", &of.field("q_mean", &[]), &[2], &[0.3, 0.5]);
    check("cvar", &of.field("cvar", &[("alpha", 0.4)]), &[2], &[-0.5, 0.0]);
    check("sum", &of.field("atom_probability_sum", &[]), &[2], &[1.0, 1.5]);
    let own = [atoms.clone(), vec![5.0, 10.0, 20.0]].concat();
    let fields = [("atoms", &[2, 3][..], vec![Some(own)]), common[1].clone()];
    check("own atoms", &asked(RunInfo::default(), &fields).field("q_mean", &[]), &[2], &[0.3, 20.0]);

    let bare = asked(RunInfo::default(), &common[1..]);
    assert!(!bare.offers("q_mean") && bare.offers("atom_probability_sum"));
    let text = r#""cvar" cannot be derived in episode 0: it needs atoms; pass atoms= (K, or A×K) to episode.step"#;
    assert_eq!(bare.error("cvar"), text);
    let short = [("atoms", &[2][..], vec![Some(vec![0.0, 1.0])]), common[1].clone()];
    let found = asked(RunInfo::default(), &short).error("q_mean");
    assert!(found.contains(r#""atoms" expected as many as there are probabilities"#), "{found}");
}

/// B-9: nine heads of an ensemble.
#[test]
fn row_b9_heads_vote_and_disagree() {
    let heads: Vec<f64> = (0..9).flat_map(|k| [if k < 5 { 2.0 } else { 0.0 }, 1.0, f64::from(k)]).collect();
    let priors: Vec<f64> = heads.iter().map(|q| q / 2.0).collect();
    let fields: [(&str, &[usize], Rows); 2] =
        [("q_heads", &[9, 3], vec![Some(heads), None]), ("q_heads_prior", &[9, 3], vec![Some(priors.clone()); 2])];
    let of = asked(RunInfo::default(), &fields);
    let first = |name: &str| {
        let (shape, values) = of.field(name, &[]);
        let width = shape.iter().product::<usize>();
        (shape, values[..width].to_vec())
    };
    // Heads 0 to 2 rate the first action highest (head 2 by being first of equals), the rest the last.
    check("votes", &first("votes"), &[3], &[3.0, 0.0, 6.0]);
    check("disagreement", &first("head_disagreement"), &[], &[1.0 / 3.0]);
    let std = [80_f64.sqrt() / 9.0, 0.0, (60.0_f64 / 9.0).sqrt()];
    check("q_std", &first("q_std"), &[3], &std);
    check("q_std_mean", &first("q_std_mean"), &[], &[std.iter().sum::<f64>() / 3.0]);
    check("q_mean", &first("q_mean"), &[3], &[10.0 / 9.0, 1.0, 4.0]);
    check("learned", &first("q_heads_learned"), &[9, 3], &priors);
    let field = of.0.field(&of.request("votes", &[])).expect("rows");
    assert!(!field.column.is_valid(1), "missing where the heads are");
}

/// B-7: a Gaussian policy.
#[test]
fn row_b7_a_gaussian_policy_has_a_spread_a_density_and_an_entropy() {
    let fields: [(&str, &[usize], Rows); 3] = [
        ("action_mean", &[2], vec![Some(vec![0.5, 0.0])]),
        ("action_log_std", &[2], vec![Some(vec![-1.0, 0.0])]),
        ("action", &[2], vec![Some(vec![1.0, 0.0])]),
    ];
    let of = asked(RunInfo::default(), &fields);
    check("std", &of.field("action_std", &[]), &[2], &[(-1.0_f64).exp(), 1.0]);
    let half_log_2pi = 0.918_938_533_204_672_7;
    check("density", &of.field("action_log_probability", &[]), &[], &[-0.842_570_545_571_003_9 - half_log_2pi]);
    check("entropy", &of.field("entropy", &[]), &[], &[0.418_938_533_204_672_7 + half_log_2pi + 0.5]);
    let common = [fields[0].clone(), ("action_log_std", &[][..], numbers(&[0.0])), fields[2].clone()];
    let density = -0.125 - 2.0 * half_log_2pi;
    check("one std for all", &asked(RunInfo::default(), &common).field("action_log_probability", &[]), &[], &[density]);
    let bare = [fields[0].clone(), fields[2].clone()];
    let of = asked(RunInfo::default(), &bare);
    assert!(!of.offers("action_log_probability"));
    assert!(of.error("action_log_probability").contains("it needs action_log_std"));
}

/// U-16: logits of 1e4 overflow nothing.
#[test]
fn row_u16_large_logits_have_probabilities() {
    let of = asked(RunInfo::default(), &[("logits", &[3], vec![Some(vec![1e4, 1e4 - 1.0, -1e4])])]);
    let e = (-1.0_f64).exp();
    check("softmax", &of.field("action_probabilities", &[]), &[3], &[1.0 / (1.0 + e), e / (1.0 + e), 0.0]);
}

#[test]
fn switches_are_on_with_a_probability_each() {
    let env = EnvSpec { action_space: Some(Space::MultiBinary { shape: vec![2] }), ..EnvSpec::default() };
    let info = RunInfo { env: Some(env), ..RunInfo::default() };
    let of = asked(info, &[("logits", &[2], vec![Some(vec![0.0, 1e4])])]);
    check("switches", &of.field("action_probabilities", &[]), &[2], &[0.5, 1.0]);
}

/// U-21: groups of actions that the run names.
#[test]
fn row_u21_groups_have_the_probability_of_their_actions() {
    let group = |name: &str, actions: &[i64]| ActionGroup { name: name.into(), actions: actions.to_vec() };
    let info = |groups: Vec<ActionGroup>| {
        let action_space = Some(Space::Discrete { n: 3, start: 1, dtype: Dtype::Int64 });
        RunInfo {
            env: Some(EnvSpec { action_space, action_groups: groups, ..EnvSpec::default() }),
            ..RunInfo::default()
        }
    };
    let fields: [(&str, &[usize], Rows); 1] = [("action_probabilities", &[3], vec![Some(vec![0.5, 0.25, 0.25])])];
    let of = asked(info(vec![group("left", &[1, 3]), group("fire", &[2])]), &fields);
    check("groups", &of.field("group_probabilities", &[]), &[2], &[0.75, 0.25]);
    assert!(!asked(info(vec![]), &fields).offers("group_probabilities"));
    let beyond = asked(info(vec![group("x", &[4])]), &fields);
    assert!(beyond.error("group_probabilities").contains("action_groups, of actions among the 3"));
}

#[test]
fn extents_are_of_finite_values_of_all_rows() {
    let rows = vec![Some(vec![1.0, f64::NAN]), None, Some(vec![-2.0, f64::INFINITY]), Some(vec![0.5, f64::NAN])];
    let of = asked(RunInfo::default(), &[("x", &[2], rows)]);
    let handle = of.0.run(&of.1.run.0).expect("the run");
    let extents = handle.extents(0, "x", &ethogram_query::Params::new()).expect("extents");
    assert_eq!((extents.low[0], extents.high[0]), (-2.0, 1.0));
    assert!(extents.low[1].is_nan() && extents.high[1].is_nan(), "no finite value");
}
