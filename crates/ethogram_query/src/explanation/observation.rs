//! The network's inputs at some steps, out of what was logged.

use std::collections::BTreeMap;
use std::ops::Range;

use ethogram_model::{Dim, Model, Port, Tensor};
use ethogram_store::{Column, ColumnData, Dtype};

use super::signature::{Meaning, Preprocessing, Signature};
use crate::field::read_logged;
use crate::{Error, Result, RunHandle};

/// Field that holds the recurrent state before each step.
const STATE_FIELD: &str = "recurrent_state";

/// Inputs of a network at consecutive steps.
pub struct Given {
    /// Each with a row a step.
    pub tensors: BTreeMap<String, Tensor>,
    /// Whether all of a step's inputs were logged.
    pub valid: Vec<bool>,
}

impl Given {
    /// The inputs of some of the steps.
    pub fn rows(&self, rows: &[usize]) -> Result<BTreeMap<String, Tensor>> {
        self.tensors
            .iter()
            .map(|(name, tensor)| {
                let width = tensor.len() / self.valid.len().max(1);
                let values = tensor.as_f32().unwrap_or_default();
                let picked =
                    rows.iter().flat_map(|row| values[row * width..(row + 1) * width].iter().copied()).collect();
                let shape = [&[rows.len()], &tensor.shape()[1..]].concat();
                Ok((name.clone(), Tensor::f32(&shape, picked)?))
            })
            .collect()
    }
}

/// Reads every input that the signature names.
pub fn inputs(run: &RunHandle, episode: u64, range: Range<u64>, model: &Model, signature: &Signature) -> Result<Given> {
    let steps = (range.end - range.start) as usize;
    let mut given = Given { tensors: BTreeMap::new(), valid: vec![true; steps] };
    for port in model.inputs() {
        let (field, preprocessing) = origin(port, signature, episode)?;
        let (shape, values) = column(run, episode, field, range.clone(), &mut given.valid)?;
        given.tensors.insert(port.name.clone(), prepared(port, preprocessing, steps, &shape, values, episode)?);
    }
    Ok(given)
}

/// The field that an input takes, and the steps in between.
pub fn origin<'s>(port: &Port, signature: &'s Signature, episode: u64) -> Result<(&'s str, &'s [Preprocessing])> {
    match signature.inputs.iter().find(|(name, _)| *name == port.name) {
        Some((_, Meaning::Observation { field, preprocessing })) => Ok((field, preprocessing)),
        Some((_, Meaning::State)) => Ok((STATE_FIELD, &[])),
        None => {
            let why = format!("input {:?} of the network is not in its signature", port.name);
            Err(Error::Unexplained { episode, why })
        }
    }
}

/// Rows of a field as an input takes them.
pub fn prepared(
    port: &Port,
    preprocessing: &[Preprocessing],
    rows: usize,
    shape: &[usize],
    mut values: Vec<f32>,
    episode: u64,
) -> Result<Tensor> {
    let mut shape = shape.to_vec();
    for step in preprocessing {
        (shape, values) = step.apply(&shape, values, episode)?;
    }
    let shape = fitted(port, &shape);
    Ok(Tensor::f32(&[&[rows], shape.as_slice()].concat(), values)?)
}

/// Rows of a logged field as floats; rows that were not logged are zeros, and not valid.
pub fn column(
    run: &RunHandle,
    episode: u64,
    field: &str,
    range: Range<u64>,
    valid: &mut [bool],
) -> Result<(Vec<usize>, Vec<f32>)> {
    let source = run.source().as_ref();
    let infos = source.step_fields(episode)?;
    let info = infos.iter().find(|info| info.name == field).ok_or_else(|| Error::Unexplained {
        episode,
        why: format!(
            "the network takes {field:?}, which was not logged; pass {field}= to episode.step, or record with eg.record"
        ),
    })?;
    let column = read_logged(source, episode, info, range.clone())?;
    let width: usize = column.info.shape.iter().product();
    let floats =
        floats(&column).ok_or_else(|| Error::Unexplained { episode, why: format!("{field:?} holds no numbers") })?;
    let mut values = vec![0.0; valid.len() * width];
    let offset = column.first.saturating_sub(range.start) as usize;
    for (row, valid) in valid.iter_mut().enumerate() {
        match row.checked_sub(offset).filter(|&row| row < column.rows() && column.is_valid(row)) {
            Some(from) => values[row * width..][..width].copy_from_slice(&floats[from * width..][..width]),
            None => *valid = false,
        }
    }
    Ok((column.info.shape.clone(), values))
}

/// A column's numbers.
pub fn floats(column: &Column) -> Option<Vec<f32>> {
    fn map<const N: usize>(bytes: &[u8], value: impl Fn([u8; N]) -> f32) -> Vec<f32> {
        bytes.as_chunks::<N>().0.iter().map(|chunk| value(*chunk)).collect()
    }
    let ColumnData::Numeric(bytes) = &column.data else { return None };
    Some(match column.info.dtype? {
        Dtype::Float32 => map(bytes, f32::from_le_bytes),
        Dtype::Float64 => map(bytes, |b| f64::from_le_bytes(b) as f32),
        Dtype::Uint8 => map(bytes, |b: [u8; 1]| f32::from(b[0])),
        Dtype::Bool => map(bytes, |b: [u8; 1]| f32::from(u8::from(b[0] != 0))),
        Dtype::Int8 => map(bytes, |b| f32::from(i8::from_le_bytes(b))),
        Dtype::Uint16 => map(bytes, |b| f32::from(u16::from_le_bytes(b))),
        Dtype::Int16 => map(bytes, |b| f32::from(i16::from_le_bytes(b))),
        Dtype::Uint32 => map(bytes, |b| u32::from_le_bytes(b) as f32),
        Dtype::Int32 => map(bytes, |b| i32::from_le_bytes(b) as f32),
        Dtype::Uint64 => map(bytes, |b| u64::from_le_bytes(b) as f32),
        Dtype::Int64 => map(bytes, |b| i64::from_le_bytes(b) as f32),
        Dtype::Float16 => map(bytes, |b| half::f16::from_le_bytes(b).to_f32()),
    })
}

impl Preprocessing {
    /// One step, for rows of `shape`.
    fn apply(&self, shape: &[usize], mut values: Vec<f32>, episode: u64) -> Result<(Vec<usize>, Vec<f32>)> {
        let mut to = shape.to_vec();
        match self {
            Preprocessing::Scale(by) => values.iter_mut().for_each(|value| *value *= by),
            Preprocessing::Shift(by) => values.iter_mut().for_each(|value| *value += by),
            Preprocessing::Unsqueeze(axis) if *axis <= to.len() => to.insert(*axis, 1),
            Preprocessing::Flatten => to = vec![shape.iter().product()],
            Preprocessing::Transpose(axes) => {
                let mut sorted = axes.clone();
                sorted.sort_unstable();
                if !sorted.into_iter().eq(0..shape.len()) {
                    return Err(misfit(self, shape, episode));
                }
                to = axes.iter().map(|&axis| shape[axis]).collect();
                values = transposed(&values, shape, axes);
            }
            Preprocessing::Unsqueeze(_) => return Err(misfit(self, shape, episode)),
        }
        Ok((to, values))
    }
}

fn misfit(step: &Preprocessing, shape: &[usize], episode: u64) -> Error {
    Error::Unexplained {
        episode,
        why: format!("the signature's step {step:?} does not fit observations of shape {shape:?}"),
    }
}

/// Every row with its axes in another order.
fn transposed(values: &[f32], shape: &[usize], axes: &[usize]) -> Vec<f32> {
    let mut strides = vec![1; shape.len()];
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis] * shape[axis];
    }
    let to: Vec<usize> = axes.iter().map(|&axis| shape[axis]).collect();
    let width: usize = shape.iter().product();
    let place = |index: usize| {
        let mut rest = index;
        let mut at = 0;
        for axis in (0..to.len()).rev() {
            at += rest % to[axis] * strides[axes[axis]];
            rest /= to[axis];
        }
        at
    };
    let places: Vec<usize> = (0..width).map(place).collect();
    values.chunks(width.max(1)).flat_map(|row| places.iter().map(|&at| row[at])).collect()
}

/// The row's shape as the network wants it: a leading axis of length 1 more or less is no difference.
fn fitted(port: &Port, shape: &[usize]) -> Vec<usize> {
    let Some(dims) = &port.shape else { return shape.to_vec() };
    let wanted: Option<Vec<usize>> = dims
        .iter()
        .skip(1)
        .map(|dim| match dim {
            Dim::Known(length) => Some(*length),
            _ => None,
        })
        .collect();
    match wanted {
        Some(wanted) if wanted.iter().product::<usize>() == shape.iter().product::<usize>() => wanted,
        _ => shape.to_vec(),
    }
}
