//! A live segment comes back as it was written; foreign bytes under a right hash do no harm.

use std::path::Path;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_array::types::UInt64Type;
use arrow_array::{Int64Array, PrimitiveArray};
use xxhash_rust::xxh3::xxh3_64;

use super::{LiveSegment, SegmentWriter, Span, message};
use crate::columns::{
    FieldRows, FieldType, ScalarPoint, StepColumns, StepValue, read_field, scalars_batch, steps_schema,
};
use crate::layout::{Kind, log_path, segment_path};
use crate::log::Record;
use crate::{Array, Axis, Dtype, Error};

const SPAN: Span = Span { first: 0, last: 9, episode: Record::NO_EPISODE };

fn write(folder: &Path, kind: Kind, batches: &[RecordBatch]) {
    let mut writer = SegmentWriter::create(folder, kind, 0, batches[0].schema()).expect("a segment");
    for batch in batches {
        writer.append(batch, SPAN).expect("appended");
        writer.commit(true).expect("committed");
    }
}

fn read(folder: &Path, kind: Kind) -> Vec<Result<RecordBatch, Error>> {
    let mut segment = LiveSegment::new(folder, kind, 0);
    segment.refresh().expect("a log");
    segment.batches().iter().map(|record| segment.read(record)).collect()
}

fn steps_of_all_types() -> RecordBatch {
    let mut fields: Vec<(Arc<str>, FieldType)> = Vec::new();
    let mut columns = StepColumns::default();
    for step in 0..3_usize {
        columns.push_row(step as u64);
        for shape in [vec![], vec![2], vec![2, 3], vec![0], vec![1, 0, 2]] {
            for dtype in Dtype::ALL {
                let kind = FieldType { dtype: Some(dtype), shape: shape.clone() };
                let name: Arc<str> = format!("{dtype} {shape:?}").into();
                let limit = if dtype == Dtype::Bool { 2 } else { 251 };
                let bytes = (0..kind.row_bytes()).map(|i| ((i * 7 + step) % limit) as u8).collect();
                let array = Array::new(dtype, shape.clone(), bytes).expect("an array");
                if step != 1 {
                    columns.set(&name, &kind, StepValue::Array(array));
                }
                if step == 0 {
                    fields.push((name, kind));
                }
            }
        }
    }
    columns.into_batch(5, &steps_schema(&fields), &fields).expect("a batch")
}

#[test]
fn every_type_and_shape_comes_back_bit_for_bit() {
    let folder = tempfile::tempdir().expect("a folder");
    let batch = steps_of_all_types();
    write(folder.path(), Kind::Steps, std::slice::from_ref(&batch));
    let found = read(folder.path(), Kind::Steps).remove(0).expect("a batch");
    assert_eq!(found, batch);
    for field in batch.schema().fields().iter().skip(2) {
        let FieldRows { kind, values, valid } = read_field(&found, field.name()).expect("a column").expect("there");
        assert_eq!(field.name(), &kind.to_string());
        assert_eq!(valid, Some(vec![true, false, true]), "{kind}");
        let limit = if kind.dtype == Some(Dtype::Bool) { 2 } else { 251 };
        let row = |step: usize| (0..kind.row_bytes()).map(move |i| ((i * 7 + step) % limit) as u8);
        let expected: Vec<u8> = row(0).chain(std::iter::repeat_n(0, kind.row_bytes())).chain(row(2)).collect();
        assert_eq!(values, crate::columns::FieldValues::Numeric(expected), "{kind}");
    }
}

#[test]
fn a_segment_is_not_opened_twice_and_frames_are_not_compressed_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let schema = crate::columns::frames_schema();
    SegmentWriter::create(folder.path(), Kind::Frames, 0, Arc::clone(&schema)).expect("a segment");
    let again = SegmentWriter::create(folder.path(), Kind::Frames, 0, schema);
    assert!(matches!(again.err(), Some(Error::Io { action: "create", .. })));
}

/// Flips every byte of every message after its hash was checked: what a stranger could send.
#[test]
fn foreign_bytes_under_a_right_hash_do_no_harm() {
    let points: Vec<ScalarPoint<'_>> = (0..64)
        .map(|step| ScalarPoint { axis: Axis::GlobalStep, tag: "a", step, time_us: 0, value: step as f64 })
        .collect();
    // Every eighth column is enough to meet every sort of column.
    let steps = steps_of_all_types();
    let some: Vec<usize> = (0..steps.num_columns()).filter(|i| *i < 4 || i % 8 == 0).collect();
    let steps = steps.project(&some).expect("columns");
    for (kind, batch) in [(Kind::Scalars, scalars_batch(&points).expect("a batch")), (Kind::Steps, steps)] {
        let folder = tempfile::tempdir().expect("a folder");
        write(folder.path(), kind, std::slice::from_ref(&batch));
        let bytes = std::fs::read(segment_path(folder.path(), kind, 0)).expect("bytes");
        let mut segment = LiveSegment::new(folder.path(), kind, 0);
        segment.refresh().expect("a log");
        let record = segment.batches()[0];
        let (head, body) = bytes.split_at(record.offset as usize);
        let schema = message::read_schema(head).expect("a schema");
        let mut sound = 0;
        for (at, flip) in (0..bytes.len()).flat_map(|at| [(at, 0xff), (at, 0x80), (at, 0x01)]) {
            let mut foreign = if at < head.len() { head.to_vec() } else { body.to_vec() };
            let within = if at < head.len() { at } else { at - head.len() };
            foreign[within] ^= flip;
            let found = if at < head.len() {
                message::read_schema(&foreign).and_then(|schema| message::read_batch(body, &schema, record.rows))
            } else {
                message::read_batch(&foreign, &schema, record.rows)
            };
            // Other values, but sound ones: every column can be walked.
            if let Ok(found) = found {
                sound += 1;
                assert_eq!(found.num_rows(), batch.num_rows());
                for field in found.schema().fields() {
                    let _ = read_field(&found, field.name());
                }
                let _ = crate::columns::scalars_from(&found).map(Iterator::count);
            }
        }
        assert!(sound > 0 && sound < bytes.len() * 3, "{sound} of {} changes went unseen", bytes.len() * 3);
    }
}

#[test]
fn records_that_lie_are_refused_before_anything_is_allocated() {
    let folder = tempfile::tempdir().expect("a folder");
    let points = [ScalarPoint { axis: Axis::GlobalStep, tag: "a", step: 1, time_us: 0, value: 1.0 }];
    write(folder.path(), Kind::Scalars, &[scalars_batch(&points).expect("a batch")]);
    let log = log_path(folder.path(), Kind::Scalars, 0);
    let bytes = std::fs::read(&log).expect("bytes");
    let sound = Record::from_bytes(bytes[64..].first_chunk().expect("a record")).expect("sound");
    let check = |lie: Record, expected: &str| {
        std::fs::write(&log, [&bytes[..64], &lie.to_bytes()].concat()).expect("written");
        let mut segment = LiveSegment::new(folder.path(), Kind::Scalars, 0);
        segment.refresh().expect("a log");
        let found = match segment.batches() {
            [] => segment.unsound().expect("a reason").to_owned(),
            [record, ..] => segment.read(record).expect_err("a lie").to_string(),
        };
        assert!(found.contains(expected), "{found}, expected {expected}");
    };
    check(Record { length: Record::LENGTH_MAX, ..sound }, "where the log vouches for");
    check(Record { length: u64::MAX, ..sound }, "over the limit of 1 GiB");
    check(Record { offset: u64::MAX - 5, ..sound }, "overflows");
    check(Record { offset: 0, ..sound }, "overlaps");
    check(Record { rows: u32::MAX, ..sound }, "rows where the log says 4294967295");
    check(Record { hash: 0, ..sound }, "other bytes");
}

/// A batch claims to unpack to far more than it holds: it is refused by its claim.
#[test]
fn a_batch_that_would_unpack_to_too_much_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let zeros: PrimitiveArray<UInt64Type> = PrimitiveArray::from_value(0, 100_000);
    let field = |name: &str, kind| arrow_schema::Field::new(name, kind, false);
    let schema = Arc::new(arrow_schema::Schema::new(vec![
        field("zeros", arrow_schema::DataType::UInt64),
        field("step", arrow_schema::DataType::Int64),
    ]));
    let steps = Int64Array::from_value(3, 100_000);
    let batch = RecordBatch::try_new(schema, vec![Arc::new(zeros), Arc::new(steps)]).expect("a batch");
    write(folder.path(), Kind::Scalars, &[batch]);
    let path = segment_path(folder.path(), Kind::Scalars, 0);
    let mut bytes = std::fs::read(&path).expect("bytes");
    let claimed = 800_000_u64.to_le_bytes();
    let at = bytes.windows(8).position(|window| window == claimed).expect("the unpacked length");
    bytes[at..at + 8].copy_from_slice(&(1_u64 << 40).to_le_bytes());
    std::fs::write(&path, &bytes).expect("written");
    let log = log_path(folder.path(), Kind::Scalars, 0);
    let log_bytes = std::fs::read(&log).expect("bytes");
    let record = Record::from_bytes(log_bytes[64..].first_chunk().expect("a record")).expect("sound");
    let forged = Record { hash: xxh3_64(&bytes[record.offset as usize..record.end() as usize]), ..record };
    std::fs::write(&log, [&log_bytes[..64], &forged.to_bytes()].concat()).expect("written");
    let error = read(folder.path(), Kind::Scalars).remove(0).expect_err("too much");
    assert!(error.to_string().contains("over the limit of 1073741824 bytes"), "{error}");
}
