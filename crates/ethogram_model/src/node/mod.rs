//! Nodes of a file, and how they are laid into a graph.

mod laid;
mod loops;

use std::sync::Arc;

use crate::error::Result;
use crate::limits::Limits;
use crate::lower::{AttributeValue, Attributes};
use crate::onnx::{self, GraphProto, NodeProto, tensor_from_proto};
use crate::tensor::Tensor;

pub use laid::{Known, Laid};

/// Operators with graphs of their own.
const WITH_GRAPHS: [&str; 3] = ["If", "Loop", "Scan"];

/// One operator of the file.
#[derive(Clone, Debug)]
pub struct Node {
    pub name: String,
    pub operator: String,
    pub domain: String,
    pub inputs: Vec<String>,
    pub outputs: Vec<String>,
    pub attributes: Attributes,
    /// The graphs of an `If`, `Loop` or `Scan`, by attribute.
    pub branches: Vec<(String, Branch)>,
}

/// A graph inside a node, which knows all names around it.
#[derive(Clone, Debug)]
pub struct Branch {
    pub nodes: Vec<Node>,
    pub weights: Vec<(String, Arc<Tensor>)>,
    /// What a loop hands in, in order.
    pub inputs: Vec<String>,
    pub outputs: Vec<String>,
}

impl Node {
    /// A node of the file's graph, or of one inside so many others.
    pub fn read(proto: NodeProto<'_>, limits: &Limits, external: &onnx::External<'_>, depth: usize) -> Result<Self> {
        let mut branches = Vec::new();
        if WITH_GRAPHS.contains(&proto.op_type.as_str()) {
            for attribute in &proto.attributes {
                if let onnx::AttributeValue::Graph(bytes) = attribute.value {
                    branches.push((attribute.name.clone(), Branch::read(bytes, limits, external, depth + 1)?));
                }
            }
        }
        let attributes = proto
            .attributes
            .into_iter()
            .map(|attribute| {
                let value = match attribute.value {
                    onnx::AttributeValue::Float(value) => AttributeValue::Float(value),
                    onnx::AttributeValue::Int(value) => AttributeValue::Int(value),
                    onnx::AttributeValue::Text(value) => AttributeValue::Text(value),
                    onnx::AttributeValue::Tensor(bytes) => {
                        AttributeValue::Tensor(Arc::new(tensor_from_proto(bytes, limits, external)?.1))
                    }
                    onnx::AttributeValue::Floats(values) => AttributeValue::Floats(values),
                    onnx::AttributeValue::Ints(values) => AttributeValue::Ints(values),
                    onnx::AttributeValue::Texts(values) => AttributeValue::Texts(values),
                    onnx::AttributeValue::Graph(_) | onnx::AttributeValue::Other => AttributeValue::Other,
                };
                Ok((attribute.name, value))
            })
            .collect::<Result<_>>()?;
        let domain = if proto.domain == "ai.onnx" { String::new() } else { proto.domain };
        Ok(Node {
            name: proto.name,
            operator: proto.op_type,
            domain,
            inputs: proto.inputs,
            outputs: proto.outputs,
            attributes: Attributes(attributes),
            branches,
        })
    }

    /// Its name, or that of its first output when it has none.
    pub fn title(&self) -> String {
        if self.name.is_empty() { self.outputs.first().cloned().unwrap_or_default() } else { self.name.clone() }
    }
}

impl Branch {
    fn read(bytes: &[u8], limits: &Limits, external: &onnx::External<'_>, depth: usize) -> Result<Self> {
        let proto = GraphProto::parse(bytes, limits, depth)?;
        let weights = proto.initializers.iter().map(|encoded| {
            let (name, tensor) = tensor_from_proto(encoded, limits, external)?;
            Ok((name, Arc::new(tensor)))
        });
        Ok(Branch {
            weights: weights.collect::<Result<_>>()?,
            nodes: proto
                .nodes
                .into_iter()
                .map(|node| Node::read(node, limits, external, depth))
                .collect::<Result<_>>()?,
            inputs: proto.inputs.into_iter().map(|input| input.name).collect(),
            outputs: proto.outputs.into_iter().map(|output| output.name).collect(),
        })
    }
}
