//! Numbers that the file itself holds, or that follow from shapes.

use super::{AttributeValue, Call, Lower};
use crate::error::{Result, within};
use crate::graph::ValueId;
use crate::tensor::{Data, Tensor};

pub const OPERATORS: &[(&str, Lower)] =
    &[("Constant", constant), ("ConstantOfShape", constant_of_shape), ("Range", range), ("EyeLike", eye_like)];

fn constant(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let value = ["value", "value_float", "value_int", "value_floats", "value_ints"]
        .iter()
        .find_map(|name| call.attributes.get(name))
        .ok_or_else(|| call.b.wrong("no value, or one that is no tensor"))?;
    let tensor = match value {
        AttributeValue::Tensor(tensor) => return Ok(vec![call.b.constant(tensor.clone())?]),
        AttributeValue::Float(value) => Tensor::scalar(*value),
        AttributeValue::Int(value) => Tensor::i64(&[], vec![*value])?,
        AttributeValue::Floats(values) => Tensor::f32(&[values.len()], values.clone())?,
        AttributeValue::Ints(values) => Tensor::integers(values.clone()),
        _ => return Err(call.b.wrong("a value that is no tensor")),
    };
    Ok(vec![call.b.constant(tensor)?])
}

fn constant_of_shape(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let asked = call.integers(0)?.ok_or_else(|| call.b.wrong("no shape"))?;
    let shape = call.lengths(&asked)?;
    let one = match call.attributes.get("value") {
        Some(AttributeValue::Tensor(tensor)) if tensor.len() == 1 => (**tensor).clone().reshaped(&[])?,
        None => Tensor::scalar(0.0),
        _ => return Err(call.b.wrong("value must be one number")),
    };
    // Checked by the graph before anything of that size is made.
    let one = call.b.constant(one)?;
    Ok(vec![call.b.broadcast(one, &shape)?])
}

fn range(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let parts: Vec<Tensor> = (0..3)
        .map(|index| {
            let id = call.input(index)?;
            let known = call.b.constant_of(id).map(|tensor| (**tensor).clone());
            known.ok_or_else(|| call.b.wrong(format!("input {index} depends on the observation; it must be constant")))
        })
        .collect::<Result<_>>()?;
    let most = call.b.limits().tensor_elements;
    let count = |count: f64| -> Result<usize> {
        let count = count.ceil().max(0.0);
        within("a range", count as u64, "tensor_elements", most)?;
        Ok(count as usize)
    };
    let tensor = match (parts[0].data(), parts[1].data(), parts[2].data()) {
        (Data::I64(start), Data::I64(end), Data::I64(step)) => {
            let ([start], [end], [step]) = (start.as_slice(), end.as_slice(), step.as_slice()) else {
                return Err(call.b.wrong("start, limit and delta must be one number each"));
            };
            if *step == 0 {
                return Err(call.b.wrong("a delta of 0"));
            }
            let count = count((*end as f64 - *start as f64) / *step as f64)?;
            Tensor::integers((0..count as i64).map(|at| start.wrapping_add(at.wrapping_mul(*step))).collect())
        }
        (Data::F32(start), Data::F32(end), Data::F32(step)) => {
            let ([start], [end], [step]) = (start.as_slice(), end.as_slice(), step.as_slice()) else {
                return Err(call.b.wrong("start, limit and delta must be one number each"));
            };
            let count = count(f64::from(end - start) / f64::from(*step))?;
            Tensor::f32(&[count], (0..count).map(|at| start + at as f32 * step).collect())?
        }
        _ => return Err(call.b.wrong("start, limit and delta of different types")),
    };
    Ok(vec![call.b.constant(tensor)?])
}

fn eye_like(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let shape = call.shape(call.input(0)?);
    let &[rows, columns] = shape.as_slice() else {
        return Err(call.b.wrong(format!("shape {shape:?}, expected two axes")));
    };
    within(
        "a matrix",
        (rows as u64).saturating_mul(columns as u64),
        "tensor_elements",
        call.b.limits().tensor_elements,
    )?;
    let offset = call.attributes.int("k", 0);
    let values = (0..rows as i64)
        .flat_map(|row| (0..columns as i64).map(move |column| f32::from(u8::from(column - row == offset))))
        .collect();
    let like = match call.attributes.int("dtype", 0) {
        0 => call.b.dtype(call.input(0)?),
        number => call.element_type(number)?,
    };
    let eye = call.b.constant(Tensor::f32(&shape, values)?)?;
    Ok(vec![call.b.cast(eye, like)?])
}
