//! Whatever bytes come: an error with a name, or numbers. Also the target of `fuzz/`.

use std::collections::BTreeMap;

use ethogram_model::{Cancel, Dim, Dtype, Error, Limits, Model, Program, Tensor, differentiate};

/// How far the bytes got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Refused,
    NotBuilt,
    NotRun,
    Ran,
}

/// Small enough that a hostile file neither fills the memory nor takes long.
pub fn limits() -> Limits {
    Limits {
        file_bytes: 4 << 20,
        nodes: 2_000,
        tensor_elements: 1 << 20,
        run_bytes: 64 << 20,
        run_products: 1 << 25,
        recurrent_steps: 16,
        ..Limits::default()
    }
}

/// Reads, builds, runs, and differentiates what the bytes say.
pub fn run(bytes: &[u8]) -> Outcome {
    let limits = limits();
    let named = |error: &Error| assert!(!error.to_string().is_empty());
    let model = match Model::from_bytes(bytes, &limits) {
        Ok(model) => model,
        Err(error) => {
            named(&error);
            return Outcome::Refused;
        }
    };
    let length = |dim: &Dim| if let Dim::Known(length) = dim { *length } else { 2 };
    let shapes: BTreeMap<String, Vec<usize>> = model
        .inputs()
        .iter()
        .map(|input| (input.name.clone(), input.shape.iter().flatten().map(length).collect()))
        .collect();
    let graph = match model.graph(&shapes, &[]) {
        Ok(graph) => graph,
        Err(error) => {
            named(&error);
            return Outcome::NotBuilt;
        }
    };
    let outputs: Vec<_> = model.outputs().iter().filter_map(|output| graph.named(&output.name)).collect();
    let inputs: Vec<_> = graph.inputs().map(|(id, name)| (id, name.to_owned())).collect();
    let given: Vec<_> = inputs
        .iter()
        .filter_map(|(id, _)| {
            let value = graph.value(*id);
            let count = value.shape.iter().product::<usize>();
            let tensor = match value.dtype {
                Dtype::F32 => Tensor::f32(&value.shape, (0..count).map(|at| (at % 7) as f32 * 0.3 - 1.0).collect()),
                Dtype::I64 => Tensor::i64(&value.shape, (0..count as i64).map(|at| at % 3).collect()),
                Dtype::Bool => return None,
            };
            Some((*id, tensor.ok()?))
        })
        .collect();
    let mut outcome = Outcome::NotRun;
    match Program::compile(graph.clone(), &outputs, &limits).and_then(|it| it.run(&given, &Cancel::default())) {
        Ok(_) => outcome = Outcome::Ran,
        Err(error) => named(&error),
    }
    let float = |id: &ethogram_model::ValueId| graph.value(*id).dtype == Dtype::F32;
    let (output, wrt) = (outputs.iter().find(|id| float(id)), inputs.iter().find(|(id, _)| float(id)));
    let (Some(&output), Some(&(wrt, _))) = (output, wrt) else { return outcome };
    let seed = graph.value(output).shape.clone();
    let gradient = differentiate(graph, output, &[wrt], &limits).and_then(|gradient| {
        let mut given = given;
        let ones = vec![1.0; seed.iter().product()];
        given.push((gradient.seed, Tensor::f32(&seed, ones)?));
        Program::compile(gradient.graph, &gradient.wrt, &limits)?.run(&given, &Cancel::default())
    });
    if let Err(error) = gradient {
        named(&error);
    }
    outcome
}
