//! Event files as `SummaryWriter` writes them, for the peers: scalars and pictures.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::Result;

/// Writes one event file.
pub struct EventFile {
    file: BufWriter<File>,
    event: Vec<u8>,
    value: Vec<u8>,
}

impl EventFile {
    /// Begins `FOLDER/events.out.tfevents.0.bench`.
    pub fn create(folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        let file = BufWriter::new(File::create(folder.join("events.out.tfevents.0.bench"))?);
        let mut events = Self { file, event: Vec::new(), value: Vec::new() };
        // Event.file_version
        events.event.extend_from_slice(&[0x1a, 13]);
        events.event.extend_from_slice(b"brain.Event:2");
        events.write_event()?;
        Ok(events)
    }

    /// One scalar, in an event of its own, as `add_scalar` does it.
    pub fn scalar(&mut self, tag: &str, step: i64, time_us: i64, value: f64) -> Result<()> {
        // Summary.Value { tag, simple_value }
        self.value.clear();
        self.value.push(0x0a);
        varint(&mut self.value, tag.len() as u64);
        self.value.extend_from_slice(tag.as_bytes());
        self.value.push(0x15);
        self.value.extend_from_slice(&(value as f32).to_le_bytes());
        self.write_value(step, time_us)
    }

    /// One picture, an event of its own, as `add_image` does it.
    pub fn image(&mut self, tag: &str, step: i64, time_us: i64, [width, height]: [u64; 2], png: &[u8]) -> Result<()> {
        // Summary.Image { height, width, colorspace, encoded_image_string }
        let mut image = vec![0x08];
        varint(&mut image, height);
        image.push(0x10);
        varint(&mut image, width);
        image.extend_from_slice(&[0x18, 3, 0x22]);
        varint(&mut image, png.len() as u64);
        image.extend_from_slice(png);
        // Summary.Value { tag, image }
        self.value.clear();
        self.value.push(0x0a);
        varint(&mut self.value, tag.len() as u64);
        self.value.extend_from_slice(tag.as_bytes());
        self.value.push(0x22);
        varint(&mut self.value, image.len() as u64);
        self.value.extend_from_slice(&image);
        self.write_value(step, time_us)
    }

    fn write_value(&mut self, step: i64, time_us: i64) -> Result<()> {
        // Event { wall_time, step, summary: Summary { value } }
        self.event.clear();
        self.event.push(0x09);
        self.event.extend_from_slice(&(time_us as f64 / 1e6).to_le_bytes());
        self.event.push(0x10);
        varint(&mut self.event, step as u64);
        let mut length = Vec::new();
        varint(&mut length, self.value.len() as u64);
        self.event.push(0x2a);
        varint(&mut self.event, (1 + length.len() + self.value.len()) as u64);
        self.event.push(0x0a);
        self.event.extend_from_slice(&length);
        self.event.extend_from_slice(&self.value);
        self.write_event()
    }

    /// Brings all of it to disk.
    pub fn finish(mut self) -> Result<()> {
        self.file.flush()?;
        Ok(())
    }

    fn write_event(&mut self) -> Result<()> {
        let length = (self.event.len() as u64).to_le_bytes();
        self.file.write_all(&length)?;
        self.file.write_all(&masked_crc(&length).to_le_bytes())?;
        self.file.write_all(&self.event)?;
        self.file.write_all(&masked_crc(&self.event).to_le_bytes())?;
        Ok(())
    }
}

fn varint(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// CRC-32C, rotated and shifted as in the format of TensorFlow's records.
fn masked_crc(bytes: &[u8]) -> u32 {
    let crc = !bytes.iter().fold(!0_u32, |crc, &byte| CRC_TABLE[usize::from(crc as u8 ^ byte)] ^ (crc >> 8));
    crc.rotate_right(15).wrapping_add(0xa282_ead8)
}

/// The polynomial of Castagnoli, reflected.
const CRC_TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let (mut crc, mut bit) = (byte as u32, 0);
        while bit < 8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0x82f6_3b78 } else { crc >> 1 };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_of_the_nine_digits_is_castagnolis() {
        let unmasked = masked_crc(b"123456789").wrapping_sub(0xa282_ead8).rotate_left(15);
        assert_eq!(unmasked, 0xe306_9283);
    }

    #[test]
    fn a_number_takes_seven_bits_a_byte() {
        let mut bytes = Vec::new();
        varint(&mut bytes, 300);
        assert_eq!(bytes, [0xac, 2]);
    }
}
