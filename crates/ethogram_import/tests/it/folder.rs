//! Many runs in one folder.

use std::time::Instant;

use ethogram_import::ForeignOpener;
use ethogram_store::{Axis, Opener as _};

use crate::events::Events;

#[test]
fn a_hundred_runs_are_found_and_opened_at_once() {
    let root = tempfile::tempdir().expect("a folder");
    let mut events = Events::new();
    for step in 0..2_000 {
        events.scalar("loss", step, step as f32);
    }
    for run in 0..100 {
        events.write(&root.path().join(format!("seed/{run:03}/events.out.tfevents.1.host")));
    }
    std::fs::create_dir_all(root.path().join(".hidden")).expect("a folder");
    events.write(&root.path().join(".hidden/run/events.out.tfevents.1.host"));
    let began = Instant::now();
    let opener = ForeignOpener::default();
    let paths = opener.find(root.path()).expect("runs");
    assert_eq!(paths.len(), 100);
    let mut ids = std::collections::BTreeSet::new();
    for path in &paths {
        let run = opener.open(path).expect("opened").expect("a run");
        assert_eq!(run.status().summary["loss"].total_cmp(&1999.0), std::cmp::Ordering::Equal);
        assert_eq!(run.scalar_buckets(Axis::GlobalStep, "loss", 0..2_000, 10).expect("buckets").count, [200; 10]);
        ids.insert(run.info().id);
    }
    assert_eq!(ids.len(), 100);
    assert!(began.elapsed().as_secs() < 10, "{:?}", began.elapsed());
}

#[test]
fn runs_are_opened_side_by_side() {
    let root = tempfile::tempdir().expect("a folder");
    for run in 0..40 {
        let mut events = Events::new();
        for step in 0..=run {
            events.scalar("loss", step, step as f32);
        }
        events.write(&root.path().join(format!("seed/{run:03}/events.out.tfevents.1.host")));
    }
    let opener = ForeignOpener::default();
    let paths = opener.find(root.path()).expect("runs");
    let open = |path: &std::path::PathBuf| opener.open(path).expect("opened").expect("a run");
    let runs = ethogram_query::in_parallel(&paths, 4, open);
    let alone: Vec<_> = paths.iter().map(open).collect();
    for (at, (run, alone)) in runs.iter().zip(&alone).enumerate() {
        assert_eq!(run.info(), alone.info());
        assert_eq!(alone.info().name, format!("{at:03}"));
        assert_eq!(run.scalar_tags(), alone.scalar_tags());
        assert_eq!(run.scalar_tags()[0].last_step, at as i64);
    }
}

#[test]
fn a_folder_that_is_not_there_holds_no_runs() {
    let root = tempfile::tempdir().expect("a folder");
    let opener = ForeignOpener::default();
    assert!(opener.find(&root.path().join("absent")).expect("none").is_empty());
    assert!(opener.open(&root.path().join("absent")).expect("none").is_none());
    assert!(opener.open(root.path()).expect("none").is_none());
}
