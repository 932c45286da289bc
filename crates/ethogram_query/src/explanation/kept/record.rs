//! One line of `steps.log`: which step was explained, and where its numbers lie; `docs/format.md`, Attributions.

use xxhash_rust::xxh3::xxh3_64;

/// Bytes of a record.
pub const RECORD_BYTES: usize = 64;
/// Where the check of a record begins.
const CHECKED: usize = 60;

/// What is known of one explained step.
#[derive(Clone, Copy, Debug)]
pub struct Record {
    /// Which step of the episode.
    pub step: u64,
    /// Hash of all that the answer was computed from and the question does not name.
    pub inputs: u64,
    /// Where the step's numbers begin in `values.bin`.
    pub offset: u64,
    /// Their bytes there.
    pub bytes: u32,
    /// xxh3-64 of those bytes.
    pub hash: u64,
    /// The target's value.
    pub at_input: f32,
    /// Its value at the baseline; NaN for methods without one.
    pub at_baseline: f32,
    /// NaN for methods that promise no sum.
    pub completeness_error: f32,
}

impl Record {
    /// As it lies in the file.
    pub fn to_bytes(self) -> [u8; RECORD_BYTES] {
        let mut bytes = [0; RECORD_BYTES];
        bytes[0..8].copy_from_slice(&self.step.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.inputs.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.offset.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.hash.to_le_bytes());
        bytes[32..36].copy_from_slice(&self.bytes.to_le_bytes());
        bytes[36..40].copy_from_slice(&self.at_input.to_le_bytes());
        bytes[40..44].copy_from_slice(&self.completeness_error.to_le_bytes());
        bytes[44..48].copy_from_slice(&self.at_baseline.to_le_bytes());
        let check = check(&bytes);
        bytes[CHECKED..].copy_from_slice(&check);
        bytes
    }

    /// `None` when the record is not sound.
    pub fn from_bytes(bytes: &[u8; RECORD_BYTES]) -> Option<Self> {
        fn part<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
            std::array::from_fn(|index| bytes[at + index])
        }
        (check(bytes) == part::<4>(bytes, CHECKED)).then(|| Record {
            step: u64::from_le_bytes(part(bytes, 0)),
            inputs: u64::from_le_bytes(part(bytes, 8)),
            offset: u64::from_le_bytes(part(bytes, 16)),
            hash: u64::from_le_bytes(part(bytes, 24)),
            bytes: u32::from_le_bytes(part(bytes, 32)),
            at_input: f32::from_le_bytes(part(bytes, 36)),
            completeness_error: f32::from_le_bytes(part(bytes, 40)),
            at_baseline: f32::from_le_bytes(part(bytes, 44)),
        })
    }
}

/// The lower half of xxh3-64 of all before it.
fn check(bytes: &[u8; RECORD_BYTES]) -> [u8; 4] {
    (xxh3_64(&bytes[..CHECKED]) as u32).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_comes_back_and_one_with_a_flipped_bit_does_not() {
        let record = Record {
            step: 7,
            inputs: u64::MAX,
            offset: 1 << 40,
            bytes: 99,
            hash: 3,
            at_input: -1.5,
            at_baseline: 0.5,
            completeness_error: f32::NAN,
        };
        let bytes = record.to_bytes();
        let back = Record::from_bytes(&bytes).expect("sound");
        assert_eq!(back.to_bytes(), bytes);
        for bit in 0..RECORD_BYTES * 8 {
            let mut flipped = bytes;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(Record::from_bytes(&flipped).is_none(), "bit {bit}");
        }
    }
}
