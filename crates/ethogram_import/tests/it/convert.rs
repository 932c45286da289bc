//! Runs of our own, made of other people's.

use ethogram_import::{convert, place, plan};
use ethogram_store::{Axis, RunReader, RunSource, RunState, check};

use crate::{data, open};

const ALL: std::ops::Range<i64> = i64::MIN..i64::MAX;

fn check_equal(name: &str) {
    let to = tempfile::tempdir().expect("a folder");
    let run = open(&data(name));
    let planned = plan(&run, to.path()).expect("a plan");
    assert!(!planned.was_there && !place(&run, to.path()).exists(), "a plan writes nothing");
    let done = convert(&run, to.path(), &|_, _| {}).expect("converted");
    assert_eq!((done.tensors, done.episodes, done.steps), (planned.tensors, planned.episodes, planned.steps));
    let report = check(&done.path, false).expect("checked");
    assert!(report.is_sound(), "{report:?}");
    let made = RunReader::open(&done.path).expect("a run");
    assert_eq!((made.info().id, made.info().config), (run.info().id, run.info().config));
    assert_eq!(made.status().ended_us, Some(run.status().heartbeat_us));
    assert_eq!(made.status().state, RunState::Finished);
    for tag in run.scalar_tags() {
        let (ours, theirs) = (
            made.scalars(tag.axis, &tag.tag, ALL).expect("points"),
            run.scalars(tag.axis, &tag.tag, ALL).expect("points"),
        );
        // Of a step that was logged twice a run of ours has the newest.
        let newest: Vec<usize> =
            (0..theirs.step.len()).filter(|&at| theirs.step.get(at + 1) != Some(&theirs.step[at])).collect();
        let pick = |values: &[f64]| newest.iter().map(|&at| values[at].to_bits()).collect::<Vec<_>>();
        assert_eq!(ours.step, newest.iter().map(|&at| theirs.step[at]).collect::<Vec<_>>(), "{}", tag.tag);
        assert_eq!(
            ours.value.iter().map(|value| value.to_bits()).collect::<Vec<_>>(),
            pick(&theirs.value),
            "{}",
            tag.tag
        );
        assert_eq!(ours.time_us, newest.iter().map(|&at| theirs.time_us[at]).collect::<Vec<_>>(), "{}", tag.tag);
    }
    for tag in run.tensor_tags() {
        let rows = |source: &dyn RunSource| source.tensors(Axis::GlobalStep, &tag.tag, ALL).expect("rows");
        assert_eq!(rows(&made), rows(run.as_ref()), "{}", tag.tag);
    }
    assert_eq!(made.episodes(0..u64::MAX).expect("episodes"), run.episodes(0..u64::MAX).expect("episodes"));
    for row in run.episodes(0..u64::MAX).expect("episodes").iter().filter(|row| row.recorded) {
        for field in run.step_fields(row.episode).expect("fields") {
            let column = |source: &dyn RunSource| source.steps(row.episode, &field.name, 0..u64::MAX).expect("rows");
            assert_eq!(
                column(&made).to_f64().iter().map(|x| x.to_bits()).collect::<Vec<_>>(),
                column(run.as_ref()).to_f64().iter().map(|x| x.to_bits()).collect::<Vec<_>>(),
                "{}",
                field.name
            );
        }
    }
    let again = convert(&run, to.path(), &|_, _| {}).expect("left as it is");
    assert!(again.was_there);
}

#[test]
fn row_b15_a_run_is_made_of_each_kind_of_log() {
    for name in [
        "sb3-dqn-cartpole-seed1",
        "summarywriter-a2c-cartpole-seed1",
        "sb3-zoo-ppo-lunarlander-v2",
        "minari-cartpole-arrow",
    ] {
        check_equal(name);
    }
}

#[test]
fn what_has_no_place_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut events = crate::events::Events::new();
    events.scalar("", 1, 1.0).scalar("fine", 1, 1.0).scalar("fine", 1, 2.0);
    events.bytes.extend([0; 40]);
    events.scalar("fine", 2, 3.0).write(&folder.path().join("events.out.tfevents.1.host"));
    let to = tempfile::tempdir().expect("a folder");
    let done = convert(&open(folder.path()), to.path(), &|_, _| {}).expect("converted");
    assert_eq!((done.points, done.skipped.len()), (2, 3), "{:?}", done.skipped);
    assert!(check(&done.path, false).expect("checked").is_sound());
}
