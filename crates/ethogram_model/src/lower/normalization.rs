//! Layers that centre and scale.

use super::{Call, Lower};
use crate::error::Result;
use crate::graph::{Compare, Reduce, Unary, ValueId};

pub const OPERATORS: &[(&str, Lower)] = &[
    ("BatchNormalization", batch),
    ("LayerNormalization", layer),
    ("InstanceNormalization", instance),
    ("GroupNormalization", group),
    ("RMSNormalization", root_mean_square),
    ("LpNormalization", lp),
];

impl Call<'_> {
    /// `(x − mean) / √(variance + epsilon)` over the axes.
    fn standardized(&mut self, x: ValueId, axes: &[usize], epsilon: f32) -> Result<ValueId> {
        let mean = self.b.reduce(Reduce::Mean, x, axes)?;
        let centred = self.b.sub(x, mean)?;
        self.over_root_mean_square(centred, axes, epsilon)
    }

    fn over_root_mean_square(&mut self, x: ValueId, axes: &[usize], epsilon: f32) -> Result<ValueId> {
        let square = self.b.mul(x, x)?;
        let variance = self.b.reduce(Reduce::Mean, square, axes)?;
        let shifted = self.b.unary(Unary::Shift(epsilon), variance)?;
        let deviation = self.b.unary(Unary::Sqrt, shifted)?;
        self.b.div(x, deviation)
    }

    /// A value a channel, shaped so that it meets the channels of `x`.
    fn per_channel(&mut self, index: usize, x: ValueId) -> Result<ValueId> {
        let value = self.floats(index)?;
        let mut shape = vec![1; self.shape(x).len()];
        if shape.len() < 2 {
            return Err(self.b.wrong("an input without channels"));
        }
        shape[1] = self.shape(value).iter().product();
        self.b.reshape(value, &shape)
    }

    fn scaled_and_shifted(&mut self, y: ValueId, scale: ValueId, shift: Option<ValueId>) -> Result<ValueId> {
        let y = self.b.mul(y, scale)?;
        shift.map_or(Ok(y), |shift| self.b.add(y, shift))
    }
}

/// With the statistics of training, which are weights.
fn batch(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    if call.attributes.int("training_mode", 0) != 0 {
        return Err(call.b.wrong("training_mode is on; export the policy in evaluation mode"));
    }
    let x = call.floats(0)?;
    let [scale, shift, mean, variance] = [1, 2, 3, 4].map(|index| call.per_channel(index, x));
    let (scale, shift, mean) = (scale?, shift?, mean?);
    let variance = call.b.unary(Unary::Shift(call.attributes.float("epsilon", 1e-5)), variance?)?;
    let deviation = call.b.unary(Unary::Sqrt, variance)?;
    // One factor and one summand a channel, worked out once when all are weights.
    let factor = call.b.div(scale, deviation)?;
    let product = call.b.mul(mean, factor)?;
    let summand = call.b.sub(shift, product)?;
    let y = call.b.mul(x, factor)?;
    Ok(vec![call.b.add(y, summand)?])
}

/// And, where they have names, the mean and one over the deviation.
fn layer(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let x = call.floats(0)?;
    let rank = call.shape(x).len();
    let axes: Vec<usize> = (call.axis(call.attributes.int("axis", -1), rank)?..rank).collect();
    let epsilon = call.attributes.float("epsilon", 1e-5);
    let y = call.standardized(x, &axes, epsilon)?;
    let scale = call.floats(1)?;
    let shift = if call.optional(2).is_some() { Some(call.floats(2)?) } else { None };
    let y = call.scaled_and_shifted(y, scale, shift)?;
    if call.outputs < 2 {
        return Ok(vec![y]);
    }
    let mean = call.b.reduce(Reduce::Mean, x, &axes)?;
    let centred = call.b.sub(x, mean)?;
    let square = call.b.mul(centred, centred)?;
    let variance = call.b.reduce(Reduce::Mean, square, &axes)?;
    let shifted = call.b.unary(Unary::Shift(epsilon), variance)?;
    let deviation = call.b.unary(Unary::Sqrt, shifted)?;
    Ok(vec![y, mean, call.b.unary(Unary::Reciprocal, deviation)?])
}

fn root_mean_square(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let x = call.floats(0)?;
    let rank = call.shape(x).len();
    let axes: Vec<usize> = (call.axis(call.attributes.int("axis", -1), rank)?..rank).collect();
    let y = call.over_root_mean_square(x, &axes, call.attributes.float("epsilon", 1e-5))?;
    let scale = call.floats(1)?;
    Ok(vec![call.scaled_and_shifted(y, scale, None)?])
}

fn instance(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let x = call.floats(0)?;
    let axes: Vec<usize> = (2..call.shape(x).len()).collect();
    let y = call.standardized(x, &axes, call.attributes.float("epsilon", 1e-5))?;
    let (scale, shift) = (call.per_channel(1, x)?, call.per_channel(2, x)?);
    Ok(vec![call.scaled_and_shifted(y, scale, Some(shift))?])
}

fn group(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let x = call.floats(0)?;
    let shape = call.shape(x);
    let groups = usize::try_from(call.attributes.int("num_groups", 1)).unwrap_or(0);
    if shape.len() < 2 || groups == 0 || !shape[1].is_multiple_of(groups) {
        return Err(call.b.wrong(format!("{groups} groups of an input of shape {shape:?}")));
    }
    let apart = [&[shape[0], groups, shape[1] / groups], &shape[2..]].concat();
    let parts = call.b.reshape(x, &apart)?;
    let axes: Vec<usize> = (2..apart.len()).collect();
    let y = call.standardized(parts, &axes, call.attributes.float("epsilon", 1e-5))?;
    let y = call.b.reshape(y, &shape)?;
    // Before version 21 there is one scale a group.
    let per_channel = |call: &mut Call<'_>, index: usize| -> Result<ValueId> {
        let value = call.floats(index)?;
        if call.shape(value) == [groups] && groups != shape[1] {
            let column = call.b.reshape(value, &[groups, 1])?;
            let wide = call.b.broadcast(column, &[groups, shape[1] / groups])?;
            let mut to = vec![1; shape.len()];
            to[1] = shape[1];
            return call.b.reshape(wide, &to);
        }
        call.per_channel(index, x)
    };
    let (scale, shift) = (per_channel(call, 1)?, per_channel(call, 2)?);
    Ok(vec![call.scaled_and_shifted(y, scale, Some(shift))?])
}

/// Over the length along one axis.
fn lp(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let x = call.floats(0)?;
    let axis = call.axis(call.attributes.int("axis", -1), call.shape(x).len())?;
    let norm = if call.attributes.int("p", 2) == 1 {
        let size = call.b.unary(Unary::Abs, x)?;
        call.b.reduce(Reduce::Sum, size, &[axis])?
    } else {
        let square = call.b.mul(x, x)?;
        let sum = call.b.reduce(Reduce::Sum, square, &[axis])?;
        call.root(sum)?
    };
    // What is zero everywhere has no direction, and stays.
    let (zero, one) = (call.b.scalar(0.0)?, call.b.scalar(1.0)?);
    let none = call.b.compare(Compare::Equal, norm, zero)?;
    let norm = call.b.select(none, one, norm)?;
    let unit = call.b.div(x, norm)?;
    Ok(vec![call.b.select(none, zero, unit)?])
}
