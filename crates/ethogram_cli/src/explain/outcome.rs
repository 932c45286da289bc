//! What came of it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ethogram_query::Explanation;

use super::plan::Chunk;
use crate::text::{text_from_count, text_from_number};

/// The code of a program that was interrupted.
pub const INTERRUPTED: u8 = 130;

/// Sums over all chunks.
#[derive(Debug, Default)]
pub struct Outcome {
    computed: u64,
    recalled: u64,
    /// Steps without an answer: nothing logged there.
    empty: u64,
    /// Absolute errors, with where they were found.
    completeness: Vec<(f32, u64, u64)>,
    /// What went wrong, once an episode.
    errors: BTreeMap<(u64, String), u64>,
}

impl Outcome {
    /// A chunk was explained.
    pub fn add(&mut self, chunk: &Chunk, found: &Explanation) {
        let answered = found.valid.iter().filter(|valid| **valid).count() as u64;
        self.recalled += found.recalled as u64;
        self.computed += answered - found.recalled as u64;
        self.empty += chunk.steps() - answered;
        let errors = found.completeness_error.iter().zip(&found.valid).enumerate().filter(|(_, (_, valid))| **valid);
        self.completeness
            .extend(errors.map(|(row, (error, _))| (error.abs(), chunk.episode, found.first + row as u64)));
    }

    /// A chunk could not be explained.
    pub fn fail(&mut self, chunk: &Chunk, error: &anyhow::Error) {
        *self.errors.entry((chunk.episode, error.to_string())).or_default() += chunk.steps();
    }

    /// A line for everything that went wrong.
    pub fn errors(&self) -> Vec<String> {
        let text = |((episode, text), steps): (&(u64, String), &u64)| {
            let steps = text_from_count(*steps as i64);
            if text.contains(&format!("episode {episode} ")) {
                format!("{text} ({steps} steps)")
            } else {
                format!("episode {episode}, {steps} steps: {text}")
            }
        };
        self.errors.iter().map(text).collect()
    }

    /// For people.
    pub fn text(&self) -> String {
        let count = |count: u64| text_from_count(count as i64);
        let mut text = format!("explained {} steps, {} were kept already", count(self.computed), count(self.recalled));
        if self.empty > 0 {
            // Writing to a string does not fail.
            let _ = write!(text, ", {} have no answer (nothing logged there, or no action taken)", count(self.empty));
        }
        text.push('\n');
        let mut errors: Vec<_> = self.completeness.iter().filter(|(error, ..)| !error.is_nan()).copied().collect();
        errors.sort_by(|a, b| a.0.total_cmp(&b.0));
        if let (Some(median), Some((worst, episode, step))) = (errors.get(errors.len() / 2), errors.last()) {
            let (median, worst) = (text_from_number(f64::from(median.0)), text_from_number(f64::from(*worst)));
            let _ =
                writeln!(text, "completeness error: median {median}, worst {worst} (episode {episode}, step {step})");
        }
        text
    }
}
