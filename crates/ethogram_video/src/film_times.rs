//! What an mp4 that somebody else made says of its frames: how many, how fast, how large. No frame is decoded.
//!
//! **Source** ISO/IEC 14496-12: `moov`, `trak`, `mdhd`, `hdlr`, `tkhd`, `stts`, `stsd`.

use crate::{Error, Result};

/// Boxes next to each other that are looked at; files have a dozen.
const BOXES_MAX: usize = 100_000;
/// Entries of a table of times that are added up.
const TIMES_MAX: usize = 10_000_000;

/// The frames of a film.
#[derive(Clone, Debug, PartialEq)]
pub struct FilmTimes {
    /// How many there are.
    pub frames: u64,
    /// Frames a second: how many there are by how long they are shown together.
    pub fps: f64,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Four letters, `avc1` for H.264. Browsers play few others.
    pub codec: String,
}

impl FilmTimes {
    /// Reads them from the whole file.
    ///
    /// # Errors
    /// [`Error::NotAFilm`] where it is no mp4 with a moving picture, or ends in the middle.
    pub fn of_mp4(file: &[u8]) -> Result<Self> {
        if file.get(4..8) != Some(b"ftyp") {
            return Err(not_a_film("the bytes `ftyp` of an mp4 at its beginning"));
        }
        let movie = find(file, *b"moov").ok_or_else(|| not_a_film("a box `moov`: the file ends before its tables"))?;
        let picture = boxes(movie).filter(|(kind, _)| kind == b"trak").find_map(|(_, track)| of_track(track));
        picture.ok_or_else(|| not_a_film("a track of pictures that are shown for some time"))
    }
}

fn not_a_film(expected: &'static str) -> Error {
    Error::NotAFilm { expected }
}

/// The frames of a track; `None` where it is no track of pictures, or nothing is in it.
fn of_track(track: &[u8]) -> Option<FilmTimes> {
    let media = find(track, *b"mdia")?;
    if find(media, *b"hdlr")?.get(8..12)? != b"vide" {
        return None;
    }
    let head = find(media, *b"mdhd")?;
    // Version 1 has times of eight bytes.
    let ticks_a_second = f64::from(u32_at(head, if head.first()? == &1 { 20 } else { 12 })?);
    let table = find(find(media, *b"minf")?, *b"stbl")?;
    let times = find(table, *b"stts")?;
    let entries = usize::try_from(u32_at(times, 4)?).ok()?.min(TIMES_MAX);
    let (mut frames, mut ticks) = (0_u64, 0_u64);
    for entry in times.get(8..)?.chunks_exact(8).take(entries) {
        let (count, each) = (u64::from(u32_at(entry, 0)?), u64::from(u32_at(entry, 4)?));
        frames = frames.checked_add(count)?;
        ticks = ticks.checked_add(count.checked_mul(each)?)?;
    }
    let fps = frames as f64 * ticks_a_second / ticks as f64;
    if frames == 0 || !fps.is_finite() || fps <= 0.0 {
        return None;
    }
    let header = find(track, *b"tkhd")?;
    let size = if header.first()? == &1 { 88 } else { 76 };
    let letters = find(table, *b"stsd")?.get(12..16)?;
    let codec = letters.iter().map(|byte| if byte.is_ascii_alphanumeric() { char::from(*byte) } else { '?' }).collect();
    // 16.16.
    let (width, height) = (u32_at(header, size)? >> 16, u32_at(header, size + 4)? >> 16);
    Some(FilmTimes { frames, fps, width, height, codec })
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_be_bytes(four.try_into().ok()?))
}

fn find(bytes: &[u8], kind: [u8; 4]) -> Option<&[u8]> {
    boxes(bytes).find_map(|(found, content)| (found == kind).then_some(content))
}

/// The boxes next to each other, as far as they are whole.
fn boxes(mut bytes: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    std::iter::from_fn(move || {
        let kind: [u8; 4] = bytes.get(4..8)?.try_into().ok()?;
        let (head, size) = match u32_at(bytes, 0)? {
            // To the end of the file.
            0 => (8, bytes.len()),
            1 => (16, usize::try_from(u64::from_be_bytes(bytes.get(8..16)?.try_into().ok()?)).ok()?),
            size => (8, size as usize),
        };
        let content = bytes.get(head..size)?;
        bytes = &bytes[size..];
        Some((kind, content))
    })
    .take(BOXES_MAX)
}
