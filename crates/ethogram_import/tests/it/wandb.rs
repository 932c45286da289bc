//! Offline runs of W&B.

use std::path::Path;

use ethogram_store::{Axis, RunSource};

use crate::events::{field, integer};
use crate::{open, points};

const BLOCK: usize = 32 << 10;

/// Records as W&B's log has them: cut into pieces that fit their blocks.
pub struct Log(pub Vec<u8>);

impl Log {
    pub fn new() -> Self {
        Self(b":W&B\xe1\xbe\0".to_vec())
    }

    pub fn record(&mut self, record: &[u8]) -> &mut Self {
        let (mut rest, mut first) = (record, true);
        loop {
            let room = BLOCK - self.0.len() % BLOCK;
            if room < 7 {
                self.0.extend(vec![0; room]);
                continue;
            }
            let (piece, others) = rest.split_at(rest.len().min(room - 7));
            let kind = match (first, others.is_empty()) {
                (true, true) => 1,
                (true, false) => 2,
                (false, false) => 3,
                (false, true) => 4,
            };
            self.0.extend(crc32(&[&[kind], piece].concat()).to_le_bytes());
            self.0.extend((piece.len() as u16).to_le_bytes());
            self.0.push(kind);
            self.0.extend(piece);
            (rest, first) = (others, false);
            if rest.is_empty() {
                return self;
            }
        }
    }

    fn history(&mut self, step: i64, values: &[(&str, &str)]) -> &mut Self {
        let items: Vec<Vec<u8>> = values.iter().map(|(name, json)| item(name, json)).collect();
        self.items(step, &items)
    }

    pub fn items(&mut self, step: i64, items: &[Vec<u8>]) -> &mut Self {
        let items: Vec<u8> = items.iter().flat_map(|item| field(1, item)).collect();
        self.record(&field(2, &[items, field(2, &integer(1, step))].concat()))
    }

    pub fn write(&self, folder: &Path) {
        std::fs::create_dir_all(folder).expect("a folder");
        std::fs::write(folder.join("run-abc.wandb"), &self.0).expect("written");
    }
}

/// A name and its value.
pub fn item(name: &str, json: &str) -> Vec<u8> {
    value_of(field(1, name.as_bytes()), json)
}

/// A name in parts, as W&B 0.31 writes what it says of media.
pub fn nested_item(parts: &[&str], json: &str) -> Vec<u8> {
    value_of(parts.iter().flat_map(|part| field(2, part.as_bytes())).collect(), json)
}

/// The value beside a name: field 16 takes two bytes of key.
fn value_of(mut item: Vec<u8>, json: &str) -> Vec<u8> {
    let value = field(1, json.as_bytes());
    item.extend([0x82, 0x01]);
    item.extend(&value[1..]);
    item
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(!0_u32, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), step))
}

fn sample() -> Log {
    let mut log = Log::new();
    let config = field(1, &item("env_id", "\"CartPole-v1\""));
    let run = [field(3, b"cartpole"), field(6, b"ppo"), field(8, b"ppo-seed1"), field(10, b"a")].concat();
    // Field 17 takes two bytes of key.
    let mut record = vec![0x8a, 0x01];
    record.extend(&field(1, &[run, field(4, &config)].concat())[1..]);
    log.record(&record);
    for step in 0..1_000 {
        let value = (step as f64 * 0.5).to_string();
        log.history(
            step,
            &[("return", &value), ("losses", r#"{"value": 1.5}"#), ("_timestamp", "1700000000.5"), ("note", "\"x\"")],
        );
    }
    log
}

#[test]
fn numbers_configuration_and_names_are_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("offline-run-20250101_000000-abc");
    let log = sample();
    assert!(log.0.len() > 2 * BLOCK, "records lie across blocks");
    log.write(&path);
    let run = open(&path);
    let info = run.info();
    assert_eq!(
        (info.name.as_str(), info.project.as_str(), info.group.as_deref()),
        ("ppo-seed1", "cartpole", Some("ppo"))
    );
    assert_eq!((info.tags, info.env.expect("an environment").id), (vec!["a".to_owned()], "CartPole-v1".to_owned()));
    let found = points(&run, "return");
    assert_eq!((found.step.len(), found.value[999], found.time_us[0]), (1_000, 499.5, 1_700_000_000_500_000));
    assert_eq!(points(&run, "losses.value").value, [1.5; 1_000]);
    let notes = run.tensors(Axis::GlobalStep, "note", 998..1_000).expect("texts");
    assert_eq!(
        notes.iter().map(|row| (row.step, row.array.data())).collect::<Vec<_>>(),
        [(998, &b"x"[..]), (999, b"x")]
    );
    assert!(run.lost().is_empty(), "{:?}", run.lost());
}

#[test]
fn a_log_that_grows_or_is_damaged_gives_what_is_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = sample();
    for cut in (0..log.0.len()).step_by(1_009) {
        Log(log.0[..cut].to_vec()).write(folder.path());
        let run = open(folder.path());
        let before = points(&run, "return").value.len();
        log.write(folder.path());
        run.refresh().expect("refreshed");
        let after = points(&run, "return").value;
        assert_eq!((after.len(), before <= 1_000), (1_000, true), "cut at {cut}");
        let mut damaged = Log(log.0.clone());
        damaged.0[cut] ^= 0x10;
        damaged.write(folder.path());
        let run = open(folder.path());
        assert!(points(&run, "return").value.len() <= 1_000);
        assert!(!run.lost().is_empty());
    }
}

#[test]
fn what_is_said_of_a_picture_is_no_curve() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut log = Log::new();
    let said = [("_type", "\"image-file\""), ("height", "64"), ("size", "812"), ("path", "\"media/images/frame.png\"")];
    for step in 0..3 {
        let mut items: Vec<Vec<u8>> = said.iter().map(|(part, json)| nested_item(&["frame", part], json)).collect();
        items.push(nested_item(&["losses", "value"], "1.5"));
        items.push(item("frames", "4"));
        log.items(step, &items);
    }
    log.write(folder.path());
    let run = open(folder.path());
    assert_eq!((points(&run, "losses.value").value.len(), points(&run, "frames").value.len()), (3, 3));
    let tags: Vec<String> = run.scalar_tags().into_iter().map(|found| found.tag).collect();
    assert_eq!(tags, ["frames", "losses.value"]);
    let pictures: Vec<(String, u64)> = run.tensor_tags().into_iter().map(|found| (found.tag, found.count)).collect();
    assert_eq!(pictures, [("frame".to_owned(), 3)]);
}
