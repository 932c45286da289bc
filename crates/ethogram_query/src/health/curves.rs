//! Rules over what was logged along training: scalars, returns of episodes, activations.

use ethogram_analysis::{
    CollapseParams, ExplosionParams, SpikeParams, StuckParams, collapse, dormant_units, explosion, first_not_finite,
    spike, stuck_returns, tail_mean,
};
use ethogram_model::Cancel;
use ethogram_store::{Axis, ScalarColumns, ScalarTag, TensorKind};

use super::{Health, HealthFinding};
use crate::events::short;
use crate::param::number;
use crate::{Params, Result, RunHandle};

/// Points of one curve that are read as they are; of longer ones the means of this many buckets.
const POINTS_MAX: u64 = 200_000;
/// Elements of an activation that are looked at.
const ACTIVATION_ELEMENTS_MAX: usize = 1 << 26;

/// Which rules a scalar is for, by its name without what comes before the last slash.
pub(super) fn roles(tag: &str) -> Vec<&'static str> {
    let name = tag.rsplit('/').next().unwrap_or(tag).to_lowercase();
    let is = |names: &[&str]| names.contains(&name.as_str());
    let mut roles = vec!["not_finite"];
    if is(&[
        "approx_kl",
        "old_approx_kl",
        "approxkl",
        "approx_kl_k3",
        "kl_k1",
        "kl_k3",
        "kl",
        "mean_kl",
        "mean_kl_loss",
        "kl_divergence",
    ]) {
        roles.push("kl_spike");
    }
    if is(&["entropy", "mean_entropy", "policy_entropy", "entropy_loss"]) {
        roles.push("entropy_collapse");
    } else if name.ends_with("loss")
        || is(&["td_error", "grad_norm", "gradient_norm", "value", "values", "value_mean", "mean_value"])
    {
        roles.push("value_explosion");
    }
    if is(&["clipfrac", "clip_fraction", "clip_frac"]) {
        roles.push("clip_fraction");
    }
    if is(&["explained_variance", "vf_explained_var", "explained_var"]) {
        roles.push("critic_blind");
    }
    roles
}

pub(super) fn scalars(run: &RunHandle, settings: &Params, health: &mut Health, cancel: &Cancel) -> Result<()> {
    for tag in run.source().scalar_tags() {
        cancel.check()?;
        let points = points(run, &tag)?;
        for rule in roles(&tag.tag) {
            health.checked(rule);
            let Some((index, evidence, numbers)) = apply(rule, &tag.tag, &points.value, settings) else { continue };
            health.findings.push(HealthFinding {
                rule,
                tag: Some(tag.tag.clone()),
                axis: Some(tag.axis),
                step: points.step.get(index).copied(),
                episode: None,
                evidence,
                numbers,
            });
        }
    }
    Ok(())
}

/// Index of the point, the evidence in words and in numbers.
type Told = (usize, String, Vec<(&'static str, f64)>);

fn apply(rule: &str, tag: &str, values: &[f64], settings: &Params) -> Option<Told> {
    let set = |name: &str| number(settings, name);
    match rule {
        "not_finite" => {
            let (index, count) = first_not_finite(values)?;
            let words = format!("{count} of {} points are not finite, the first at this step", values.len());
            Some((index, words, vec![("count", count as f64), ("points", values.len() as f64)]))
        }
        "kl_spike" => {
            let limits = SpikeParams { factor: set("kl_factor"), floor: set("kl_floor"), ..SpikeParams::default() };
            let (worst, count) = spike(values, limits)?;
            let words = format!(
                "{} nats, where the median of the points before is {}; {count} such points",
                short(worst.value),
                short(worst.reference)
            );
            let numbers = vec![
                ("value", worst.value),
                ("median", worst.reference),
                ("limit", worst.limit),
                ("count", count as f64),
            ];
            Some((worst.index, words, numbers))
        }
        "entropy_collapse" => {
            // Stable-Baselines3 logs minus the entropy under this name; CleanRL the entropy itself.
            let below = values.iter().filter(|value| **value < 0.0).count();
            let sign = if tag.ends_with("entropy_loss") && below * 2 > values.len() { -1.0 } else { 1.0 };
            let entropy: Vec<f64> = values.iter().map(|value| sign * value).collect();
            let limits = CollapseParams { share: set("entropy_share"), ..CollapseParams::default() };
            let it = collapse(&entropy, limits)?;
            let words = format!(
                "the entropy of the last tenth is {}, in the first tenth it was {}; below {} from this step on",
                short(it.value),
                short(it.reference),
                short(it.limit)
            );
            Some((it.index, words, vec![("value", it.value), ("first", it.reference), ("limit", it.limit)]))
        }
        "value_explosion" => {
            let limits = ExplosionParams { factor: set("explosion"), ..ExplosionParams::default() };
            let it = explosion(values, limits)?;
            let words = format!(
                "{} in the last tenth, {} in the first third; above {} at this step for the first time",
                short(it.value),
                short(it.reference),
                short(it.limit)
            );
            Some((it.index, words, vec![("value", it.value), ("first", it.reference), ("limit", it.limit)]))
        }
        "clip_fraction" => {
            let share = tail_mean(values, 10).filter(|share| *share > set("clip_share"))?;
            let words = format!("{:.0} % of the samples in the last tenth of the updates", 100.0 * share);
            Some((values.len() - 1, words, vec![("share", share), ("limit", set("clip_share"))]))
        }
        "critic_blind" => {
            let share = tail_mean(values, 20).filter(|share| *share < set("explained"))?;
            let words = format!("{} in the last tenth; a critic that says the same of all states has 0", short(share));
            Some((values.len() - 1, words, vec![("value", share), ("limit", set("explained"))]))
        }
        other => unreachable!("no rule {other}"),
    }
}

fn points(run: &RunHandle, tag: &ScalarTag) -> Result<ScalarColumns> {
    let all = i64::MIN..i64::MAX;
    if tag.count <= POINTS_MAX {
        return Ok(run.source().scalars(tag.axis, &tag.tag, all)?);
    }
    let buckets = run.source().scalar_buckets(tag.axis, &tag.tag, all, crate::BUCKETS_MAX)?;
    // A bucket with points that are not finite says so.
    let value = (0..buckets.step.len())
        .map(|at| if buckets.finite[at] < buckets.count[at] { f64::NAN } else { buckets.mean[at] })
        .collect();
    Ok(ScalarColumns { step: buckets.step, time_us: buckets.time_us, value })
}

/// Of the episodes that trained.
pub(super) fn returns(run: &RunHandle, settings: &Params, health: &mut Health) -> Result<()> {
    let rows = run.source().episodes(0..u64::MAX)?;
    let rows: Vec<_> = rows.iter().filter(|row| row.has_outcome() && !row.evaluation).collect();
    let limits = StuckParams { rise_min: number(settings, "rise"), ..StuckParams::default() };
    if rows.len() < limits.episodes_min {
        return Ok(());
    }
    health.checked("stuck_returns");
    let values: Vec<f64> = rows.iter().map(|row| row.episode_return).collect();
    let Some(found) = stuck_returns(&values, limits) else { return Ok(()) };
    let best = rows[found.best_at];
    health.findings.push(HealthFinding {
        rule: "stuck_returns",
        tag: Some("episode_return".into()),
        axis: Some(Axis::Episode),
        step: Some(best.episode as i64),
        episode: None,
        evidence: format!(
            "mean return {} in the last quarter, {} in the first, within which returns are spread by {}; the best stretch of that length had {}, up to episode {}",
            short(found.last),
            short(found.first),
            short(found.sd),
            short(found.best),
            best.episode
        ),
        numbers: vec![("first", found.first), ("last", found.last), ("sd", found.sd), ("best", found.best)],
    });
    Ok(())
}

/// Of layers whose activations were logged, in the newest row of each.
pub(super) fn activations(run: &RunHandle, settings: &Params, health: &mut Health, cancel: &Cancel) -> Result<()> {
    let (tau, limit) = (number(settings, "dormant_tau"), number(settings, "dormant_share"));
    let is_it = |tag: &str| tag.to_lowercase().split('/').any(|part| part.starts_with("activation"));
    for known in run.source().tensor_tags() {
        if known.kind != TensorKind::Tensor || !is_it(&known.tag) {
            continue;
        }
        cancel.check()?;
        let steps = run.source().tensor_steps(known.axis, &known.tag, i64::MIN..i64::MAX)?;
        let Some(&last) = steps.last() else { continue };
        let rows = run.source().tensors(known.axis, &known.tag, last..last.saturating_add(1))?;
        let Some(row) = rows.last().filter(|row| row.array.len() <= ACTIVATION_ELEMENTS_MAX) else { continue };
        let units = match row.array.shape() {
            [] => continue,
            // Planes of a picture are units: batch, channels, rows, columns.
            [_, channels, height, width] => (*channels, height * width),
            shape => (shape[shape.len() - 1], 1),
        };
        let values = planes(&row.array.to_f64(), units);
        let Some(found) = dormant_units(&values, units.0, tau) else { continue };
        health.checked("dead_units");
        let share = found.dormant as f64 / found.units as f64;
        if share >= limit {
            health.findings.push(HealthFinding {
                rule: "dead_units",
                tag: Some(known.tag.clone()),
                axis: Some(known.axis),
                step: Some(last),
                episode: None,
                evidence: format!(
                    "{} of {} units are dormant (score at most {tau}), {} of them always 0, in the newest row",
                    found.dormant, found.units, found.dead
                ),
                numbers: vec![
                    ("dormant", found.dormant as f64),
                    ("dead", found.dead as f64),
                    ("units", found.units as f64),
                    ("share", share),
                ],
            });
        }
    }
    Ok(())
}

/// Mean sizes of planes, a row a picture; as they are where a unit is one number.
fn planes(values: &[f64], (units, plane): (usize, usize)) -> Vec<f64> {
    if plane == 1 || units == 0 {
        return values.to_vec();
    }
    values.chunks_exact(plane).map(|plane| plane.iter().map(|value| value.abs()).sum::<f64>()).collect()
}

#[cfg(test)]
mod tests {
    use super::roles;

    #[test]
    fn names_of_libraries_have_their_rules() {
        assert_eq!(roles("losses/approx_kl"), ["not_finite", "kl_spike"]);
        assert_eq!(roles("losses/old_approx_kl"), ["not_finite", "kl_spike"], "k1 and k3 are two curves");
        assert_eq!(roles("train/entropy_loss"), ["not_finite", "entropy_collapse"]);
        assert_eq!(roles("train/value_loss"), ["not_finite", "value_explosion"]);
        assert_eq!(roles("charts/SPS"), ["not_finite"]);
    }
}
