//! What else an attribution can be sent as than a byte an element: its sums, or its numbers as they are.

use ethogram_query::Explanation;
use ethogram_store::Dtype;
use serde_json::Value;

use crate::{
    columns::Columns,
    error::{ApiError, ApiResult},
    params::Params,
};

/// How the numbers of an answer are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// A byte an element with a scale a step: for pictures.
    #[default]
    Bytes,
    /// As they are: for tables.
    Floats,
    /// Their sums alone: for curves over many steps.
    Totals,
}

impl Form {
    /// Reads `as=float32` or `only=totals`.
    pub fn take(params: &mut Params) -> ApiResult<Self> {
        match (params.take("only")?.as_deref(), params.take("as")?.as_deref()) {
            (Some("totals"), None) => Ok(Form::Totals),
            (None, Some("float32")) => Ok(Form::Floats),
            (None, None | Some("int8")) => Ok(Form::Bytes),
            (only, of) => Err(ApiError::bad_request(format!(
                "expected only=totals, as=float32, as=int8 or none of them, found {:?}",
                [only, of].into_iter().flatten().collect::<Vec<_>>()
            ))),
        }
    }
}

/// Pushes `values` and `scale` as numbers that need no scale.
pub fn push_floats(columns: &mut Columns, found: &Explanation, prefix: &str) {
    let width = found.shape.iter().product::<usize>().max(1);
    let rows = found.values.len() / width;
    let shape = [&[rows], found.shape.as_slice()].concat();
    let bytes = found.values.iter().flat_map(|value| value.to_le_bytes()).collect();
    columns.push(&format!("{prefix}values"), Dtype::Float32, shape, bytes, Some(&found.valid[..rows]));
    columns.push_f64(&format!("{prefix}scale"), (0..rows).map(|_| 1.0));
}

/// Pushes what speaks for the target at each step, and what against it, added up; NaN where a step has no answer.
pub fn push_totals(columns: &mut Columns, found: &Explanation, prefix: &str) {
    let width = found.shape.iter().product::<usize>().max(1);
    for (name, sign) in [("positive", 1.0), ("negative", -1.0)] {
        columns.push_f64(&format!("{prefix}{name}"), sums(&found.values, width, &found.valid, sign).into_iter());
    }
}

/// The sum of each row's values that have this sign; NaN for rows that are not valid.
fn sums(values: &[f32], width: usize, valid: &[bool], sign: f32) -> Vec<f64> {
    let of = |(row, &valid): (&[f32], &bool)| {
        let parts = row.iter().filter(|value| value.is_finite() && **value * sign > 0.0);
        if valid { parts.map(|&value| f64::from(value)).sum() } else { f64::NAN }
    };
    values.chunks(width).zip(valid).map(of).collect()
}

/// The part of a rendered picture that the observation was cut from, as the signature says; null where it says none that makes sense.
pub fn region(signature: &Value) -> Value {
    let inputs = signature.get("inputs").and_then(Value::as_object);
    let found = inputs.and_then(|inputs| inputs.values().find_map(|input| input.get("region")));
    let whole = |name: &str| found.and_then(|region| region.get(name)).is_some_and(Value::is_u64);
    let is_sound = ["x", "y", "width", "height"].into_iter().all(whole)
        && found.and_then(|region| region.get("field")).is_some_and(Value::is_string);
    found.filter(|_| is_sound).cloned().unwrap_or_default()
}

/// What the network receives of a logged number: `{"by", "plus"}` for `by · logged + plus`, as the signature says; null where elements do not
/// stay in their places.
pub fn received(signature: &Value) -> Value {
    let inputs = signature.get("inputs").and_then(Value::as_object);
    let is_observation = |input: &&Value| input.get("role").and_then(Value::as_str) == Some("observation");
    let Some(input) = inputs.and_then(|inputs| inputs.values().find(is_observation)) else { return Value::Null };
    let steps = input.get("preprocessing").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let (mut by, mut plus) = (1.0, 0.0);
    for step in steps {
        let amount = step.get("by").and_then(Value::as_f64);
        match (step.get("op").and_then(Value::as_str), amount) {
            (Some("scale"), Some(amount)) => (by, plus) = (by * amount, plus * amount),
            (Some("shift"), Some(amount)) => plus += amount,
            (Some("unsqueeze" | "flatten"), _) => {}
            _ => return Value::Null,
        }
    }
    serde_json::json!({"by": by, "plus": plus})
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn totals_keep_the_signs_apart_and_are_missing_where_nothing_was_explained() {
        let values = [0.5, -2.0, 1.0, f32::NAN, 0.0, 3.0];
        assert_eq!(sums(&values, 3, &[true, true], 1.0), [1.5, 3.0]);
        assert_eq!(sums(&values, 3, &[true, true], -1.0), [-2.0, 0.0]);
        let missing = sums(&values, 3, &[true, false], 1.0);
        assert!(!missing[0].is_nan() && missing[1].is_nan());
    }

    #[test]
    fn what_is_received_follows_from_scales_and_shifts_alone() {
        let of = |steps: Value| received(&json!({"inputs": {"o": {"role": "observation", "preprocessing": steps}}}));
        assert_eq!(of(json!([])), json!({"by": 1.0, "plus": 0.0}));
        let steps = json!([{"op": "shift", "by": -4.0}, {"op": "scale", "by": 0.5}, {"op": "flatten"}]);
        assert_eq!(of(steps), json!({"by": 0.5, "plus": -2.0}));
        assert_eq!(of(json!([{"op": "transpose", "axes": [1, 0]}])), Value::Null);
        assert_eq!(received(&json!({"inputs": {}})), Value::Null);
    }

    #[test]
    fn a_region_is_told_only_where_it_makes_sense() {
        let of = |asked: Value| region(&json!({"inputs": {"hx": {"role": "state"}, "obs": {"region": asked}}}));
        let sound = json!({"field": "frame", "x": 0, "y": 35, "width": 160, "height": 160});
        assert_eq!(of(sound.clone()), sound);
        assert_eq!(of(json!({"field": "frame", "x": -1, "y": 0, "width": 1, "height": 1})), Value::Null);
        assert_eq!(of(json!({"x": 0, "y": 0, "width": 1, "height": 1})), Value::Null);
        assert_eq!(of(json!("everything")), Value::Null);
        assert_eq!(region(&json!(null)), Value::Null);
    }
}
