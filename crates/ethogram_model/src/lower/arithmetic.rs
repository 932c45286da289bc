//! Sums, products, comparisons, conditions.

use super::{Call, Lower};
use crate::error::Result;
use crate::graph::{Binary, Compare, Unary, ValueId};
use crate::tensor::Dtype;

pub const OPERATORS: &[(&str, Lower)] = &[
    ("Add", |call| binary(call, Binary::Add)),
    ("Sub", |call| binary(call, Binary::Sub)),
    ("Mul", |call| binary(call, Binary::Mul)),
    ("Div", |call| binary(call, Binary::Div)),
    ("Mod", |call| binary(call, if call.attributes.int("fmod", 0) == 0 { Binary::Mod } else { Binary::Rem })),
    ("And", |call| binary(call, Binary::And)),
    ("Or", |call| binary(call, Binary::Or)),
    ("Xor", |call| binary(call, Binary::Xor)),
    ("Max", |call| all_of(call, Binary::Max)),
    ("Min", |call| all_of(call, Binary::Min)),
    ("Sum", |call| all_of(call, Binary::Add)),
    ("Mean", mean),
    ("Pow", pow),
    ("Equal", |call| compare(call, Compare::Equal)),
    ("Less", |call| compare(call, Compare::Less)),
    ("LessOrEqual", |call| compare(call, Compare::LessOrEqual)),
    ("Greater", |call| compare(call, Compare::Greater)),
    ("GreaterOrEqual", |call| compare(call, Compare::GreaterOrEqual)),
    ("Not", not),
    ("Where", select),
    ("Cast", cast),
    ("Neg", |call| signed(call, Unary::Neg)),
    ("Abs", |call| signed(call, Unary::Abs)),
    ("Sign", |call| signed(call, Unary::Sign)),
    ("Sqrt", |call| unary(call, Unary::Sqrt)),
    ("Exp", |call| unary(call, Unary::Exp)),
    ("Log", |call| unary(call, Unary::Log)),
    ("Reciprocal", |call| unary(call, Unary::Reciprocal)),
    ("Erf", |call| unary(call, Unary::Erf)),
    ("Floor", |call| unary(call, Unary::Floor)),
    ("Ceil", |call| unary(call, Unary::Ceil)),
    ("Round", |call| unary(call, Unary::Round)),
    ("Clip", clip),
    ("CastLike", cast_like),
    ("IsNaN", is_nan),
    ("IsInf", is_infinite),
    // Of TensorFlow: tf2onnx leaves these two as they are, of which Keras makes `gelu` and `celu`. The standard has no such operators.
    ("Erfc", erfc),
    ("Expm1", expm1),
];

fn unary(call: &mut Call<'_>, unary: Unary) -> Result<Vec<ValueId>> {
    let x = call.floats(0)?;
    Ok(vec![call.b.unary(unary, x)?])
}

/// `1 − erf(x)`.
fn erfc(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let x = call.floats(0)?;
    let erf = call.b.unary(Unary::Erf, x)?;
    let negative = call.b.unary(Unary::Neg, erf)?;
    Ok(vec![call.b.unary(Unary::Shift(1.0), negative)?])
}

/// `eˣ − 1`, as `tanh(x / 2) · (eˣ + 1)`, which keeps its digits near 0.
fn expm1(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let x = call.floats(0)?;
    let half = call.b.unary(Unary::Scale(0.5), x)?;
    let tanh = call.b.unary(Unary::Tanh, half)?;
    let exp = call.b.unary(Unary::Exp, x)?;
    let more = call.b.unary(Unary::Shift(1.0), exp)?;
    Ok(vec![call.b.mul(tanh, more)?])
}

/// Of floats, or of integers by way of floats, which is exact for shapes and indices.
fn signed(call: &mut Call<'_>, unary: Unary) -> Result<Vec<ValueId>> {
    let x = call.input(0)?;
    let dtype = call.b.dtype(x);
    let x = call.b.cast(x, Dtype::F32)?;
    let y = call.b.unary(unary, x)?;
    Ok(vec![call.b.cast(y, dtype)?])
}

fn binary(call: &mut Call<'_>, binary: Binary) -> Result<Vec<ValueId>> {
    let (x, y) = (call.input(0)?, call.input(1)?);
    Ok(vec![call.b.binary(binary, x, y)?])
}

fn all_of(call: &mut Call<'_>, binary: Binary) -> Result<Vec<ValueId>> {
    let mut result = call.input(0)?;
    for index in 1..call.inputs.len() {
        let next = call.input(index)?;
        result = call.b.binary(binary, result, next)?;
    }
    Ok(vec![result])
}

fn mean(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let sum = all_of(call, Binary::Add)?[0];
    let count = call.inputs.len() as f32;
    Ok(vec![call.b.unary(Unary::Scale(1.0 / count), sum)?])
}

fn pow(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let (x, y) = (call.input(0)?, call.input(1)?);
    if call.b.dtype(x) == Dtype::I64 {
        let y = call.b.cast(y, Dtype::I64)?;
        return Ok(vec![call.b.binary(Binary::Pow, x, y)?]);
    }
    let y = call.b.cast(y, Dtype::F32)?;
    // A constant power needs no logarithm of the base when it is differentiated.
    let power = call.b.constant_of(y).and_then(|tensor| tensor.as_f32()).filter(|values| values.len() == 1);
    Ok(vec![match power.map(|values| values[0]) {
        Some(2.0) => call.b.mul(x, x)?,
        Some(0.5) => call.b.unary(Unary::Sqrt, x)?,
        Some(power) => call.b.unary(Unary::Power(power), x)?,
        None => call.b.binary(Binary::Pow, x, y)?,
    }])
}

fn compare(call: &mut Call<'_>, compare: Compare) -> Result<Vec<ValueId>> {
    let (x, y) = (call.input(0)?, call.input(1)?);
    Ok(vec![call.b.compare(compare, x, y)?])
}

fn not(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let x = call.input(0)?;
    Ok(vec![call.b.not(x)?])
}

fn select(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let (condition, x, y) = (call.input(0)?, call.input(1)?, call.input(2)?);
    Ok(vec![call.b.select(condition, x, y)?])
}

fn cast(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let x = call.input(0)?;
    let dtype = call.element_type(call.attributes.int("to", 1))?;
    Ok(vec![call.b.cast(x, dtype)?])
}

fn cast_like(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let (x, like) = (call.input(0)?, call.input(1)?);
    let dtype = call.b.dtype(like);
    Ok(vec![call.b.cast(x, dtype)?])
}

/// What is not itself.
fn is_nan(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let x = call.floats(0)?;
    let same = call.b.compare(Compare::Equal, x, x)?;
    Ok(vec![call.b.not(same)?])
}

fn is_infinite(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let x = call.floats(0)?;
    let signs = [("detect_positive", f32::INFINITY), ("detect_negative", f32::NEG_INFINITY)];
    let [above, below] = signs.map(|(name, infinity)| {
        // Nothing equals NaN.
        let infinity = call.b.scalar(if call.attributes.int(name, 1) == 0 { f32::NAN } else { infinity })?;
        call.b.compare(Compare::Equal, x, infinity)
    });
    Ok(vec![call.b.binary(Binary::Or, above?, below?)?])
}

fn clip(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let x = call.input(0)?;
    let known = |call: &Call<'_>, index| {
        call.optional(index).is_none_or(|id| call.b.constant_of(id).is_some()) && call.b.dtype(x) == Dtype::F32
    };
    if known(call, 1) && known(call, 2) {
        let low = call.float(1)?.unwrap_or_else(|| call.attributes.float("min", f32::NEG_INFINITY));
        let high = call.float(2)?.unwrap_or_else(|| call.attributes.float("max", f32::INFINITY));
        return Ok(vec![call.b.unary(Unary::Clip(low, high), x)?]);
    }
    let mut y = x;
    for (index, binary) in [(1, Binary::Max), (2, Binary::Min)] {
        if let Some(bound) = call.optional(index) {
            y = call.b.binary(binary, y, bound)?;
        }
    }
    Ok(vec![y])
}
