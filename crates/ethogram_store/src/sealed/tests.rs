//! Sealed files hold what was put in, answer for a part without the rest, and notice damage.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use bytes::Bytes;

use proptest::prelude::*;

use super::rollup::ROLLUP_BUCKETS;
use super::*;
use crate::codec::{Effort, FrameLayout, decode_group, encode_group};
use crate::columns::{
    FieldType, FrameRow, ScalarPoint, StepColumns, StepValue, TensorPoint, episodes_batch, episodes_from, frames_batch,
    read_field, scalars_batch, steps_schema, tensors_batch, tensors_from,
};
use crate::files::{Entry, Files, too_short};
use crate::{Array, Axis, Bucketer, Dtype, EpisodeEnd, EpisodeRow, TensorKind, TensorRow};

/// A run of one file, in memory.
#[derive(Debug, Default)]
struct Memory {
    bytes: Mutex<Bytes>,
    read_bytes: AtomicU64,
}

impl Files for Memory {
    fn list(&self, _: &str) -> Result<Vec<Entry>> {
        Ok(vec![Entry { name: "a".into(), bytes: Some(self.len("a")?) }])
    }

    fn len(&self, _: &str) -> Result<u64> {
        Ok(self.bytes.lock().expect("no panic").len() as u64)
    }

    fn read_range(&self, path: &str, range: Range<u64>) -> Result<Bytes> {
        let bytes = self.bytes.lock().expect("no panic");
        if range.end > bytes.len() as u64 {
            return Err(too_short(path.into(), &range, bytes.len() as u64));
        }
        self.read_bytes.fetch_add(range.end - range.start, Ordering::Relaxed);
        Ok(bytes.slice(range.start as usize..range.end as usize))
    }

    fn locate(&self, path: &str) -> PathBuf {
        path.into()
    }
}

/// One sealed file and what a manifest says of it.
struct Folder {
    memory: Arc<Memory>,
    entry: FileEntry,
}

impl Folder {
    fn new(sealed: &SealedBytes) -> Self {
        let folder = Self { memory: Arc::default(), entry: sealed.entry("a".into()) };
        folder.set(sealed.bytes.clone());
        folder
    }

    fn set(&self, bytes: Bytes) {
        *self.memory.bytes.lock().expect("no panic") = bytes;
    }

    fn files(&self) -> Arc<dyn Files> {
        Arc::clone(&self.memory) as Arc<dyn Files>
    }

    fn scalars(&self) -> Result<SealedScalars> {
        SealedScalars::open(self.files(), "a".into(), &self.entry)
    }

    fn steps(&self) -> Result<SealedSteps> {
        SealedSteps::open(self.files(), "a".into(), &self.entry)
    }

    fn frames(&self) -> Result<SealedFrames> {
        SealedFrames::open(self.files(), "a".into(), &self.entry)
    }
}

const TAGS: [&str; 4] = ["losses/td_loss", "a", "räuber", "z"];
const AXES: [Axis; 2] = [Axis::GlobalStep, Axis::Episode];

fn scalars(points: &[(usize, usize, i64, f64)]) -> RecordBatch {
    let points: Vec<_> = points
        .iter()
        .map(|&(axis, tag, step, value)| ScalarPoint {
            axis: AXES[axis],
            tag: TAGS[tag],
            step,
            time_us: step * 10,
            value,
        })
        .collect();
    scalars_batch(&points).expect("a batch")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Against a map from axis, tag and step to the value logged last.
    #[test]
    fn scalars_are_found_again_by_tag_and_range(
        batches in prop::collection::vec(
            prop::collection::vec((0..2_usize, 0..4_usize, -50..50_i64, prop_oneof![Just(f64::NAN), -1e9..1e9]), 0..60), 1..5),
        from in -60..60_i64,
        length in 0..80_i64,
    ) {
        let built = build(Kind::Scalars, &batches.iter().map(|batch| scalars(batch)).collect::<Vec<_>>()).expect("built");
        let mut expected: BTreeMap<(Axis, &str), BTreeMap<i64, f64>> = BTreeMap::new();
        for &(axis, tag, step, value) in batches.iter().flatten() {
            expected.entry((AXES[axis], TAGS[tag])).or_default().insert(step, value);
        }
        let folder = Folder::new(&built.data);
        let sealed = folder.scalars().expect("opens");
        let names: Vec<_> = sealed.tags().iter().map(|tag| (tag.axis, tag.tag.as_str())).collect();
        prop_assert_eq!(names, expected.keys().copied().collect::<Vec<_>>());
        for axis in AXES {
            for tag in TAGS {
                let points = sealed.read(axis, tag, from..from + length).expect("points");
                let wanted: Vec<_> = expected
                    .get(&(axis, tag))
                    .into_iter()
                    .flat_map(|points| points.range(from..from + length))
                    .collect();
                prop_assert_eq!(&points.step, &wanted.iter().map(|(step, _)| **step).collect::<Vec<_>>());
                prop_assert_eq!(points.time_us, points.step.iter().map(|step| step * 10).collect::<Vec<_>>());
                let bits: Vec<_> = points.value.iter().map(|value| value.to_bits()).collect();
                prop_assert_eq!(bits, wanted.iter().map(|(_, value)| value.to_bits()).collect::<Vec<_>>());
            }
        }
        for extent in sealed.tags() {
            let points = &expected[&(extent.axis, extent.tag.as_str())];
            let (first, last) = (points.first_key_value().expect("one"), points.last_key_value().expect("one"));
            prop_assert_eq!((extent.rows, extent.first_step, extent.last_step), (points.len() as u64, *first.0, *last.0));
            prop_assert_eq!(extent.last_value.is_nan(), last.1.is_nan());
            prop_assert!(extent.last_value.is_nan() || extent.last_value.to_bits() == last.1.to_bits());
        }
    }

    #[test]
    fn steps_are_found_again_by_episode_range_and_field(
        writes in prop::collection::vec((0..5_u64, 0..40_u64, 1..30_u64, any::<bool>()), 1..12),
        from in 0..50_u64,
        length in 0..60_u64,
    ) {
        let mut expected: BTreeMap<u64, BTreeMap<u64, (f32, bool)>> = BTreeMap::new();
        let mut batches = Vec::new();
        for (number, &(episode, first, count, with_text)) in writes.iter().enumerate() {
            for step in first..first + count {
                let value = (number * 1000) as f32 + step as f32;
                let row = expected.entry(episode).or_default().entry(step).or_default();
                *row = (value, row.1 || with_text);
            }
            batches.push(steps(episode, first..first + count, number, with_text));
        }
        let built = build(Kind::Steps, &batches).expect("built");
        prop_assert_eq!(built.data.rows, expected.values().map(|steps| steps.len() as u64).sum::<u64>());
        let folder = Folder::new(&built.data);
        let sealed = folder.steps().expect("opens");
        let episodes: Vec<_> = sealed.episodes().iter().map(|extent| extent.episode).collect();
        prop_assert_eq!(episodes, expected.keys().copied().collect::<Vec<_>>());
        for episode in 0..5 {
            let wanted: Vec<_> =
                expected.get(&episode).into_iter().flat_map(|steps| steps.range(from..from + length)).collect();
            let batch = sealed.read(episode, from..from + length, Some(&["value", "absent"])).expect("rows");
            prop_assert_eq!(batch.num_columns(), 3, "two keys and the one field that exists");
            let numbers = order::steps_u64(&batch, "step").expect("steps");
            prop_assert_eq!(numbers, wanted.iter().map(|(step, _)| **step).collect::<Vec<_>>());
            let crate::columns::FieldRows { kind: field, values, .. } = read_field(&batch, "value").expect("read").expect("there");
            prop_assert_eq!(&field, &FieldType { dtype: Some(Dtype::Float32), shape: vec![2, 1] });
            let wanted_bytes: Vec<u8> = wanted.iter().flat_map(|(_, (value, _))| [*value, -value]).flat_map(f32::to_le_bytes).collect();
            prop_assert_eq!(values, crate::columns::FieldValues::Numeric(wanted_bytes));
            let all = sealed.read(episode, 0..u64::MAX, None).expect("rows");
            let texts = all.column_by_name("text").map_or(0, |column| column.len() - column.null_count());
            let wanted = expected.get(&episode).into_iter().flatten().filter(|(_, (_, with_text))| *with_text).count();
            prop_assert_eq!(texts, wanted, "text is null where it was not logged");
        }
    }
}

fn steps(episode: u64, range: std::ops::Range<u64>, number: usize, with_text: bool) -> RecordBatch {
    let mut fields = vec![(Arc::from("value"), FieldType { dtype: Some(Dtype::Float32), shape: vec![2, 1] })];
    if with_text {
        fields.push((Arc::from("text"), FieldType { dtype: None, shape: vec![] }));
    }
    let mut columns = StepColumns::default();
    for step in range {
        columns.push_row(step);
        let value = (number * 1000) as f32 + step as f32;
        let pair = [value, -value].iter().flat_map(|value| value.to_le_bytes()).collect();
        let pair = Array::new(Dtype::Float32, vec![2, 1], pair).expect("an array");
        columns.set(&fields[0].0, &fields[0].1, StepValue::Array(pair));
        if with_text {
            columns.set(&fields[1].0, &fields[1].1, StepValue::Text(format!("step {step}")));
        }
    }
    columns.into_batch(episode, &steps_schema(&fields), &fields).expect("a batch")
}

#[test]
fn a_tag_of_many_points_has_a_rollup_that_agrees_with_them() {
    let long: Vec<_> = (0..5000).map(|i| (0, 0, i64::from(i) * 3, f64::from(i % 97))).collect();
    let short: Vec<_> = (0..1024).map(|i| (0, 1, i64::from(i), 1.0)).collect();
    let built = build(Kind::Scalars, &[scalars(&long), scalars(&short)]).expect("built");
    let folder = Folder::new(built.rollup.as_ref().expect("a rollup"));
    let rollup = Rollup::open(folder.files(), "a".into(), &folder.entry).expect("opens");
    assert_eq!(rollup.tags().len(), 1);
    assert_eq!(rollup.read(Axis::GlobalStep, TAGS[1]).expect("read"), None, "its points serve");
    let buckets = rollup.read(Axis::GlobalStep, TAGS[0]).expect("read").expect("buckets");
    let mut expected = Bucketer::new(0..4999 * 3 + 1, ROLLUP_BUCKETS);
    for &(_, _, step, value) in &long {
        expected.add_point(step, step * 10, value);
    }
    assert_eq!(buckets, expected.finish());
    let few = build(Kind::Scalars, &[scalars(&short)]).expect("built");
    assert!(few.rollup.is_none());
}

#[test]
fn one_tag_and_one_range_are_read_without_the_rest_of_the_file() {
    let noise = |i: i64| ((i.wrapping_mul(0x9E37_79B9_7F4A_7C15_u64 as i64)) as f64).sin();
    let points: Vec<_> = (0..4).flat_map(|tag| (0..300_000).map(move |i| (0, tag, i, noise(i)))).collect();
    let built = build(Kind::Scalars, &[scalars(&points)]).expect("built");
    let folder = Folder::new(&built.data);
    let read_bytes = |tag: &str, range: std::ops::Range<i64>| {
        folder.memory.read_bytes.store(0, Ordering::Relaxed);
        let sealed = folder.scalars().expect("opens");
        let points = sealed.read(Axis::GlobalStep, tag, range.clone()).expect("points");
        assert_eq!(points.step, range.collect::<Vec<_>>());
        folder.memory.read_bytes.load(Ordering::Relaxed) as f64 / folder.entry.bytes as f64
    };
    let tag = read_bytes("z", 0..300_000);
    assert!(tag < 0.27, "a quarter of the file holds the tag, {tag} of it was read");
    let range = read_bytes("z", 299_990..300_000);
    assert!(range < 0.05, "the last row group of the tag is a thirtieth of the file, {range} of it was read");
}

#[test]
fn very_many_tags_share_row_groups() {
    let points: Vec<_> = (0..40_000_i64).map(|i| (format!("layer/{:05}", i / 2), i % 2)).collect();
    let points: Vec<_> = points
        .iter()
        .map(|(tag, step)| ScalarPoint { axis: Axis::GlobalStep, tag, step: *step, time_us: 0, value: *step as f64 })
        .collect();
    let built = build(Kind::Scalars, &[scalars_batch(&points).expect("a batch")]).expect("built");
    let folder = Folder::new(&built.data);
    let sealed = folder.scalars().expect("opens");
    assert_eq!(sealed.tags().len(), 20_000);
    assert!(sealed.table().groups() < 10, "{} row groups", sealed.table().groups());
    let points = sealed.read(Axis::GlobalStep, "layer/12345", 1..2).expect("points");
    assert_eq!((points.step, points.value), (vec![1], vec![1.0]));
}

fn frame_rows() -> Vec<FrameRow> {
    let layout = FrameLayout::of_shape(&[6, 5, 3], None).expect("a picture");
    let mut rows = Vec::new();
    for (episode, field, first, count) in
        [(2, "frame", 0, 32), (2, "frame", 32, 32), (1, "frame", 5, 3), (2, "b", 0, 1)]
    {
        let pictures: Vec<Vec<u8>> = (first..first + count).map(|step| vec![step as u8; 90]).collect();
        let slices: Vec<&[u8]> = pictures.iter().map(Vec::as_slice).collect();
        let group = encode_group(&layout, &slices, Effort::Live).expect("a group").into();
        rows.push(FrameRow { episode, field: field.into(), first, count: count as u32, group });
    }
    rows
}

#[test]
fn frames_are_found_again_by_episode_field_and_range() {
    let built = build(Kind::Frames, &[frames_batch(&frame_rows()).expect("a batch")]).expect("built");
    assert_eq!((built.min_step, built.max_step, built.episodes), (0, 63, Some((1, 2))));
    let folder = Folder::new(&built.data);
    let sealed = folder.frames().expect("opens");
    assert_eq!(sealed.groups().len(), 3, "two groups became one");
    let groups = sealed.read(2, "frame", 40..41).expect("groups");
    assert_eq!(groups.iter().map(|group| (group.first, group.count)).collect::<Vec<_>>(), [(0, 64)]);
    assert_eq!(decode_group(&groups[0].bytes).expect("decodes").data()[41 * 90], 41);
    assert_eq!(sealed.read(1, "frame", 0..5).expect("groups"), []);
    assert_eq!(sealed.read(1, "frame", 0..6).expect("groups").len(), 1);
    assert_eq!(sealed.read(2, "absent", 0..6).expect("groups"), []);
    assert_eq!(sealed.read_group(&sealed.groups()[0]).expect("a group").first, 5);
    // The same rows as any reader of Arrow sees them.
    let file = std::io::Cursor::new(built.data.bytes.clone());
    let batches: Vec<_> = arrow_ipc::reader::FileReader::try_new(file, None)
        .expect("an Arrow file")
        .map(|batch| batch.expect("a batch"))
        .collect();
    let rows = frames_from(&batches[0]).expect("rows");
    assert_eq!(rows.len(), 3);
    assert_eq!(rows[0].group, sealed.read_group(&sealed.groups()[0]).expect("a group").bytes);
}

#[test]
fn tensors_and_episodes_come_back() {
    let tensor = |tag: &str, step, value: f32| TensorPoint {
        axis: Axis::GlobalStep,
        tag: tag.into(),
        row: TensorRow {
            step,
            time_us: 7,
            kind: TensorKind::Tensor,
            array: Array::from_f32(&[value; 3]),
            meta: serde_json::Map::new(),
        },
    };
    let batches: Vec<_> =
        [vec![tensor("b", 1, 1.0), tensor("a", 5, 2.0)], vec![tensor("b", 0, 3.0), tensor("b", 1, 4.0)]]
            .iter()
            .map(|points| tensors_batch(points).expect("a batch"))
            .collect();
    let built = build(Kind::Tensors, &batches).expect("built");
    let folder = Folder::new(&built.data);
    let sealed = SealedTensors::open(folder.files(), "a".into(), &folder.entry).expect("opens");
    assert_eq!(sealed.tags().iter().map(|tag| (tag.tag.as_str(), tag.rows)).collect::<Vec<_>>(), [("a", 1), ("b", 2)]);
    let batch = sealed.read(Axis::GlobalStep, "b", 1..9).expect("rows");
    assert_eq!(tensors_from(&batch, &[0]).expect("rows"), [tensor("b", 1, 4.0)]);
    assert_eq!(sealed.read(Axis::Episode, "b", 1..9).expect("rows").num_rows(), 0);

    let episode = |episode, length| EpisodeRow {
        episode,
        env_index: 0,
        agent: None,
        seed: Some(4),
        end: EpisodeEnd::Open,
        episode_return: f64::NAN,
        length,
        global_step: 0,
        started_us: 0,
        ended_us: None,
        recorded: true,
        evaluation: false,
        checkpoint: None,
        env_return: None,
        extra: serde_json::Map::new(),
    };
    let batches = [vec![episode(3, 1), episode(1, 2)], vec![episode(3, 9)]];
    let batches: Vec<_> = batches.iter().map(|rows| episodes_batch(rows).expect("a batch")).collect();
    let built = build(Kind::Episodes, &batches).expect("built");
    let folder = Folder::new(&built.data);
    let rows = read_sealed_rows(folder.files(), "a".into(), &folder.entry).expect("rows");
    let rows = episodes_from(&rows).expect("episodes");
    assert_eq!(rows.iter().map(|row| (row.episode, row.length)).collect::<Vec<_>>(), [(1, 2), (3, 9)]);
}

/// Whatever is asked of a damaged file, the answer is an error or what was written.
fn check_damage<T: PartialEq + std::fmt::Debug>(sealed: &SealedBytes, read: impl Fn(&Folder) -> Result<T>) {
    let folder = Folder::new(sealed);
    let expected = read(&folder).expect("sound");
    let mut noticed = 0;
    for at in 0..sealed.bytes.len() {
        let mut bytes = sealed.bytes.to_vec();
        bytes[at] ^= 1 << (at % 8);
        folder.set(bytes.into());
        match read(&folder) {
            Ok(found) => assert_eq!(found, expected, "flip at {at}"),
            Err(error) => {
                assert!(error.is_corrupt(), "flip at {at}: {error}");
                noticed += 1;
            }
        }
        folder.set(sealed.bytes.slice(..at));
        assert!(read(&folder).is_err_and(|error| error.is_corrupt()), "cut at {at}");
    }
    assert!(noticed >= sealed.footer_bytes, "{noticed} of {} flips noticed", sealed.bytes.len());
}

#[test]
fn every_flip_and_cut_of_a_sealed_file_is_noticed_or_harmless() {
    let built = build(Kind::Scalars, &[scalars(&[(0, 0, 1, 2.0), (0, 1, 5, 3.0), (1, 1, 5, 3.0)])]).expect("built");
    check_damage(&built.data, |folder| {
        let sealed = folder.scalars()?;
        let a = sealed.read(Axis::GlobalStep, TAGS[0], 0..9)?;
        let b = sealed.read(Axis::GlobalStep, TAGS[1], 0..9)?;
        Ok((sealed.tags().to_vec(), a, b))
    });
    let built = build(Kind::Steps, &[steps(3, 0..9, 1, true)]).expect("built");
    check_damage(&built.data, |folder| folder.steps()?.read(3, 0..9, None));
    let built = build(Kind::Frames, &[frames_batch(&frame_rows()).expect("a batch")]).expect("built");
    check_damage(&built.data, |folder| {
        let sealed = folder.frames()?;
        Ok((sealed.read(2, "frame", 0..99)?, sealed.read(1, "frame", 0..99)?, sealed.read(2, "b", 0..99)?))
    });
}

/// A file whose hashes are right but whose content is hostile must not bring the reader down.
#[test]
fn hostile_footers_with_right_hashes_do_not_panic() {
    let built = build(Kind::Scalars, &[scalars(&[(0, 0, 1, 2.0), (0, 1, 5, 3.0)])]).expect("built");
    let frames = build(Kind::Frames, &[frames_batch(&frame_rows()).expect("a batch")]).expect("built");
    for (sealed, kind) in [(&built.data, Kind::Scalars), (&frames.data, Kind::Frames)] {
        let footer = sealed.bytes.len() - sealed.footer_bytes as usize;
        for at in footer..sealed.bytes.len() {
            let mut bytes = sealed.bytes.to_vec();
            bytes[at] ^= 1 << (at % 8);
            let sealed = SealedBytes { bytes: bytes.into(), ..sealed.clone() };
            let folder = Folder::new(&sealed);
            if kind == Kind::Frames {
                let _ = folder.frames().and_then(|sealed| sealed.read(2, "frame", 0..99));
            } else if let Ok(sealed) = folder.scalars() {
                for axis in AXES {
                    let _ = sealed.read(axis, TAGS[0], i64::MIN..i64::MAX);
                }
            }
        }
    }
}

/// Runs of one value take some bytes in a file however long they are; what they unpack to is counted before it is unpacked.
#[test]
fn runs_of_one_value_are_counted_before_they_are_unpacked() {
    use arrow_array::builder::{FixedSizeListBuilder, Float64Builder, ListBuilder, StringBuilder, UInt8Builder};
    use arrow_array::{ArrayRef, Int64Array};

    let mut wide = FixedSizeListBuilder::new(Float64Builder::new(), 500);
    let mut long = ListBuilder::new(UInt8Builder::new());
    let mut text = StringBuilder::new();
    for _ in 0..2_000 {
        wide.values().append_value_n(0.0, 500);
        wide.append(true);
        long.values().append_value_n(0, 4_000);
        long.append(true);
        text.append_value("x".repeat(4_000));
    }
    let columns: [(&str, ArrayRef); 4] = [
        ("step", Arc::new(Int64Array::from(vec![7; 2_000]))),
        ("wide", Arc::new(wide.finish())),
        ("long", Arc::new(long.finish())),
        ("text", Arc::new(text.finish())),
    ];
    let batch = RecordBatch::try_from_iter(columns).expect("a batch");
    let properties = parquet::file::properties::WriterProperties::builder().build();
    let mut writer = table::TableWriter::new(batch.schema(), properties).expect("a writer");
    writer.write_group(&batch).expect("written");
    let sealed = writer.finish("{}".into()).expect("a file");
    assert!(sealed.bytes.len() < 100_000, "{} bytes", sealed.bytes.len());
    let folder = Folder::new(&sealed);
    let table = Table::open(folder.files(), "a".into(), &folder.entry).expect("opens");
    let read = |column: &str, limit: u64| table.read_within(0..2_000, Some(&[column]), limit);
    assert_eq!(read("step", 16_000).expect("2,000 numbers").num_rows(), 2_000);
    // All of these are 8 MB but for the numbers, of which 16,000 bytes are right.
    for (column, limit) in [("step", 15_999), ("wide", 7_999_999), ("long", 7_999_999), ("text", 1_000_000)] {
        let refused = read(column, limit).expect_err(column);
        assert!(matches!(refused, crate::Error::TooLarge { .. }), "{column}: {refused}");
    }
    for column in ["wide", "long", "text"] {
        assert_eq!(read(column, 64 << 20).expect(column).num_rows(), 2_000);
    }
}

/// A step is often logged in parts: the observation when the policy sees it, the reward when it comes back.
#[test]
fn the_parts_of_a_step_become_one_row_and_newer_values_replace_older_ones() {
    let fields: Vec<_> =
        ["a", "b"].map(|name| (Arc::from(name), FieldType { dtype: Some(Dtype::Float64), shape: vec![] })).into();
    let batch = |rows: &[(u64, Option<f64>, Option<f64>)]| {
        let mut columns = StepColumns::default();
        for &(step, a, b) in rows {
            columns.push_row(step);
            for ((name, kind), value) in fields.iter().zip([a, b]) {
                if let Some(value) = value {
                    columns.set(name, kind, StepValue::Array(Array::scalar(value)));
                }
            }
        }
        columns.into_batch(7, &steps_schema(&fields), &fields).expect("a batch")
    };
    let one = batch(&[(0, Some(1.0), None), (1, Some(2.0), Some(9.0)), (0, None, Some(3.0))]);
    let two = batch(&[(1, None, Some(f64::NAN)), (2, None, None)]);
    let built = build(Kind::Steps, &[one, two]).expect("built");
    let rows = Folder::new(&built.data).steps().expect("opens").read(7, 0..9, None).expect("rows");
    let column = |name: &str| {
        let column = rows.column_by_name(name).expect("there").as_primitive::<Float64Type>();
        column.iter().map(|value| value.map(f64::to_bits)).collect::<Vec<_>>()
    };
    let bits = |values: [Option<f64>; 3]| values.map(|value| value.map(f64::to_bits)).to_vec();
    assert_eq!(column("a"), bits([Some(1.0), Some(2.0), None]));
    assert_eq!(column("b"), bits([Some(3.0), Some(f64::NAN), None]), "NaN is a value and replaces; missing does not");
}

#[test]
fn a_column_of_two_types_cannot_be_sealed() {
    let one = steps(0, 0..1, 0, false);
    let fields = vec![(Arc::from("value"), FieldType { dtype: None, shape: vec![] })];
    let mut columns = StepColumns::default();
    columns.push_row(0);
    columns.set(&fields[0].0, &fields[0].1, StepValue::Text("x".into()));
    let two = columns.into_batch(0, &steps_schema(&fields), &fields).expect("a batch");
    let error = build(Kind::Steps, &[one, two]).expect_err("two types");
    assert!(error.to_string().contains("field \"value\" expected FixedSizeList"), "{error}");
}
