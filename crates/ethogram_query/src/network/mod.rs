//! Weights, gradients and activations as pictures through training.
//!
//! **Source** Beholder (Anderson 2017), the "live tensor video" of TensorBoard: values or their variance over a window, vectors as rows,
//! filters side by side. Departure: weights are those of the checkpoints, so that nothing has to be logged for it.

mod file;
mod histograms;
mod sheet;
mod source;

use ethogram_model::{Cancel, Weight};
use ethogram_store::{Axis, CheckpointRow, TensorKind};

pub use file::{ArraysFileRequest, FILE_NUMBERS_MAX};
pub use histograms::ArrayHistogramRequest;
pub use sheet::{SHEET_SIDE_MAX, Sheet};
pub use source::{ARRAY_NUMBERS_MAX, ArraySource};

use crate::{Error, Result, RunHandle};
use source::{ArrayAt, networks};

/// Most steps that a strip looks at, spread evenly.
pub const STRIP_STEPS_MAX: usize = 64;
/// Most cells of a row of a strip.
pub const STRIP_CELLS_MAX: usize = 1_024;
/// Most steps of a variance window.
pub const WINDOW_MAX: usize = 32;

/// Arrays that there are.
#[derive(Clone, Debug)]
pub struct NetworkArrays {
    /// Checkpoints whose weights can be looked at.
    pub checkpoints: Vec<CheckpointRow>,
    /// Weights of the newest of them, in the order of the file.
    pub weights: Vec<WeightEntry>,
    /// Its layers that are made of floats, by name and operator.
    pub layers: Vec<(String, String)>,
    /// Why the newest checkpoint has neither.
    pub unread: Option<String>,
    /// Logged tensors: axis, tag and how often.
    pub tensors: Vec<(Axis, String, u64)>,
}

/// Weights of a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeightEntry {
    /// As in the file.
    pub name: String,
    /// For people.
    pub title: String,
    /// The operator that takes them.
    pub operator: String,
    /// Their shape.
    pub shape: Vec<usize>,
}

/// Asks for an array at one step.
#[derive(Clone, Debug, PartialEq)]
pub struct ArrayPictureRequest {
    /// Which array.
    pub of: ArraySource,
    /// Step of the training: the last at or before it, or else the first; the newest when left out.
    pub at: Option<i64>,
    /// 1 for the numbers; else each number's variance over so many steps, this one the last of them.
    pub window: usize,
}

/// An array at one step.
#[derive(Clone, Debug, PartialEq)]
pub struct ArrayPicture {
    /// The step that was looked at.
    pub at: i64,
    /// Steps of the window, ascending; those before the first are missing.
    pub window: Vec<i64>,
    /// Shape of the array.
    pub shape: Vec<usize>,
    /// How it is laid out.
    pub sheet: Sheet,
    /// **Shape**: [`Sheet::cells`]; NaN between pictures.
    pub cells: Vec<f32>,
    /// Of the array's numbers, or of their variances.
    pub spread: ArraySpread,
}

/// Where numbers lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ArraySpread {
    /// Smallest; NaN where there are none.
    pub low: f32,
    /// Largest.
    pub high: f32,
    /// Mean.
    pub mean: f64,
    /// Standard deviation, divided by the count.
    pub deviation: f64,
    /// Numbers that are not finite.
    pub not_finite: usize,
}

/// Asks for an array through training.
#[derive(Clone, Debug, PartialEq)]
pub struct ArrayStripRequest {
    /// Which array.
    pub of: ArraySource,
    /// Most steps, at most [`STRIP_STEPS_MAX`].
    pub steps: usize,
    /// Most cells of a step, at most [`STRIP_CELLS_MAX`].
    pub cells: usize,
}

/// An array through training.
#[derive(Clone, Debug, PartialEq)]
pub struct ArrayStrip {
    /// All steps at which it can be had.
    pub all: Vec<i64>,
    /// Those that were looked at, ascending.
    pub steps: Vec<i64>,
    /// Shape at the newest of them; steps with another are left out.
    pub shape: Vec<usize>,
    /// Numbers that share a cell.
    pub per_cell: usize,
    /// Step after step: the mean of the finite numbers of each cell.
    pub cells: Vec<f32>,
    /// Of all numbers of each step.
    pub spreads: Vec<ArraySpread>,
    /// Steps of another shape, or without such an array.
    pub left_out: usize,
}

impl RunHandle {
    /// What can be looked at.
    pub fn network_arrays(&self) -> NetworkArrays {
        let checkpoints = networks(self);
        let (mut weights, mut layers, mut unread) = (Vec::new(), Vec::new(), None);
        let newest = checkpoints.iter().max_by_key(|row| row.global_step);
        match newest.map(|newest| self.networks().open(self.source().as_ref(), newest)) {
            Some(Ok(model)) => {
                let entry = |weight: Weight| WeightEntry {
                    shape: weight.tensor.shape().to_vec(),
                    name: weight.name,
                    title: weight.title,
                    operator: weight.operator,
                };
                weights = model.weights().into_iter().map(entry).collect();
                layers = model.layers().into_iter().map(|layer| (layer.name, layer.operator)).collect();
            }
            Some(Err(error)) => unread = Some(error.to_string()),
            None => {}
        }
        let tags = self.source().tensor_tags().into_iter();
        let own =
            tags.filter(|tag| tag.kind == TensorKind::Tensor && matches!(tag.axis, Axis::GlobalStep | Axis::Episode));
        let tensors = own.map(|tag| (tag.axis, tag.tag, tag.count)).collect();
        NetworkArrays { checkpoints, weights, layers, unread, tensors }
    }

    /// An array at a step, or its variance over the steps before.
    ///
    /// # Errors
    /// [`Error::BadParam`] for a window of 0, or an array that is not there; [`Error::TooLarge`] beyond the named limits.
    pub fn array_picture(&self, request: &ArrayPictureRequest, cancel: &Cancel) -> Result<ArrayPicture> {
        within("window", "steps of a window (WINDOW_MAX)", WINDOW_MAX, request.window)?;
        let all = request.of.steps(self)?;
        let last = match request.at {
            Some(at) => all.partition_point(|step| *step <= at).saturating_sub(1),
            None => all.len().saturating_sub(1),
        };
        let Some(&at) = all.get(last) else { return Err(nothing(&request.of)) };
        let newest = request.of.at(self, at, cancel)?.ok_or_else(|| nothing(&request.of))?;
        let (mut window, mut values) = (vec![at], newest.values);
        if request.window > 1 {
            let mut moments = Moments::of(&values);
            for &step in all[..last].iter().rev().take(request.window - 1) {
                // Before another shape there is another network.
                let Some(before) = request.of.at(self, step, cancel)?.filter(|found| found.shape == newest.shape)
                else {
                    break;
                };
                moments.add(&before.values);
                window.insert(0, step);
            }
            values = moments.variances();
        }
        let sheet = Sheet::of(&newest.shape);
        Ok(ArrayPicture {
            at,
            window,
            cells: sheet.lay(&values),
            spread: ArraySpread::of(&values),
            sheet,
            shape: newest.shape,
        })
    }

    /// An array through training, a row a step.
    ///
    /// # Errors
    /// As [`RunHandle::array_picture`].
    pub fn array_strip(&self, request: &ArrayStripRequest, cancel: &Cancel) -> Result<ArrayStrip> {
        within("steps", "steps of a strip (STRIP_STEPS_MAX)", STRIP_STEPS_MAX, request.steps)?;
        within("cells", "cells of a step (STRIP_CELLS_MAX)", STRIP_CELLS_MAX, request.cells)?;
        let all = request.of.steps(self)?;
        let mut strip = ArrayStrip {
            shape: Vec::new(),
            per_cell: 1,
            cells: Vec::new(),
            spreads: Vec::new(),
            steps: Vec::new(),
            left_out: 0,
            all,
        };
        let picked = evenly(&strip.all, request.steps);
        let mut rows: Vec<Vec<f32>> = Vec::new();
        strip.left_out = self.each_array(&request.of, picked, cancel, |step, found| {
            if strip.steps.is_empty() {
                strip.per_cell = found.values.len().div_ceil(request.cells).max(1);
                strip.shape = found.shape;
            }
            strip.steps.push(step);
            strip.spreads.push(ArraySpread::of(&found.values));
            rows.push(found.values.chunks(strip.per_cell).map(|cell| ArraySpread::of(cell).mean as f32).collect());
        })?;
        if strip.steps.is_empty() {
            return Err(nothing(&request.of));
        }
        strip.steps.reverse();
        strip.spreads.reverse();
        strip.cells = rows.into_iter().rev().flatten().collect();
        Ok(strip)
    }

    /// Shows an array at these steps, from the newest on: its shape counts. How many of them have another, or no such array.
    fn each_array(
        &self,
        of: &ArraySource,
        steps: Vec<i64>,
        cancel: &Cancel,
        mut show: impl FnMut(i64, ArrayAt),
    ) -> Result<usize> {
        let (mut shape, mut left_out) = (None, 0);
        for step in steps.into_iter().rev() {
            match of.at(self, step, cancel)? {
                Some(found) if *shape.get_or_insert_with(|| found.shape.clone()) == found.shape => show(step, found),
                _ => left_out += 1,
            }
        }
        Ok(left_out)
    }
}

impl ArraySpread {
    fn of(values: &[f32]) -> Self {
        let finite = || values.iter().copied().filter(|value| value.is_finite());
        let count = finite().count();
        let mean = finite().map(f64::from).sum::<f64>() / count as f64;
        let square = finite().map(|value| (f64::from(value) - mean).powi(2)).sum::<f64>() / count as f64;
        let (low, high) = finite().fold((f32::NAN, f32::NAN), |(low, high), value| (value.min(low), value.max(high)));
        Self { low, high, mean, deviation: square.sqrt(), not_finite: values.len() - count }
    }
}

/// Sums for variances, one a number. **Source** Welford (1962).
struct Moments {
    count: f64,
    mean: Vec<f64>,
    square: Vec<f64>,
}

impl Moments {
    fn of(values: &[f32]) -> Self {
        Self { count: 1.0, mean: values.iter().copied().map(f64::from).collect(), square: vec![0.0; values.len()] }
    }

    fn add(&mut self, values: &[f32]) {
        self.count += 1.0;
        for ((mean, square), value) in self.mean.iter_mut().zip(&mut self.square).zip(values) {
            let from = f64::from(*value) - *mean;
            *mean += from / self.count;
            *square += from * (f64::from(*value) - *mean);
        }
    }

    /// Divided by the count, as NumPy's `var` does; of one step they are 0.
    fn variances(&self) -> Vec<f32> {
        self.square.iter().map(|square| (square / self.count) as f32).collect()
    }
}

/// So many, evenly, the first and the last among them.
fn evenly(steps: &[i64], most: usize) -> Vec<i64> {
    match (steps.len(), most) {
        (all, most) if all <= most => steps.to_vec(),
        (all, 1) => vec![steps[all - 1]],
        (all, most) => (0..most).map(|at| steps[at * (all - 1) / (most - 1)]).collect(),
    }
}

fn within(param: &str, what: &str, limit: usize, found: usize) -> Result<()> {
    match found {
        0 => Err(wrong(param, format!("1 to {limit}"), "0".to_owned())),
        found if found > limit => {
            Err(Error::TooLarge { what: what.to_owned(), limit: limit as u64, found: found as u64 })
        }
        _ => Ok(()),
    }
}

fn nothing(of: &ArraySource) -> Error {
    let expected = "an array that GET …/network lists";
    wrong("of", expected.to_owned(), of.to_string().chars().take(128).collect())
}

fn wrong(param: &str, expected: String, found: String) -> Error {
    Error::BadParam { field: "network".to_owned(), param: param.to_owned(), expected, found }
}
