//! A network as its file says it: weights, inputs, outputs, layers by name.

use std::collections::{BTreeMap, HashMap};
use std::path::{Component, Path};
use std::sync::Arc;

use crate::attribution::{laid_out, looks_channels_last, rows_first};
use crate::error::{Error, Result, within};
use crate::exec::{Packed, Prepared};
use crate::graph::{Builder, Graph, ValueId};
use crate::limits::Limits;
use crate::node::{File, Functions, Known, Laid, Node, check_made_once};
use crate::onnx::{self, DimProto, ModelProto, ValueInfo, tensor_from_proto};
use crate::tensor::{Dtype, Tensor};
use ethogram_random::Random;

/// A network that can be run, differentiated and looked into. Made from an ONNX file; never runs code of the file.
#[derive(Clone, Debug)]
pub struct Model {
    nodes: Vec<Node>,
    weights: HashMap<String, Arc<Tensor>>,
    inputs: Vec<Port>,
    outputs: Vec<Port>,
    opset: i64,
    producer: String,
    limits: Limits,
    /// Weights as programs want them, shared by all.
    packed: Arc<Packed>,
    /// Questions that were made ready before.
    pub(crate) prepared: Arc<Prepared>,
}

/// An input or output.
#[derive(Clone, Debug, PartialEq)]
pub struct Port {
    /// As in the file.
    pub name: String,
    /// What it is computed with; whole numbers that the network turns into floats at once are floats here.
    pub dtype: Dtype,
    /// Length of every axis; `None` when the file leaves the rank open.
    pub shape: Option<Vec<Dim>>,
}

/// Length of an axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dim {
    /// The same at every call.
    Known(usize),
    /// Chosen at each call; axes of one name have one length.
    Named(String),
    /// Chosen at each call.
    Open,
}

/// A value of the network that can be looked at, replaced, or explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// As in the file.
    pub name: String,
    /// The operator that makes it.
    pub operator: String,
}

/// Numbers that a file brings along: what was learned, mostly.
#[derive(Clone, Debug)]
pub struct Weight {
    /// As in the file.
    pub name: String,
    /// For people: the name where it says something, else what takes the numbers, and as which of its inputs.
    pub title: String,
    /// The operator that takes them first.
    pub operator: String,
    /// The numbers, floats all of them.
    pub tensor: Arc<Tensor>,
}

impl Model {
    /// Reads a file. Weights that lie beside it must lie in its folder.
    pub fn open(path: &Path, limits: &Limits) -> Result<Self> {
        let bytes = read(path, 0, None, limits.file_bytes)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        Model::read(&bytes, limits, &|name, offset, length| {
            let inside =
                Path::new(name).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
            if !inside {
                return Err(Error::Inconsistent(format!("weights at {name:?}, outside the model's folder")));
            }
            let whole = folder.join(name);
            // A link could lead out of the folder too.
            let real = |path: &Path| path.canonicalize().map_err(|error| file_error(&error, path));
            if !real(&whole)?.starts_with(real(if folder.as_os_str().is_empty() { Path::new(".") } else { folder })?) {
                return Err(Error::Inconsistent(format!("weights at {name:?}, outside the model's folder")));
            }
            read(&whole, offset, length, limits.file_bytes)
        })
    }

    /// Reads a file's bytes. Weights that lie beside it are refused: open it by its path.
    pub fn from_bytes(bytes: &[u8], limits: &Limits) -> Result<Self> {
        Model::read(bytes, limits, &|name, _, _| {
            Err(Error::Inconsistent(format!("weights at {name:?}, beside the file; open the model by its path")))
        })
    }

    fn read(bytes: &[u8], limits: &Limits, external: &onnx::External<'_>) -> Result<Self> {
        let proto = ModelProto::parse(bytes, limits)?;
        let Some(opset) = onnx::opset_of(&proto.opsets)? else {
            return Err(Error::Inconsistent("no version of ONNX's operators; export it again".to_owned()));
        };
        let file = File { limits, external, opset };
        let mut weights = HashMap::new();
        for encoded in &proto.graph.initializers {
            let (name, tensor) = tensor_from_proto(encoded, limits, external)?;
            // Infinity is another matter: masks are made of it. So is one NaN without axes: JAX writes deviations as "where there are rows,
            // this, else NaN".
            let nan = tensor.as_f32().and_then(|values| values.iter().position(|value| value.is_nan()));
            if let Some(at) = nan.filter(|_| !tensor.shape().is_empty()) {
                return Err(Error::NotANumber { name, at });
            }
            if let Some((name, _)) = weights.get_key_value(&name) {
                return Err(Error::Inconsistent(format!("there are two weights named {name:?}; export it again")));
            }
            weights.insert(name, Arc::new(tensor));
        }
        let nodes = proto.graph.nodes.into_iter().map(|node| Node::read(node, &file, 0)).collect::<Result<Vec<_>>>()?;
        let inputs = proto.graph.inputs.iter().filter(|input| !weights.contains_key(&input.name));
        let inputs = inputs.map(|input| (input.name.as_str(), "an input"));
        check_made_once(inputs.chain(weights.keys().map(|name| (name.as_str(), "a weight"))), &nodes)?;
        let taken = weights.keys().chain(proto.graph.inputs.iter().map(|input| &input.name));
        let nodes = Functions::new(proto.functions, &file).written_out(nodes, taken)?;
        // Old files list weights among the inputs.
        let inputs: Vec<Port> = proto
            .graph
            .inputs
            .iter()
            .filter(|input| !weights.contains_key(&input.name))
            .map(|input| Port::read(input, &nodes))
            .collect::<Result<_>>()?;
        let outputs = proto.graph.outputs.iter().map(|output| Port::read(output, &[])).collect::<Result<_>>()?;
        let constants = nodes.iter().flat_map(|node| node.attributes.tensors());
        let packed = Arc::new(Packed::new(weights.values().chain(constants)));
        let (producer, limits) = (proto.producer, limits.clone());
        let model =
            Model { nodes, weights, inputs, outputs, opset, producer, limits, packed, prepared: Arc::default() };
        Ok(model.of_any_rows().unwrap_or(model))
    }

    /// The same for any number of rows, of a file that was exported with several rows and no open axis for them, where no node holds their
    /// number: with one more row, every output has one more.
    fn of_any_rows(&self) -> Option<Self> {
        let rows = |port: &Port| match port.shape.as_deref()? {
            [Dim::Known(rows), rest @ ..] if *rows > 1 && !rest.is_empty() => Some(*rows),
            _ => None,
        };
        let fixed = |port: &Port| port.shape.iter().flatten().all(|dim| matches!(dim, Dim::Known(_)));
        let count = rows(self.inputs.first()?)?;
        if !self.inputs.iter().chain(&self.outputs).all(|port| fixed(port) && rows(port) == Some(count)) {
            return None;
        }
        let open = self.with_open_rows();
        let one_more = |port: &Port| {
            let lengths =
                port.shape.iter().flatten().map(|dim| if let Dim::Known(length) = dim { *length } else { count + 1 });
            (port.name.clone(), lengths.collect())
        };
        let graph = open.graph(&open.inputs.iter().map(one_more).collect(), &[]).ok()?;
        let has_one_more = |port: &Port| {
            open.find(&graph, &port.name).is_ok_and(|id| graph.value(id).shape.first() == Some(&(count + 1)))
        };
        self.outputs.iter().all(has_one_more).then_some(open)
    }

    /// What the network takes, in the file's order.
    pub fn inputs(&self) -> &[Port] {
        &self.inputs
    }

    /// What it gives, in the file's order.
    pub fn outputs(&self) -> &[Port] {
        &self.outputs
    }

    /// Every value that an operator makes, in the file's order.
    pub fn layers(&self) -> Vec<Layer> {
        let outputs = self.nodes.iter().flat_map(|node| node.outputs.iter().map(move |name| (node, name)));
        outputs
            .filter(|(_, name)| !name.is_empty())
            .map(|(node, name)| Layer { name: name.clone(), operator: node.operator.clone() })
            .collect()
    }

    /// The axis along which an input or output has its rows: the first, or where that is fixed (a recurrent state `[layers, B, H]`) the
    /// first open one; of a network of fixed rows, the first that has one entry.
    pub fn axis_of_rows(&self, name: &str) -> usize {
        let port = self.inputs.iter().chain(&self.outputs).find(|port| port.name == name);
        let Some(shape) = port.and_then(|port| port.shape.as_ref()) else { return 0 };
        let one = || shape.iter().position(|dim| *dim == Dim::Known(1)).filter(|_| self.has_fixed_rows());
        let open = || shape.iter().position(|dim| !matches!(dim, Dim::Known(_)));
        one().or_else(open).unwrap_or(0)
    }

    /// Whether a row of a value is a picture `[H, W, C]`, and not `[C, H, W]`: the network turns it over before it looks at places; of an
    /// input that it never turns, as its shape looks.
    pub(crate) fn has_channels_last(&self, name: &str, row: &[usize]) -> bool {
        if row.len() != 3 {
            return false;
        }
        let mut same: std::collections::HashSet<&str> = [name].into();
        for node in &self.nodes {
            if !node.inputs.iter().any(|input| same.contains(input.as_str())) {
                continue;
            }
            match node.operator.as_str() {
                "Transpose" => return node.attributes.ints("perm") == Some(&[0, 3, 1, 2]),
                "Conv" | "MaxPool" | "AveragePool" | "BatchNormalization" | "InstanceNormalization" => return false,
                // One number at a time.
                "Cast" | "Identity" | "Add" | "Sub" | "Mul" | "Div" | "Clip" | "Relu" | "Sigmoid" | "Tanh" => {
                    same.extend(node.outputs.iter().map(String::as_str));
                }
                _ => {}
            }
        }
        self.inputs.iter().any(|input| input.name == name) && looks_channels_last(row)
    }

    /// One row of an input, laid out as the network takes it.
    ///
    /// **Errors**: it has no such row.
    pub fn row(&self, name: &str, tensor: &Tensor, row: usize) -> Result<Tensor> {
        let axis = self.axis_of_rows(name);
        laid_out(rows_first(tensor.clone(), axis)?.rows(&[row])?, axis)
    }

    /// The inverse: rows of one output, one after the other along its axis of rows.
    ///
    /// **Errors**: no rows, or rows of different shapes.
    pub fn joined<'t>(&self, name: &str, rows: impl Iterator<Item = &'t Tensor>) -> Result<Tensor> {
        let axis = self.axis_of_rows(name);
        let mut all: Option<Tensor> = None;
        for row in rows {
            let row = rows_first(row.clone(), axis)?;
            all = Some(match all {
                Some(all) => all.followed_by(&row)?,
                None => row,
            });
        }
        laid_out(all.ok_or_else(|| Error::Inconsistent(format!("no rows of {name:?}")))?, axis)
    }

    /// All floats that the file brings along and some operator takes, in the order in which they are taken.
    pub fn weights(&self) -> Vec<Weight> {
        let mut seen: std::collections::HashSet<&str> = std::collections::HashSet::new();
        let mut found = Vec::new();
        for node in &self.nodes {
            for (input, name) in node.inputs.iter().enumerate() {
                let Some(tensor) = self.weights.get(name).filter(|tensor| tensor.dtype() == Dtype::F32) else {
                    continue;
                };
                if !seen.insert(name.as_str()) {
                    continue;
                }
                // Exporters give numbers to what they changed: "onnx::MatMul_31".
                let title = if name.starts_with("onnx::") || name.starts_with('/') || name.parse::<u64>().is_ok() {
                    let layer = node.title();
                    let layer = layer.trim_matches('/').trim_end_matches(&node.operator).trim_end_matches('/');
                    let layer = if layer.is_empty() { node.operator.as_str() } else { layer };
                    let role = match (node.operator.as_str(), input) {
                        ("Gemm" | "MatMul" | "Conv" | "ConvTranspose", 1) => "weight".to_owned(),
                        ("Gemm" | "Conv" | "ConvTranspose", 2) | ("Add", _) => "bias".to_owned(),
                        (_, input) => format!("input {input}"),
                    };
                    format!("{}.{role}", layer.replace('/', "."))
                } else {
                    name.clone()
                };
                let (name, tensor) = (name.clone(), Arc::clone(tensor));
                found.push(Weight { name, title, operator: node.operator.clone(), tensor });
            }
        }
        found
    }

    /// Layers that have weights, in the order of the file: the name of what each gives, and those of its weights. Biases and other vectors are
    /// left with the layer's first matrix.
    pub(crate) fn weighted_layers(&self) -> Vec<(String, Vec<String>)> {
        let mut seen: std::collections::HashSet<&str> = std::collections::HashSet::new();
        let mut layers = Vec::new();
        for node in &self.nodes {
            let own: Vec<&String> = node
                .inputs
                .iter()
                .filter(|name| {
                    self.weights.get(*name).is_some_and(|weight| weight.as_f32().is_some_and(|v| v.len() > 1))
                })
                .filter(|name| seen.insert(name.as_str()))
                .collect();
            if own.iter().any(|name| self.weights[name.as_str()].shape().len() >= 2) {
                let title = node.outputs.first().cloned().unwrap_or_default();
                layers.push((title, own.into_iter().cloned().collect()));
            }
        }
        layers
    }

    /// The same network with one weight drawn anew, of the same mean and deviation.
    pub(crate) fn with_random_weights(&self, name: &str, random: &mut Random) -> Result<Self> {
        let Some(weight) = self.weights.get(name) else { return Err(self.unknown(name)) };
        let values = weight.as_f32().unwrap_or_default();
        let count = values.len().max(1) as f64;
        let mean = values.iter().map(|&value| f64::from(value)).sum::<f64>() / count;
        let square = values.iter().map(|&value| (f64::from(value) - mean).powi(2)).sum::<f64>() / count;
        let drawn = values.iter().map(|_| (mean + square.sqrt() * f64::from(random.normal())) as f32).collect();
        let mut changed = self.clone();
        // What was made ready holds the weights as they were.
        changed.prepared = Arc::default();
        changed.weights.insert(name.to_owned(), Arc::new(Tensor::f32(weight.shape(), drawn)?));
        Ok(changed)
    }

    /// Whether the file fixes the number of rows at one, as exports do that name no open axis: such a network is asked row by row. Some input
    /// has one row first, and every other an axis for it (a recurrent state `[layers, 1, H]`).
    pub fn has_fixed_rows(&self) -> bool {
        let fixed =
            |dims: &Vec<Dim>| dims.contains(&Dim::Known(1)) && dims.iter().all(|dim| matches!(dim, Dim::Known(_)));
        let first = |dims: &Vec<Dim>| dims.first() == Some(&Dim::Known(1));
        let any = |port: &Port| port.shape.as_ref().is_some_and(first);
        self.inputs.iter().all(|port| port.shape.as_ref().is_some_and(fixed)) && self.inputs.iter().any(any)
    }

    /// The same for any number of rows. What a node holds of the one row of the file no longer fits, and is refused.
    pub(crate) fn with_open_rows(&self) -> Self {
        let axes: Vec<usize> = self.inputs.iter().map(|input| self.axis_of_rows(&input.name)).collect();
        let mut open = self.clone();
        for (input, axis) in open.inputs.iter_mut().zip(axes) {
            if let Some(length) = input.shape.as_mut().and_then(|shape| shape.get_mut(axis)) {
                *length = Dim::Open;
            }
        }
        open
    }

    /// Version of ONNX's operator set.
    pub fn opset(&self) -> i64 {
        self.opset
    }

    /// The program that wrote the file, as it calls itself.
    pub fn producer(&self) -> &str {
        &self.producer
    }

    /// The limits it was read with; they hold for running it too.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The network for inputs of these shapes. Values named in `patched` become inputs of the graph, under their names.
    ///
    /// An operator that is not known leaves what it gives out of the graph; [`Model::find`] says so to who asks for it.
    ///
    /// **Errors**: an input that is missing, unknown, or of a shape that the file does not allow.
    pub fn graph(&self, shapes: &BTreeMap<String, Vec<usize>>, patched: &[String]) -> Result<Graph> {
        self.check_shapes(shapes)?;
        let mut b = Builder::of(self.packed.clone(), self.limits.clone());
        let mut known = Known::new();
        for input in &self.inputs {
            let id = b.input(&input.name, &shapes[&input.name], input.dtype)?;
            b.name(&input.name, id);
            known.insert(&input.name, id);
        }
        let mut laid = Laid { weights: &self.weights, patched: Some(patched), b: &mut b };
        for node in &self.nodes {
            laid.add_or_refuse(node, &mut known)?;
        }
        // What is the same for every observation may be given out as it lies in the file: the returns of a C51.
        for output in &self.outputs {
            if let (None, Some(weight)) = (b.graph().named(&output.name), self.weights.get(&output.name)) {
                let id = b.constant(Arc::clone(weight))?;
                b.name(&output.name, id);
            }
        }
        let graph = b.finish();
        for name in patched {
            self.find(&graph, name)?;
        }
        Ok(graph)
    }

    /// A value of a graph of this network, by its name in the file.
    ///
    /// **Errors**: the network has no such value, or it cannot be computed: an operator that is not known.
    pub fn find(&self, graph: &Graph, name: &str) -> Result<ValueId> {
        let missing = || graph.refusal(name).cloned().unwrap_or_else(|| self.unknown(name));
        graph.named(name).ok_or_else(missing)
    }

    fn check_shapes(&self, shapes: &BTreeMap<String, Vec<usize>>) -> Result<()> {
        if let Some(name) = shapes.keys().find(|name| !self.inputs.iter().any(|input| input.name == **name)) {
            let expected = self.inputs.iter().map(|input| input.name.as_str()).collect::<Vec<_>>().join(", ");
            return Err(Error::Input {
                name: name.clone(),
                expected: format!("one of {expected}"),
                found: name.clone(),
            });
        }
        let mut named: HashMap<&str, usize> = HashMap::new();
        for input in &self.inputs {
            let wrong = |found: String| Error::Input { name: input.name.clone(), expected: input.describe(), found };
            let shape = shapes.get(&input.name).ok_or_else(|| wrong("nothing".to_owned()))?;
            within(format!("the rank of {:?}", input.name), shape.len() as u64, "rank", self.limits.rank)?;
            let Some(dims) = &input.shape else { continue };
            let fits = dims.len() == shape.len()
                && dims.iter().zip(shape).all(|(dim, &length)| match dim {
                    Dim::Known(known) => *known == length,
                    Dim::Named(name) => *named.entry(name).or_insert(length) == length,
                    Dim::Open => true,
                });
            if !fits {
                return Err(wrong(format!("shape {shape:?}")));
            }
        }
        Ok(())
    }

    pub(crate) fn unknown(&self, name: &str) -> Error {
        let mut names: Vec<String> = self.outputs.iter().map(|output| output.name.clone()).collect();
        names.extend(self.layers().into_iter().map(|layer| layer.name));
        names.dedup();
        let more = names.len().saturating_sub(12);
        names.truncate(12);
        let known = names.join(", ") + &if more > 0 { format!(" and {more} more") } else { String::new() };
        Error::UnknownValue { name: name.to_owned(), known }
    }
}

impl Port {
    fn read(info: &ValueInfo, nodes: &[Node]) -> Result<Self> {
        let dtype = match info.element_type {
            1 | 10 | 11 | 16 => Dtype::F32,
            // Pictures of bytes that are turned into floats before anything else.
            2..=7 | 12 | 13 if only_cast(&info.name, nodes) => Dtype::F32,
            2..=7 | 12 | 13 => Dtype::I64,
            9 => Dtype::Bool,
            other => {
                return Err(Error::Inconsistent(format!(
                    "{:?} has element type {other}, which is not read",
                    info.name
                )));
            }
        };
        let shape = info.shape.as_ref().map(|dims| {
            let dim = |dim: &DimProto| match dim {
                DimProto::Known(length) => Dim::Known(*length),
                DimProto::Named(name) => Dim::Named(name.clone()),
                DimProto::Open => Dim::Open,
            };
            dims.iter().map(dim).collect()
        });
        Ok(Port { name: info.name.clone(), dtype, shape })
    }

    /// For messages: `float32 [batch, 4]`.
    pub fn describe(&self) -> String {
        let Some(shape) = &self.shape else { return format!("{} of any shape", self.dtype.name()) };
        let dims: Vec<String> = shape
            .iter()
            .map(|dim| match dim {
                Dim::Known(length) => length.to_string(),
                Dim::Named(name) => name.clone(),
                Dim::Open => "any".to_owned(),
            })
            .collect();
        format!("{} [{}]", self.dtype.name(), dims.join(", "))
    }
}

fn only_cast(name: &str, nodes: &[Node]) -> bool {
    let mut users = nodes.iter().filter(|node| node.inputs.iter().any(|input| input == name)).peekable();
    users.peek().is_some()
        && users.all(|node| node.operator == "Cast" && matches!(node.attributes.int("to", 0), 1 | 10 | 11 | 16))
}

fn file_error(error: &std::io::Error, path: &Path) -> Error {
    Error::File { why: error.to_string(), path: path.display().to_string() }
}

/// A part of a file, at most `limit` bytes.
fn read(path: &Path, offset: u64, length: Option<u64>, limit: u64) -> Result<Vec<u8>> {
    use std::io::{Read, Seek, SeekFrom};
    let wrong = |error: std::io::Error| file_error(&error, path);
    let mut file = std::fs::File::open(path).map_err(wrong)?;
    let whole = file.metadata().map_err(wrong)?.len();
    let length = length.unwrap_or(whole.saturating_sub(offset));
    within(format!("the size of {}", path.display()), length, "file_bytes", limit)?;
    if offset.checked_add(length).is_none_or(|end| end > whole) {
        return Err(Error::Inconsistent(format!(
            "{length} bytes from {offset} of {}, which has {whole}",
            path.display()
        )));
    }
    file.seek(SeekFrom::Start(offset)).map_err(wrong)?;
    let mut bytes = vec![0; length as usize];
    file.read_exact(&mut bytes).map_err(wrong)?;
    Ok(bytes)
}
