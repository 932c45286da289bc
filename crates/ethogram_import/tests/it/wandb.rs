//! Offline runs of W&B.

use std::path::Path;

use ethogram_store::{Axis, RunSource, TensorKind};

use crate::events::{field, integer};
use crate::{open, points};

const BLOCK: usize = 32 << 10;

/// Records as W&B's log has them: cut into pieces that fit their blocks.
struct Log(Vec<u8>);

impl Log {
    fn new() -> Self {
        Self(b":W&B\xe1\xbe\0".to_vec())
    }

    fn record(&mut self, record: &[u8]) -> &mut Self {
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
        let items: Vec<u8> = values.iter().flat_map(|(name, json)| field(1, &item(name, json))).collect();
        self.record(&field(2, &[items, field(2, &integer(1, step))].concat()))
    }

    fn write(&self, folder: &Path) {
        std::fs::create_dir_all(folder).expect("a folder");
        std::fs::write(folder.join("run-abc.wandb"), &self.0).expect("written");
    }
}

/// A name and its value: field 16 takes two bytes of key.
fn item(name: &str, json: &str) -> Vec<u8> {
    let mut item = field(1, name.as_bytes());
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
    assert!(run.lost().is_empty(), "{:?}", run.lost());
    let notes = run.tensors(Axis::GlobalStep, "note", 7..8).expect("texts");
    assert_eq!((notes[0].kind, notes[0].array.data()), (TensorKind::Text, b"x".as_slice()));
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

/// B-15: histograms, pictures and texts as the current W&B writes them; what leads out of the folder is not opened.
#[test]
fn row_b15_media_of_wandb_are_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("offline-run-20250101_000000-abc");
    let media = path.join("files/media/images");
    std::fs::create_dir_all(&media).expect("a folder");
    // One red pixel.
    let mut png = Vec::new();
    let red = image::RgbImage::from_pixel(1, 1, image::Rgb([255, 0, 0]));
    red.write_to(&mut std::io::Cursor::new(&mut png), image::ImageFormat::Png).expect("a picture");
    std::fs::write(media.join("a.png"), &png).expect("written");
    std::fs::write(folder.path().join("secret.png"), &png).expect("written");
    std::os::unix::fs::symlink(folder.path().join("secret.png"), media.join("link.png")).expect("linked");
    let mut log = Log::new();
    for (step, file) in [(0, "media/images/a.png"), (1, "../../secret.png"), (2, "media/images/link.png")] {
        let file = format!("{file:?}");
        log.history(
            step,
            &[
                ("hist._type", "\"histogram\""),
                ("hist.bins", "[0.0, 0.5, 1.0]"),
                ("hist.values", "[3, 4]"),
                ("picture._type", "\"image-file\""),
                ("picture.path", &file),
                ("picture.caption", "\"c\""),
                ("picture.height", "1"),
                ("whole", r#"{"_type": "table-file", "nrows": 3}"#),
                ("loss", "0.5"),
            ],
        );
    }
    log.write(&path);
    let run = open(&path);
    let tags: Vec<_> = run.scalar_tags().into_iter().map(|tag| tag.tag).collect();
    assert_eq!(tags, ["loss"], "sizes of pictures are no curves");
    let hist = run.tensors(Axis::GlobalStep, "hist", 0..1).expect("a histogram");
    assert_eq!(hist[0].meta["edges"], serde_json::json!([0.0, 0.5, 1.0]));
    assert_eq!(hist[0].array.to_f64(), [0.0, 0.5, 3.0, 4.0]);
    let pictures = run.tensors(Axis::GlobalStep, "picture", 0..9).expect("pictures");
    assert_eq!(
        (pictures.len(), pictures[0].array.data(), &pictures[0].meta["caption"]),
        (1, [255, 0, 0].as_slice(), &"c".into())
    );
    let lost = run.lost();
    assert_eq!(lost.iter().filter(|lost| lost.what.starts_with("\"picture\" at step")).count(), 2, "{lost:?}");
    assert!(lost.iter().any(|lost| lost.what == "values of \"whole\" (3 times)"), "{lost:?}");
}

/// B-15: what W&B's pages save as CSV.
#[test]
fn row_b15_exports_of_wandb_are_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "\"Step\",\"dqn-s1 - losses/td\",\"dqn-s1 - losses/td__MIN\",\"dqn-s1 - losses/td__MAX\",\"dqn-s2 - losses/td\"\n\
                \"0\",\"0.5\",\"0.4\",\"0.6\",\"\"\n\"100\",\"0.25\",\"0.25\",\"0.25\",\"0.75\"\n";
    std::fs::write(folder.path().join("wandb_export_2025-01-01T00_00_00.000+00_00.csv"), text).expect("written");
    let run = open(folder.path());
    let tags: Vec<_> = run.scalar_tags().into_iter().map(|tag| tag.tag).collect();
    assert_eq!(tags, ["dqn-s1 - losses/td", "dqn-s2 - losses/td"]);
    let found = points(&run, "dqn-s1 - losses/td");
    assert_eq!((found.step, found.value), (vec![0, 100], vec![0.5, 0.25]));
    assert_eq!(points(&run, "dqn-s2 - losses/td").step, [100], "an empty cell is none");
}
