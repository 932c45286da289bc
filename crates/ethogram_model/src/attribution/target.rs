//! The number that is explained.

use super::View;
use crate::error::{Error, Result};

/// What becomes of the weighed sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Link {
    /// It is the number.
    #[default]
    Identity,
    /// Its exponential: of summed log-probabilities, the probability of actions together.
    Exp,
    /// Its logarithm: of summed probabilities, the log-probability of one or the other.
    Log,
}

/// A weighted sum of entries of one output, for every row: one action, "A minus B", a group of actions, a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// Name of the output, or of any other value of the network with shape `[B, …]`.
    pub output: String,
    /// How it is looked at.
    pub view: View,
    /// For every row, entries of the (flattened) output as it is looked at, and what each counts.
    pub weights: Vec<Vec<(usize, f32)>>,
    /// What becomes of their sum.
    pub link: Link,
}

impl Target {
    /// Weighed entries of an output as the network gives it.
    pub fn weighed(output: &str, weights: Vec<Vec<(usize, f32)>>) -> Self {
        Target { output: output.to_owned(), view: View::Plain, weights, link: Link::Identity }
    }

    /// One entry a row.
    pub fn entries(output: &str, entries: &[usize]) -> Self {
        Target::weighed(output, entries.iter().map(|&entry| vec![(entry, 1.0)]).collect())
    }

    /// "Why this entry and not that": the difference of two entries a row.
    pub fn differences(output: &str, pairs: &[(usize, usize)]) -> Self {
        Target::weighed(output, pairs.iter().map(|&(entry, other)| vec![(entry, 1.0), (other, -1.0)]).collect())
    }

    /// The same with the output looked at in another way.
    #[must_use]
    pub fn viewed(self, view: View) -> Self {
        Target { view, ..self }
    }

    /// The same with something else made of the sum.
    #[must_use]
    pub fn linked(self, link: Link) -> Self {
        Target { link, ..self }
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

    /// The number that the entries of each point make. **Shapes**: `[P, entries]` to `[P]`.
    pub(super) fn numbers(&self, entries: &[f32], of: &[usize]) -> Vec<f32> {
        let width = (entries.len() / of.len().max(1)).max(1);
        let number = |(row, &of): (&[f32], &usize)| self.link.apply(self.sum(row, of)) as f32;
        entries.chunks(width).zip(of).map(number).collect()
    }

    /// What each entry of each point counts, with the link's own slope in it. **Shapes**: `[P, entries]`.
    pub(super) fn seeds(&self, of: &[usize], width: usize) -> Vec<f32> {
        let mut seeds = vec![0.0; of.len() * width];
        for (seeds, &of) in seeds.chunks_mut(width.max(1)).zip(of) {
            self.weights[of].iter().for_each(|&(entry, weight)| seeds[entry] += weight);
        }
        seeds
    }

    /// The link's slope at each point. **Shapes**: `[P, entries]` to `[P]`.
    pub(super) fn slopes(&self, entries: &[f32], of: &[usize]) -> Option<Vec<f32>> {
        let width = (entries.len() / of.len().max(1)).max(1);
        let slope = |(row, &of): (&[f32], &usize)| self.link.slope(self.sum(row, of)) as f32;
        (self.link != Link::Identity).then(|| entries.chunks(width).zip(of).map(slope).collect())
    }

    fn sum(&self, row: &[f32], of: usize) -> f64 {
        self.weights[of].iter().map(|&(entry, weight)| f64::from(row[entry]) * f64::from(weight)).sum()
    }
}

impl Link {
    fn apply(self, sum: f64) -> f64 {
        match self {
            Link::Identity => sum,
            Link::Exp => sum.exp(),
            Link::Log => sum.ln(),
        }
    }

    fn slope(self, sum: f64) -> f64 {
        match self {
            Link::Identity => 1.0,
            Link::Exp => sum.exp(),
            Link::Log => 1.0 / sum,
        }
    }
}
