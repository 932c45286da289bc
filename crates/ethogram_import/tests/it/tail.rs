//! Files that grow, break off and are replaced while they are read.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use ethogram_import::ForeignOpener;
use ethogram_query::{Change, NativeOpener, Opener, Options, Workbench};
use ethogram_store::{Axis, RunSource, RunState};
use std::sync::Arc;

use crate::events::Events;
use crate::{open, points};

fn append(path: &Path, bytes: &[u8]) {
    let mut file = fs::OpenOptions::new().append(true).create(true).open(path).expect("opened");
    file.write_all(bytes).expect("written");
}

#[test]
fn row_a16_a_file_is_read_on_as_it_grows_and_half_a_record_waits() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("events.out.tfevents.1.host");
    let mut events = Events::new();
    for step in 0..5 {
        events.scalar("x", step, step as f32);
    }
    append(&path, &events.bytes[..events.starts[1]]);
    let run = open(folder.path());
    let mut revision = run.refresh().expect("refreshed");
    let mut from = events.starts[1];
    for to in from + 1..=events.bytes.len() {
        append(&path, &events.bytes[from..to]);
        from = to;
        let now = run.refresh().expect("refreshed");
        assert!(now > revision, "the file grew");
        revision = now;
        // Points come with the last byte of their record, never before.
        let whole =
            events.starts.iter().skip(2).filter(|start| **start <= to).count() + usize::from(to == events.bytes.len());
        assert_eq!(points(&run, "x").step.len(), whole, "at byte {to}");
    }
    assert_eq!(run.refresh().expect("refreshed"), revision, "nothing is new");
    assert_eq!(run.lost(), []);
    assert_eq!(run.status().state, RunState::Running);
    assert_eq!(run.status().global_step, Some(4));
}

#[test]
fn a_second_file_goes_on_where_the_first_ended() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut events = Events::new();
    events.scalar("x", 1, 1.0).write(&folder.path().join("events.out.tfevents.1.host"));
    let run = open(folder.path());
    assert_eq!(points(&run, "x").step, [1]);
    Events::new()
        .start(1)
        .scalar("x", 1, 2.0)
        .scalar("x", 2, 3.0)
        .write(&folder.path().join("events.out.tfevents.2.host"));
    run.refresh().expect("refreshed");
    assert_eq!(points(&run, "x").value, [2.0, 3.0]);
    // Both may grow.
    append(&folder.path().join("events.out.tfevents.1.host"), &Events::new().scalar("y", 5, 5.0).bytes);
    run.refresh().expect("refreshed");
    assert_eq!(points(&run, "y").step, [5]);
}

#[test]
fn a_file_that_was_replaced_is_read_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("events.out.tfevents.1.host");
    let mut events = Events::new();
    for step in 0..50 {
        events.scalar("x", step, 1.0);
    }
    events.write(&path);
    let run = open(folder.path());
    assert_eq!(points(&run, "x").step.len(), 50);
    Events::new().scalar("x", 7, 2.0).write(&path);
    run.refresh().expect("refreshed");
    assert_eq!(points(&run, "x").step, [7]);
}

#[test]
fn what_was_let_go_of_is_read_again() {
    let folder = tempfile::tempdir().expect("a folder");
    Events::new().scalar("x", 7, 2.0).write(&folder.path().join("events.out.tfevents.1.host"));
    let run = open(folder.path());
    assert!(run.held_bytes().is_some());
    let revision = run.revision();
    run.rest();
    assert_eq!((run.held_bytes(), run.revision()), (None, revision));
    assert_eq!(run.status().global_step, Some(7));
    assert_eq!(points(&run, "x").value, [2.0]);
    assert!(run.held_bytes().is_some());
}

#[test]
fn a_workbench_serves_them_beside_our_own_and_sees_them_grow() {
    let root = tempfile::tempdir().expect("a folder");
    let path = root.path().join("exp/PPO_1/events.out.tfevents.1.host");
    Events::new().scalar("rollout/ep_rew_mean", 1, 10.0).write(&path);
    let info = ethogram_store::RunInfo { name: "ours".into(), project: "exp".into(), ..Default::default() };
    let writer =
        ethogram_store::RunWriter::create(root.path(), info, ethogram_store::WriterOptions::default()).expect("a run");
    writer.close(RunState::Finished).expect("closed");
    let openers: Vec<Arc<dyn Opener>> = vec![Arc::new(NativeOpener), Arc::new(ForeignOpener::default())];
    let options = Options { openers, search_every: std::time::Duration::ZERO, ..Options::default() };
    let workbench = Workbench::open(vec![root.path().to_owned().into()], options).expect("a workbench");
    let runs = workbench.runs().expect("runs");
    let mut found: Vec<_> =
        runs.iter().map(|run| (run.info.project.as_str(), run.info.name.as_str(), run.format)).collect();
    found.sort_unstable();
    assert_eq!(found, [("exp", "PPO_1", "tfevents"), ("exp", "ours", "ethogram")]);
    let id = &runs.iter().find(|run| run.format == "tfevents").expect("a run").info.id;
    append(&path, &Events::default().scalar("rollout/ep_rew_mean", 2, 20.0).bytes);
    let changes = workbench.refresh();
    assert!(changes.iter().any(|change| matches!(change, Change::Grew { run, .. } if run == id)), "{changes:?}");
    let run = workbench.run(&id.0).expect("a run");
    let points = run.source().scalars(Axis::GlobalStep, "rollout/ep_rew_mean", 0..10).expect("points");
    assert_eq!(points.value, [10.0, 20.0]);
    // Hyper-parameters that are told later are seen, too: under the same id.
    let table = b"|param|value|\n|-|-|\n|lr|0.5|";
    let text = [crate::events::metadata("text"), crate::events::texts(&[1], &[table])];
    append(&path, &Events::default().value("hyperparameters/text_summary", 0, &text).bytes);
    workbench.refresh();
    workbench.refresh();
    let run = workbench.run(&id.0).expect("a run");
    assert_eq!(run.info().config["lr"], 0.5);
    assert_eq!(run.source().scalar_tags().len(), 1);
}
