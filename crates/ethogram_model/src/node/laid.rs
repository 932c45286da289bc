//! One node of a file after the other, as operations of a graph.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Branch, Node};
use crate::error::{Error, Result};
use crate::graph::{Builder, ValueId};
use crate::lower::{Call, lower};
use crate::tensor::Tensor;

/// Values by the names of the file.
pub type Known<'m> = HashMap<&'m str, ValueId>;

/// A graph that nodes are laid into.
pub struct Laid<'m, 'b> {
    /// Those of the file.
    pub weights: &'m HashMap<String, Arc<Tensor>>,
    /// Values that are given, and not computed; `None` inside a loop, whose values have no names outside.
    pub patched: Option<&'b [String]>,
    pub b: &'b mut Builder,
}

impl<'m> Laid<'m, '_> {
    /// Lays a node. One that cannot be computed is no error until somebody asks for what it, or a node after it, gives: a file may hold a
    /// sampler beside the logits.
    pub fn add_or_refuse(&mut self, node: &'m Node, known: &mut Known<'m>) -> Result<()> {
        match self.add(node, known) {
            Err(why @ (Error::UnsupportedOperator { .. } | Error::Operator { .. })) => {
                for name in node.outputs.iter().filter(|name| !known.contains_key(name.as_str())) {
                    self.b.refuse(name, why.clone());
                }
                Ok(())
            }
            done => done,
        }
    }

    /// Lays a node whose inputs are known.
    pub fn add(&mut self, node: &'m Node, known: &mut Known<'m>) -> Result<()> {
        self.b.at = (node.operator.clone(), node.title());
        let mut inputs = Vec::with_capacity(node.inputs.len());
        for name in &node.inputs {
            inputs.push(if name.is_empty() { None } else { Some(self.value(name, known)?) });
        }
        let results = match node.operator.as_str() {
            "If" if node.domain.is_empty() => self.add_branch(node, inputs.first().copied().flatten(), known)?,
            "Loop" if node.domain.is_empty() => self.add_loop(node, &inputs, known)?,
            "Scan" if node.domain.is_empty() => self.add_scan(node, &inputs, known)?,
            _ => {
                let outputs = node.outputs.iter().filter(|name| !name.is_empty()).count();
                let (operator, attributes, opset) = (&node.operator, &node.attributes, node.opset);
                let mut call = Call { b: &mut *self.b, operator, attributes, inputs, outputs, opset };
                lower(&mut call, &node.domain)?
            }
        };
        self.b.at = (node.operator.clone(), node.title());
        for (index, name) in node.outputs.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
            let Some(&made) = results.get(index) else {
                // The places of a MaxPool, which hardly anybody takes.
                let why = self.b.wrong(format!("output {index} is not given out"));
                self.b.refuse(name, why);
                continue;
            };
            let id = if self.patched.is_some_and(|patched| patched.contains(name)) {
                let (shape, dtype) = (self.b.shape(made).to_vec(), self.b.dtype(made));
                self.b.input(name, &shape, dtype)?
            } else {
                made
            };
            if self.patched.is_some() {
                self.b.name(name, id);
            }
            known.insert(name, id);
        }
        Ok(())
    }

    /// A value that was made before, or a weight of the file.
    fn value(&mut self, name: &'m str, known: &mut Known<'m>) -> Result<ValueId> {
        if let Some(id) = known.get(name) {
            return Ok(*id);
        }
        if let Some(why) = self.b.graph().refusal(name) {
            return Err(why.clone());
        }
        let Some(weight) = self.weights.get(name) else {
            return Err(self.b.wrong(format!("input {name:?} is made by no node before it")));
        };
        let id = self.b.constant(weight.clone())?;
        known.insert(name, id);
        Ok(id)
    }

    /// The results of the branch that a condition picks which is known before the network runs.
    fn add_branch(
        &mut self,
        node: &'m Node,
        condition: Option<ValueId>,
        known: &mut Known<'m>,
    ) -> Result<Vec<ValueId>> {
        let condition = condition.ok_or_else(|| self.b.wrong("input 0 is missing"))?;
        let picked = match self.truth(condition)? {
            Some(true) => "then_branch",
            Some(false) => "else_branch",
            None => return Err(self.b.wrong("the condition depends on the observation; it must be constant")),
        };
        let branch = self.branch(node, picked)?;
        // Names of a branch are those of nothing around it; branches beside it may have them again, each before it takes them.
        self.add_weights(branch, known)?;
        self.add_nodes(branch, node, known)
    }

    /// The graph of an attribute.
    pub fn branch(&self, node: &'m Node, name: &str) -> Result<&'m Branch> {
        let found = node.branches.iter().find(|(known, _)| known == name);
        found.map(|(_, branch)| branch).ok_or_else(|| self.b.wrong(format!("no {name}")))
    }

    /// The numbers that a graph inside a node brings along.
    pub fn add_weights(&mut self, branch: &'m Branch, known: &mut Known<'m>) -> Result<()> {
        for (name, weight) in &branch.weights {
            known.insert(name, self.b.constant(weight.clone())?);
        }
        Ok(())
    }

    /// The nodes of a graph inside a node, and what it gives out.
    pub fn add_nodes(&mut self, branch: &'m Branch, node: &Node, known: &mut Known<'m>) -> Result<Vec<ValueId>> {
        for inner in &branch.nodes {
            self.add(inner, known)?;
        }
        self.b.at = (node.operator.clone(), node.title());
        branch.outputs.iter().map(|name| self.value(name, known)).collect()
    }

    /// A condition that is known before the network runs; `None` when it is not.
    pub fn truth(&self, condition: ValueId) -> Result<Option<bool>> {
        match self.b.constant_of(condition).map(|tensor| tensor.as_bool()) {
            Some(Some(&[truth])) => Ok(Some(truth)),
            Some(_) => Err(self.b.wrong("the condition must be one truth value")),
            None => Ok(None),
        }
    }
}
