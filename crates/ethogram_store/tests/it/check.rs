//! `check` notices every damage, and `--repair` gives back what lies behind a lost log.

use std::path::{Path, PathBuf};

use ethogram_store::{Axis, RunReader, RunSource, RunState, RunStatus, check, compact};
use serde_json::json;

use crate::support::{copy_folder, create, episode, f32s, name, open_whole, picture};

/// A run with rows of every kind in live segments, as a writer leaves it that was killed after it had flushed.
fn killed(root: &Path) -> PathBuf {
    let writer = create(root);
    for index in 0..3 {
        for step in 0..4 {
            let frame = ethogram_store::StepValue::Array(picture(step));
            let values = vec![(name("reward"), f32s(&[step as f32])), (name("frame"), frame)];
            writer.step(index, step, values).expect("logged");
        }
        writer.episode(episode(index)).expect("logged");
        writer.scalar(Axis::GlobalStep, "loss", index as i64, 5, 0.5).expect("logged");
        writer.flush().expect("flushed");
    }
    writer.checkpoint(7, "late", "onnx", b"weights".to_vec(), json!({})).expect("logged");
    writer.flush().expect("flushed");
    let killed = root.join("killed");
    copy_folder(writer.path(), &killed);
    let status = RunStatus { state: RunState::Crashed, ..RunStatus::default() };
    std::fs::write(killed.join("status.json"), serde_json::to_vec(&status).expect("json")).expect("written");
    killed
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn with_suffix(run: &Path, suffix: &str) -> Vec<PathBuf> {
    files_below(run).into_iter().filter(|path| path.to_string_lossy().ends_with(suffix)).collect()
}

/// All that a reader says of a run.
fn told(run: &Path) -> Vec<String> {
    let reader = RunReader::open(run).expect("a run");
    let points = reader.scalars(Axis::GlobalStep, "loss", 0..99).expect("points");
    let episodes = reader.episodes(0..99).expect("episodes");
    let mut told = vec![format!("{:?} {:?} {points:?} {episodes:?}", reader.scalar_tags(), reader.checkpoints())];
    for index in 0..3 {
        for field in reader.step_fields(index).expect("fields") {
            told.push(format!("{:?}", reader.steps(index, &field.name, 0..99).expect("rows")));
        }
    }
    assert_eq!(reader.lost(), []);
    told
}

#[test]
fn a_sound_run_is_sound_live_and_compacted() {
    let root = tempfile::tempdir().expect("a folder");
    let run = killed(root.path());
    let before = told(&run);
    let live = check(&run, false).expect("checked");
    assert!(live.is_sound(), "{live:?}");
    assert_eq!(live.frames, 12);
    compact(&run).expect("compacted");
    let sealed = check(&run, false).expect("checked");
    assert!(sealed.is_sound(), "{sealed:?}");
    assert_eq!(sealed.frames, 12);
    assert_eq!(with_suffix(&run, ".arrows"), Vec::<PathBuf>::new());
    assert_eq!(told(&run), before);
    open_whole(&run);
}

#[test]
fn every_flipped_byte_of_data_is_noticed() {
    let root = tempfile::tempdir().expect("a folder");
    let run = killed(root.path());
    for sealed in [false, true] {
        if sealed {
            compact(&run).expect("compacted");
        }
        for path in files_below(&run) {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            // What people read and change by hand carries no checksum; a lock holds nothing.
            if ["run.json", "status.json", "LOCK"].contains(&name.as_str()) {
                continue;
            }
            let bytes = std::fs::read(&path).expect("bytes");
            // Every byte of the small files, a sample of the large.
            for at in (0..bytes.len()).step_by(bytes.len() / 60 + 1) {
                let mut flipped = bytes.clone();
                flipped[at] ^= 1 << (at % 8);
                std::fs::write(&path, &flipped).expect("written");
                match check(&run, false) {
                    Ok(report) => assert!(!report.is_sound(), "byte {at} of {}", path.display()),
                    // A flip can make a manifest one of a newer version.
                    Err(error) => assert!(error.to_string().contains("format version"), "{error}"),
                }
            }
            std::fs::write(&path, &bytes).expect("written");
        }
        assert!(check(&run, false).expect("checked").is_sound());
    }
}

/// Repairs after `damage` was done to each log: the run must read as before.
fn check_repair(damage: impl Fn(&Path)) {
    let root = tempfile::tempdir().expect("a folder");
    let run = killed(root.path());
    let before = told(&run);
    let logs = with_suffix(&run, ".log");
    assert_eq!(logs.len(), 5, "{logs:?}");
    for log in &logs {
        damage(log);
    }
    let found = check(&run, false).expect("checked");
    assert!(!found.unverified.is_empty() && found.repaired.is_empty(), "{found:?}");
    let repaired = check(&run, true).expect("checked");
    assert_eq!(repaired.repaired.len(), logs.len(), "{repaired:?}");
    assert_eq!(repaired.unverified, found.unverified, "rows without a checksum of the writer's are told as such");
    assert_eq!(repaired.lost, [], "nothing was missing but the logs");
    assert_eq!(told(&run), before);
    assert!(check(&run, false).expect("checked").is_sound());
}

#[test]
fn lost_logs_are_rebuilt() {
    check_repair(|log| std::fs::remove_file(log).expect("removed"));
}

#[test]
fn torn_logs_are_rebuilt() {
    check_repair(|log| {
        let bytes = std::fs::read(log).expect("bytes");
        std::fs::write(log, &bytes[..bytes.len() - 70]).expect("written");
    });
}

#[test]
fn logs_damaged_at_their_first_record_are_rebuilt() {
    check_repair(|log| {
        let mut bytes = std::fs::read(log).expect("bytes");
        bytes[3] ^= 1;
        std::fs::write(log, &bytes).expect("written");
    });
}

/// A page of zeros in the middle of a segment whose log is lost: what lies around it is found again.
#[test]
fn damage_in_a_segment_without_a_log_is_stepped_over() {
    let root = tempfile::tempdir().expect("a folder");
    let run = killed(root.path());
    let log = with_suffix(&run, "scalars/000000.log").remove(0);
    let records = std::fs::read(&log).expect("bytes");
    let offset = |record: usize| u64::from_le_bytes(records[record * 64..record * 64 + 8].try_into().expect("8 bytes"));
    std::fs::remove_file(&log).expect("removed");
    let segment = log.with_extension("arrows");
    let mut bytes = std::fs::read(&segment).expect("bytes");
    bytes[offset(2) as usize..offset(2) as usize + 64].fill(0);
    std::fs::write(&segment, &bytes).expect("written");
    let report = check(&run, true).expect("checked");
    assert_eq!(report.lost.len(), 1, "{report:?}");
    assert_eq!(report.lost[0].what, format!("bytes {} to {}", offset(2), offset(3)));
    let reader = RunReader::open(&run).expect("a run");
    assert_eq!(reader.scalars(Axis::GlobalStep, "loss", 0..9).expect("points").step, [0, 2]);
}

#[test]
fn a_checkpoint_without_its_bytes_and_a_blob_under_a_wrong_name_are_told() {
    let root = tempfile::tempdir().expect("a folder");
    let run = killed(root.path());
    let blob = files_below(&run.join("blobs")).remove(0);
    std::fs::rename(&blob, blob.with_file_name("0".repeat(32))).expect("renamed");
    let report = check(&run, false).expect("checked");
    let whats: Vec<_> = report.lost.iter().map(|lost| lost.what.as_str()).collect();
    assert_eq!(whats, ["the blob", "the bytes of a checkpoint"]);
}

#[test]
fn a_run_that_is_being_written_is_checked_but_not_repaired() {
    let root = tempfile::tempdir().expect("a folder");
    let writer = create(root.path());
    writer.scalar(Axis::GlobalStep, "loss", 0, 0, 1.0).expect("logged");
    writer.flush().expect("flushed");
    assert!(check(writer.path(), false).expect("checked").is_sound());
    assert!(check(writer.path(), true).is_err_and(|error| error.to_string().contains("still being written")));
    writer.close(RunState::Finished).expect("closed");
    assert!(check(writer.path(), true).expect("checked").is_sound());
    std::fs::write(writer.path().join("status.json"), "{").expect("written");
    assert!(!check(writer.path(), false).expect("checked").is_sound());
    let crashed = RunStatus { heartbeat_us: 1, ..RunStatus::default() };
    std::fs::write(writer.path().join("status.json"), serde_json::to_vec(&crashed).expect("json")).expect("written");
    assert!(check(writer.path(), true).expect("a crashed run may be repaired").is_sound());
}

#[test]
fn the_room_of_a_run_is_told_by_what_it_holds() {
    let root = tempfile::tempdir().expect("a folder");
    let run = killed(root.path());
    let live = ethogram_store::size(&run).expect("measured");
    assert_eq!((live.writers, live.kinds.len(), live.blob_bytes), (1, 5, 7));
    assert!(live.kinds.iter().all(|kind| kind.live_segments == 1 && kind.sealed_files == 0));
    compact(&run).expect("compacted");
    let sealed = ethogram_store::size(&run).expect("measured");
    assert!(sealed.kinds.iter().all(|kind| kind.live_bytes == 0 && kind.sealed_files == 1), "{sealed:?}");
    let total: u64 = files_below(&run).iter().map(|path| path.metadata().expect("a file").len()).sum();
    assert_eq!(sealed.bytes, total);
}
