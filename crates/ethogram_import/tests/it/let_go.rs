//! Points of event files that were let go of, and are read again.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use ethogram_import::{ForeignOpener, ForeignRun};
use ethogram_store::{Axis, RunSource, ScalarColumns, ScalarTag};

use crate::events::Events;
use crate::points;

const TAGS: usize = 20;

fn tag(index: usize) -> String {
    format!("losses/scalar_{index:02}")
}

/// So many steps of all tags, one after the other as a training writes them; the value tells of which run they are.
fn log(steps: std::ops::Range<i64>, run: usize) -> Events {
    let mut events = Events::new();
    for step in steps {
        for index in 0..TAGS {
            events.scalar(&tag(index), step, step as f32 + (index * 1_000 + run * 100_000) as f32);
        }
    }
    events
}

fn run_in(opener: &ForeignOpener, folder: &Path) -> Arc<ForeignRun> {
    opener.open_folder(folder).expect("a folder").expect("a run")
}

fn all(run: &ForeignRun) -> Vec<(ScalarTag, ScalarColumns)> {
    run.scalar_tags().into_iter().map(|tag| (tag.clone(), points(run, &tag.tag))).collect()
}

fn append(path: &Path, bytes: &[u8]) {
    let mut file = fs::OpenOptions::new().append(true).open(path).expect("opened");
    file.write_all(bytes).expect("written");
}

#[test]
fn what_is_kept_of_many_logs_stays_within_its_bound() {
    const BOUND: usize = 64 << 10;
    let root = tempfile::tempdir().expect("a folder");
    let folders: Vec<_> = (0..12).map(|run| root.path().join(format!("{run}"))).collect();
    for (run, folder) in folders.iter().enumerate() {
        log(0..300, run).write(&folder.join("events.out.tfevents.1.host"));
    }
    let opener = ForeignOpener::keeping(BOUND);
    let runs: Vec<_> = folders.iter().map(|folder| run_in(&opener, folder)).collect();
    // The table of runs needs no points.
    assert_eq!(opener.kept_bytes(), 0);
    assert!(runs.iter().all(|run| run.status().summary.len() == TAGS && run.status().global_step == Some(299)));
    let mut most = 0;
    for round in 0..2 {
        for (number, run) in runs.iter().enumerate() {
            for index in 0..TAGS {
                let found = points(run, &tag(index));
                let first = (index * 1_000 + number * 100_000) as f64;
                assert_eq!((found.step.len(), found.value[0]), (300, first), "round {round}, run {number}");
                assert_eq!(found.value[299].to_bits(), (first + 299.0).to_bits());
                most = most.max(opener.kept_bytes());
            }
        }
    }
    assert!(most > BOUND / 2 && most <= BOUND, "{most} bytes are kept, of {BOUND}");
    let index: usize = runs.iter().filter_map(|run| run.held_bytes()).sum();
    assert!(index < 12 * 10_000, "{index} bytes beside the points");
}

/// Two files that grow side by side, one of them after restarts, and one of the first version, whose steps go back.
#[test]
fn points_that_are_read_again_are_those_that_were_let_go_of() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| folder.path().join(format!("events.out.tfevents.{name}"));
    // One keeps all, one next to nothing.
    let openers = [ForeignOpener::default(), ForeignOpener::keeping(2_000)];
    log(0..40, 0).write(&file("1.host"));
    let runs = openers.each_ref().map(|opener| run_in(opener, folder.path()));
    let same = |moment: &str| {
        let [kept, let_go] = runs.each_ref().map(|run| {
            run.refresh().expect("refreshed");
            all(run)
        });
        assert_eq!(kept, let_go, "{moment}");
        assert_eq!(runs[0].lost(), runs[1].lost(), "{moment}");
        kept
    };
    same("one file");
    let mut restarted = Events::new();
    restarted.start(30);
    for step in 28..50 {
        restarted.scalar(&tag(3), step, 0.5);
    }
    restarted.write(&file("2.host"));
    assert_eq!(same("a restart")[4].0.last_step, 29);
    append(&file("1.host"), &log(45..50, 1).bytes);
    same("the first file goes on after the second began");
    append(&file("2.host"), &Events::default().start(47).scalar("y", 1, f32::INFINITY).bytes);
    let found = same("another restart");
    assert_eq!(found.iter().map(|(tag, _)| tag.last_step).max(), Some(46));
    let mut old = Events::default();
    for step in [0, 5, 9, 4, 6] {
        old.scalar("old", step, step as f32).scalar(&tag(0), step, -1.0);
    }
    old.write(&file("3.host"));
    let found = same("steps that go back");
    let old = found.iter().find(|(tag, _)| tag.tag == "old").expect("a tag");
    assert_eq!((old.0.count, old.1.step.as_slice()), (3, &[0, 4, 6][..]));
}

#[test]
fn a_run_that_does_not_fit_is_answered_tag_by_tag() {
    let folder = tempfile::tempdir().expect("a folder");
    // More than is read to open a run.
    let events = log(0..2_000, 0);
    assert!(events.bytes.len() as u64 > 2 * ethogram_import::HEAD_BYTES);
    events.write(&folder.path().join("events.out.tfevents.1.host"));
    // Room for two tags of 2,000 points.
    let opener = ForeignOpener::keeping(60_000);
    let run = run_in(&opener, folder.path());
    assert_eq!(run.status().global_step, None, "of a run of which the beginning was read the end is not known");
    for index in [3, 7, 3, 19, 0] {
        let found = points(&run, &tag(index));
        assert_eq!((found.step.len(), found.value[1_999]), (2_000, (1_999 + index * 1_000) as f64));
        assert!(opener.kept_bytes() <= 60_000);
    }
    assert_eq!(run.status().global_step, Some(1_999));
    assert!(run.scalar_tags().iter().all(|tag| tag.count == 2_000));
}

#[test]
fn files_that_are_gone_when_points_are_read_again_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("events.out.tfevents.1.host");
    log(0..10, 0).write(&path);
    let run = run_in(&ForeignOpener::default(), folder.path());
    let asked = || run.scalars(Axis::GlobalStep, &tag(0), 0..10);
    fs::rename(&path, folder.path().join("elsewhere")).expect("renamed");
    let error = asked().expect_err("it is gone").to_string();
    assert!(error.contains("events.out.tfevents.1.host"), "{error}");
    // Another one, that is longer, in its place.
    log(0..20, 7).write(&path);
    let error = asked().expect_err("it is another").to_string();
    assert!(error.contains("another file is there now"), "{error}");
    run.refresh().expect("refreshed");
    let found = points(&run, &tag(0));
    assert_eq!((found.step.len(), found.value[9]), (20, 700_009.0));
}
