//! One finder a kind: which fields it takes, and how what it finds is said.

use std::fmt::Write as _;

use ethogram_analysis::{
    ActionLoop, LoopParams, OutlierParams, States, action_loops, bookmark, outliers, revisits, reward_cycle,
    reward_source,
};
use ethogram_model::Cancel;

use super::rows::{Rows, missing, numbers};
use super::{Event, EventKind};
use crate::explanation::WhichCheckpoints;
use crate::param::number;
use crate::{DisagreementRequest, Params, Result, RunHandle};

/// Actions of a loop that are written out.
const ACTIONS_TOLD: usize = 12;

/// What the finders of one episode share: its rows, read when the first asks.
pub(super) struct Finder<'a> {
    pub run: &'a RunHandle,
    pub episode: u64,
    /// Resolved.
    pub settings: &'a Params,
    pub cancel: &'a Cancel,
    pub rows: std::cell::OnceCell<Rows>,
}

impl Finder<'_> {
    /// All of one kind, the most pronounced first.
    pub fn find(&self, kind: &EventKind) -> Result<Vec<Event>> {
        match kind.name {
            "loop" => self.loops(),
            "state_revisits" => self.state_revisits(),
            "cyclic_reward" => self.cyclic_reward(),
            "one_reward_source" => self.one_reward_source(),
            "high_advantage" => self.advantage("high_advantage", 1.0),
            "low_advantage" => self.advantage("low_advantage", -1.0),
            "value_surprise" => self.value_surprise(),
            "low_confidence" => self.low_confidence(),
            "policy_shift" => {
                self.most("policy_shift", "action_divergence", "bits from its mean over the episode before")
            }
            "head_disagreement" => self.most(
                "head_disagreement",
                "head_disagreement",
                "of the heads would not take the action with the most votes",
            ),
            "checkpoint_disagreement" => self.checkpoint_disagreement(),
            other => unreachable!("kind {other} has no finder"),
        }
    }

    fn set(&self, name: &str) -> f64 {
        number(self.settings, name)
    }

    fn event(&self, kind: &'static str, at: usize, range: std::ops::Range<usize>, value: f64, score: f64) -> Event {
        Event {
            kind,
            episode: self.episode,
            step: at as u64,
            from: range.start as u64,
            to: range.end as u64,
            value,
            score: if score.is_finite() { score.clamp(0.0, 1.0) } else { 0.0 },
            rank: 0,
            evidence: String::new(),
            numbers: vec![],
        }
    }

    fn field(&self, name: &str, params: &[&str]) -> Result<Vec<Option<f64>>> {
        let params: Params =
            params.iter().filter_map(|name| Some(((*name).to_owned(), self.settings.get(*name)?.clone()))).collect();
        // A logged advantage is what the learner used; it takes no parameters.
        let params = if self.run.source().step_fields(self.episode)?.iter().any(|field| field.name == name) {
            Params::new()
        } else {
            params
        };
        Ok(numbers(&self.run.field(self.episode, name, &params, 0..u64::MAX)?.column))
    }

    fn rows(&self) -> Result<&Rows> {
        if self.rows.get().is_none() {
            let rows = Rows::read(self.run, self.episode, self.set("tolerance"))?;
            let _ = self.rows.set(rows);
        }
        self.rows.get().ok_or_else(|| missing(self.episode, "action", "pass action= to episode.step"))
    }

    fn loops(&self) -> Result<Vec<Event>> {
        let rows = self.rows()?;
        let found = loops_of(rows, self.settings);
        let mut events = Vec::new();
        for one in &found.loops {
            let share = one.steps() as f64 / found.steps.max(1) as f64;
            let rewards: f64 = rows.rewards[one.start..one.end].iter().flatten().sum();
            let mut event = self.event("loop", one.start, one.start..one.end, one.repeats(), share);
            event.numbers = vec![
                ("period", one.period as f64),
                ("repeats", one.repeats()),
                ("steps", one.steps() as f64),
                ("share", share),
                ("apart", one.apart),
                ("reward_per_cycle", rewards / one.repeats()),
            ];
            let mut words = format!(
                "{} again and again: {} steps long, {:.1} times, {} of {} steps",
                self.actions_told(one),
                one.period,
                one.repeats(),
                one.steps(),
                found.steps
            );
            let _ = match &rows.states {
                States::Unknown => write!(words, "; no observation was logged, so the actions alone say so"),
                States::Exact(_) => write!(words, "; the observations are equal each time"),
                States::Near { .. } => {
                    write!(
                        words,
                        "; no number of the observations is off by more than {:.1} % of its reach",
                        100.0 * one.apart
                    )
                }
            };
            let _ = write!(words, "; {} of reward each time", short(rewards / one.repeats()));
            event.evidence = words;
            events.push(event);
        }
        Ok(events)
    }

    /// The actions of one time through, by name where the environment has names.
    fn actions_told(&self, one: &ActionLoop) -> String {
        let told = one.period.min(ACTIONS_TOLD);
        let range = one.start as u64..(one.start + told) as u64;
        let Ok(column) = self.run.source().steps(self.episode, "action", range) else { return "the same".into() };
        let names = self.run.info().env.as_ref().map(|env| env.action_meanings.clone()).unwrap_or_default();
        let width = column.info.shape.iter().product::<usize>().max(1);
        let text = |row: &[f64]| -> String {
            match row {
                [one] => {
                    match names.get(*one as usize).filter(|name| !name.is_empty() && one.fract() == 0.0 && *one >= 0.0)
                    {
                        Some(name) => name.clone(),
                        None => short(*one),
                    }
                }
                several => format!("({})", several.iter().map(|value| short(*value)).collect::<Vec<_>>().join(", ")),
            }
        };
        let words: Vec<String> = column.to_f64().chunks_exact(width).take(told).map(text).collect();
        format!("{}{}", words.join(" "), if one.period > told { " …" } else { "" })
    }

    fn state_revisits(&self) -> Result<Vec<Event>> {
        let rows = self.rows()?;
        if rows.states.is_empty() {
            return Err(missing(self.episode, "observation", "pass observation= to episode.step"));
        }
        let Some(found) = revisits(&rows.states) else { return Ok(vec![]) };
        let share = found.revisits as f64 / found.steps.max(1) as f64;
        if share < self.set("revisit_share") || found.steps < self.set("loop_steps") as usize {
            return Ok(vec![]);
        }
        let mut event = self.event("state_revisits", found.favourite, found.first..found.end, share, share);
        event.numbers = vec![
            ("revisits", found.revisits as f64),
            ("steps", found.steps as f64),
            ("distinct", found.distinct as f64),
            ("visits_max", found.visits_max as f64),
        ];
        event.evidence = format!(
            "{} of {} steps are at states that were met and left before; there are {} different ones, that of step {} is visited {} times",
            found.revisits, found.steps, found.distinct, found.favourite, found.visits_max
        );
        Ok(vec![event])
    }

    fn cyclic_reward(&self) -> Result<Vec<Event>> {
        let rewards = self.field("reward", &[])?;
        let Some(found) = reward_cycle(&rewards, self.set("repeats_min") as usize) else { return Ok(vec![]) };
        let share = (found.end - found.start) as f64 / rewards.iter().flatten().count().max(1) as f64;
        let mut event = self.event("cyclic_reward", found.start, found.start..found.end, found.repeats as f64, share);
        event.numbers = vec![
            ("period", found.period as f64),
            ("repeats", found.repeats as f64),
            ("rewards", found.rewards as f64),
            ("sum", found.sum),
        ];
        event.evidence = format!(
            "{} of reward every {} steps, in the same {}, {} times in a row",
            short(found.sum),
            found.period,
            if found.rewards == 1 { "single portion".to_owned() } else { format!("{} portions", found.rewards) },
            found.repeats
        );
        Ok(vec![event])
    }

    fn one_reward_source(&self) -> Result<Vec<Event>> {
        let rows = self.rows()?;
        let Some(found) = reward_source(&rows.rewards, &rows.actions, &rows.states) else { return Ok(vec![]) };
        let few = found.count < self.set("source_rewards") as usize;
        // Without states every reward of one value would be from one source.
        if few || rows.states.is_empty() || found.share < self.set("source_share") {
            return Ok(vec![]);
        }
        let mut event = self.event("one_reward_source", found.start, found.start..found.end, found.share, found.share);
        event.numbers = vec![
            ("share", found.share),
            ("count", found.count as f64),
            ("rewards", found.rewards as f64),
            ("sources", found.sources as f64),
            ("sum", found.sum),
        ];
        event.evidence = format!(
            "{:.0} % of what was gained came from one reward, had {} times for one action in one state; all gains: {} from {} sources",
            100.0 * found.share,
            found.count,
            found.rewards,
            found.sources
        );
        Ok(vec![event])
    }

    fn advantage(&self, kind: &'static str, sign: f64) -> Result<Vec<Event>> {
        let advantages = self.field("advantage", &["gamma", "lambda"])?;
        let Some(found) = bookmark(&advantages, sign) else { return Ok(vec![]) };
        let known: Vec<f64> = advantages.iter().flatten().copied().filter(|value| value.is_finite()).collect();
        let usual = (known.iter().map(|value| value * value).sum::<f64>() / known.len() as f64).sqrt();
        let size = found.score.abs();
        let mut event = self.event(kind, found.step, found.step..found.step + 1, found.score, size / (size + usual));
        event.numbers = vec![("advantage", found.score), ("usual", usual)];
        event.evidence = format!(
            "advantage {}, the {} of the episode; its root mean square there is {}",
            short(found.score),
            if sign > 0.0 { "highest" } else { "lowest" },
            short(usual)
        );
        Ok(vec![event])
    }

    fn value_surprise(&self) -> Result<Vec<Event>> {
        let errors = self.field("td_error", &["gamma"])?;
        let params = OutlierParams {
            z_min: self.set("z"),
            count_max: self.set("surprises") as usize,
            ..OutlierParams::default()
        };
        let event = |outlier: ethogram_analysis::Outlier| {
            let range = outlier.step..outlier.step + 1;
            let mut event =
                self.event("value_surprise", outlier.step, range, outlier.value, outlier.z / (outlier.z + 3.5));
            event.numbers = vec![("td_error", outlier.value), ("z", outlier.z), ("median", outlier.median)];
            event.evidence = format!(
                "TD error {}, {:.1} robust deviations from the episode's median of {}",
                short(outlier.value),
                outlier.z,
                short(outlier.median)
            );
            event
        };
        Ok(outliers(&errors, params).into_iter().map(event).collect())
    }

    fn low_confidence(&self) -> Result<Vec<Event>> {
        let confidence = self.field("confidence", &[])?;
        let doubt: Vec<Option<f64>> = confidence.iter().map(|value| value.map(|value| 1.0 - value)).collect();
        let Some(found) = bookmark(&doubt, 1.0) else { return Ok(vec![]) };
        let value = 1.0 - found.score;
        let mut event = self.event("low_confidence", found.step, found.step..found.step + 1, value, found.score);
        let known: Vec<f64> = confidence.iter().flatten().copied().collect();
        let mean = known.iter().sum::<f64>() / known.len() as f64;
        event.numbers = vec![("confidence", value), ("mean", mean)];
        event.evidence =
            format!("confidence {}, the lowest of the episode, whose mean is {}", short(value), short(mean));
        Ok(vec![event])
    }

    /// The step with the largest number of a field, if it is above 0.
    fn most(&self, kind: &'static str, field: &str, words: &str) -> Result<Vec<Event>> {
        let values = self.field(field, &[])?;
        let Some(found) = bookmark(&values, 1.0) else { return Ok(vec![]) };
        let known: Vec<f64> = values.iter().flatten().copied().filter(|value| value.is_finite()).collect();
        let mean = known.iter().sum::<f64>() / known.len() as f64;
        let score = if kind == "head_disagreement" { found.score } else { found.score / (found.score + 1.0) };
        let mut event = self.event(kind, found.step, found.step..found.step + 1, found.score, score);
        event.numbers = vec![("value", found.score), ("mean", mean)];
        event.evidence = format!("{} {words}; {} on the mean of the episode", short(found.score), short(mean));
        Ok(vec![event])
    }

    fn checkpoint_disagreement(&self) -> Result<Vec<Event>> {
        let places = self.set("places") as usize;
        let request = DisagreementRequest { episode: self.episode, checkpoints: WhichCheckpoints::All, places };
        let found = self.run.disagreement(&request, self.cancel)?;
        if found.checkpoints.len() < 2 {
            return Ok(vec![]);
        }
        let apart: Vec<Option<f64>> = found.apart.iter().copied().map(Some).collect();
        let Some(best) = bookmark(&apart, 1.0) else { return Ok(vec![]) };
        let step = found.steps[best.step] as usize;
        let score = if found.by_kl { best.score / (best.score + 1.0) } else { best.score };
        let mut event = self.event("checkpoint_disagreement", step, step..step + 1, best.score, score);
        event.numbers = vec![
            ("apart", best.score),
            ("checkpoints", found.checkpoints.len() as f64),
            ("asked", found.steps.len() as f64),
        ];
        event.evidence = if found.by_kl {
            format!("two of {} checkpoints are {} nats apart", found.checkpoints.len(), short(best.score))
        } else {
            format!(
                "{:.0} % of the pairs of {} checkpoints choose differently",
                100.0 * best.score,
                found.checkpoints.len()
            )
        };
        let _ = write!(event.evidence, ", the most of {} steps asked", found.steps.len());
        Ok(vec![event])
    }
}

/// Loops of an episode.
pub(crate) struct Loops {
    pub loops: Vec<ActionLoop>,
    /// Steps of the episode.
    pub steps: usize,
}

/// By the settings of the finders.
pub(crate) fn loops_of(rows: &Rows, settings: &Params) -> Loops {
    let params = LoopParams {
        period_max: number(settings, "period_max") as usize,
        repeats_min: number(settings, "repeats_min") as usize,
        steps_min: number(settings, "loop_steps") as usize,
        share_min: number(settings, "loop_share"),
        ..LoopParams::default()
    };
    Loops { loops: action_loops(&rows.actions, &rows.states, &params), steps: rows.actions.len() }
}

/// Four digits that count, with the sign that pages write: a minus, not a hyphen.
pub(crate) fn short(value: f64) -> String {
    plain(value).replace('-', "−")
}

fn plain(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    let digits = (3 - value.abs().log10().floor() as i32).clamp(0, 9) as usize;
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn numbers_of_sentences_are_written_as_pages_write_them() {
        for (value, text) in [(-14.25, "−14.25"), (0.001_234_56, "0.001235"), (-0.5, "−0.5"), (1e6, "1000000")] {
            assert_eq!(short(value), text);
        }
    }
}
