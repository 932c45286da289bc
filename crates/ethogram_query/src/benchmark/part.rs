//! What of a benchmark stands in a table.

use std::str::FromStr;

/// One table of a [`Benchmark`](super::Benchmark).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BenchmarkPart {
    /// A row an algorithm and task: what it reached there.
    #[default]
    Scores,
    /// A row a run: what it reached.
    Runs,
    /// A row an algorithm: all its tasks in one number, in four ways.
    Aggregates,
    /// A row every two algorithms: how likely the one beats the other.
    Pairs,
    /// A row an algorithm and step, over all tasks and on each: what was reached by then.
    Curves,
    /// A row an algorithm and threshold: the share of its runs, and of its tasks, that are above.
    Profiles,
}

impl BenchmarkPart {
    /// Every part, in the order that people see.
    pub const ALL: [Self; 6] = [Self::Scores, Self::Runs, Self::Aggregates, Self::Pairs, Self::Curves, Self::Profiles];

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Scores => "scores",
            Self::Runs => "runs",
            Self::Aggregates => "aggregates",
            Self::Pairs => "pairs",
            Self::Curves => "curves",
            Self::Profiles => "profiles",
        }
    }
}

impl FromStr for BenchmarkPart {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = Self::ALL.map(Self::name).join(", ");
        Self::ALL.into_iter().find(|part| part.name() == text).ok_or(format!("expected one of {names}, found {text:?}"))
    }
}
