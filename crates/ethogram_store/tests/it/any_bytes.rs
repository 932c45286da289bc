//! Bytes that nobody meant: mutants of real groups of frames and of real descriptions of spaces, the same at every run.

use std::path::Path;

use crate::fuzzed::{Outcome, group, space};

/// A generator of its own, so that the same mutants are made at every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end.max(1)
    }

    /// A few bytes changed, moved, repeated or cut away.
    fn mutant(&mut self, original: &[u8]) -> Vec<u8> {
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
}

fn run(originals: &[Vec<u8>], mutants: usize, of: fn(&[u8]) -> Outcome) {
    let (mut chance, mut read) = (Chance(0x9e37_79b9_7f4a_7c15), 0);
    for original in originals {
        assert_eq!(of(original), Outcome::Read, "the original");
        for index in 0..mutants {
            let mutant = chance.mutant(original);
            let outcome = std::panic::catch_unwind(|| of(&mutant));
            let outcome = outcome.unwrap_or_else(|_| panic!("mutant {index} panics: {mutant:02x?}"));
            read += usize::from(outcome == Outcome::Read);
        }
    }
    assert!(read > 0, "some mutants can still be read, or nothing behind the first check was looked at");
}

#[test]
fn mutants_of_frame_groups_do_no_harm() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/testdata/frame_groups");
    let mut files: Vec<_> = std::fs::read_dir(&folder).expect("listed").flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "bin"));
    files.sort();
    assert!(files.len() >= 4, "{} groups below {}", files.len(), folder.display());
    let originals: Vec<Vec<u8>> = files.iter().map(|path| std::fs::read(path).expect("read")).collect();
    run(&originals, 400, group);
}

#[test]
fn mutants_of_spaces_do_no_harm() {
    let originals = [
        r#"{"type":"box","dtype":"float32","shape":[4],"low":[-1,-2,-3,-4],"high":[1,2,3,null]}"#,
        r#"{"type":"dict","spaces":[["a",{"type":"discrete","n":4}],["b",{"type":"multi_discrete","nvec":[2,3],"shape":[2]}]]}"#,
        r#"{"type":"tuple","spaces":[{"type":"text","max_length":9},{"type":"multi_binary","shape":[3,2]}]}"#,
    ];
    let originals: Vec<Vec<u8>> = originals.iter().map(|text| text.as_bytes().to_vec()).collect();
    run(&originals, 1_000, space);
    // Elements that cannot be counted.
    for shape in ["[4294967296,4294967296]", "[18446744073709551615,2,2]"] {
        let text = format!(r#"{{"type":"box","dtype":"uint8","shape":{shape},"low":[0],"high":[255]}}"#);
        assert_eq!(space(text.as_bytes()), Outcome::Refused);
        let text = format!(r#"{{"type":"multi_discrete","nvec":[2],"shape":{shape}}}"#);
        assert_eq!(space(text.as_bytes()), Outcome::Refused);
    }
}
