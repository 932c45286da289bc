//! Health of a run: what looks wrong about its training, with the numbers that say so and where to look.
//!
//! Each rule is a line of [`HEALTH_RULES`]; `docs/health.md` tells what each means and misses. Its mathematics lies in `ethogram_analysis`.

mod curves;
mod episodes;

use std::collections::BTreeMap;

use ethogram_model::Cancel;
use ethogram_store::Axis;

use crate::events::EVENT_PARAMS;
use crate::param::resolve;
use crate::{Param, ParamKind, Params, Result, RunHandle};

/// A rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HealthRule {
    /// In answers.
    pub name: &'static str,
    /// For people.
    pub title: &'static str,
    /// When it holds.
    pub doc: &'static str,
    /// What to log for it.
    pub needs: &'static str,
}

/// Every rule, in the order that people see.
pub const HEALTH_RULES: &[HealthRule] = &[
    rule("not_finite", "Not a number", "a logged scalar is NaN or infinite", "any scalar"),
    rule(
        "value_explosion",
        "Explosion",
        "a loss, a gradient norm or a value at the end is far above what it was in the beginning",
        "losses, gradient norms, values",
    ),
    rule(
        "kl_spike",
        "KL spike",
        "one update moved the policy much further than those before it",
        "approx_kl, old_approx_kl or kl",
    ),
    rule(
        "entropy_collapse",
        "Entropy collapse",
        "the policy has become nearly certain of every action",
        "entropy or entropy_loss",
    ),
    rule(
        "clip_fraction",
        "Clipped updates",
        "most samples leave the clip range, so that they no longer teach",
        "clipfrac or clip_fraction",
    ),
    rule(
        "critic_blind",
        "Blind critic",
        "the critic explains less of the returns than a constant would",
        "explained_variance",
    ),
    rule(
        "stuck_returns",
        "Stuck returns",
        "the last quarter of the episodes brought no more than the first",
        "episodes",
    ),
    rule(
        "constant_actions",
        "Constant actions",
        "nearly every step of the last recorded episodes has one action",
        "action",
    ),
    rule(
        "clipped_actions",
        "Actions at their bounds",
        "nearly every number of the last recorded actions lies at a bound of the action space",
        "action of a Box space",
    ),
    rule("looping", "Loops", "most steps of the last recorded episodes are in loops", "action and observation"),
    rule(
        "one_source",
        "One reward source",
        "what is gained in the last recorded episodes comes from one reward for one action in one state",
        "reward, action and observation",
    ),
    rule(
        "dead_units",
        "Dormant units",
        "many units of a layer say next to nothing",
        "activations as a tensor, one row an input: run.log({\"activations/LAYER\": h})",
    ),
];

const fn rule(name: &'static str, title: &'static str, doc: &'static str, needs: &'static str) -> HealthRule {
    HealthRule { name, title, doc, needs }
}

/// What can be set about the rules.
pub const HEALTH_PARAMS: &[Param] = &[
    number("explosion", "how many times the median of the first third is an explosion", 100.0, 1.0, 1e9),
    number("kl_factor", "how many times the median of the 50 points before is a spike", 10.0, 1.0, 1e9),
    number("kl_floor", "smallest KL that is a spike, in nats", 0.1, 0.0, 1e9),
    number("entropy_share", "share of the entropy of the first tenth, below which it has collapsed", 0.05, 0.0, 1.0),
    number("clip_share", "share of clipped samples in the last tenth of the updates", 0.5, 0.0, 1.0),
    number("explained", "explained variance in the last tenth, below which the critic is blind", 0.0, -1e9, 1.0),
    number(
        "rise",
        "rise of the returns from the first to the last quarter that is enough, in standard deviations",
        0.1,
        -1e9,
        1e9,
    ),
    number("action_share", "share of the steps, or numbers, that are one action, or at a bound", 0.99, 0.0, 1.0),
    number("loop_steps_share", "share of the steps that are in loops", 0.5, 0.0, 1.0),
    number("dormant_share", "share of units of a layer that are dormant", 0.5, 0.0, 1.0),
    number("dormant_tau", "τ, the score up to which a unit is dormant", 0.025, 0.0, 1.0),
    number("episodes", "recorded episodes at the end that are looked at", 5.0, 1.0, 1_000.0),
];

const fn number(name: &'static str, doc: &'static str, default: f64, min: f64, max: f64) -> Param {
    Param { name, doc, kind: ParamKind::Number { default, min, max } }
}

/// Something that looks wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct HealthFinding {
    /// Name of its rule.
    pub rule: &'static str,
    /// The scalar or tensor that tells, where it is one.
    pub tag: Option<String>,
    /// What indexes it.
    pub axis: Option<Axis>,
    /// The step on that axis at which it first holds.
    pub step: Option<i64>,
    /// The episode to look at, where it is about episodes.
    pub episode: Option<u64>,
    /// Why, in words, with the numbers.
    pub evidence: String,
    /// The numbers of the evidence, by name.
    pub numbers: Vec<(&'static str, f64)>,
}

/// How a run is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Health {
    /// In the order of the rules.
    pub findings: Vec<HealthFinding>,
    /// Rules that had something to look at, with how many curves, layers or episodes.
    pub checked: BTreeMap<&'static str, usize>,
}

impl RunHandle {
    /// What looks wrong about the run. `settings` are of [`HEALTH_PARAMS`].
    ///
    /// # Errors
    /// A setting that is not there, a run that cannot be read; [`ethogram_model::Error::Cancelled`].
    pub fn health(&self, settings: &Params, cancel: &Cancel) -> Result<Health> {
        let settings = resolve("health", HEALTH_PARAMS, settings, None)?;
        let mut health = Health::default();
        let finders = resolve("events", EVENT_PARAMS, &Params::new(), self.info().gamma)?;
        curves::scalars(self, &settings, &mut health, cancel)?;
        curves::returns(self, &settings, &mut health)?;
        curves::activations(self, &settings, &mut health, cancel)?;
        episodes::look(self, &settings, &finders, &mut health, cancel)?;
        let place = |name: &str| HEALTH_RULES.iter().position(|rule| rule.name == name);
        health.findings.sort_by(|a, b| (place(a.rule), a.step, &a.tag).cmp(&(place(b.rule), b.step, &b.tag)));
        Ok(health)
    }
}

impl Health {
    fn checked(&mut self, rule: &'static str) {
        *self.checked.entry(rule).or_default() += 1;
    }
}
