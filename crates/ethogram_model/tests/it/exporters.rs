//! Files of both exporters of torch mean the same network.

use std::collections::BTreeMap;

use ethogram_model::{Tensor, run_reference};

use crate::goldens::{open, worst};

/// Every output of both files for the same inputs.
fn check(new: &str, legacy: &str, inputs: &[(&str, Tensor)]) {
    let outputs = |file: &str| -> BTreeMap<String, Tensor> {
        let model = open(file);
        let shapes = inputs.iter().map(|(name, tensor)| ((*name).to_owned(), tensor.shape().to_vec())).collect();
        let graph = model.graph(&shapes, &[]).unwrap();
        let given: Vec<_> = inputs.iter().map(|(name, tensor)| (graph.named(name).unwrap(), tensor.clone())).collect();
        let ids: Vec<_> = model.outputs().iter().map(|output| graph.named(&output.name).unwrap()).collect();
        let found = run_reference(&graph, &given, &ids).unwrap();
        model.outputs().iter().map(|output| output.name.clone()).zip(found).collect()
    };
    let (new, legacy) = (outputs(new), outputs(legacy));
    assert_eq!(new.keys().collect::<Vec<_>>(), legacy.keys().collect::<Vec<_>>());
    for (name, tensor) in &new {
        let error = worst(legacy[name].as_f32().unwrap(), tensor.as_f32().unwrap());
        assert!(error < 1e-6, "{name}: off by {error}");
    }
}

/// Smoothly varying numbers from 0 to 1.
fn wave(shape: &[usize]) -> Tensor {
    let count = shape.iter().product::<usize>();
    Tensor::f32(shape, (0..count).map(|at| (at as f32 * 0.37).sin() * 0.5 + 0.5).collect()).unwrap()
}

#[test]
fn both_exporters_of_torch_give_the_same_network() {
    check("lunarlander-dqn.onnx", "lunarlander-dqn-legacy.onnx", &[("obs", wave(&[3, 8]))]);
    let atari = [("frame", wave(&[1, 1, 80, 80])), ("hx", wave(&[1, 256]))];
    check("pong-a3c-40M.onnx", "pong-a3c-40M-legacy.onnx", &atari);
}
