//! The messages of an ONNX file, as far as a network needs them.

use super::wire::{Fields, Wire};
use crate::error::{Error, Result, within};
use crate::limits::Limits;

/// Deepest nesting of graphs inside attributes of nodes.
const DEPTH_MAX: usize = 8;

/// Oldest operator set that is read; before it shapes and bounds were attributes.
const OPSET_MIN: i64 = 11;

/// A whole file.
#[derive(Debug, Default)]
pub struct ModelProto<'a> {
    pub ir_version: i64,
    pub producer: String,
    /// Domain and version of each operator set; ONNX's own has an empty domain.
    pub opsets: Vec<(String, i64)>,
    pub graph: GraphProto<'a>,
    /// Operators that the file itself defines.
    pub functions: Vec<FunctionProto<'a>>,
}

/// An operator made of others.
#[derive(Debug, Default)]
pub struct FunctionProto<'a> {
    pub name: String,
    pub domain: String,
    /// Tells functions of one name apart.
    pub overload: String,
    pub inputs: Vec<String>,
    pub outputs: Vec<String>,
    pub nodes: Vec<NodeProto<'a>>,
    /// What attributes are where a call leaves them out.
    pub defaults: Vec<Attribute<'a>>,
    pub opsets: Vec<(String, i64)>,
}

/// Nodes in an order in which each comes after those it needs.
#[derive(Debug, Default)]
pub struct GraphProto<'a> {
    pub nodes: Vec<NodeProto<'a>>,
    /// Weights, by name; still encoded.
    pub initializers: Vec<&'a [u8]>,
    pub inputs: Vec<ValueInfo>,
    pub outputs: Vec<ValueInfo>,
}

/// One operation.
#[derive(Debug, Default)]
pub struct NodeProto<'a> {
    pub name: String,
    pub op_type: String,
    pub domain: String,
    /// Tells functions of one name apart.
    pub overload: String,
    /// Empty where an optional input is left out.
    pub inputs: Vec<String>,
    pub outputs: Vec<String>,
    pub attributes: Vec<Attribute<'a>>,
}

/// A named constant of a node.
#[derive(Debug)]
pub struct Attribute<'a> {
    pub name: String,
    pub value: AttributeValue<'a>,
}

/// What an attribute may hold.
#[derive(Debug)]
pub enum AttributeValue<'a> {
    Float(f32),
    Int(i64),
    Text(String),
    /// Still encoded.
    Tensor(&'a [u8]),
    /// Still encoded.
    Graph(&'a [u8]),
    Floats(Vec<f32>),
    Ints(Vec<i64>),
    Texts(Vec<String>),
    /// What the call of the function around it says under this name.
    Reference(String),
    Other,
}

/// An input or output of the graph.
#[derive(Clone, Debug, Default)]
pub struct ValueInfo {
    pub name: String,
    /// ONNX's number of the element type; 0 when it is no tensor.
    pub element_type: i64,
    /// `None` when the file leaves the shape open.
    pub shape: Option<Vec<DimProto>>,
}

/// Length of an axis: known, named, or open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DimProto {
    Known(usize),
    Named(String),
    Open,
}

impl<'a> ModelProto<'a> {
    /// Reads a file's bytes.
    pub fn parse(bytes: &'a [u8], limits: &Limits) -> Result<Self> {
        within("the file", bytes.len() as u64, "file_bytes", limits.file_bytes)?;
        let mut model = ModelProto::default();
        let mut has_graph = false;
        let mut fields = Fields::new(bytes);
        while let Some((number, value)) = fields.next()? {
            match number {
                1 => model.ir_version = value.int()?,
                2 => model.producer = value.text()?,
                7 => {
                    model.graph = GraphProto::parse(value.bytes()?, limits, 0)?;
                    has_graph = true;
                }
                8 => model.opsets.push(opset(value.bytes()?)?),
                25 => {
                    model.functions.push(FunctionProto::parse(value.bytes()?, limits)?);
                    within("the number of functions", model.functions.len() as u64, "nodes", limits.nodes)?;
                }
                _ => {}
            }
        }
        if !has_graph {
            return Err(Error::Malformed { what: "no graph in the file", at: bytes.len() });
        }
        Ok(model)
    }
}

impl<'a> FunctionProto<'a> {
    fn parse(bytes: &'a [u8], limits: &Limits) -> Result<Self> {
        let mut function = FunctionProto::default();
        let mut fields = Fields::new(bytes);
        while let Some((number, value)) = fields.next()? {
            match number {
                1 => function.name = value.text()?,
                4 => function.inputs.push(value.text()?),
                5 => function.outputs.push(value.text()?),
                7 => {
                    function.nodes.push(NodeProto::parse(value.bytes()?)?);
                    within("the number of nodes", function.nodes.len() as u64, "nodes", limits.nodes)?;
                }
                9 => function.opsets.push(opset(value.bytes()?)?),
                10 => function.domain = value.text()?,
                11 => function.defaults.push(Attribute::parse(value.bytes()?)?),
                13 => function.overload = value.text()?,
                _ => {}
            }
        }
        Ok(function)
    }
}

impl<'a> GraphProto<'a> {
    /// A graph, or one inside so many others.
    pub fn parse(bytes: &'a [u8], limits: &Limits, depth: usize) -> Result<Self> {
        if depth > DEPTH_MAX {
            return Err(Error::Malformed { what: "graphs nested too deeply", at: 0 });
        }
        let mut graph = GraphProto::default();
        let mut fields = Fields::new(bytes);
        while let Some((number, value)) = fields.next()? {
            match number {
                1 => {
                    graph.nodes.push(NodeProto::parse(value.bytes()?)?);
                    within("the number of nodes", graph.nodes.len() as u64, "nodes", limits.nodes)?;
                }
                5 => {
                    graph.initializers.push(value.bytes()?);
                    within("the number of weights", graph.initializers.len() as u64, "nodes", limits.nodes)?;
                }
                11 => graph.inputs.push(ValueInfo::parse(value.bytes()?)?),
                12 => graph.outputs.push(ValueInfo::parse(value.bytes()?)?),
                _ => {}
            }
        }
        Ok(graph)
    }
}

impl<'a> NodeProto<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self> {
        let mut node = NodeProto::default();
        let mut fields = Fields::new(bytes);
        while let Some((number, value)) = fields.next()? {
            match number {
                1 => node.inputs.push(value.text()?),
                2 => node.outputs.push(value.text()?),
                3 => node.name = value.text()?,
                4 => node.op_type = value.text()?,
                5 => node.attributes.push(Attribute::parse(value.bytes()?)?),
                7 => node.domain = value.text()?,
                8 => node.overload = value.text()?,
                _ => {}
            }
        }
        Ok(node)
    }
}

impl<'a> Attribute<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self> {
        let mut name = String::new();
        let mut kind = 0;
        let (mut float, mut int, mut text) = (0.0, 0, String::new());
        let (mut tensor, mut graph, mut reference) = (None, None, String::new());
        let (mut floats, mut ints, mut texts) = (Vec::new(), Vec::new(), Vec::new());
        // Old files leave the kind out; the field that is there says it.
        let mut seen = 0;
        let mut fields = Fields::new(bytes);
        while let Some((number, value)) = fields.next()? {
            match number {
                1 => name = value.text()?,
                2 => float = value.float()?,
                3 => int = value.int()?,
                4 => text = value.text()?,
                5 => tensor = Some(value.bytes()?),
                6 => graph = Some(value.bytes()?),
                7 => value.floats_into(&mut floats)?,
                8 => value.ints_into(&mut ints)?,
                9 => texts.push(value.text()?),
                20 => kind = value.int()?,
                21 => reference = value.text()?,
                _ => {}
            }
            seen = match number {
                2 => 1,
                3 => 2,
                4 => 3,
                5 => 4,
                6 => 5,
                7 => 6,
                8 => 7,
                9 => 8,
                _ => seen,
            };
        }
        if !reference.is_empty() {
            return Ok(Attribute { name, value: AttributeValue::Reference(reference) });
        }
        let value = match if kind == 0 { seen } else { kind } {
            1 => AttributeValue::Float(float),
            2 => AttributeValue::Int(int),
            3 => AttributeValue::Text(text),
            4 => AttributeValue::Tensor(tensor.unwrap_or_default()),
            5 => AttributeValue::Graph(graph.unwrap_or_default()),
            6 => AttributeValue::Floats(floats),
            7 => AttributeValue::Ints(ints),
            8 => AttributeValue::Texts(texts),
            _ => AttributeValue::Other,
        };
        Ok(Attribute { name, value })
    }
}

impl ValueInfo {
    fn parse(bytes: &[u8]) -> Result<Self> {
        let mut info = ValueInfo::default();
        let mut fields = Fields::new(bytes);
        while let Some((number, value)) = fields.next()? {
            match number {
                1 => info.name = value.text()?,
                2 => {
                    let mut kinds = Fields::new(value.bytes()?);
                    while let Some((number, value)) = kinds.next()? {
                        if number == 1 {
                            info.tensor_type(value)?;
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(info)
    }

    fn tensor_type(&mut self, value: Wire<'_>) -> Result<()> {
        let mut fields = Fields::new(value.bytes()?);
        while let Some((number, value)) = fields.next()? {
            match number {
                1 => self.element_type = value.int()?,
                2 => {
                    let mut shape = Vec::new();
                    let mut dims = Fields::new(value.bytes()?);
                    while let Some((number, value)) = dims.next()? {
                        if number == 1 {
                            shape.push(DimProto::parse(value.bytes()?)?);
                        }
                    }
                    self.shape = Some(shape);
                }
                _ => {}
            }
        }
        Ok(())
    }
}

impl DimProto {
    fn parse(bytes: &[u8]) -> Result<Self> {
        let mut dim = DimProto::Open;
        let mut fields = Fields::new(bytes);
        while let Some((number, value)) = fields.next()? {
            match number {
                // Exporters write 0 or −1 where they mean any length.
                1 => {
                    dim = usize::try_from(value.int()?).ok().filter(|&n| n > 0).map_or(DimProto::Open, DimProto::Known);
                }
                2 => dim = DimProto::Named(value.text()?),
                _ => {}
            }
        }
        Ok(dim)
    }
}

/// Version of ONNX's own operators; `None` where none is named.
///
/// **Errors**: a version that is too old to be read.
pub fn opset_of(opsets: &[(String, i64)]) -> Result<Option<i64>> {
    let version = opsets.iter().find(|(domain, _)| domain.is_empty()).map(|(_, version)| *version);
    match version {
        Some(version) if version < OPSET_MIN => {
            Err(Error::Inconsistent(format!("operator set {version}, expected {OPSET_MIN} or newer; export it again")))
        }
        version => Ok(version),
    }
}

fn opset(bytes: &[u8]) -> Result<(String, i64)> {
    let (mut domain, mut version) = (String::new(), 0);
    let mut fields = Fields::new(bytes);
    while let Some((number, value)) = fields.next()? {
        match number {
            1 => domain = value.text()?,
            2 => version = value.int()?,
            _ => {}
        }
    }
    // The long name of the same set.
    if domain == "ai.onnx" {
        domain.clear();
    }
    Ok((domain, version))
}
