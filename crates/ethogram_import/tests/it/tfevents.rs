//! Event files, against what TensorBoard itself reads.

use ethogram_store::{Axis, Dtype, RunSource, TensorKind};

use crate::events::{Events, double, field, integer, metadata, tensor, texts};
use crate::{data, open, points, reference};

const ALL: std::ops::Range<i64> = i64::MIN..i64::MAX;

/// Every scalar of a log has as many points as TensorBoard finds, the same first and last, and the same sum.
fn check_scalars(name: &str) {
    let (run, reference) = (open(&data(name)), reference(name));
    assert!(run.format().starts_with("tfevents"), "{}", run.format());
    for (tag, expected) in reference["scalars"].as_object().expect("scalars") {
        let found = points(&run, tag);
        let last = found.step.len() - 1;
        assert_eq!(found.step.len() as u64, expected["n"], "{name} {tag}");
        let is_at = |at: usize, pair: &serde_json::Value| {
            assert_eq!(
                (found.step[at], found.value[at]),
                (pair[0].as_i64().unwrap_or(-1), pair[1].as_f64().unwrap_or(f64::NAN)),
                "{name} {tag}"
            );
        };
        is_at(0, &expected["first"]);
        is_at(last, &expected["last"]);
        let (sum, told) = (found.value.iter().sum::<f64>(), expected["sum"].as_f64().expect("a sum"));
        // Both sum the same floats, in an order that may differ.
        assert!((sum - told).abs() <= 1e-9 * told.abs().max(1.0), "{name} {tag}: {sum} is not {told}");
    }
    let listed = run.scalar_tags().iter().filter(|tag| reference["scalars"].get(&tag.tag).is_some()).count();
    assert_eq!(listed, reference["scalars"].as_object().map_or(0, serde_json::Map::len));
    assert_eq!(run.lost(), []);
}

#[test]
fn row_a16_scalars_are_those_that_tensorboard_reads() {
    check_scalars("sb3-dqn-cartpole-seed1");
    check_scalars("sb3-ppo-cartpole-seed1");
    check_scalars("summarywriter-a2c-cartpole-seed1");
}

#[test]
fn histograms_and_texts_of_a_summary_writer_are_read() {
    let name = "summarywriter-a2c-cartpole-seed1";
    let run = open(&data(name));
    let tags = run.tensor_tags();
    let kind = |tag: &str| tags.iter().find(|known| known.tag == tag).map(|known| known.kind);
    for tag in ["weights/pi", "advantages"] {
        assert_eq!(kind(tag), Some(TensorKind::Distribution), "{tag}");
        let rows = run.tensors(Axis::GlobalStep, tag, ALL).expect("rows");
        assert!(!rows.is_empty());
        for row in rows {
            let numbers = row.array.to_f64();
            let (lower, counts) = numbers.split_at(numbers.len() / 2);
            let edges: Vec<f64> =
                row.meta["edges"].as_array().expect("edges").iter().filter_map(serde_json::Value::as_f64).collect();
            assert_eq!(edges.len(), counts.len() + 1);
            assert_eq!(lower, &edges[..counts.len()]);
            assert!(edges.is_sorted() && counts.iter().sum::<f64>() > 0.0);
        }
    }
    assert_eq!(kind("hyperparameters/text_summary"), Some(TensorKind::Text));
    let texts = run.tensors(Axis::GlobalStep, "hyperparameters/text_summary", ALL).expect("rows");
    let text = String::from_utf8(texts[0].array.data().to_vec()).expect("a text");
    assert!(text.starts_with("|param|value|"), "{text}");
    // And the table is the configuration of the run.
    let info = run.info();
    assert!(info.config.as_object().expect("a map").len() > 3, "{}", info.config);
    assert_eq!(info.env.expect("an environment").id, "CartPole-v1");
}

#[test]
fn numbers_are_kept_as_they_were_logged() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut events = Events::new();
    for (step, value) in [(3, f32::NAN), (1, f32::INFINITY), (1, f32::NEG_INFINITY), (-5, 0.1), (1 << 60, 2.0)] {
        events.scalar("x", step, value);
    }
    events.value("in a tensor", 4, &[metadata("scalars"), tensor(2, &[], &0.25_f64.to_le_bytes())]);
    events.value("in a tensor", 5, &[tensor(1, &[], &0.5_f32.to_le_bytes())]);
    events.value("half", 5, &[tensor(19, &[], &[0x00, 0x3c])]);
    events.write(&folder.path().join("events.out.tfevents.1.host"));
    let run = open(folder.path());
    let found = points(&run, "x");
    assert_eq!(found.step, [-5, 1, 1, 3, 1 << 60]);
    assert_eq!(found.value[0].to_bits(), f64::from(0.1_f32).to_bits());
    assert_eq!(found.value[1..3], [f64::INFINITY, f64::NEG_INFINITY]);
    assert!(found.value[3].is_nan());
    assert_eq!(found.time_us[1], 1_000_000_001_000_000);
    assert_eq!(points(&run, "in a tensor").value, [0.25, 0.5]);
    assert_eq!(points(&run, "half").value, [1.0]);
    assert_eq!(run.lost(), []);
}

#[test]
fn a_restart_voids_what_was_logged_later() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut first = Events::new();
    for step in 0..10 {
        first.scalar("x", step, 1.0);
    }
    first.write(&folder.path().join("events.out.tfevents.1.host"));
    let mut second = Events::new();
    second.start(6);
    for step in 6..8 {
        second.scalar("x", step, 2.0);
    }
    second.write(&folder.path().join("events.out.tfevents.2.host"));
    let found = points(&open(folder.path()), "x");
    assert_eq!(found.step, [0, 1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(found.value[5..], [1.0, 2.0, 2.0]);
}

#[test]
fn a_file_of_the_first_version_restarts_where_its_steps_go_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut events = Events::default();
    for (tag, step) in [("x", 0), ("x", 5), ("x", 9), ("x", 4), ("x", 6)] {
        events.scalar(tag, step, step as f32);
    }
    events.write(&folder.path().join("events.out.tfevents.1.host"));
    assert_eq!(points(&open(folder.path()), "x").step, [0, 4, 6]);
}

#[test]
fn pictures_are_pixels() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut events = Events::new();
    let rgb = png(2, 1, png_colour::RGB, &[255, 0, 0, 0, 255, 0]);
    let grey = png(1, 2, png_colour::GREY, &[7, 9]);
    let image = [integer(1, 1), integer(2, 2), integer(3, 3), field(4, &rgb)].concat();
    events.value("frame", 1, &[field(4, &image)]);
    events.value("several", 2, &[metadata("images"), texts(&[4], &[b"1", b"2", &grey, &grey])]);
    events.value("broken", 3, &[field(4, &field(4, b"no picture"))]);
    events.write(&folder.path().join("events.out.tfevents.1.host"));
    let run = open(folder.path());
    let row = |tag: &str| run.tensors(Axis::GlobalStep, tag, ALL).expect("rows").pop();
    let frame = row("frame").expect("a frame").array;
    assert_eq!(
        (frame.dtype(), frame.shape(), frame.data()),
        (Dtype::Uint8, &[1, 2, 3][..], &[255, 0, 0, 0, 255, 0][..])
    );
    for tag in ["several", "several/1"] {
        let array = row(tag).expect(tag).array;
        assert_eq!((array.shape(), array.data()), (&[2, 1, 1][..], &[7, 9][..]), "{tag}");
    }
    assert_eq!(row("broken"), None);
    let lost = run.lost();
    assert_eq!(lost.len(), 1, "{lost:?}");
    assert!(
        lost[0].what.contains("broken") && lost[0].why.contains("neither PNG, JPEG, GIF, WebP nor BMP"),
        "{lost:?}"
    );
}

#[test]
fn how_much_tensors_hold_is_told_before_a_picture_is_decoded() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut events = Events::new();
    let picture = |encoded: &[u8]| field(4, &field(4, encoded));
    for step in 0..5 {
        events.value("frame", step, &[picture(&png(2, 1, png_colour::RGB, &[255, 0, 0, 0, 255, 0]))]);
    }
    events.value("numbers", 1, &[metadata("my_plugin"), tensor(3, &[2], &[1, 0, 0, 0, 2, 0, 0, 0])]);
    events.value("words", 1, &[metadata("text"), texts(&[1], &[b"abc"])]);
    // Their heads are sound, and promise 48 MB each of which nothing is there.
    let large = with_sides(png(2, 1, png_colour::RGB, &[0; 6]), 4_000, 4_000);
    for step in 0..40 {
        events.value("large", step, &[picture(&large)]);
    }
    events.value("broken", 3, &[picture(b"no picture")]);
    events.write(&folder.path().join("events.out.tfevents.1.host"));
    let run = open(folder.path());
    let size = |tag: &str, range| run.tensors_size(Axis::GlobalStep, tag, range).expect("a size").expect("it is known");
    for (tag, range) in [("frame", ALL), ("frame", 1..3), ("numbers", ALL), ("words", ALL), ("absent", ALL)] {
        let rows = run.tensors(Axis::GlobalStep, tag, range.clone()).expect("rows");
        let bytes = rows.iter().map(|row| row.array.data().len() as u64).sum::<u64>();
        let told = size(tag, range);
        assert_eq!((told.rows, told.bytes), (rows.len() as u64, bytes), "{tag}");
    }
    assert_eq!(size("frame", ALL).bytes, 30);
    let large = size("large", ALL);
    assert_eq!(large.rows, 40);
    assert!(large.bytes > 1 << 30, "it is more than anybody is given: {large:?}");
    assert_eq!((size("broken", ALL).rows, size("broken", ALL).bytes), (1, 0));
    assert_eq!(run.lost(), [], "what was only measured is not lost");
}

#[test]
fn histograms_tensors_and_hyper_parameters_of_plugins_are_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut events = Events::new();
    let rows: Vec<u8> = [0.0, 1.0, 4.0, 1.0, 2.0, 6.0_f64].iter().flat_map(|x| x.to_le_bytes()).collect();
    events.value("h", 1, &[metadata("histograms"), tensor(2, &[2, 3], &rows)]);
    events.value("t", 1, &[metadata("my_plugin"), tensor(3, &[2], &[1, 0, 0, 0, 2, 0, 0, 0])]);
    let number = |value: f64| field(2, &double(2, value));
    let start = [
        field(1, &[field(1, b"lr"), number(0.01)].concat()),
        field(1, &[field(1, b"env"), field(2, &field(3, b"Pong-v5"))].concat()),
    ];
    let content = field(3, &start.concat());
    let plugin = field(9, &field(1, &[field(1, b"hparams"), field(2, &content)].concat()));
    events.value("_hparams_/session_start_info", 0, &[plugin]);
    events.write(&folder.path().join("events.out.tfevents.1.host"));
    let run = open(folder.path());
    let row = |tag: &str| run.tensors(Axis::GlobalStep, tag, ALL).expect("rows").remove(0);
    assert_eq!(row("h").array.to_f64(), [0.0, 1.0, 4.0, 6.0]);
    assert_eq!(row("h").meta["edges"], serde_json::json!([0.0, 1.0, 2.0]));
    assert_eq!((row("t").kind, row("t").array.to_f64()), (TensorKind::Tensor, vec![1.0, 2.0]));
    let info = run.info();
    assert_eq!(info.config, serde_json::json!({"env": "Pong-v5", "lr": 0.01}));
    assert_eq!(info.env.expect("an environment").id, "Pong-v5");
    assert!(run.lost().is_empty(), "{:?}", run.lost());
}

mod png_colour {
    pub const GREY: u8 = 0;
    pub const RGB: u8 = 2;
}

/// A PNG of 8 bits a channel, not compressed.
/// The same picture, said to have other sides.
fn with_sides(mut png: Vec<u8>, width: u32, height: u32) -> Vec<u8> {
    png[16..20].copy_from_slice(&width.to_be_bytes());
    png[20..24].copy_from_slice(&height.to_be_bytes());
    let sum = crc32(&png[12..29]);
    png[29..33].copy_from_slice(&sum.to_be_bytes());
    png
}

fn png(width: u32, height: u32, colour: u8, pixels: &[u8]) -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut chunk = |kind: &[u8; 4], data: &[u8]| {
        png.extend((data.len() as u32).to_be_bytes());
        let body = [kind, data].concat();
        png.extend(&body);
        png.extend(crc32(&body).to_be_bytes());
    };
    let head = [&width.to_be_bytes()[..], &height.to_be_bytes()[..], &[8, colour, 0, 0, 0]].concat();
    chunk(b"IHDR", &head);
    let rows: Vec<u8> =
        pixels.chunks(pixels.len() / height as usize).flat_map(|row| [&[0][..], row].concat()).collect();
    let (a, b) = rows
        .iter()
        .fold((1_u32, 0_u32), |(a, b), &byte| ((a + u32::from(byte)) % 65521, (a + b + u32::from(byte)) % 65521));
    let length = rows.len() as u16;
    let stored =
        [&[0x78, 1, 1][..], &length.to_le_bytes(), &(!length).to_le_bytes(), &rows, &(b << 16 | a).to_be_bytes()]
            .concat();
    chunk(b"IDAT", &stored);
    chunk(b"IEND", &[]);
    png
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(!0_u32, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), step))
}

/// A name of half a megabyte is cut before it is there once for each element of a value; two such names stay two, and both are told.
#[test]
fn long_names_are_cut_and_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut events = Events::new();
    let names = ["a", "b", "c"].map(|end| "x".repeat(500_000) + end);
    for name in &names[..2] {
        events.scalar(name, 1, 0.5);
        events.scalar(name, 2, 1.5);
    }
    // Width, height, and 20,000 pictures of no bytes.
    let pictures = vec![b"".as_slice(); 20_002];
    events.value(&names[2], 3, &[metadata("images"), texts(&[20_002], &pictures)]);
    events.write(&folder.path().join("events.out.tfevents.1.host"));
    let run = open(folder.path());
    let tags = run.scalar_tags();
    assert_eq!(tags.iter().map(|tag| tag.count).collect::<Vec<_>>(), [2, 2]);
    assert!(tags.iter().all(|tag| tag.tag.len() <= 512) && tags[0].tag != tags[1].tag);
    let pictures = run.tensor_tags();
    assert_eq!(pictures.len(), 10_000);
    assert!(pictures.iter().all(|tag| tag.tag.len() <= 520));
    let told: Vec<String> = run.lost().into_iter().map(|lost| lost.why).collect();
    for why in ["over the limit of 512: it is cut", "over the limit of 10000"] {
        assert!(told.iter().any(|told| told.contains(why)), "{told:?}");
    }
}
