//! Events that are found by themselves, health, and how the policy moved.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ethogram_query::{Cancel, EVENT_KINDS, EventsRequest, HEALTH_RULES, Params, RunHandle, Workbench};
use ethogram_store::{Axis, EpisodeEnd};

use crate::memory::{MemoryRun, Rows, bench_of, numbers};

/// A number from 0 to 1 that looks like chance.
fn noise(at: usize) -> f64 {
    let mut x = (at as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    x ^= x >> 31;
    x = x.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    (x >> 40) as f64 / (1_u64 << 24) as f64
}

fn vectors(of: impl Fn(usize) -> Vec<f64>, count: usize) -> Rows {
    (0..count).map(|at| Some(of(at))).collect()
}

/// 200 steps: of an agent that runs in a circle of four, or of one that walks on.
fn walk(run: &MemoryRun, episode: u64, looping: bool) {
    let seed = episode as usize * 1_000;
    let place = |at: usize| if looping { (at % 4) as f64 } else { at as f64 + noise(seed + at) };
    let action = |at: usize| if looping { at % 4 } else { (noise(seed + 500 + at) * 4.0) as usize };
    let reward = |at: usize| if looping { f64::from(at % 4 == 3) } else { f64::from(noise(seed + at) < 0.1) };
    let list = |of: &dyn Fn(usize) -> f64| numbers(&(0..200).map(of).collect::<Vec<_>>());
    let value = |at: usize| if at == 50 { 40.0 } else { 1.0 };
    let turn = if looping { 0.1 } else { 0.4 };
    run.episode(
        episode,
        EpisodeEnd::Terminated,
        &[
            ("observation", &[2], vectors(|at| vec![place(at), place(at).sin()], 200)),
            ("action", &[], list(&|at| action(at) as f64)),
            ("reward", &[], list(&reward)),
            ("value", &[], list(&value)),
            ("action_probabilities", &[2], vectors(|_| vec![1.0 - turn, turn], 200)),
        ],
    );
}

fn opened(run: &Arc<MemoryRun>) -> (Workbench, Arc<RunHandle>) {
    let bench = bench_of(run);
    let handle = bench.run(&run.id().0).expect("the run");
    (bench, handle)
}

fn found(handle: &RunHandle, kinds: &[&str]) -> ethogram_query::RankedEvents {
    let kinds = kinds.iter().map(|kind| (*kind).to_owned()).collect();
    let request = EventsRequest { kinds, ..EventsRequest::default() };
    handle.events(&request, &Cancel::default(), &|_, _| ()).expect("events")
}

/// B-12: the planted loop is flagged by every sign of one, and the agent that walks on by none.
#[test]
fn row_b12_the_looping_agent_is_told_from_the_other() {
    let run = Arc::new(MemoryRun::new("loops"));
    walk(&run, 0, false);
    walk(&run, 1, true);
    let (_bench, handle) = opened(&run);
    let signs = ["loop", "state_revisits", "cyclic_reward", "one_reward_source"];
    let events = found(&handle, &signs).events;
    assert_eq!(events.iter().map(|event| event.kind).collect::<Vec<_>>(), signs);
    assert!(events.iter().all(|event| event.episode == 1 && event.rank == 1), "{events:#?}");
    let one = &events[0];
    assert_eq!((one.from, one.to), (0, 200));
    assert!(
        one.evidence.starts_with("0 1 2 3 again and again: 4 steps long, 50.0 times, 200 of 200 steps"),
        "{}",
        one.evidence
    );
    assert!(one.numbers.contains(&("reward_per_cycle", 1.0)), "{:?}", one.numbers);
    let health = handle.health(&Params::new(), &Cancel::default()).expect("health");
    let looping = health.findings.iter().find(|finding| finding.rule == "looping").expect("half of the steps");
    assert_eq!(looping.episode, Some(1));
}

/// U-4: one high and one low bookmark an episode, by the field `advantage`.
#[test]
fn row_u4_bookmarks_are_one_an_episode_and_sign() {
    let run = Arc::new(MemoryRun::new("bookmarks"));
    for episode in 0..20 {
        walk(&run, episode, episode % 2 == 0);
    }
    let (_bench, handle) = opened(&run);
    for (kind, sign) in [("high_advantage", 1.0), ("low_advantage", -1.0)] {
        let found = found(&handle, &[kind]);
        assert_eq!((found.events.len(), found.counts[kind]), (16, 20), "the 16 best of 20");
        let mut episodes: Vec<u64> = found.events.iter().map(|event| event.episode).collect();
        episodes.sort_unstable();
        episodes.dedup();
        assert_eq!(episodes.len(), 16, "one an episode");
        assert!(found.events.windows(2).all(|pair| pair[0].value * sign >= pair[1].value * sign), "sorted");
        for event in &found.events {
            let field = handle.field(event.episode, "advantage", &Params::new(), 0..u64::MAX).expect("advantages");
            let values = field.column.to_f64();
            let best = values.iter().map(|value| value * sign).fold(f64::NEG_INFINITY, f64::max);
            assert!((values[event.step as usize] * sign - best).abs() < 1e-6 && event.value * sign > 0.0);
        }
    }
}

/// D-3: the field is taken from the recorded episode before, and an episode that has none says so.
#[test]
fn row_d3_action_divergence_is_of_the_episode_before() {
    let run = Arc::new(MemoryRun::new("divergence"));
    walk(&run, 0, true);
    run.episode(1, EpisodeEnd::Terminated, &[]);
    walk(&run, 2, false);
    let (_bench, handle) = opened(&run);
    let offers = |episode| {
        let entries = handle.fields(episode).expect("fields");
        entries.iter().any(|entry| entry.info.name == "action_divergence")
    };
    assert!(!offers(0) && offers(2));
    let of = |params: &[(&str, &str)]| {
        let params: Params = params.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
        handle.field(2, "action_divergence", &params, 0..u64::MAX).expect("a field").column.to_f64()[0]
    };
    // p = (0.6, 0.4), q = (0.9, 0.1) with ε = 1e-4 added and scaled.
    let q = [(0.9 + 1e-4) / 1.0002, (0.1 + 1e-4) / 1.0002];
    let bits = 0.6 * (0.6_f64 / q[0]).log2() + 0.4 * (0.4_f64 / q[1]).log2();
    assert!((of(&[]) - bits).abs() < 1e-6);
    assert!((of(&[("base", "e")]) - bits * std::f64::consts::LN_2).abs() < 1e-6);
    assert!(of(&[("direction", "symmetric")]) > of(&[("direction", "reverse")]));
    let error = handle.field(0, "action_divergence", &Params::new(), 0..u64::MAX).expect_err("none before");
    assert!(error.to_string().contains("in a recorded episode before it"), "{error}");
    let all = handle.policy_divergence(&Params::new(), &Cancel::default()).expect("divergences");
    assert_eq!(all.iter().map(|one| (one.episode, one.mean.is_some())).collect::<Vec<_>>(), [(0, false), (2, true)]);
    assert!((all[1].sum.expect("a sum") - 200.0 * bits).abs() < 1e-3);
}

#[test]
fn an_episode_far_out_is_looked_before_at_once() {
    let run = Arc::new(MemoryRun::new("far"));
    run.episode(1 << 50, EpisodeEnd::Terminated, &[]);
    let (_bench, handle) = opened(&run);
    // Nothing was recorded before it: every index down to the first is looked at, in few looks.
    assert!(!handle.fields(1 << 50).expect("fields").iter().any(|entry| entry.info.name == "action_divergence"));
}

/// N-15: unexpected failures and value errors come by themselves, with the step and the numbers.
#[test]
fn row_n15_a_value_error_is_found_at_its_step() {
    let run = Arc::new(MemoryRun::new("surprise"));
    walk(&run, 0, false);
    let (_bench, handle) = opened(&run);
    let surprises = found(&handle, &["value_surprise"]).events;
    // The critic jumps to 40 at step 50: the error of step 49 is about 39 γ, that of 50 about −39.
    assert!(surprises.iter().any(|event| event.step == 49 || event.step == 50), "{surprises:?}");
    let low = &found(&handle, &["low_advantage"]).events[0];
    assert_eq!(low.step, 50);
    assert!(low.evidence.starts_with("advantage −"), "the sign that pages write: {}", low.evidence);
}

#[test]
fn what_was_not_logged_is_told_and_the_rest_is_found() {
    let run = Arc::new(MemoryRun::new("bare"));
    run.episode(0, EpisodeEnd::Terminated, &[("reward", &[], numbers(&[0.0, 1.0, 0.0]))]);
    run.episode(1, EpisodeEnd::Terminated, &[]);
    let (_bench, handle) = opened(&run);
    let found = found(&handle, &[]);
    assert_eq!((found.done, found.episodes, found.events.len()), (1, 1, 0));
    assert!(found.missing["loop"].contains("pass action="), "{:?}", found.missing);
    assert!(found.missing["high_advantage"].contains("value"), "{:?}", found.missing);
    assert!(!found.missing.contains_key("cyclic_reward"));
    let error = handle.episode_events(0, &["lop".into()], &Params::new(), &Cancel::default()).expect_err("no kind");
    assert!(error.to_string().contains("expected some of loop,"), "{error}");
    assert!(handle.episode_events(7, &[], &Params::new(), &Cancel::default()).expect_err("none").is_not_found());
}

#[test]
fn the_reason_of_a_kind_is_that_of_the_lowest_episode_whatever_was_looked_at_first() {
    for _ in 0..20 {
        let run = Arc::new(MemoryRun::new("lacking"));
        for episode in 3..40 {
            run.episode(episode, EpisodeEnd::Terminated, &[("reward", &[], numbers(&[0.0, 1.0]))]);
        }
        let (_bench, handle) = opened(&run);
        let why = found(&handle, &["loop"]).missing["loop"].clone();
        assert!(why.contains("episode 3:") || why.contains("episode 3 "), "{why}");
    }
}

#[test]
fn a_deadline_answers_in_part_and_asking_again_goes_on() {
    let run = Arc::new(MemoryRun::new("long"));
    for episode in 0..12 {
        walk(&run, episode, episode == 11);
    }
    let (bench, handle) = opened(&run);
    let ask = |deadline| {
        let request = EventsRequest { deadline, ..EventsRequest::default() };
        handle.events(&request, &Cancel::default(), &|_, _| ()).expect("events")
    };
    let part = ask(Some(Instant::now()));
    assert!(part.done >= 1 && part.done < 12, "{}", part.done);
    assert_eq!(ask(Some(Instant::now() + Duration::from_mins(1))).done, 12);
    let reads = run.reads.load(std::sync::atomic::Ordering::SeqCst);
    assert_eq!(ask(None).done, 12);
    assert_eq!(run.reads.load(std::sync::atomic::Ordering::SeqCst), reads, "it was kept");
    walk(&run, 12, true);
    bench.refresh();
    assert_eq!(ask(None).episodes, 13, "and found anew when the run grew");
    let cancel = Cancel::default();
    cancel.cancel();
    walk(&run, 13, true);
    bench.refresh();
    assert!(handle.events(&EventsRequest::default(), &cancel, &|_, _| ()).is_err());
}

#[test]
fn each_rule_of_health_has_its_planted_fault() {
    let run = Arc::new(MemoryRun::new("ill"));
    for step in 0..200_i64 {
        let late = step > 120;
        for (tag, value) in [
            ("losses/entropy", if late { 0.001 } else { 1.0 }),
            ("losses/value_loss", if late { 1e4 } else { 0.5 }),
            ("losses/approx_kl", if step == 150 { 3.0 } else { 0.01 }),
            ("losses/old_approx_kl", 0.01),
            ("losses/clipfrac", if late { 0.8 } else { 0.1 }),
            ("losses/explained_variance", if late { -0.5 } else { 0.5 }),
            ("charts/odd", if step == 7 { f64::NAN } else { 1.0 }),
        ] {
            run.scalar(Axis::GlobalStep, tag, step * 10, value);
        }
    }
    for episode in 0..120 {
        run.episode(episode, EpisodeEnd::Terminated, &[]);
    }
    let (_bench, handle) = opened(&run);
    let health = handle.health(&Params::new(), &Cancel::default()).expect("health");
    let told: Vec<_> = health
        .findings
        .iter()
        .map(|one| (one.rule, one.tag.as_deref().unwrap_or(""), one.step.unwrap_or(-1)))
        .collect();
    assert_eq!(
        told,
        [
            ("not_finite", "charts/odd", 70),
            ("value_explosion", "losses/value_loss", 1210),
            ("kl_spike", "losses/approx_kl", 1500),
            ("entropy_collapse", "losses/entropy", 1210),
            ("clip_fraction", "losses/clipfrac", 1990),
            ("critic_blind", "losses/explained_variance", 1990),
        ]
    );
    assert_eq!(health.checked["kl_spike"], 2, "k1 and k3 are looked at on their own");
    assert_eq!(health.checked["stuck_returns"], 1);
    assert!(health.findings.iter().all(|one| HEALTH_RULES.iter().any(|rule| rule.name == one.rule)));
    let calm: Params = [("kl_factor".to_owned(), 1e6.into())].into();
    let calm = handle.health(&calm, &Cancel::default()).expect("health");
    assert!(calm.findings.iter().all(|one| one.rule != "kl_spike"), "its limits can be set");
    let wrong: Params = [("kl".to_owned(), 1.0.into())].into();
    assert!(
        handle.health(&wrong, &Cancel::default()).expect_err("no setting").to_string().contains("one of explosion")
    );
}

#[test]
fn kinds_have_names_of_their_own() {
    let mut names: Vec<_> = EVENT_KINDS.iter().map(|kind| kind.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), EVENT_KINDS.len());
}
