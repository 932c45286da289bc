//! Everything that a network gives out, again and again: what was compiled for one number of rows is kept for the next.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::Result;
use crate::exec::{Cancel, Program};
use crate::graph::ValueId;
use crate::model::Model;
use crate::tensor::{Dtype, Tensor};

/// Programs that are kept: one a number of rows.
const KEPT: usize = 4;

/// A network ready to be run. Running it from several threads at once is fine.
pub struct Forward {
    model: Arc<Model>,
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
        Forward { model, programs: Mutex::default() }
    }

    /// The network that is run.
    pub fn model(&self) -> &Arc<Model> {
        &self.model
    }

    /// Every output of floats, by name, in the file's order.
    ///
    /// **Errors**: inputs that the model does not have, or of other shapes; [`Error::Cancelled`](crate::Error::Cancelled).
    pub fn run(&self, inputs: &BTreeMap<String, Tensor>, cancel: &Cancel) -> Result<Vec<(String, Tensor)>> {
        let compiled = self.compiled(inputs)?;
        let given: Vec<_> =
            compiled.inputs.iter().filter_map(|(id, name)| Some((*id, inputs.get(name)?.clone()))).collect();
        let found = compiled.program.run(&given, cancel)?;
        Ok(compiled.outputs.iter().cloned().zip(found).collect())
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
        let graph = self.model.graph(shapes, &[])?;
        let (mut ids, mut outputs) = (Vec::new(), Vec::new());
        for output in self.model.outputs() {
            let id = graph.named(&output.name).ok_or_else(|| self.model.unknown(&output.name))?;
            if graph.value(id).dtype == Dtype::F32 {
                ids.push(id);
                outputs.push(output.name.clone());
            }
        }
        let needed = graph.needed_by(&ids);
        let inputs =
            graph.inputs().filter(|(id, _)| needed[id.index()]).map(|(id, name)| (id, name.to_owned())).collect();
        let program = Program::compile(graph, &ids, self.model.limits())?;
        Ok(Compiled { program, inputs, outputs })
    }
}
