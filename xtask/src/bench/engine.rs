//! The model engine: forward passes and gradients, against ONNX Runtime and PyTorch.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use ethogram_model::{Cancel, Explained, Limits, Model, Subject, Target, Tensor};

use super::burst::{Call, Candidate, Case, alternate, answer};
use super::lab::Lab;
use super::measure::{Bar, Measure};

/// The explained entry of the output.
pub const ENTRY: usize = 1;
const BATCHES: [usize; 3] = [1, 32, 256];
/// Points of a path are as many, and gradients are mostly asked for along paths.
const GRADIENT_BATCH: usize = 50;
const TOLERANCE: f64 = 1e-5;
/// Maxima of near equals, and kinks of relu within rounding, fall on one side or the other.
const GRADIENT_TOLERANCE: f64 = 1e-2;

/// The bench: `ETHOGRAM_BENCH_THREADS` picks one number of threads, else 1 and 2.
pub fn run(lab: &Lab) -> Result<Vec<Measure>> {
    models(lab)?;
    let mut measures = Vec::new();
    for threads in threads() {
        let mut ours = ours(lab, threads)?;
        let mut eager = peer(lab, "torch", threads)?;
        let mut channels_last = peer(lab, "torch_channels_last", threads)?;
        let mut runtime = peer(lab, "onnxruntime", threads)?;
        for net in ["nature", "impala", "mlp", "gru"] {
            for batch in BATCHES {
                let case = Case { task: "forward", net, batch };
                let mut all = [&mut ours, &mut runtime, &mut eager, &mut channels_last];
                let found = alternate(&mut all, case, lab.rounds, TOLERANCE)?;
                let name = |peer: &str| format!("engine/forward {net} {batch}, {threads} threads, {peer}");
                let against = |peer: &str, time| Measure::new(name(peer), found[0], "ms").against(time);
                measures.push(against("onnxruntime", found[1]).bar(Bar::Ratio(1.0 / 0.95)));
                measures.push(against("torch", found[2]));
                measures.push(against("channels_last", found[3]));
            }
            for (task, bar) in [("gradient", 1.3), ("hidden", 1.2)] {
                if task == "hidden" && net == "gru" {
                    continue;
                }
                let case = Case { task, net, batch: GRADIENT_BATCH };
                let mut all = [&mut ours, &mut eager, &mut channels_last];
                let found = alternate(&mut all, case, lab.rounds, GRADIENT_TOLERANCE)?;
                let name = format!("engine/{task} {net} {GRADIENT_BATCH}, {threads} threads, better torch");
                let better = found[1].min(found[2]);
                measures.push(Measure::new(name, found[0], "ms").against(better).bar(Bar::Ratio(1.0 / bar)));
            }
        }
    }
    Ok(measures)
}

/// Be ours: answers asks.
pub fn child(args: &[String]) -> Result<()> {
    let [folder, threads] = args else { bail!("expected a folder and a number of threads") };
    let (folder, threads) = (folder.clone(), threads.parse()?);
    answer(move |task, net, batch| call(Path::new(&folder), task, net, batch, threads))
}

fn call(folder: &Path, task: &str, net: &str, batch: usize, threads: usize) -> Result<Call> {
    let model = open(folder, net)?;
    let inputs = Arc::new(inputs(model, net, batch)?);
    let rows: Vec<usize> = (0..batch).collect();
    let cancel = Cancel::default();
    let subject = move |wrt: String| Subject {
        inputs: Arc::clone(&inputs),
        target: Target::entries("logits", &vec![ENTRY; batch]),
        wrt: vec![wrt],
    };
    Ok(match task {
        "forward" | "gradient" => {
            let explained = Explained::new(model, subject("obs".to_owned()), threads, &cancel)?;
            // A call keeps what it needs of the model; the model stays for the whole bench.
            let points = explained.at_values().to_vec();
            let forward = task == "forward";
            Box::new(move || {
                Ok(if forward {
                    explained.outputs(&points, &rows, &cancel)?.0
                } else {
                    explained.gradients(&points, &rows, &cancel)?.1
                })
            })
        }
        "hidden" => {
            let layer = hidden_layer(model, net)?;
            Box::new(move || {
                let explained = Explained::new(model, subject(layer.clone()), threads, &cancel)?;
                Ok(explained.gradients(explained.at_values(), &rows, &cancel)?.1)
            })
        }
        other => bail!("no task {other:?}"),
    })
}

/// The last convolution's output after its function; the last hidden layer of a network without.
pub fn hidden_layer(model: &Model, net: &str) -> Result<String> {
    let layers = model.layers();
    let position = match net {
        "mlp" => layers.iter().rposition(|layer| layer.operator == "Tanh"),
        _ => {
            layers.iter().position(|layer| layer.operator == "Flatten" || layer.operator == "Reshape").map(|at| at - 1)
        }
    };
    Ok(layers[position.context("no hidden layer")?].name.clone())
}

/// Numbers from 0 to 1 that every candidate makes alike.
pub fn wave(shape: &[usize]) -> Result<Tensor> {
    let count = shape.iter().product::<usize>();
    Ok(Tensor::f32(shape, (0..count).map(|at| ((at * 7_919 % 1_009) as f64 / 1_009.0) as f32).collect())?)
}

/// The networks' files, made by `bench/engine_models.py` when they are missing.
pub fn models(lab: &Lab) -> Result<()> {
    lab.python("engine_models.py", &[&folder(lab)])?;
    Ok(())
}

fn folder(lab: &Lab) -> String {
    lab.folder().display().to_string()
}

/// A model that lives as long as the process.
pub fn open(folder: &Path, net: &str) -> Result<&'static Model> {
    Ok(Box::leak(Box::new(Model::open(&folder.join(format!("{net}.onnx")), &Limits::default())?)))
}

/// Rows of every input of one of the networks.
pub fn inputs(model: &Model, net: &str, batch: usize) -> Result<BTreeMap<String, Tensor>> {
    let row: &[usize] = match net {
        "nature" => &[4, 84, 84],
        "impala" => &[3, 64, 64],
        "mlp" => &[17],
        "gru" => &[8, 32],
        "a3c" => &[1, 80, 80],
        other => bail!("no network {other:?}"),
    };
    let one = |name: &str| {
        let row: &[usize] = if name == "memory" { &[256] } else { row };
        wave(&[&[batch], row].concat())
    };
    model.inputs().iter().map(|input| Ok((input.name.clone(), one(&input.name)?))).collect()
}

/// Numbers of threads that are measured.
pub fn threads() -> Vec<usize> {
    let picked = std::env::var("ETHOGRAM_BENCH_THREADS").ok().and_then(|text| text.parse().ok());
    picked.map_or_else(|| vec![1, 2], |threads| vec![threads])
}

/// This program as a candidate.
pub fn ours(lab: &Lab, threads: usize) -> Result<Candidate> {
    Candidate::start("ours", &mut lab.child(&[&folder(lab), &threads.to_string()])?)
}

/// A peer of `bench/engine_peer.py` as a candidate.
pub fn peer(lab: &Lab, name: &str, threads: usize) -> Result<Candidate> {
    let args = [name, &threads.to_string(), &folder(lab)];
    Candidate::start(name, &mut lab.python_command("engine_peer.py", &args)?)
}
