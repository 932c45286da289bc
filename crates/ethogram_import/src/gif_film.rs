//! The pictures of a GIF, one after the other.
//!
//! **Source** `GIF89a` specification, `CompuServe`, 1990, section 23 (disposal). Where a picture is see-through over nothing, Pillow's
//! reading counts: the colour that the file calls see-through.

use std::io::Read;

use gif::{ColorOutput, DecodeOptions, Decoder, DisposalMethod, Frame, MemoryLimit};

use crate::tfevents::picture::{BYTES_MAX, SIDE_MAX};

/// Most pictures of a film.
const FRAMES_MAX: u64 = 100_000;
/// Most bytes that all of them take, three a pixel.
const FILM_BYTES_MAX: u64 = 1 << 30;

/// How large a film is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Pixels from left to right.
    pub width: usize,
    /// Pixels from top to bottom.
    pub height: usize,
    /// How many pictures.
    pub frames: u64,
}

/// Counts the pictures without decoding them. The error says what is wrong.
pub fn size(file: impl Read) -> Result<Size, String> {
    let mut decoder = opened(file, true)?;
    let mut size = Size { width: decoder.width().into(), height: decoder.height().into(), frames: 0 };
    // A small picture on a huge screen takes the room of the screen.
    bounded(size)?;
    while decoder.next_frame_info().map_err(|error| error.to_string())?.is_some() {
        size.frames += 1;
        bounded(size)?;
    }
    if size.frames == 0 {
        return Err("a GIF without a picture".into());
    }
    Ok(size)
}

/// Hands out the pictures in order, H×W×3 each. The error says what is wrong.
pub fn frames(encoded: &[u8], mut each: impl FnMut(&[u8])) -> Result<Size, String> {
    let mut decoder = opened(encoded, false)?;
    let mut size = Size { width: decoder.width().into(), height: decoder.height().into(), frames: 0 };
    // A small picture on a huge screen takes the room of the screen.
    bounded(size)?;
    let global = decoder.global_palette().map(<[u8]>::to_vec).unwrap_or_default();
    let background = decoder.bg_color().unwrap_or(0);
    let mut screen = Vec::new();
    while let Some(frame) = decoder.read_next_frame().map_err(|error| error.to_string())? {
        size.frames += 1;
        bounded(size)?;
        let palette = frame.palette.as_deref().unwrap_or(&global);
        let nothing = colour(palette, frame.transparent.map_or(background, usize::from));
        if size.frames == 1 {
            screen = nothing.repeat(size.width * size.height);
        }
        // Nothing was there before the first: as Pillow has it, it stays, or what is see-through takes its place.
        let before = (frame.dispose == DisposalMethod::Previous && size.frames > 1).then(|| screen.clone());
        over(frame, size, |at, index| {
            if frame.transparent != Some(index) {
                screen[3 * at..3 * at + 3].copy_from_slice(&colour(palette, index.into()));
            }
        });
        each(&screen);
        match (frame.dispose, before) {
            (DisposalMethod::Previous, Some(before)) => screen = before,
            (DisposalMethod::Previous, None) if frame.transparent.is_none() => {}
            (DisposalMethod::Background | DisposalMethod::Previous, _) => {
                over(frame, size, |at, _| screen[3 * at..3 * at + 3].copy_from_slice(&nothing));
            }
            _ => {}
        }
    }
    if size.frames == 0 { Err("a GIF without a picture".into()) } else { Ok(size) }
}

fn opened<R: Read>(file: R, skip: bool) -> Result<Decoder<R>, String> {
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::Indexed);
    options.skip_frame_decoding(skip);
    options.set_memory_limit(MemoryLimit::Bytes(std::num::NonZeroU64::new(BYTES_MAX).expect("not zero")));
    options.read_info(file).map_err(|error| error.to_string())
}

fn bounded(size: Size) -> Result<(), String> {
    let Size { width, height, frames } = size;
    if width == 0 || height == 0 {
        return Err("a GIF without pixels".into());
    }
    if width.max(height) > SIDE_MAX as usize {
        return Err(format!("{width}×{height} pixels, over the limit of {SIDE_MAX} a side"));
    }
    let bytes = 3 * width as u64 * height as u64;
    if bytes > BYTES_MAX {
        return Err(format!("{width}×{height} pixels, {bytes} bytes a picture, over the limit of {BYTES_MAX}"));
    }
    if frames > FRAMES_MAX || bytes * frames > FILM_BYTES_MAX {
        return Err(format!("more than {FRAMES_MAX} pictures or {FILM_BYTES_MAX} bytes of pixels"));
    }
    Ok(())
}

/// Each place of the screen that a frame covers, and the frame's colour there.
fn over(frame: &Frame<'_>, size: Size, mut each: impl FnMut(usize, u8)) {
    let (left, top, width) = (usize::from(frame.left), usize::from(frame.top), usize::from(frame.width));
    for (row, colours) in frame.buffer.chunks_exact(width.max(1)).enumerate() {
        for (column, &index) in colours.iter().enumerate() {
            if top + row < size.height && left + column < size.width {
                each((top + row) * size.width + left + column, index);
            }
        }
    }
}

fn colour(palette: &[u8], index: usize) -> [u8; 3] {
    palette.as_chunks::<3>().0.get(index).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn pictures_that_cover_each_other_are_what_pillow_reads() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/gif");
        let reference = std::fs::read(folder.join("reference.json")).expect("a reference");
        let reference: std::collections::BTreeMap<String, Vec<u32>> = serde_json::from_slice(&reference).expect("json");
        assert_eq!(reference.len(), 8);
        for (name, expected) in reference {
            let encoded = std::fs::read(folder.join(&name)).expect("a film");
            let mut found = Vec::new();
            let told = frames(&encoded, |picture| found.push(crc32fast::hash(picture))).expect("pictures");
            assert_eq!(found, expected, "{name}");
            assert_eq!(size(&*encoded), Ok(told), "{name}");
        }
    }

    #[test]
    fn a_pixel_on_a_huge_screen_is_refused_before_the_screen_is_made() {
        for side in [10_000_u16, 16_384, u16::MAX] {
            let [low, high] = side.to_le_bytes();
            let head = [b"GIF89a".as_slice(), &[low, high, low, high, 0x80, 0, 0, 0, 0, 0, 255, 255, 255]].concat();
            let frame = [0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0, 0x3b];
            let film = [head, frame.to_vec()].concat();
            for told in [size(&*film), frames(&film, |_| panic!("a picture was made"))] {
                assert!(told.as_ref().is_err_and(|why| why.contains("over the limit")), "{told:?}");
            }
        }
    }

    #[test]
    fn cut_films_are_told() {
        let encoded = include_bytes!("../tests/data/gif/disposal-2.gif");
        for cut in 0..encoded.len() {
            let _ = frames(&encoded[..cut], |_| ());
            let _ = size(&encoded[..cut]);
        }
        assert_eq!(size(&b"GIF89a\x01\0\x01\0\0\0\0;"[..]), Err("Unexpected End of File".into()));
        assert!(bounded(Size { width: 0, height: 1, frames: 1 }).is_err());
        assert!(bounded(Size { width: 20_000, height: 1, frames: 1 }).is_err());
        assert!(bounded(Size { width: 9_000, height: 9_000, frames: 5 }).is_err());
    }
}
