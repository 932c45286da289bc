//! How a recorded field and the input that a network takes of it belong together.

use ethogram_model::{Bounds, Port};

use super::edit::EditedField;
use super::observation::prepared;
use super::signature::Preprocessing;
use crate::{Error, Result};

/// How a field's numbers become an input's: `input[k] = scale[k] · recorded[place[k]] + shift[k]`.
pub struct InputMap {
    scale: Vec<f32>,
    shift: Vec<f32>,
    /// The recorded element of each of the input's.
    pub place: Vec<usize>,
}

impl InputMap {
    /// Found by sending numbers through the steps, and checked with the field's own.
    pub fn of(port: &Port, preprocessing: &[Preprocessing], field: &EditedField, episode: u64) -> Result<Self> {
        let shape = &field.info.shape;
        let width = field.after.len();
        let send = |values: Vec<f32>| -> Result<Vec<f32>> {
            Ok(prepared(port, preprocessing, 1, shape, values, episode)?.as_f32().unwrap_or_default().to_vec())
        };
        let shift = send(vec![0.0; width])?;
        let scale: Vec<f32> = send(vec![1.0; width])?.iter().zip(&shift).map(|(one, zero)| one - zero).collect();
        let order = send((0..width).map(|at| at as f32).collect())?;
        let place: Vec<usize> =
            (0..order.len()).map(|at| ((order[at] - shift[at]) / scale[at]).round() as usize).collect();
        let real = send(field.after.clone())?;
        let most = real.iter().fold(1.0_f32, |most, value| most.max(value.abs()));
        let fits = |at: usize| {
            let recorded = field.after.get(place[at]).copied().unwrap_or(f32::NAN);
            scale[at] != 0.0 && (scale[at] * recorded + shift[at] - real[at]).abs() <= 1e-4 * most
        };
        if place.len() != width || !(0..width).all(fits) {
            let why =
                "the signature's steps cannot be undone, so a change of the input is no change of the observation";
            return Err(Error::Unexplained { episode, why: why.to_owned() });
        }
        Ok(InputMap { scale, shift, place })
    }

    /// What the field holds where the input's element `at` is `value`.
    pub fn recorded(&self, at: usize, value: f32) -> f32 {
        (value - self.shift[at]) / self.scale[at]
    }

    /// The input of a row of the field.
    pub fn input(&self, recorded: &[f32]) -> Vec<f32> {
        (0..self.place.len()).map(|at| self.scale[at] * recorded[self.place[at]] + self.shift[at]).collect()
    }

    /// The row of the field of an input.
    pub fn row(&self, input: &[f32]) -> Vec<f32> {
        let mut row = vec![0.0; input.len()];
        input.iter().enumerate().for_each(|(at, &value)| row[self.place[at]] = self.recorded(at, value));
        row
    }

    /// Where the input's elements may go, were the recorded ones to go so far.
    pub fn bounds(&self, reach: &[(f32, f32)]) -> Bounds {
        let ends = |at: usize| {
            let (low, high) = reach[self.place[at]];
            let (low, high) = (self.scale[at] * low + self.shift[at], self.scale[at] * high + self.shift[at]);
            (low.min(high), low.max(high))
        };
        let all: Vec<(f32, f32)> = (0..self.place.len()).map(ends).collect();
        let unit = all.iter().map(|(low, high)| if high > low { high - low } else { 1.0 });
        Bounds {
            unit: unit.collect(),
            low: all.iter().map(|ends| ends.0).collect(),
            high: all.iter().map(|ends| ends.1).collect(),
        }
    }

    /// The input's element of each recorded one.
    pub fn backwards(&self) -> Vec<usize> {
        let mut backwards = vec![0; self.place.len()];
        self.place.iter().enumerate().for_each(|(at, &recorded)| backwards[recorded] = at);
        backwards
    }
}
