//! Dense n-dimensional arrays as they are logged: little-endian, C order.

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// The type of one element. Names are NumPy's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dtype {
    /// One byte, 0 or 1.
    Bool,
    /// 8-bit unsigned integer.
    Uint8,
    /// 16-bit unsigned integer.
    Uint16,
    /// 32-bit unsigned integer.
    Uint32,
    /// 64-bit unsigned integer.
    Uint64,
    /// 8-bit signed integer.
    Int8,
    /// 16-bit signed integer.
    Int16,
    /// 32-bit signed integer.
    Int32,
    /// 64-bit signed integer.
    Int64,
    /// IEEE half.
    Float16,
    /// IEEE single.
    Float32,
    /// IEEE double.
    Float64,
}

impl Dtype {
    /// Every type, smallest kind first.
    pub const ALL: [Self; 12] = [
        Self::Bool,
        Self::Uint8,
        Self::Uint16,
        Self::Uint32,
        Self::Uint64,
        Self::Int8,
        Self::Int16,
        Self::Int32,
        Self::Int64,
        Self::Float16,
        Self::Float32,
        Self::Float64,
    ];

    /// Bytes of one element.
    pub fn size(self) -> usize {
        match self {
            Self::Bool | Self::Uint8 | Self::Int8 => 1,
            Self::Uint16 | Self::Int16 | Self::Float16 => 2,
            Self::Uint32 | Self::Int32 | Self::Float32 => 4,
            Self::Uint64 | Self::Int64 | Self::Float64 => 8,
        }
    }

    /// NumPy's name, for example `float32`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Uint8 => "uint8",
            Self::Uint16 => "uint16",
            Self::Uint32 => "uint32",
            Self::Uint64 => "uint64",
            Self::Int8 => "int8",
            Self::Int16 => "int16",
            Self::Int32 => "int32",
            Self::Int64 => "int64",
            Self::Float16 => "float16",
            Self::Float32 => "float32",
            Self::Float64 => "float64",
        }
    }

    /// The inverse of [`Dtype::name`].
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dtype| dtype.name() == name)
    }

    /// Reads one little-endian element as a double; integers beyond 2^53 are rounded.
    pub fn read_f64(self, bytes: &[u8]) -> f64 {
        macro_rules! read {
            ($kind:ty) => {{
                let mut raw = [0; size_of::<$kind>()];
                raw.copy_from_slice(&bytes[..size_of::<$kind>()]);
                <$kind>::from_le_bytes(raw)
            }};
        }
        match self {
            Self::Bool | Self::Uint8 => f64::from(bytes[0]),
            Self::Uint16 => f64::from(read!(u16)),
            Self::Uint32 => f64::from(read!(u32)),
            Self::Uint64 => read!(u64) as f64,
            Self::Int8 => f64::from(read!(i8)),
            Self::Int16 => f64::from(read!(i16)),
            Self::Int32 => f64::from(read!(i32)),
            Self::Int64 => read!(i64) as f64,
            Self::Float16 => half::f16::from_bits(read!(u16)).to_f64(),
            Self::Float32 => f64::from(read!(f32)),
            Self::Float64 => read!(f64),
        }
    }
}

impl std::fmt::Display for Dtype {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// A dense array: `data` holds `shape.product()` elements of `dtype`, little-endian, last axis fastest.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    dtype: Dtype,
    shape: Vec<usize>,
    data: Vec<u8>,
}

impl Array {
    /// Checks that `data` is as long as `shape` and `dtype` say.
    pub fn new(dtype: Dtype, shape: Vec<usize>, data: Vec<u8>) -> Result<Self> {
        let expected = shape
            .iter()
            .try_fold(dtype.size(), |bytes, &n| bytes.checked_mul(n))
            .ok_or_else(|| Error::TooLarge { what: "array".into(), limit: usize::MAX as u64, found: u64::MAX })?;
        if expected != data.len() {
            return Err(Error::ShapeMismatch {
                field: "array".into(),
                expected: format!("{expected} bytes for {dtype} {shape:?}"),
                found: format!("{} bytes", data.len()),
            });
        }
        Ok(Self { dtype, shape, data })
    }

    /// A vector of single-precision floats.
    pub fn from_f32(values: &[f32]) -> Self {
        Self {
            dtype: Dtype::Float32,
            shape: vec![values.len()],
            data: values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        }
    }

    /// One double, of no dimensions.
    pub fn scalar(value: f64) -> Self {
        Self { dtype: Dtype::Float64, shape: vec![], data: value.to_le_bytes().to_vec() }
    }

    /// One 64-bit integer, of no dimensions.
    pub fn scalar_i64(value: i64) -> Self {
        Self { dtype: Dtype::Int64, shape: vec![], data: value.to_le_bytes().to_vec() }
    }

    /// The type of each element.
    pub fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// Lengths of the axes, outermost first; empty for a single number.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The elements, little-endian, last axis fastest.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// Gives the bytes away.
    pub fn into_data(self) -> Vec<u8> {
        self.data
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.data.len() / self.dtype.size()
    }

    /// True when some axis has length zero.
    pub fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// All elements as doubles, flat.
    pub fn to_f64(&self) -> Vec<f64> {
        self.data.chunks_exact(self.dtype.size()).map(|bytes| self.dtype.read_f64(bytes)).collect()
    }
}
