//! Encoded pictures as pixels.

use std::io::Cursor;

use ethogram_store::{Array, Dtype};
use image::{ColorType, DynamicImage, ImageReader, Limits};

/// Most pixels along a side.
pub const SIDE_MAX: u32 = 16_384;
/// Most bytes that decoding one picture may take.
pub const BYTES_MAX: u64 = 256 << 20;

/// Decodes a PNG, JPEG or GIF (its first frame) to H×W×C `uint8`: one, three or four channels. The error says what is wrong.
pub fn pixels(encoded: &[u8]) -> Result<Array, String> {
    let mut reader = ImageReader::new(Cursor::new(encoded)).with_guessed_format().map_err(|error| error.to_string())?;
    if reader.format().is_none() {
        return Err("neither PNG, JPEG nor GIF".into());
    }
    let mut limits = Limits::default();
    (limits.max_image_width, limits.max_image_height, limits.max_alloc) =
        (Some(SIDE_MAX), Some(SIDE_MAX), Some(BYTES_MAX));
    reader.limits(limits);
    let picture = reader.decode().map_err(|error| error.to_string())?;
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let (channels, data) = match picture.color() {
        ColorType::L8 | ColorType::L16 => (1, picture.into_luma8().into_raw()),
        ColorType::La8 | ColorType::La16 | ColorType::Rgba8 | ColorType::Rgba16 | ColorType::Rgba32F => {
            (4, picture.into_rgba8().into_raw())
        }
        _ => (3, DynamicImage::into_rgb8(picture).into_raw()),
    };
    Array::new(Dtype::Uint8, vec![height, width, channels], data).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_picture_is_said_to_be_none() {
        assert_eq!(pixels(b"not a picture"), Err("neither PNG, JPEG nor GIF".into()));
        assert!(pixels(b"\x89PNG\r\n\x1a\n").is_err());
    }
}
