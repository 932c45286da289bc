//! Whole explanations of one step, against captum and batched PyTorch.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use ethogram_model::{
    Attribution, Baseline, Cancel, Explained, IntegratedGradients, Occlusion, Perturbation, Rule, Subject, Target,
    Tensor,
};

use super::burst::{Call, Case, alternate, answer};
use super::engine::{ENTRY, hidden_layer, inputs, models, open, ours, peer, threads};
use super::lab::Lab;
use super::measure::{Bar, Measure};

/// Work, network, and how many times faster than the better of both layouts of PyTorch.
const WORKS: &[(&str, &str, Option<f64>)] = &[
    ("integrated_gradients", "nature", Some(3.0)),
    ("integrated_gradients", "impala", Some(2.5)),
    ("integrated_gradients", "mlp", Some(50.0)),
    ("layer_integrated_gradients", "nature", None),
    ("layer_integrated_gradients", "impala", None),
    ("occlusion", "nature", None),
    ("occlusion", "mlp", None),
    ("perturbation", "a3c", Some(5.0)),
];
/// Ties of a maximum in flat planes are broken by rounding, and points of a path may lie within rounding of a kink of relu.
const TOLERANCE: f64 = 2e-2;

/// The bench.
pub fn run(lab: &Lab) -> Result<Vec<Measure>> {
    models(lab)?;
    let mut measures = Vec::new();
    for threads in threads() {
        let mut ours = ours(lab, threads)?;
        let mut eager = peer(lab, "torch", threads)?;
        let mut channels_last = peer(lab, "torch_channels_last", threads)?;
        for &(task, net, bar) in WORKS {
            let case = Case { task, net, batch: 1 };
            let mut all = [&mut ours, &mut eager, &mut channels_last];
            let found = alternate(&mut all, case, lab.rounds, TOLERANCE)?;
            let peer = if task == "perturbation" { "torch" } else { "captum" };
            let name = |layout: &str| format!("attribution/{task} {net}, {threads} threads, {peer} {layout}");
            let eager = Measure::new(name("eager"), found[0], "ms").against(found[1]);
            measures.push(match bar {
                Some(times) => eager.bar(Bar::Ratio(1.0 / times)),
                None => eager,
            });
            measures.push(Measure::new(name("channels_last"), found[0], "ms").against(found[2]));
        }
    }
    Ok(measures)
}

/// Be ours: answers asks.
pub fn child(args: &[String]) -> Result<()> {
    let [folder, threads] = args else { bail!("expected a folder and a number of threads") };
    let (folder, threads) = (folder.clone(), threads.parse()?);
    answer(move |task, net, _| call(Path::new(&folder), task, net, threads))
}

fn call(folder: &Path, task: &str, net: &str, threads: usize) -> Result<Call> {
    let model = open(folder, net)?;
    let inputs = Arc::new(inputs(model, net, 1)?);
    let wrt = if task.starts_with("layer") { hidden_layer(model, net)? } else { "obs".to_owned() };
    // captum's layer attribution begins where its input baseline leads to, and integrates by the same rule.
    let baseline =
        if task.starts_with("layer") { Baseline::Given(at_zero(model, &inputs, &wrt)?) } else { Baseline::Zero };
    let method: Box<dyn Attribution> = match task {
        "integrated_gradients" | "layer_integrated_gradients" => {
            Box::new(IntegratedGradients { steps: 50, rule: Rule::GaussLegendre, baseline })
        }
        "occlusion" => Box::new(Occlusion::default()),
        "perturbation" => Box::new(Perturbation::default()),
        other => bail!("no task {other:?}"),
    };
    let outputs: &[&str] = if task == "perturbation" { &["logits", "value"] } else { &["logits"] };
    let cancel = Cancel::default();
    Ok(Box::new(move || {
        // As a person asks: everything but the model is made anew.
        let explained = outputs.iter().map(|output| {
            let target = Target::entries(output, &[if *output == "value" { 0 } else { ENTRY }]);
            let subject = Subject { inputs: Arc::clone(&inputs), target, wrt: vec![wrt.clone()] };
            Explained::new(model, subject, threads, &cancel)
        });
        let explained = explained.collect::<Result<Vec<_>, _>>()?;
        let each = method.attribute_each(&explained.iter().collect::<Vec<_>>(), &cancel)?;
        let mut found = Vec::new();
        for attributed in each {
            found.extend_from_slice(attributed.values.as_f32().context("no floats")?);
        }
        Ok(found)
    }))
}

/// A layer's value where every input is zero.
fn at_zero(model: &ethogram_model::Model, inputs: &BTreeMap<String, Tensor>, layer: &str) -> Result<Tensor> {
    let zero: BTreeMap<_, _> =
        inputs.iter().map(|(name, tensor)| (name.clone(), Tensor::full(tensor.shape(), 0.0))).collect();
    let subject =
        Subject { inputs: zero.into(), target: Target::entries("logits", &[ENTRY]), wrt: vec![layer.to_owned()] };
    Ok(Explained::new(model, subject, 1, &Cancel::default())?.at().clone())
}
