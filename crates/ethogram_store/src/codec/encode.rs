//! Rows into frame groups.

use zstd::bulk::Compressor;

use super::header::{GroupHeader, limit};
use super::layout::FrameLayout;
use super::pictures::split;
use super::{CODECS, Codec, codec_of};
use crate::{Error, Result};

/// How much time to spend on bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// While training: zstd 3, groups of 32.
    Live,
    /// Once, afterwards: zstd 9, groups of 64.
    Sealed,
}

impl Effort {
    fn level(self) -> i32 {
        match self {
            Self::Live => 3,
            Self::Sealed => 9,
        }
    }

    /// Rows that go well into one group. Fewer where rows are large, so that any one of them is had in a few milliseconds.
    pub fn rows_per_group(self, layout: &FrameLayout) -> usize {
        let rows = match self {
            Self::Live => 32,
            Self::Sealed => 64,
        };
        rows.min(Self::GROUP_BYTES / layout.row_bytes().max(1)).clamp(1, GroupHeader::FRAMES_MAX / layout.planes())
    }

    /// Groups are cut near this many bytes of rows; 16 RGB frames of 600×400.
    const GROUP_BYTES: usize = 12 << 20;
}

/// Encodes the rows of one field, group after group.
///
/// All codecs are tried on the first group; the best is kept while it does as well as it did then,
/// and the choice is looked at again every [`FrameEncoder::GROUPS_BETWEEN_TRIALS`] groups.
pub struct FrameEncoder {
    level: i32,
    choice: Option<Choice>,
    compressor: Option<Compressor<'static>>,
    gathered: Vec<u8>,
    raw: Vec<u8>,
    palette: Vec<u8>,
}

struct Choice {
    codec: u8,
    layout: FrameLayout,
    asked: FrameLayout,
    bytes_per_row: usize,
    groups_since: u32,
}

impl FrameEncoder {
    /// A choice of codec is at most this old.
    pub const GROUPS_BETWEEN_TRIALS: u32 = 64;

    /// A choice is this old at least before a group that came out large leads to another trial.
    const GROUPS_BEFORE_TRIAL: u32 = 8;

    /// Starts with nothing known about the field.
    pub fn new(effort: Effort) -> Self {
        Self {
            level: effort.level(),
            choice: None,
            compressor: None,
            gathered: Vec::new(),
            raw: Vec::new(),
            palette: Vec::new(),
        }
    }

    /// One group of these rows, each of [`FrameLayout::row_bytes`] bytes.
    ///
    /// # Errors
    /// [`Error::ShapeMismatch`] when a row has another length; [`Error::TooLarge`] above the limits of a group
    /// ([`GroupHeader::ROWS_MAX`], [`GroupHeader::FRAMES_MAX`], [`GroupHeader::DECODED_MAX`]).
    pub fn encode(&mut self, layout: &FrameLayout, rows: &[&[u8]]) -> Result<Vec<u8>> {
        check(layout, rows)?;
        if let Some(choice) = self.choice.take_if(|choice| choice.asked == *layout)
            && let Some(group) = self.encode_as(choice.codec, &choice.layout, rows)?
        {
            let bytes_per_row = group.len() / rows.len().max(1);
            let grown = bytes_per_row > choice.bytes_per_row + choice.bytes_per_row / 2;
            let groups_since = choice.groups_since + 1;
            let stale =
                groups_since >= Self::GROUPS_BETWEEN_TRIALS || (grown && groups_since >= Self::GROUPS_BEFORE_TRIAL);
            self.choice = (!stale).then_some(Choice { groups_since, ..choice });
            return Ok(group);
        }
        self.encode_smallest(layout, rows)
    }

    /// Tries every codec, and every reading of the shape.
    fn encode_smallest(&mut self, asked: &FrameLayout, rows: &[&[u8]]) -> Result<Vec<u8>> {
        let mut best: Option<(Vec<u8>, u8, FrameLayout)> = None;
        let stacked = asked.as_planes_last().filter(|layout| rows.len() * layout.planes() <= GroupHeader::FRAMES_MAX);
        for layout in std::iter::once(*asked).chain(stacked) {
            for codec in CODECS {
                if let Some(group) = self.encode_as(codec.id(), &layout, rows)?
                    && best.as_ref().is_none_or(|(smallest, ..)| group.len() < smallest.len())
                {
                    best = Some((group, codec.id(), layout));
                }
            }
        }
        let Some((group, codec, layout)) = best else {
            return Err(Error::NotFound { what: format!("codec for rows of shape {:?}", asked.row_shape()) });
        };
        if !rows.is_empty() {
            let bytes_per_row = group.len() / rows.len();
            self.choice = Some(Choice { codec, layout, asked: *asked, bytes_per_row, groups_since: 0 });
        }
        Ok(group)
    }

    /// `None` when the codec cannot hold these rows.
    fn encode_as(&mut self, codec: u8, layout: &FrameLayout, rows: &[&[u8]]) -> Result<Option<Vec<u8>>> {
        let Some(codec) = codec_of(codec) else { return Ok(None) };
        let pictures = split(layout, rows, &mut self.gathered);
        let channels = usize::from(layout.channels);
        self.palette.clear();
        if !codec.transform(&pictures.stored, channels, layout.width as usize, &mut self.raw, &mut self.palette) {
            return Ok(None);
        }
        let compressed;
        let payload: &[u8] = if codec.is_compressed() {
            compressed = compress(&mut self.compressor, self.level, &self.raw)?;
            &compressed
        } else {
            &self.raw
        };
        let header = GroupHeader {
            codec: codec.id(),
            layout: *layout,
            count: rows.len() as u16,
            frames: pictures.stored.len() as u16,
            colours: (self.palette.len() / channels) as u16,
            payload: payload.len() as u32,
            raw: self.raw.len() as u32,
        };
        let mut group = Vec::with_capacity(header.payload_range().end);
        group.extend_from_slice(&header.to_bytes());
        group.extend_from_slice(&self.palette);
        group.extend(pictures.planes.iter().flat_map(|number| number.to_le_bytes()));
        group.extend_from_slice(payload);
        Ok(Some(group))
    }
}

impl std::fmt::Debug for FrameEncoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let codec = self.choice.as_ref().and_then(|choice| codec_of(choice.codec)).map(Codec::name);
        f.debug_struct("FrameEncoder").field("level", &self.level).field("codec", &codec).finish_non_exhaustive()
    }
}

/// One group, all codecs tried. For a stream of groups keep a [`FrameEncoder`].
pub fn encode_group(layout: &FrameLayout, rows: &[&[u8]], effort: Effort) -> Result<Vec<u8>> {
    FrameEncoder::new(effort).encode(layout, rows)
}

fn check(layout: &FrameLayout, rows: &[&[u8]]) -> Result<()> {
    if !layout.is_consistent() {
        return Err(super::header::corrupt("shape", "a layout of FrameLayout::of_shape", format!("{layout:?}")));
    }
    if let Some(row) = rows.iter().find(|row| row.len() != layout.row_bytes()) {
        return Err(Error::ShapeMismatch {
            field: "frames".into(),
            expected: format!("{} bytes for uint8 {:?}", layout.row_bytes(), layout.row_shape()),
            found: format!("{} bytes", row.len()),
        });
    }
    limit("rows of a frame group", GroupHeader::ROWS_MAX as u64, rows.len() as u64)?;
    if layout.stack > 0 {
        limit("planes of a frame group", GroupHeader::FRAMES_MAX as u64, (rows.len() * layout.planes()) as u64)?;
    }
    limit("bytes of a decoded frame group", GroupHeader::DECODED_MAX, (rows.len() * layout.row_bytes()) as u64)
}

fn compress(compressor: &mut Option<Compressor<'static>>, level: i32, raw: &[u8]) -> Result<Vec<u8>> {
    let failed = |source| Error::Io { action: "compress", path: "frame group".into(), source };
    if compressor.is_none() {
        *compressor = Some(Compressor::new(level).map_err(failed)?);
    }
    match compressor {
        Some(compressor) => compressor.compress(raw).map_err(failed),
        None => Ok(Vec::new()),
    }
}
