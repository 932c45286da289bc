//! Runs as a training loop writes them.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use ethogram_store::{
    Array, Axis, Dtype, EnvSpec, EpisodeEnd, EpisodeRow, RunId, RunInfo, RunState, RunWriter, StepValue, TensorKind,
    TensorRow, WriterOptions,
};
use serde_json::{Map, json};

/// The run of [`finished`].
pub const RUN: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
/// Microseconds since 1970 at which it was created.
pub const CREATED_US: i64 = 1_700_000_000_000_000;
/// Steps of episode 0; there is one row more, for the final observation.
pub const STEPS: u64 = 40;

pub fn info(id: &str, name: &str) -> RunInfo {
    RunInfo {
        id: RunId(id.into()),
        name: name.into(),
        project: "pong".into(),
        created_us: CREATED_US,
        ..RunInfo::default()
    }
}

pub fn start(root: &Path, info: RunInfo) -> RunWriter {
    RunWriter::create(root, info, WriterOptions::default()).expect("a run")
}

pub fn episode(index: u64) -> EpisodeRow {
    EpisodeRow {
        episode: index,
        env_index: 1,
        agent: None,
        seed: None,
        end: EpisodeEnd::Terminated,
        episode_return: -21.0 + index as f64,
        length: STEPS,
        global_step: 1_000 * index as i64,
        started_us: CREATED_US + 1,
        ended_us: None,
        recorded: false,
        evaluation: false,
        checkpoint: None,
        env_return: None,
        extra: Map::new(),
    }
}

/// A pixel of `frame`.
pub fn pixel(step: u64, at: usize) -> u8 {
    ((at as u64 / 32 + step) % 5 * 40) as u8
}

/// A closed run that holds some of everything. Returns its folder.
pub fn finished(root: &Path) -> PathBuf {
    let info = RunInfo {
        group: Some("dqn".into()),
        tags: vec!["baseline".into()],
        notes: "first try".into(),
        config: json!({ "learning_rate": 2.5e-4, "layers": [64, 64] }),
        env: Some(EnvSpec { id: "Pong-v5".into(), num_envs: 1, ..EnvSpec::default() }),
        host: "lab".into(),
        gamma: Some(0.5),
        ..info(RUN, "pong dqn")
    };
    let run = start(root, info);
    for step in 0..3_000_i64 {
        run.scalar(Axis::GlobalStep, "losses/td_loss", step, CREATED_US + step, 1.0 / (step + 1) as f64)
            .expect("logged");
    }
    for (step, value) in [(0, 1.5), (1, f64::NAN), (2, f64::INFINITY)] {
        run.scalar(Axis::Episode, "odd", step, CREATED_US, value).expect("logged");
    }
    log_episodes(&run);
    log_tensors(&run);
    let signature = json!({ "inputs": ["observation"] });
    run.checkpoint(1_000, "1k", "onnx", b"weights".to_vec(), signature).expect("logged");
    let path = run.path().to_owned();
    run.close(RunState::Finished).expect("closed");
    path
}

fn log_episodes(run: &RunWriter) {
    let played = EpisodeRow {
        seed: Some(i64::MAX - 1),
        ended_us: Some(CREATED_US + 9),
        recorded: true,
        checkpoint: Some(1_000),
        env_return: Some(-21.0),
        extra: Map::from_iter([("level".into(), json!("easy"))]),
        ..episode(0)
    };
    run.episode(played).expect("logged");
    run.episode(EpisodeRow { agent: Some("left".into()), ..episode(1) }).expect("logged");
    run.episode(EpisodeRow { end: EpisodeEnd::Open, evaluation: true, ..episode(3) }).expect("logged");
    for step in 0..=STEPS {
        log_step(run, 0, step);
    }
}

/// The last row holds the final observation alone.
pub fn log_step(run: &RunWriter, episode: u64, step: u64) {
    let number = |value: f64| StepValue::Array(Array::scalar(value));
    let picture = (0..32 * 48).map(|at| pixel(step, at)).collect();
    let frame = Array::new(Dtype::Uint8, vec![32, 48], picture).expect("a picture");
    let mut values: Vec<(Arc<str>, StepValue)> = vec![
        ("observation".into(), StepValue::Array(Array::from_f32(&[step as f32, -0.5]))),
        ("frame".into(), StepValue::Array(frame)),
    ];
    if step < STEPS {
        values.push(("reward".into(), number(if step == 7 { 1.0 } else { 0.0 })));
        values.push(("action".into(), StepValue::Array(Array::scalar_i64(step as i64 % 6))));
    }
    if step.is_multiple_of(2) {
        values.push(("thought,aloud".into(), StepValue::Text(format!("step {step}"))));
    }
    run.step(episode, step, values).expect("logged");
}

fn log_tensors(run: &RunWriter) {
    let row = |step, kind, array| TensorRow { step, time_us: CREATED_US + step, kind, array, meta: Map::new() };
    let counts = Array::new(
        Dtype::Float64,
        vec![2, 2],
        [0.0, 1.0, 5.0, 6.0].iter().flat_map(|v: &f64| v.to_le_bytes()).collect(),
    );
    let mut distribution = row(10, TensorKind::Distribution, counts.expect("counts"));
    distribution.meta.insert("edges".into(), json!([0.0, 1.0, 2.0]));
    run.tensor(Axis::GlobalStep, "weights", distribution).expect("logged");
    run.tensor(Axis::GlobalStep, "weights", row(20, TensorKind::Tensor, Array::scalar(4.5))).expect("logged");
    let text = Array::new(Dtype::Uint8, vec![5], b"hello".to_vec()).expect("a text");
    run.tensor(Axis::Episode, "note", row(1, TensorKind::Text, text)).expect("logged");
}
