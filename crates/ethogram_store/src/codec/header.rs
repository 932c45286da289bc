//! The 32 bytes before every frame group.

use std::ops::Range;

use super::codec_of;
use super::layout::{FrameLayout, LayoutKind};
use crate::{Error, Result};

/// What a frame group holds, checked: every length in it agrees with every other, and all are within their limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupHeader {
    /// Id of the codec; one of [`super::CODECS`].
    pub codec: u8,
    /// How a row divides into pictures.
    pub layout: FrameLayout,
    /// Rows in the group.
    pub count: u16,
    /// Pictures stored: `count`, or the number of distinct planes.
    pub frames: u16,
    /// Palette entries, 0 without palette.
    pub colours: u16,
    /// Bytes of the payload.
    pub payload: u32,
    /// Bytes of the payload once decompressed.
    pub raw: u32,
}

impl GroupHeader {
    /// The first four bytes of a group.
    pub const MAGIC: [u8; 4] = *b"EFG1";
    /// Bytes of the header.
    pub const BYTES: usize = 32;
    /// Most rows in a group.
    pub const ROWS_MAX: usize = 1024;
    /// Most pictures stored in a group.
    pub const FRAMES_MAX: usize = u16::MAX as usize;
    /// Most bytes that a group may decode to, as rows and as stored pictures.
    pub const DECODED_MAX: u64 = 256 << 20;

    /// Reads and checks the header of a whole group. Nothing is allocated: what passes here may be.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when the bytes contradict themselves, [`Error::TooLarge`] when a limit is passed.
    pub fn parse(group: &[u8]) -> Result<Self> {
        let Some(head) = group.get(..Self::BYTES) else {
            return Err(corrupt("length", "at least 32 bytes", format!("{} bytes", group.len())));
        };
        if head[..4] != Self::MAGIC {
            return Err(corrupt("magic", "EFG1", head[..4].escape_ascii().to_string()));
        }
        let u16_at = |at: usize| u16::from_le_bytes([head[at], head[at + 1]]);
        let u32_at = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let kind = match head[6] {
            0 => LayoutKind::Picture,
            1 => LayoutKind::PlanesFirst,
            2 => LayoutKind::PlanesLast,
            other => return Err(corrupt("layout", "0, 1 or 2", other.to_string())),
        };
        let header = Self {
            codec: head[4],
            layout: FrameLayout {
                kind,
                channels: head[5],
                stack: head[7],
                height: u32_at(12),
                width: u32_at(16),
                axes: head[22],
            },
            count: u16_at(8),
            frames: u16_at(10),
            colours: u16_at(20),
            payload: u32_at(24),
            raw: u32_at(28),
        };
        if head[23] != 0 {
            return Err(corrupt("reserved byte", "0", head[23].to_string()));
        }
        header.check(group.len())?;
        Ok(header)
    }

    fn check(&self, found_bytes: usize) -> Result<()> {
        let Some(codec) = codec_of(self.codec) else {
            return Err(corrupt("codec", "0 to 3", self.codec.to_string()));
        };
        limit("side of a frame", FrameLayout::SIDE_MAX as u64, u64::from(self.layout.height.max(self.layout.width)))?;
        if !self.layout.is_consistent() {
            return Err(corrupt("shape", "axes, channels, stack and layout that agree", format!("{:?}", self.layout)));
        }
        limit("rows of a frame group", Self::ROWS_MAX as u64, u64::from(self.count))?;
        // Sides, channels, planes and rows are bounded above, so none of these products can overflow 64 bits.
        let pictures = u64::from(self.frames) * self.layout.picture_bytes() as u64;
        let rows = u64::from(self.count) * self.layout.row_bytes() as u64;
        limit("bytes of a decoded frame group", Self::DECODED_MAX, pictures.max(rows))?;
        let planes = usize::from(self.count) * self.layout.planes();
        let frames_fit = match self.layout.stack {
            0 => self.frames == self.count,
            _ => usize::from(self.frames) <= planes && (self.frames > 0 || planes == 0),
        };
        if !frames_fit {
            return Err(corrupt("number of frames", "one a row, or at most one a plane", self.frames.to_string()));
        }
        let colours_fit = if codec.has_palette() { (1..=256).contains(&self.colours) } else { self.colours == 0 };
        if !colours_fit && self.frames > 0 {
            return Err(corrupt("number of colours", "1 to 256 with codec 1, else 0", self.colours.to_string()));
        }
        let raw = self.stored_picture_bytes() as u64 * u64::from(self.frames);
        if raw != u64::from(self.raw) {
            return Err(corrupt("decompressed length", &raw.to_string(), self.raw.to_string()));
        }
        if !codec.is_compressed() && self.payload != self.raw {
            return Err(corrupt("payload length", &self.raw.to_string(), self.payload.to_string()));
        }
        let expected = self.payload_range().end;
        if expected != found_bytes {
            return Err(corrupt("length", &format!("{expected} bytes"), format!("{found_bytes} bytes")));
        }
        Ok(())
    }

    /// Bytes of one stored picture: one a pixel with a palette, one a sample without.
    pub fn stored_picture_bytes(&self) -> usize {
        let palette = codec_of(self.codec).is_some_and(super::Codec::has_palette);
        if palette { self.layout.pixels() } else { self.layout.picture_bytes() }
    }

    /// Where the palette lies in the group.
    pub fn palette_range(&self) -> Range<usize> {
        Self::BYTES..Self::BYTES + usize::from(self.colours) * usize::from(self.layout.channels)
    }

    /// Where the table of planes lies: for each row and each plane the number of a stored picture, as `u16`.
    pub fn planes_range(&self) -> Range<usize> {
        let start = self.palette_range().end;
        start..start + usize::from(self.count) * usize::from(self.layout.stack) * 2
    }

    /// Where the payload lies; it ends the group.
    pub fn payload_range(&self) -> Range<usize> {
        let start = self.planes_range().end;
        start..start + self.payload as usize
    }

    pub(crate) fn to_bytes(&self) -> [u8; Self::BYTES] {
        let mut head = [0; Self::BYTES];
        head[..4].copy_from_slice(&Self::MAGIC);
        head[4] = self.codec;
        head[5] = self.layout.channels;
        head[6] = match self.layout.kind {
            LayoutKind::Picture => 0,
            LayoutKind::PlanesFirst => 1,
            LayoutKind::PlanesLast => 2,
        };
        head[7] = self.layout.stack;
        head[8..10].copy_from_slice(&self.count.to_le_bytes());
        head[10..12].copy_from_slice(&self.frames.to_le_bytes());
        head[12..16].copy_from_slice(&self.layout.height.to_le_bytes());
        head[16..20].copy_from_slice(&self.layout.width.to_le_bytes());
        head[20..22].copy_from_slice(&self.colours.to_le_bytes());
        head[22] = self.layout.axes;
        head[24..28].copy_from_slice(&self.payload.to_le_bytes());
        head[28..32].copy_from_slice(&self.raw.to_le_bytes());
        head
    }
}

pub(super) fn corrupt(what: &str, expected: &str, found: impl Into<String>) -> Error {
    Error::Corrupt {
        what: format!("{what} of a frame group"),
        expected: expected.to_owned(),
        found: found.into(),
        path: std::path::PathBuf::new(),
    }
}

pub(super) fn limit(what: &str, limit: u64, found: u64) -> Result<()> {
    if found > limit { Err(Error::TooLarge { what: what.to_owned(), limit, found }) } else { Ok(()) }
}
