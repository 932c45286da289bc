//! Whatever bytes come as a file of another tool: what is sound in it, and the rest told as lost. Also the target of `fuzz/`.

use std::path::Path;

use ethogram_import::ForeignOpener;
use ethogram_store::{Axis, Result, RunSource};

use crate::events::{Events, field, metadata, tensor, texts};

/// How far the bytes got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Refused,
    Read,
}

/// Names of files, each of another format, that are one file of text or numbers.
pub const TABLES: [&str; 5] = ["0.monitor.csv", "progress.csv", "progress.json", "metrics.csv", "scalars.csv"];

/// A file of events. After a first byte of 0 it is taken as it is; else the bytes are records, each after its length as two bytes, and get
/// the frame and the checksums that event files have.
pub fn events(bytes: &[u8]) -> Outcome {
    const NAME: &str = "events.out.tfevents.1.host";
    let Some((&first, mut bytes)) = bytes.split_first() else { return Outcome::Refused };
    if first == 0 {
        return file(NAME, bytes);
    }
    let mut events = Events::default();
    while bytes.len() > 2 {
        let (length, rest) = bytes.split_at(2);
        let (record, rest) = rest.split_at(usize::from(u16::from_le_bytes([length[0], length[1]])).min(rest.len()));
        events.record(record);
        bytes = rest;
    }
    file(NAME, &events.bytes)
}

/// A table, by the first byte of this or that tool.
pub fn table(bytes: &[u8]) -> Outcome {
    let Some((&first, bytes)) = bytes.split_first() else { return Outcome::Refused };
    file(TABLES[usize::from(first) % TABLES.len()], bytes)
}

/// NumPy's arrays.
pub fn npz(bytes: &[u8]) -> Outcome {
    file("evaluations.npz", bytes)
}

/// An episode of a data set of Minari, in Arrow's format.
pub fn dataset(bytes: &[u8]) -> Outcome {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    std::fs::create_dir_all(data.join("0")).expect("made");
    let metadata = include_str!("../data/minari-cartpole-arrow/data/metadata.json");
    std::fs::write(data.join("metadata.json"), metadata).expect("written");
    let metadata = include_str!("../data/minari-cartpole-arrow/data/1/metadata.json");
    std::fs::write(data.join("0/metadata.json"), metadata).expect("written");
    std::fs::write(data.join("0/part-0.arrow"), bytes).expect("written");
    read(folder.path())
}

/// What [`events`] is given to begin with: a file as it is, and records of every kind.
pub fn event_files() -> Vec<Vec<u8>> {
    let file = include_bytes!("../data/sb3-ppo-cartpole-seed1/events.out.tfevents.1795228786.host.0.0");
    let mut records = vec![1];
    let sample = sample();
    for (at, start) in sample.starts.iter().enumerate() {
        let end = sample.starts.get(at + 1).copied().unwrap_or(sample.bytes.len());
        // A length and its checksum stand before a record, another checksum behind it.
        let record = &sample.bytes[start + 12..end - 4];
        records.extend((record.len() as u16).to_le_bytes());
        records.extend(record);
    }
    vec![[&[0], &file[..]].concat(), [&[0], &sample.bytes[..]].concat(), records]
}

/// What [`table`] is given to begin with.
pub fn tables() -> Vec<Vec<u8>> {
    let monitor = include_bytes!("../data/sb3-ppo-cartpole-seed1/0.monitor.csv");
    let csv = include_bytes!("../data/sb3-ppo-cartpole-seed1/progress.csv");
    let json = include_bytes!("../data/sb3-ppo-cartpole-seed1/progress.json");
    let files: [&[u8]; 5] = [monitor, csv, json, b"step,loss\n0,0.5\n10,nan\n", b"global_step,a,b\n1,,2e3\n2,4,-1\n"];
    files.iter().enumerate().map(|(index, file)| [&[index as u8], *file].concat()).collect()
}

/// What [`npz`] is given to begin with.
pub fn npz_files() -> Vec<Vec<u8>> {
    vec![include_bytes!("../data/sb3-zoo-dqn-cartpole-v1/evaluations.npz").to_vec()]
}

/// What [`dataset`] is given to begin with.
pub fn datasets() -> Vec<Vec<u8>> {
    vec![include_bytes!("../data/minari-cartpole-arrow/data/1/part-0.arrow").to_vec()]
}

/// A file with something of every kind.
pub fn sample() -> Events {
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

fn file(name: &str, bytes: &[u8]) -> Outcome {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join(name), bytes).expect("written");
    read(folder.path())
}

/// Asks for everything that the run in a folder says it has.
fn read(folder: &Path) -> Outcome {
    let run = match ForeignOpener::default().open_folder(folder) {
        Ok(Some(run)) => run,
        Ok(None) => return Outcome::Refused,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return Outcome::Refused;
        }
    };
    let mut answers = 0;
    for tag in run.scalar_tags() {
        answers += told(run.scalars(tag.axis, &tag.tag, i64::MIN..i64::MAX));
        answers += told(run.scalar_buckets(tag.axis, &tag.tag, i64::MIN..i64::MAX, 3));
        answers += told(run.scalar_buckets(tag.axis, &tag.tag, tag.first_step..tag.last_step, 10));
    }
    for tag in run.tensor_tags() {
        answers += told(run.tensors_size(tag.axis, &tag.tag, i64::MIN..i64::MAX));
        answers += told(run.tensors(tag.axis, &tag.tag, i64::MIN..i64::MAX));
    }
    told(run.scalars(Axis::GlobalStep, "none", 3..9));
    told(run.counts());
    let episodes = run.episodes(0..u64::MAX).unwrap_or_default();
    for episode in episodes.iter().take(3).map(|row| row.episode).chain([u64::MAX]) {
        told(run.step_count(episode));
        for field in run.step_fields(episode).unwrap_or_default() {
            answers += told(run.steps(episode, &field.name, 0..u64::MAX));
            if field.image {
                answers += told(run.frame_groups(episode, &field.name, 0..u64::MAX));
            }
        }
    }
    told(run.refresh());
    told(run.check());
    assert!(run.lost().iter().all(|lost| !lost.why.is_empty()));
    if answers + episodes.len() > 0 { Outcome::Read } else { Outcome::Refused }
}

/// 1 for an answer; an error has words.
fn told<T>(answer: Result<T>) -> usize {
    match answer {
        Ok(_) => 1,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            0
        }
    }
}
