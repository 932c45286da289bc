//! Bytes that nobody meant: mutants of real ones, the same at every run. Tests of other crates use this file too.

/// A generator of its own, so that the same mutants are made at every run.
pub struct Chance(u64);

impl Default for Chance {
    fn default() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }
}

impl Chance {
    /// A number from 0, less than `end`.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end.max(1)
    }

    /// A few bytes changed, moved, repeated or cut away.
    pub fn mutant(&mut self, original: &[u8]) -> Vec<u8> {
        let mut bytes = original.to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len());
            match self.below(6) {
                0 => bytes.truncate(at),
                1 => {
                    let end = (at + self.below(16)).min(bytes.len());
                    bytes.extend_from_within(at..end);
                }
                2 => drop(bytes.drain(at..(at + self.below(8)).min(bytes.len()))),
                3 if at < bytes.len() => bytes[at] = [0, 1, 0x7f, 0x80, 0xff, b'9'][self.below(6)],
                _ if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                _ => {}
            }
        }
        bytes
    }

    /// Gives `of` each original and so many mutants of each. It says whether they could be read: the originals must be, some mutants
    /// too, or nothing behind the first check was looked at. A panic fails the test and shows the bytes.
    pub fn try_mutants(originals: &[Vec<u8>], mutants: usize, of: impl Fn(&[u8]) -> bool) {
        let (mut chance, mut read) = (Self::default(), 0);
        for (number, original) in originals.iter().enumerate() {
            assert!(of(original), "original {number}");
            for index in 0..mutants {
                let mutant = chance.mutant(original);
                let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| of(&mutant)));
                let shown = &mutant[..mutant.len().min(2_000)];
                read +=
                    usize::from(outcome.unwrap_or_else(|_| panic!("mutant {index} of {number} panics: {shown:02x?}")));
            }
        }
        assert!(mutants == 0 || read > 0, "no mutant can be read");
    }
}
