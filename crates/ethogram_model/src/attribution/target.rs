//! The number that is explained.

use crate::error::{Error, Result};
use crate::graph::{Builder, ValueId};

/// How an output is looked at before its entries are weighed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum View {
    /// As the network gives it: logits, Q-values, a value.
    Plain,
    /// Softmax over its last axis.
    Probability,
    /// The logarithm of that.
    LogProbability,
}

/// A weighted sum of entries of one output, for every row: one action, "A minus B", a group of actions, a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// Name of the output, or of any other value of the network with shape `[B, …]`.
    pub output: String,
    /// How it is looked at.
    pub view: View,
    /// For every row, entries of the (flattened) output and what each counts.
    pub weights: Vec<Vec<(usize, f32)>>,
}

impl Target {
    /// One entry a row.
    pub fn entries(output: &str, entries: &[usize]) -> Self {
        Target {
            output: output.to_owned(),
            view: View::Plain,
            weights: entries.iter().map(|&entry| vec![(entry, 1.0)]).collect(),
        }
    }

    /// "Why this entry and not that": the difference of two entries a row.
    pub fn differences(output: &str, pairs: &[(usize, usize)]) -> Self {
        let weights = pairs.iter().map(|&(entry, other)| vec![(entry, 1.0), (other, -1.0)]).collect();
        Target { output: output.to_owned(), view: View::Plain, weights }
    }

    /// The same with the output looked at in another way.
    #[must_use]
    pub fn viewed(self, view: View) -> Self {
        Target { view, ..self }
    }

    /// The value in the graph, looked at.
    pub(super) fn build(&self, b: &mut Builder, output: ValueId) -> Result<ValueId> {
        let rank = b.shape(output).len();
        match self.view {
            View::Plain => Ok(output),
            _ if rank < 2 => Err(Error::Argument {
                argument: "view",
                expected: "an output with a row for each input row".to_owned(),
                found: format!("shape {:?}", b.shape(output)),
            }),
            view => b.softmax(output, rank - 1, view == View::LogProbability),
        }
    }

    /// Checks entries against the number that a row of the output has.
    pub(super) fn check(&self, rows: usize, width: usize) -> Result<()> {
        if self.weights.len() != rows {
            return Err(Error::Argument {
                argument: "target",
                expected: format!("a target for each of {rows} rows"),
                found: self.weights.len().to_string(),
            });
        }
        match self.weights.iter().flatten().find(|(entry, _)| *entry >= width) {
            Some((entry, _)) => Err(Error::Argument {
                argument: "target",
                expected: format!("an entry below {width}, the width of {:?}", self.output),
                found: entry.to_string(),
            }),
            None => Ok(()),
        }
    }
}
