//! Named constants of a node.

use std::sync::Arc;

use crate::error::Result;
use crate::graph::Builder;
use crate::tensor::Tensor;

/// Largest number that a window, stride or padding may be.
const WINDOW_MAX: i64 = 65_536;

/// What an attribute holds.
#[derive(Clone, Debug)]
pub enum Value {
    Float(f32),
    Int(i64),
    Text(String),
    Tensor(Arc<Tensor>),
    Floats(Vec<f32>),
    Ints(Vec<i64>),
    Texts(Vec<String>),
    /// Inside a function: what its call says under this name.
    Reference(String),
    /// A graph, or something that no operator here takes.
    Other,
}

impl Value {
    /// Bytes that a copy of it takes; tensors are shared.
    pub fn bytes(&self) -> usize {
        match self {
            Value::Text(text) | Value::Reference(text) => text.len(),
            Value::Floats(values) => 4 * values.len(),
            Value::Ints(values) => 8 * values.len(),
            Value::Texts(texts) => texts.iter().map(|text| text.len() + size_of::<String>()).sum(),
            Value::Float(_) | Value::Int(_) | Value::Tensor(_) | Value::Other => 0,
        }
    }
}

/// The attributes of one node.
#[derive(Clone, Debug, Default)]
pub struct Attributes(pub Vec<(String, Value)>);

impl Attributes {
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// Every tensor among them.
    pub fn tensors(&self) -> impl Iterator<Item = &Arc<Tensor>> {
        self.0.iter().filter_map(|(_, value)| if let Value::Tensor(tensor) = value { Some(tensor) } else { None })
    }

    pub fn int(&self, name: &str, default: i64) -> i64 {
        if let Some(Value::Int(value)) = self.get(name) { *value } else { default }
    }

    pub fn float(&self, name: &str, default: f32) -> f32 {
        if let Some(Value::Float(value)) = self.get(name) { *value } else { default }
    }

    pub fn text<'s>(&'s self, name: &str, default: &'s str) -> &'s str {
        if let Some(Value::Text(value)) = self.get(name) { value } else { default }
    }

    pub fn ints(&self, name: &str) -> Option<&[i64]> {
        if let Some(Value::Ints(values)) = self.get(name) { Some(values) } else { None }
    }

    pub fn texts(&self, name: &str) -> Option<&[String]> {
        if let Some(Value::Texts(values)) = self.get(name) { Some(values) } else { None }
    }

    /// Sizes of windows, each from 0 to [`WINDOW_MAX`].
    pub fn sizes(&self, name: &str, b: &Builder) -> Result<Option<Vec<usize>>> {
        let Some(values) = self.ints(name) else { return Ok(None) };
        match values.iter().find(|value| !(0..=WINDOW_MAX).contains(*value)) {
            Some(value) => Err(b.wrong(format!("{name} is {value}, expected 0 to {WINDOW_MAX}"))),
            None => Ok(Some(values.iter().map(|&value| value as usize).collect())),
        }
    }
}
