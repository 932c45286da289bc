//! Codec 0: the pictures as they are, for noise that no compressor can shrink.

use super::Codec;

pub(super) struct Stored;

impl Codec for Stored {
    fn id(&self) -> u8 {
        0
    }

    fn name(&self) -> &'static str {
        "stored"
    }

    fn is_compressed(&self) -> bool {
        false
    }

    fn transform(&self, pictures: &[&[u8]], _: usize, _: usize, raw: &mut Vec<u8>, _: &mut Vec<u8>) -> bool {
        super::plain::concatenate(pictures, raw);
        true
    }
}
