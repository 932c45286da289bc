//! Tensors in ONNX files: weights and constants.

use half::{bf16, f16};

use super::wire::Fields;
use crate::error::{Error, Result, within};
use crate::limits::Limits;
use crate::tensor::{Data, Tensor, elements};

/// Bytes of weights that lie beside the model file: path, offset and length, as the file says them.
pub type External<'e> = dyn Fn(&str, u64, Option<u64>) -> Result<Vec<u8>> + 'e;

#[derive(Default)]
struct Encoded<'a> {
    name: String,
    dims: Vec<i64>,
    data_type: i64,
    floats: Vec<f32>,
    ints: Vec<i64>,
    doubles: Vec<f64>,
    raw: Option<&'a [u8]>,
    external: Vec<(String, String)>,
    location: i64,
}

/// Name and value of an encoded tensor. `external` fetches what lies outside the file.
pub fn tensor_from_proto(bytes: &[u8], limits: &Limits, external: &External<'_>) -> Result<(String, Tensor)> {
    let mut encoded = Encoded::default();
    let mut fields = Fields::new(bytes);
    while let Some((number, value)) = fields.next()? {
        match number {
            1 => value.ints_into(&mut encoded.dims)?,
            2 => encoded.data_type = value.int()?,
            4 => value.floats_into(&mut encoded.floats)?,
            5 | 7 | 11 => value.ints_into(&mut encoded.ints)?,
            8 => encoded.name = value.text()?,
            9 => encoded.raw = Some(value.bytes()?),
            10 => value.doubles_into(&mut encoded.doubles)?,
            13 => encoded.external.push(entry(value.bytes()?)?),
            14 => encoded.location = value.int()?,
            _ => {}
        }
    }
    let tensor = encoded.decode(limits, external)?;
    Ok((encoded.name, tensor))
}

impl Encoded<'_> {
    fn decode(&self, limits: &Limits, external: &External<'_>) -> Result<Tensor> {
        let shape = self.shape(limits)?;
        let count: usize = shape.iter().product();
        let owned;
        let raw = match (self.location, self.raw) {
            (1, _) => {
                owned = self.fetch(external)?;
                Some(owned.as_slice())
            }
            (_, raw) => raw,
        };
        let data = match raw {
            Some(raw) => self.raw_data(raw, count)?,
            None => self.list_data(count)?,
        };
        Tensor::new(shape, data).map_err(|_| self.wrong(format!("its data does not fill shape {:?}", self.dims)))
    }

    fn shape(&self, limits: &Limits) -> Result<Vec<usize>> {
        within(format!("the rank of {:?}", self.name), self.dims.len() as u64, "rank", limits.rank)?;
        let shape: Option<Vec<usize>> = self.dims.iter().map(|&dim| usize::try_from(dim).ok()).collect();
        let shape = shape.ok_or_else(|| self.wrong(format!("shape {:?} has a negative length", self.dims)))?;
        let count = elements(&shape).map_or(u64::MAX, |count| count as u64);
        within(format!("the size of {:?}", self.name), count, "tensor_elements", limits.tensor_elements)?;
        Ok(shape)
    }

    fn fetch(&self, external: &External<'_>) -> Result<Vec<u8>> {
        let member = |key: &str| self.external.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str());
        let number = |key: &str| {
            member(key)
                .map(|text| text.parse::<u64>().map_err(|_| self.wrong(format!("external {key} is {text:?}"))))
                .transpose()
        };
        let path = member("location").ok_or_else(|| self.wrong("its data lies outside, nowhere said"))?;
        external(path, number("offset")?.unwrap_or(0), number("length")?)
    }

    fn raw_data(&self, raw: &[u8], count: usize) -> Result<Data> {
        let width = match self.data_type {
            2 | 3 | 9 => 1,
            4 | 5 | 10 | 16 => 2,
            1 | 6 | 12 => 4,
            7 | 11 | 13 => 8,
            other => return Err(self.wrong(format!("element type {other} is not read"))),
        };
        if count.checked_mul(width) != Some(raw.len()) {
            return Err(self.wrong(format!("{} bytes where shape {:?} needs {count} × {width}", raw.len(), self.dims)));
        }
        fn map<const N: usize, T>(raw: &[u8], value: impl Fn([u8; N]) -> T) -> Vec<T> {
            raw.as_chunks::<N>().0.iter().map(|chunk| value(*chunk)).collect()
        }
        Ok(match self.data_type {
            1 => Data::F32(map(raw, f32::from_le_bytes)),
            10 => Data::F32(map(raw, |bytes| f16::from_le_bytes(bytes).to_f32())),
            16 => Data::F32(map(raw, |bytes| bf16::from_le_bytes(bytes).to_f32())),
            11 => Data::F32(map(raw, |bytes| f64::from_le_bytes(bytes) as f32)),
            2 => Data::I64(map(raw, |bytes: [u8; 1]| i64::from(bytes[0]))),
            3 => Data::I64(map(raw, |bytes| i64::from(i8::from_le_bytes(bytes)))),
            4 => Data::I64(map(raw, |bytes| i64::from(u16::from_le_bytes(bytes)))),
            5 => Data::I64(map(raw, |bytes| i64::from(i16::from_le_bytes(bytes)))),
            6 => Data::I64(map(raw, |bytes| i64::from(i32::from_le_bytes(bytes)))),
            12 => Data::I64(map(raw, |bytes| i64::from(u32::from_le_bytes(bytes)))),
            7 | 13 => Data::I64(map(raw, i64::from_le_bytes)),
            _ => Data::Bool(map(raw, |bytes: [u8; 1]| bytes[0] != 0)),
        })
    }

    fn list_data(&self, count: usize) -> Result<Data> {
        let data = match self.data_type {
            1 => Data::F32(self.floats.clone()),
            11 => Data::F32(self.doubles.iter().map(|&value| value as f32).collect()),
            10 => Data::F32(self.ints.iter().map(|&bits| f16::from_bits(bits as u16).to_f32()).collect()),
            16 => Data::F32(self.ints.iter().map(|&bits| bf16::from_bits(bits as u16).to_f32()).collect()),
            2..=7 | 12 | 13 => Data::I64(self.ints.clone()),
            9 => Data::Bool(self.ints.iter().map(|&value| value != 0).collect()),
            other => return Err(self.wrong(format!("element type {other} is not read"))),
        };
        let found = match &data {
            Data::F32(values) => values.len(),
            Data::I64(values) => values.len(),
            Data::Bool(values) => values.len(),
        };
        if found != count {
            return Err(self.wrong(format!("{found} numbers where shape {:?} needs {count}", self.dims)));
        }
        Ok(data)
    }

    fn wrong(&self, why: impl AsRef<str>) -> Error {
        Error::Inconsistent(format!("tensor {:?}: {}", self.name, why.as_ref()))
    }
}

fn entry(bytes: &[u8]) -> Result<(String, String)> {
    let (mut key, mut value) = (String::new(), String::new());
    let mut fields = Fields::new(bytes);
    while let Some((number, field)) = fields.next()? {
        match number {
            1 => key = field.text()?,
            2 => value = field.text()?,
            _ => {}
        }
    }
    Ok((key, value))
}
