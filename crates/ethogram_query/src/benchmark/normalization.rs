//! Scores of different tasks on one scale.

use std::str::FromStr;

use ethogram_analysis::atari_game;

/// How scores of a task are scaled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Normalization {
    /// `Human` when every task is a game of Atari-57, `None` when there is one task, else `MinMax`.
    #[default]
    Auto,
    /// As they are.
    None,
    /// 0 is the lowest score of any run on the task, 1 the highest.
    MinMax,
    /// 0 is chance and 1 a person, for the 57 games that have such scores.
    Human,
}

impl FromStr for Normalization {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text {
            "auto" => Self::Auto,
            "none" => Self::None,
            "min_max" => Self::MinMax,
            "human" => Self::Human,
            _ => return Err(format!("expected auto, none, min_max or human, found {text:?}")),
        })
    }
}

impl Normalization {
    /// As it is typed.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::None => "none",
            Self::MinMax => "min_max",
            Self::Human => "human",
        }
    }

    /// What `Auto` stands for with these tasks.
    pub(super) fn chosen(self, tasks: &[String]) -> Self {
        match self {
            Self::Auto if tasks.iter().all(|task| atari_game(task).is_some()) => Self::Human,
            Self::Auto if tasks.len() == 1 => Self::None,
            Self::Auto => Self::MinMax,
            chosen => chosen,
        }
    }

    /// How to scale the scores of one task, all of which are `scores`; `None` when they cannot be.
    pub(super) fn scale(self, task: &str, scores: &[f64]) -> Option<Scale> {
        match self {
            Self::None | Self::Auto => Some(Scale { zero: 0.0, one: 1.0 }),
            Self::Human => atari_game(task).map(|game| Scale { zero: game.random, one: game.human }),
            Self::MinMax => {
                let zero = scores.iter().copied().fold(f64::INFINITY, f64::min);
                let one = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                (zero < one).then_some(Scale { zero, one })
            }
        }
    }

    /// Why tasks have no scale, in words that go on after their names.
    pub(super) fn why_not(self) -> &'static str {
        match self {
            Self::Human => "none of the 57 Atari games with scores of people",
            _ => "all runs have the same score, so there is no scale from lowest to highest",
        }
    }
}

/// Two scores that become 0 and 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    zero: f64,
    one: f64,
}

impl Scale {
    pub fn of(self, score: f64) -> f64 {
        (score - self.zero) / (self.one - self.zero)
    }
}
