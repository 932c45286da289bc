//! Where an array through training comes from.

use std::fmt;
use std::str::FromStr;

use ethogram_model::Cancel;
use ethogram_store::{Axis, CheckpointRow, TensorKind};

use crate::run_handle::axis_name;
use crate::{Error, Result, RunHandle};

/// Largest array that is looked at.
pub const ARRAY_NUMBERS_MAX: usize = 16 << 20;

/// An array that a network has, or that was logged, at steps of the training.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ArraySource {
    /// Weights of the checkpoints, named as in their files.
    Weight(String),
    /// What a layer of the checkpoints holds at a step of an episode.
    Activation {
        /// As in the network's file.
        layer: String,
        /// The episode.
        episode: u64,
        /// Its step.
        step: u64,
    },
    /// A logged tensor: weights, gradients, whatever the training gave.
    Tensor(Axis, String),
}

/// An array at one step.
#[derive(Clone, Debug, PartialEq)]
pub struct ArrayAt {
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its numbers.
    pub values: Vec<f32>,
    /// When it was logged, or its checkpoint was written: microseconds since 1970.
    pub time_us: i64,
}

/// `weight/NAME`, `tensor/AXIS/TAG`, or `activation/EPISODE/STEP/LAYER`.
impl FromStr for ArraySource {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = || Error::BadParam {
            field: "network".to_owned(),
            param: "of".to_owned(),
            expected: "weight/NAME, activation/EPISODE/STEP/LAYER or tensor/AXIS/TAG".to_owned(),
            found: text.chars().take(64).collect(),
        };
        let (kind, rest) = text.split_once('/').filter(|(_, rest)| !rest.is_empty()).ok_or_else(wrong)?;
        match kind {
            "weight" => Ok(Self::Weight(rest.to_owned())),
            "tensor" => {
                let (axis, tag) = rest.split_once('/').ok_or_else(wrong)?;
                let axis = [Axis::GlobalStep, Axis::Episode].into_iter().find(|known| axis_name(*known) == axis);
                Ok(Self::Tensor(axis.ok_or_else(wrong)?, tag.to_owned()))
            }
            "activation" => {
                let mut parts = rest.splitn(3, '/');
                let mut number = || parts.next().and_then(|part| part.parse().ok()).ok_or_else(wrong);
                let (episode, step) = (number()?, number()?);
                let layer = parts.next().filter(|layer| !layer.is_empty()).ok_or_else(wrong)?;
                Ok(Self::Activation { layer: layer.to_owned(), episode, step })
            }
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for ArraySource {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Weight(name) => write!(to, "weight/{name}"),
            Self::Tensor(axis, tag) => write!(to, "tensor/{}/{tag}", axis_name(*axis)),
            Self::Activation { layer, episode, step } => write!(to, "activation/{episode}/{step}/{layer}"),
        }
    }
}

impl ArraySource {
    /// Steps of the training at which it can be had, ascending.
    ///
    /// **Errors**: nothing of that name was logged.
    pub fn steps(&self, run: &RunHandle) -> Result<Vec<i64>> {
        match self {
            Self::Weight(_) => Ok(steps(&networks(run))),
            Self::Activation { episode, .. } => Ok(steps(&run.explainable(*episode)?)),
            Self::Tensor(axis, tag) => {
                let known =
                    run.source().tensor_tags().into_iter().find(|known| known.axis == *axis && known.tag == *tag);
                let found = match known.map(|known| known.kind) {
                    Some(TensorKind::Tensor) => {
                        return Ok(run.source().tensor_steps(*axis, tag, i64::MIN..i64::MAX)?);
                    }
                    Some(TensorKind::Distribution) => "a distribution",
                    Some(TensorKind::Image) => "pictures",
                    Some(TensorKind::Text) => "texts",
                    None => "nothing",
                };
                let (run, tag) = (run.id().clone(), tag.clone());
                Err(Error::NoNumbers { run, axis: axis_name(*axis), tag, expected: "tensor", found })
            }
        }
    }

    /// It at one of its steps; `None` where this network has none of that name.
    ///
    /// **Errors**: over [`ARRAY_NUMBERS_MAX`]; a file that cannot be read.
    pub fn at(&self, run: &RunHandle, step: i64, cancel: &Cancel) -> Result<Option<ArrayAt>> {
        cancel.check()?;
        let found = match self {
            Self::Weight(name) => {
                let Some(row) = network_at(run, step) else { return Ok(None) };
                let model = run.networks().open(run.source().as_ref(), &row)?;
                let Some(weight) = model.weights().into_iter().find(|weight| weight.name == *name) else {
                    return Ok(None);
                };
                self.check(weight.tensor.len())?;
                let values = weight.tensor.as_f32().unwrap_or_default().to_vec();
                ArrayAt { shape: weight.tensor.shape().to_vec(), values, time_us: row.time_us }
            }
            Self::Activation { layer, episode, step: of } => {
                let found = run.activations(*episode, &[*of], layer, Some(step), cancel)?;
                if found.steps.is_empty() {
                    return Ok(None);
                }
                self.check(found.values.len())?;
                let time_us = network_at(run, step).map_or(0, |row| row.time_us);
                ArrayAt { shape: found.shape, values: found.values, time_us }
            }
            Self::Tensor(axis, tag) => {
                if let Some(size) = run.source().tensors_size(*axis, tag, step..step.saturating_add(1))? {
                    // Every number has a byte at least.
                    self.check(size.bytes as usize / 8)?;
                }
                let rows = run.source().tensors(*axis, tag, step..step.saturating_add(1))?;
                let Some(row) = rows.into_iter().rfind(|row| row.kind == TensorKind::Tensor) else { return Ok(None) };
                self.check(row.array.len())?;
                let dtype = row.array.dtype();
                let numbers = row.array.data().chunks_exact(dtype.size()).map(|bytes| dtype.read_f64(bytes) as f32);
                ArrayAt { shape: row.array.shape().to_vec(), values: numbers.collect(), time_us: row.time_us }
            }
        };
        Ok(Some(found))
    }

    fn check(&self, numbers: usize) -> Result<()> {
        if numbers <= ARRAY_NUMBERS_MAX {
            return Ok(());
        }
        let what = format!("numbers of {self} (ARRAY_NUMBERS_MAX)");
        Err(Error::TooLarge { what, limit: ARRAY_NUMBERS_MAX as u64, found: numbers as u64 })
    }
}

/// Checkpoints whose weights can be read.
pub fn networks(run: &RunHandle) -> Vec<CheckpointRow> {
    run.source().checkpoints().into_iter().filter(|row| row.format == "onnx").collect()
}

/// The last of them at a step.
fn network_at(run: &RunHandle, step: i64) -> Option<CheckpointRow> {
    networks(run).into_iter().rfind(|row| row.global_step == step)
}

fn steps(rows: &[CheckpointRow]) -> Vec<i64> {
    let mut steps: Vec<i64> = rows.iter().map(|row| row.global_step).collect();
    steps.sort_unstable();
    steps.dedup();
    steps
}
