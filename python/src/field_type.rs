//! The type that a field of steps has: its first value makes it, and later ones are stored in it where that changes none of them.

use ethogram_store::{Array, Dtype, RunWriter};
use pyo3::prelude::*;

use crate::fault::ShapeError;
use crate::value::cast;

/// A value of a field, and whether its elements are Python's integers: those may be numbers of any kind that somebody wrote without a point.
pub struct Given {
    /// The value, in a type of its own.
    pub array: Array,
    /// Nobody chose its type.
    pub is_guessed: bool,
}

/// A value as the run stores it: in the type that the field has there, or the space that describes it, else in its own.
///
/// Python's integers are floats where nothing says otherwise, for `epsilon=1` is followed by 0.9; but a single one that is an action or an
/// observation is a choice.
pub fn of_first(writer: &RunWriter, name: &str, given: Given) -> PyResult<Array> {
    let Given { array, is_guessed } = given;
    if let Some(known) = writer.field_dtype(name) {
        return fitted(name, array, known);
    }
    let is_guessed = is_guessed && array.dtype() == Dtype::Int64;
    match writer.described_dtype(name) {
        Some(described) if is_guessed || (is_float(described) && !is_float(array.dtype())) => {
            Ok(if holds_all(described, &array) { cast(array, described) } else { array })
        }
        None if is_guessed && !(array.shape().is_empty() && is_choice(name)) => Ok(cast(array, Dtype::Float64)),
        _ => Ok(array),
    }
}

/// A value in the type of its field. Floats may lose digits in narrower ones; nothing else is lost.
///
/// # Errors
/// [`ShapeError`] where the type cannot hold it.
pub fn fitted(name: &str, array: Array, dtype: Dtype) -> PyResult<Array> {
    if array.dtype() == dtype {
        return Ok(array);
    }
    if holds_all(dtype, &array) {
        return Ok(cast(array, dtype));
    }
    let found = array.to_f64().into_iter().find(|value| !holds(dtype, *value)).unwrap_or(f64::NAN);
    Err(ShapeError::new_err(format!(
        "field {name:?}: expected values of {dtype}, as its first was, found {found}; log it as a float from its first value on, or \
         under another name"
    )))
}

fn is_float(dtype: Dtype) -> bool {
    matches!(dtype, Dtype::Float16 | Dtype::Float32 | Dtype::Float64)
}

fn is_choice(name: &str) -> bool {
    let (root, _) = name.split_once('/').unwrap_or((name, ""));
    root == "action" || root == "observation"
}

fn holds_all(dtype: Dtype, array: &Array) -> bool {
    is_float(dtype) || array.to_f64().into_iter().all(|value| holds(dtype, value))
}

fn holds(dtype: Dtype, value: f64) -> bool {
    let (low, high) = match dtype {
        Dtype::Bool => (0.0, 1.0),
        Dtype::Uint8 => (0.0, f64::from(u8::MAX)),
        Dtype::Uint16 => (0.0, f64::from(u16::MAX)),
        Dtype::Uint32 => (0.0, f64::from(u32::MAX)),
        Dtype::Uint64 => (0.0, u64::MAX as f64),
        Dtype::Int8 => (f64::from(i8::MIN), f64::from(i8::MAX)),
        Dtype::Int16 => (f64::from(i16::MIN), f64::from(i16::MAX)),
        Dtype::Int32 => (f64::from(i32::MIN), f64::from(i32::MAX)),
        Dtype::Int64 => (i64::MIN as f64, i64::MAX as f64),
        Dtype::Float16 | Dtype::Float32 | Dtype::Float64 => return true,
    };
    value.fract() == 0.0 && (low..=high).contains(&value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changes_nothing_fits() {
        for (dtype, value, expected) in [
            (Dtype::Int64, 3.0, true),
            (Dtype::Int64, 0.5, false),
            (Dtype::Int64, f64::NAN, false),
            (Dtype::Uint8, 256.0, false),
            (Dtype::Uint8, -1.0, false),
            (Dtype::Bool, 1.0, true),
            (Dtype::Bool, 2.0, false),
            (Dtype::Float32, f64::NAN, true),
        ] {
            assert_eq!(holds(dtype, value), expected, "{value} as {dtype}");
        }
    }
}
