//! Damage and malice: whatever lies in a file, nothing panics, and what is sound around the damage is read.

use ethogram_store::{Axis, RunSource};
use proptest::prelude::*;

use crate::events::{Events, field, metadata, tensor, texts};
use crate::{open, points};

/// A file with something of every kind.
fn sample() -> Events {
    let mut events = Events::new();
    for step in 0..20 {
        events.scalar("x", step, step as f32);
    }
    events.value("t", 3, &[tensor(1, &[2], &[0; 8])]);
    events.value("text", 3, &[metadata("text"), texts(&[1], &[b"|a|b|\n|-|-|\n|c|1|"])]);
    events.value("h", 3, &[field(5, &[0x32, 8, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0x3a, 8, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f])]);
    events.value("i", 3, &[field(4, &field(4, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"))]);
    events
}

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
