//! Writer and reader against plain maps, with crashes, resumed runs, late and repeated steps as rules.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ethogram_store::{
    Array, Axis, Column, ColumnData, Dtype, EpisodeRow, RunInfo, RunReader, RunSource, RunState, RunWriter, SealLimits,
    StepValue, WriterOptions,
};
use proptest::prelude::*;

use crate::support::{copy_folder, episode, open_whole};

#[derive(Clone, Debug)]
enum Rule {
    Scalar {
        tag: u8,
        step: i8,
        value: f64,
    },
    Step {
        episode: u8,
        step: u8,
        fields: Vec<(u8, u8)>,
    },
    Episode(u8),
    Flush,
    /// The process dies after a flush, leaving half a batch and half a record behind; another one goes on.
    Crash,
    /// The run is closed and resumed.
    Resume,
}

fn rule() -> impl Strategy<Value = Rule> {
    let value = prop_oneof![Just(f64::NAN), Just(f64::INFINITY), -1e3..1e3_f64];
    prop_oneof![
        6 => (0..3_u8, -4..20_i8, value).prop_map(|(tag, step, value)| Rule::Scalar { tag, step, value }),
        8 => (0..3_u8, 0..12_u8, prop::collection::vec((0..6_u8, any::<u8>()), 1..4))
            .prop_map(|(episode, step, fields)| Rule::Step { episode, step, fields }),
        2 => (0..4_u8).prop_map(Rule::Episode),
        3 => Just(Rule::Flush),
        1 => Just(Rule::Crash),
        1 => Just(Rule::Resume),
    ]
}

/// Six fields of all sorts; the last is an image.
fn value(field: u8, seed: u8) -> StepValue {
    let array = |dtype, shape, data| StepValue::Array(Array::new(dtype, shape, data).expect("an array"));
    match field {
        0 => StepValue::Array(Array::scalar(if seed == 0 { f64::NAN } else { f64::from(seed) })),
        1 => StepValue::Array(Array::from_f32(&[f32::from(seed), -0.0])),
        2 => StepValue::Text("x".repeat(usize::from(seed % 5))),
        3 => array(Dtype::Bool, vec![2], vec![seed & 1, seed >> 1 & 1]),
        4 => array(Dtype::Int16, vec![1, 1], i16::from(seed).to_le_bytes().to_vec()),
        _ => array(Dtype::Uint8, vec![32, 32], (0..1024).map(|i| if i % 100 == 0 { seed } else { 0 }).collect()),
    }
}

fn field_name(field: u8) -> String {
    ["value", "observation/a%2Fb", "note", "flags", "action/0/1", "frame"][usize::from(field)].to_owned()
}

#[derive(Debug, Default)]
struct Model {
    scalars: BTreeMap<String, BTreeMap<i64, u64>>,
    steps: BTreeMap<u64, BTreeMap<String, BTreeMap<u64, StepValue>>>,
    episodes: BTreeMap<u64, EpisodeRow>,
}

impl Model {
    fn check(&self, reader: &RunReader) {
        let tags: Vec<String> = reader.scalar_tags().into_iter().map(|tag| tag.tag).collect();
        assert_eq!(tags, self.scalars.keys().cloned().collect::<Vec<_>>());
        for (tag, expected) in &self.scalars {
            let points = reader.scalars(Axis::GlobalStep, tag, i64::MIN..i64::MAX).expect("points");
            let found: Vec<(i64, u64)> =
                points.step.into_iter().zip(points.value.into_iter().map(f64::to_bits)).collect();
            assert_eq!(found, expected.iter().map(|(s, v)| (*s, *v)).collect::<Vec<_>>(), "tag {tag}");
            let counted = reader.scalar_buckets(Axis::GlobalStep, tag, i64::MIN..i64::MAX, 4).expect("buckets");
            assert_eq!(counted.count.iter().sum::<u64>(), expected.len() as u64);
        }
        let episodes = reader.episodes(0..u64::MAX).expect("episodes");
        assert_eq!(episodes, self.episodes.values().cloned().collect::<Vec<_>>());
        for index in 0..4 {
            let expected = self.steps.get(&index).cloned().unwrap_or_default();
            let names: Vec<String> =
                reader.step_fields(index).expect("fields").into_iter().map(|info| info.name).collect();
            assert_eq!(names, expected.keys().cloned().collect::<Vec<_>>(), "episode {index}");
            let rows = expected.values().filter_map(|steps| steps.keys().next_back()).max().map_or(0, |last| last + 1);
            assert_eq!(reader.step_count(index).expect("rows"), rows, "episode {index}");
            for (name, steps) in &expected {
                let column = reader.steps(index, name, 0..u64::MAX).expect("a column");
                assert_eq!(column.rows() as u64, rows);
                for step in 0..rows {
                    let found = cell(&column, step as usize);
                    assert_eq!(found.as_ref(), steps.get(&step), "{name} at step {step} of episode {index}");
                }
                if column.info.image {
                    let groups = reader.frame_groups(index, name, 0..u64::MAX).expect("groups");
                    let covered: Vec<u64> = groups.iter().flat_map(|g| g.first..g.first + u64::from(g.count)).collect();
                    assert_eq!(covered, steps.keys().copied().collect::<Vec<_>>(), "every row in one group");
                }
            }
        }
    }
}

fn cell(column: &Column, row: usize) -> Option<StepValue> {
    if !column.is_valid(row) {
        return None;
    }
    Some(match (&column.data, column.info.dtype) {
        (ColumnData::Numeric(bytes), Some(dtype)) => {
            let row_bytes = column.row_bytes();
            let data = bytes[row * row_bytes..(row + 1) * row_bytes].to_vec();
            StepValue::Array(Array::new(dtype, column.info.shape.clone(), data).expect("an array"))
        }
        (ColumnData::Text(texts), _) => StepValue::Text(texts[row].clone()),
        _ => panic!("a column of numbers without a type"),
    })
}

fn options() -> WriterOptions {
    WriterOptions {
        flush_interval: Duration::from_mins(1),
        // Sealed all the time.
        seal: SealLimits { rows: 24, bytes: 1 << 20, age: Duration::from_mins(1) },
        frame_group: 4,
        ..WriterOptions::default()
    }
}

/// What a kill leaves behind, at its worst: bytes that no record vouches for, and half a record.
fn tear(run: &Path) {
    let folders = std::fs::read_dir(run).expect("a run").flatten().map(|entry| entry.path());
    let newest = folders.filter(|path| path.is_dir() && path.display().to_string().contains("/w-")).max();
    for folder in std::fs::read_dir(newest.expect("a writer")).expect("a folder").flatten() {
        let Ok(files) = std::fs::read_dir(folder.path()) else { continue };
        for file in files.flatten().map(|file| file.path()) {
            let torn: &[u8] = match file.extension().and_then(|extension| extension.to_str()) {
                Some("arrows") => &[0xff; 100],
                Some("log") => &[7; 30],
                _ => continue,
            };
            let mut bytes = std::fs::read(&file).expect("bytes");
            bytes.extend_from_slice(torn);
            std::fs::write(&file, bytes).expect("written");
        }
    }
}

fn play(rules: &[Rule]) {
    let root = tempfile::tempdir().expect("a folder");
    let info = RunInfo { project: "model".into(), ..RunInfo::default() };
    let mut writer = RunWriter::create(root.path(), info, options()).expect("a run");
    let mut follower = RunReader::open(writer.path()).expect("a run");
    let mut model = Model::default();
    for (number, rule) in rules.iter().enumerate() {
        match rule {
            Rule::Scalar { tag, step, value } => {
                let (tag, step) = (format!("tag/{tag}"), i64::from(*step));
                writer.scalar(Axis::GlobalStep, &tag, step, number as i64, *value).expect("logged");
                model.scalars.entry(tag).or_default().insert(step, value.to_bits());
            }
            Rule::Step { episode, step, fields } => {
                let (episode, step) = (u64::from(*episode), u64::from(*step));
                let values = fields.iter().map(|(field, seed)| (Arc::from(field_name(*field)), value(*field, *seed)));
                writer.step(episode, step, values.collect()).expect("logged");
                for (field, seed) in fields {
                    let steps = model.steps.entry(episode).or_default().entry(field_name(*field)).or_default();
                    steps.insert(step, value(*field, *seed));
                }
            }
            Rule::Episode(index) => {
                let row = EpisodeRow { length: number as u64, ..episode(u64::from(*index)) };
                writer.episode(row.clone()).expect("logged");
                model.episodes.insert(row.episode, row);
            }
            Rule::Flush => {
                writer.flush().expect("flushed");
                follower.refresh().expect("refreshed");
                model.check(&follower);
            }
            Rule::Crash => {
                writer.flush().expect("flushed");
                let copy: PathBuf = root.path().join(format!("copy-{number}"));
                copy_folder(writer.path(), &copy);
                tear(&copy);
                writer = RunWriter::resume(&copy, options()).expect("resumed");
                follower = RunReader::open(&copy).expect("a run");
                model.check(&follower);
            }
            Rule::Resume => {
                writer.close(RunState::Finished).expect("closed");
                writer = RunWriter::resume(writer.path(), options()).expect("resumed");
                let next = model.steps.keys().chain(model.episodes.keys()).max().map_or(0, |last| last + 1);
                assert_eq!(writer.next_episode(), next);
            }
        }
    }
    writer.close(RunState::Finished).expect("closed");
    follower.refresh().expect("refreshed");
    model.check(&follower);
    model.check(&open_whole(writer.path()));
    assert_eq!(follower.lost(), []);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn what_is_read_is_what_was_logged(rules in prop::collection::vec(rule(), 1..60)) {
        play(&rules);
    }
}
