//! What is logged is what is read.

use ethogram_store::{Array, Axis, ColumnData, Dtype, RunSource, RunState, StepValue, TensorKind, TensorRow, compact};
use serde_json::json;

use crate::support::{create, episode, f32s, name, number, open, open_whole, picture};

#[test]
fn everything_that_was_logged_comes_back() {
    let root = tempfile::tempdir().expect("a folder");
    let writer = create(root.path());
    for step in 0..100_i64 {
        writer
            .scalars(Axis::GlobalStep, step, step * 10, &[("loss", 1.0 / (step + 1) as f64), ("nan", f64::NAN)])
            .expect("logged");
    }
    writer.episode(episode(0)).expect("logged");
    for step in 0..70_u64 {
        let values = vec![
            (name("frame"), StepValue::Array(picture(step))),
            (name("observation/position"), f32s(&[step as f32, -1.5])),
            (name("reward"), number(step as f64)),
            (name("note"), StepValue::Text(format!("step {step}"))),
        ];
        writer.step(0, step, values).expect("logged");
    }
    let last = vec![
        (name("frame"), StepValue::Array(picture(70))),
        (name("observation/position"), f32s(&[70.0, 0.0])),
        (name("reward"), StepValue::Null),
    ];
    writer.step(0, 70, last).expect("logged");
    let tensor = TensorRow {
        step: 5,
        time_us: 6,
        kind: TensorKind::Tensor,
        array: Array::from_f32(&[1.0, 2.0]),
        meta: serde_json::Map::new(),
    };
    writer.tensor(Axis::GlobalStep, "weights", tensor.clone()).expect("logged");
    let hash = writer.checkpoint(80, "80", "onnx", vec![1, 2, 3], json!({"inputs": ["x"]})).expect("logged");
    writer.close(RunState::Finished).expect("closed");

    let reader = open_whole(writer.path());
    assert_eq!(reader.info(), *writer.info());
    let status = reader.status();
    assert_eq!(
        (status.state, status.global_step, status.episodes, status.dropped),
        (RunState::Finished, Some(99), 1, 0)
    );
    assert_eq!(status.summary.get("loss").map(|value| value.to_bits()), Some(0.01_f64.to_bits()));
    assert!(!status.summary.contains_key("nan"), "JSON has no NaN");

    let tags = reader.scalar_tags();
    assert_eq!(
        tags.iter().map(|tag| (tag.tag.as_str(), tag.count, tag.last_step)).collect::<Vec<_>>(),
        [("loss", 100, 99), ("nan", 100, 99)]
    );
    let loss = reader.scalars(Axis::GlobalStep, "loss", 10..20).expect("points");
    assert_eq!(loss.step, (10..20).collect::<Vec<_>>());
    assert_eq!((loss.value[0], loss.time_us[0]), (1.0 / 11.0, 100));
    assert!(reader.scalars(Axis::GlobalStep, "nan", 0..1).expect("points").value[0].is_nan());
    assert!(reader.scalars(Axis::Episode, "loss", 0..100).expect("points").step.is_empty());

    assert_eq!(reader.episodes(0..9).expect("episodes"), [episode(0)]);
    assert_eq!(reader.step_count(0).expect("rows"), 71);
    let fields = reader.step_fields(0).expect("fields");
    let names: Vec<_> = fields.iter().map(|field| (field.name.as_str(), field.image)).collect();
    assert_eq!(names, [("frame", true), ("note", false), ("observation/position", false), ("reward", false)]);
    assert_eq!((fields[0].dtype, &fields[0].shape), (Some(Dtype::Uint8), &vec![32, 40, 3]));
    let position = reader.steps(0, "observation/position", 69..99).expect("rows");
    assert_eq!((position.first, position.to_f64()), (69, vec![69.0, -1.5, 70.0, 0.0]));
    let reward = reader.steps(0, "reward", 69..71).expect("rows");
    assert_eq!(reward.valid, Some(vec![true, false]), "the final row holds nothing but the observation");
    let note = reader.steps(0, "note", 3..4).expect("rows");
    assert_eq!(note.data, ColumnData::Text(vec!["step 3".into()]));
    let frames = reader.steps(0, "frame", 30..41).expect("rows");
    let expected: Vec<u8> = (30..41).flat_map(|step| picture(step).into_data()).collect();
    assert_eq!((frames.data, frames.valid), (ColumnData::Numeric(expected), None));
    let groups = reader.frame_groups(0, "frame", 0..71).expect("groups");
    assert_eq!(groups.iter().map(|group| group.count).sum::<u32>(), 71);
    assert!(groups.windows(2).all(|pair| pair[0].first + u64::from(pair[0].count) == pair[1].first));

    assert_eq!(reader.tensors(Axis::GlobalStep, "weights", 0..9).expect("rows"), [tensor]);
    let checkpoint = &reader.checkpoints()[0];
    assert_eq!(
        (checkpoint.global_step, &checkpoint.hash, &checkpoint.signature),
        (80, &hash, &json!({"inputs": ["x"]}))
    );
    assert_eq!(reader.blob(&hash).expect("a blob")[..], [1, 2, 3]);
    assert!(reader.blob("../../run.json").is_err_and(|error| error.is_not_found()));
    assert!(reader.steps(0, "absent", 0..1).is_err_and(|error| error.to_string().contains("it has frame, note")));
    assert!(reader.steps(5, "frame", 0..1).is_err_and(|error| error.is_not_found()));
}

#[test]
fn a_reader_follows_a_run_that_grows() {
    let root = tempfile::tempdir().expect("a folder");
    let writer = create(root.path());
    let reader = open(&writer);
    let mut revision = reader.revision();
    for step in 0..5_i64 {
        writer.scalar(Axis::GlobalStep, "loss", step, 0, step as f64).expect("logged");
        writer.step(3, step as u64, vec![(name("reward"), number(0.5))]).expect("logged");
        writer.flush().expect("flushed");
        let now = reader.refresh().expect("refreshed");
        assert!(now > revision, "at step {step}");
        revision = now;
        assert_eq!(reader.scalars(Axis::GlobalStep, "loss", 0..100).expect("points").step.len() as i64, step + 1);
        assert_eq!(reader.step_count(3).expect("rows") as i64, step + 1);
    }
    assert_eq!(reader.episode_count(), 4);
}

/// Two rows do not make a column of gigabytes, and neither is lost: each is read by a range around it, before and after the run is packed.
#[test]
fn rows_far_apart_are_read_in_ranges_and_make_no_gigabytes() {
    let root = tempfile::tempdir().expect("a folder");
    let writer = create(root.path());
    let far = 99_999_999;
    for step in [0, far] {
        let values = vec![
            (name("reward"), number(step as f64)),
            (name("note"), StepValue::Text(format!("step {step}"))),
            (name("frame"), StepValue::Array(picture(step))),
        ];
        writer.step(0, step, values).expect("logged");
    }
    for step in (0..2_000_000).step_by(1_000) {
        writer.step(1, step, vec![(name("reward"), number(step as f64))]).expect("logged");
    }
    writer.close(RunState::Finished).expect("closed");
    for packed in [false, true] {
        if packed {
            compact(writer.path()).expect("packed");
        }
        let reader = open_whole(writer.path());
        assert_eq!(reader.step_count(0).expect("rows"), far + 1);
        for field in ["reward", "note", "frame"] {
            let refused = reader.steps(0, field, 0..u64::MAX).expect_err("much for two rows").to_string();
            assert!(refused.contains("ask for fewer steps at a time"), "{refused}");
        }
        let sparse = reader.steps(0, "reward", 0..u64::MAX).expect_err("much for two rows").to_string();
        assert!(sparse.contains("of which 2 were logged"), "{sparse}");
        let reward = reader.steps(0, "reward", far - 1..u64::MAX).expect("rows");
        assert_eq!((reward.first, reward.valid.as_deref()), (far - 1, Some(&[false, true][..])));
        assert_eq!(reward.to_f64()[1..], [far as f64]);
        let note = reader.steps(0, "note", far..u64::MAX).expect("rows");
        assert_eq!(note.data, ColumnData::Text(vec![format!("step {far}")]));
        let frame = reader.steps(0, "frame", far..u64::MAX).expect("rows");
        assert_eq!(frame.data, ColumnData::Numeric(picture(far).into_data()));
        let every = reader.steps(1, "reward", 0..u64::MAX).expect("every thousandth step, whole");
        assert_eq!((every.rows(), every.to_f64()[1_000]), (1_999_001, 1_000.0));
    }
}
