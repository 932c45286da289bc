//! The plain operations against torch and captum, on published agents.

use ethogram_model::{Tensor, differentiate, run_reference};

use crate::goldens::{Golden, worst};

/// Outputs and gradients of one output's columns equal the references; returns how many were compared.
fn check(name: &str, output: &str, columns: &[(&str, usize)]) -> usize {
    let golden = Golden::load(name);
    let inputs = golden.inputs();
    let shapes = inputs.iter().map(|(name, tensor)| (name.clone(), tensor.shape().to_vec())).collect();
    let graph = golden.model.graph(&shapes, &[]).unwrap();
    let wrt = graph.named(&golden.model.inputs()[0].name).unwrap();
    let y = graph.named(output).unwrap();
    let width = graph.value(y).shape[1];
    let rows = graph.value(y).shape[0];
    let gradient = differentiate(graph, y, &[wrt], golden.model.limits()).unwrap();
    for (prefix, column) in columns {
        let picked: Vec<usize> = match *prefix {
            "action" => golden.values("action").iter().map(|&action| action as usize).collect(),
            _ => vec![*column; rows],
        };
        let mut seed = vec![0.0; rows * width];
        for (row, column) in picked.iter().enumerate() {
            seed[row * width + column] = 1.0;
        }
        let mut given: Vec<_> =
            gradient.graph.inputs().filter_map(|(id, name)| Some((id, inputs.get(name)?.clone()))).collect();
        given.push((gradient.seed, Tensor::f32(&[rows, width], seed).unwrap()));
        let found = run_reference(&gradient.graph, &given, &[y, gradient.wrt[0]]).unwrap();
        let values: Vec<f32> =
            picked.iter().enumerate().map(|(row, column)| found[0].as_f32().unwrap()[row * width + column]).collect();
        let error = worst(&values, golden.values(&format!("{prefix}__f_x")));
        // Sums are taken in another order than torch's.
        assert!(error < 1e-5, "{name} {prefix}: value off by {error}");
        let error = worst(found[1].as_f32().unwrap(), golden.values(&format!("{prefix}__gradient_signed")));
        assert!(error < 1e-4, "{name} {prefix}: gradient off by {error}");
    }
    columns.len()
}

#[test]
fn recurrent_atari_agents_equal_torch() {
    assert_eq!(check("breakout-a3c-80M-seed000", "logits", &[("action", 0)]), 1);
    assert_eq!(check("breakout-a3c-80M-seed000", "value", &[("value", 0)]), 1);
    assert_eq!(check("pong-a3c-80M-seed000", "logits", &[("action", 0)]), 1);
}

#[test]
fn vector_agents_equal_torch() {
    check("lunarlander-dqn-seed000", "q_values", &[("q0", 0), ("q1", 1), ("q2", 2), ("q3", 3)]);
    check("cartpole-ppo-seed001", "logits", &[("logit0", 0), ("logit1", 1)]);
    check("cartpole-ppo-seed001", "value", &[("value", 0)]);
    check("lunarlandercontinuous-ppo-seed000", "action_mean", &[("mean0", 0), ("mean1", 1)]);
}
