//! Laws that hold whatever was logged, in whatever order.

use std::sync::Arc;

use ethogram_analysis::{Rollout, cumulative_sum, gae};
use ethogram_query::{FieldRequest, Params};
use ethogram_store::{Axis, EpisodeEnd};
use proptest::prelude::*;

use crate::memory::{MemoryRun, bench_of, gaps};

/// What happens to a run while somebody looks on.
#[derive(Clone, Debug)]
enum Event {
    /// An episode gets these rewards and values, replacing those it had.
    Log {
        episode: u64,
        rewards: Vec<Option<f64>>,
        values: Vec<Option<f64>>,
    },
    /// Something else grows.
    Grow,
    Refresh,
    /// Rows of advantage are asked for.
    Ask {
        episode: u64,
        gamma: f64,
        start: u64,
        rows: u64,
    },
}

fn event() -> impl Strategy<Value = Event> {
    let numbers = || prop::collection::vec(prop::option::weighted(0.9, -10.0..10.0), 0..12);
    let discount = prop_oneof![Just(0.5), Just(0.9), 0.0..1.0];
    prop_oneof![
        (0_u64..3, numbers(), numbers()).prop_map(|(episode, rewards, values)| Event::Log { episode, rewards, values }),
        Just(Event::Grow),
        Just(Event::Refresh),
        (0_u64..3, discount, 0_u64..14, 0_u64..14).prop_map(|(episode, gamma, start, rows)| Event::Ask {
            episode,
            gamma,
            start,
            rows
        }),
    ]
}

/// The advantages of one episode that goes on, straight from the definition of its rows.
fn advantages(rewards: &[Option<f64>], values: &[Option<f64>], gamma: f64) -> Vec<Option<f64>> {
    let count = rewards.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
    let value = |t: usize| values.get(t).copied().flatten();
    let never = vec![false; count];
    let rollout = Rollout {
        rewards: &rewards[..count],
        values: &(0..count).map(value).collect::<Vec<_>>(),
        terminated: &never,
        truncated: &never,
        final_value: value(count),
    };
    let mut rows = gae(&rollout, gamma, 0.95).expect("advantages");
    rows.resize(rewards.len().max(values.len()), None);
    rows
}

proptest! {
    /// The cache is never seen: whatever was asked before, the answer is that of the data of the last refresh, cut to the range.
    #[test]
    fn answers_are_those_of_the_last_refresh(events in prop::collection::vec(event(), 1..60)) {
        let run = Arc::new(MemoryRun::new("a"));
        let bench = bench_of(&run);
        let mut logged = vec![None; 3];
        let mut seen = logged.clone();
        for event in events {
            match event {
                Event::Log { episode, rewards, values } => {
                    let fields = [("reward", &[][..], gaps(&rewards)), ("value", &[][..], gaps(&values))];
                    run.episode(episode, EpisodeEnd::Open, &fields);
                    logged[episode as usize] = Some((rewards, values));
                }
                Event::Grow => run.scalar(Axis::GlobalStep, "loss", 0, 0.0),
                Event::Refresh => {
                    bench.refresh();
                    seen.clone_from(&logged);
                }
                Event::Ask { episode, gamma, start, rows } => {
                    let params: Params = [("gamma".to_owned(), gamma.into())].into_iter().collect();
                    let range = start..start + rows;
                    let request = FieldRequest { params, range, ..FieldRequest::all(&run.id(), episode, "advantage") };
                    let answer = bench.field(&request);
                    let Some((rewards, values)) = &seen[episode as usize] else {
                        prop_assert!(answer.is_err());
                        continue;
                    };
                    let column = &answer.expect("rows").column;
                    let all = advantages(rewards, values, gamma);
                    let cut = |at: u64| (at as usize).min(all.len());
                    let expected = &all[cut(start)..cut(start + rows)];
                    let found: Vec<_> =
                        column.to_f64().into_iter().enumerate().map(|(i, value)| column.is_valid(i).then_some(value)).collect();
                    let expected: Vec<_> = expected.iter().map(|row| row.map(|value| f64::from(value as f32))).collect();
                    prop_assert_eq!(found, expected);
                }
            }
        }
    }

    /// Asking for a part gives that part of the whole, for logged and derived fields alike.
    #[test]
    fn a_part_is_a_part_of_the_whole(rewards in prop::collection::vec(prop::option::weighted(0.9, -10.0..10.0), 1..30), start in 0_u64..40, rows in 0_u64..40) {
        let run = Arc::new(MemoryRun::new("a"));
        run.episode(0, EpisodeEnd::Open, &[("reward", &[][..], gaps(&rewards))]);
        let bench = bench_of(&run);
        for name in ["reward", "episode_return", "smooth"] {
            let whole = &bench.field(&FieldRequest::all(&run.id(), 0, name)).expect("rows").column;
            let request = FieldRequest { range: start..start + rows, ..FieldRequest::all(&run.id(), 0, name) };
            let part = &bench.field(&request).expect("rows").column;
            let expected = (start as usize).min(rewards.len())..((start + rows) as usize).min(rewards.len());
            prop_assert_eq!(part.rows(), expected.len());
            for (i, at) in expected.enumerate() {
                prop_assert_eq!(part.is_valid(i), whole.is_valid(at), "{} at {}", name, at);
                prop_assert!(!part.is_valid(i) || part.to_f64()[i].to_bits() == whole.to_f64()[at].to_bits());
            }
        }
    }

    #[test]
    fn the_sum_so_far_is_that_of_the_rewards(rewards in prop::collection::vec(prop::option::weighted(0.95, -10.0..10.0), 1..30)) {
        let run = Arc::new(MemoryRun::new("a"));
        run.episode(0, EpisodeEnd::Open, &[("reward", &[][..], gaps(&rewards))]);
        let column = &bench_of(&run).field(&FieldRequest::all(&run.id(), 0, "episode_return")).expect("rows").column;
        for (t, expected) in cumulative_sum(&rewards).into_iter().enumerate() {
            prop_assert_eq!(column.is_valid(t), expected.is_some());
            prop_assert!(expected.is_none_or(|expected| (column.to_f64()[t] - expected).abs() < 1e-4));
        }
    }
}
