//! The `onnx` package's own test of every operator that is listed, by the fast code and by the plain operations.

use std::collections::BTreeMap;
use std::panic::catch_unwind;
use std::path::Path;

use ethogram_model::{Cancel, Data, Limits, Model, Program, Tensor, run_reference};
use serde_json::Value;

/// Cases that end in a named error, and why.
const REFUSED: &[(&str, &str)] = &[
    ("test_batchnorm_epsilon_training_mode", "training_mode is on"),
    ("test_batchnorm_example_training_mode", "training_mode is on"),
    ("test_convtranspose_3d", "windows of shape"),
    ("test_convtranspose_autopad_same", "auto_pad are not supported"),
    ("test_convtranspose_kernel_shape", "output_shape and auto_pad are not supported"),
    ("test_convtranspose_output_shape", "output_shape and auto_pad are not supported"),
    ("test_dequantizelinear_blocked", "block_size is not supported"),
    ("test_training_dropout", "training_mode is on"),
    ("test_training_dropout_default", "training_mode is on"),
    ("test_training_dropout_default_mask", "training_mode is on"),
    ("test_training_dropout_mask", "training_mode is on"),
    ("test_training_dropout_zero_ratio", "training_mode is on"),
    ("test_training_dropout_zero_ratio_mask", "training_mode is on"),
];

struct Case<'b> {
    about: &'b Value,
    bytes: &'b [u8],
}

impl<'b> Case<'b> {
    fn part(&self, of: &Value) -> &'b [u8] {
        let number = |name: &str| of[name].as_u64().unwrap() as usize;
        &self.bytes[number("at")..][..number("bytes")]
    }

    fn tensor(&self, of: &Value) -> Tensor {
        let shape: Vec<usize> = of["shape"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap() as usize).collect();
        let bytes = self.part(of);
        let data = match of["kind"].as_str().unwrap() {
            "f32" => Data::F32(bytes.as_chunks::<4>().0.iter().map(|chunk| f32::from_le_bytes(*chunk)).collect()),
            "i64" => Data::I64(bytes.as_chunks::<8>().0.iter().map(|chunk| i64::from_le_bytes(*chunk)).collect()),
            _ => Data::Bool(bytes.iter().map(|&byte| byte != 0).collect()),
        };
        Tensor::new(shape, data).unwrap()
    }

    fn tensors(&self, name: &str) -> BTreeMap<String, Tensor> {
        let tensors = self.about[name].as_object().unwrap().iter();
        tensors.map(|(name, of)| (name.clone(), self.tensor(of))).collect()
    }

    /// What is wrong; nothing when all is right.
    fn check(&self) -> Result<(), String> {
        let model =
            Model::from_bytes(self.part(&self.about["model"]), &Limits::default()).map_err(|e| e.to_string())?;
        let inputs = self.tensors("inputs");
        let shapes = inputs.iter().map(|(name, tensor)| (name.clone(), tensor.shape().to_vec())).collect();
        let graph = model.graph(&shapes, &[]).map_err(|error| error.to_string())?;
        let given: Vec<_> = inputs
            .iter()
            .map(|(name, tensor)| {
                let id = graph.named(name).unwrap();
                (id, as_computed(tensor, graph.value(id).dtype))
            })
            .collect();
        let expected = self.tensors("outputs");
        let ids = expected.keys().map(|name| model.find(&graph, name).map_err(|error| error.to_string()));
        let ids = ids.collect::<Result<Vec<_>, _>>()?;
        let plain = run_reference(&graph, &given, &ids).map_err(|error| error.to_string())?;
        let program = Program::compile(graph, &ids, &Limits::default()).map_err(|error| error.to_string())?;
        let fast = program.run(&given, &Cancel::default()).map_err(|error| error.to_string())?;
        for (way, found) in [("plain", plain), ("fast", fast)] {
            for (found, (name, expected)) in found.iter().zip(&expected) {
                let tolerance = self.about["tolerance"].as_f64().unwrap() as f32;
                same(found, expected, tolerance.max(2e-5)).map_err(|why| format!("{way} {name}: {why}"))?;
            }
        }
        Ok(())
    }
}

/// Integers that the network turns into floats at once are given as floats.
fn as_computed(tensor: &Tensor, dtype: ethogram_model::Dtype) -> Tensor {
    match (tensor.data(), dtype) {
        (Data::I64(values), ethogram_model::Dtype::F32) => {
            Tensor::f32(tensor.shape(), values.iter().map(|&value| value as f32).collect()).unwrap()
        }
        _ => tensor.clone(),
    }
}

fn same(found: &Tensor, expected: &Tensor, tolerance: f32) -> Result<(), String> {
    if found.shape() != expected.shape() {
        return Err(format!("shape {:?}, expected {:?}", found.shape(), expected.shape()));
    }
    match (found.data(), expected.data()) {
        (Data::F32(found), Data::F32(expected)) => {
            let wrong = found.iter().zip(expected).find(|(x, y)| {
                #[expect(clippy::float_cmp, reason = "infinities have no difference")]
                let equal = x == y || x.is_nan() && y.is_nan();
                !equal && ((*x - *y).abs() > tolerance * (1.0 + y.abs()) || x.is_nan() != y.is_nan())
            });
            wrong.map_or(Ok(()), |(found, expected)| Err(format!("{found}, expected {expected}")))
        }
        (found, expected) if found == expected => Ok(()),
        (found, expected) => Err(format!("{found:?}, expected {expected:?}").chars().take(300).collect()),
    }
}

#[test]
fn every_operator_passes_the_tests_of_the_standard() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/nodes");
    let bytes = std::fs::read(folder.join("nodes.bin")).unwrap();
    let cases: Vec<Value> = serde_json::from_slice(&std::fs::read(folder.join("nodes.json")).unwrap()).unwrap();
    let mut wrong = Vec::new();
    let mut operators = std::collections::BTreeSet::new();
    for about in &cases {
        let name = about["name"].as_str().unwrap();
        let case = Case { about, bytes: &bytes };
        let found = catch_unwind(|| case.check()).unwrap_or_else(|_| Err("a panic".to_owned()));
        match (found, REFUSED.iter().find(|(refused, _)| *refused == name)) {
            (Err(error), Some((_, why))) if error.contains(why) => {}
            (Ok(()), None) => {
                operators.insert(about["operator"].as_str().unwrap());
            }
            (found, refused) => wrong.push(format!("{name}: {found:?}, listed as {refused:?}")),
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    assert!(operators.len() >= 95, "{} operators", operators.len());
}
