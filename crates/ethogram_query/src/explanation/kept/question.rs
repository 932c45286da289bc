//! What was asked: all that an answer depends on, short of the data of the steps.

use ethogram_model::Part;
use serde_json::{Value, json};
use xxhash_rust::xxh3::xxh3_128;

/// Raised whenever a method gives other numbers for an equal question, or the files change: what was kept before is not looked at again.
pub const ENGINE: u32 = 1;

/// A question about the steps of one episode. Equal questions have equal keys.
#[derive(Clone, Debug, PartialEq)]
pub struct Question(Value);

impl Question {
    /// `parts` name everything: the network by its content, the method with all parameters, the target, the episode.
    pub fn new(episode: u64, checkpoint: &str, parts: &Value) -> Self {
        Self(json!({"engine": ENGINE, "checkpoint": checkpoint, "episode": episode, "asked": parts}))
    }

    /// 32 hex digits.
    pub fn key(&self) -> String {
        format!("{:032x}", xxh3_128(self.0.to_string().as_bytes()))
    }

    /// As it is written down beside the answers.
    pub fn described(&self) -> &Value {
        &self.0
    }
}

/// What all answers to a question have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Shape of one step's numbers.
    pub shape: Vec<usize>,
    /// Shape of one step of the explained value.
    pub wrt_shape: Vec<usize>,
    /// What that value is made of.
    pub parts: Vec<Part>,
    /// Whether the method compares with a baseline.
    pub has_baseline: bool,
    /// Whether the method promises a sum.
    pub is_complete: bool,
}

impl Frame {
    /// Numbers of one step.
    pub fn width(&self) -> Option<usize> {
        width_of(&self.shape)
    }

    pub fn to_json(&self) -> Value {
        let part = |part: &Part| json!({"name": part.name, "shape": part.shape, "offset": part.offset, "width": part.width, "channels_last": part.channels_last});
        json!({
            "shape": self.shape,
            "wrt_shape": self.wrt_shape,
            "parts": self.parts.iter().map(part).collect::<Vec<_>>(),
            "baseline": self.has_baseline,
            "complete": self.is_complete,
        })
    }

    pub fn from_json(value: &Value) -> Option<Self> {
        let length = |value: &Value| usize::try_from(value.as_u64()?).ok();
        let shape = |value: &Value| -> Option<Vec<usize>> { value.as_array()?.iter().map(length).collect() };
        let part = |value: &Value| {
            Some(Part {
                name: value.get("name")?.as_str()?.to_owned(),
                shape: shape(value.get("shape")?)?,
                offset: length(value.get("offset")?)?,
                width: length(value.get("width")?)?,
                channels_last: value.get("channels_last").and_then(Value::as_bool).unwrap_or(false),
            })
        };
        let frame = Frame {
            shape: shape(value.get("shape")?)?,
            wrt_shape: shape(value.get("wrt_shape")?)?,
            parts: value.get("parts")?.as_array()?.iter().map(part).collect::<Option<_>>()?,
            has_baseline: value.get("baseline")?.as_bool()?,
            is_complete: value.get("complete")?.as_bool()?,
        };
        frame.is_sound().then_some(frame)
    }

    /// Whether the parts lie one after another, and are together the explained value.
    fn is_sound(&self) -> bool {
        let end = self.parts.iter().try_fold(0_usize, |end, part| {
            let follows = part.offset == end && width_of(&part.shape) == Some(part.width);
            if follows { end.checked_add(part.width) } else { None }
        });
        !self.parts.is_empty() && end.is_some() && end == width_of(&self.wrt_shape)
    }
}

fn width_of(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1_usize, |product, &length| product.checked_mul(length))
}
