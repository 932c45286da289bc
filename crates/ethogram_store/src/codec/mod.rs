//! Frame groups: consecutive rows of an image field, encoded together, standing alone.
//!
//! The bytes are described in `docs/format.md` (*Frame groups*). To add a codec, write one file with an `impl Codec`,
//! one line in [`CODECS`], and its id in the document.

mod decode;
mod encode;
mod header;
mod layout;
mod palette;
mod pictures;
mod plain;
mod stored;
mod xor;

#[cfg(test)]
mod tests;

pub use decode::{decode_frame, decode_group, decode_rows};
pub use encode::{Effort, FrameEncoder, encode_group};
pub use header::GroupHeader;
pub use layout::{FrameLayout, LayoutKind};

/// Every codec; the position is the id.
pub(crate) const CODECS: &[&dyn Codec] = &[&stored::Stored, &palette::Palette, &plain::Plain, &xor::Xor];

/// A way to lay pictures out before (perhaps) zstd. Lossless, all of them.
pub(crate) trait Codec: Sync {
    /// Byte 4 of the group.
    fn id(&self) -> u8;

    /// For people.
    fn name(&self) -> &'static str;

    /// The payload holds palette numbers.
    fn has_palette(&self) -> bool {
        false
    }

    /// Each picture is kept as its exclusive or with the one before.
    fn is_delta(&self) -> bool {
        false
    }

    /// The payload is one zstd frame.
    fn is_compressed(&self) -> bool {
        true
    }

    /// Replaces `raw` with the uncompressed payload and `palette` with the palette; false if this codec cannot hold the pictures,
    /// which are all of the same length, `width` pixels of `channels` samples a row.
    fn transform(
        &self,
        pictures: &[&[u8]],
        channels: usize,
        width: usize,
        raw: &mut Vec<u8>,
        palette: &mut Vec<u8>,
    ) -> bool;
}

pub(crate) fn codec_of(id: u8) -> Option<&'static dyn Codec> {
    CODECS.get(usize::from(id)).copied()
}
