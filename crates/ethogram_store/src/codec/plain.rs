//! Codec 2: zstd over the pictures as they are. Scrolling cameras: zstd finds what moved, where a difference would hide it.

use super::Codec;

pub(super) struct Plain;

impl Codec for Plain {
    fn id(&self) -> u8 {
        2
    }

    fn name(&self) -> &'static str {
        "plain"
    }

    fn transform(&self, pictures: &[&[u8]], _: usize, _: usize, raw: &mut Vec<u8>, _: &mut Vec<u8>) -> bool {
        concatenate(pictures, raw);
        true
    }
}

pub(super) fn concatenate(pictures: &[&[u8]], raw: &mut Vec<u8>) {
    raw.clear();
    for picture in pictures {
        raw.extend_from_slice(picture);
    }
}
