//! Writes event files as TensorFlow, PyTorch and tensorboardX do.

use std::path::Path;

/// Records of one file.
#[derive(Default)]
pub struct Events {
    pub bytes: Vec<u8>,
    /// Where each record begins.
    pub starts: Vec<usize>,
}

/// A field of bytes.
pub fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut field = vec![number << 3 | 2];
    varint(&mut field, bytes.len() as u64);
    field.extend(bytes);
    field
}

/// A field of an integer.
pub fn integer(number: u8, value: i64) -> Vec<u8> {
    let mut field = vec![number << 3];
    varint(&mut field, value as u64);
    field
}

/// A field of a double.
pub fn double(number: u8, value: f64) -> Vec<u8> {
    [vec![number << 3 | 1], value.to_le_bytes().to_vec()].concat()
}

fn varint(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// `SummaryMetadata` of a plug-in.
pub fn metadata(plugin: &str) -> Vec<u8> {
    field(9, &field(1, &field(1, plugin.as_bytes())))
}

/// A `TensorProto` with its bytes as they are.
pub fn tensor(dtype: i64, shape: &[i64], content: &[u8]) -> Vec<u8> {
    let shape: Vec<u8> = shape.iter().flat_map(|&length| field(2, &integer(1, length))).collect();
    field(8, &[integer(1, dtype), field(2, &shape), field(4, content)].concat())
}

/// A `TensorProto` of texts.
pub fn texts(shape: &[i64], texts: &[&[u8]]) -> Vec<u8> {
    let shape: Vec<u8> = shape.iter().flat_map(|&length| field(2, &integer(1, length))).collect();
    let texts: Vec<u8> = texts.iter().flat_map(|text| field(8, text)).collect();
    field(8, &[integer(1, 7), field(2, &shape), texts].concat())
}

impl Events {
    /// A file of the version that all write since 2017.
    pub fn new() -> Self {
        let mut events = Self::default();
        events.record(&[double(1, 1e9), field(3, b"brain.Event:2")].concat());
        events
    }

    /// A record with sound checksums.
    pub fn record(&mut self, event: &[u8]) -> &mut Self {
        self.starts.push(self.bytes.len());
        let length = (event.len() as u64).to_le_bytes();
        self.bytes.extend(length);
        self.bytes.extend(masked_crc(&length).to_le_bytes());
        self.bytes.extend(event);
        self.bytes.extend(masked_crc(event).to_le_bytes());
        self
    }

    /// An event of one value, whose fields follow its tag. The wall time is 1e9 seconds and the step.
    pub fn value(&mut self, tag: &str, step: i64, fields: &[Vec<u8>]) -> &mut Self {
        let value = [field(1, tag.as_bytes()), fields.concat()].concat();
        self.record(&[double(1, 1e9 + step as f64), integer(2, step), field(5, &field(1, &value))].concat())
    }

    /// `add_scalar`.
    pub fn scalar(&mut self, tag: &str, step: i64, value: f32) -> &mut Self {
        self.value(tag, step, &[[vec![0x15], value.to_le_bytes().to_vec()].concat()])
    }

    /// `SummaryWriter(purge_step=…)`: what was logged at this step and later is void.
    pub fn start(&mut self, step: i64) -> &mut Self {
        self.record(&[double(1, 1e9), integer(2, step), field(7, &integer(1, 1))].concat())
    }

    /// Writes the file.
    pub fn write(&self, path: &Path) {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, &self.bytes).expect("written");
    }
}

fn masked_crc(bytes: &[u8]) -> u32 {
    let mut crc = !0_u32;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0x82f6_3b78 } else { crc >> 1 };
        }
    }
    (!crc).rotate_right(15).wrapping_add(0xa282_ead8)
}
