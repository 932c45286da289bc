//! Operators that a file defines by others. Each call is written out as the nodes it stands for, so that what lays, runs and differentiates
//! graphs knows no functions.
//!
//! **Source**: ONNX's `FunctionProto`.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::{Branch, File, Node};
use crate::error::{Error, Result, within};
use crate::limits::Limits;
use crate::lower::{AttributeValue, Attributes};
use crate::onnx::{FunctionProto, opset_of};

/// Deepest nesting of calls.
const DEPTH_MAX: usize = 64;

/// Longest beginning, in bytes, that a call gives to the names of its values.
const PREFIX_MAX: usize = 256;

/// Domain, name and overload.
type Key = (String, String, String);

/// The functions of a file. Those that nothing calls are never read: exporters leave them behind.
pub struct Functions<'p, 'f> {
    unread: HashMap<Key, FunctionProto<'p>>,
    read: HashMap<Key, Rc<Function>>,
    file: &'f File<'f, 'f>,
}

/// Nodes that stand for one, with names of their own.
struct Function {
    key: Key,
    inputs: Vec<String>,
    outputs: Vec<String>,
    nodes: Vec<Node>,
    /// What attributes are where a call leaves them out.
    defaults: Attributes,
}

impl<'p, 'f> Functions<'p, 'f> {
    /// Those of the file.
    pub fn new(protos: Vec<FunctionProto<'p>>, file: &'f File<'f, 'f>) -> Self {
        let unread = protos
            .into_iter()
            .map(|proto| ((super::domain(proto.domain.clone()), proto.name.clone(), proto.overload.clone()), proto));
        Functions { unread: unread.collect(), read: HashMap::new(), file }
    }

    /// The nodes of the file, each call in place of which stand the nodes of its function. Values inside a call `block` are called `block/…`;
    /// what it takes and gives keeps the names outside. `taken` are names that the file uses beside those of its nodes.
    ///
    /// **Errors**: a function that calls itself or others too deeply, a call that does not fit, more nodes or bytes than the limits allow.
    pub fn written_out<'t>(self, nodes: Vec<Node>, taken: impl Iterator<Item = &'t String>) -> Result<Vec<Node>> {
        check_references(&nodes)?;
        if self.unread.is_empty() {
            return Ok(nodes);
        }
        let mut names: HashSet<String> = taken.cloned().collect();
        add_names(&nodes, &mut names);
        let limits = self.file.limits;
        let mut writing =
            Writing { functions: self, names, prefixes: HashMap::new(), calls: Vec::new(), nodes: 0, bytes: 0, limits };
        writing.written_out(nodes)
    }

    /// What a node calls, if it is a call.
    fn called(&mut self, node: &Node) -> Result<Option<Rc<Function>>> {
        let key = (node.domain.clone(), node.operator.clone(), node.overload.clone());
        if let Some(function) = self.read.get(&key) {
            return Ok(Some(Rc::clone(function)));
        }
        let Some(proto) = self.unread.remove(&key) else { return Ok(None) };
        let opset = opset_of(&proto.opsets)?.unwrap_or(self.file.opset);
        let file = File { opset, ..*self.file };
        let function = Rc::new(Function {
            key: key.clone(),
            inputs: proto.inputs,
            outputs: proto.outputs,
            nodes: proto.nodes.into_iter().map(|node| Node::read(node, &file, 0)).collect::<Result<_>>()?,
            defaults: file.attributes(proto.defaults)?,
        });
        self.read.insert(key, Rc::clone(&function));
        Ok(Some(function))
    }
}

/// Nodes being written out.
struct Writing<'p, 'f> {
    functions: Functions<'p, 'f>,
    /// All names that values have.
    names: HashSet<String>,
    /// How often calls of one title were met.
    prefixes: HashMap<String, usize>,
    /// Functions around the nodes that are written, outermost first.
    calls: Vec<Key>,
    /// How many nodes were written, and bytes of names and attributes.
    nodes: u64,
    bytes: u64,
    limits: &'f Limits,
}

/// What the names and attributes of a function mean in one call.
struct Scope<'c> {
    prefix: String,
    names: HashMap<String, String>,
    given: &'c Attributes,
    defaults: &'c Attributes,
}

impl Writing<'_, '_> {
    fn written_out(&mut self, nodes: Vec<Node>) -> Result<Vec<Node>> {
        let mut written = Vec::with_capacity(nodes.len());
        for mut node in nodes {
            for (_, branch) in &mut node.branches {
                branch.nodes = self.written_out(std::mem::take(&mut branch.nodes))?;
            }
            match self.functions.called(&node)? {
                Some(function) => written.extend(self.call(&node, &function)?),
                None => written.push(node),
            }
        }
        Ok(written)
    }

    /// The nodes that one call stands for.
    fn call(&mut self, node: &Node, function: &Function) -> Result<Vec<Node>> {
        let wrong = |why: String| Error::Operator { operator: node.operator.clone(), node: node.title(), why };
        if self.calls.contains(&function.key) {
            return Err(wrong("a function that calls itself".to_owned()));
        }
        if self.calls.len() == DEPTH_MAX {
            return Err(wrong(format!("functions call each other more than {DEPTH_MAX} deep")));
        }
        for (what, found, most) in [
            ("inputs", node.inputs.len(), function.inputs.len()),
            ("outputs", node.outputs.len(), function.outputs.len()),
        ] {
            if found > most {
                return Err(wrong(format!("{found} {what}, but the function of the file has {most}")));
            }
        }
        let given = node.inputs.iter().cloned().chain(std::iter::repeat(String::new()));
        let mut scope = Scope {
            prefix: self.prefix(node.title()),
            names: function.inputs.iter().cloned().zip(given).collect(),
            given: &node.attributes,
            defaults: &function.defaults,
        };
        let mut passed = Vec::new();
        for (inside, outside) in function.outputs.iter().zip(&node.outputs).filter(|(_, outside)| !outside.is_empty()) {
            if scope.names.contains_key(inside) {
                passed.push((inside, outside));
            } else {
                scope.names.insert(inside.clone(), outside.clone());
            }
        }
        let mut nodes = Vec::with_capacity(function.nodes.len());
        for inner in &function.nodes {
            nodes.push(self.instance(inner, &mut scope)?);
        }
        // An input that is given out as it is, or a value that is given out twice.
        for (inside, outside) in passed {
            nodes.push(Node {
                name: String::new(),
                operator: "Identity".to_owned(),
                domain: String::new(),
                overload: String::new(),
                opset: node.opset,
                inputs: vec![self.renamed(inside, &mut scope)?],
                outputs: vec![outside.clone()],
                attributes: Attributes::default(),
                branches: Vec::new(),
            });
        }
        self.calls.push(function.key.clone());
        let nodes = self.written_out(nodes);
        self.calls.pop();
        nodes
    }

    /// A node of a function as one call has it.
    fn instance(&mut self, node: &Node, scope: &mut Scope<'_>) -> Result<Node> {
        self.nodes += 1;
        within("the number of nodes that functions stand for", self.nodes, "nodes", self.limits.nodes)?;
        let mut attributes = Vec::with_capacity(node.attributes.0.len());
        for (name, value) in &node.attributes.0 {
            let value = match value {
                AttributeValue::Reference(outer) => scope.given.get(outer).or_else(|| scope.defaults.get(outer)),
                value => Some(value),
            };
            // What neither the call nor the function says is left out.
            let Some(value) = value else { continue };
            self.copied(name.len() + value.bytes())?;
            attributes.push((name.clone(), value.clone()));
        }
        let mut branches = Vec::with_capacity(node.branches.len());
        for (name, branch) in &node.branches {
            branches.push((name.clone(), self.branch(branch, scope)?));
        }
        let name = if node.name.is_empty() { String::new() } else { format!("{}/{}", scope.prefix, node.name) };
        self.copied(name.len() + node.operator.len() + node.domain.len() + node.overload.len())?;
        Ok(Node {
            name,
            operator: node.operator.clone(),
            domain: node.domain.clone(),
            overload: node.overload.clone(),
            opset: node.opset,
            inputs: self.all_renamed(&node.inputs, scope)?,
            outputs: self.all_renamed(&node.outputs, scope)?,
            attributes: Attributes(attributes),
            branches,
        })
    }

    fn branch(&mut self, branch: &Branch, scope: &mut Scope<'_>) -> Result<Branch> {
        let mut weights = Vec::with_capacity(branch.weights.len());
        for (name, weight) in &branch.weights {
            weights.push((self.renamed(name, scope)?, weight.clone()));
        }
        Ok(Branch {
            weights,
            nodes: branch.nodes.iter().map(|node| self.instance(node, scope)).collect::<Result<_>>()?,
            inputs: self.all_renamed(&branch.inputs, scope)?,
            outputs: self.all_renamed(&branch.outputs, scope)?,
        })
    }

    fn all_renamed(&mut self, names: &[String], scope: &mut Scope<'_>) -> Result<Vec<String>> {
        names.iter().map(|name| self.renamed(name, scope)).collect()
    }

    /// What a value of a function is called in one call.
    fn renamed(&mut self, name: &str, scope: &mut Scope<'_>) -> Result<String> {
        let found = match scope.names.get(name) {
            _ if name.is_empty() => String::new(),
            Some(found) => found.clone(),
            None => {
                let plain = format!("{}/{name}", scope.prefix);
                let numbered = (2..).map(|number| format!("{plain}_{number}"));
                let free = std::iter::once(plain.clone()).chain(numbered).find(|name| !self.names.contains(name));
                let free = free.unwrap_or(plain);
                self.names.insert(free.clone());
                scope.names.insert(name.to_owned(), free.clone());
                free
            }
        };
        self.copied(found.len())?;
        Ok(found)
    }

    /// The beginning of the names inside a call; no two calls have one.
    fn prefix(&mut self, mut title: String) -> String {
        title.truncate(title.floor_char_boundary(PREFIX_MAX));
        let met = self.prefixes.entry(title.clone()).or_default();
        *met += 1;
        if *met == 1 { title } else { format!("{title}_{met}") }
    }

    /// A small file could stand for more than memory holds.
    fn copied(&mut self, bytes: usize) -> Result<()> {
        self.bytes += bytes as u64;
        within("the file with its functions written out", self.bytes, "file_bytes", self.limits.file_bytes)
    }
}

/// Only functions have attributes that others say.
fn check_references(nodes: &[Node]) -> Result<()> {
    for node in nodes {
        for (name, value) in &node.attributes.0 {
            if let AttributeValue::Reference(outer) = value {
                return Err(Error::Inconsistent(format!(
                    "attribute {name:?} of node {:?} is that of a call, {outer:?}, but the node is in no function",
                    node.title()
                )));
            }
        }
        for (_, branch) in &node.branches {
            check_references(&branch.nodes)?;
        }
    }
    Ok(())
}

/// The names of all values that nodes make, those inside branches too.
fn add_names(nodes: &[Node], names: &mut HashSet<String>) {
    for node in nodes {
        names.extend(node.outputs.iter().cloned());
        for (_, branch) in &node.branches {
            names.extend(branch.inputs.iter().chain(branch.weights.iter().map(|(name, _)| name)).cloned());
            add_names(&branch.nodes, names);
        }
    }
}
