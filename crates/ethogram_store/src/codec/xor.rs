//! Codec 3: each picture as its exclusive or with the one before, then zstd. Still cameras with more than 256 colours, and grey planes.

use super::Codec;

pub(super) struct Xor;

impl Codec for Xor {
    fn id(&self) -> u8 {
        3
    }

    fn name(&self) -> &'static str {
        "xor"
    }

    fn is_delta(&self) -> bool {
        true
    }

    fn transform(&self, pictures: &[&[u8]], _: usize, _: usize, raw: &mut Vec<u8>, _: &mut Vec<u8>) -> bool {
        raw.clear();
        let Some((first, _)) = pictures.split_first() else { return true };
        raw.extend_from_slice(first);
        for pair in pictures.windows(2) {
            raw.extend(pair[0].iter().zip(pair[1]).map(|(before, now)| before ^ now));
        }
        true
    }
}

/// Turns differences back into pictures: each is exclusive-ored with the one before it, in place.
pub(super) fn undo(raw: &mut [u8], picture_bytes: usize) {
    let mut start = picture_bytes;
    while start < raw.len() {
        let (before, now) = raw.split_at_mut(start);
        for (sample, last) in now[..picture_bytes].iter_mut().zip(&before[start - picture_bytes..]) {
            *sample ^= last;
        }
        start += picture_bytes;
    }
}
