//! Runs on disk: found, listed from two small files, and read when looked at.

use std::path::Path;

use ethogram_query::{Change, NativeOpener, Opener, Options, Workbench};
use ethogram_store::{Axis, RunId, RunInfo, RunState, RunStatus, RunWriter, WriterOptions};

fn workbench(root: &Path) -> Workbench {
    let options = Options {
        openers: vec![std::sync::Arc::new(NativeOpener)],
        search_every: std::time::Duration::ZERO,
        ..Options::default()
    };
    Workbench::open(vec![root.to_owned().into()], options).expect("a workbench")
}

fn write(root: &Path, info: &RunInfo, status: &RunStatus) -> std::path::PathBuf {
    let run = root.join("default").join(&info.id.0);
    std::fs::create_dir_all(&run).expect("a folder");
    std::fs::write(run.join("run.json"), serde_json::to_vec(info).expect("json")).expect("written");
    write_status(&run, status);
    run
}

fn write_status(run: &Path, status: &RunStatus) {
    std::fs::write(run.join("status.json"), serde_json::to_vec(status).expect("json")).expect("written");
}

#[test]
fn a_finished_run_is_listed_from_its_status() {
    let root = tempfile::tempdir().expect("a folder");
    let info = RunInfo { id: RunId("01ARZ3NDEKTSV4RRFFQ69G5FAV".into()), ..RunInfo::default() };
    let status = RunStatus { state: RunState::Finished, episodes: 12, recorded: 3, ..RunStatus::default() };
    let path = write(root.path(), &info, &status);
    let workbench = workbench(root.path());
    let runs = workbench.runs().expect("runs");
    assert_eq!((runs[0].counts.episodes, runs[0].counts.recorded, runs[0].state), (12, 3, RunState::Finished));
    let run = workbench.run(&info.id.0).expect("the run");
    assert_eq!(run.path(), path);

    // Whoever looks at the run reads it, and is not told that it grew by that.
    let revision = run.source().revision();
    assert_eq!(run.source().episode_count(), 0, "there are no segments");
    assert_eq!(run.source().revision(), revision);
    assert_eq!(run.source().episodes(0..u64::MAX).expect("episodes"), []);
    assert_eq!(workbench.runs().expect("runs")[0].counts.episodes, 12, "the status stands until an episode was read");
}

#[test]
fn a_status_that_changed_is_a_change_of_the_run() {
    let root = tempfile::tempdir().expect("a folder");
    let info = RunInfo::default();
    let status = RunStatus { state: RunState::Finished, ..RunStatus::default() };
    let path = write(root.path(), &info, &status);
    let workbench = workbench(root.path());
    assert_eq!(workbench.refresh(), []);
    write_status(&path, &RunStatus { state: RunState::Crashed, episodes: 1, ..status });
    let changes = workbench.refresh();
    assert!(matches!(&changes[..], [Change::Grew { state: RunState::Crashed, .. }]), "{changes:?}");
    assert_eq!(workbench.runs().expect("runs")[0].counts.episodes, 1);
}

#[test]
fn a_live_run_grows_and_ends() {
    let root = tempfile::tempdir().expect("a folder");
    let workbench = workbench(root.path());
    let writer = RunWriter::create(root.path(), RunInfo::default(), WriterOptions::default()).expect("a run");
    let run = writer.info().id.clone();
    assert_eq!(workbench.refresh(), [Change::Came(run.clone())]);
    writer.scalar(Axis::GlobalStep, "loss", 1, 1, 0.5).expect("logged");
    writer.flush().expect("flushed");
    let before = workbench.run(&run.0).expect("the run").source().revision();
    let changes = workbench.refresh();
    assert!(matches!(&changes[..], [Change::Grew { revision, .. }] if *revision > before), "{changes:?}");
    assert_eq!(workbench.run(&run.0).expect("the run").scalar_tags().len(), 1);
    writer.close(RunState::Finished).expect("closed");
    let changes = workbench.refresh();
    assert!(matches!(&changes[..], [Change::Grew { state: RunState::Finished, .. }]), "{changes:?}");
}

#[test]
fn a_run_of_a_newer_version_is_left_out_and_a_half_made_folder_waited_for() {
    let root = tempfile::tempdir().expect("a folder");
    let newer = RunInfo { format_version: RunInfo::FORMAT_VERSION + 1, ..RunInfo::default() };
    write(root.path(), &newer, &RunStatus::default());
    std::fs::create_dir_all(root.path().join("default/01BX5ZZKBKACTAV9WEVGEMMVRZ")).expect("a folder");
    let workbench = workbench(root.path());
    assert!(workbench.runs().expect("runs").is_empty());
    let skipped = workbench.skipped();
    assert!(skipped.len() == 1 && skipped[0].why.contains("upgrade ethogram"), "{skipped:?}");
    assert!(NativeOpener.find(&root.path().join("missing")).expect("no error").is_empty());
    assert!(NativeOpener.open(&root.path().join("missing")).expect("no error").is_none());
}
