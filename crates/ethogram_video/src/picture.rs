//! A picture as it comes: three bytes a pixel.

use crate::{Error, Result};

/// Pixels of red, green and blue, row after row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    width: u32,
    height: u32,
    rgb: Vec<u8>,
}

impl Picture {
    /// **Errors**: `rgb` does not hold three bytes a pixel.
    pub fn new(width: u32, height: u32, rgb: Vec<u8>) -> Result<Self> {
        if rgb.len() as u64 != 3 * u64::from(width) * u64::from(height) {
            return Err(Error::ShapeMismatch {
                what: "bytes of a picture",
                expected: format!("3 × {width} × {height}"),
                found: rgb.len().to_string(),
            });
        }
        Ok(Self { width, height, rgb })
    }

    /// Pixels a row.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Rows of pixels.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Three bytes a pixel.
    pub fn rgb(&self) -> &[u8] {
        &self.rgb
    }

    /// The bytes, to be written anew.
    pub fn rgb_mut(&mut self) -> &mut [u8] {
        &mut self.rgb
    }

    /// Takes its colours away, as a browser's `grayscale(1)` does.
    pub fn to_grey(&mut self) {
        for pixel in self.rgb.chunks_exact_mut(3) {
            let [r, g, b] = [0, 1, 2].map(|channel| f32::from(pixel[channel]));
            pixel.fill((0.2126 * r + 0.7152 * g + 0.0722 * b).round() as u8);
        }
    }
}
