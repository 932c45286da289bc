//! The network's inputs at some steps, out of what was logged.

use std::collections::BTreeMap;
use std::ops::Range;

use ethogram_model::{Data, Dim, Model, Port, Tensor};
use ethogram_store::{Column, ColumnData, Dtype, FieldInfo};

use super::signature::{Meaning, Preprocessing, STATE_FIELD, Signature};
use crate::field::read_logged;
use crate::{Error, Result, RunHandle};

/// Inputs of a network at some steps.
#[derive(Clone, Default)]
pub struct Given {
    /// Each with a row a step.
    pub tensors: BTreeMap<String, Tensor>,
    /// Whether all of a step's inputs were logged.
    pub valid: Vec<bool>,
}

impl Given {
    /// The inputs of some of the steps.
    pub fn rows(&self, rows: &[usize]) -> Result<BTreeMap<String, Tensor>> {
        self.tensors.iter().map(|(name, tensor)| Ok((name.clone(), tensor.rows(rows)?))).collect()
    }

    /// Adds the valid steps of another.
    pub fn append(&mut self, other: &Given) -> Result<()> {
        let rows: Vec<usize> = (0..other.valid.len()).filter(|&row| other.valid[row]).collect();
        for (name, more) in other.rows(&rows)? {
            let joined = match self.tensors.get(&name) {
                Some(known) => known.followed_by(&more)?,
                None => more,
            };
            self.tensors.insert(name, joined);
        }
        self.valid.extend(rows.iter().map(|_| true));
        Ok(())
    }
}

/// Reads every input that the signature names.
pub fn inputs(run: &RunHandle, episode: u64, range: Range<u64>, model: &Model, signature: &Signature) -> Result<Given> {
    let steps = (range.end - range.start) as usize;
    let mut given = Given { tensors: BTreeMap::new(), valid: vec![true; steps] };
    let mut joint = None;
    for (port, origin) in model.inputs().iter().zip(origins(run, episode, model, signature)?) {
        let mut read = || column(run, episode, origin.field, range.clone(), &mut given.valid);
        let (shape, values) = match &origin.part {
            None => read()?,
            Some(part) => {
                let (_, values) = match &mut joint {
                    Some(known) => known,
                    none => none.insert(read()?),
                };
                (vec![part.len()], origin.taken(values, steps))
            }
        };
        given.tensors.insert(port.name.clone(), prepared(port, origin.preprocessing, steps, &shape, values, episode)?);
    }
    Ok(given)
}

/// Where the numbers of one of a network's inputs lie among what was logged.
#[derive(Clone, Debug, PartialEq)]
pub struct Origin<'s> {
    /// The logged field.
    pub field: &'s str,
    /// What is done with them.
    pub preprocessing: &'s [Preprocessing],
    /// Which numbers of each row, where a field holds several states one after the other; all when `None`.
    pub part: Option<Range<usize>>,
}

impl Origin<'_> {
    /// The numbers that the input takes, of some rows of the field.
    pub fn taken(&self, values: &[f32], rows: usize) -> Vec<f32> {
        let width = values.len() / rows.max(1);
        let part = self.part.clone().unwrap_or(0..width);
        (0..rows).flat_map(|row| values[row * width..][part.clone()].iter().copied()).collect()
    }
}

/// Where each input's numbers lie, in the order of the network's inputs. Recurrent states have a field each, or all are in one, in that order.
///
/// **Errors**: an input that the signature does not name; more states than the joint field holds.
pub fn origins<'s>(run: &RunHandle, episode: u64, model: &Model, signature: &'s Signature) -> Result<Vec<Origin<'s>>> {
    let infos = run.source().step_fields(episode)?;
    let width_of = |name: &str| infos.iter().find(|info| info.name == name).map(|info| info.shape.iter().product());
    let mut given_out = 0;
    let find = |port: &Port| {
        let (field, preprocessing) = origin(port, signature, episode)?;
        let is_state = matches!(meaning_of(port, signature), Some(Meaning::State { .. }));
        let joint: Option<usize> = width_of(STATE_FIELD).filter(|_| is_state && width_of(field).is_none());
        let Some(width) = joint else { return Ok(Origin { field, preprocessing, part: None }) };
        let known = |dim: &Dim| if let Dim::Known(length) = dim { Some(*length) } else { None };
        let end = given_out + port.shape.iter().flatten().filter_map(known).product::<usize>();
        if end > width {
            let why = format!(
                "{STATE_FIELD:?} has {width} numbers a step, too few for {:?}; log each state as {STATE_FIELD}/NAME",
                port.name
            );
            return Err(Error::Unexplained { episode, why });
        }
        let part = std::mem::replace(&mut given_out, end)..end;
        Ok(Origin { field: STATE_FIELD, preprocessing, part: Some(part) })
    };
    model.inputs().iter().map(find).collect()
}

/// The field that an input takes, and the steps in between.
pub fn origin<'s>(port: &Port, signature: &'s Signature, episode: u64) -> Result<(&'s str, &'s [Preprocessing])> {
    match meaning_of(port, signature) {
        Some(Meaning::Observation { field, preprocessing }) => Ok((field, preprocessing)),
        Some(Meaning::State { field, .. }) => Ok((field, &[])),
        None => {
            let why = format!("input {:?} of the network is not in its signature", port.name);
            Err(Error::Unexplained { episode, why })
        }
    }
}

fn meaning_of<'s>(port: &Port, signature: &'s Signature) -> Option<&'s Meaning> {
    signature.inputs.iter().find(|(name, _)| *name == port.name).map(|(_, meaning)| meaning)
}

/// Rows of a field as an input takes them, rows first.
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
    let shape = [&[rows], fitted(port, &shape).as_slice()].concat();
    Ok(match port.dtype {
        ethogram_model::Dtype::I64 => Tensor::i64(&shape, values.into_iter().map(|value| value as i64).collect())?,
        ethogram_model::Dtype::Bool => {
            Tensor::new(shape, Data::Bool(values.into_iter().map(|value| value != 0.0).collect()))?
        }
        ethogram_model::Dtype::F32 => Tensor::f32(&shape, values)?,
    })
}

/// Rows of a logged field as floats; rows that were not logged are zeros, and not valid.
pub fn column(
    run: &RunHandle,
    episode: u64,
    field: &str,
    range: Range<u64>,
    valid: &mut [bool],
) -> Result<(Vec<usize>, Vec<f32>)> {
    let (info, values, there) = rows_of(run, episode, field, range)?;
    valid.iter_mut().zip(there).for_each(|(valid, there)| *valid &= there);
    Ok((info.shape, values))
}

/// What a field is, its numbers at some steps, and where they are there.
fn rows_of(run: &RunHandle, episode: u64, field: &str, range: Range<u64>) -> Result<(FieldInfo, Vec<f32>, Vec<bool>)> {
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
    let steps = (range.end - range.start) as usize;
    let (mut values, mut there) = (vec![0.0; steps * width], vec![false; steps]);
    let offset = column.first.saturating_sub(range.start) as usize;
    for (row, there) in there.iter_mut().enumerate() {
        if let Some(from) = row.checked_sub(offset).filter(|&row| row < column.rows() && column.is_valid(row)) {
            values[row * width..][..width].copy_from_slice(&floats[from * width..][..width]);
            *there = true;
        }
    }
    Ok((column.info.clone(), values, there))
}

/// Numbers of a field at consecutive steps: how many a step, all of them, and where they are there.
pub fn logged(
    run: &RunHandle,
    episode: u64,
    first: u64,
    steps: usize,
    field: &str,
) -> Result<(usize, Vec<f32>, Vec<bool>)> {
    let (info, values, there) = rows_of(run, episode, field, first..first + steps as u64)?;
    Ok((info.shape.iter().product(), values, there))
}

/// Numbers of the first step at which a field is there.
pub fn first_row(run: &RunHandle, episode: u64, first: u64, field: &str) -> Result<Vec<f32>> {
    let (width, values, there) = logged(run, episode, first, 1, field)?;
    if there == [true] {
        return Ok(values[..width].to_vec());
    }
    Err(Error::Unexplained { episode, why: format!("{field:?} was not logged at step {first}") })
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
            Preprocessing::Scale(by) | Preprocessing::Shift(by) => {
                let width: usize = shape.iter().product();
                if by.len() != 1 && by.len() != width {
                    return Err(misfit(self, shape, episode));
                }
                let scales = matches!(self, Preprocessing::Scale(_));
                for row in values.chunks_mut(width.max(1)) {
                    let each = row.iter_mut().zip(by.iter().cycle());
                    each.for_each(|(value, by)| *value = if scales { *value * by } else { *value + by });
                }
            }
            Preprocessing::Clip(low, high) => values.iter_mut().for_each(|value| *value = value.max(*low).min(*high)),
            Preprocessing::OneHot(count) => {
                to.push(*count);
                let switches =
                    |value: f32| (0..*count).map(move |at| f32::from(u8::from((value - at as f32).abs() < 0.5)));
                values = values.into_iter().flat_map(switches).collect();
            }
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

/// The row's shape as the network wants it: axes of length 1 more or less are no difference, nor is a row that is flat there or here. The same
/// axes in another order are one: they would be taken for what they are not.
fn fitted(port: &Port, shape: &[usize]) -> Vec<usize> {
    let Some(dims) = &port.shape else { return shape.to_vec() };
    let open = dims.iter().position(|dim| !matches!(dim, Dim::Known(_)));
    // Where rows are fixed, the axis of the one row; which of several is the same.
    let axis = open.or_else(|| dims.iter().position(|dim| *dim == Dim::Known(1))).unwrap_or(0);
    let known = |dim: &Dim| if let Dim::Known(length) = dim { Some(*length) } else { None };
    let wanted: Option<Vec<usize>> =
        dims.iter().enumerate().filter(|(at, _)| *at != axis).map(|(_, dim)| known(dim)).collect();
    match wanted {
        Some(wanted)
            if wanted.iter().product::<usize>() == shape.iter().product::<usize>()
                && !is_transposed(&wanted, shape) =>
        {
            wanted
        }
        _ => shape.to_vec(),
    }
}

/// Whether two shapes have the same axes in another order.
fn is_transposed(one: &[usize], other: &[usize]) -> bool {
    let long = |shape: &[usize]| -> Vec<usize> { shape.iter().copied().filter(|length| *length != 1).collect() };
    let (mut one, mut other) = (long(one), long(other));
    if one == other {
        return false;
    }
    one.sort_unstable();
    other.sort_unstable();
    one == other
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_axes_in_another_order_are_transposed() {
        assert!(is_transposed(&[3, 8, 6], &[8, 6, 3]));
        assert!(is_transposed(&[1, 4, 2], &[2, 4]));
        for (one, other) in [(vec![4, 84, 84], vec![4, 84, 84, 1]), (vec![48], vec![6, 8]), (vec![2, 24], vec![6, 8])] {
            assert!(!is_transposed(&one, &other), "{one:?} {other:?}");
        }
    }
}
