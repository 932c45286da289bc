//! Nodes of a file, and how they are laid into a graph.

mod function;
mod laid;
mod loops;

use std::collections::HashMap;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::lower::{AttributeValue, Attributes};
use crate::onnx::{self, Attribute, GraphProto, NodeProto, tensor_from_proto};
use crate::tensor::Tensor;

pub use function::Functions;
pub use laid::{Known, Laid};

/// Operators with graphs of their own.
const WITH_GRAPHS: [&str; 3] = ["If", "Loop", "Scan"];

/// One operator of the file.
#[derive(Clone, Debug)]
pub struct Node {
    pub name: String,
    pub operator: String,
    pub domain: String,
    /// Tells functions of one name apart.
    pub overload: String,
    /// Version of ONNX's operator set that it is written in.
    pub opset: i64,
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

/// What nodes are read with.
pub struct File<'l, 'e> {
    pub limits: &'l Limits,
    pub external: &'l onnx::External<'e>,
    /// Version of ONNX's operator set.
    pub opset: i64,
}

impl File<'_, '_> {
    /// Constants of a node, or those that a function has where its call leaves them out.
    fn attributes(&self, protos: Vec<Attribute<'_>>) -> Result<Attributes> {
        let read = |attribute: Attribute<'_>| {
            let value = match attribute.value {
                onnx::AttributeValue::Float(value) => AttributeValue::Float(value),
                onnx::AttributeValue::Int(value) => AttributeValue::Int(value),
                onnx::AttributeValue::Text(value) => AttributeValue::Text(value),
                onnx::AttributeValue::Tensor(bytes) => {
                    AttributeValue::Tensor(Arc::new(tensor_from_proto(bytes, self.limits, self.external)?.1))
                }
                onnx::AttributeValue::Floats(values) => AttributeValue::Floats(values),
                onnx::AttributeValue::Ints(values) => AttributeValue::Ints(values),
                onnx::AttributeValue::Texts(values) => AttributeValue::Texts(values),
                onnx::AttributeValue::Reference(name) => AttributeValue::Reference(name),
                onnx::AttributeValue::Graph(_) | onnx::AttributeValue::Other => AttributeValue::Other,
            };
            Ok((attribute.name, value))
        };
        Ok(Attributes(protos.into_iter().map(read).collect::<Result<_>>()?))
    }
}

impl Node {
    /// A node of the file's graph, or of one inside so many others.
    pub fn read(proto: NodeProto<'_>, file: &File<'_, '_>, depth: usize) -> Result<Self> {
        let mut branches = Vec::new();
        if WITH_GRAPHS.contains(&proto.op_type.as_str()) {
            for attribute in &proto.attributes {
                if let onnx::AttributeValue::Graph(bytes) = attribute.value {
                    branches.push((attribute.name.clone(), Branch::read(bytes, file, depth + 1)?));
                }
            }
        }
        Ok(Node {
            name: proto.name,
            operator: proto.op_type,
            domain: domain(proto.domain),
            overload: proto.overload,
            opset: file.opset,
            inputs: proto.inputs,
            outputs: proto.outputs,
            attributes: file.attributes(proto.attributes)?,
            branches,
        })
    }

    /// Its name, or that of its first output when it has none.
    pub fn title(&self) -> String {
        if self.name.is_empty() { self.outputs.first().cloned().unwrap_or_default() } else { self.name.clone() }
    }
}

/// Checks that each value of a graph is made once: two of one name were one of them, and nothing would say which.
///
/// **Errors**: the name, and what makes it.
pub fn check_made_once<'n>(given: impl Iterator<Item = (&'n str, &'static str)>, nodes: &'n [Node]) -> Result<()> {
    let mut made: HashMap<&str, String> = HashMap::new();
    let given = given.map(|(name, what)| (name, what.to_owned()));
    let computed = nodes.iter().flat_map(|node| {
        let by = format!("node {:?}, {}", node.title(), node.operator);
        node.outputs.iter().filter(|name| !name.is_empty()).map(move |name| (name.as_str(), by.clone()))
    });
    for (name, by) in given.chain(computed) {
        if let Some(first) = made.insert(name, by.clone()) {
            return Err(Error::Inconsistent(format!(
                "the value {name:?} is made twice, as {first} and as {by}; export it again"
            )));
        }
    }
    Ok(())
}

/// A domain by its short name: that of ONNX is empty.
fn domain(domain: String) -> String {
    if domain == "ai.onnx" { String::new() } else { domain }
}

impl Branch {
    fn read(bytes: &[u8], file: &File<'_, '_>, depth: usize) -> Result<Self> {
        let proto = GraphProto::parse(bytes, file.limits, depth)?;
        let weights = proto.initializers.iter().map(|encoded| {
            let (name, tensor) = tensor_from_proto(encoded, file.limits, file.external)?;
            Ok((name, Arc::new(tensor)))
        });
        let nodes = proto.nodes.into_iter().map(|node| Node::read(node, file, depth)).collect::<Result<Vec<_>>>()?;
        check_made_once(proto.inputs.iter().map(|input| (input.name.as_str(), "an input")), &nodes)?;
        Ok(Branch {
            weights: weights.collect::<Result<_>>()?,
            nodes,
            inputs: proto.inputs.into_iter().map(|input| input.name).collect(),
            outputs: proto.outputs.into_iter().map(|output| output.name).collect(),
        })
    }
}
