//! Runs as a training process leaves them.

use std::path::{Path, PathBuf};

use ethogram_store::{
    Array, Axis, Dtype, EpisodeEnd, EpisodeRow, RunId, RunInfo, RunState, RunWriter, StepValue, WriterOptions, now_us,
};

/// A closed run with one recorded episode of 3 steps and 50 scalars. Returns its folder.
pub fn write_run(root: &Path, id: &str, name: &str) -> PathBuf {
    let writer = log_run(root, id, name);
    let path = writer.path().to_owned();
    writer.close(RunState::Finished).expect("closed");
    path
}

pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("listed").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("copied");
        }
    }
}

pub fn log_run(root: &Path, id: &str, name: &str) -> RunWriter {
    let info = RunInfo {
        id: RunId(id.into()),
        name: name.into(),
        project: "pong".into(),
        created_us: now_us() - 7_200_000_000,
        host: "lab".into(),
        ..RunInfo::default()
    };
    let writer = RunWriter::create(root, info, WriterOptions::default()).expect("a run");
    for step in 0..50 {
        writer.scalar(Axis::GlobalStep, "loss", step * 1_000, 1, 0.5).expect("logged");
    }
    for (episode, recorded) in [(0, true), (1, false)] {
        let episode_return = 10.0 * episode as f64;
        let end = EpisodeEnd::Terminated;
        let row = EpisodeRow { end, episode_return, ended_us: Some(2), recorded, ..open_episode(episode) };
        writer.episode(row).expect("logged");
    }
    for step in 0..3 {
        let picture = Array::new(Dtype::Uint8, vec![32, 32], vec![step as u8; 1024]).expect("a picture");
        let values =
            vec![("frame".into(), StepValue::Array(picture)), ("reward".into(), StepValue::Array(Array::scalar(1.0)))];
        writer.step(0, step, values).expect("logged");
    }
    writer
}

/// An episode of 3 steps that did not end, and was not recorded.
pub fn open_episode(episode: u64) -> EpisodeRow {
    EpisodeRow {
        episode,
        env_index: 0,
        agent: None,
        seed: None,
        end: EpisodeEnd::Open,
        episode_return: 0.0,
        length: 3,
        global_step: 0,
        started_us: 1,
        ended_us: None,
        recorded: false,
        evaluation: false,
        checkpoint: None,
        env_return: None,
        extra: serde_json::Map::new(),
    }
}
