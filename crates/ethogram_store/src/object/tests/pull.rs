//! Runs that are brought to this machine.

use std::path::Path;

use super::runs::{finished, told};
use super::store::Counting;
use crate::object::{PullReport, pull, push, runs_in};
use crate::{Axis, Error, RunReader, RunState, RunWriter, WriterOptions, find_runs};

fn visible(root: &Path) -> usize {
    find_runs(root, 100).expect("listed").len()
}

#[test]
fn a_pull_that_breaks_off_anywhere_leaves_nothing_to_see_and_goes_on() {
    let root = tempfile::tempdir().expect("a folder");
    let run = finished(&root.path().join("here"));
    let expected = told(&RunReader::open(&run).expect("opens"));
    let (store, bucket) = Counting::bucket();
    let remote = bucket.within("run");
    let sent = push(&run, &remote).expect("pushed");
    for reads in 0..sent.files {
        let there = root.path().join(format!("there-{reads}"));
        std::fs::create_dir(&there).expect("a folder");
        store.go_down_after(reads);
        let error = pull(&remote, &there.join("run")).expect_err("the cable is cut");
        assert!(error.is_unavailable(), "{error}");
        assert_eq!(visible(&there), 0, "after {reads} reads");
        store.set_down(false);
        let report = pull(&remote, &there.join("run")).expect("pulled");
        assert_eq!((report.files + report.unchanged, visible(&there)), (sent.files, 1));
        assert_eq!(told(&RunReader::open(&there.join("run")).expect("opens")), expected, "after {reads} reads");
        assert_eq!(std::fs::read_dir(&there).expect("listed").count(), 1, "nothing is left beside it");
    }
}

#[test]
fn a_pull_brings_only_what_is_new() {
    let root = tempfile::tempdir().expect("a folder");
    let run = finished(&root.path().join("here"));
    let there = root.path().join("there/run");
    let (store, bucket) = Counting::bucket();
    let remote = bucket.within("run");
    push(&run, &remote).expect("pushed");
    assert_eq!(runs_in(&bucket).expect("found"), ["run"]);
    let first = pull(&remote, &there).expect("pulled");
    assert!(first.bytes > 600_000 && first.unchanged == 0, "{first:?}");
    store.asked();
    let again = pull(&remote, &there).expect("pulled");
    assert_eq!(again, PullReport { unchanged: first.files, ..PullReport::default() });
    assert_eq!(store.asked(), (1, 0), "one list, and nothing is read");

    // A training process goes on with the run where it lies, and packs it.
    let writer = RunWriter::resume(&run, WriterOptions::default()).expect("resumed");
    for step in 3000..3100 {
        writer.scalar(Axis::GlobalStep, "loss", step, step, 0.5).expect("logged");
    }
    writer.flush().expect("flushed");
    push(&run, &remote).expect("pushed");
    let grown = pull(&remote, &there).expect("pulled");
    assert!(grown.files > 0 && grown.bytes < first.bytes / 10, "{grown:?}");
    writer.close(RunState::Finished).expect("closed");
    crate::compact(&run).expect("compacted");
    push(&run, &remote).expect("pushed");
    let packed = pull(&remote, &there).expect("pulled");
    assert!(packed.removed > 0, "{packed:?}");
    assert_eq!(told(&RunReader::open(&there).expect("opens")), told(&RunReader::open(&run).expect("opens")));
    assert!(crate::check(&there, false).expect("checked").is_sound());
}

#[test]
fn what_is_here_is_never_replaced_by_what_it_did_not_come_from() {
    let root = tempfile::tempdir().expect("a folder");
    let run = finished(&root.path().join("here"));
    let (_, bucket) = Counting::bucket();
    let remote = bucket.within("run");
    push(&run, &remote).expect("pushed");
    push(&run, &bucket.within("other")).expect("pushed");
    let refused = |folder: &Path, expected: &str| match pull(&remote, folder) {
        Err(error @ Error::Occupied { .. }) => assert!(error.to_string().contains(expected), "{error}"),
        other => panic!("expected a refusal that says {expected:?}, found {other:?}"),
    };
    refused(&run, "was not pulled");

    let there = root.path().join("there/run");
    pull(&bucket.within("other"), &there).expect("pulled");
    refused(&there, "was pulled from s3://bucket/lab/runs/other");

    let mine = root.path().join("mine/run");
    pull(&remote, &mine).expect("pulled");
    // Notes that people write beside a copy are theirs.
    std::fs::create_dir_all(run.join("meta")).expect("a folder");
    std::fs::write(run.join("meta/notes.json"), "{}").expect("written");
    push(&run, &remote).expect("pushed");
    std::fs::create_dir_all(mine.join("meta")).expect("a folder");
    std::fs::write(mine.join("meta/notes.json"), "{\"tags\": []}").expect("written");
    assert_eq!(pull(&remote, &mine).expect("pulled").kept, 1);
    assert_eq!(std::fs::read_to_string(mine.join("meta/notes.json")).expect("read"), "{\"tags\": []}");
    // A copy that is trained on is none any more.
    let writer = RunWriter::resume(&mine, WriterOptions::default()).expect("resumed");
    writer.close(RunState::Finished).expect("closed");
    refused(&mine, "status.json was changed");
}

#[test]
fn what_came_damaged_is_not_taken_for_a_run() {
    let root = tempfile::tempdir().expect("a folder");
    let run = finished(&root.path().join("here"));
    crate::compact(&run).expect("compacted");
    let (store, bucket) = Counting::bucket();
    let remote = bucket.within("run");
    push(&run, &remote).expect("pushed");
    let files = sealed_of(&run);
    let there = root.path().join("there");
    std::fs::create_dir(&there).expect("a folder");
    let flip = |bytes: &mut Vec<u8>| {
        let middle = bytes.len() / 2;
        bytes[middle] ^= 4;
    };
    store.overwrite(&format!("run/{}", files[0]), flip);
    let error = pull(&remote, &there.join("run")).expect_err("a flipped bit");
    assert!(error.is_corrupt() && error.to_string().contains(&files[0]), "{error}");
    assert_eq!(visible(&there), 0);
    store.overwrite(&format!("run/{}", files[0]), flip);
    let report = pull(&remote, &there.join("run")).expect("pulled");
    assert!(report.files <= 2, "only what was damaged comes again: {report:?}");
    assert_eq!(visible(&there), 1);
}

/// Sealed files of scalars, relative to the run.
fn sealed_of(run: &Path) -> Vec<String> {
    let writer = std::fs::read_dir(run).expect("listed").flatten().map(|entry| entry.file_name());
    let writer =
        writer.filter_map(|name| name.into_string().ok()).find(|name| name.starts_with("w-")).expect("a writer");
    let scalars = run.join(&writer).join("scalars");
    let names =
        std::fs::read_dir(scalars).expect("listed").flatten().filter_map(|entry| entry.file_name().into_string().ok());
    names.filter(|name| name.ends_with(".parquet")).map(|name| format!("{writer}/scalars/{name}")).collect()
}
