//! Functions of angles, and those of the hyperbola.

use super::{Call, Lower};
use crate::error::Result;
use crate::graph::{Builder, Compare, Unary, ValueId};

pub const OPERATORS: &[(&str, Lower)] = &[
    ("Sin", |call| of(call, |b, x| b.unary(Unary::Sin, x))),
    ("Cos", |call| of(call, |b, x| b.unary(Unary::Cos, x))),
    ("Tan", |call| of(call, tangent)),
    ("Asin", |call| of(call, arc_sine)),
    ("Acos", |call| of(call, arc_cosine)),
    ("Atan", |call| of(call, |b, x| b.unary(Unary::Atan, x))),
    ("Sinh", |call| of(call, hyperbolic_sine)),
    ("Cosh", |call| of(call, hyperbolic_cosine)),
    ("Asinh", |call| of(call, area_sine)),
    ("Acosh", |call| of(call, area_cosine)),
    ("Atanh", |call| of(call, area_tangent)),
];

fn of(call: &mut Call<'_>, function: fn(&mut Builder, ValueId) -> Result<ValueId>) -> Result<Vec<ValueId>> {
    let x = call.floats(0)?;
    Ok(vec![function(call.b, x)?])
}

fn tangent(b: &mut Builder, x: ValueId) -> Result<ValueId> {
    let (sine, cosine) = (b.unary(Unary::Sin, x)?, b.unary(Unary::Cos, x)?);
    b.div(sine, cosine)
}

/// `√(1 − x²)`, as a product so that it stays exact near 1.
fn leg(b: &mut Builder, x: ValueId) -> Result<ValueId> {
    let negative = b.unary(Unary::Neg, x)?;
    let (less, more) = (b.unary(Unary::Shift(1.0), negative)?, b.unary(Unary::Shift(1.0), x)?);
    let product = b.mul(less, more)?;
    b.unary(Unary::Sqrt, product)
}

fn arc_sine(b: &mut Builder, x: ValueId) -> Result<ValueId> {
    let leg = leg(b, x)?;
    let ratio = b.div(x, leg)?;
    b.unary(Unary::Atan, ratio)
}

/// `2 atan(√((1 − x) / (1 + x)))`
fn arc_cosine(b: &mut Builder, x: ValueId) -> Result<ValueId> {
    let leg = leg(b, x)?;
    let more = b.unary(Unary::Shift(1.0), x)?;
    let ratio = b.div(leg, more)?;
    let half = b.unary(Unary::Atan, ratio)?;
    b.unary(Unary::Scale(2.0), half)
}

/// `tanh x · cosh x`, exact near 0 and far from it.
fn hyperbolic_sine(b: &mut Builder, x: ValueId) -> Result<ValueId> {
    let (tangent, cosine) = (b.unary(Unary::Tanh, x)?, hyperbolic_cosine(b, x)?);
    b.mul(tangent, cosine)
}

fn hyperbolic_cosine(b: &mut Builder, x: ValueId) -> Result<ValueId> {
    let negative = b.unary(Unary::Neg, x)?;
    let (up, down) = (b.unary(Unary::Exp, x)?, b.unary(Unary::Exp, negative)?);
    let sum = b.add(up, down)?;
    b.unary(Unary::Scale(0.5), sum)
}

/// `ln(|x| + √(x² + 1))` with the sign of x.
fn area_sine(b: &mut Builder, x: ValueId) -> Result<ValueId> {
    // Not the sign, nor what gives the size: both have no slope at 0, where this has one.
    let (zero, one, less) = (b.scalar(0.0)?, b.scalar(1.0)?, b.scalar(-1.0)?);
    let below = b.compare(Compare::Less, x, zero)?;
    let side = b.select(below, less, one)?;
    let size = b.mul(x, side)?;
    let square = b.mul(x, x)?;
    let shifted = b.unary(Unary::Shift(1.0), square)?;
    let root = b.unary(Unary::Sqrt, shifted)?;
    let sum = b.add(size, root)?;
    let log = b.unary(Unary::Log, sum)?;
    b.mul(side, log)
}

/// `ln(x + √(x² − 1))`
fn area_cosine(b: &mut Builder, x: ValueId) -> Result<ValueId> {
    let (less, more) = (b.unary(Unary::Shift(-1.0), x)?, b.unary(Unary::Shift(1.0), x)?);
    let product = b.mul(less, more)?;
    let root = b.unary(Unary::Sqrt, product)?;
    let sum = b.add(x, root)?;
    b.unary(Unary::Log, sum)
}

/// `½ ln((1 + x) / (1 − x))`
fn area_tangent(b: &mut Builder, x: ValueId) -> Result<ValueId> {
    let negative = b.unary(Unary::Neg, x)?;
    let (more, less) = (b.unary(Unary::Shift(1.0), x)?, b.unary(Unary::Shift(1.0), negative)?);
    let ratio = b.div(more, less)?;
    let log = b.unary(Unary::Log, ratio)?;
    b.unary(Unary::Scale(0.5), log)
}
