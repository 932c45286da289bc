//! Events: moments of recorded episodes that are worth a look, found in what was logged.
//!
//! Each kind is a line of [`EVENT_KINDS`]; its mathematics lies in `ethogram_analysis`, which fields it takes in `find.rs`.

mod find;
mod kept;
mod ranked;
mod rows;

use std::collections::BTreeMap;

use ethogram_model::Cancel;

use crate::param::{GAMMA, LAMBDA, resolve};
use crate::{Error, Param, ParamKind, Params, Result, RunHandle};

pub(crate) use find::{loops_of, short};
pub(crate) use kept::Found;
pub use ranked::{EVENTS_TOP_DEFAULT, EVENTS_TOP_MAX, EventsRequest, RankedEvents};
pub(crate) use rows::Rows;

/// A kind of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventKind {
    /// In addresses.
    pub name: &'static str,
    /// For people.
    pub title: &'static str,
    /// What is found, and by what rule.
    pub doc: &'static str,
    /// Of [`Event::value`].
    pub unit: &'static str,
    /// Found only when it is named, for networks have to be asked.
    pub on_request: bool,
}

/// Every kind, in the order that people see.
pub const EVENT_KINDS: &[EventKind] = &[
    EventKind {
        name: "loop",
        title: "Loop",
        doc: "the same actions over and over, in states that come back with them",
        unit: "times",
        on_request: false,
    },
    EventKind {
        name: "state_revisits",
        title: "State revisits",
        doc: "nearly all steps are at states that were met and left before",
        unit: "of the steps",
        on_request: false,
    },
    EventKind {
        name: "cyclic_reward",
        title: "Cyclic reward",
        doc: "the same rewards after the same numbers of steps, over and over",
        unit: "times",
        on_request: false,
    },
    EventKind {
        name: "one_reward_source",
        title: "One reward source",
        doc: "most of what is gained comes from one reward, for one action in one state",
        unit: "of the gain",
        on_request: false,
    },
    EventKind {
        name: "high_advantage",
        title: "High advantage",
        doc: "the step of an episode that turned out better than the critic expected by most; one an episode, above 0",
        unit: "return",
        on_request: false,
    },
    EventKind {
        name: "low_advantage",
        title: "Low advantage",
        doc: "the step of an episode that turned out worse than the critic expected by most: an unexpected failure; one an episode, below 0",
        unit: "return",
        on_request: false,
    },
    EventKind {
        name: "value_surprise",
        title: "Value surprise",
        doc: "steps whose TD error lies far from those of the rest of the episode",
        unit: "return",
        on_request: false,
    },
    EventKind {
        name: "low_confidence",
        title: "Lowest confidence",
        doc: "the step of an episode at which the policy was least decided; one an episode",
        unit: "confidence",
        on_request: false,
    },
    EventKind {
        name: "policy_shift",
        title: "Policy shift",
        doc: "the step of an episode at which the policy is farthest from its mean over the recorded episode before; one an episode",
        unit: "bits",
        on_request: false,
    },
    EventKind {
        name: "head_disagreement",
        title: "Heads disagree",
        doc: "the step of an episode at which most heads of an ensemble would not take the action that has the most votes; one an episode",
        unit: "of the heads",
        on_request: false,
    },
    EventKind {
        name: "checkpoint_disagreement",
        title: "Checkpoints disagree",
        doc: "the step of an episode about which the run's checkpoints are farthest apart; one an episode, of evenly spread steps",
        unit: "nats, or share of pairs",
        on_request: true,
    },
];

/// What can be set about the finders.
pub const EVENT_PARAMS: &[Param] = &[
    GAMMA,
    LAMBDA,
    number("z", "smallest modified z-score of a value surprise", 3.5, 0.5, 1_000.0),
    number("surprises", "most value surprises of one episode", 3.0, 1.0, 100.0),
    number(
        "tolerance",
        "largest difference of near states, a share of how far each number reaches over the episode",
        0.02,
        0.0,
        1.0,
    ),
    number("period_max", "longest period of a loop, in steps", 256.0, 1.0, 4_096.0),
    number("repeats_min", "fewest times that a loop, or a cycle of rewards, is gone through", 4.0, 2.0, 1_000.0),
    number("loop_steps", "fewest steps of a loop", 24.0, 2.0, 100_000.0),
    number(
        "loop_share",
        "smallest share of the episode that a loop takes; 500 steps are enough in any",
        0.25,
        0.0,
        1.0,
    ),
    number("revisit_share", "smallest share of steps at states met before", 0.9, 0.0, 1.0),
    number("source_share", "smallest share of the gain that comes from one source", 0.8, 0.0, 1.0),
    number("source_rewards", "fewest rewards of one source", 8.0, 1.0, 100_000.0),
    number("places", "steps of an episode about which checkpoints are asked", 50.0, 1.0, 1_000.0),
];

const fn number(name: &'static str, doc: &'static str, default: f64, min: f64, max: f64) -> Param {
    Param { name, doc, kind: ParamKind::Number { default, min, max } }
}

/// A moment that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Name of its kind.
    pub kind: &'static str,
    /// Index of the episode.
    pub episode: u64,
    /// Where to look first.
    pub step: u64,
    /// First step of the stretch that it is about; that of `step` where it is about one.
    pub from: u64,
    /// One beyond its last.
    pub to: u64,
    /// The number that was found, in the unit of its kind.
    pub value: f64,
    /// How pronounced it is, from 0 to 1; comparable within a kind.
    pub score: f64,
    /// Place among all of its kind in the answer, from 1.
    pub rank: usize,
    /// Why, in words, with the numbers.
    pub evidence: String,
    /// The numbers of the evidence, by name.
    pub numbers: Vec<(&'static str, f64)>,
}

/// Events of one episode, or of some.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EpisodeEvents {
    /// By kind, the most pronounced of each first.
    pub events: Vec<Event>,
    /// Kinds that could not be looked for, with what to log.
    pub missing: BTreeMap<&'static str, String>,
}

/// The kinds of these names; without any, all that are not [`EventKind::on_request`].
pub(crate) fn kinds(names: &[String]) -> Result<Vec<&'static EventKind>> {
    if names.is_empty() {
        return Ok(EVENT_KINDS.iter().filter(|kind| !kind.on_request).collect());
    }
    if let Some(unknown) = names.iter().find(|name| EVENT_KINDS.iter().all(|kind| kind.name != **name)) {
        let known: Vec<_> = EVENT_KINDS.iter().map(|kind| kind.name).collect();
        return Err(Error::BadParam {
            field: "events".into(),
            param: "kinds".into(),
            expected: format!("some of {}", known.join(", ")),
            found: format!("{:?}", unknown.chars().take(64).collect::<String>()),
        });
    }
    Ok(EVENT_KINDS.iter().filter(|kind| names.iter().any(|name| name == kind.name)).collect())
}

impl RunHandle {
    /// Events of one recorded episode: those of `names`, or all that need no network. `settings` are of [`EVENT_PARAMS`].
    ///
    /// # Errors
    /// A kind or setting that is not there, an episode that is not, a run that cannot be read; [`ethogram_model::Error::Cancelled`].
    /// What was not logged is told in [`EpisodeEvents::missing`].
    pub fn episode_events(
        &self,
        episode: u64,
        names: &[String],
        settings: &Params,
        cancel: &Cancel,
    ) -> Result<EpisodeEvents> {
        let kinds = kinds(names)?;
        let settings = resolve("events", EVENT_PARAMS, settings, self.info().gamma)?;
        self.episode(episode)?;
        let mut found = EpisodeEvents::default();
        for one in self.found().of(self, episode, &kinds, &settings, cancel)? {
            found.missing.extend(one.missing.iter().map(|(kind, why)| (*kind, why.clone())));
            found
                .events
                .extend(one.events.iter().enumerate().map(|(at, event)| Event { rank: at + 1, ..event.clone() }));
        }
        Ok(found)
    }
}
