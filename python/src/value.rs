//! Values of a training loop, from any framework, as arrays of the store. No framework is imported here.

use ethogram_store::{Array, Dtype};
use pyo3::buffer::{Element, PyBuffer, PyUntypedBuffer};
use pyo3::exceptions::PyOverflowError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyFloat, PyInt, PyList, PyMemoryView, PyString, PyTuple};

use crate::fault::{ShapeError, UnsupportedValueError};

/// Largest array taken in one value.
const ARRAY_BYTES_MAX: usize = 1 << 30;
/// Below this, a typed copy is cheaper than the two Python objects that a cast of the buffer makes.
const CAST_BYTES_MIN: usize = 4096;
/// Deepest nesting of lists of numbers.
const LIST_DEPTH_MAX: usize = 8;

/// What one value is.
pub enum Value {
    /// A number: Python's, or of a scalar type such as `numpy.float32`.
    Number(f64),
    /// An array; one element or more.
    Array(Array),
    /// A string.
    Text(String),
    /// `None`: nothing was logged.
    Missing,
}

/// Reads any value.
///
/// # Errors
/// `UnsupportedValueError` for what is neither number, text nor array; `ShapeError` for ragged lists.
pub fn read(value: &Bound<'_, PyAny>) -> PyResult<Value> {
    if let Some(number) = plain_number(value) {
        return Ok(Value::Number(number));
    }
    if value.is_none() {
        return Ok(Value::Missing);
    }
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(Value::Text(text.to_str()?.to_owned()));
    }
    if let Ok(number) = value.cast::<PyInt>() {
        return Ok(Value::Number(integer(number)?));
    }
    // Scalars of NumPy have a buffer too; being without a length tells them from arrays.
    if !value.hasattr("__len__")? && value.hasattr("__float__")? && !has_axes(value) {
        return Ok(Value::Number(value.extract()?));
    }
    array(value).map(Value::Array)
}

/// Whether it says so: a variable of TensorFlow has axes and no length.
fn has_axes(value: &Bound<'_, PyAny>) -> bool {
    value.getattr("shape").and_then(|shape| shape.len()).is_ok_and(|axes| axes > 0)
}

/// A float, a bool or a small integer: what needs no Python code to read.
pub fn plain_number(value: &Bound<'_, PyAny>) -> Option<f64> {
    if let Ok(number) = value.cast::<PyFloat>() {
        return Some(number.value());
    }
    if value.is_exact_instance_of::<PyInt>() {
        return value.extract::<i64>().ok().map(|number| number as f64);
    }
    value.cast_exact::<PyBool>().ok().map(|flag| f64::from(u8::from(flag.is_true())))
}

/// Whether it is a number of Python's own, or a list of such.
pub fn is_plain(value: &Bound<'_, PyAny>) -> bool {
    value.is_exact_instance_of::<PyInt>() || value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>()
}

fn integer(number: &Bound<'_, PyInt>) -> PyResult<f64> {
    number.extract::<f64>().map_err(|_| PyOverflowError::new_err("an integer too large for a float"))
}

/// Reads anything that holds numbers as an array; numbers have no axes. The bytes are copied before this returns.
///
/// Tried in turn: a number, the buffer protocol (`NumPy`, `array`, `memoryview`), lists of numbers,
/// then `detach()` and `cpu()` where there are such (`PyTorch`) and `__array__` (`PyTorch`, JAX, TensorFlow), `numpy()`, `__dlpack__`.
pub fn array(value: &Bound<'_, PyAny>) -> PyResult<Array> {
    if let Ok(flag) = value.cast_exact::<PyBool>() {
        return make(Dtype::Bool, vec![], vec![u8::from(flag.is_true())]);
    }
    if value.is_exact_instance_of::<PyFloat>() {
        return Ok(Array::scalar(value.extract()?));
    }
    if value.is_exact_instance_of::<PyInt>() {
        return Ok(Array::scalar_i64(value.extract()?));
    }
    if let Ok(buffer) = PyUntypedBuffer::get(value) {
        return from_buffer(value, buffer);
    }
    if let Ok(view) = PyMemoryView::from(value) {
        return from_single(value, &view);
    }
    if value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>() {
        return from_list(value);
    }
    from_framework(value)
}

fn from_buffer(owner: &Bound<'_, PyAny>, buffer: PyUntypedBuffer) -> PyResult<Array> {
    let py = owner.py();
    let dtype = dtype_of(&buffer).ok_or_else(|| unsupported_elements(owner, &buffer.format().to_string_lossy()))?;
    if buffer.len_bytes() > ARRAY_BYTES_MAX {
        let found = buffer.len_bytes();
        return Err(ShapeError::new_err(format!("an array of {found} bytes is over the limit of {ARRAY_BYTES_MAX}")));
    }
    let shape = if buffer.dimensions() == 0 { vec![] } else { buffer.shape().to_vec() };
    let bytes = match dtype {
        Dtype::Uint8 => buffer.into_typed::<u8>()?.to_vec(py)?,
        Dtype::Bool | Dtype::Float16 => recast(owner, &buffer)?,
        // A byte order that is written out, though it is this machine's, is not known to `PyO3`.
        _ if buffer.format().to_bytes().len() > 1 => recast(owner, &buffer)?,
        _ if buffer.len_bytes() >= CAST_BYTES_MIN => recast(owner, &buffer)?,
        Dtype::Int8 => typed(py, buffer, i8::to_le_bytes)?,
        Dtype::Uint16 => typed(py, buffer, u16::to_le_bytes)?,
        Dtype::Int16 => typed(py, buffer, i16::to_le_bytes)?,
        Dtype::Uint32 => typed(py, buffer, u32::to_le_bytes)?,
        Dtype::Int32 => typed(py, buffer, i32::to_le_bytes)?,
        Dtype::Uint64 => typed(py, buffer, u64::to_le_bytes)?,
        Dtype::Int64 => typed(py, buffer, i64::to_le_bytes)?,
        Dtype::Float32 => typed(py, buffer, f32::to_le_bytes)?,
        Dtype::Float64 => typed(py, buffer, f64::to_le_bytes)?,
    };
    make(dtype, shape, bytes)
}

/// A scalar of `NumPy`, or an array without axes: its buffer has no shape, which `PyO3` does not take.
fn from_single(owner: &Bound<'_, PyAny>, view: &Bound<'_, PyMemoryView>) -> PyResult<Array> {
    let format: String = view.getattr("format")?.extract()?;
    let dtype = dtype_from(format.as_bytes(), view.getattr("itemsize")?.extract()?);
    let dtype = dtype.ok_or_else(|| unsupported_elements(owner, &format))?;
    let shape = view.getattr("shape")?.extract()?;
    let bytes = view.call_method0("tobytes")?;
    make(dtype, shape, bytes.cast::<PyBytes>()?.as_bytes().to_vec())
}

fn dtype_of(buffer: &PyUntypedBuffer) -> Option<Dtype> {
    dtype_from(buffer.format().to_bytes(), buffer.item_size())
}

/// The element type, if it is one of ours and in this machine's byte order.
fn dtype_from(format: &[u8], item_size: usize) -> Option<Dtype> {
    let native_order = if cfg!(target_endian = "little") { b'<' } else { b'>' };
    let (standard, code) = match *format {
        [code] | [b'@', code] => (false, code),
        [b'=', code] => (true, code),
        [order, code] if order == native_order => (true, code),
        _ => return None,
    };
    let long = if standard { 4 } else { size_of::<std::ffi::c_long>() };
    Some(match (code, item_size) {
        (b'?', 1) => Dtype::Bool,
        (b'B' | b'c', 1) => Dtype::Uint8,
        (b'b', 1) => Dtype::Int8,
        (b'H', 2) => Dtype::Uint16,
        (b'h', 2) => Dtype::Int16,
        (b'e', 2) => Dtype::Float16,
        (b'I', 4) => Dtype::Uint32,
        (b'i', 4) => Dtype::Int32,
        (b'L', size) if size == long => {
            if size == 4 {
                Dtype::Uint32
            } else {
                Dtype::Uint64
            }
        }
        (b'l', size) if size == long => {
            if size == 4 {
                Dtype::Int32
            } else {
                Dtype::Int64
            }
        }
        (b'f', 4) => Dtype::Float32,
        (b'Q' | b'N', 8) => Dtype::Uint64,
        (b'q' | b'n', 8) => Dtype::Int64,
        (b'd', 8) => Dtype::Float64,
        _ => return None,
    })
}

fn typed<T: Element, const N: usize>(
    py: Python<'_>,
    buffer: PyUntypedBuffer,
    to_bytes: fn(T) -> [u8; N],
) -> PyResult<Vec<u8>> {
    let values: Vec<T> = buffer.into_typed::<T>()?.to_vec(py)?;
    let mut bytes = Vec::with_capacity(values.len() * N);
    for value in values {
        bytes.extend_from_slice(&to_bytes(value));
    }
    Ok(bytes)
}

/// The bytes of a buffer of any element type, in one copy if it lies in C order, else in two.
fn recast(owner: &Bound<'_, PyAny>, buffer: &PyUntypedBuffer) -> PyResult<Vec<u8>> {
    let py = owner.py();
    let view = PyMemoryView::from(owner)?;
    let empty = buffer.len_bytes() == 0;
    if buffer.is_c_contiguous() && !empty && buffer.dimensions() > 0 && buffer.format().to_bytes().len() == 1 {
        let flat = view.call_method1("cast", ("B",))?;
        return PyBuffer::<u8>::get(&flat)?.to_vec(py);
    }
    let bytes = view.call_method0("tobytes")?;
    Ok(bytes.cast::<PyBytes>()?.as_bytes().to_vec())
}

fn from_list(list: &Bound<'_, PyAny>) -> PyResult<Array> {
    let mut found = ListNumbers { shape: vec![], integers: true, values: vec![] };
    found.collect(list, 0)?;
    let ListNumbers { shape, integers, values } = found;
    // Integers beyond 2^53 did not survive the detour over a float: they stay the floats that they became.
    if integers && values.iter().all(|value| value.abs() <= 9_007_199_254_740_992.0) {
        return make(Dtype::Int64, shape, values.iter().flat_map(|&value| (value as i64).to_le_bytes()).collect());
    }
    make(Dtype::Float64, shape, values.iter().flat_map(|value| value.to_le_bytes()).collect())
}

struct ListNumbers {
    shape: Vec<usize>,
    integers: bool,
    values: Vec<f64>,
}

impl ListNumbers {
    fn collect(&mut self, list: &Bound<'_, PyAny>, depth: usize) -> PyResult<()> {
        let length = list.len()?;
        if depth >= LIST_DEPTH_MAX {
            return Err(ShapeError::new_err(format!("lists nested deeper than {LIST_DEPTH_MAX}")));
        }
        if self.shape.len() == depth && !self.values.is_empty() {
            return Err(ShapeError::new_err("a ragged list: numbers beside lists"));
        }
        if self.shape.len() == depth {
            self.shape.push(length);
        } else if self.shape[depth] != length {
            let expected = self.shape[depth];
            return Err(ShapeError::new_err(format!("a ragged list: expected {expected} elements, found {length}")));
        }
        for item in list.try_iter()? {
            let item = item?;
            if item.is_instance_of::<PyList>() || item.is_instance_of::<PyTuple>() {
                self.collect(&item, depth + 1)?;
            } else if depth + 1 == self.shape.len() {
                self.integers &= item.is_instance_of::<PyInt>();
                self.values.push(item.extract().map_err(|_| unsupported(&item))?);
            } else {
                return Err(ShapeError::new_err("a ragged list: numbers beside lists"));
            }
        }
        Ok(())
    }
}

fn from_framework(value: &Bound<'_, PyAny>) -> PyResult<Array> {
    let py = value.py();
    let mut value = value.clone();
    for step in ["detach", "cpu"] {
        if value.hasattr(step)? {
            value = value.call_method0(step)?;
        }
    }
    let dense = if value.hasattr("__array__")? {
        match value.call_method0("__array__") {
            // `bfloat16` has no counterpart in NumPy; single precision holds all of it.
            Err(_) if value.hasattr("float")? => value.call_method0("float")?.call_method0("__array__")?,
            answer => answer?,
        }
    } else if value.hasattr("numpy")? {
        // Variables of TensorFlow.
        value.call_method0("numpy")?
    } else if value.hasattr("__array_interface__")? {
        py.import("numpy")?.call_method1("asarray", (&value,))?
    } else if value.hasattr("__dlpack__")? {
        py.import("numpy")?.call_method1("from_dlpack", (&value,))?
    } else if value.hasattr("__float__")? {
        return Ok(Array::scalar(value.extract()?));
    } else {
        return Err(unsupported(&value));
    };
    if let Some(array) = from_dense(&dense)? {
        return Ok(array);
    }
    let single = dense.call_method1("astype", ("float32",)).map_err(|_| unsupported(&value))?;
    from_dense(&single)?.ok_or_else(|| unsupported(&value))
}

/// An array of `NumPy`; `None` when its elements are of a type that is not stored.
fn from_dense(dense: &Bound<'_, PyAny>) -> PyResult<Option<Array>> {
    if let Ok(buffer) = PyUntypedBuffer::get(dense) {
        return dtype_of(&buffer).map(|_| from_buffer(dense, buffer)).transpose();
    }
    // One without axes.
    let Ok(view) = PyMemoryView::from(dense) else { return Ok(None) };
    let format: String = view.getattr("format")?.extract()?;
    let dtype = dtype_from(format.as_bytes(), view.getattr("itemsize")?.extract()?);
    dtype.map(|_| from_single(dense, &view)).transpose()
}

fn make(dtype: Dtype, shape: Vec<usize>, bytes: Vec<u8>) -> PyResult<Array> {
    Array::new(dtype, shape, bytes).map_err(|error| ShapeError::new_err(error.to_string()))
}

fn unsupported(value: &Bound<'_, PyAny>) -> PyErr {
    UnsupportedValueError::new_err(format!(
        "expected a number, a text or an array, found {}; convert it with numpy.asarray first",
        type_name(value)
    ))
}

fn unsupported_elements(value: &Bound<'_, PyAny>, format: &str) -> PyErr {
    UnsupportedValueError::new_err(format!(
        "expected elements of a boolean, integer or float type in native byte order, found {} with buffer format {format:?}; \
         convert it first",
        type_name(value)
    ))
}

fn type_name(value: &Bound<'_, PyAny>) -> String {
    value.get_type().fully_qualified_name().map_or_else(|_| "an object".into(), |name| name.to_string())
}

/// `array` as elements of `dtype`: what keeps a field of one type when a loop mixes `1` and `1.0`.
pub fn cast(array: Array, dtype: Dtype) -> Array {
    if array.dtype() == dtype {
        return array;
    }
    let shape = array.shape().to_vec();
    let values = array.to_f64();
    let bytes: Vec<u8> = values.into_iter().flat_map(|value| element(dtype, value)).collect();
    Array::new(dtype, shape, bytes).unwrap_or(array)
}

fn element(dtype: Dtype, value: f64) -> Vec<u8> {
    match dtype {
        Dtype::Bool => vec![u8::from(value != 0.0)],
        Dtype::Uint8 => (value as u8).to_le_bytes().to_vec(),
        Dtype::Uint16 => (value as u16).to_le_bytes().to_vec(),
        Dtype::Uint32 => (value as u32).to_le_bytes().to_vec(),
        Dtype::Uint64 => (value as u64).to_le_bytes().to_vec(),
        Dtype::Int8 => (value as i8).to_le_bytes().to_vec(),
        Dtype::Int16 => (value as i16).to_le_bytes().to_vec(),
        Dtype::Int32 => (value as i32).to_le_bytes().to_vec(),
        Dtype::Int64 => (value as i64).to_le_bytes().to_vec(),
        Dtype::Float16 => half::f16::from_f64(value).to_le_bytes().to_vec(),
        Dtype::Float32 => (value as f32).to_le_bytes().to_vec(),
        Dtype::Float64 => value.to_le_bytes().to_vec(),
    }
}

/// Row `index` of a batch whose first axis is the environments.
pub fn row(batch: &Array, index: usize) -> Option<Array> {
    let (&rows, shape) = batch.shape().split_first()?;
    let size = batch.data().len().checked_div(rows)?;
    let bytes = batch.data().get(index * size..(index + 1) * size)?;
    Array::new(batch.dtype(), shape.to_vec(), bytes.to_vec()).ok()
}
