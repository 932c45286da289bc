//! Sounds of event files.

use ethogram_store::{Axis, RunSource, TensorKind};
use serde_json::{Map, json};

use crate::events::{Events, field, metadata, texts};
use crate::{data, open, reference};

const ALL: std::ops::Range<i64> = i64::MIN..i64::MAX;

#[test]
fn row_b15_sounds_of_event_files_are_what_tensorboard_reads() {
    let run = open(&data("tensorboard-sounds"));
    let mut found = Map::new();
    for tag in run.tensor_tags() {
        assert_eq!((tag.axis, tag.kind), (Axis::GlobalStep, TensorKind::Tensor), "{}", tag.tag);
        let rows = run.tensors(tag.axis, &tag.tag, ALL).expect("rows");
        let size = run.tensors_size(tag.axis, &tag.tag, ALL).expect("a size").expect("it is known");
        assert_eq!(size.bytes, rows.iter().map(|row| row.array.data().len() as u64).sum::<u64>());
        let told = rows.into_iter().map(|row| {
            json!({
                "step": row.step, "shape": row.array.shape(), "rate": row.meta["sample_rate"],
                "crc32": crc32fast::hash(row.array.data()), "label": row.meta["caption"],
            })
        });
        found.insert(tag.tag, told.collect());
    }
    assert_eq!(serde_json::Value::Object(found), reference("tensorboard-sounds"));
    assert!(run.lost().is_empty(), "{:?}", run.lost());
}

#[test]
fn sounds_that_are_none_are_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut events = Events::new();
    events.value("compressed", 1, &[field(6, &field(4, b"OggS"))]);
    events.value("empty", 1, &[metadata("audio"), texts(&[0, 2], &[])]);
    events.value("nothing", 1, &[field(6, &[])]);
    events.value("cube", 1, &[metadata("audio"), texts(&[1, 1, 1], &[b"RIFF"])]);
    events.write(&folder.path().join("events.out.tfevents.1.host"));
    let run = open(folder.path());
    for tag in run.tensor_tags() {
        assert!(run.tensors(tag.axis, &tag.tag, ALL).expect("rows").is_empty());
    }
    let lost: Vec<String> = run.lost().into_iter().map(|lost| format!("{}: {}", lost.what, lost.why)).collect();
    let says = |what: &str, why: &str| lost.iter().any(|lost| lost.contains(what) && lost.contains(why));
    assert!(says("compressed", "no WAV of 16 bits"), "{lost:?}");
    assert!(says("nothing", "no WAV of 16 bits"), "{lost:?}");
    assert!(says("empty", "sounds are a tensor of encoded bytes"), "{lost:?}");
    assert!(says("cube", "sounds are a tensor of encoded bytes"), "{lost:?}");
}
