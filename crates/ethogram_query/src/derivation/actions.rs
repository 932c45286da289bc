//! Discrete actions: which entries of a row of logits belong to which choice, and which was taken.

use std::ops::Range;

use ethogram_store::{RunInfo, Space};

use super::{Input, InputName, Inputs, RowShape};
use crate::{Error, Result};

pub(super) const ACTION: Input = Input {
    name: InputName::AnyOf(&["action"]),
    shape: RowShape::NumberOrVector,
    required: true,
    hint: "pass action= to episode.step",
};

/// What the policy puts on the actions. Probabilities, where only they are there, are taken as they are.
pub(super) const POLICY: Input = Input {
    name: InputName::AnyOf(&["logits", "action_probabilities"]),
    shape: RowShape::Vector,
    required: true,
    hint: "pass logits= or action_probabilities= to episode.step",
};

/// How a row with an entry an action is divided into choices: one for a `Discrete` space, several for a `MultiDiscrete` one.
pub(super) struct Actions {
    /// Entries of each choice.
    pub parts: Vec<Range<usize>>,
    /// The first action of a `Discrete` space.
    start: i64,
}

impl Actions {
    /// For rows of `width` entries; `None` when the action space has no such rows.
    /// A run that does not say its action space has one choice among `width`.
    pub fn new(run: &RunInfo, width: usize) -> Option<Self> {
        let one = |start| Self { parts: vec![Range { start: 0, end: width }], start };
        match run.env.as_ref().and_then(|env| env.action_space.as_ref()) {
            None => Some(one(0)),
            Some(Space::Discrete { n, start, .. }) => (*n == width as u64).then(|| one(*start)),
            Some(Space::MultiDiscrete { nvec, .. }) => {
                let mut parts = Vec::new();
                let mut end = 0_usize;
                for &n in nvec {
                    let start = end;
                    end = start.checked_add(usize::try_from(n).ok()?).filter(|&end| end <= width)?;
                    parts.push(start..end);
                }
                (end == width).then_some(Self { parts, start: 0 })
            }
            Some(_) => None,
        }
    }

    /// [`Actions::new`], or the error that says why there is none.
    pub fn of(inputs: &Inputs, field: &str, input: &str, width: usize) -> Result<Self> {
        Self::new(inputs.run, width).ok_or_else(|| {
            let expected = match inputs.run.env.as_ref().and_then(|env| env.action_space.as_ref()) {
                Some(Space::Discrete { n, .. }) => format!("{n} entries a step, one an action"),
                Some(Space::MultiDiscrete { nvec, .. }) => {
                    format!(
                        "{} entries a step, one an action of each choice",
                        nvec.iter().map(|&n| u128::from(n)).sum::<u128>()
                    )
                }
                _ => "a Discrete or MultiDiscrete action space".into(),
            };
            let found = format!("{width} entries a step");
            Error::BadInput { field: field.to_owned(), input: input.to_owned(), expected, found }
        })
    }

    /// True when there is one choice a step.
    pub fn is_single(&self) -> bool {
        self.parts.len() == 1
    }

    /// Entropy when all actions are equally likely, in nats.
    pub fn entropy_max(&self) -> f64 {
        self.parts.iter().map(|part| (part.len() as f64).ln()).sum()
    }

    /// The entry of each choice that was taken; `None` where no action was logged or it is none of the space.
    pub fn taken(&self, inputs: &Inputs, place: usize) -> Vec<Option<Vec<usize>>> {
        let (width, rows) = inputs.vectors(place);
        let entry = |part: &Range<usize>, action: f64| {
            let index = action - self.start as f64;
            let inside = index.fract() == 0.0 && index >= 0.0 && index < part.len() as f64;
            inside.then(|| part.start + index as usize)
        };
        let row = |row: Option<Vec<f64>>| -> Option<Vec<usize>> {
            if width == self.parts.len() {
                self.parts.iter().zip(row?).map(|(part, a)| entry(part, a)).collect()
            } else {
                None
            }
        };
        rows.into_iter().map(row).collect()
    }
}
