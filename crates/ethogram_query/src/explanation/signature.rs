//! What a checkpoint's inputs and outputs mean, as `eg.signature` wrote it.

use serde_json::Value;

use crate::{Error, Result};

/// Roles of outputs that are a row with a number an action or dimension, the likeliest to be asked about first.
const ACTION_ROLES: &[&str] = &["logits", "q_values", "action_probabilities", "action_mean"];

/// Roles of outputs that give a number an action in some way, distributions of returns and ensembles too.
const HEAD_ROLES: &[&str] = &[
    "logits",
    "log_probabilities",
    "q_values",
    "quantiles",
    "atom_probabilities",
    "atom_logits",
    "q_heads",
    "action_probabilities",
    "action_mean",
];

/// Field that holds the recurrent state before each step.
pub const STATE_FIELD: &str = "recurrent_state";

/// Most switches of one index.
const ONE_HOT_MAX: usize = 65_536;

/// A checkpoint's signature.
#[derive(Clone, Debug, PartialEq)]
pub struct Signature {
    /// Name and meaning of each input.
    pub inputs: Vec<(String, Meaning)>,
    /// Name and role of each output.
    pub outputs: Vec<(String, String)>,
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
    State {
        /// The output that holds the state after the step.
        next: Option<String>,
        /// Name of the logged field: when left out `recurrent_state`, or of several states `recurrent_state/INPUT`.
        field: String,
    },
}

/// One step between the recorded observation and the input.
#[derive(Clone, Debug, PartialEq)]
pub enum Preprocessing {
    /// Times a number, or a number an element.
    Scale(Vec<f32>),
    /// Plus a number, or a number an element.
    Shift(Vec<f32>),
    /// No smaller than the first and no larger than the second.
    Clip(f32, f32),
    /// An index as so many switches, of which that one is 1.
    OneHot(usize),
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
        let is_state = |input: &&Value| input.get("role").and_then(Value::as_str) == Some("state");
        let alone = object("inputs").values().filter(is_state).count() == 1;
        let inputs =
            object("inputs").iter().map(|(name, input)| Ok((name.clone(), Meaning::read(name, input, alone)?)));
        let role = |output: &Value| output.get("role").and_then(Value::as_str).unwrap_or_default().to_owned();
        let outputs = object("outputs").iter().map(|(name, output)| (name.clone(), role(output))).collect();
        Ok(Signature { inputs: inputs.collect::<Result<_>>()?, outputs })
    }

    /// Names of the inputs that take the observation, or the parts of a nested one.
    ///
    /// **Errors**: there are none.
    pub fn observations(&self) -> Result<Vec<&str>> {
        let takes = |meaning: &Meaning| matches!(meaning, Meaning::Observation { .. });
        let found: Vec<&str> =
            self.inputs.iter().filter(|(_, meaning)| takes(meaning)).map(|(name, _)| name.as_str()).collect();
        if found.is_empty() { Err(wrong("inputs", "one that takes the observation", "none")) } else { Ok(found) }
    }

    /// The first of them.
    pub fn observation(&self) -> Result<&str> {
        self.observations().map(|names| names[0])
    }

    /// Recurrent states: input, and the output that holds the next one.
    pub fn states(&self) -> Vec<(&str, Option<&str>)> {
        let mut states = Vec::new();
        for (name, meaning) in &self.inputs {
            if let Meaning::State { next, .. } = meaning {
                states.push((name.as_str(), next.as_deref()));
            }
        }
        states
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

    /// Role and name of the output that tells of actions, be it as a distribution of returns.
    pub fn action_head(&self) -> Option<(&'static str, &str)> {
        HEAD_ROLES.iter().find_map(|role| Some((*role, self.output(role)?)))
    }
}

impl Meaning {
    fn read(name: &str, input: &Value, alone: bool) -> Result<Self> {
        match input.get("role").and_then(Value::as_str) {
            Some("observation") => {
                let field = input.get("field").and_then(Value::as_str).unwrap_or("observation").to_owned();
                let steps = input.get("preprocessing").and_then(Value::as_array).cloned().unwrap_or_default();
                let preprocessing = steps.iter().map(Preprocessing::read).collect::<Result<_>>()?;
                Ok(Meaning::Observation { field, preprocessing })
            }
            Some("state") => {
                let text = |key: &str| input.get(key).and_then(Value::as_str).map(str::to_owned);
                let own = || if alone { STATE_FIELD.to_owned() } else { format!("{STATE_FIELD}/{name}") };
                Ok(Meaning::State { next: text("next"), field: text("field").unwrap_or_else(own) })
            }
            other => Err(wrong(name, "role observation or state", other.unwrap_or("none"))),
        }
    }
}

impl Preprocessing {
    fn read(step: &Value) -> Result<Self> {
        let number = |key: &str| step.get(key).and_then(Value::as_f64).map(|value| value as f32);
        let numbers = |key: &str| match step.get(key)? {
            Value::Array(values) => values.iter().map(|value| value.as_f64().map(|value| value as f32)).collect(),
            value => Some(vec![value.as_f64()? as f32]),
        };
        let index = |value: &Value| value.as_u64().and_then(|value| usize::try_from(value).ok());
        let read = match step.get("op").and_then(Value::as_str) {
            Some("scale") => numbers("by").map(Preprocessing::Scale),
            Some("shift") => numbers("by").map(Preprocessing::Shift),
            Some("unsqueeze") => step.get("axis").and_then(index).map(Preprocessing::Unsqueeze),
            Some("transpose") => {
                let axes = step.get("axes").and_then(Value::as_array);
                axes.and_then(|axes| axes.iter().map(index).collect()).map(Preprocessing::Transpose)
            }
            Some("clip") => number("low").zip(number("high")).map(|(low, high)| Preprocessing::Clip(low, high)),
            Some("one_hot") => {
                let count = step.get("count").and_then(index).filter(|count| (1..=ONE_HOT_MAX).contains(count));
                count.map(Preprocessing::OneHot)
            }
            Some("flatten") => Some(Preprocessing::Flatten),
            _ => None,
        };
        read.ok_or_else(|| {
            let known = "scale by, shift by, clip low high, one_hot count, unsqueeze axis, transpose axes, or flatten";
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
        assert_eq!(signature.observations().expect("an observation"), ["frame"]);
        assert_eq!(signature.states(), [("hx", Some("hx_next"))]);
        assert_eq!((signature.action_role(), signature.action_output()), (Some("logits"), Some("logits")));
    }

    #[test]
    fn a_normalised_nested_observation_is_read() {
        let steps = json!([{"op": "shift", "by": [-1, 2]}, {"op": "clip", "low": -5, "high": 5}, {"op": "one_hot", "count": 4}]);
        let signature = Signature::read(&json!({"inputs": {
            "camera": {"role": "observation", "field": "observation/camera"},
            "speed": {"role": "observation", "field": "observation/speed", "preprocessing": steps},
        }}))
        .expect("a signature");
        assert_eq!(signature.observations().expect("two"), ["camera", "speed"]);
        let Meaning::Observation { preprocessing, .. } = &signature.inputs[1].1 else { panic!("an observation") };
        let expected =
            [Preprocessing::Shift(vec![-1.0, 2.0]), Preprocessing::Clip(-5.0, 5.0), Preprocessing::OneHot(4)];
        assert_eq!(preprocessing, &expected);
    }

    #[test]
    fn what_is_not_known_is_named() {
        let check = |signature: Value, text: &str| {
            let error = Signature::read(&signature).expect_err("an error").to_string();
            assert!(error.contains(text), "{error}");
        };
        check(json!({"inputs": {"x": {"role": "oracle"}}}), "oracle");
        check(json!({"inputs": {"x": {"role": "observation", "preprocessing": [{"op": "pickle"}]}}}), "pickle");
        check(
            json!({"inputs": {"x": {"role": "observation", "preprocessing": [{"op": "one_hot", "count": 0}]}}}),
            "one_hot",
        );
        check(json!({"inputs": {"x": {}}}), "none");
        assert!(Signature::read(&json!({})).expect("empty").observations().is_err());
    }
}
