//! Attributions as Python asks for them: of a network, or of any function that Python computes.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use ethogram_model::{
    ATTRIBUTIONS, Attributed, Attribution as _, Cancel, Configured, Dtype, Explained, Link, Method, Param, ParamKind,
    Subject, Target, Tensor, View,
};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};
use serde_json::{Value, json};

use crate::fault::ShapeError;
use crate::interrupt::interruptible;
use crate::network::{Network, RawTensor, from_model, raw_tensor, tensor_from_array};
use crate::value;

/// Values, the target's value at the input and at the baseline, and how far the values are from adding up.
pub type RawAttribution<'py> = (RawTensor<'py>, Vec<f32>, Vec<f32>, Vec<f32>);
/// For every row, entries and what each counts.
pub type Weights = Vec<Vec<(usize, f32)>>;

/// A question about a network.
pub struct Asked {
    pub output: String,
    pub weights: Weights,
    pub wrt: String,
    pub threads: usize,
}

/// Explains every row of a network.
pub fn of_network<'py>(
    py: Python<'py>,
    network: &Network,
    inputs: &BTreeMap<String, Bound<'py, PyAny>>,
    asked: Asked,
    of: &str,
    method: (&str, &BTreeMap<String, String>),
    baseline: Option<&Bound<'py, PyAny>>,
) -> PyResult<RawAttribution<'py>> {
    let Asked { output, weights, wrt, threads } = asked;
    let inputs = network.tensors(inputs)?;
    let target = Target { output, view: view(of)?, weights, link: Link::Identity };
    let configured = configured(method.0, method.1)?;
    let baseline = given_baseline(&configured, baseline)?;
    let subject = Subject { inputs: inputs.into(), target, wrt: vec![wrt] };
    let work = |cancel: &Cancel| {
        let explained = Explained::new(&network.model, subject, threads, cancel)?;
        attributed(explained, &configured, baseline, cancel)
    };
    let found = interruptible(py, work)?.map_err(|error| from_model(&error))?;
    Ok(raw(py, &found))
}

/// Explains every row of a function that Python computes: `ask(points, of, seeds)` gives a row of entries for each of `points`, rows of the
/// explained value as float32 which share all else with the rows `of`; and with `seeds`, which say what each entry counts, the gradient of
/// their weighed sum.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "what Python hands over, by position")]
#[expect(clippy::needless_pass_by_value, reason = "what Python hands over is owned")]
pub fn explain_function<'py>(
    py: Python<'py>,
    ask: Py<PyAny>,
    at: &Bound<'py, PyAny>,
    weights: Weights,
    method: &str,
    params: BTreeMap<String, String>,
    baseline: Option<Bound<'py, PyAny>>,
    batch: usize,
) -> PyResult<RawAttribution<'py>> {
    let at = tensor_from_array(&value::array(at)?, Dtype::F32)?;
    let target = Target { output: "the output".to_owned(), view: View::Plain, weights, link: Link::Identity };
    let configured = configured(method, &params)?;
    let baseline = given_baseline(&configured, baseline.as_ref())?;
    // What Python raised, which is told in place of what became of it here.
    let raised: Mutex<Option<PyErr>> = Mutex::default();
    let call = |points: &[f32], of: &[usize], seeds: Option<&[f32]>| {
        Python::attach(|py| answer(py, &ask, points, of, seeds)).map_err(|error| {
            *raised.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            ethogram_model::Error::Cancelled
        })
    };
    let work = |cancel: &Cancel| {
        let explained = Explained::outside(at, target, batch, Box::new(call), cancel)?;
        attributed(explained, &configured, baseline, cancel)
    };
    let found = interruptible(py, work)?;
    if let Some(error) = raised.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(error);
    }
    Ok(raw(py, &found.map_err(|error| from_model(&error))?))
}

/// Every method, as JSON.
#[pyfunction]
pub fn methods() -> String {
    let param = |param: &Param| {
        let (kind, default, rest) = match param.kind {
            ParamKind::Integer { default, min, max } => ("integer", json!(default), json!({"min": min, "max": max})),
            ParamKind::Float { default, min, max } => ("float", json!(default), json!({"min": min, "max": max})),
            ParamKind::Choice { of } => ("choice", json!(of.first()), json!({"of": of})),
            ParamKind::Bool { default } => ("bool", json!(default), json!({})),
        };
        let mut described = json!({"name": param.name, "doc": param.doc, "kind": kind, "default": default});
        if let (Value::Object(described), Value::Object(rest)) = (&mut described, rest) {
            described.extend(rest);
        }
        described
    };
    let method = |method: &Method| {
        json!({
            "name": method.name,
            "doc": method.doc,
            "does_not_show": method.does_not_show,
            "source": method.source,
            "params": method.params.iter().map(param).collect::<Vec<_>>(),
        })
    };
    Value::from(ATTRIBUTIONS.iter().map(method).collect::<Vec<_>>()).to_string()
}

/// Asks Python.
fn answer(
    py: Python<'_>,
    ask: &Py<PyAny>,
    points: &[f32],
    of: &[usize],
    seeds: Option<&[f32]>,
) -> PyResult<(Vec<f32>, Vec<f32>)> {
    let bytes = |values: &[f32]| {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        PyBytes::new(py, &bytes)
    };
    let arguments = (bytes(points), PyList::new(py, of)?, seeds.map(bytes));
    let (entries, gradient): (Bound<'_, PyBytes>, Bound<'_, PyBytes>) = ask.bind(py).call1(arguments)?.extract()?;
    let floats = |bytes: &Bound<'_, PyBytes>| -> Vec<f32> {
        bytes.as_bytes().as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
    };
    Ok((floats(&entries), floats(&gradient)))
}

fn attributed(
    explained: Explained<'_>,
    configured: &Configured,
    baseline: Option<Tensor>,
    cancel: &Cancel,
) -> ethogram_model::Result<Attributed> {
    let explained = match baseline {
        Some(baseline) => explained.with_baseline(baseline),
        None => explained,
    };
    configured.attribute(&explained, cancel)
}

fn configured(method: &str, params: &BTreeMap<String, String>) -> PyResult<Configured> {
    Method::find(method).and_then(|method| method.with(params)).map_err(|error| from_model(&error))
}

fn view(of: &str) -> PyResult<View> {
    match of {
        "plain" => Ok(View::Plain),
        "probability" => Ok(View::Probability),
        "log_probability" => Ok(View::LogProbability),
        _ => Err(ShapeError::new_err(format!("of: expected plain, probability or log_probability, found {of:?}"))),
    }
}

/// A baseline that was given as numbers.
fn given_baseline(configured: &Configured, baseline: Option<&Bound<'_, PyAny>>) -> PyResult<Option<Tensor>> {
    let Some(given) = baseline else { return Ok(None) };
    if configured.method.params.iter().all(|param| param.name != "baseline") {
        let name = configured.method.name;
        return Err(ShapeError::new_err(format!("baseline: expected none, for {name} compares with nothing")));
    }
    tensor_from_array(&value::array(given)?, Dtype::F32).map(Some)
}

fn raw<'py>(py: Python<'py>, found: &Attributed) -> RawAttribution<'py> {
    let values = raw_tensor(py, &found.values);
    (values, found.at_input.clone(), found.at_baseline.clone(), found.completeness_error.clone())
}
