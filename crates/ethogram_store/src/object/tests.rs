//! Against a store in memory; `tests/s3.rs` does the same over the network.

use std::path::Path;
use std::sync::Arc;

use object_store::memory::InMemory;

use super::cache::{BLOCK_BYTES, BlockCache};
use super::*;
use crate::{Axis, Error, RunInfo, RunReader, RunSource, RunState, RunWriter, StepValue, WriterOptions};

fn finished(root: &Path) -> std::path::PathBuf {
    let info = RunInfo { project: "tests".into(), ..RunInfo::default() };
    let writer = RunWriter::create(root, info, WriterOptions::default()).expect("a run");
    for step in 0..3000 {
        writer.scalar(Axis::GlobalStep, "loss", step, step, step as f64 / 7.0).expect("logged");
    }
    for step in 0..40 {
        let frame = crate::Array::new(crate::Dtype::Uint8, vec![40, 40, 3], vec![step as u8; 4800]).expect("a picture");
        writer.step(0, step, vec![("frame".into(), StepValue::Array(frame))]).expect("logged");
    }
    writer.checkpoint(5, "last", "onnx", vec![7; 600_000], serde_json::json!({})).expect("logged");
    writer.close(RunState::Finished).expect("closed");
    writer.path().to_owned()
}

fn told(run: &dyn RunSource) -> Vec<String> {
    let checkpoints = run.checkpoints();
    let told = vec![
        format!("{:?} {:?} {:?}", run.info(), run.status(), run.scalar_tags()),
        format!("{:?}", run.scalars(Axis::GlobalStep, "loss", 100..200).expect("points")),
        format!("{:?}", run.scalar_buckets(Axis::GlobalStep, "loss", 0..3000, 10).expect("buckets")),
        format!("{:?}", run.steps(0, "frame", 3..9).expect("frames").data),
        format!("{checkpoints:?} {}", run.blob(&checkpoints[0].hash).expect("a blob").len()),
    ];
    assert_eq!(run.lost(), []);
    told
}

#[test]
fn a_pushed_run_reads_as_the_local_one_before_and_after_compaction() {
    let root = tempfile::tempdir().expect("a folder");
    let run = finished(root.path());
    let bucket = Remote::new(Arc::new(InMemory::new()), "lab/runs", "s3://bucket/lab/runs");
    let name = "tests/one";
    let first = push(&run, &bucket.within(name)).expect("pushed");
    assert!(first.files > 5 && first.unchanged == 0 && first.removed == 0, "{first:?}");
    let again = push(&run, &bucket.within(name)).expect("pushed");
    assert_eq!(again.unchanged + again.files, first.files);
    assert!(again.bytes < 100_000, "only small files are sent again: {again:?}");

    let found = find_object_runs(&bucket).expect("found");
    assert_eq!(found.iter().map(Remote::url).collect::<Vec<_>>(), ["s3://bucket/lab/runs/tests/one"]);
    let mirror = root.path().join("mirror");
    let remote = ObjectRun::open(found[0].clone(), &mirror, ObjectRun::CACHE_BYTES).expect("opens");
    let expected = told(&RunReader::open(&run).expect("opens"));
    assert_eq!(told(&remote), expected);
    assert!(remote.files().cached_bytes() > 0);
    let before = remote.revision();
    assert_eq!(remote.refresh().expect("refreshed"), before, "nothing grew");

    crate::compact(&run).expect("compacted");
    push(&run, &bucket.within(name)).expect("pushed");
    remote.refresh().expect("refreshed");
    assert_eq!(told(&remote), expected);
    assert!(remote.blob("../../run.json").is_err_and(|error| error.is_not_found()));
    assert!(matches!(
        ObjectRun::open(bucket.within("tests/none"), &root.path().join("m"), 1 << 20),
        Err(Error::NotARun { .. })
    ));
}

#[test]
fn the_cache_answers_what_was_stored_and_stays_within_its_bound() {
    let object: Vec<u8> = (0..5 * BLOCK_BYTES as usize + 77).map(|i| (i / 1000) as u8).collect();
    let cache = BlockCache::new(2 * BLOCK_BYTES as usize + 100);
    let length = object.len() as u64;
    let fetched = std::cell::Cell::new(0);
    let read = |range: std::ops::Range<u64>| {
        let bytes = cache.read("a", length, range.clone(), |range| {
            fetched.set(fetched.get() + range.end - range.start);
            Ok(bytes::Bytes::copy_from_slice(&object[range.start as usize..range.end as usize]))
        });
        assert_eq!(bytes.expect("bytes"), &object[range.start as usize..range.end as usize], "{range:?}");
        assert!(cache.bytes() <= 2 * BLOCK_BYTES as usize + 100);
    };
    read(5..10);
    read(9..200);
    assert_eq!(fetched.get(), BLOCK_BYTES, "one block serves both");
    for range in [0..length, length - 1..length, BLOCK_BYTES - 1..BLOCK_BYTES + 1, 3 * BLOCK_BYTES..4 * BLOCK_BYTES] {
        read(range);
    }
    let short = cache.read("b", length, 0..10, |_| Ok(bytes::Bytes::from_static(b"abc")));
    assert!(short.is_err_and(|error| error.is_corrupt()));
}

#[test]
fn urls_that_name_no_bucket_are_refused() {
    for url in ["", "s3://", "s3:///a", "http://x/y", "/tmp/run"] {
        assert!(Remote::open(url).is_err_and(|error| error.is_bad_input()), "{url:?}");
    }
}
