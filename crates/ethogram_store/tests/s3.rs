//! Runs in an object store, over the network: needs a server that speaks S3's protocol.
//!
//! `.ci/test-s3` starts one and sets what this reads: `ETHOGRAM_TEST_S3` (a URL such as `s3://bucket/prefix`, where anything may be
//! written and removed) and the `AWS_` variables that the store reads too.

use std::path::{Path, PathBuf};

use ethogram_store::object::{ObjectRoot, ObjectRun, Remote, RemoteOptions, push};
use ethogram_store::{
    Array, Axis, Dtype, Error, RunInfo, RunReader, RunSource, RunState, RunWriter, StepValue, WriterOptions, compact,
};

const BLOB_BYTES: usize = 40 << 20;

fn bucket(test: &str) -> Remote {
    let url = std::env::var("ETHOGRAM_TEST_S3").expect("ETHOGRAM_TEST_S3 is not set; run .ci/test-s3");
    let remote = Remote::open(&url, &RemoteOptions::default()).expect("a bucket");
    // Each run of the tests has a prefix of its own, so that none sees what another left.
    remote.within(&format!("{test}-{}", std::process::id()))
}

fn finished(root: &Path) -> PathBuf {
    let info = RunInfo { project: "tests".into(), ..RunInfo::default() };
    let writer = RunWriter::create(root, info, WriterOptions::default()).expect("a run");
    for step in 0..5000 {
        writer.scalar(Axis::GlobalStep, "loss", step, step, step as f64 / 7.0).expect("logged");
    }
    for step in 0..100 {
        let pixels = (0..4800).map(|i| if i % 97 == step % 97 { 200 } else { 9 }).collect();
        let frame = Array::new(Dtype::Uint8, vec![40, 40, 3], pixels).expect("a picture");
        let values = vec![
            ("frame".into(), StepValue::Array(frame)),
            ("value".into(), StepValue::Array(Array::scalar(step as f64))),
        ];
        writer.step(0, step, values).expect("logged");
    }
    // Large enough to be sent in parts.
    let weights = (0..BLOB_BYTES).map(|i| (i / 1000) as u8).collect();
    writer.checkpoint(5, "last", "onnx", weights, serde_json::json!({})).expect("logged");
    writer.close(RunState::Finished).expect("closed");
    writer.path().to_owned()
}

fn told(run: &dyn RunSource) -> Vec<String> {
    let checkpoints = run.checkpoints();
    assert_eq!(run.blob(&checkpoints[0].hash).expect("a blob").len(), BLOB_BYTES);
    let told = vec![
        format!("{:?} {:?} {:?}", run.info(), run.status(), run.scalar_tags()),
        format!("{:?}", run.scalars(Axis::GlobalStep, "loss", 100..200).expect("points")),
        format!("{:?}", run.scalar_buckets(Axis::GlobalStep, "loss", 0..5000, 10).expect("buckets")),
        format!("{:?}", run.steps(0, "frame", 3..9).expect("frames").data),
        format!("{:?}", run.steps(0, "value", 3..9).expect("values").data),
        format!("{checkpoints:?}"),
    ];
    assert_eq!(run.lost(), []);
    told
}

#[test]
fn a_pushed_run_reads_as_the_local_one() {
    let root = tempfile::tempdir().expect("a folder");
    let run = finished(root.path());
    let bucket = bucket("push");
    let first = push(&run, &bucket.within("project/run")).expect("pushed");
    assert!(first.bytes > BLOB_BYTES as u64 && first.removed == 0, "{first:?}");
    let again = push(&run, &bucket.within("project/run")).expect("pushed");
    assert_eq!(again.files + again.unchanged, first.files);
    assert!(again.bytes < 1 << 20, "what never changes is not sent again: {again:?}");

    let found = ObjectRoot::new(bucket.clone(), &root.path().join("faces"));
    let runs = found.look(&[]).expect("looked").runs;
    assert_eq!(runs.len(), 1, "{runs:?}");
    assert_eq!(found.look(&[]).expect("looked").changed.len(), 0, "a state that is as it was is not sent again");
    let remote = ObjectRun::open(found.remote_of(&runs[0]), &root.path().join("mirror"), 8 << 20).expect("opens");
    let expected = told(&RunReader::open(&run).expect("opens"));
    assert_eq!(told(&remote), expected);

    // What was sealed once more, and with it what it replaced, follows.
    compact(&run).expect("compacted");
    push(&run, &bucket.within("project/run")).expect("pushed");
    remote.look().expect("looked");
    assert_eq!(told(&remote), expected);
}

#[test]
fn a_prefix_without_a_run_and_a_bucket_that_is_not_there_are_told_apart() {
    let folder = tempfile::tempdir().expect("a folder");
    let nothing = ObjectRun::open(bucket("nothing"), folder.path(), 1 << 20);
    assert!(matches!(nothing, Err(Error::NotARun { .. })), "{nothing:?}");
    let absent = Remote::open("s3://no-such-bucket-of-ours/x", &RemoteOptions::default()).expect("a URL");
    let error = ObjectRoot::new(absent, folder.path()).look(&[]).expect_err("no bucket");
    assert!(error.is_not_found() && error.to_string().contains("there is no bucket"), "{error}");
}

/// A server answers on the threads of its own runtime; waiting for the store there must not panic.
#[test]
fn a_run_can_be_read_from_within_another_runtime() {
    let root = tempfile::tempdir().expect("a folder");
    let run = finished(root.path());
    let remote = bucket("runtime").within("run");
    push(&run, &remote).expect("pushed");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let points = runtime.block_on(async {
        let run = ObjectRun::open(remote, &root.path().join("mirror"), 1 << 20).expect("opens");
        run.scalars(Axis::GlobalStep, "loss", 0..3).expect("points")
    });
    assert_eq!(points.step, [0, 1, 2]);
}
