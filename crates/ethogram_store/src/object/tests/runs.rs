//! Runs that were pushed, found and read again.

use std::path::{Path, PathBuf};

use super::store::Counting;
use crate::object::{ObjectRoot, ObjectRun, Remote, RemoteOptions, fetch, push};
use crate::{Axis, Error, RunInfo, RunReader, RunSource, RunState, RunWriter, StepValue, WriterOptions};

pub fn finished(root: &Path) -> PathBuf {
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

pub fn told(run: &dyn RunSource) -> Vec<String> {
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
    let (_, bucket) = Counting::bucket();
    let name = "tests/one";
    let first = push(&run, &bucket.within(name)).expect("pushed");
    assert!(first.files > 5 && first.unchanged == 0 && first.removed == 0, "{first:?}");
    let again = push(&run, &bucket.within(name)).expect("pushed");
    assert_eq!(again.unchanged + again.files, first.files);
    assert!(again.bytes < 100_000, "only small files are sent again: {again:?}");

    let mirror = root.path().join("mirror");
    let remote = ObjectRun::open(bucket.within(name), &mirror, ObjectRun::CACHE_BYTES).expect("opens");
    let expected = told(&RunReader::open(&run).expect("opens"));
    assert_eq!(told(&remote), expected);
    assert!(remote.files().cached_bytes() > 0);
    let sizes = remote.sizes().expect("sizes");
    assert_eq!(sizes.len() as u64, first.files);
    assert_eq!(sizes.iter().map(|(_, bytes)| bytes).sum::<u64>(), first.bytes);
    let before = remote.revision();
    assert_eq!(remote.look().expect("looked"), before, "nothing grew");

    crate::compact(&run).expect("compacted");
    push(&run, &bucket.within(name)).expect("pushed");
    remote.look().expect("looked");
    assert_eq!(told(&remote), expected);
    assert!(remote.blob("../../run.json").is_err_and(|error| error.is_not_found()));
    assert!(matches!(
        ObjectRun::open(bucket.within("tests/none"), &root.path().join("m"), 1 << 20),
        Err(Error::NotARun { .. })
    ));
    let copy = root.path().join("copy");
    assert!(fetch(&bucket.within(name), &copy).expect("fetched") > 600_000);
    assert_eq!(told(&RunReader::open(&copy).expect("opens")), expected);
    assert!(crate::check(&copy, false).expect("checked").is_sound());
}

#[test]
fn a_run_is_opened_with_few_requests_and_a_look_at_one_that_did_not_grow_is_one() {
    let root = tempfile::tempdir().expect("a folder");
    let run = finished(root.path());
    let (store, bucket) = Counting::bucket();
    push(&run, &bucket.within("run")).expect("pushed");
    store.asked();
    let remote = ObjectRun::open(bucket.within("run"), &root.path().join("mirror"), 1 << 20).expect("opens");
    let (lists, gets) = store.asked();
    assert!(lists == 1 && gets <= 3, "the two faces of the run and its manifest: {lists} lists, {gets} reads");
    remote.look().expect("looked");
    assert_eq!(store.asked(), (1, 0));
    told(&remote);
    let (lists, gets) = store.asked();
    assert!(
        lists == 0 && gets <= 16,
        "a footer and a part of each file that was asked for: {lists} lists, {gets} reads"
    );
    told(&remote);
    assert!(store.asked().1 <= 4, "what was read is kept, but for what nobody keeps: blobs that fill the cache");
}

#[test]
fn a_first_chart_of_a_run_that_was_listed_takes_three_requests() {
    let root = tempfile::tempdir().expect("a folder");
    let run = finished(root.path());
    crate::compact(&run).expect("compacted");
    let (store, bucket) = Counting::bucket();
    push(&run, &bucket.within("run")).expect("pushed");
    let found = ObjectRoot::new(bucket.clone(), &root.path().join("root"));
    let url = found.look(&[]).expect("looked").runs.remove(0);
    store.asked();
    let (mirror, known) = (found.folder_of(&url), found.known_of(&url));
    let remote = ObjectRun::open_known(found.remote_of(&url), &mirror, 1 << 20, known).expect("opens");
    assert_eq!(store.asked(), (1, 1), "what there is, and the manifest");
    let buckets = remote.scalar_buckets(Axis::GlobalStep, "loss", 0..3000, 500).expect("buckets");
    assert_eq!(store.asked(), (0, 1), "the rollup");
    let local = RunReader::open(&run).expect("opens");
    let expected = local.scalar_buckets(Axis::GlobalStep, "loss", 0..3000, 500).expect("buckets");
    assert_eq!(format!("{buckets:?}"), format!("{expected:?}"));
    assert_eq!(remote.info(), local.info());
}

/// 300 runs of which only `run.json` and `status.json` are there, in projects of 100.
fn three_hundred(root: &Path, bucket: &Remote) {
    let face = root.join("face");
    std::fs::create_dir_all(&face).expect("a folder");
    for at in 0..300 {
        let info = RunInfo { name: format!("run {at}"), ..RunInfo::default() };
        let status = crate::RunStatus { state: RunState::Finished, ..crate::RunStatus::default() };
        std::fs::write(face.join("run.json"), serde_json::to_vec(&info).expect("json")).expect("written");
        std::fs::write(face.join("status.json"), serde_json::to_vec(&status).expect("json")).expect("written");
        push(&face, &bucket.within(&format!("project {}/run-{at:03}", at % 3))).expect("pushed");
    }
}

#[test]
fn many_runs_are_found_many_at_once_and_known_ones_cost_nothing() {
    let root = tempfile::tempdir().expect("a folder");
    let (store, bucket) = Counting::bucket();
    three_hundred(root.path(), &bucket);
    let found = ObjectRoot::new(bucket.clone(), &root.path().join("mirror"));
    store.asked();
    store.most_together();
    let look = found.look(&[]).expect("looked");
    assert_eq!((look.runs.len(), look.changed.len()), (300, 0));
    let url = &look.runs[7];
    assert_eq!(url.to_str(), Some("s3://bucket/lab/runs/project 0/run-021"));
    assert_eq!(crate::read_info(&found.folder_of(url)).expect("info").name, "run 21");
    assert_eq!(found.remote_of(url).url(), "s3://bucket/lab/runs/project 0/run-021");
    let (lists, gets) = store.asked();
    assert_eq!((lists, gets), (304, 600));
    let together = store.most_together();
    assert!(together >= 4, "requests go side by side: {together}");

    assert_eq!(found.look(&[]).expect("looked").runs.len(), 300);
    assert_eq!(store.asked(), (4, 0), "the root and its projects; nothing of runs that have ended");

    found.look(std::slice::from_ref(url)).expect("looked");
    assert_eq!(store.asked(), (4, 1), "and of one that somebody has open");

    let more = finished(root.path());
    push(&more, &bucket.within("project 0/new")).expect("pushed");
    store.asked();
    assert_eq!(found.look(&[]).expect("looked").runs.len(), 301);
    assert_eq!(store.asked(), (5, 2));
}

#[test]
fn a_prefix_may_be_a_run_itself_and_what_lies_too_deep_is_not_found() {
    let root = tempfile::tempdir().expect("a folder");
    let run = finished(root.path());
    let (_, bucket) = Counting::bucket();
    for path in ["a/b/c/run", "a/b/c/d/too-deep", ".hidden/run"] {
        push(&run, &bucket.within(path)).expect("pushed");
    }
    let runs = |prefix: &str| {
        let root = ObjectRoot::new(bucket.within(prefix), &root.path().join("mirror"));
        let look = root.look(&[]).expect("looked");
        look.runs.iter().map(|url| url.display().to_string()).collect::<Vec<_>>()
    };
    assert_eq!(runs(""), ["s3://bucket/lab/runs/a/b/c/run"]);
    assert_eq!(runs("a/b/c/run"), ["s3://bucket/lab/runs/a/b/c/run"], "the run itself");
    assert_eq!(runs("nothing"), Vec::<String>::new());
}

#[test]
fn a_store_that_is_down_is_an_error_and_nothing_is_lost_by_it() {
    let root = tempfile::tempdir().expect("a folder");
    let run = finished(root.path());
    let (store, bucket) = Counting::bucket();
    push(&run, &bucket.within("run")).expect("pushed");
    let remote = ObjectRun::open(bucket.within("run"), &root.path().join("mirror"), 1 << 20).expect("opens");
    let found = ObjectRoot::new(bucket.clone(), &root.path().join("root"));
    store.set_down(true);
    for error in [
        remote.scalars(Axis::GlobalStep, "loss", 0..10).expect_err("no answer"),
        remote.steps(0, "frame", 0..3).expect_err("no answer"),
        remote.look().expect_err("no answer"),
        found.look(&[]).expect_err("no answer"),
        ObjectRun::open(bucket.within("run"), &root.path().join("other"), 1 << 20).expect_err("no answer"),
    ] {
        assert!(error.is_unavailable() && error.to_string().contains("the cable is cut"), "{error}");
    }
    let revision = remote.revision();
    assert!(remote.has_failed());
    assert_eq!(remote.lost().len(), 1, "{:?}", remote.lost());

    store.set_down(false);
    remote.look().expect("looked");
    assert!(!remote.has_failed());
    assert_eq!(remote.revision(), revision);
    assert_eq!(told(&remote), told(&RunReader::open(&run).expect("opens")));
}

#[test]
fn urls_that_name_no_bucket_are_refused() {
    for url in ["", "s3://", "s3:///a", "http://x/y", "/tmp/run"] {
        assert!(Remote::open(url, &RemoteOptions::default()).is_err_and(|error| error.is_bad_input()), "{url:?}");
    }
}
