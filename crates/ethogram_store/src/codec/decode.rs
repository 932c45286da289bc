//! Frame groups back into rows.

use std::io::Read;
use std::ops::Range;

use super::header::{GroupHeader, corrupt};
use super::layout::LayoutKind;
use super::{codec_of, palette, xor};
use crate::{Array, Dtype, Error, Result};

/// All rows of a group: `uint8`, the rows on the first axis, the shape of a row as it was logged on the others.
///
/// # Errors
/// As [`GroupHeader::parse`], and [`Error::Corrupt`] when the payload is not what the header says.
pub fn decode_group(group: &[u8]) -> Result<Array> {
    decode_rows(group, 0..usize::from(u16::MAX))
}

/// One row of a group, in the shape in which it was logged.
///
/// # Errors
/// As [`decode_group`]; [`Error::NotFound`] when the group has no such row.
pub fn decode_frame(group: &[u8], index: usize) -> Result<Array> {
    let rows = decode_rows(group, index..index.saturating_add(1))?;
    if rows.is_empty() {
        return Err(Error::NotFound { what: format!("row {index} in a group of frames") });
    }
    let shape = rows.shape()[1..].to_vec();
    Array::new(Dtype::Uint8, shape, rows.into_data())
}

/// Some rows of a group, `uint8`, the rows on the first axis. What lies behind the last of them is not decompressed;
/// a range that reaches beyond the group is cut.
pub fn decode_rows(group: &[u8], rows: Range<usize>) -> Result<Array> {
    let header = GroupHeader::parse(group)?;
    let end = rows.end.min(usize::from(header.count));
    let rows = rows.start.min(end)..end;
    let layout = &header.layout;
    let planes = planes(&header, group, &rows)?;

    let pictures = planes.iter().max().map_or(0, |&last| last + 1);
    let stored = pictures_up_to(&header, group, pictures)?;
    let stored_bytes = header.stored_picture_bytes();
    let palette = &group[header.palette_range()];
    let has_palette = codec_of(header.codec).is_some_and(super::Codec::has_palette);

    let mut data = vec![0; rows.len() * layout.row_bytes()];
    let mut plane_data = vec![0; if layout.kind == LayoutKind::PlanesLast { layout.picture_bytes() } else { 0 }];
    for (position, &picture) in planes.iter().enumerate() {
        let samples = &stored[picture * stored_bytes..][..stored_bytes];
        let out = if layout.kind == LayoutKind::PlanesLast {
            &mut plane_data[..]
        } else {
            &mut data[position * layout.picture_bytes()..][..layout.picture_bytes()]
        };
        if !has_palette {
            out.copy_from_slice(samples);
        } else if !palette::expand(palette, usize::from(layout.channels), samples, out) {
            return Err(corrupt("palette", "an entry for every pixel", format!("{} entries", header.colours)));
        }
        if layout.kind == LayoutKind::PlanesLast {
            let (row, plane) = (position / layout.planes(), position % layout.planes());
            let pixels = data[row * layout.row_bytes()..][..layout.row_bytes()].chunks_exact_mut(layout.planes());
            for (pixel, &sample) in pixels.zip(&plane_data) {
                pixel[plane] = sample;
            }
        }
    }
    let mut shape = vec![rows.len()];
    shape.extend(layout.row_shape());
    Array::new(Dtype::Uint8, shape, data)
}

/// Which stored picture each plane of each of these rows is.
fn planes(header: &GroupHeader, group: &[u8], rows: &Range<usize>) -> Result<Vec<usize>> {
    let stack = usize::from(header.layout.stack);
    if stack == 0 {
        return Ok(rows.clone().collect());
    }
    let table = &group[header.planes_range()][rows.start * stack * 2..rows.end * stack * 2];
    let planes: Vec<_> =
        table.chunks_exact(2).map(|pair| usize::from(u16::from_le_bytes([pair[0], pair[1]]))).collect();
    match planes.iter().find(|&&plane| plane >= usize::from(header.frames)) {
        Some(plane) => Err(corrupt("plane", &format!("below {}", header.frames), plane.to_string())),
        None => Ok(planes),
    }
}

/// The first `count` stored pictures, differences undone.
fn pictures_up_to(header: &GroupHeader, group: &[u8], count: usize) -> Result<Vec<u8>> {
    let wanted = count * header.stored_picture_bytes();
    let payload = &group[header.payload_range()];
    let Some(codec) = codec_of(header.codec) else { return Ok(Vec::new()) };
    let mut raw = if codec.is_compressed() {
        decompress(payload, wanted, header.raw as usize)?
    } else {
        payload[..wanted].to_vec()
    };
    if codec.is_delta() {
        xor::undo(&mut raw, header.stored_picture_bytes());
    }
    Ok(raw)
}

/// The first `wanted` of `all` bytes. The header has been checked, so `all` is within [`GroupHeader::DECODED_MAX`].
fn decompress(payload: &[u8], wanted: usize, all: usize) -> Result<Vec<u8>> {
    let failed = |source: std::io::Error| {
        let found = format!("what zstd calls {:?}", source.to_string());
        corrupt("payload", &format!("a zstd frame of {all} bytes"), found)
    };
    // A frame that announces another size is refused before anything is allocated for it.
    match zstd::zstd_safe::get_frame_content_size(payload) {
        Ok(Some(size)) if size == all as u64 => {}
        Ok(size) => return Err(corrupt("payload", &format!("{all} bytes"), format!("{size:?} bytes"))),
        Err(_) => return Err(corrupt("payload", "a zstd frame", "something else")),
    }
    let mut raw = vec![0; wanted];
    if wanted == all {
        let found = zstd::bulk::decompress_to_buffer(payload, raw.as_mut_slice()).map_err(failed)?;
        if found != all {
            return Err(corrupt("payload", &format!("{all} bytes"), format!("{found} bytes")));
        }
    } else if wanted > 0 {
        let mut decoder = zstd::stream::read::Decoder::with_buffer(payload).map_err(failed)?;
        decoder.read_exact(&mut raw).map_err(failed)?;
    }
    Ok(raw)
}

impl Error {
    /// The same fact with the file in which it was found, where it did not say one.
    #[must_use]
    pub fn in_file(self, file: &std::path::Path) -> Self {
        match self {
            Self::Corrupt { what, expected, found, path } if path.as_os_str().is_empty() => {
                Self::Corrupt { what, expected, found, path: file.to_owned() }
            }
            other => other,
        }
    }
}
