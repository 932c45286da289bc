//! Rules over the last recorded episodes: what was done, and what came of it.

use ethogram_analysis::{at_bounds, constant_action, reward_source};
use ethogram_model::Cancel;
use ethogram_store::Space;

use super::{Health, HealthFinding};
use crate::action_counts::{bounds, leaf};
use crate::events::{Rows, loops_of};
use crate::param::number;
use crate::{Params, Result, RunHandle};

/// Fewest steps of all these episodes together of which anything is said.
const STEPS_MIN: usize = 50;

pub(super) fn look(
    run: &RunHandle,
    settings: &Params,
    finders: &Params,
    health: &mut Health,
    cancel: &Cancel,
) -> Result<()> {
    let rows = run.source().episodes(0..u64::MAX)?;
    let wanted = number(settings, "episodes") as usize;
    let mut last: Vec<_> = rows.iter().rev().filter(|row| row.recorded).take(wanted).collect();
    last.reverse();
    let mut seen = Seen::default();
    for row in last {
        cancel.check()?;
        let found = match Rows::read(run, row.episode, number(finders, "tolerance")) {
            Ok(found) => found,
            Err(error) if error.is_missing_input() || error.is_not_found() || error.is_too_large() => continue,
            Err(error) => return Err(error),
        };
        match seen.add(run, row.episode, &found, finders) {
            Err(error) if !error.is_too_large() => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    seen.judge(settings, finders, health);
    Ok(())
}

/// Of some episodes together.
#[derive(Default)]
struct Seen {
    episodes: usize,
    steps: usize,
    /// Share of the most frequent action and steps, an episode each: what stands for an action differs between them.
    constant: Vec<(f64, usize)>,
    bounded: Vec<f64>,
    looping: usize,
    /// The episode with the most steps in loops, and how many.
    worst: Option<(u64, usize)>,
    sources: Vec<(u64, f64, usize)>,
    last: Option<u64>,
}

impl Seen {
    fn add(&mut self, run: &RunHandle, episode: u64, rows: &Rows, finders: &Params) -> Result<()> {
        self.episodes += 1;
        self.last = Some(episode);
        if let Some(found) = constant_action(&rows.actions) {
            self.constant.push((found.share, found.steps));
        }
        self.steps += rows.actions.len();
        let space = run.info().env.as_ref().and_then(|env| env.action_space.as_ref());
        if let Some(Space::Box { low, high, .. }) = space.and_then(|space| leaf(space, "action")) {
            let field = run.field(episode, "action", &Params::new(), 0..u64::MAX)?;
            let column = &field.column;
            let width = column.info.shape.iter().product::<usize>().max(1);
            let values = column.to_f64();
            for element in 0..width {
                let Some((low, high)) = bounds(low, high, element) else { continue };
                let own: Vec<f64> = values
                    .chunks_exact(width)
                    .enumerate()
                    .filter(|(row, _)| column.is_valid(*row))
                    .map(|(_, row)| row[element])
                    .collect();
                self.bounded.extend(at_bounds(&own, low, high));
            }
        }
        let looping: usize = loops_of(rows, finders).loops.iter().map(ethogram_analysis::ActionLoop::steps).sum();
        self.looping += looping;
        if looping > self.worst.map_or(0, |(_, most)| most) {
            self.worst = Some((episode, looping));
        }
        if !rows.states.is_empty()
            && let Some(found) = reward_source(&rows.rewards, &rows.actions, &rows.states)
        {
            self.sources.push((episode, found.share, found.count));
        }
        Ok(())
    }

    fn judge(&self, settings: &Params, finders: &Params, health: &mut Health) {
        let steps = self.steps;
        if steps < STEPS_MIN {
            return;
        }
        let about = format!("in the last {} recorded episodes, {steps} steps", self.episodes);
        let finding = |rule, episode, evidence, numbers| HealthFinding {
            rule,
            tag: None,
            axis: None,
            step: None,
            episode,
            evidence,
            numbers,
        };
        let limit = number(settings, "action_share");
        health.checked("constant_actions");
        let constant = self.constant.iter().map(|(share, steps)| share * *steps as f64).sum::<f64>() / steps as f64;
        if constant >= limit {
            let words = format!("one action is {:.1} % of all, {about}", 100.0 * constant);
            health.findings.push(finding("constant_actions", self.last, words, vec![("share", constant)]));
        }
        if !self.bounded.is_empty() {
            health.checked("clipped_actions");
            let share = self.bounded.iter().sum::<f64>() / self.bounded.len() as f64;
            if share >= limit {
                let words = format!("{:.1} % of the numbers lie at a bound, {about}", 100.0 * share);
                health.findings.push(finding("clipped_actions", self.last, words, vec![("share", share)]));
            }
        }
        health.checked("looping");
        let share = self.looping as f64 / steps as f64;
        if share >= number(settings, "loop_steps_share")
            && let Some((episode, most)) = self.worst
        {
            let words =
                format!("{:.0} % of the steps are in loops, {about}; most in episode {episode}: {most}", 100.0 * share);
            health.findings.push(finding(
                "looping",
                Some(episode),
                words,
                vec![("share", share), ("steps", self.looping as f64)],
            ));
        }
        let few = number(finders, "source_rewards") as usize;
        let enough: Vec<_> = self.sources.iter().filter(|(_, _, count)| *count >= few).collect();
        if !self.sources.is_empty() {
            health.checked("one_source");
        }
        if !enough.is_empty() && enough.len() * 2 > self.episodes {
            let mean = enough.iter().map(|(_, share, _)| share).sum::<f64>() / enough.len() as f64;
            if mean >= number(finders, "source_share") {
                let words = format!(
                    "{:.0} % of what is gained comes from one reward for one action in one state, in {} of the last {} recorded episodes",
                    100.0 * mean,
                    enough.len(),
                    self.episodes
                );
                let episode = enough.first().map(|(episode, _, _)| *episode);
                health.findings.push(finding("one_source", episode, words, vec![("share", mean)]));
            }
        }
    }
}
