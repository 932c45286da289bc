//! Statistics with their intervals.

use super::resample::{Strata, repeat};
use super::{Scores, Statistic};
use crate::{Error, Result};

/// Most repetitions of a bootstrap.
pub const REPS_MAX: usize = 1_000_000;
/// Most numbers that the repetitions of one call make together.
const NUMBERS_MAX: usize = 40_000_000;

/// How intervals are found: as many times as said, runs of each task are drawn anew with replacement, and the interval holds the
/// middle `level` of what the statistic then is (percentiles, linear between two). Equal seeds give equal bits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bootstrap {
    /// Repetitions, at most [`REPS_MAX`].
    pub reps: usize,
    /// What is drawn.
    pub seed: u64,
    /// Share of repetitions inside of the interval, between 0 and 1.
    pub level: f64,
}

impl Default for Bootstrap {
    fn default() -> Self {
        Bootstrap { reps: 50_000, seed: 0, level: 0.95 }
    }
}

/// A number, and where it could have been with other seeds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The statistic of the scores as they are.
    pub value: f64,
    /// Low and high; missing where nothing can be drawn anew: no task has two runs, or a score is not finite.
    pub interval: Option<[f64; 2]>,
}

/// A statistic with its interval. **Errors** when `bootstrap` is out of its bounds.
pub fn estimate(scores: &Scores, statistic: Statistic, bootstrap: &Bootstrap) -> Result<Estimate> {
    Ok(several(scores, &[statistic], bootstrap)?[0])
}

/// [`Statistic::Iqm`], [`Statistic::Median`], [`Statistic::Mean`] and [`Statistic::OptimalityGap`] of the same repetitions.
pub fn aggregates(scores: &Scores, target: f64, bootstrap: &Bootstrap) -> Result<[Estimate; 4]> {
    let all = [Statistic::Iqm, Statistic::Median, Statistic::Mean, Statistic::OptimalityGap { target }];
    let found = several(scores, &all, bootstrap)?;
    Ok([found[0], found[1], found[2], found[3]])
}

/// The statistic of `x` less that of `y`, whose runs are drawn independently of each other.
pub fn difference(x: &Scores, y: &Scores, statistic: Statistic, bootstrap: &Bootstrap) -> Result<Estimate> {
    bootstrap.check(1)?;
    let value = statistic.of(x) - statistic.of(y);
    if !(x.can_be_resampled() && y.can_be_resampled()) {
        return Ok(Estimate { value, interval: None });
    }
    let (of_x, of_y) = (Strata::new(x, target(statistic)), Strata::new(y, target(statistic)));
    let mut found = repeat(
        (bootstrap.reps, 1),
        bootstrap.seed,
        || (of_x.drawn(), of_y.drawn()),
        |random, (drawn_x, drawn_y), out| {
            of_x.draw(random, drawn_x);
            of_y.draw(random, drawn_y);
            out[0] = of_x.statistic(statistic, drawn_x) - of_y.statistic(statistic, drawn_y);
        },
    );
    Ok(Estimate { value, interval: Some(bootstrap.interval(&mut found)) })
}

fn several(scores: &Scores, statistics: &[Statistic], bootstrap: &Bootstrap) -> Result<Vec<Estimate>> {
    let width = statistics.len();
    bootstrap.check(width)?;
    let values = statistics.iter().map(|statistic| statistic.of(scores));
    if !scores.can_be_resampled() {
        return Ok(values.map(|value| Estimate { value, interval: None }).collect());
    }
    let target = statistics.iter().map(|&statistic| target(statistic)).fold(f64::INFINITY, f64::min);
    let strata = Strata::new(scores, target);
    let rows = repeat(
        (bootstrap.reps, width),
        bootstrap.seed,
        || strata.drawn(),
        |random, drawn, out| {
            strata.draw(random, drawn);
            for (out, &statistic) in out.iter_mut().zip(statistics) {
                *out = strata.statistic(statistic, drawn);
            }
        },
    );
    Ok(values
        .zip(bootstrap.intervals(&rows, width))
        .map(|(value, at)| Estimate { value, interval: Some(at) })
        .collect())
}

/// Where scores are cut; nowhere but in the optimality gap.
fn target(statistic: Statistic) -> f64 {
    match statistic {
        Statistic::OptimalityGap { target } => target,
        _ => f64::INFINITY,
    }
}

impl Bootstrap {
    /// Whether the bounds are kept when each repetition makes `width` numbers.
    pub(super) fn check(&self, width: usize) -> Result<()> {
        if !(1..=REPS_MAX).contains(&self.reps) {
            return Err(Error::OutOfRange { argument: "reps", expected: "1 to 1,000,000", found: self.reps as f64 });
        }
        if !(self.level > 0.0 && self.level < 1.0) {
            return Err(Error::OutOfRange { argument: "level", expected: "between 0 and 1", found: self.level });
        }
        let numbers = self.reps.saturating_mul(width);
        if numbers > NUMBERS_MAX {
            let expected = "at most 40,000,000; ask for fewer of either";
            return Err(Error::OutOfRange { argument: "reps times thresholds", expected, found: numbers as f64 });
        }
        Ok(())
    }

    /// The interval of each of `width` columns.
    pub(super) fn intervals(&self, rows: &[f64], width: usize) -> Vec<[f64; 2]> {
        let column = |at: usize| -> Vec<f64> { rows.iter().skip(at).step_by(width).copied().collect() };
        (0..width).map(|at| self.interval(&mut column(at))).collect()
    }

    pub(super) fn interval(&self, found: &mut [f64]) -> [f64; 2] {
        let tail = (1.0 - self.level) / 2.0;
        [quantile(found, tail), quantile(found, 1.0 - tail)]
    }
}

/// Linear between the two nearest of the sorted values, the first being 0 and the last 1.
fn quantile(values: &mut [f64], share: f64) -> f64 {
    let place = share * (values.len() - 1) as f64;
    let (_, &mut low, above) = values.select_nth_unstable_by(place as usize, f64::total_cmp);
    let high = above.iter().copied().fold(f64::INFINITY, f64::min);
    if high.is_finite() { low + (high - low) * place.fract() } else { low }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn scores(tasks: &[&[f64]]) -> Scores {
        Scores::new(tasks.iter().map(|task| task.to_vec()).collect()).expect("scores")
    }

    const ALL: [Statistic; 4] =
        [Statistic::Iqm, Statistic::Median, Statistic::Mean, Statistic::OptimalityGap { target: 1.0 }];

    #[test]
    fn one_seed_has_no_interval() {
        let one = scores(&[&[0.3], &[0.9]]);
        for statistic in ALL {
            assert_eq!(estimate(&one, statistic, &Bootstrap::default()).expect("an estimate").interval, None);
        }
        let two = scores(&[&[0.3, 0.4], &[0.9]]);
        let found = difference(&two, &one, Statistic::Mean, &Bootstrap::default()).expect("an estimate");
        assert!((found.value - 0.025).abs() < 1e-12 && found.interval.is_none());
    }

    #[test]
    fn a_score_that_is_not_finite_leaves_no_interval() {
        let found =
            estimate(&scores(&[&[0.3, f64::NAN]]), Statistic::Mean, &Bootstrap::default()).expect("an estimate");
        assert!(found.value.is_nan() && found.interval.is_none());
    }

    #[test]
    fn two_runs_give_the_three_means_that_there_are() {
        // Drawn from {0, 1}: means 0, ½, 1 with ¼, ½, ¼, so the middle 95 % is all of it and the middle 40 % is ½ alone.
        let two = scores(&[&[0.0, 1.0]]);
        let at = |level| estimate(&two, Statistic::Mean, &Bootstrap { level, ..Bootstrap::default() });
        assert_eq!(at(0.95).expect("an estimate").interval, Some([0.0, 1.0]));
        assert_eq!(at(0.4).expect("an estimate").interval, Some([0.5, 0.5]));
    }

    #[test]
    fn bounds_are_named() {
        let two = scores(&[&[0.0, 1.0]]);
        let error = |bootstrap| estimate(&two, Statistic::Mean, &bootstrap).expect_err("an error").to_string();
        assert_eq!(error(Bootstrap { reps: 0, ..Bootstrap::default() }), "reps expected 1 to 1,000,000, found 0");
        assert_eq!(error(Bootstrap { level: 1.0, ..Bootstrap::default() }), "level expected between 0 and 1, found 1");
    }

    fn any_scores() -> impl Strategy<Value = Scores> {
        prop::collection::vec(prop::collection::vec(-2.0..3.0, 2..9), 1..6)
            .prop_map(|tasks| Scores::new(tasks).expect("scores"))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn intervals_lie_within_the_scores_and_repeat(scores in any_scores(), seed in 0_u64..99) {
            let bootstrap = Bootstrap { reps: 300, seed, level: 0.9 };
            let low = scores.tasks().iter().flatten().copied().fold(f64::INFINITY, f64::min);
            let high = scores.tasks().iter().flatten().copied().fold(f64::NEG_INFINITY, f64::max);
            for statistic in &ALL[..3] {
                let found = estimate(&scores, *statistic, &bootstrap).expect("an estimate");
                prop_assert_eq!(found, estimate(&scores, *statistic, &bootstrap).expect("an estimate"));
                let [from, to] = found.interval.expect("an interval");
                prop_assert!(low - 1e-9 <= from && from <= to && to <= high + 1e-9, "{} {} {} {}", low, from, to, high);
            }
            let together = aggregates(&scores, 1.0, &bootstrap).expect("estimates");
            for (found, statistic) in together.iter().zip(ALL) {
                prop_assert_eq!(*found, estimate(&scores, statistic, &bootstrap).expect("an estimate"));
            }
        }

        #[test]
        fn an_algorithm_differs_from_itself_by_nothing(scores in any_scores()) {
            let bootstrap = Bootstrap { reps: 400, ..Bootstrap::default() };
            let found = difference(&scores, &scores, Statistic::Mean, &bootstrap).expect("an estimate");
            let [low, high] = found.interval.expect("an interval");
            prop_assert!(found.value == 0.0 && low <= 0.0 && high >= 0.0);
        }
    }
}
