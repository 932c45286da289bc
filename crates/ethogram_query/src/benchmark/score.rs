//! What a run reached: the number that stands for it, and the same along its training.

use std::str::FromStr;

use ethogram_store::{Axis, EpisodeRow};

use crate::{Error, Result, RunHandle};

/// Episodes whose mean return is a score when nothing else is said, as in tables of CleanRL and Open RL Benchmark.
pub const SCORE_EPISODES: usize = 100;
/// Most points of a tag that are read for a score.
const SCORE_POINTS_MAX: u64 = 5_000_000;

/// Where libraries log returns of episodes by global step, best first.
const RETURN_TAGS: [&str; 6] = [
    "rollout/episode_return",
    "charts/episodic_return",
    "rollout/ep_rew_mean",
    "env_runners/episode_return_mean",
    "evaluation/mean_return",
    "eval/mean_reward",
];

/// How points of a run become one number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Score {
    /// A scalar by global step. Without it: returns of training episodes that ended, by the global step at their reset, or the first
    /// known tag of returns where no episode was logged.
    pub tag: Option<String>,
    /// Which points.
    pub how: How,
}

/// Which points count. NaN is left out of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// The mean of the last so many.
    LastMean(usize),
    /// The last.
    Last,
    /// The largest.
    Best,
    /// The mean of the last ones up to a global step, 100 of episodes and one of a tag; nothing when the run did not get there.
    At(i64),
}

impl Default for Score {
    fn default() -> Self {
        Score { tag: None, how: How::LastMean(SCORE_EPISODES) }
    }
}

impl FromStr for Score {
    type Err = String;

    /// `last100`, `last`, `best` or `step:1000000`, of returns; of a tag `losses/td@last`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (tag, how) = text.rsplit_once('@').map_or((None, text), |(tag, how)| (Some(tag), how));
        let wrong = || format!("expected last100, last, best or step:N, after TAG@ for a tag, found {text:?}");
        let how = match how {
            "last" => How::Last,
            "best" => How::Best,
            _ => match (how.strip_prefix("last"), how.strip_prefix("step:")) {
                (Some(count), _) => {
                    How::LastMean(count.parse().ok().filter(|count| (1..=1_000_000).contains(count)).ok_or_else(wrong)?)
                }
                (_, Some(step)) => How::At(step.parse().map_err(|_| wrong())?),
                _ => return Err(wrong()),
            },
        };
        if tag == Some("") { Err(wrong()) } else { Ok(Score { tag: tag.map(str::to_owned), how }) }
    }
}

impl std::fmt::Display for Score {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let of = |what: &str| self.tag.as_deref().map_or(what.to_owned(), |tag| format!("of {tag}"));
        match self.how {
            How::LastMean(count) => write!(f, "mean {} of the last {count}", of("return")),
            How::Last => write!(f, "last value {}", of("of the returns")),
            How::Best => write!(f, "largest value {}", of("of the returns")),
            How::At(step) => write!(f, "value {} at step {step}", of("of the returns")),
        }
    }
}

/// Global step, value, and when it was, microseconds since 1970.
type Point = (i64, f64, Option<i64>);

/// Points of a run, ascending by global step.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct History {
    step: Vec<i64>,
    value: Vec<f64>,
    /// Microseconds since 1970; missing where nobody noted it.
    time_us: Vec<Option<i64>>,
    of_episodes: bool,
    /// Whether what was reached stays after the last point.
    stays: bool,
}

impl History {
    /// **Errors**: the run has nothing of that kind, or cannot be read.
    pub fn read(run: &RunHandle, score: &Score) -> Result<Self> {
        if let Some(tag) = &score.tag {
            return Self::of_tag(run, tag);
        }
        let rows = run.source().episodes(0..u64::MAX)?;
        let ended = |row: &&EpisodeRow| row.has_outcome();
        let training = rows.iter().filter(ended).any(|row| !row.evaluation);
        let mut points: Vec<Point> = rows
            .iter()
            .filter(ended)
            .filter(|row| row.evaluation != training)
            .map(|row| (row.global_step, row.episode_return, row.ended_us))
            .collect();
        points.sort_by_key(|point| point.0);
        if !points.is_empty() {
            return Ok(Self::of_points(points.into_iter(), true));
        }
        for tag in RETURN_TAGS {
            match Self::of_tag(run, tag) {
                Err(error) if error.is_not_found() => {}
                found => return found,
            }
        }
        let tag = "episode_return".to_owned();
        Err(Error::NoTag { run: run.id().clone(), axis: "episode", tag })
    }

    fn of_tag(run: &RunHandle, tag: &str) -> Result<Self> {
        let points = run.points(Axis::GlobalStep, tag, &(i64::MIN..i64::MAX), SCORE_POINTS_MAX)?;
        let numbers = points.step.into_iter().zip(points.value).zip(points.time_us);
        Ok(Self::of_points(numbers.map(|((step, value), time_us)| (step, value, Some(time_us))), false))
    }

    fn of_points(points: impl Iterator<Item = Point>, of_episodes: bool) -> Self {
        let mut history = History { of_episodes, ..History::default() };
        for (step, value, time_us) in points.filter(|point| !point.1.is_nan()) {
            history.step.push(step);
            history.value.push(value);
            history.time_us.push(time_us);
        }
        history
    }

    /// The same with microseconds since the run began in place of steps; nothing where no time passes, as in logs without times.
    /// What a run that `ended` had reached is there at all later times.
    pub fn along_time(&self, began_us: i64, ended: bool) -> Option<Self> {
        let times = self.time_us.iter().zip(&self.value);
        let elapsed = times.filter_map(|(time_us, value)| Some(((*time_us)?.saturating_sub(began_us).max(0), *value)));
        let mut points: Vec<(i64, f64)> = elapsed.collect();
        points.sort_by_key(|point| point.0);
        let (step, value): (Vec<i64>, Vec<f64>) = points.into_iter().unzip();
        let passes = step.last() > step.first() || (step.len() == 1 && step[0] > 0);
        passes.then(|| History { step, value, of_episodes: self.of_episodes, stays: ended, ..History::default() })
    }

    pub fn last_step(&self) -> Option<i64> {
        self.step.last().copied()
    }

    pub fn first_step(&self) -> Option<i64> {
        self.step.first().copied()
    }

    /// The score of the whole run.
    pub fn score(&self, how: How) -> Option<f64> {
        match how {
            How::At(step) => self.at(step, how),
            _ => self.of_first(self.value.len(), how),
        }
    }

    /// The score if training had ended at `step`; nothing before the first point, nor after the last unless it stays.
    pub fn at(&self, step: i64, how: How) -> Option<f64> {
        let is_there = self.last_step().is_some_and(|last| self.stays || step <= last);
        is_there.then(|| self.of_first(self.step.partition_point(|other| *other <= step), how)).flatten()
    }

    fn of_first(&self, count: usize, how: How) -> Option<f64> {
        let values = &self.value[..count];
        let mean_of_last = |window: usize| {
            let last = &values[count - window.min(count)..];
            (!last.is_empty()).then(|| last.iter().sum::<f64>() / last.len() as f64)
        };
        match how {
            How::LastMean(window) => mean_of_last(window),
            How::At(_) if self.of_episodes => mean_of_last(SCORE_EPISODES),
            How::Last | How::At(_) => values.last().copied(),
            How::Best => values.iter().copied().reduce(f64::max),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_read_as_people_type_them() {
        let score = |tag: Option<&str>, how| Ok(Score { tag: tag.map(str::to_owned), how });
        assert_eq!("last100".parse(), score(None, How::LastMean(100)));
        assert_eq!("best".parse(), score(None, How::Best));
        assert_eq!("a@b/c@last".parse(), score(Some("a@b/c"), How::Last));
        assert_eq!("charts/x@step:-3".parse(), score(Some("charts/x"), How::At(-3)));
        for text in ["", "last0", "mean", "@last", "tag@", "step:", "step:x", "last-1"] {
            let error = text.parse::<Score>().expect_err(text);
            assert!(error.starts_with("expected last100, last, best or step:N"), "{error}");
        }
    }

    #[test]
    fn a_history_says_what_was_reached_when() {
        let points = [(0, 1.0), (10, 3.0), (20, f64::NAN), (30, 2.0)];
        let history = History::of_points(points.into_iter().map(|(step, value)| (step, value, Some(step))), false);
        assert_eq!(history.score(How::LastMean(2)), Some(2.5));
        assert_eq!(history.score(How::Best), Some(3.0));
        assert_eq!((history.score(How::At(29)), history.score(How::At(31))), (Some(3.0), None));
        assert_eq!((history.at(-1, How::Last), history.at(10, How::LastMean(9))), (None, Some(2.0)));
        assert_eq!(History::default().score(How::Last), None);
    }

    #[test]
    fn a_history_is_told_along_time_where_time_passes() {
        let points = [(0, 1.0, Some(70)), (10, 3.0, Some(50)), (20, 2.0, None), (30, 4.0, Some(90))];
        let history = History::of_points(points.into_iter(), false);
        let timed = history.along_time(60, false).expect("times");
        assert_eq!((timed.first_step(), timed.last_step()), (Some(0), Some(30)));
        let reached: Vec<_> = [0, 9, 10, 30, 31].into_iter().map(|at| timed.at(at, How::Last)).collect();
        assert_eq!(reached, [Some(3.0), Some(3.0), Some(1.0), Some(4.0), None]);
        assert_eq!(history.along_time(60, true).and_then(|ended| ended.at(31, How::Last)), Some(4.0));
        let frozen = History::of_points([(0, 1.0, Some(5)), (9, 2.0, Some(5))].into_iter(), false);
        assert_eq!(frozen.along_time(0, true), None, "a log that has one time for all");
        assert_eq!(History::default().along_time(0, true), None);
    }
}
