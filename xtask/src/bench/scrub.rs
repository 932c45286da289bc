//! An overlay computed for each frame while an episode plays: nothing of a step is known before it is shown.

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::{Context, Result};
use ethogram_model::{
    Attribution, Cancel, Explained, IntegratedGradients, Limits, Model, Perturbation, Saliency, Subject, Target, Tensor,
};

use super::lab::Lab;
use super::measure::{Bar, Measure};
use crate::root::root;
use crate::statistics::median;

const AGENT: &str = "breakout-a3c-80M";
/// Cores that the overlay may take.
const THREADS: usize = 2;
const FRAMES: usize = 60;

/// The bench: frames a second of the published Breakout agent on observations of its own, by method.
pub fn run(lab: &Lab) -> Result<Vec<Measure>> {
    let model = Model::open(&root().join(format!("demo/sources/models/{AGENT}.onnx")), &Limits::default())?;
    let steps = observations()?;
    let works: [(&str, Box<dyn Attribution>, f64); 3] = [
        ("saliency", Box::new(Saliency), 120.0),
        ("integrated gradients of 50 points", Box::new(IntegratedGradients::default()), 30.0),
        ("perturbation", Box::new(Perturbation::default()), 10.0),
    ];
    let mut measures = Vec::new();
    for (name, method, least) in works {
        let mut rates = Vec::new();
        for _ in 0..lab.rounds {
            let start = Instant::now();
            for frame in 0..FRAMES {
                overlay(&model, &steps[frame % steps.len()], method.as_ref())?;
            }
            rates.push(FRAMES as f64 / start.elapsed().as_secs_f64());
        }
        measures.push(Measure::new(format!("scrub/{name}"), median(&rates), "frames/s").bar(Bar::AtLeast(least)));
    }
    Ok(measures)
}

/// One frame, as the server does it: of the model nothing is kept but what it keeps itself.
fn overlay(model: &Model, inputs: &BTreeMap<String, Tensor>, method: &dyn Attribution) -> Result<()> {
    let cancel = Cancel::default();
    let subject = Subject {
        inputs: inputs.clone().into(),
        target: Target::entries("logits", &[0]),
        wrt: vec!["frame".to_owned()],
    };
    method.attribute(&Explained::new(model, subject, THREADS, &cancel)?, &cancel)?;
    Ok(())
}

/// Inputs of single steps, from the reference attributions of the same agent.
fn observations() -> Result<Vec<BTreeMap<String, Tensor>>> {
    let folder = root().join("crates/ethogram_model/testdata/attributions");
    let text = std::fs::read_to_string(folder.join(format!("{AGENT}-seed000.json")))?;
    let about: serde_json::Value = serde_json::from_str(&text)?;
    let bytes = std::fs::read(folder.join(format!("{AGENT}-seed000.bin")))?;
    let numbers: Vec<f32> = bytes.as_chunks::<4>().0.iter().map(|chunk| f32::from_le_bytes(*chunk)).collect();
    let mut steps: Vec<BTreeMap<String, Tensor>> = Vec::new();
    for array in about["arrays"].as_array().context("no arrays")? {
        let name = array["name"].as_str().context("no name")?;
        if !["frame", "hx"].contains(&name) {
            continue;
        }
        let lengths = array["shape"].as_array().context("no shape")?;
        let mut shape: Vec<usize> = lengths.iter().map(|length| length.as_u64().unwrap_or(0) as usize).collect();
        let rows = std::mem::replace(&mut shape[0], 1);
        let width = shape.iter().product::<usize>();
        let offset = array["offset"].as_u64().context("no offset")? as usize;
        steps.resize_with(rows, BTreeMap::new);
        for (row, step) in steps.iter_mut().enumerate() {
            let values = numbers[offset + row * width..][..width].to_vec();
            step.insert(name.to_owned(), Tensor::f32(&shape, values)?);
        }
    }
    Ok(steps)
}
