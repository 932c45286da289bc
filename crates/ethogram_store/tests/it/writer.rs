//! What a writer promises: bounds, clear refusals, and a training that goes on whatever the disk does.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ethogram_store::{
    Array, Axis, Dtype, EpisodeEnd, EpisodeRow, Error, QueuePolicy, RunInfo, RunReader, RunSource, RunState, RunWriter,
    SealLimits, StepValue, TensorKind, TensorRow, WriterOptions, attach_film, read_status,
};
use serde_json::json;

use crate::support::{create, episode, f32s, name, number, open, open_whole, options, picture};

fn create_with(root: &Path, options: WriterOptions) -> RunWriter {
    RunWriter::create(root, RunInfo { project: "tests".into(), ..RunInfo::default() }, options).expect("a run")
}

fn scalar(writer: &RunWriter, step: i64) -> Result<(), Error> {
    writer.scalar(Axis::GlobalStep, "a", step, 0, step as f64)
}

#[test]
fn what_cannot_be_stored_is_refused_by_name_and_nothing_else_suffers() {
    let root = tempfile::tempdir().expect("a folder");
    let writer = create(root.path());
    writer.step(0, 0, vec![(name("x"), f32s(&[1.0, 2.0]))]).expect("logged");
    let check = |values: Vec<(Arc<str>, StepValue)>, expected: &str| {
        let error = writer.step(0, 1, values).expect_err(expected);
        assert!(error.is_bad_input() && error.to_string().contains(expected), "{error}, expected {expected}");
    };
    check(
        vec![(name("y"), number(1.0)), (name("x"), f32s(&[1.0]))],
        r#"field "x" expected float32 [2], found float32 [1]"#,
    );
    check(vec![(name("x"), StepValue::Text("1".into()))], "found text");
    check(vec![(name("step"), number(1.0))], "it says which step a row is");
    check(vec![(name(""), number(1.0))], "it is empty");
    check(vec![(name("a\nb"), number(1.0))], "control character");
    check(vec![(name(&"n".repeat(513)), number(1.0))], "longer than 512 bytes");
    for (episode, step) in [(u64::MAX, 0), (0, u64::MAX)] {
        assert!(writer.step(episode, step, vec![]).is_err_and(|error| error.is_bad_input()));
    }
    assert!(writer.scalar(Axis::Episode, "", 0, 0, 0.0).is_err_and(|error| error.is_bad_input()));
    assert!(writer.scalars(Axis::Episode, 0, 0, &[("good", 1.0), ("\0", 1.0)]).is_err(), "all or none");
    let row = TensorRow {
        step: 0,
        time_us: 0,
        kind: TensorKind::Tensor,
        array: Array::new(Dtype::Uint8, vec![0, 1 << 33], vec![]).expect("an empty array"),
        meta: serde_json::Map::new(),
    };
    assert!(writer.tensor(Axis::GlobalStep, "t", row).is_err_and(|error| error.is_bad_input()));
    writer.close(RunState::Finished).expect("closed");
    assert!(matches!(scalar(&writer, 1), Err(Error::Closed)));
    assert!(matches!(writer.flush(), Err(Error::Closed)));
    writer.close(RunState::Crashed).expect("closing twice does nothing");
    let reader = open_whole(writer.path());
    assert_eq!(reader.status().state, RunState::Finished);
    assert!(reader.scalar_tags().is_empty());
    assert_eq!(reader.steps(0, "x", 0..9).expect("rows").to_f64(), [1.0, 2.0]);
    let bad = RunInfo { project: "../up".into(), ..RunInfo::default() };
    assert!(RunWriter::create(root.path(), bad, options()).is_err_and(|error| error.is_bad_input()));
}

#[test]
fn a_full_queue_drops_and_counts_or_waits() {
    let root = tempfile::tempdir().expect("a folder");
    let small =
        WriterOptions { queue_bytes: 64 << 10, flush_interval: Duration::from_millis(5), ..WriterOptions::default() };
    let dropping = create_with(root.path(), small);
    let mut refused = 0;
    for step in 0..2_000 {
        let logged = dropping.step(0, step, vec![(name("frame"), StepValue::Array(picture(step)))]);
        match logged {
            Ok(()) => {}
            Err(Error::QueueFull { limit: 65_536 }) => refused += 1,
            Err(other) => panic!("{other}"),
        }
        assert!(dropping.counters().queued_bytes <= 64 << 10, "{:?}", dropping.counters());
    }
    assert!(refused > 0, "16 pictures fit, 2,000 do not");
    dropping.flush().expect("flushed");
    assert_eq!((dropping.counters().dropped, dropping.counters().queued_bytes), (refused, 0));
    let column = open(&dropping).steps(0, "frame", 0..2_000).expect("rows");
    let missing = (0..column.rows()).filter(|&row| !column.is_valid(row)).count() as u64;
    assert_eq!(missing + (2_000 - column.rows() as u64), refused, "exactly those that were refused");

    let waiting = create_with(root.path(), WriterOptions { policy: QueuePolicy::Block, ..small });
    for step in 0..500 {
        waiting.step(0, step, vec![(name("frame"), StepValue::Array(picture(step)))]).expect("waits for room");
    }
    waiting.blob(vec![7; 1 << 20]).expect("one value larger than the queue passes when it is empty");
    waiting.close(RunState::Finished).expect("closed");
    assert_eq!((waiting.counters().dropped, open_whole(waiting.path()).step_count(0).expect("rows")), (0, 500));
}

/// The folder of a kind cannot be made, for a file stands in its place: as on a disk that fails, and under every user.
#[test]
fn a_disk_that_fails_is_told_once_and_tried_again() {
    let root = tempfile::tempdir().expect("a folder");
    let writer = create(root.path());
    let folders = std::fs::read_dir(writer.path()).expect("a run").flatten().map(|entry| entry.path());
    let writer_dir = folders.filter(|path| path.is_dir()).max().expect("a writer");
    std::fs::write(writer_dir.join("scalars"), "in the way").expect("written");
    writer.episode(episode(0)).expect("logged");
    for step in 0..10 {
        scalar(&writer, step).expect("training goes on");
    }
    let error = writer.flush().expect_err("the disk fails");
    assert!(matches!(error, Error::Io { action: "flush", .. }), "{error}");
    let counters = writer.counters();
    assert_eq!(counters.dropped, 10);
    assert!(counters.fault.as_ref().is_some_and(|text| text.contains("scalars")), "{counters:?}");
    let reader = open(&writer);
    assert_eq!((reader.status().fault, reader.episodes(0..9).expect("rows").len()), (counters.fault.clone(), 1));

    std::fs::remove_file(writer_dir.join("scalars")).expect("removed");
    let until = Instant::now() + Duration::from_secs(20);
    let mut step = 10;
    while reader.scalar_tags().is_empty() {
        assert!(Instant::now() < until, "the disk was not tried again");
        scalar(&writer, step).expect("logged");
        step += 1;
        let _ = writer.flush();
        std::thread::sleep(Duration::from_millis(20));
        reader.refresh().expect("refreshed");
    }
    assert!(
        writer.close(RunState::Finished).is_err_and(|error| error.to_string().contains("scalars")),
        "told at the end"
    );
    assert_eq!(writer.counters().fault, counters.fault, "the first error stays");
    let kept = open_whole(writer.path()).scalar_tags()[0].count;
    assert_eq!(kept + writer.counters().dropped, step as u64, "every value was kept or counted");
}

#[test]
fn a_value_is_visible_to_others_within_the_flush_interval() {
    let root = tempfile::tempdir().expect("a folder");
    let writer = create_with(root.path(), WriterOptions::default());
    let reader = open(&writer);
    let mut latencies = Vec::new();
    for step in 0..8 {
        scalar(&writer, step).expect("logged");
        let logged = Instant::now();
        while reader.scalars(Axis::GlobalStep, "a", step..step + 1).expect("points").step.is_empty() {
            assert!(logged.elapsed() < Duration::from_secs(20), "never seen");
            std::thread::sleep(Duration::from_millis(5));
            reader.refresh().expect("refreshed");
        }
        latencies.push(logged.elapsed());
    }
    latencies.sort();
    let bound = WriterOptions::default().flush_interval + Duration::from_millis(300);
    // The median: one late wake-up of a machine that does other things is not the writer's.
    assert!(latencies[4] <= bound, "{latencies:?}");
}

/// A reader looks at every moment at a run whose segments are sealed under its hands.
#[test]
fn a_reader_loses_nothing_while_segments_are_sealed() {
    let root = tempfile::tempdir().expect("a folder");
    let seal = SealLimits { rows: 200, bytes: 1 << 20, age: Duration::from_millis(10) };
    let writer = create_with(
        root.path(),
        WriterOptions { flush_interval: Duration::from_millis(2), seal, ..WriterOptions::default() },
    );
    let reader = open(&writer);
    let mut seen = 0;
    for step in 0..3_000_i64 {
        scalar(&writer, step).expect("logged");
        let values =
            vec![(name("reward"), number(step as f64)), (name("frame"), StepValue::Array(picture(step as u64)))];
        writer.step(step as u64 / 100, step as u64 % 100, values).expect("logged");
        if step % 20 == 0 {
            std::thread::sleep(Duration::from_millis(2));
            reader.refresh().expect("refreshed");
            let points = reader.scalars(Axis::GlobalStep, "a", 0..i64::MAX).expect("points").step;
            assert_eq!(points, (0..points.len() as i64).collect::<Vec<_>>(), "a prefix");
            assert!(points.len() >= seen, "{} points after {seen}", points.len());
            seen = points.len();
            let index = step as u64 / 200;
            if index > 0 {
                writer.flush().expect("flushed");
                reader.refresh().expect("refreshed");
                let column = reader.steps(index - 1, "reward", 0..100).expect("rows");
                assert_eq!((column.valid.clone(), column.rows()), (None, 100), "episode {}", index - 1);
                let frames = reader.frame_groups(index - 1, "frame", 0..u64::MAX).expect("groups");
                assert_eq!(frames.iter().map(|group| group.count).sum::<u32>(), 100);
            }
        }
    }
    writer.close(RunState::Finished).expect("closed");
    reader.refresh().expect("refreshed");
    assert_eq!(reader.scalars(Axis::GlobalStep, "a", 0..i64::MAX).expect("points").step.len(), 3_000);
    assert_eq!(reader.lost(), []);
    let whole = open_whole(writer.path());
    let buckets = whole.scalar_buckets(Axis::GlobalStep, "a", 0..i64::MAX, 10).expect("buckets");
    assert_eq!((buckets.count.iter().sum::<u64>(), buckets.min[0], buckets.last[9]), (3_000, 0.0, 2_999.0));
}

#[test]
fn two_writers_at_once_give_no_index_twice() {
    let root = tempfile::tempdir().expect("a folder");
    let first = create(root.path());
    first.episode(episode(first.next_episode())).expect("logged");
    first.flush().expect("flushed");
    let second = RunWriter::resume(first.path(), options()).expect("resumed");
    assert_eq!((second.next_episode(), first.next_episode()), (1_000, 1));
    first.close(RunState::Finished).expect("closed");
    let third = RunWriter::resume(first.path(), options()).expect("resumed");
    assert_eq!(third.next_episode(), 1, "the first one's block is free again");
}

#[test]
fn an_episode_left_open_ends_when_the_run_goes_on_and_one_of_a_living_writer_does_not() {
    let root = tempfile::tempdir().expect("a folder");
    let open = |index| EpisodeRow { end: EpisodeEnd::Open, ended_us: None, ..episode(index) };
    let first = create(root.path());
    let (left, ended) = (first.next_episode(), first.next_episode());
    first.episode(open(left)).expect("logged");
    first.episode(episode(ended)).expect("logged");
    first.flush().expect("flushed");
    let beside = RunWriter::resume(first.path(), options()).expect("resumed");
    let living = beside.next_episode();
    beside.episode(open(living)).expect("logged");
    beside.flush().expect("flushed");
    let ends = || {
        let rows = open_whole(first.path()).episodes(0..living + 1).expect("rows").into_iter();
        rows.map(|row| (row.episode, row.end, row.ended_us.is_some())).collect::<Vec<_>>()
    };
    let whole = (ended, EpisodeEnd::Terminated, true);
    assert_eq!(ends(), [(left, EpisodeEnd::Open, false), whole, (living, EpisodeEnd::Open, false)]);

    first.close(RunState::Finished).expect("closed");
    let third = RunWriter::resume(first.path(), options()).expect("resumed");
    third.flush().expect("flushed");
    assert_eq!(ends(), [(left, EpisodeEnd::Open, true), whole, (living, EpisodeEnd::Open, false)]);
    let status = open_whole(first.path()).status().clone();
    let at = open_whole(first.path()).episodes(left..left + 1).expect("rows")[0].ended_us;
    assert!(at.is_some_and(|at| at > 0 && at <= status.heartbeat_us), "{at:?} of {}", status.heartbeat_us);
    third.close(RunState::Finished).expect("closed");
    drop(beside);
    let fourth = RunWriter::resume(first.path(), options()).expect("resumed");
    fourth.close(RunState::Finished).expect("closed");
    assert_eq!(ends(), [(left, EpisodeEnd::Open, true), whole, (living, EpisodeEnd::Open, true)]);
    assert_eq!(open_whole(first.path()).status().episodes, 3, "left ones are not counted again");
}

#[test]
fn tags_by_number_are_those_by_name() {
    let root = tempfile::tempdir().expect("a folder");
    let writer = create(root.path());
    let (a, b) = (writer.tag(Axis::GlobalStep, "a").expect("a tag"), writer.tag(Axis::Episode, "b").expect("a tag"));
    writer.points(7, 0, &[(a, 1.0), (b, 2.0)]).expect("logged");
    scalar(&writer, 8).expect("logged");
    let other = create(root.path());
    let error = other.points(0, 0, &[(a, 1.0)]).expect_err("a tag of another writer");
    assert!(error.is_not_found(), "{error}");
    assert!(writer.tag(Axis::GlobalStep, "").is_err_and(|error| error.is_bad_input()));
    writer.close(RunState::Finished).expect("closed");
    assert!(matches!(writer.points(9, 0, &[(a, 1.0)]), Err(Error::Closed)));
    let reader = open_whole(writer.path());
    let points = reader.scalars(Axis::GlobalStep, "a", 0..i64::MAX).expect("points");
    assert_eq!((points.step, points.value), (vec![7, 8], vec![1.0, 8.0]));
    let points = reader.scalars(Axis::Episode, "b", 0..i64::MAX).expect("points");
    assert_eq!((points.step, points.value), (vec![7], vec![2.0]));
}

#[test]
fn a_run_goes_on_where_it_ended() {
    let root = tempfile::tempdir().expect("a folder");
    let first = create(root.path());
    assert_eq!((first.next_episode(), first.next_episode()), (0, 1));
    first.episode(episode(4)).expect("logged");
    first.step(6, 0, vec![(name("x"), f32s(&[1.0])), (name("frame"), StepValue::Array(picture(0)))]).expect("logged");
    let path = first.path().to_owned();
    drop(first);
    assert_eq!(RunReader::open(&path).expect("a run").status().state, RunState::Crashed, "dropped, not closed");

    let second = RunWriter::resume(&path, options()).expect("resumed");
    assert_eq!(second.next_episode(), 7);
    let other = vec![(name("x"), f32s(&[1.0, 2.0]))];
    assert!(
        matches!(second.step(7, 0, other), Err(Error::ShapeMismatch { .. })),
        "the type is that of the first value"
    );
    second.step(6, 0, vec![(name("x"), f32s(&[3.0]))]).expect("logged again");
    second.episode(episode(7)).expect("logged");
    second.close(RunState::Finished).expect("closed");
    let reader = open_whole(&path);
    let status = reader.status();
    assert_eq!((status.resumed, status.state, status.episodes), (1, RunState::Finished, 2));
    assert_eq!(reader.steps(6, "x", 0..1).expect("rows").to_f64(), [3.0], "the newest wins");
    assert_eq!(reader.step_fields(6).expect("fields").len(), 2, "what was not logged again stays");
    assert!(matches!(RunWriter::resume(root.path(), options()), Err(Error::NotARun { .. })));
}

/// So that tables of thousands of runs say what there is without opening one; whoever opens it counts the same.
#[test]
fn the_status_tells_how_many_films_and_checkpoints_there_are() {
    let root = tempfile::tempdir().expect("a folder");
    let filmed = |index| {
        let mut row = episode(index);
        attach_film(&mut row.extra, "film.mp4", "00", 1, 0);
        row
    };
    let check = |path: &Path, expected: (u64, Option<u64>, Option<u64>)| {
        let told = read_status(path).expect("a status").counts(0);
        assert_eq!((told.recorded, told.filmed, told.checkpoints), expected);
        let reader = open_whole(path);
        let _ = reader.episodes(0..9).expect("episodes");
        assert_eq!(reader.counts().expect("counted"), told);
    };
    let first = create(root.path());
    let path = first.path().to_owned();
    let told = read_status(&path).expect("a status");
    assert_eq!((told.filmed, told.checkpoints), (Some(0), Some(0)), "none is known to be none");
    for row in [episode(0), filmed(0), filmed(1), episode(2)] {
        first.episode(row).expect("logged");
    }
    for _ in 0..2 {
        first.checkpoint(100, "policy", "onnx", vec![1], json!({})).expect("saved");
    }
    first.checkpoint(200, "policy", "onnx", vec![2], json!({})).expect("saved");
    first.close(RunState::Finished).expect("closed");
    check(&path, (3, Some(2), Some(2)));

    // Of writers that did not count them nothing is said until somebody counts.
    let status = std::fs::read_to_string(path.join("status.json")).expect("a status");
    let mut older: serde_json::Value = serde_json::from_str(&status).expect("JSON");
    let members = older.as_object_mut().expect("members");
    assert!(members.remove("filmed").is_some() && members.remove("checkpoints").is_some());
    std::fs::write(path.join("status.json"), older.to_string()).expect("written");
    let unread = RunReader::open(&path).expect("a run").counts().expect("counted");
    assert_eq!((unread.recorded, unread.filmed, unread.checkpoints), (3, None, None));
    let second = RunWriter::resume(&path, options()).expect("resumed");
    second.episode(filmed(7)).expect("logged");
    second.checkpoint(300, "policy", "onnx", vec![3], json!({})).expect("saved");
    second.close(RunState::Finished).expect("closed");
    check(&path, (4, Some(3), Some(3)));
}

#[test]
fn a_later_writer_counts_as_later_whatever_the_clock_says() {
    let root = tempfile::tempdir().expect("a folder");
    let first = create(root.path());
    scalar(&first, 1).expect("logged");
    first.close(RunState::Finished).expect("closed");
    let folders = std::fs::read_dir(first.path()).expect("a run").flatten().map(|entry| entry.path());
    let writer_dir = folders.filter(|path| path.is_dir()).max().expect("a writer");
    std::fs::rename(writer_dir, first.path().join("w-7A000000000000000000000000")).expect("from the future");
    for value in [5.0, 6.0] {
        let writer = RunWriter::resume(first.path(), options()).expect("resumed");
        writer.scalar(Axis::GlobalStep, "a", 1, 0, value).expect("logged");
        writer.close(RunState::Finished).expect("closed");
        assert_eq!(open_whole(first.path()).scalars(Axis::GlobalStep, "a", 0..9).expect("points").value, [value]);
    }
}
