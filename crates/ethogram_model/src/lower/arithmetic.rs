//! Sums, products, comparisons, conditions.

use super::{Call, Lower};
use crate::error::Result;
use crate::graph::{Binary, Compare, Unary, ValueId};
use crate::tensor::{Dtype, Tensor};

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

/// Of floats, or of integers, which keep all their digits.
fn signed(call: &mut Call<'_>, unary: Unary) -> Result<Vec<ValueId>> {
    let x = call.input(0)?;
    if call.b.dtype(x) != Dtype::I64 {
        return Ok(vec![call.b.unary(unary, x)?]);
    }
    let whole = |call: &mut Call<'_>, value: i64| call.b.constant(Tensor::i64(&[], vec![value])?);
    let zero = whole(call, 0)?;
    Ok(vec![match unary {
        Unary::Sign => {
            let (one, less) = (whole(call, 1)?, whole(call, -1)?);
            let above = call.b.binary(Binary::Max, x, less)?;
            call.b.binary(Binary::Min, above, one)?
        }
        _ => {
            let negative = call.b.sub(zero, x)?;
            if unary == Unary::Abs { call.b.binary(Binary::Max, x, negative)? } else { negative }
        }
    }])
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
    match (call.b.dtype(x), call.b.dtype(y)) {
        (Dtype::I64, Dtype::I64) => return Ok(vec![call.b.binary(Binary::Pow, x, y)?]),
        // The result is what the base is: cut toward zero.
        (Dtype::I64, _) => {
            let (x, y) = (call.b.cast(x, Dtype::F32)?, call.b.cast(y, Dtype::F32)?);
            let power = call.b.binary(Binary::Pow, x, y)?;
            return Ok(vec![call.b.cast(power, Dtype::I64)?]);
        }
        _ => {}
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
    let to = call.attributes.int("to", 1);
    let dtype = call.element_type(to)?;
    let y = call.b.cast(x, dtype)?;
    Ok(vec![call.wrapped(y, to)?])
}

impl Call<'_> {
    /// What is left of integers in a narrow type of the file: bytes begin anew after 255.
    fn wrapped(&mut self, x: ValueId, element_type: i64) -> Result<ValueId> {
        let (count, least): (i64, i64) = match element_type {
            2 => (1 << 8, 0),
            3 => (1 << 8, -(1 << 7)),
            4 => (1 << 16, 0),
            5 => (1 << 16, -(1 << 15)),
            _ => return Ok(x),
        };
        let [count, least] = [count, least].map(|value| self.b.constant(Tensor::i64(&[], vec![value])?));
        let (count, least) = (count?, least?);
        let above = self.b.sub(x, least)?;
        let rest = self.b.binary(Binary::Mod, above, count)?;
        self.b.add(rest, least)
    }
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
