//! Encoded pictures as pixels.

use std::io::Cursor;

use ethogram_store::{Array, Dtype};
use zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions};

/// Most pixels along a side.
pub const SIDE_MAX: u32 = 16_384;
/// Most bytes that decoding one picture may take.
pub const BYTES_MAX: u64 = 256 << 20;

/// Decodes a PNG, JPEG, GIF, WebP (their first frames) or BMP to H×W×C `uint8`: one, three or four channels. The error says what is wrong.
pub fn pixels(encoded: &[u8]) -> Result<Array, String> {
    let (shape, data) = match encoded {
        [0x89, b'P', b'N', b'G', ..] => png(encoded)?,
        [0xff, 0xd8, 0xff, ..] => jpeg(encoded)?,
        [b'G', b'I', b'F', b'8', ..] => gif(encoded)?,
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => webp(encoded)?,
        [b'B', b'M', ..] => bmp(encoded)?,
        _ => return Err(NO_PICTURE.into()),
    };
    Array::new(Dtype::Uint8, shape, data).map_err(|error| error.to_string())
}

/// The shape that [`pixels`] gives, from the head alone.
pub fn shape(encoded: &[u8]) -> Result<Vec<usize>, String> {
    match encoded {
        [0x89, b'P', b'N', b'G', ..] => png_head(encoded).map(|(_, shape)| shape),
        [0xff, 0xd8, 0xff, ..] => jpeg_head(encoded).map(|(_, _, shape)| shape),
        [b'G', b'I', b'F', b'8', ..] => gif_head(encoded).map(|(_, shape)| shape),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => webp_head(encoded).map(|(_, shape)| shape),
        [b'B', b'M', ..] => bmp_head(encoded).map(|(_, shape)| shape),
        _ => Err(NO_PICTURE.into()),
    }
}

const NO_PICTURE: &str = "neither PNG, JPEG, GIF, WebP nor BMP";

/// Height, width and channels; and the pixels.
type Pixels = (Vec<usize>, Vec<u8>);

/// The shape of a picture, if it is one that may be decoded.
fn bounded(width: u32, height: u32, channels: usize) -> Result<Vec<usize>, String> {
    if width > SIDE_MAX || height > SIDE_MAX {
        return Err(format!("{width}×{height} pixels, over the limit of {SIDE_MAX} a side"));
    }
    let bytes = u64::from(width) * u64::from(height) * channels as u64;
    if bytes > BYTES_MAX {
        return Err(format!("{bytes} bytes of pixels, over the limit of {BYTES_MAX}"));
    }
    Ok(vec![height as usize, width as usize, channels])
}

type Png<'a> = png::Reader<Cursor<&'a [u8]>>;

fn png_head(encoded: &[u8]) -> Result<(Png<'_>, Vec<usize>), String> {
    let limits = png::Limits { bytes: BYTES_MAX as usize };
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(encoded), limits);
    // Palettes and fewer than eight bits become channels of eight; a colour that is see-through becomes a channel.
    decoder.set_transformations(png::Transformations::EXPAND);
    let reader = decoder.read_info().map_err(|error| error.to_string())?;
    let (color, depth) = reader.output_color_type();
    let (width, height) = (reader.info().width, reader.info().height);
    let samples = color.samples();
    bounded(width, height, samples * if depth == png::BitDepth::Sixteen { 2 } else { 1 })?;
    let channels = if color == png::ColorType::GrayscaleAlpha { 4 } else { samples };
    Ok((reader, bounded(width, height, channels)?))
}

fn png(encoded: &[u8]) -> Result<Pixels, String> {
    let (mut reader, shape) = png_head(encoded)?;
    let (color, depth) = reader.output_color_type();
    let size = reader.output_buffer_size().ok_or("more pixels than fit into memory")?;
    let mut data = vec![0; size];
    reader.next_frame(&mut data).map_err(|error| error.to_string())?;
    if depth == png::BitDepth::Sixteen {
        // To the nearest of 256 levels.
        let pairs = data.as_chunks::<2>().0.iter().map(|&pair| u32::from(u16::from_be_bytes(pair)));
        data = pairs.map(|value| ((value + 128) / 257) as u8).collect();
    }
    if color == png::ColorType::GrayscaleAlpha {
        data = data.as_chunks::<2>().0.iter().flat_map(|&[grey, alpha]| [grey, grey, grey, alpha]).collect();
    }
    Ok((shape, data))
}

type Jpeg<'a> = zune_jpeg::JpegDecoder<ZCursor<&'a [u8]>>;

/// The decoder, what it is to give, and the shape of that.
fn jpeg_head(encoded: &[u8]) -> Result<(Jpeg<'_>, DecoderOptions, Vec<usize>), String> {
    let options = DecoderOptions::default()
        .set_strict_mode(false)
        .set_max_width(SIDE_MAX as usize)
        .set_max_height(SIDE_MAX as usize);
    let mut decoder = zune_jpeg::JpegDecoder::new_with_options(ZCursor::new(encoded), options);
    decoder.decode_headers().map_err(|error| error.to_string())?;
    let info = decoder.info().ok_or("a JPEG without its head")?;
    let grey = decoder.input_colorspace() == Some(ColorSpace::Luma);
    let (wanted, channels) = if grey { (ColorSpace::Luma, 1) } else { (ColorSpace::RGB, 3) };
    let shape = bounded(info.width.into(), info.height.into(), channels)?;
    Ok((decoder, options.jpeg_set_out_colorspace(wanted), shape))
}

fn jpeg(encoded: &[u8]) -> Result<Pixels, String> {
    let (mut decoder, options, shape) = jpeg_head(encoded)?;
    decoder.set_options(options);
    Ok((shape, decoder.decode().map_err(|error| error.to_string())?))
}

type Gif<'a> = gif::Decoder<Cursor<&'a [u8]>>;

fn gif_head(encoded: &[u8]) -> Result<(Gif<'_>, Vec<usize>), String> {
    let mut options = gif::DecodeOptions::new();
    options.set_color_output(gif::ColorOutput::RGBA);
    options.set_memory_limit(gif::MemoryLimit::Bytes(std::num::NonZeroU64::new(BYTES_MAX).expect("not zero")));
    let decoder = options.read_info(Cursor::new(encoded)).map_err(|error| error.to_string())?;
    let shape = bounded(decoder.width().into(), decoder.height().into(), 4)?;
    Ok((decoder, shape))
}

fn gif(encoded: &[u8]) -> Result<Pixels, String> {
    let (mut decoder, shape) = gif_head(encoded)?;
    let (width, height) = (usize::from(decoder.width()), usize::from(decoder.height()));
    let frame = decoder.read_next_frame().map_err(|error| error.to_string())?.ok_or("a GIF without a picture")?;
    // The frame may cover a part of the screen only; the rest of it is see-through.
    let mut data = vec![0; width * height * 4];
    let (left, top, own) = (usize::from(frame.left), usize::from(frame.top), usize::from(frame.width));
    let shown = own.min(width.saturating_sub(left)) * 4;
    for (row, from) in frame.buffer.chunks_exact((own * 4).max(1)).enumerate() {
        let start = ((top + row) * width + left) * 4;
        if let Some(to) = data.get_mut(start..start + shown).filter(|_| top + row < height) {
            to.copy_from_slice(&from[..shown]);
        }
    }
    Ok((shape, data))
}

type Webp<'a> = image_webp::WebPDecoder<Cursor<&'a [u8]>>;

fn webp_head(encoded: &[u8]) -> Result<(Webp<'_>, Vec<usize>), String> {
    let mut decoder = image_webp::WebPDecoder::new(Cursor::new(encoded)).map_err(|error| error.to_string())?;
    decoder.set_memory_limit(BYTES_MAX as usize);
    let (width, height) = decoder.dimensions();
    let shape = bounded(width, height, if decoder.has_alpha() { 4 } else { 3 })?;
    Ok((decoder, shape))
}

fn webp(encoded: &[u8]) -> Result<Pixels, String> {
    let (mut decoder, shape) = webp_head(encoded)?;
    let mut data = vec![0; shape.iter().product()];
    let done =
        if decoder.is_animated() { decoder.read_frame(&mut data).map(drop) } else { decoder.read_image(&mut data) };
    done.map_err(|error| error.to_string())?;
    Ok((shape, data))
}

type Bmp<'a> = zune_bmp::BmpDecoder<ZCursor<&'a [u8]>>;

fn bmp_head(encoded: &[u8]) -> Result<(Bmp<'_>, Vec<usize>), String> {
    let options = DecoderOptions::default().set_max_width(SIDE_MAX as usize).set_max_height(SIDE_MAX as usize);
    let mut decoder = zune_bmp::BmpDecoder::new_with_options(ZCursor::new(encoded), options);
    decoder.decode_headers().map_err(|error| format!("{error:?}"))?;
    let (width, height) = decoder.dimensions().ok_or("a BMP without its head")?;
    // Without masks the fourth byte of a pixel has no meaning.
    let plain = encoded.get(30..34) == Some(&[0; 4]);
    let channels = decoder.colorspace().map_or(3, |space| space.num_components()).min(if plain { 3 } else { 4 });
    let side = |length| u32::try_from(length).unwrap_or(u32::MAX);
    let shape = bounded(side(width), side(height), channels)?;
    Ok((decoder, shape))
}

fn bmp(encoded: &[u8]) -> Result<Pixels, String> {
    let (mut decoder, shape) = bmp_head(encoded)?;
    let channels = decoder.colorspace().map_or(3, |space| space.num_components());
    let mut data = decoder.decode().map_err(|error| format!("{error:?}"))?;
    if channels == 4 && shape[2] == 3 {
        data = data.as_chunks::<4>().0.iter().flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
    }
    Ok((shape, data))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A PNG of these raw bytes.
    fn png_of(color: png::ColorType, depth: png::BitDepth, size: [u32; 2], raw: &[u8], palette: &[u8]) -> Vec<u8> {
        let mut encoded = Vec::new();
        let mut encoder = png::Encoder::new(&mut encoded, size[0], size[1]);
        encoder.set_color(color);
        encoder.set_depth(depth);
        if !palette.is_empty() {
            encoder.set_palette(palette);
        }
        let mut writer = encoder.write_header().expect("a head");
        writer.write_image_data(raw).expect("pixels");
        writer.finish().expect("an end");
        encoded
    }

    fn read(encoded: &[u8]) -> (Vec<usize>, Vec<u8>) {
        let array = pixels(encoded).expect("a picture");
        assert_eq!(shape(encoded).as_deref(), Ok(array.shape()), "the head tells the shape");
        (array.shape().to_vec(), array.data().to_vec())
    }

    #[test]
    fn what_is_no_picture_is_said_to_be_none() {
        assert_eq!(pixels(b"not a picture"), Err("neither PNG, JPEG, GIF, WebP nor BMP".into()));
        for head in [b"\x89PNG\r\n\x1a\n".as_slice(), b"\xff\xd8\xff\xe0", b"GIF89a", b"RIFF\x04\0\0\0WEBP", b"BM"] {
            assert!(pixels(head).is_err() && shape(head).is_err());
        }
    }

    #[test]
    fn every_kind_of_png_becomes_one_three_or_four_channels() {
        use png::{BitDepth as Depth, ColorType as Color};
        for (encoded, expected) in [
            (png_of(Color::Grayscale, Depth::One, [3, 1], &[0b1010_0000], &[]), (vec![1, 3, 1], vec![255, 0, 255])),
            (
                png_of(Color::Grayscale, Depth::Sixteen, [3, 1], &[0, 128, 0, 129, 0xff, 0x7e], &[]),
                (vec![1, 3, 1], vec![0, 1, 254]),
            ),
            (
                png_of(Color::GrayscaleAlpha, Depth::Eight, [1, 2], &[7, 255, 9, 0], &[]),
                (vec![2, 1, 4], vec![7, 7, 7, 255, 9, 9, 9, 0]),
            ),
            (
                png_of(Color::Indexed, Depth::Eight, [2, 1], &[1, 0], &[1, 2, 3, 4, 5, 6]),
                (vec![1, 2, 3], vec![4, 5, 6, 1, 2, 3]),
            ),
            (png_of(Color::Rgba, Depth::Eight, [1, 1], &[1, 2, 3, 4], &[]), (vec![1, 1, 4], vec![1, 2, 3, 4])),
        ] {
            assert_eq!(read(&encoded), expected);
        }
    }

    #[test]
    fn a_jpeg_has_one_channel_or_three() {
        let (shape, data) = read(include_bytes!("../../tests/data/jpeg/grey.jpg"));
        assert_eq!((shape, data[0], data[15]), (vec![8, 16, 1], 0, 200));
        // What Pillow reads of the same files.
        let (shape, data) = read(include_bytes!("../../tests/data/jpeg/colour.jpg"));
        assert_eq!((shape, &data[..3], &data[45..48]), (vec![8, 16, 3], &[254, 0, 0][..], &[0, 0, 254][..]));
    }

    #[test]
    fn pictures_of_webp_and_bmp_are_those_that_pillow_reads() {
        for (encoded, expected) in [
            (
                include_bytes!("../../tests/data/pictures/colour.bmp").as_slice(),
                include_str!("../../tests/data/pictures/colour.bmp.json"),
            ),
            (
                include_bytes!("../../tests/data/pictures/grey.bmp"),
                include_str!("../../tests/data/pictures/grey.bmp.json"),
            ),
            (
                include_bytes!("../../tests/data/pictures/clear.bmp"),
                include_str!("../../tests/data/pictures/clear.bmp.json"),
            ),
            (
                include_bytes!("../../tests/data/pictures/exact.webp"),
                include_str!("../../tests/data/pictures/exact.webp.json"),
            ),
            (
                include_bytes!("../../tests/data/pictures/clear.webp"),
                include_str!("../../tests/data/pictures/clear.webp.json"),
            ),
            (
                include_bytes!("../../tests/data/pictures/lossy.webp"),
                include_str!("../../tests/data/pictures/lossy.webp.json"),
            ),
            (
                include_bytes!("../../tests/data/pictures/moving.webp"),
                include_str!("../../tests/data/pictures/moving.webp.json"),
            ),
        ] {
            let expected: serde_json::Value = serde_json::from_str(expected).expect("what Pillow read");
            let (shape, data) = read(encoded);
            assert_eq!(serde_json::json!(shape), expected["shape"]);
            let pixels =
                expected["pixels"].as_array().expect("pixels").iter().map(|value| value.as_i64().unwrap_or(-1));
            for (found, expected) in data.iter().zip(pixels) {
                // Lossy colours may be enlarged otherwise: by one of 256 levels.
                assert!((i64::from(*found) - expected).abs() <= 1, "{found} for {expected}");
            }
        }
    }

    #[test]
    fn the_first_frame_of_a_gif_lies_where_it_says() {
        let mut encoded = Vec::new();
        let mut encoder = gif::Encoder::new(&mut encoded, 3, 2, &[10, 20, 30, 40, 50, 60]).expect("a head");
        let frame =
            gif::Frame { left: 1, top: 1, width: 2, height: 1, buffer: vec![0, 1].into(), ..gif::Frame::default() };
        encoder.write_frame(&frame).expect("a frame");
        drop(encoder);
        let (shape, data) = read(&encoded);
        assert_eq!(shape, [2, 3, 4]);
        assert_eq!(data[..16], [0; 16]);
        assert_eq!(data[16..], [10, 20, 30, 255, 40, 50, 60, 255]);
    }

    #[test]
    fn a_picture_beyond_the_limits_is_refused_by_its_head() {
        let mut encoded = png_of(png::ColorType::Grayscale, png::BitDepth::Eight, [1, 1], &[0], &[]);
        // The width, and the checksum of the head made anew.
        encoded[16..20].copy_from_slice(&20_000_u32.to_be_bytes());
        let sum = crc32fast::hash(&encoded[12..29]).to_be_bytes();
        encoded[29..33].copy_from_slice(&sum);
        let error = pixels(&encoded).expect_err("too wide");
        assert_eq!(shape(&encoded).expect_err("too wide"), error);
        assert!(error.contains("20000×1 pixels, over the limit of 16384 a side"), "{error}");
    }
}
