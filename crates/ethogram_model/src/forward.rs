//! What a network gives out, or holds within, again and again: what was compiled for one number of rows is kept for the next.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::attribution::{graph_of, laid_out, rows_first};
use crate::error::{Error, Result};
use crate::exec::{Cancel, Program};
use crate::graph::ValueId;
use crate::model::Model;
use crate::tensor::{Dtype, Tensor};

/// Programs that are kept: one a number of rows.
const KEPT: usize = 4;

/// A network ready to be run. Running it from several threads at once is fine.
pub struct Forward {
    model: Arc<Model>,
    /// Values that are given out; `None` for the file's outputs.
    wanted: Option<Vec<String>>,
    /// Values that are given, and not computed.
    patched: Vec<String>,
    /// Used last comes last.
    programs: Mutex<Vec<(Shapes, Arc<Compiled>)>>,
}

/// Shapes of the inputs, by name.
type Shapes = BTreeMap<String, Vec<usize>>;

struct Compiled {
    program: Program,
    inputs: Vec<(ValueId, String)>,
    outputs: Vec<String>,
}

impl Forward {
    /// Compiles nothing yet.
    pub fn new(model: Arc<Model>) -> Self {
        Forward { model, wanted: None, patched: Vec::new(), programs: Mutex::default() }
    }

    /// The same for other values than the outputs: any layers, by name.
    pub fn of(model: Arc<Model>, wanted: Vec<String>) -> Self {
        Forward { wanted: Some(wanted), ..Self::new(model) }
    }

    /// Tells the outputs, were these values (layers, for example) what is given for them among the inputs.
    pub fn patched(model: Arc<Model>, patched: Vec<String>) -> Self {
        Forward { patched, ..Self::new(model) }
    }

    /// The network that is run.
    pub fn model(&self) -> &Arc<Model> {
        &self.model
    }

    /// Every output of floats that can be computed, by name, in the file's order; or the values that were wanted, in their order. Inputs and outputs have their
    /// rows first, whatever the file wants. A network of one row is run row by row.
    ///
    /// **Errors**: inputs that the model does not have, or of other shapes; a wanted value that it does not have, or that is not made of floats; [`Error::Cancelled`](crate::Error::Cancelled).
    pub fn run(&self, inputs: &BTreeMap<String, Tensor>, cancel: &Cancel) -> Result<Vec<(String, Tensor)>> {
        let rows = inputs.values().next().and_then(|tensor| tensor.shape().first()).copied().unwrap_or(0);
        if rows < 2 || !self.model.has_fixed_rows() {
            return self.run_at_once(inputs, cancel);
        }
        let each = |row: usize| -> Result<Vec<(String, Tensor)>> {
            let one = inputs.iter().map(|(name, tensor)| Ok((name.clone(), tensor.rows(&[row])?)));
            self.run_at_once(&one.collect::<Result<_>>()?, cancel)
        };
        let mut all = each(0)?;
        for row in 1..rows {
            for ((_, known), (_, more)) in all.iter_mut().zip(each(row)?) {
                *known = known.followed_by(&more)?;
            }
        }
        Ok(all)
    }

    /// All rows in one pass.
    fn run_at_once(&self, inputs: &BTreeMap<String, Tensor>, cancel: &Cancel) -> Result<Vec<(String, Tensor)>> {
        let compiled = self.compiled(inputs)?;
        let mut given = Vec::with_capacity(compiled.inputs.len());
        for (id, name) in &compiled.inputs {
            if let Some(tensor) = inputs.get(name) {
                given.push((*id, laid_out(tensor.clone(), self.model.axis_of_rows(name))?));
            }
        }
        let found = compiled.program.run(&given, cancel)?;
        let outputs = compiled.outputs.iter().zip(found);
        outputs.map(|(name, tensor)| Ok((name.clone(), rows_first(tensor, self.model.axis_of_rows(name))?))).collect()
    }

    fn compiled(&self, inputs: &BTreeMap<String, Tensor>) -> Result<Arc<Compiled>> {
        let shapes: Shapes = inputs.iter().map(|(name, tensor)| (name.clone(), tensor.shape().to_vec())).collect();
        let lock = || self.programs.lock().unwrap_or_else(PoisonError::into_inner);
        {
            let mut programs = lock();
            if let Some(at) = programs.iter().position(|(known, _)| *known == shapes) {
                let entry = programs.remove(at);
                let compiled = Arc::clone(&entry.1);
                programs.push(entry);
                return Ok(compiled);
            }
        }
        // Nobody else waits while this one is made; made twice, the first of the two is let go of later.
        let compiled = Arc::new(self.compile(&shapes)?);
        let mut programs = lock();
        programs.push((shapes, Arc::clone(&compiled)));
        if programs.len() > KEPT {
            programs.remove(0);
        }
        Ok(compiled)
    }

    fn compile(&self, shapes: &Shapes) -> Result<Compiled> {
        let rows = shapes.values().next().and_then(|shape| shape.first()).copied().unwrap_or(0);
        let own = shapes.iter().filter(|(name, _)| !self.patched.contains(name));
        let own = own.map(|(name, shape)| (name.clone(), shape.clone())).collect();
        let graph = graph_of(&self.model, &own, rows, &self.patched)?;
        let (mut ids, mut outputs) = (Vec::new(), Vec::new());
        let all = || self.model.outputs().iter().map(|output| output.name.clone()).collect();
        let mut refusal = None;
        for name in self.wanted.clone().unwrap_or_else(all) {
            let id = match self.model.find(&graph, &name) {
                Ok(id) => id,
                // A sampled action beside the logits: nobody asked for it by name.
                Err(why) if self.wanted.is_none() && graph.refusal(&name).is_some() => {
                    refusal = refusal.or(Some(why));
                    continue;
                }
                Err(why) => return Err(why),
            };
            if graph.value(id).dtype == Dtype::F32 {
                ids.push(id);
                outputs.push(name);
            } else if self.wanted.is_some() {
                return Err(Error::Argument {
                    argument: "layer",
                    expected: "one of floats".to_owned(),
                    found: format!("{name:?} of {}", graph.value(id).dtype.name()),
                });
            }
        }
        if let (true, Some(why)) = (ids.is_empty(), refusal) {
            return Err(why);
        }
        let needed = graph.needed_by(&ids);
        let inputs =
            graph.inputs().filter(|(id, _)| needed[id.index()]).map(|(id, name)| (id, name.to_owned())).collect();
        let program = Program::compile(graph, &ids, self.model.limits())?;
        Ok(Compiled { program, inputs, outputs })
    }
}
