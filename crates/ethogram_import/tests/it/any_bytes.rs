//! Damage and malice: whatever lies in a file, nothing panics, and what is sound around the damage is read.

use ethogram_store::{Axis, RunSource};
use proptest::prelude::*;

use crate::chance::Chance;
use crate::corpus::try_corpus;
use crate::events::{Events, field};
use crate::fuzzed::{self, Outcome, sample};
use crate::{open, points};

/// Reads everything that there is.
fn read_all(bytes: &[u8]) -> (usize, usize) {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("events.out.tfevents.1.host"), bytes).expect("written");
    let run = open(folder.path());
    for tag in run.tensor_tags() {
        run.tensors(tag.axis, &tag.tag, i64::MIN..i64::MAX).expect("rows");
    }
    for tag in run.scalar_tags() {
        run.scalar_buckets(Axis::GlobalStep, &tag.tag, tag.first_step..tag.last_step, 10).expect("buckets");
    }
    run.check().expect("checked");
    (points(&run, "x").step.len(), run.lost().len())
}

#[test]
fn every_cut_leaves_a_prefix() {
    let events = sample();
    for cut in 0..events.bytes.len() {
        let whole = events.starts[1..].iter().zip(&events.starts[2..]).take(20).filter(|(_, end)| **end <= cut).count();
        let (found, _) = read_all(&events.bytes[..cut]);
        assert_eq!(found, whole, "cut at {cut}");
    }
}

#[test]
fn a_flipped_bit_costs_one_record_and_is_told() {
    let events = sample();
    for at in 0..events.starts[21] {
        let mut bytes = events.bytes.clone();
        bytes[at] ^= 1 << (at % 8);
        let (found, lost) = read_all(&bytes);
        let in_head = at < events.starts[1];
        assert_eq!(found, if in_head { 20 } else { 19 }, "byte {at}");
        assert!(lost >= 1, "byte {at}");
    }
}

#[test]
fn zeros_in_the_middle_are_passed_over() {
    let mut bytes = sample().bytes;
    let sound = bytes.clone();
    bytes.resize(bytes.len() + 3_000_000, 0);
    bytes.extend(&sound);
    let (found, lost) = read_all(&bytes);
    assert_eq!((found, lost >= 1), (40, true));
}

#[test]
fn mutants_of_event_files_do_no_harm() {
    Chance::try_mutants(&fuzzed::event_files(), 300, |bytes| fuzzed::events(bytes) == Outcome::Read);
}

#[test]
fn mutants_of_tables_do_no_harm() {
    Chance::try_mutants(&fuzzed::tables(), 200, |bytes| fuzzed::table(bytes) == Outcome::Read);
}

#[test]
fn mutants_of_numpys_arrays_do_no_harm() {
    Chance::try_mutants(&fuzzed::npz_files(), 400, |bytes| fuzzed::npz(bytes) == Outcome::Read);
}

#[test]
fn mutants_of_arrow_episodes_do_no_harm() {
    Chance::try_mutants(&fuzzed::datasets(), 400, |bytes| fuzzed::dataset(bytes) == Outcome::Read);
}

#[test]
fn what_fuzzing_kept_does_no_harm() {
    try_corpus("events", |bytes| fuzzed::events(bytes) == Outcome::Read);
    try_corpus("tables", |bytes| fuzzed::table(bytes) == Outcome::Read);
    try_corpus("npz", |bytes| fuzzed::npz(bytes) == Outcome::Read);
    try_corpus("arrow", |bytes| fuzzed::dataset(bytes) == Outcome::Read);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        read_all(&bytes);
    }

    #[test]
    fn any_event_is_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut events = Events::new();
        events.record(&bytes);
        events.value("t", 1, &[field(8, &bytes)]);
        events.value("i", 1, &[field(4, &bytes)]);
        events.value("h", 1, &[field(5, &bytes)]);
        events.value("m", 1, &[field(9, &bytes)]);
        events.scalar("x", 1, 1.0);
        let folder = tempfile::tempdir().expect("a folder");
        events.write(&folder.path().join("events.out.tfevents.1.host"));
        prop_assert!(read_all(&events.bytes).0 >= 1);
    }
}
