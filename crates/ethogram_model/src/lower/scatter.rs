//! Numbers laid over others where indices say.

use super::{Call, Lower};
use crate::error::Result;
use crate::graph::{Binary, Compare, ValueId};
use crate::tensor::{Dtype, Tensor, strides};

pub const OPERATORS: &[(&str, Lower)] = &[("ScatterElements", scatter_elements), ("ScatterND", scatter_nd)];

/// One update an element, each in the line along one axis that its own place says.
fn scatter_elements(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let (x, indices, updates) = (call.input(0)?, call.input(1)?, call.input(2)?);
    let (data, shape) = (call.shape(x), call.shape(indices));
    let axis = call.axis(call.attributes.int("axis", 0), data.len())?;
    let fits = shape.len() == data.len()
        && (0..data.len()).all(|at| at == axis || shape[at] <= data[at])
        && call.shape(updates) == shape;
    if !fits {
        return Err(call.b.wrong(format!("updates at indices of shape {shape:?} in shape {data:?}")));
    }
    let (own, steps) = (strides(&shape), strides(&data));
    let count: usize = shape.iter().product();
    let base: Vec<i64> = (0..count)
        .map(|index| {
            let others = (0..shape.len()).filter(|&at| at != axis);
            others.map(|at| (index / own[at] % shape[at] * steps[at]) as i64).sum()
        })
        .collect();
    let base = call.b.constant(Tensor::i64(&shape, base)?)?;
    let along = call.places_along(indices, data[axis], steps[axis])?;
    let at = call.b.add(base, along)?;
    let at = call.b.reshape(at, &[count])?;
    let updates = call.b.reshape(updates, &[count, 1])?;
    let flat = call.b.reshape(x, &[data.iter().product(), 1])?;
    let laid = laid(call, flat, at, updates)?;
    Ok(vec![call.b.reshape(laid, &data)?])
}

/// Updates of whole parts; the last axis of the indices tells the first axes of the data.
fn scatter_nd(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let (x, indices, updates) = (call.input(0)?, call.input(1)?, call.input(2)?);
    let (data, shape) = (call.shape(x), call.shape(indices));
    let Some((&depth, outer)) = shape.split_last().filter(|(depth, _)| **depth <= data.len()) else {
        return Err(call.b.wrong(format!("indices of shape {shape:?} into shape {data:?}")));
    };
    if call.shape(updates) != [outer, &data[depth..]].concat() {
        return Err(call.b.wrong(format!("updates of shape {:?} at indices of shape {shape:?}", call.shape(updates))));
    }
    let (count, rows): (usize, usize) = (outer.iter().product(), data[..depth].iter().product());
    let inner: usize = data[depth..].iter().product();
    let steps = strides(&data[..depth]);
    let tuples = call.b.reshape(indices, &[count, depth])?;
    let mut at = call.b.constant(Tensor::i64(&[count, 1], vec![0; count])?)?;
    for axis in 0..depth {
        let one = call.b.slice_axis(tuples, 1, axis, 1)?;
        let one = call.places_along(one, data[axis], steps[axis])?;
        at = call.b.add(at, one)?;
    }
    let at = call.b.reshape(at, &[count])?;
    let updates = call.b.reshape(updates, &[count, inner])?;
    let flat = call.b.reshape(x, &[rows, inner])?;
    let laid = laid(call, flat, at, updates)?;
    Ok(vec![call.b.reshape(laid, &data)?])
}

impl Call<'_> {
    /// Indices along an axis as distances; negative ones count from its end.
    pub(super) fn places_along(&mut self, indices: ValueId, length: usize, step: usize) -> Result<ValueId> {
        let beyond = |index: &&i64| **index >= length as i64 || **index < -(length as i64);
        let known = self.b.constant_of(indices).and_then(|tensor| tensor.as_i64());
        if let Some(index) = known.and_then(|known| known.iter().find(beyond)) {
            return Err(self.b.wrong(format!("index {index} of an axis of length {length}")));
        }
        let length = self.b.constant(Tensor::i64(&[], vec![length.max(1) as i64])?)?;
        let step = self.b.constant(Tensor::i64(&[], vec![step as i64])?)?;
        let along = self.b.binary(Binary::Mod, indices, length)?;
        self.b.mul(along, step)
    }
}

/// Rows `updates` laid over rows of `data`. **Shapes**: `[N, inner]`, `[T]`, `[T, inner]`.
fn laid(call: &mut Call<'_>, data: ValueId, at: ValueId, updates: ValueId) -> Result<ValueId> {
    let rows = call.shape(data)[0];
    match call.attributes.text("reduction", "none") {
        "none" => {}
        "add" => {
            let sum = call.b.scatter_add(updates, at, 0, rows)?;
            return call.b.add(data, sum);
        }
        "mul" => return combined(call, Binary::Mul, data, at, updates),
        "max" => return combined(call, Binary::Max, data, at, updates),
        "min" => return combined(call, Binary::Min, data, at, updates),
        other => {
            let known = "expected \"none\", \"add\", \"mul\", \"max\" or \"min\"";
            return Err(call.b.wrong(format!("reduction {other:?}, {known}")));
        }
    }
    if let Some(known) = call.b.constant_of(at).and_then(|tensor| tensor.as_i64()) {
        // Each row is one of the data's or one of the updates'; the last one stays.
        let mut picked: Vec<i64> = (0..rows as i64).collect();
        for (update, &row) in known.iter().enumerate() {
            if let Some(place) = usize::try_from(row).ok().and_then(|row| picked.get_mut(row)) {
                *place = (rows + update) as i64;
            }
        }
        let both = call.b.concat(&[data, updates], 0)?;
        let picked = call.b.constant(Tensor::integers(picked))?;
        return call.b.gather(both, picked, 0);
    }
    if call.b.dtype(data) != Dtype::F32 {
        return Err(call.b.wrong("integers laid at places that depend on the observation"));
    }
    // No place may be named twice, so a sum is what is laid there.
    let sum = call.b.scatter_add(updates, at, 0, rows)?;
    let shape = call.shape(updates);
    let ones = call.b.constant(Tensor::full(&shape, 1.0))?;
    let named = call.b.scatter_add(ones, at, 0, rows)?;
    let zero = call.b.scalar(0.0)?;
    let named = call.b.compare(Compare::Greater, named, zero)?;
    call.b.select(named, sum, data)
}

/// Rows of `data`, each combined with all updates of it. Rounds of updates follow each other, none of which names a row twice.
fn combined(call: &mut Call<'_>, with: Binary, data: ValueId, at: ValueId, updates: ValueId) -> Result<ValueId> {
    let rows = call.shape(data)[0];
    let Some(known) = call.b.constant_of(at).and_then(|tensor| tensor.as_i64()) else {
        return Err(call
            .b
            .wrong("a reduction of this kind at places that depend on the observation; they must be constant"));
    };
    let mut rounds: Vec<Vec<(i64, i64)>> = Vec::new();
    let mut named = vec![0; rows];
    for (update, &row) in known.iter().enumerate() {
        let Some(times) = usize::try_from(row).ok().and_then(|row| named.get_mut(row)) else { continue };
        if rounds.len() == *times {
            rounds.push(Vec::new());
        }
        rounds[*times].push((row, update as i64));
        *times += 1;
    }
    let mut data = data;
    for round in rounds {
        let mut picked: Vec<i64> = (0..rows as i64).collect();
        round.iter().enumerate().for_each(|(place, (row, _))| picked[*row as usize] = (rows + place) as i64);
        let (places, own): (Vec<i64>, Vec<i64>) = round.into_iter().unzip();
        let [places, own, picked] = [places, own, picked].map(|indices| call.b.constant(Tensor::integers(indices)));
        let (before, own) = (call.b.gather(data, places?, 0)?, call.b.gather(updates, own?, 0)?);
        let after = call.b.binary(with, before, own)?;
        let both = call.b.concat(&[data, after], 0)?;
        data = call.b.gather(both, picked?, 0)?;
    }
    Ok(data)
}
