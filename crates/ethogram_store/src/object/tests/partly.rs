//! Runs that come into the store object by object, in any order, while they are written.

use std::path::Path;

use super::runs::{finished, told};
use super::store::Counting;
use crate::object::{ObjectRun, Remote};
use crate::{Axis, RunInfo, RunReader, RunSource, RunState, RunWriter, WriterOptions};

/// Every file of a run, relative to it.
fn files(run: &Path) -> Vec<String> {
    fn walk(folder: &Path, run: &Path, files: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).expect("listed").flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, run, files);
            } else {
                files.push(path.strip_prefix(run).expect("below").to_str().expect("a name").to_owned());
            }
        }
    }
    let mut found = Vec::new();
    walk(run, run, &mut found);
    found.retain(|path| !path.ends_with("lock") && !has_end(path, "tmp"));
    found.sort_unstable();
    found
}

fn has_end(path: &str, end: &str) -> bool {
    Path::new(path).extension().is_some_and(|found| found == end)
}

fn put(bucket: &Remote, run: &Path, path: &str) {
    bucket.put_file(path, &run.join(path)).expect("sent");
}

fn put_all(bucket: &Remote, run: &Path, paths: &[impl AsRef<str>]) {
    for path in paths {
        put(bucket, run, path.as_ref());
    }
}

fn points(run: &dyn RunSource) -> usize {
    run.scalars(Axis::GlobalStep, "loss", i64::MIN..i64::MAX).expect("points").step.len()
}

#[test]
fn a_live_run_grows_as_its_objects_come_whatever_came_first() {
    let root = tempfile::tempdir().expect("a folder");
    let info = RunInfo { project: "tests".into(), ..RunInfo::default() };
    let writer = RunWriter::create(root.path(), info, WriterOptions::default()).expect("a run");
    let run = writer.path().to_owned();
    let (_, bucket) = Counting::bucket();
    let log = |steps: std::ops::Range<i64>| {
        for step in steps {
            writer.scalar(Axis::GlobalStep, "loss", step, step, step as f64).expect("logged");
        }
        writer.flush().expect("flushed");
    };
    log(0..100);
    put_all(&bucket, &run, &files(&run));
    let remote = ObjectRun::open(bucket.clone(), &root.path().join("mirror"), 1 << 20).expect("opens");
    assert_eq!((points(&remote), remote.lost()), (100, vec![]));
    let before = remote.revision();

    log(100..250);
    let all = files(&run);
    let (logs, segments): (Vec<&String>, Vec<&String>) =
        all.iter().filter(|path| path.contains("scalars/")).partition(|path| has_end(path, "log"));
    assert!(!logs.is_empty() && !segments.is_empty(), "{all:?}");
    put_all(&bucket, &run, &logs);
    remote.look().expect("looked");
    assert_eq!(points(&remote), 100, "the log vouches for more than came");
    let lost = remote.lost();
    assert!(lost.len() == 1 && lost[0].file.ends_with(".arrows") && lost[0].why.contains("on its way"), "{lost:?}");

    put_all(&bucket, &run, &segments);
    let after = remote.look().expect("looked");
    assert!(after > before);
    assert_eq!((points(&remote), remote.lost()), (250, vec![]));
    writer.close(RunState::Finished).expect("closed");
}

#[test]
fn what_is_sealed_waits_for_all_its_files_and_the_run_reads_the_same_meanwhile() {
    let root = tempfile::tempdir().expect("a folder");
    let info = RunInfo { project: "tests".into(), ..RunInfo::default() };
    let writer = RunWriter::create(root.path(), info, WriterOptions::default()).expect("a run");
    let run = writer.path().to_owned();
    for step in 0..500 {
        writer.scalar(Axis::GlobalStep, "loss", step, step, step as f64).expect("logged");
    }
    writer.flush().expect("flushed");
    let (_, bucket) = Counting::bucket();
    let live = files(&run);
    put_all(&bucket, &run, &live);
    let remote = ObjectRun::open(bucket.clone(), &root.path().join("mirror"), 1 << 20).expect("opens");
    assert_eq!(points(&remote), 500);

    writer.close(RunState::Finished).expect("closed");
    let sealed: Vec<String> = files(&run).into_iter().filter(|path| !live.contains(path)).collect();
    let (manifests, tables): (Vec<&String>, Vec<&String>) = sealed.iter().partition(|path| path.contains("MANIFEST"));
    assert!(!manifests.is_empty() && !tables.is_empty(), "{sealed:?}");
    put_all(&bucket, &run, &manifests);
    remote.look().expect("looked");
    assert_eq!(points(&remote), 500, "as before");
    assert!(remote.lost().iter().any(|lost| lost.file.contains("MANIFEST")), "{:?}", remote.lost());

    put_all(&bucket, &run, &tables);
    put(&bucket, &run, "status.json");
    for gone in live.iter().filter(|path| !run.join(path).exists()) {
        bucket.remove(gone).expect("removed");
    }
    remote.look().expect("looked");
    assert_eq!((points(&remote), remote.lost()), (500, vec![]));
    assert_eq!(remote.status().state, RunState::Finished);
}

#[test]
fn every_prefix_of_an_upload_is_a_run_or_none() {
    let root = tempfile::tempdir().expect("a folder");
    let run = finished(root.path());
    let expected = told(&RunReader::open(&run).expect("opens"));
    let all = files(&run);
    for (turn, reversed) in [false, true].into_iter().enumerate() {
        let (_, bucket) = Counting::bucket();
        let mirror = root.path().join(format!("mirror-{turn}"));
        let order: Vec<&String> = if reversed { all.iter().rev().collect() } else { all.iter().collect() };
        let mut open: Option<ObjectRun> = None;
        for path in order {
            put(&bucket, &run, path);
            match &open {
                Some(run) => drop(run.look().expect("looked")),
                None => open = ObjectRun::open(bucket.clone(), &mirror, 1 << 20).ok(),
            }
            if let Some(run) = &open {
                // Whatever is there answers, or is said to be missing; nothing that was asked too early stays lost.
                let found = points(run);
                assert!(found == 3000 || found == 0, "{found}");
                drop(run.steps(0, "frame", 0..3));
                drop(run.checkpoints());
            }
        }
        assert_eq!(told(&open.expect("a run")), expected);
    }
}

#[test]
fn rows_that_came_only_sealed_are_not_taken_for_seen() {
    let root = tempfile::tempdir().expect("a folder");
    let info = RunInfo { project: "tests".into(), ..RunInfo::default() };
    let writer = RunWriter::create(root.path(), info, WriterOptions::default()).expect("a run");
    let run = writer.path().to_owned();
    let log = |steps: std::ops::Range<i64>| {
        for step in steps {
            writer.scalar(Axis::GlobalStep, "loss", step, step, step as f64).expect("logged");
        }
        writer.flush().expect("flushed");
    };
    log(0..100);
    let (_, bucket) = Counting::bucket();
    let live = files(&run);
    put_all(&bucket, &run, &live);
    let remote = ObjectRun::open(bucket.clone(), &root.path().join("mirror"), 1 << 20).expect("opens");
    assert_eq!(points(&remote), 100);

    log(100..250);
    writer.close(RunState::Finished).expect("closed");
    let sealed: Vec<String> = files(&run).into_iter().filter(|path| !live.contains(path)).collect();
    put_all(&bucket, &run, &sealed);
    remote.look().expect("looked");
    assert_eq!((points(&remote), remote.lost()), (250, vec![]));
}
