//! Linear networks as files, written byte by byte: what is asked of them has a closed form.

use ethogram_model::{Limits, Model};

/// `y = W x + b` with input `x` `[N, width]` and output `logits` `[N, rows]`.
pub fn linear(weights: &[Vec<f32>], bias: &[f32]) -> Model {
    let width = weights[0].len();
    let flat: Vec<f32> = weights.iter().flatten().copied().collect();
    let mut graph = Vec::new();
    message(&mut graph, 1, &node());
    text(&mut graph, 2, "linear");
    message(&mut graph, 5, &tensor("w", &[weights.len(), width], &flat));
    message(&mut graph, 5, &tensor("b", &[bias.len()], bias));
    message(&mut graph, 11, &port("x", width));
    message(&mut graph, 12, &port("logits", weights.len()));
    let mut opset = Vec::new();
    number(&mut opset, 2, 17);
    let mut model = Vec::new();
    number(&mut model, 1, 8);
    message(&mut model, 7, &graph);
    message(&mut model, 8, &opset);
    Model::from_bytes(&model, &Limits::default()).unwrap()
}

/// `Gemm(x, w, b)` with the weights transposed.
fn node() -> Vec<u8> {
    let mut node = Vec::new();
    for name in ["x", "w", "b"] {
        text(&mut node, 1, name);
    }
    text(&mut node, 2, "logits");
    text(&mut node, 4, "Gemm");
    let mut attribute = Vec::new();
    text(&mut attribute, 1, "transB");
    number(&mut attribute, 3, 1);
    number(&mut attribute, 20, 2);
    message(&mut node, 5, &attribute);
    node
}

fn tensor(name: &str, shape: &[usize], values: &[f32]) -> Vec<u8> {
    let mut out = Vec::new();
    for &length in shape {
        number(&mut out, 1, length as u64);
    }
    number(&mut out, 2, 1);
    text(&mut out, 8, name);
    bytes(&mut out, 9, &values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>());
    out
}

fn port(name: &str, width: usize) -> Vec<u8> {
    let (mut batch, mut known, mut shape) = (Vec::new(), Vec::new(), Vec::new());
    text(&mut batch, 2, "batch");
    number(&mut known, 1, width as u64);
    message(&mut shape, 1, &batch);
    message(&mut shape, 1, &known);
    let mut tensor = Vec::new();
    number(&mut tensor, 1, 1);
    message(&mut tensor, 2, &shape);
    let (mut kind, mut port) = (Vec::new(), Vec::new());
    message(&mut kind, 1, &tensor);
    text(&mut port, 1, name);
    message(&mut port, 2, &kind);
    port
}

fn number(out: &mut Vec<u8>, field: u64, value: u64) {
    varint(out, field << 3);
    varint(out, value);
}

fn text(out: &mut Vec<u8>, field: u64, value: &str) {
    bytes(out, field, value.as_bytes());
}

fn message(out: &mut Vec<u8>, field: u64, value: &[u8]) {
    bytes(out, field, value);
}

fn bytes(out: &mut Vec<u8>, field: u64, value: &[u8]) {
    varint(out, field << 3 | 2);
    varint(out, value.len() as u64);
    out.extend_from_slice(value);
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 128 {
        out.push(value as u8 | 128);
        value >>= 7;
    }
    out.push(value as u8);
}
