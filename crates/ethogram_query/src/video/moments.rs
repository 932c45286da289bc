//! What is known of each step, read a few hundred at a time.

use std::ops::Range;

use ethogram_store::ColumnData;

use super::choices::action_in_words;
use super::lanes::Lanes;
use crate::{Error, Params, Result, RunHandle};

/// Numbers of consecutive steps.
pub(super) struct Moments {
    first: u64,
    reward: Numbers,
    episode_return: Numbers,
    action: Numbers,
    greedy: Numbers,
    values: Numbers,
    /// The action that the bars are about.
    about: Numbers,
}

/// One step of them.
pub(super) struct Told {
    pub reward: Option<f64>,
    pub episode_return: Option<f64>,
    pub action: String,
    pub greedy: Option<bool>,
    pub values: Vec<f64>,
    pub taken: Vec<usize>,
    pub highest: Vec<usize>,
}

impl Moments {
    /// Reads the steps in `range`.
    pub fn read(run: &RunHandle, episode: u64, range: Range<u64>, lanes: Option<&Lanes>) -> Result<Self> {
        let read = |name: &str| Numbers::read(run, episode, name, range.clone());
        let values = match lanes {
            // These were there when the film was prepared: if they are not now, that is an error and no gap.
            Some(lanes) => Numbers::of(run, episode, &lanes.field, range.clone())?,
            None => Numbers::default(),
        };
        let about = match lanes.and_then(|lanes| lanes.action.as_deref()) {
            Some(action) => read(action)?,
            None => Numbers::default(),
        };
        Ok(Self {
            first: range.start,
            reward: read("reward")?,
            episode_return: read("episode_return")?,
            action: read("action")?,
            greedy: read("greedy")?,
            values,
            about,
        })
    }

    /// What is known of a step of the range.
    pub fn tell(&self, run: &RunHandle, step: u64, lanes: Option<&Lanes>) -> Told {
        let row = (step - self.first) as usize;
        let values = self.values.row(row).unwrap_or_default().to_vec();
        let about = lanes.zip(self.about.row(row));
        Told {
            reward: self.reward.one(row),
            episode_return: self.episode_return.one(row),
            action: self.action.row(row).map_or_else(String::new, |row| action_in_words(run.info().env.as_ref(), row)),
            greedy: self.greedy.one(row).map(|greedy| greedy != 0.0),
            taken: about.map_or_else(Vec::new, |(lanes, action)| lanes.choices.taken(action)),
            highest: match lanes {
                Some(lanes) if lanes.action.is_some() => lanes.choices.highest(&values),
                _ => Vec::new(),
            },
            values,
        }
    }
}

/// Rows of one field.
#[derive(Default)]
struct Numbers {
    width: usize,
    values: Vec<f64>,
    valid: Vec<bool>,
}

impl Numbers {
    /// Nothing where there is no such field, or it holds texts.
    fn read(run: &RunHandle, episode: u64, name: &str, range: Range<u64>) -> Result<Self> {
        match Self::of(run, episode, name, range) {
            Err(Error::NoField { .. } | Error::MissingInput { .. } | Error::BadInput { .. }) => Ok(Self::default()),
            other => other,
        }
    }

    fn of(run: &RunHandle, episode: u64, name: &str, range: Range<u64>) -> Result<Self> {
        let field = run.field(episode, name, &Params::new(), range.clone())?;
        let column = &field.column;
        if let ColumnData::Text(_) = column.data {
            return Ok(Self::default());
        }
        let width = column.info.shape.iter().product::<usize>();
        // The answer may begin later than the range, or end before it does.
        let before = column.first.saturating_sub(range.start) as usize;
        let mut values = vec![f64::NAN; before * width];
        values.extend(column.to_f64());
        let valid = (0..before).map(|_| false).chain((0..column.rows()).map(|row| column.is_valid(row))).collect();
        Ok(Self { width, values, valid })
    }

    fn row(&self, row: usize) -> Option<&[f64]> {
        self.valid.get(row).filter(|valid| **valid)?;
        self.values.get(row * self.width..(row + 1) * self.width)
    }

    /// The number of a row that has one only.
    fn one(&self, row: usize) -> Option<f64> {
        match self.row(row)? {
            [one] => Some(*one),
            _ => None,
        }
    }
}
