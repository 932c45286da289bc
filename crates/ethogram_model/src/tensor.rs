//! Numbers with a shape.

use crate::error::{Error, Result};

/// What a tensor's numbers are. Every float of a file becomes `f32`, every integer `i64`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dtype {
    /// Floats.
    F32,
    /// Integers: indices and shapes.
    I64,
    /// Conditions.
    Bool,
}

impl Dtype {
    /// As people write it.
    pub fn name(self) -> &'static str {
        match self {
            Dtype::F32 => "float32",
            Dtype::I64 => "int64",
            Dtype::Bool => "bool",
        }
    }

    /// Bytes of one number in memory.
    pub fn bytes(self) -> usize {
        match self {
            Dtype::F32 => 4,
            Dtype::I64 => 8,
            Dtype::Bool => 1,
        }
    }
}

/// The numbers, in row-major order.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// Floats.
    F32(Vec<f32>),
    /// Integers.
    I64(Vec<i64>),
    /// Conditions.
    Bool(Vec<bool>),
}

/// A dense array in row-major order. No axes means one number.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    shape: Vec<usize>,
    data: Data,
}

impl Tensor {
    /// Errors when the numbers are not as many as the shape says.
    pub fn new(shape: Vec<usize>, data: Data) -> Result<Self> {
        let found = match &data {
            Data::F32(values) => values.len(),
            Data::I64(values) => values.len(),
            Data::Bool(values) => values.len(),
        };
        match elements(&shape) {
            Some(expected) if expected == found => Ok(Tensor { shape, data }),
            _ => Err(Error::Argument {
                argument: "data",
                expected: format!("as many numbers as shape {shape:?} has"),
                found: found.to_string(),
            }),
        }
    }

    /// Floats of a shape.
    pub fn f32(shape: &[usize], values: Vec<f32>) -> Result<Self> {
        Tensor::new(shape.to_vec(), Data::F32(values))
    }

    /// Integers of a shape.
    pub fn i64(shape: &[usize], values: Vec<i64>) -> Result<Self> {
        Tensor::new(shape.to_vec(), Data::I64(values))
    }

    /// One float.
    pub fn scalar(value: f32) -> Self {
        Tensor { shape: Vec::new(), data: Data::F32(vec![value]) }
    }

    /// One float everywhere.
    pub fn full(shape: &[usize], value: f32) -> Self {
        Tensor { shape: shape.to_vec(), data: Data::F32(vec![value; shape.iter().product()]) }
    }

    /// A list of integers.
    pub fn integers(values: Vec<i64>) -> Self {
        Tensor { shape: vec![values.len()], data: Data::I64(values) }
    }

    /// Length of every axis.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The numbers.
    pub fn data(&self) -> &Data {
        &self.data
    }

    /// The numbers, without the shape.
    pub fn into_data(self) -> Data {
        self.data
    }

    /// What the numbers are.
    pub fn dtype(&self) -> Dtype {
        match &self.data {
            Data::F32(_) => Dtype::F32,
            Data::I64(_) => Dtype::I64,
            Data::Bool(_) => Dtype::Bool,
        }
    }

    /// How many numbers.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Some rows, in this order. **Errors**: no axes, or a row that is not there.
    pub fn rows(&self, rows: &[usize]) -> Result<Self> {
        let count = self.shape.first().copied().unwrap_or(0);
        if let Some(row) = rows.iter().find(|&&row| row >= count) {
            return Err(Error::Argument {
                argument: "rows",
                expected: format!("below {count}"),
                found: row.to_string(),
            });
        }
        let width = self.len().checked_div(count).unwrap_or(0);
        fn pick<T: Copy>(values: &[T], rows: &[usize], width: usize) -> Vec<T> {
            let mut picked = Vec::with_capacity(rows.len() * width);
            rows.iter().for_each(|row| picked.extend_from_slice(&values[row * width..][..width]));
            picked
        }
        let data = match &self.data {
            Data::F32(values) => Data::F32(pick(values, rows, width)),
            Data::I64(values) => Data::I64(pick(values, rows, width)),
            Data::Bool(values) => Data::Bool(pick(values, rows, width)),
        };
        Tensor::new([&[rows.len()], self.shape.get(1..).unwrap_or_default()].concat(), data)
    }

    /// The rows of this and then those of another. **Errors**: they differ in more than the number of rows.
    pub fn followed_by(&self, other: &Tensor) -> Result<Self> {
        let wrong = || Error::Argument { argument: "rows", expected: self.describe(), found: other.describe() };
        let (Some(first), Some(second)) = (self.shape.first(), other.shape.first()) else { return Err(wrong()) };
        if self.shape[1..] != other.shape[1..] {
            return Err(wrong());
        }
        let data = match (&self.data, &other.data) {
            (Data::F32(a), Data::F32(b)) => Data::F32([a.as_slice(), b].concat()),
            (Data::I64(a), Data::I64(b)) => Data::I64([a.as_slice(), b].concat()),
            (Data::Bool(a), Data::Bool(b)) => Data::Bool([a.as_slice(), b].concat()),
            _ => return Err(wrong()),
        };
        Tensor::new([&[first + second], &self.shape[1..]].concat(), data)
    }

    /// The floats; `None` when they are none.
    pub fn as_f32(&self) -> Option<&[f32]> {
        match &self.data {
            Data::F32(values) => Some(values),
            _ => None,
        }
    }

    /// The integers; `None` when they are none.
    pub fn as_i64(&self) -> Option<&[i64]> {
        match &self.data {
            Data::I64(values) => Some(values),
            _ => None,
        }
    }

    /// The conditions; `None` when they are none.
    pub fn as_bool(&self) -> Option<&[bool]> {
        match &self.data {
            Data::Bool(values) => Some(values),
            _ => None,
        }
    }

    /// The same numbers in another shape of as many.
    pub fn reshaped(mut self, shape: &[usize]) -> Result<Self> {
        if elements(shape) != Some(self.len()) {
            return Err(Error::Argument {
                argument: "shape",
                expected: format!("{} elements", self.len()),
                found: format!("{shape:?}"),
            });
        }
        self.shape = shape.to_vec();
        Ok(self)
    }

    /// Shape and type, for messages: `float32 [2, 3]`.
    pub fn describe(&self) -> String {
        format!("{} {:?}", self.dtype().name(), self.shape)
    }
}

/// Product of the lengths; `None` when it does not fit.
pub(crate) fn elements(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1_usize, |product, &length| product.checked_mul(length))
}

/// How far apart neighbours along each axis lie in row-major order. A shape without elements has none that lie apart: its other lengths
/// may be anything, and need not have a product.
pub(crate) fn strides(shape: &[usize]) -> Vec<usize> {
    if shape.contains(&0) {
        return vec![0; shape.len()];
    }
    let mut strides = vec![1; shape.len()];
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis] * shape[axis];
    }
    strides
}
