//! Entries by their size, their sums so far, and places given as numbers.

use super::{Call, Lower};
use crate::error::{Result, within};
use crate::graph::{Binary, Compare, Reduce, ValueId};
use crate::tensor::{Data, Dtype, Tensor, strides};

pub const OPERATORS: &[(&str, Lower)] =
    &[("TopK", top_k), ("CumSum", cumulative_sum), ("OneHot", one_hot), ("Hardmax", hard_max), ("GatherND", gather_nd)];

impl Call<'_> {
    /// An axis as the last one, and how to bring it back.
    fn last(&mut self, x: ValueId, axis: usize) -> Result<(ValueId, Vec<usize>)> {
        let mut axes: Vec<usize> = (0..self.shape(x).len()).collect();
        let last = axes.len() - 1;
        axes.swap(axis, last);
        Ok((self.b.transpose(x, &axes)?, axes))
    }

    /// Whole numbers from 0 on.
    fn counted(&mut self, count: usize) -> Result<ValueId> {
        self.b.constant(Tensor::integers((0..count as i64).collect()))
    }
}

/// The largest or smallest entries in order, and where they are. Of equal ones the first comes first.
///
/// An entry's place in the order is how many come before it. The values are picked, so that a derivative goes to those that were.
fn top_k(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let x = call.input(0)?;
    let (shape, dtype) = (call.shape(x), call.b.dtype(x));
    let axis = call.axis(call.attributes.int("axis", -1), shape.len())?;
    let length = shape[axis];
    let asked = call.integers(1)?;
    let Some(k) = asked.as_deref().and_then(|k| if let [k] = k { usize::try_from(*k).ok() } else { None }) else {
        return Err(call.b.wrong(format!("k is {asked:?}, expected one number from 0")));
    };
    if k > length {
        return Err(call.b.wrong(format!("the {k} largest of {length}")));
    }
    let pairs = (shape.iter().product::<usize>() as u64).saturating_mul(length as u64);
    within("the comparisons of entries to be ordered", pairs, "tensor_elements", call.b.limits().tensor_elements)?;
    let (x, axes) = call.last(x, axis)?;
    let turned = call.shape(x);
    let rows = turned[..turned.len() - 1].iter().product::<usize>();
    let flat = call.b.reshape(x, &[rows, length])?;
    let (own, other) = (call.b.reshape(flat, &[rows, length, 1])?, call.b.reshape(flat, &[rows, 1, length])?);
    let before = if call.attributes.int("largest", 1) == 0 { Compare::Less } else { Compare::Greater };
    let ahead = call.b.compare(before, other, own)?;
    let equal = call.b.compare(Compare::Equal, other, own)?;
    let earlier = (0..length).flat_map(|own| (0..length).map(move |other| other < own)).collect();
    let earlier = call.b.constant(Tensor::new(vec![length, length], Data::Bool(earlier))?)?;
    let tied = call.b.binary(Binary::And, equal, earlier)?;
    let ahead = call.b.binary(Binary::Or, ahead, tied)?;
    let ahead = call.b.cast(ahead, Dtype::I64)?;
    let order = call.b.reduce(Reduce::Sum, ahead, &[2])?;
    // The entry at each of the first k places: [rows, length, 1] beside [k].
    let places = call.counted(k)?;
    let there = call.b.compare(Compare::Equal, order, places)?;
    let there = call.b.cast(there, Dtype::I64)?;
    let entries = call.counted(length)?;
    let entries = call.b.reshape(entries, &[length, 1])?;
    let there = call.b.mul(there, entries)?;
    let at = call.b.reduce(Reduce::Sum, there, &[1])?;
    let at = call.b.reshape(at, &[rows, k])?;
    let starts = call.b.constant(Tensor::i64(&[rows, 1], (0..rows).map(|row| (row * length) as i64).collect())?)?;
    let from = call.b.add(at, starts)?;
    let line = call.b.reshape(flat, &[rows * length])?;
    let values = call.b.gather(line, from, 0)?;
    let to = [&turned[..turned.len() - 1], &[k]].concat();
    let [values, at] = [values, at].map(|part| {
        let part = call.b.reshape(part, &to)?;
        call.b.transpose(part, &axes)
    });
    let values = values?;
    Ok(vec![call.b.cast(values, dtype)?, at?])
}

/// A product with a triangle of ones; of integers, sums of twice as many entries again and again.
fn cumulative_sum(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let given = call.input(0)?;
    let (shape, dtype) = (call.shape(given), call.b.dtype(given));
    let asked = call.integers(1)?;
    let Some(&[axis]) = asked.as_deref() else { return Err(call.b.wrong(format!("axis {asked:?}"))) };
    let axis = call.axis(axis, shape.len())?;
    let length = shape[axis];
    let (exclusive, backwards) = (call.attributes.int("exclusive", 0) != 0, call.attributes.int("reverse", 0) != 0);
    if dtype == Dtype::I64 {
        return Ok(vec![whole_sums(call, given, axis, exclusive, backwards)?]);
    }
    let cells = (length as u64).saturating_mul(length as u64);
    within("the weights of a cumulative sum", cells, "tensor_elements", call.b.limits().tensor_elements)?;
    let counts = |from: usize, to: usize| {
        let (from, to) = if backwards { (to, from) } else { (from, to) };
        f32::from(u8::from(if exclusive { from < to } else { from <= to }))
    };
    let weights = (0..length).flat_map(|from| (0..length).map(move |to| counts(from, to))).collect();
    let weights = call.b.constant(Tensor::f32(&[length, length], weights)?)?;
    let x = call.b.cast(given, Dtype::F32)?;
    let (x, axes) = call.last(x, axis)?;
    let turned = call.shape(x);
    let rows = turned[..turned.len() - 1].iter().product::<usize>();
    let flat = call.b.reshape(x, &[rows, length])?;
    let y = call.b.matmul(flat, weights, false)?;
    let y = call.b.reshape(y, &turned)?;
    let y = call.b.transpose(y, &axes)?;
    Ok(vec![call.b.cast(y, dtype)?])
}

/// Integers keep all their digits.
fn whole_sums(call: &mut Call<'_>, x: ValueId, axis: usize, exclusive: bool, backwards: bool) -> Result<ValueId> {
    let shape = call.shape(x);
    let length = shape[axis];
    // Every entry takes that of so many places before it, zeros from beyond the end.
    let shifted = |call: &mut Call<'_>, y: ValueId, by: usize| -> Result<ValueId> {
        let mut zeros = shape.clone();
        zeros[axis] = by;
        let count = zeros.iter().product();
        let zeros = call.b.constant(Tensor::i64(&zeros, vec![0; count])?)?;
        let rest = call.b.slice_axis(y, axis, if backwards { by } else { 0 }, length - by)?;
        call.b.concat(&if backwards { [rest, zeros] } else { [zeros, rest] }, axis)
    };
    let mut y = if exclusive && length > 0 { shifted(call, x, 1)? } else { x };
    let mut by = 1;
    while by < length {
        let before = shifted(call, y, by)?;
        y = call.b.add(y, before)?;
        by *= 2;
    }
    Ok(y)
}

/// One value where an index says, and another elsewhere.
fn one_hot(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let (given, values) = (call.input(0)?, call.input(2)?);
    let indices = call.b.cast(given, Dtype::I64)?;
    let depth = call.input(1)?;
    let depth = call.b.cast(depth, Dtype::I64)?;
    let depth = match call.b.constant_of(depth).and_then(|tensor| tensor.as_i64()) {
        Some(&[depth]) => usize::try_from(depth).unwrap_or(0),
        _ => return Err(call.b.wrong("the depth must be one constant number")),
    };
    within("the depth", depth as u64, "tensor_elements", call.b.limits().tensor_elements)?;
    let mut shape = call.shape(indices);
    let axis = call.axis(call.attributes.int("axis", -1), shape.len() + 1)?;
    shape.insert(axis, 1);
    let indices = call.b.reshape(indices, &shape)?;
    // An index from −depth on counts from the end; one beyond is nowhere.
    let below = call.b.constant(Tensor::i64(&[], vec![0])?)?;
    let negative = call.b.compare(Compare::Less, indices, below)?;
    let length = call.b.constant(Tensor::i64(&[], vec![depth as i64])?)?;
    let wrapped = call.b.add(indices, length)?;
    let indices = call.b.select(negative, wrapped, indices)?;
    let places = call.counted(depth)?;
    let mut along = vec![1; shape.len()];
    along[axis] = depth;
    let places = call.b.reshape(places, &along)?;
    let there = call.b.compare(Compare::Equal, indices, places)?;
    if call.shape(values) != [2] {
        return Err(call.b.wrong(format!("values of shape {:?}, expected off and on", call.shape(values))));
    }
    let [off, on] = [0, 1].map(|at| {
        let one = call.b.slice_axis(values, 0, at, 1)?;
        call.b.reshape(one, &[])
    });
    Ok(vec![call.b.select(there, on?, off?)?])
}

/// 1 at the first maximum, else 0.
fn hard_max(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let x = call.floats(0)?;
    let shape = call.shape(x);
    let old = call.opset < 13;
    let axis = call.axis(call.attributes.int("axis", if old { 1 } else { -1 }), shape.len())?;
    // Before version 13 all axes from this one on are taken as one.
    let (x, axis) = if old {
        let flat = [shape[..axis].iter().product(), shape[axis..].iter().product()];
        (call.b.reshape(x, &flat)?, 1)
    } else {
        (x, axis)
    };
    let length = call.shape(x)[axis];
    let at = call.b.arg_max(x, axis)?;
    let places = call.counted(length)?;
    let mut along = vec![1; call.shape(x).len()];
    along[axis] = length;
    let places = call.b.reshape(places, &along)?;
    let there = call.b.compare(Compare::Equal, at, places)?;
    let there = call.b.cast(there, Dtype::F32)?;
    Ok(vec![call.b.reshape(there, &shape)?])
}

/// Parts of a tensor; the last axis of the indices tells its first axes, after those that are gone through side by side.
fn gather_nd(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let (x, indices) = (call.input(0)?, call.input(1)?);
    let (data, shape) = (call.shape(x), call.shape(indices));
    let beside = usize::try_from(call.attributes.int("batch_dims", 0)).unwrap_or(usize::MAX);
    let depth = shape.last().copied().unwrap_or(0);
    let fits =
        beside < shape.len() && beside.saturating_add(depth) <= data.len() && data.get(..beside) == shape.get(..beside);
    if !fits {
        return Err(call.b.wrong(format!("indices of shape {shape:?} into shape {data:?}")));
    }
    let outer = &shape[..shape.len() - 1];
    let (rows, inner): (usize, usize) =
        (data[..beside + depth].iter().product(), data[beside + depth..].iter().product());
    let steps = strides(&data[..beside + depth]);
    // Where each of the parts that lie side by side begins.
    let (count, own) = (outer.iter().product::<usize>(), strides(outer));
    let starts = (0..count)
        .map(|index| (0..beside).map(|axis| (index / own[axis] % outer[axis] * steps[axis]) as i64).sum())
        .collect();
    let mut at = call.b.constant(Tensor::i64(&[count, 1], starts)?)?;
    let tuples = call.b.reshape(indices, &[count, depth])?;
    for axis in 0..depth {
        let one = call.b.slice_axis(tuples, 1, axis, 1)?;
        let one = call.places_along(one, data[beside + axis], steps[beside + axis])?;
        at = call.b.add(at, one)?;
    }
    let at = call.b.reshape(at, &[count])?;
    let flat = call.b.reshape(x, &[rows, inner])?;
    let found = call.b.gather(flat, at, 0)?;
    Ok(vec![call.b.reshape(found, &[outer, &data[beside + depth..]].concat())?])
}
