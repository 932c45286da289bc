//! Shapes, parts and orders.

use super::{Call, Lower};
use crate::error::{Result, within};
use crate::graph::{Binary, ValueId};
use crate::tensor::{Data, Dtype, Tensor, strides};

pub const OPERATORS: &[(&str, Lower)] = &[
    ("Identity", same),
    ("Dropout", dropout),
    ("Shape", shape),
    ("Size", size),
    ("Reshape", reshape),
    ("Flatten", flatten),
    ("Squeeze", squeeze),
    ("Unsqueeze", unsqueeze),
    ("Transpose", transpose),
    ("Expand", expand),
    ("Tile", tile),
    ("Concat", concat),
    ("Split", split),
    ("Slice", slice),
    ("Pad", pad),
    ("Gather", gather),
    ("GatherElements", gather_elements),
    ("DepthToSpace", depth_to_space),
    ("SpaceToDepth", space_to_depth),
    ("Trilu", triangle),
];

fn same(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    Ok(vec![call.input(0)?])
}

/// Nothing at all when the policy acts: everything is kept, and the mask says so.
fn dropout(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let training = call.optional(2).map(|id| call.b.constant_of(id).and_then(|tensor| tensor.as_bool()));
    match training {
        None | Some(Some([false])) if call.outputs < 2 => same(call),
        None | Some(Some([false])) => {
            let x = call.input(0)?;
            let kept = call.b.constant(Tensor::new(Vec::new(), Data::Bool(vec![true]))?)?;
            let shape = call.shape(x);
            Ok(vec![x, call.b.broadcast(kept, &shape)?])
        }
        _ => Err(call.b.wrong("training_mode is on; export the policy in evaluation mode")),
    }
}

fn shape(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let shape = call.shape(call.input(0)?);
    let rank = shape.len() as i64;
    let bound = |value: i64| (if value < 0 { value + rank } else { value }).clamp(0, rank) as usize;
    let (start, end) = (bound(call.attributes.int("start", 0)), bound(call.attributes.int("end", rank)));
    let part = shape.get(start..end).unwrap_or_default().iter().map(|&length| length as i64).collect();
    Ok(vec![call.b.constant(Tensor::integers(part))?])
}

fn size(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let count = call.shape(call.input(0)?).iter().product::<usize>() as i64;
    Ok(vec![call.b.constant(Tensor::i64(&[], vec![count])?)?])
}

fn reshape(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let x = call.input(0)?;
    let from = call.shape(x);
    let asked = call.integers(1)?.ok_or_else(|| call.b.wrong("no shape"))?;
    let zero_is_zero = call.attributes.int("allowzero", 0) != 0;
    let mut to = Vec::with_capacity(asked.len());
    let mut open = None;
    for (axis, &length) in asked.iter().enumerate() {
        to.push(match length {
            -1 if open.is_none() => {
                open = Some(axis);
                1
            }
            0 if !zero_is_zero => *from.get(axis).ok_or_else(|| call.b.wrong(format!("no axis {axis} to copy")))?,
            length => usize::try_from(length).map_err(|_| call.b.wrong(format!("shape {asked:?}")))?,
        });
    }
    if let Some(axis) = open {
        let known =
            to.iter().try_fold(1_usize, |product, &length| product.checked_mul(length)).filter(|&known| known > 0);
        let count: usize = from.iter().product();
        to[axis] = known
            .filter(|known| count.is_multiple_of(*known))
            .map(|known| count / known)
            .ok_or_else(|| call.b.wrong(format!("shape {from:?} cannot become {asked:?}")))?;
    }
    Ok(vec![call.b.reshape(x, &to)?])
}

fn flatten(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let x = call.input(0)?;
    let shape = call.shape(x);
    let axis = call.attributes.int("axis", 1);
    let axis = if axis == shape.len() as i64 { shape.len() } else { call.axis(axis, shape.len())? };
    let to = [shape[..axis].iter().product(), shape[axis..].iter().product()];
    Ok(vec![call.b.reshape(x, &to)?])
}

impl Call<'_> {
    /// Axes as an attribute (old files) or as the second input.
    fn given_axes(&self) -> Result<Option<Vec<i64>>> {
        match self.attributes.ints("axes") {
            Some(axes) => Ok(Some(axes.to_vec())),
            None => self.integers(1),
        }
    }
}

fn squeeze(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let x = call.input(0)?;
    let shape = call.shape(x);
    let axes = match call.given_axes()? {
        Some(axes) => call.axes(&axes, shape.len())?,
        None => (0..shape.len()).filter(|&axis| shape[axis] == 1).collect(),
    };
    if let Some(axis) = axes.iter().find(|&&axis| shape[axis] != 1) {
        return Err(call.b.wrong(format!("axis {axis} of shape {shape:?} is not of length 1")));
    }
    let to: Vec<usize> = (0..shape.len()).filter(|axis| !axes.contains(axis)).map(|axis| shape[axis]).collect();
    Ok(vec![call.b.reshape(x, &to)?])
}

fn unsqueeze(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let x = call.input(0)?;
    let shape = call.shape(x);
    let axes = call.given_axes()?.ok_or_else(|| call.b.wrong("no axes"))?;
    let rank = shape.len() + axes.len();
    let axes = call.axes(&axes, rank)?;
    let mut left = shape.iter();
    let to: Option<Vec<usize>> =
        (0..rank).map(|axis| if axes.contains(&axis) { Some(1) } else { left.next().copied() }).collect();
    let to = to.ok_or_else(|| call.b.wrong(format!("axes {axes:?} named twice")))?;
    Ok(vec![call.b.reshape(x, &to)?])
}

fn transpose(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let x = call.input(0)?;
    let rank = call.shape(x).len();
    let axes = match call.attributes.ints("perm") {
        Some(axes) => call.axes(axes, rank)?,
        None => (0..rank).rev().collect(),
    };
    Ok(vec![call.b.transpose(x, &axes)?])
}

fn expand(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let x = call.input(0)?;
    let asked = call.integers(1)?.ok_or_else(|| call.b.wrong("no shape"))?;
    let asked = call.lengths(&asked)?;
    let to = crate::graph::broadcast_shapes(call.b.shape(x), &asked)
        .ok_or_else(|| call.b.wrong(format!("shape {:?} cannot be repeated to {asked:?}", call.b.shape(x))))?;
    Ok(vec![call.b.broadcast(x, &to)?])
}

fn tile(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let x = call.input(0)?;
    let shape = call.shape(x);
    let times = call.integers(1)?.ok_or_else(|| call.b.wrong("no repeats"))?;
    let times = call.lengths(&times)?;
    if times.len() != shape.len() {
        return Err(call.b.wrong(format!("{} repeats for {} axes", times.len(), shape.len())));
    }
    let mut y = x;
    for (axis, &times) in times.iter().enumerate().filter(|(_, times)| **times != 1) {
        if times == 0 {
            return Err(call.b.wrong("a repeat of 0"));
        }
        let length = (call.b.shape(y)[axis].max(1) as u64).saturating_mul(times as u64);
        within("a repeated axis", length, "tensor_elements", call.b.limits().tensor_elements)?;
        let parts = vec![y; times];
        y = call.b.concat(&parts, axis)?;
    }
    Ok(vec![y])
}

fn concat(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let parts: Vec<ValueId> = (0..call.inputs.len()).map(|index| call.input(index)).collect::<Result<_>>()?;
    let rank = parts.first().map_or(0, |&part| call.b.shape(part).len());
    let axis = call.axis(call.attributes.int("axis", 0), rank)?;
    Ok(vec![call.b.concat(&parts, axis)?])
}

fn split(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let x = call.input(0)?;
    let shape = call.shape(x);
    let axis = call.axis(call.attributes.int("axis", 0), shape.len())?;
    let lengths = match call.attributes.ints("split") {
        Some(lengths) => Some(lengths.to_vec()),
        None => call.integers(1)?,
    };
    let lengths = if let Some(lengths) = lengths {
        call.lengths(&lengths)?
    } else {
        let count = call.outputs.max(1);
        let each = shape[axis].div_ceil(count);
        (0..count).map(|part| each.min(shape[axis].saturating_sub(part * each))).collect()
    };
    let mut start = 0_usize;
    let mut parts = Vec::with_capacity(lengths.len());
    for length in lengths {
        parts.push(call.b.slice_axis(x, axis, start, length)?);
        start = start.saturating_add(length);
    }
    Ok(parts)
}

fn slice(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let x = call.input(0)?;
    let shape = call.shape(x);
    let missing = || "starts and ends".to_owned();
    let from = call.integers(1)?.ok_or_else(|| call.b.wrong(missing()))?;
    let until = call.integers(2)?.ok_or_else(|| call.b.wrong(missing()))?;
    let axes = match call.integers(3)? {
        Some(axes) => call.axes(&axes, shape.len())?,
        None => (0..from.len()).collect(),
    };
    let by = call.integers(4)?.unwrap_or_else(|| vec![1; axes.len()]);
    if from.len() != axes.len() || until.len() != axes.len() || by.len() != axes.len() || axes.len() > shape.len() {
        return Err(call.b.wrong(format!("{} starts, {} ends, {} axes", from.len(), until.len(), axes.len())));
    }
    let (mut starts, mut steps, mut lengths) = (vec![0; shape.len()], vec![1; shape.len()], shape.clone());
    for (index, &axis) in axes.iter().enumerate() {
        let length = shape[axis] as i64;
        let step = by[index];
        if step == 0 || step == i64::MIN {
            return Err(call.b.wrong(format!("a step of {step}")));
        }
        let wrapped = |value: i64| if value < 0 { value.saturating_add(length) } else { value };
        let (first, end) = if step > 0 {
            (wrapped(from[index]).clamp(0, length), wrapped(until[index]).clamp(0, length))
        } else {
            (wrapped(from[index]).clamp(-1, length - 1), wrapped(until[index]).clamp(-1, length - 1))
        };
        let distance = if step > 0 { end - first } else { first - end };
        lengths[axis] = if distance > 0 { ((distance - 1) / step.abs() + 1) as usize } else { 0 };
        starts[axis] = first.max(0) as usize;
        // Of one element the step says nothing, and a huge one would overflow where it is multiplied.
        if lengths[axis] > 1 {
            steps[axis] = isize::try_from(step).map_err(|_| call.b.wrong(format!("a step of {step}")))?;
        }
    }
    Ok(vec![call.b.slice(x, &starts, &steps, &lengths)?])
}

fn pad(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let given = call.input(0)?;
    let dtype = call.b.dtype(given);
    let shape = call.shape(given);
    let pads = match call.attributes.ints("pads") {
        Some(pads) => pads.to_vec(),
        None => call.integers(1)?.ok_or_else(|| call.b.wrong("no pads"))?,
    };
    let axes = match call.integers(3)? {
        Some(axes) => call.axes(&axes, shape.len())?,
        None => (0..shape.len()).collect(),
    };
    if pads.len() != 2 * axes.len() {
        return Err(call.b.wrong(format!("{} pads for {} axes", pads.len(), axes.len())));
    }
    let (mut before, mut after) = (vec![0_i64; shape.len()], vec![0_i64; shape.len()]);
    for (index, &axis) in axes.iter().enumerate() {
        (before[axis], after[axis]) = (pads[index], pads[axes.len() + index]);
    }
    match call.attributes.text("mode", "constant") {
        "constant" if dtype == Dtype::I64 => {
            let fill = call.integers(2)?.and_then(|fill| fill.first().copied()).unwrap_or(0);
            Ok(vec![pad_whole(call, given, &before, &after, fill)?])
        }
        "constant" => {
            let x = call.b.cast(given, Dtype::F32)?;
            let fill = match call.optional(2).and_then(|id| call.b.constant_of(id)).and_then(|fill| fill.as_bool()) {
                Some(fill) => f32::from(u8::from(fill == [true])),
                None => call.float(2)?.unwrap_or_else(|| call.attributes.float("value", 0.0)),
            };
            let y = pad_constant(call, x, &before, &after, fill)?;
            Ok(vec![call.b.cast(y, dtype)?])
        }
        mode @ ("reflect" | "edge" | "wrap") => {
            let mut y = given;
            for axis in 0..shape.len() {
                if (before[axis], after[axis]) != (0, 0) {
                    y = pad_by_index(call, y, axis, (before[axis], after[axis]), mode)?;
                }
            }
            Ok(vec![y])
        }
        other => Err(call.b.wrong(format!("mode {other:?}"))),
    }
}

/// What negative pads leave.
fn cut(call: &mut Call<'_>, x: ValueId, before: &[i64], after: &[i64]) -> Result<ValueId> {
    let shape = call.shape(x);
    let cut = |pad: i64| usize::try_from(pad.min(0).unsigned_abs()).unwrap_or(usize::MAX);
    let mut y = x;
    for axis in 0..shape.len() {
        let (start, end) = (cut(before[axis]), cut(after[axis]));
        let left = shape[axis].checked_sub(start).and_then(|left| left.checked_sub(end));
        let left = left.ok_or_else(|| call.b.wrong(format!("pads cut more than axis {axis} has")))?;
        y = call.b.slice_axis(y, axis, start, left)?;
    }
    Ok(y)
}

/// Entries that a pad adds.
fn grown(pad: i64) -> usize {
    usize::try_from(pad.max(0)).unwrap_or(usize::MAX)
}

fn pad_constant(call: &mut Call<'_>, x: ValueId, before: &[i64], after: &[i64], fill: f32) -> Result<ValueId> {
    let y = cut(call, x, before, after)?;
    let inner = call.shape(y);
    let starts: Vec<usize> = before.iter().map(|&pad| grown(pad)).collect();
    let to: Option<Vec<usize>> = (0..inner.len())
        .map(|axis| inner[axis].checked_add(starts[axis]).and_then(|sum| sum.checked_add(grown(after[axis]))))
        .collect();
    let to = to.ok_or_else(|| call.b.wrong("pads beyond memory"))?;
    call.b.place(y, &starts, &vec![1; inner.len()], &to, fill)
}

/// Integers keep all their digits.
fn pad_whole(call: &mut Call<'_>, x: ValueId, before: &[i64], after: &[i64], fill: i64) -> Result<ValueId> {
    let mut y = cut(call, x, before, after)?;
    for axis in 0..before.len() {
        let beside = |call: &mut Call<'_>, pad: i64| -> Result<ValueId> {
            let one = call.b.constant(Tensor::i64(&[], vec![fill])?)?;
            let mut to = call.shape(y);
            to[axis] = grown(pad);
            call.b.broadcast(one, &to)
        };
        let (first, last) = (beside(call, before[axis])?, beside(call, after[axis])?);
        y = call.b.concat(&[first, y, last], axis)?;
    }
    Ok(y)
}

/// Pads one axis with its own entries.
fn pad_by_index(call: &mut Call<'_>, x: ValueId, axis: usize, pads: (i64, i64), mode: &str) -> Result<ValueId> {
    let length = call.shape(x)[axis] as i64;
    let most = call.b.limits().tensor_elements as i64;
    if length == 0
        || pads.0.saturating_add(pads.1).saturating_add(length) > most
        || pads.0 < -length
        || pads.1 < -length
    {
        return Err(call.b.wrong(format!("pads {pads:?} of a length of {length}")));
    }
    let indices: Vec<i64> = (-pads.0..length + pads.1)
        .map(|at| match mode {
            "edge" => at.clamp(0, length - 1),
            "wrap" => at.rem_euclid(length),
            _ => {
                let period = (2 * (length - 1)).max(1);
                let at = at.rem_euclid(period);
                at.min(period - at).min(length - 1)
            }
        })
        .collect();
    let indices = call.b.constant(Tensor::integers(indices))?;
    call.b.gather(x, indices, axis)
}

fn gather(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let (x, indices) = (call.input(0)?, call.input(1)?);
    let axis = call.axis(call.attributes.int("axis", 0), call.shape(x).len())?;
    Ok(vec![call.b.gather(x, indices, axis)?])
}

/// One entry an element: written as a gather from the flattened tensor.
fn gather_elements(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let (x, indices) = (call.input(0)?, call.input(1)?);
    let (data, shape) = (call.shape(x), call.shape(indices));
    let axis = call.axis(call.attributes.int("axis", 0), data.len())?;
    let fits = shape.len() == data.len() && (0..data.len()).all(|at| at == axis || shape[at] <= data[at]);
    if !fits {
        return Err(call.b.wrong(format!("indices of shape {shape:?} into shape {data:?}")));
    }
    let (own, steps) = (strides(&shape), strides(&data));
    // Where each element's row begins; the index along the axis comes on top.
    let base: Vec<i64> = (0..shape.iter().product::<usize>())
        .map(|index| {
            let others = (0..shape.len()).filter(|&at| at != axis);
            others.map(|at| (index / own[at] % shape[at] * steps[at]) as i64).sum()
        })
        .collect();
    let base = call.b.constant(Tensor::i64(&shape, base)?)?;
    let length = call.b.constant(Tensor::i64(&[], vec![data[axis] as i64])?)?;
    let step = call.b.constant(Tensor::i64(&[], vec![steps[axis] as i64])?)?;
    let along = call.b.binary(Binary::Mod, indices, length)?;
    let along = call.b.mul(along, step)?;
    let at = call.b.add(base, along)?;
    let flat = call.b.reshape(x, &[data.iter().product()])?;
    Ok(vec![call.b.gather(flat, at, 0)?])
}

fn depth_to_space(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let x = call.input(0)?;
    let (shape, block) = (call.shape(x), usize::try_from(call.attributes.int("blocksize", 0)).unwrap_or(0));
    let &[batch, channels, height, width] = shape.as_slice() else {
        return Err(call.b.wrong(format!("shape {shape:?}, expected four axes")));
    };
    if block == 0 || block > 1_024 || !channels.is_multiple_of(block * block) {
        return Err(call.b.wrong(format!("blocks of {block} from {channels} channels")));
    }
    let rest = channels / (block * block);
    let (apart, order) = if call.attributes.text("mode", "DCR") == "CRD" {
        ([batch, rest, block, block, height, width], [0, 1, 4, 2, 5, 3])
    } else {
        ([batch, block, block, rest, height, width], [0, 3, 4, 1, 5, 2])
    };
    let y = call.b.reshape(x, &apart)?;
    let y = call.b.transpose(y, &order)?;
    Ok(vec![call.b.reshape(y, &[batch, rest, height * block, width * block])?])
}

fn space_to_depth(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let x = call.input(0)?;
    let (shape, block) = (call.shape(x), usize::try_from(call.attributes.int("blocksize", 0)).unwrap_or(0));
    let &[batch, channels, height, width] = shape.as_slice() else {
        return Err(call.b.wrong(format!("shape {shape:?}, expected four axes")));
    };
    if block == 0 || !height.is_multiple_of(block) || !width.is_multiple_of(block) {
        return Err(call.b.wrong(format!("blocks of {block} from {height} × {width}")));
    }
    let y = call.b.reshape(x, &[batch, channels, height / block, block, width / block, block])?;
    let order = if call.attributes.text("mode", "DCR") == "CRD" { [0, 1, 3, 5, 2, 4] } else { [0, 3, 5, 1, 2, 4] };
    let y = call.b.transpose(y, &order)?;
    Ok(vec![call.b.reshape(y, &[batch, channels * block * block, height / block, width / block])?])
}

/// The part of matrices on one side of a diagonal, and 0 on the other.
fn triangle(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let x = call.input(0)?;
    let dtype = call.b.dtype(x);
    let &[.., rows, columns] = call.shape(x).as_slice() else {
        return Err(call.b.wrong(format!("shape {:?}, expected two axes or more", call.shape(x))));
    };
    let diagonal = match call.integers(1)?.as_deref() {
        None => 0,
        Some(&[diagonal]) => diagonal,
        Some(other) => return Err(call.b.wrong(format!("diagonal {other:?}"))),
    };
    let upper = call.attributes.int("upper", 1) != 0;
    let inside = |row: usize, column: usize| {
        let above = (column as i64).saturating_sub(row as i64);
        if upper { above >= diagonal } else { above <= diagonal }
    };
    let places = (0..rows).flat_map(|row| (0..columns).map(move |column| inside(row, column))).collect();
    let places = call.b.constant(Tensor::new(vec![rows, columns], Data::Bool(places))?)?;
    let x = call.b.cast(x, Dtype::F32)?;
    let zero = call.b.scalar(0.0)?;
    let y = call.b.select(places, x, zero)?;
    Ok(vec![call.b.cast(y, dtype)?])
}
