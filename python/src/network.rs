//! Networks as Python asks them: the native half of `ethogram.Model`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use ethogram_model::{Cancel, Data, Dim, Dtype, Limits, Model, Port, Program, Tensor, ValueId};
use ethogram_store::Array;
use pyo3::prelude::*;
use pyo3::types::PyByteArray;

use crate::attribute::{self, Asked, RawAttribution, Weights};
use crate::fault::{CorruptError, EthogramError, NotFoundError, ShapeError, StorageError, UnsupportedValueError};
use crate::interrupt::interruptible;
use crate::value;

/// Compiled programs that are kept, for calls of the same shapes.
const PROGRAMS_KEPT: usize = 8;

/// Type, shape and bytes.
pub type RawTensor<'py> = (&'static str, Vec<usize>, Bound<'py, PyByteArray>);

/// The native half of `ethogram.Model`.
#[pyclass(frozen, module = "ethogram._native")]
pub struct Network {
    pub(crate) model: Model,
    /// Used last comes last.
    programs: Mutex<Vec<(Wanted, Arc<Compiled>)>>,
}

/// What a program was compiled for.
#[derive(Clone, PartialEq)]
struct Wanted {
    shapes: BTreeMap<String, Vec<usize>>,
    names: Vec<String>,
}

struct Compiled {
    program: Program,
    /// The network's inputs.
    inputs: Vec<(ValueId, String)>,
}

/// Length of an axis: a number, or the name of one that is chosen at each call; `None` when it has none.
#[derive(IntoPyObject)]
pub enum Length {
    Known(usize),
    Named(String),
    Open(Option<usize>),
}

/// Name, element type, and lengths of all axes where they are known.
type RawPort = (String, &'static str, Option<Vec<Length>>);

#[pymethods]
impl Network {
    /// From the bytes of a file.
    #[new]
    fn new(py: Python<'_>, bytes: &[u8]) -> PyResult<Self> {
        Self::wrap(py.detach(|| Model::from_bytes(bytes, &Limits::default())))
    }

    /// From a file, with the weights that lie beside it.
    #[staticmethod]
    #[expect(clippy::needless_pass_by_value, reason = "what Python hands over is owned")]
    fn open(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        Self::wrap(py.detach(|| Model::open(&path, &Limits::default())))
    }

    fn inputs(&self) -> Vec<RawPort> {
        self.model.inputs().iter().map(raw_port).collect()
    }

    fn outputs(&self) -> Vec<RawPort> {
        self.model.outputs().iter().map(raw_port).collect()
    }

    /// Name, operator and, where it can be told without inputs, the shape of one row.
    fn layers(&self, py: Python<'_>) -> Vec<(String, String, Option<Vec<usize>>)> {
        py.detach(|| {
            let graph = single_row(&self.model).and_then(|shapes| self.model.graph(&shapes, &[]).ok());
            let shape = |name: &str| {
                let graph = graph.as_ref()?;
                Some(graph.value(graph.named(name)?).shape.iter().skip(1).copied().collect())
            };
            let layers = self.model.layers().into_iter();
            layers.map(|layer| (layer.name.clone(), layer.operator, shape(&layer.name))).collect()
        })
    }

    /// The axis along which an input or output has its rows.
    fn axis_of_rows(&self, name: &str) -> usize {
        self.model.axis_of_rows(name)
    }

    fn opset(&self) -> i64 {
        self.model.opset()
    }

    fn producer(&self) -> &str {
        self.model.producer()
    }

    /// The named values at these inputs.
    #[expect(clippy::needless_pass_by_value, reason = "what Python hands over is owned")]
    fn run<'py>(
        &self,
        py: Python<'py>,
        inputs: BTreeMap<String, Bound<'py, PyAny>>,
        names: Vec<String>,
    ) -> PyResult<Vec<RawTensor<'py>>> {
        let inputs = self.tensors(&inputs)?;
        let found =
            interruptible(py, |cancel| self.values(&inputs, names, cancel))?.map_err(|error| from_model(&error))?;
        Ok(found.iter().map(|tensor| raw_tensor(py, tensor)).collect())
    }

    /// Explains every row.
    #[expect(clippy::too_many_arguments, reason = "what Python hands over, by position")]
    #[expect(clippy::needless_pass_by_value, reason = "what Python hands over is owned")]
    fn attribute<'py>(
        &self,
        py: Python<'py>,
        inputs: BTreeMap<String, Bound<'py, PyAny>>,
        output: String,
        of: &str,
        weights: Weights,
        wrt: String,
        method: &str,
        params: BTreeMap<String, String>,
        baseline: Option<Bound<'py, PyAny>>,
        threads: usize,
    ) -> PyResult<RawAttribution<'py>> {
        let asked = Asked { output, weights, wrt, threads };
        attribute::of_network(py, self, &inputs, asked, of, (method, &params), baseline.as_ref())
    }
}

impl Network {
    fn wrap(model: ethogram_model::Result<Model>) -> PyResult<Self> {
        Ok(Self { model: model.map_err(|error| from_model(&error))?, programs: Mutex::default() })
    }

    /// Arrays of any framework as the network takes them.
    pub(crate) fn tensors(&self, inputs: &BTreeMap<String, Bound<'_, PyAny>>) -> PyResult<BTreeMap<String, Tensor>> {
        let tensor = |(name, given): (&String, &Bound<'_, PyAny>)| {
            let array = value::array(given)?;
            let port = self.model.inputs().iter().find(|port| port.name == *name);
            // A name that is not known is told by the model.
            let dtype = port.map_or(Dtype::F32, |port| port.dtype);
            Ok((name.clone(), tensor_from_array(&array, dtype)?))
        };
        inputs.iter().map(tensor).collect()
    }

    /// A network of one row is run row by row.
    fn values(
        &self,
        inputs: &BTreeMap<String, Tensor>,
        names: Vec<String>,
        cancel: &Cancel,
    ) -> ethogram_model::Result<Vec<Tensor>> {
        let rows = inputs
            .iter()
            .next()
            .map_or(1, |(name, tensor)| tensor.shape().get(self.model.axis_of_rows(name)).copied().unwrap_or(1));
        if rows < 2 || !self.model.has_fixed_rows() {
            return self.values_at_once(inputs, names, cancel);
        }
        let each = |row: usize| -> ethogram_model::Result<Vec<Tensor>> {
            let one = inputs.iter().map(|(name, tensor)| Ok((name.clone(), self.model.row(name, tensor, row)?)));
            self.values_at_once(&one.collect::<ethogram_model::Result<_>>()?, names.clone(), cancel)
        };
        let found = (0..rows).map(each).collect::<ethogram_model::Result<Vec<_>>>()?;
        let all = |(at, name): (usize, &String)| self.model.joined(name, found.iter().map(|row| &row[at]));
        names.iter().enumerate().map(all).collect()
    }

    /// All rows in one pass.
    fn values_at_once(
        &self,
        inputs: &BTreeMap<String, Tensor>,
        names: Vec<String>,
        cancel: &Cancel,
    ) -> ethogram_model::Result<Vec<Tensor>> {
        let shapes = inputs.iter().map(|(name, tensor)| (name.clone(), tensor.shape().to_vec())).collect();
        let compiled = self.compiled(Wanted { shapes, names })?;
        let given: Vec<_> = compiled.inputs.iter().map(|(id, name)| (*id, inputs[name].clone())).collect();
        compiled.program.run(&given, cancel)
    }

    fn compiled(&self, wanted: Wanted) -> ethogram_model::Result<Arc<Compiled>> {
        let lock = || self.programs.lock().unwrap_or_else(PoisonError::into_inner);
        {
            let mut programs = lock();
            if let Some(index) = programs.iter().position(|(known, _)| *known == wanted) {
                let entry = programs.remove(index);
                programs.push(entry.clone());
                return Ok(entry.1);
            }
        }
        let graph = self.model.graph(&wanted.shapes, &[])?;
        let ids = wanted.names.iter().map(|name| self.model.find(&graph, name));
        let ids = ids.collect::<ethogram_model::Result<Vec<_>>>()?;
        let inputs = graph.inputs().map(|(id, name)| (id, name.to_owned())).collect();
        let compiled = Arc::new(Compiled { program: Program::compile(graph, &ids, self.model.limits())?, inputs });
        let mut programs = lock();
        programs.push((wanted, Arc::clone(&compiled)));
        if programs.len() > PROGRAMS_KEPT {
            programs.remove(0);
        }
        Ok(compiled)
    }
}

/// Shapes of inputs of one row, every axis that is chosen at a call being 1.
fn single_row(model: &Model) -> Option<BTreeMap<String, Vec<usize>>> {
    let length = |dim: &Dim| if let Dim::Known(length) = dim { *length } else { 1 };
    let shape = |port: &Port| Some((port.name.clone(), port.shape.as_ref()?.iter().map(length).collect()));
    model.inputs().iter().map(shape).collect()
}

fn raw_port(port: &Port) -> RawPort {
    let length = |dim: &Dim| match dim {
        Dim::Known(length) => Length::Known(*length),
        Dim::Named(name) => Length::Named(name.clone()),
        Dim::Open => Length::Open(None),
    };
    (port.name.clone(), port.dtype.name(), port.shape.as_ref().map(|dims| dims.iter().map(length).collect()))
}

pub(crate) fn raw_tensor<'py>(py: Python<'py>, tensor: &Tensor) -> RawTensor<'py> {
    let bytes: Vec<u8> = match tensor.data() {
        Data::F32(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        Data::I64(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        Data::Bool(values) => values.iter().map(|value| u8::from(*value)).collect(),
    };
    (tensor.dtype().name(), tensor.shape().to_vec(), PyByteArray::new(py, &bytes))
}

/// The array's numbers as `dtype`; floats are not taken for whole numbers.
pub(crate) fn tensor_from_array(array: &Array, dtype: Dtype) -> PyResult<Tensor> {
    let is_float = matches!(
        array.dtype(),
        ethogram_store::Dtype::Float16 | ethogram_store::Dtype::Float32 | ethogram_store::Dtype::Float64
    );
    if dtype != Dtype::F32 && is_float {
        let found = array.dtype();
        return Err(UnsupportedValueError::new_err(format!(
            "expected elements of type {}, found {found}",
            dtype.name()
        )));
    }
    let data = match (dtype, array.dtype()) {
        (Dtype::F32, ethogram_store::Dtype::Float32) => {
            Data::F32(array.data().as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
        }
        (Dtype::F32, _) => Data::F32(array.to_f64().into_iter().map(|value| value as f32).collect()),
        (Dtype::I64, ethogram_store::Dtype::Int64) => {
            Data::I64(array.data().as_chunks::<8>().0.iter().map(|bytes| i64::from_le_bytes(*bytes)).collect())
        }
        (Dtype::I64, _) => Data::I64(array.to_f64().into_iter().map(|value| value as i64).collect()),
        (Dtype::Bool, _) => Data::Bool(array.to_f64().into_iter().map(|value| value != 0.0).collect()),
    };
    Tensor::new(array.shape().to_vec(), data).map_err(|error| from_model(&error))
}

/// The Python exception of an error of the models.
pub(crate) fn from_model(error: &ethogram_model::Error) -> PyErr {
    use ethogram_model::Error;
    let text = error.to_string();
    match error {
        Error::UnknownValue { .. } => NotFoundError::new_err(text),
        Error::Input { .. } | Error::Argument { .. } | Error::Param { .. } => ShapeError::new_err(text),
        Error::Malformed { .. } | Error::Inconsistent(_) => CorruptError::new_err(text),
        Error::File { .. } => StorageError::new_err(text),
        _ => EthogramError::new_err(text),
    }
}
