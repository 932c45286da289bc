//! What a checkpoint's inputs and outputs mean, as `eg.signature` wrote it.

use serde_json::Value;

use crate::{Error, Result};

/// Roles of outputs that hold a number an action or dimension, the likeliest to be asked about first.
const ACTION_ROLES: &[&str] = &["logits", "q_values", "action_probabilities", "action_mean"];

/// A checkpoint's signature.
#[derive(Clone, Debug, PartialEq)]
pub struct Signature {
    /// Name and meaning of each input.
    pub inputs: Vec<(String, Meaning)>,
    /// Name and role of each output.
    outputs: Vec<(String, String)>,
}

/// What an input takes.
#[derive(Clone, Debug, PartialEq)]
pub enum Meaning {
    /// A logged field, after these steps.
    Observation {
        /// Name of the field.
        field: String,
        /// In order.
        preprocessing: Vec<Preprocessing>,
    },
    /// The recurrent state before the step.
    State,
}

/// One step between the recorded observation and the input.
#[derive(Clone, Debug, PartialEq)]
pub enum Preprocessing {
    /// Times a number.
    Scale(f32),
    /// Plus a number.
    Shift(f32),
    /// A new axis of length 1, counted without the batch.
    Unsqueeze(usize),
    /// Axes in another order, counted without the batch.
    Transpose(Vec<usize>),
    /// All axes as one.
    Flatten,
}

impl Signature {
    /// **Errors**: a step or role that is not known, by its name.
    pub fn read(signature: &Value) -> Result<Self> {
        let empty = serde_json::Map::new();
        let object = |key: &str| signature.get(key).and_then(Value::as_object).unwrap_or(&empty);
        let inputs = object("inputs").iter().map(|(name, input)| Ok((name.clone(), Meaning::read(name, input)?)));
        let role = |output: &Value| output.get("role").and_then(Value::as_str).unwrap_or_default().to_owned();
        let outputs = object("outputs").iter().map(|(name, output)| (name.clone(), role(output))).collect();
        Ok(Signature { inputs: inputs.collect::<Result<_>>()?, outputs })
    }

    /// Name of the input that takes the observation.
    pub fn observation(&self) -> Result<&str> {
        let found = self.inputs.iter().find(|(_, meaning)| matches!(meaning, Meaning::Observation { .. }));
        found.map(|(name, _)| name.as_str()).ok_or_else(|| wrong("inputs", "one that takes the observation", "none"))
    }

    /// Name of the output of a role.
    pub fn output(&self, role: &str) -> Option<&str> {
        self.outputs.iter().find(|(_, known)| known == role).map(|(name, _)| name.as_str())
    }

    /// Name of the output with a number an action.
    pub fn action_output(&self) -> Option<&str> {
        ACTION_ROLES.iter().find_map(|role| self.output(role))
    }

    /// Role of that output.
    pub fn action_role(&self) -> Option<&'static str> {
        ACTION_ROLES.iter().copied().find(|role| self.output(role).is_some())
    }

    /// Whether that output is the mean of a continuous action, which no single entry of was taken.
    pub fn is_continuous(&self) -> bool {
        self.action_output().is_some() && self.action_output() == self.output("action_mean")
    }
}

impl Meaning {
    fn read(name: &str, input: &Value) -> Result<Self> {
        match input.get("role").and_then(Value::as_str) {
            Some("observation") => {
                let field = input.get("field").and_then(Value::as_str).unwrap_or("observation").to_owned();
                let steps = input.get("preprocessing").and_then(Value::as_array).cloned().unwrap_or_default();
                let preprocessing = steps.iter().map(Preprocessing::read).collect::<Result<_>>()?;
                Ok(Meaning::Observation { field, preprocessing })
            }
            Some("state") => Ok(Meaning::State),
            other => Err(wrong(name, "role observation or state", other.unwrap_or("none"))),
        }
    }
}

impl Preprocessing {
    fn read(step: &Value) -> Result<Self> {
        let number = |key: &str| step.get(key).and_then(Value::as_f64).map(|value| value as f32);
        let index = |value: &Value| value.as_u64().and_then(|value| usize::try_from(value).ok());
        let read = match step.get("op").and_then(Value::as_str) {
            Some("scale") => number("by").map(Preprocessing::Scale),
            Some("shift") => number("by").map(Preprocessing::Shift),
            Some("unsqueeze") => step.get("axis").and_then(index).map(Preprocessing::Unsqueeze),
            Some("transpose") => {
                let axes = step.get("axes").and_then(Value::as_array);
                axes.and_then(|axes| axes.iter().map(index).collect()).map(Preprocessing::Transpose)
            }
            Some("flatten") => Some(Preprocessing::Flatten),
            _ => None,
        };
        read.ok_or_else(|| {
            let known = "scale by, shift by, unsqueeze axis, transpose axes, or flatten";
            wrong("preprocessing", known, &step.to_string())
        })
    }
}

fn wrong(param: &str, expected: &str, found: &str) -> Error {
    Error::BadParam {
        field: "signature of the checkpoint".to_owned(),
        param: param.to_owned(),
        expected: expected.to_owned(),
        found: found.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_recurrent_policy_is_read() {
        let signature = Signature::read(&json!({
            "inputs": {
                "frame": {"role": "observation", "field": "observation",
                          "preprocessing": [{"op": "scale", "by": 0.5}, {"op": "unsqueeze", "axis": 0}]},
                "hx": {"role": "state", "next": "hx_next"},
            },
            "outputs": {"logits": {"role": "logits"}, "value": {"role": "value"}, "hx_next": {"role": "state", "of": "hx"}},
        }))
        .expect("a signature");
        assert_eq!(signature.observation().expect("an observation"), "frame");
        assert_eq!(signature.action_output(), Some("logits"));
        assert_eq!(signature.inputs.len(), 2);
        assert!(!signature.is_continuous());
    }

    #[test]
    fn what_is_not_known_is_named() {
        let check = |signature: Value, text: &str| {
            let error = Signature::read(&signature).expect_err("an error").to_string();
            assert!(error.contains(text), "{error}");
        };
        check(json!({"inputs": {"x": {"role": "oracle"}}}), "oracle");
        check(json!({"inputs": {"x": {"role": "observation", "preprocessing": [{"op": "pickle"}]}}}), "pickle");
        check(json!({"inputs": {"x": {}}}), "none");
        assert!(Signature::read(&json!({})).expect("empty").observation().is_err());
    }
}
