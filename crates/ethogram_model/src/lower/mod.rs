//! Operators of a file, each written with the graph's few operations.

mod activation;
mod arithmetic;
mod attention;
mod attributes;
mod constant;
mod einsum;
mod layout;
mod normalization;
mod order;
mod pool;
mod product;
mod quantized;
mod recurrent;
mod reduce;
mod resize;
mod reverse;
mod scatter;
mod trigonometry;
mod volume;

pub(crate) use attributes::{Attributes, Value as AttributeValue};

use crate::error::{Error, Result};
use crate::graph::{Builder, ValueId};
use crate::tensor::Dtype;

/// Writes one operator; the results are its outputs in order.
type Lower = fn(&mut Call<'_>) -> Result<Vec<ValueId>>;

/// Every operator that is understood, family by family.
pub(crate) fn operators() -> impl Iterator<Item = &'static (&'static str, Lower)> {
    [
        arithmetic::OPERATORS,
        activation::OPERATORS,
        product::OPERATORS,
        pool::OPERATORS,
        normalization::OPERATORS,
        reduce::OPERATORS,
        layout::OPERATORS,
        constant::OPERATORS,
        recurrent::OPERATORS,
        einsum::OPERATORS,
        attention::OPERATORS,
        scatter::OPERATORS,
        reverse::OPERATORS,
        order::OPERATORS,
        resize::OPERATORS,
        quantized::OPERATORS,
        trigonometry::OPERATORS,
    ]
    .into_iter()
    .flatten()
}

/// One node of the file, its inputs in place.
pub(crate) struct Call<'a> {
    pub b: &'a mut Builder,
    pub operator: &'a str,
    pub attributes: &'a Attributes,
    /// `None` where an optional input is left out.
    pub inputs: Vec<Option<ValueId>>,
    /// How many results the file names.
    pub outputs: usize,
    /// Version of ONNX's operator set.
    pub opset: i64,
}

/// Adds the node to the graph.
pub(crate) fn lower(call: &mut Call<'_>, domain: &str) -> Result<Vec<ValueId>> {
    let known = operators().find(|(name, _)| *name == call.operator && domain.is_empty());
    let Some((_, lower)) = known else {
        let operator = if domain.is_empty() { call.operator.to_owned() } else { format!("{domain}.{}", call.operator) };
        return Err(Error::UnsupportedOperator { operator, node: call.b.at.1.clone() });
    };
    lower(call)
}

impl Call<'_> {
    /// An input that must be there.
    fn input(&self, index: usize) -> Result<ValueId> {
        self.optional(index).ok_or_else(|| self.b.wrong(format!("input {index} is missing")))
    }

    fn optional(&self, index: usize) -> Option<ValueId> {
        self.inputs.get(index).copied().flatten()
    }

    /// An input of integers that must be known before the network runs: a shape, axes, and the like.
    fn integers(&self, index: usize) -> Result<Option<Vec<i64>>> {
        let Some(id) = self.optional(index) else { return Ok(None) };
        match self.b.constant_of(id).map(|tensor| tensor.as_i64()) {
            Some(Some(values)) => Ok(Some(values.to_vec())),
            Some(None) => Err(self.b.wrong(format!("input {index} must be integers"))),
            None => Err(self.b.wrong(format!("input {index} depends on the observation; it must be constant"))),
        }
    }

    /// One float that must be known before the network runs.
    fn float(&self, index: usize) -> Result<Option<f32>> {
        let Some(id) = self.optional(index) else { return Ok(None) };
        match self.b.constant_of(id).and_then(|tensor| tensor.as_f32()) {
            Some([value]) => Ok(Some(*value)),
            _ => Err(self.b.wrong(format!("input {index} must be one constant float"))),
        }
    }

    /// An axis as an index from 0 on.
    fn axis(&self, axis: i64, rank: usize) -> Result<usize> {
        let from_end = if axis < 0 { axis + rank as i64 } else { axis };
        usize::try_from(from_end)
            .ok()
            .filter(|&axis| axis < rank)
            .ok_or_else(|| self.b.wrong(format!("axis {axis} of {rank} axes")))
    }

    fn axes(&self, axes: &[i64], rank: usize) -> Result<Vec<usize>> {
        axes.iter().map(|&axis| self.axis(axis, rank)).collect()
    }

    /// Lengths of a shape.
    fn lengths(&self, lengths: &[i64]) -> Result<Vec<usize>> {
        let lengths: Option<_> = lengths.iter().map(|&length| usize::try_from(length).ok()).collect();
        lengths.ok_or_else(|| self.b.wrong("a negative length"))
    }

    /// What a type of the file is computed with.
    fn element_type(&self, number: i64) -> Result<Dtype> {
        match number {
            1 | 10 | 11 | 16 => Ok(Dtype::F32),
            2..=7 | 12 | 13 => Ok(Dtype::I64),
            9 => Ok(Dtype::Bool),
            other => Err(self.b.wrong(format!("element type {other} is not computed with"))),
        }
    }

    /// The input as floats.
    fn floats(&mut self, index: usize) -> Result<ValueId> {
        let id = self.input(index)?;
        self.b.cast(id, Dtype::F32)
    }

    fn shape(&self, id: ValueId) -> Vec<usize> {
        self.b.shape(id).to_vec()
    }
}
