//! `TensorProto`: arrays of numbers and texts.

use ethogram_store::{Array, Dtype};

use super::protobuf::{Fields, NotAMessage, Value, doubles, floats, varints};

/// Most elements of a tensor of which not all are written down.
const FILLED_ELEMENTS_MAX: usize = 1 << 20;
/// Most axes of a tensor.
const AXES_MAX: usize = 32;

/// What a tensor holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Tensor<'a> {
    /// Numbers.
    Numbers(Array),
    /// Texts or other bytes, flat.
    Texts(Vec<&'a [u8]>),
}

/// The fields of a `TensorProto`, as they come.
#[derive(Debug, Default)]
struct Parts<'a> {
    kind: u64,
    shape: Vec<usize>,
    content: Option<&'a [u8]>,
    /// Of `float_val`, `int_val`, …, in eight bytes each: an integer or the bits of a double.
    numbers: Vec<u64>,
    texts: Vec<&'a [u8]>,
}

/// Reads a tensor. The error says what is wrong with it.
pub fn tensor(bytes: &[u8]) -> Result<Tensor<'_>, &'static str> {
    let parts = parts(bytes).map_err(|NotAMessage| "the tensor is no message")?;
    let elements = parts.shape.iter().try_fold(1_usize, |product, &length| product.checked_mul(length));
    let elements = elements.ok_or("the tensor has more elements than can be counted")?;
    if parts.kind == STRING {
        return Ok(Tensor::Texts(parts.texts));
    }
    let dtype = dtype(parts.kind).ok_or("the tensor is of a type that is not read")?;
    if let Some(content) = parts.content.filter(|content| !content.is_empty()) {
        let data = if parts.kind == BFLOAT16 { widened(content) } else { content.to_vec() };
        return Array::new(dtype, parts.shape, data)
            .map(Tensor::Numbers)
            .map_err(|_| "its length is not that of its shape");
    }
    // Fewer values than elements: the last is repeated, as TensorFlow has it; none are zeros.
    let mut numbers = parts.numbers;
    if numbers.len() > elements {
        return Err("the tensor has more values than its shape");
    }
    if numbers.len() < elements && elements > FILLED_ELEMENTS_MAX {
        return Err("the tensor writes down few of its more than 2^20 elements");
    }
    numbers.resize(elements, numbers.last().copied().unwrap_or_default());
    let mut data = Vec::with_capacity(elements * dtype.size());
    for number in numbers {
        write(dtype, parts.kind, number, &mut data);
    }
    Array::new(dtype, parts.shape, data).map(Tensor::Numbers).map_err(|_| "its length is not that of its shape")
}

const STRING: u64 = 7;
const BFLOAT16: u64 = 14;

fn parts(bytes: &[u8]) -> Result<Parts<'_>, NotAMessage> {
    let mut parts = Parts::default();
    for field in Fields::of(bytes) {
        match field? {
            (1, Value::Varint(kind)) => parts.kind = kind,
            (2, Value::Bytes(shape)) => parts.shape = shape_of(shape)?,
            (4, Value::Bytes(content)) => parts.content = Some(content),
            (5, value) => floats(value, |number| parts.numbers.push(f64::from(number).to_bits()))?,
            (6, value) => doubles(value, |number| parts.numbers.push(number.to_bits()))?,
            (7 | 10 | 11 | 13 | 16 | 17, value) => varints(value, |number| parts.numbers.push(number))?,
            (8, Value::Bytes(text)) => parts.texts.push(text),
            _ => {}
        }
    }
    Ok(parts)
}

fn shape_of(bytes: &[u8]) -> Result<Vec<usize>, NotAMessage> {
    let mut shape = Vec::new();
    for field in Fields::of(bytes) {
        let (2, Value::Bytes(dimension)) = field? else { continue };
        let mut length = 0;
        for field in Fields::of(dimension) {
            if let (1, Value::Varint(size)) = field? {
                length = usize::try_from(size).map_err(|_| NotAMessage)?;
            }
        }
        if shape.len() >= AXES_MAX {
            return Err(NotAMessage);
        }
        shape.push(length);
    }
    Ok(shape)
}

/// Of `types.proto`. What half as many bits hold is widened.
fn dtype(kind: u64) -> Option<Dtype> {
    Some(match kind {
        1 | BFLOAT16 => Dtype::Float32,
        2 => Dtype::Float64,
        3 => Dtype::Int32,
        4 => Dtype::Uint8,
        5 => Dtype::Int16,
        6 => Dtype::Int8,
        9 => Dtype::Int64,
        10 => Dtype::Bool,
        17 => Dtype::Uint16,
        19 => Dtype::Float16,
        22 => Dtype::Uint32,
        23 => Dtype::Uint64,
        _ => return None,
    })
}

fn write(dtype: Dtype, kind: u64, number: u64, data: &mut Vec<u8>) {
    match dtype {
        // `half_val` holds the bits of halfs and of bfloat16s.
        Dtype::Float32 if kind == BFLOAT16 => data.extend(((number as u32 & 0xffff) << 16).to_le_bytes()),
        Dtype::Float32 => data.extend((f64::from_bits(number) as f32).to_le_bytes()),
        Dtype::Bool => data.push(u8::from(number != 0)),
        _ => data.extend(&number.to_le_bytes()[..dtype.size()]),
    }
}

fn widened(halves: &[u8]) -> Vec<u8> {
    halves.as_chunks::<2>().0.iter().flat_map(|half| [0, 0, half[0], half[1]]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_stands_for_all_elements() {
        // dtype float, shape [2, 2], float_val 1.5
        let bytes = [8, 1, 18, 8, 18, 2, 8, 2, 18, 2, 8, 2, 0x2d, 0, 0, 0xc0, 0x3f];
        let Ok(Tensor::Numbers(array)) = tensor(&bytes) else { panic!("a tensor") };
        assert_eq!((array.shape(), array.to_f64()), (&[2, 2][..], vec![1.5; 4]));
    }

    #[test]
    fn a_shape_that_claims_too_much_is_refused_before_anything_is_allocated() {
        let bytes = [8, 1, 18, 8, 18, 6, 8, 0xff, 0xff, 0xff, 0xff, 0x0f];
        assert_eq!(tensor(&bytes), Err("the tensor writes down few of its more than 2^20 elements"));
    }

    #[test]
    fn texts_come_as_they_are() {
        assert_eq!(tensor(&[8, 7, 0x42, 2, b'h', b'i']), Ok(Tensor::Texts(vec![b"hi"])));
    }
}
