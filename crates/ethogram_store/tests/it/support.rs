//! Runs made for tests.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ethogram_store::{
    Array, Axis, Dtype, EpisodeEnd, EpisodeRow, RunInfo, RunReader, RunSource, RunWriter, StepValue, TensorKind,
    TensorRow, WriterOptions,
};

/// Flushes fast enough for tests that wait.
pub fn options() -> WriterOptions {
    WriterOptions { flush_interval: Duration::from_millis(20), ..WriterOptions::default() }
}

pub fn create(root: &Path) -> RunWriter {
    let info = RunInfo { name: "test".into(), project: "tests".into(), ..RunInfo::default() };
    RunWriter::create(root, info, options()).expect("a run")
}

pub fn open(writer: &RunWriter) -> RunReader {
    RunReader::open(writer.path()).expect("a run")
}

/// Reads all that is on disk; nothing may be lost.
pub fn open_whole(path: &Path) -> RunReader {
    let reader = RunReader::open(path).expect("a run");
    let _ = (reader.scalar_tags(), reader.tensor_tags(), reader.checkpoints());
    for episode in 0..reader.episode_count() {
        reader.step_fields(episode).expect("fields");
    }
    assert_eq!(reader.lost(), []);
    reader
}

pub fn name(text: &str) -> Arc<str> {
    text.into()
}

pub fn f32s(values: &[f32]) -> StepValue {
    StepValue::Array(Array::from_f32(values))
}

pub fn number(value: f64) -> StepValue {
    StepValue::Array(Array::scalar(value))
}

/// A picture of 32×40 RGB that differs from step to step.
pub fn picture(seed: u64) -> Array {
    let pixels = (0..32 * 40 * 3_u64).map(|i| if i % 97 == seed % 97 { (seed % 251) as u8 } else { 7 });
    Array::new(Dtype::Uint8, vec![32, 40, 3], pixels.collect()).expect("a picture")
}

pub fn episode(index: u64) -> EpisodeRow {
    EpisodeRow {
        episode: index,
        env_index: 0,
        agent: None,
        seed: Some(index as i64 * 7),
        end: EpisodeEnd::Terminated,
        episode_return: index as f64 / 3.0,
        length: index + 1,
        global_step: index as i64 * 100,
        started_us: 1_000_000 * index as i64,
        ended_us: Some(1_000_000 * index as i64 + 5),
        recorded: true,
        evaluation: false,
        checkpoint: None,
        env_return: Some(index as f64 / 3.0),
        extra: serde_json::Map::new(),
    }
}

/// Copies a folder and all in it as it is at one moment: again, if files came or went meanwhile.
pub fn copy_folder(from: &Path, to: &Path) {
    loop {
        let before = names_below(from);
        copy_files(from, to);
        if names_below(from) == before {
            return;
        }
        std::fs::remove_dir_all(to).expect("removed");
    }
}

fn names_below(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        names.push(entry.path());
        names.extend(names_below(&entry.path()));
    }
    names.sort();
    names
}

fn copy_files(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_files(&entry.path(), &target);
        } else if let Err(error) = std::fs::copy(entry.path(), &target) {
            assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "{}", entry.path().display());
        }
    }
}

/// One of everything, small; two batches of each kind.
pub fn small_run(root: &Path) -> RunWriter {
    let writer = create(root);
    for part in 0..2_u64 {
        for step in 0..3_i64 {
            let step = step + part as i64 * 3;
            writer.scalars(Axis::GlobalStep, step, step, &[("a", step as f64 + 0.5), ("b", -1.0)]).expect("logged");
        }
        writer.episode(episode(part)).expect("logged");
        for step in 0..2 {
            let step = step + part * 2;
            let frame = StepValue::Array(picture(step));
            let text = StepValue::Text(format!("text {step}"));
            let values = vec![
                (name("frame"), frame),
                (name("note"), text),
                (name("reward"), number(step as f64)),
                (name("x"), f32s(&[1.0, step as f32])),
            ];
            writer.step(0, step, values).expect("logged");
        }
        let array = Array::from_f32(&[part as f32, 2.0]);
        let row =
            TensorRow { step: part as i64, time_us: 1, kind: TensorKind::Tensor, array, meta: serde_json::Map::new() };
        writer.tensor(Axis::GlobalStep, "weights", row).expect("logged");
        writer.checkpoint(part as i64, "c", "onnx", vec![part as u8; 20], serde_json::json!({})).expect("logged");
        writer.flush().expect("flushed");
    }
    writer
}
