//! Bytes that nobody meant: mutants of real groups of frames, of real descriptions of spaces, and of real files of a run.

use crate::chance::Chance;
use crate::corpus::try_corpus;
use crate::fuzzed::{self, Outcome, group, space};
use crate::fuzzed_run::{Ground, Part};

fn run(originals: &[Vec<u8>], mutants: usize, of: fn(&[u8]) -> Outcome) {
    Chance::try_mutants(originals, mutants, |bytes| of(bytes) == Outcome::Read);
}

#[test]
fn mutants_of_frame_groups_do_no_harm() {
    run(&fuzzed::frame_groups(), 400, group);
}

#[test]
fn mutants_of_spaces_do_no_harm() {
    run(&fuzzed::spaces(), 1_000, space);
    // Elements that cannot be counted.
    for shape in ["[4294967296,4294967296]", "[18446744073709551615,2,2]"] {
        let text = format!(r#"{{"type":"box","dtype":"uint8","shape":{shape},"low":[0],"high":[255]}}"#);
        assert_eq!(space(text.as_bytes()), Outcome::Refused);
        let text = format!(r#"{{"type":"multi_discrete","nvec":[2],"shape":{shape}}}"#);
        assert_eq!(space(text.as_bytes()), Outcome::Refused);
    }
}

fn mutants_of_a_part(part: Part, mutants: usize) {
    let ground = Ground::new();
    let originals = ground.originals(part);
    assert!(!originals.is_empty());
    Chance::try_mutants(&originals, mutants, |bytes| ground.read(part, bytes) == Outcome::Read);
    // What was done to it is undone.
    assert_eq!(ground.read(part, &originals[0]), Outcome::Read);
}

#[test]
fn mutants_of_live_segments_that_are_vouched_for_do_no_harm() {
    mutants_of_a_part(Part::Segment, 100);
}

#[test]
fn mutants_of_commit_logs_with_right_checksums_do_no_harm() {
    mutants_of_a_part(Part::Log, 100);
}

#[test]
fn mutants_of_sealed_files_with_right_hashes_do_no_harm() {
    mutants_of_a_part(Part::Sealed, 60);
}

#[test]
fn mutants_of_manifests_with_right_hashes_do_no_harm() {
    mutants_of_a_part(Part::Manifest, 400);
}

#[test]
fn a_log_may_vouch_for_the_end_of_all_bytes() {
    // Found by fuzzing: the walk behind what a log vouches for began so far out that it came round.
    let ground = Ground::new();
    for log in ground.originals(Part::Log) {
        // The second record is none, so that somebody looks behind what the first vouches for.
        let far = [&log[..1], &(u64::MAX - 3).to_le_bytes(), &3_u64.to_le_bytes(), &log[17..65], &[0; 64]].concat();
        assert_eq!(ground.read(Part::Log, &far), Outcome::Refused);
    }
}

#[test]
fn what_fuzzing_kept_does_no_harm() {
    try_corpus("frames", |bytes| group(bytes) == Outcome::Read);
    try_corpus("space", |bytes| space(bytes) == Outcome::Read);
    let ground = Ground::new();
    try_corpus("run", |bytes| ground.read_any(bytes) == Outcome::Read);
}
