//! Reference numbers that lie in `testdata`, and the agents they belong to.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ethogram_model::{Limits, Model, Tensor};

/// Arrays of one file of references.
pub struct Golden {
    pub model: Model,
    arrays: BTreeMap<String, Tensor>,
}

impl Golden {
    pub fn load(name: &str) -> Self {
        let kind = if name.contains("-seed") { "testdata/attributions" } else { "testdata/policies" };
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(kind);
        let text = std::fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
        let about: serde_json::Value = serde_json::from_str(&text).unwrap();
        let bytes = std::fs::read(folder.join(format!("{name}.bin"))).unwrap();
        let numbers: Vec<f32> = bytes.as_chunks::<4>().0.iter().map(|chunk| f32::from_le_bytes(*chunk)).collect();
        let arrays = about["arrays"].as_array().unwrap().iter().map(|array| {
            let shape: Vec<usize> =
                array["shape"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap() as usize).collect();
            let offset = array["offset"].as_u64().unwrap() as usize;
            let values = numbers[offset..offset + shape.iter().product::<usize>()].to_vec();
            (array["name"].as_str().unwrap().to_owned(), Tensor::f32(&shape, values).unwrap())
        });
        Golden { arrays: arrays.collect(), model: open(about["model"].as_str().unwrap()) }
    }

    pub fn array(&self, name: &str) -> &Tensor {
        self.arrays.get(name).unwrap_or_else(|| panic!("{name} is not in the file"))
    }

    pub fn values(&self, name: &str) -> &[f32] {
        self.array(name).as_f32().unwrap()
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.arrays.keys().map(String::as_str)
    }

    /// The inputs that the model takes, out of the arrays.
    pub fn inputs(&self) -> BTreeMap<String, Tensor> {
        self.model.inputs().iter().map(|input| (input.name.clone(), self.array(&input.name).clone())).collect()
    }
}

/// A published agent of the demo, or one kept for tests alone.
pub fn open(model: &str) -> Model {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let places: [PathBuf; 3] = ["testdata/models", "testdata/policies", "../../demo/sources/models"]
        .map(|folder| root.join(folder).join(model));
    let path = places.iter().find(|path| path.exists()).unwrap_or_else(|| panic!("no {model}"));
    Model::open(path, &Limits::default()).unwrap_or_else(|error| panic!("{model}: {error}"))
}

/// Largest difference, relative to the largest number of `expected`.
pub fn worst(found: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(found.len(), expected.len());
    let scale = expected.iter().fold(f32::MIN_POSITIVE, |most, value| most.max(value.abs()));
    found.iter().zip(expected).map(|(found, expected)| (found - expected).abs()).fold(0.0, f32::max) / scale
}
