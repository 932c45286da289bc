//! Damage is told, the rest is served: every file cut at every byte, every byte of segments and logs flipped.

use std::collections::BTreeMap;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use ethogram_store::{Axis, ColumnData, Error, RunReader, RunSource, RunState, RunWriter};

use crate::support::{copy_folder, create, name, number, open_whole, options, small_run};

/// Every value that can be read, under a name of its own; blobs that cannot be are counted as lost.
fn values(reader: &RunReader) -> (BTreeMap<String, String>, usize) {
    let mut found = scalars_and_episodes(reader);
    found.extend(steps(reader));
    let (rest, blobs_lost) = tensors_and_checkpoints(reader);
    found.extend(rest);
    (found, blobs_lost)
}

/// Those that a damage in this file can touch.
fn values_of(reader: &RunReader, file: &Path) -> (BTreeMap<String, String>, usize) {
    match file.parent().and_then(Path::file_name).and_then(|name| name.to_str()) {
        Some("scalars" | "episodes") => (scalars_and_episodes(reader), 0),
        Some("steps" | "frames") => (steps(reader), 0),
        Some("tensors" | "checkpoints" | "blobs") => tensors_and_checkpoints(reader),
        _ => values(reader),
    }
}

fn scalars_and_episodes(reader: &RunReader) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for tag in reader.scalar_tags() {
        let points = reader.scalars(tag.axis, &tag.tag, i64::MIN..i64::MAX).expect("points");
        for at in 0..points.step.len() {
            let value = (points.time_us[at], points.value[at].to_bits());
            found.insert(format!("scalar {} {}", tag.tag, points.step[at]), format!("{value:?}"));
        }
        reader.scalar_buckets(tag.axis, &tag.tag, i64::MIN..i64::MAX, 3).expect("buckets");
    }
    for row in reader.episodes(0..u64::MAX).expect("episodes") {
        found.insert(format!("episode {}", row.episode), format!("{row:?}"));
    }
    found
}

fn steps(reader: &RunReader) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for episode in 0..2 {
        for info in reader.step_fields(episode).expect("fields") {
            // What a reader learns of a field it may find damaged when it reads the rows: an error, not a wrong value.
            let Ok(column) = reader.steps(episode, &info.name, 0..u64::MAX) else { continue };
            for row in (0..column.rows()).filter(|&row| column.is_valid(row)) {
                let value = match &column.data {
                    ColumnData::Numeric(bytes) => {
                        format!("{:?}", &bytes[row * column.row_bytes()..(row + 1) * column.row_bytes()])
                    }
                    ColumnData::Text(texts) => texts[row].clone(),
                };
                found.insert(format!("step {episode} {} {row}", info.name), value);
            }
            if info.image {
                let _ = reader.frame_groups(episode, &info.name, 0..u64::MAX);
            }
        }
    }
    found
}

fn tensors_and_checkpoints(reader: &RunReader) -> (BTreeMap<String, String>, usize) {
    let mut found = BTreeMap::new();
    for tag in reader.tensor_tags() {
        for row in reader.tensors(tag.axis, &tag.tag, i64::MIN..i64::MAX).expect("rows") {
            found.insert(format!("tensor {} {}", tag.tag, row.step), format!("{row:?}"));
        }
    }
    let mut blobs_lost = 0;
    for row in reader.checkpoints() {
        match reader.blob(&row.hash) {
            Ok(bytes) => {
                found.insert(format!("blob {}", row.hash), format!("{bytes:?}"));
            }
            Err(error) => {
                assert!(error.is_corrupt() || error.is_not_found(), "{error}");
                blobs_lost += 1;
            }
        }
        found.insert(format!("checkpoint {} {}", row.global_step, row.name), format!("{row:?}"));
    }
    (found, blobs_lost)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() { files.extend(self::files(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

/// Reads a run in which `file` was damaged; `cut` if its end is missing, which is no damage but an earlier state.
fn check(run: &Path, file: &Path, whole: &BTreeMap<String, String>, cut: bool, at: usize) {
    let what = format!("{} at {at}, cut {cut}", file.display());
    let reader = match RunReader::open(run) {
        Ok(reader) => reader,
        Err(error) => return assert!(file.ends_with("run.json"), "{what}: {error}"),
    };
    let (found, blobs_lost) = values_of(&reader, file);
    for (key, value) in &found {
        assert_eq!(Some(value), whole.get(key), "{key} in {what}");
    }
    if found.len() < whole.len() && !cut {
        let (found, all) = (found.len(), whole.len());
        assert!(!reader.lost().is_empty() || blobs_lost > 0, "{what}: {found} of {all} values, and no word of it");
    }
}

/// Damages one file after the other, in place: to write it anew each time would keep the disk busy for minutes.
fn damage_every(run: &Path, every: usize) {
    let all = values(&open_whole(run)).0;
    assert!(all.len() > 30, "{} values", all.len());
    for path in files(run) {
        if path.ends_with("LOCK") {
            continue;
        }
        let whole = values_of(&open_whole(run), &path).0;
        let bytes = std::fs::read(&path).expect("bytes");
        let mut file = std::fs::File::options().write(true).open(&path).expect("a file");
        let mut put = |at: usize, bytes: &[u8]| {
            file.seek(SeekFrom::Start(at as u64)).and_then(|_| file.write_all(bytes)).expect("written");
        };
        // The identity and the state have no checksum of their own: they are text for people.
        if !path.ends_with("run.json") && !path.ends_with("status.json") {
            for at in (0..bytes.len()).step_by(every) {
                put(at, &[bytes[at] ^ 1 << (at % 8)]);
                check(run, &path, &whole, false, at);
                put(at, &bytes[at..=at]);
            }
        }
        for at in (0..bytes.len()).rev().step_by(every) {
            std::fs::File::options().write(true).open(&path).and_then(|file| file.set_len(at as u64)).expect("cut");
            check(run, &path, &whole, true, at);
        }
        put(0, &bytes);
    }
    assert_eq!(values(&open_whole(run)).0, all);
}

#[test]
fn a_live_run_survives_every_cut_and_every_flipped_bit() {
    let root = tempfile::tempdir().expect("a folder");
    let writer = small_run(root.path());
    let copy = root.path().join("copy");
    copy_folder(writer.path(), &copy);
    damage_every(&copy, 1);
}

/// The sealed files have tests of their own; here it is that the reader passes their errors on as what is lost.
#[test]
fn a_sealed_run_survives_cuts_and_flipped_bits() {
    let root = tempfile::tempdir().expect("a folder");
    let writer = small_run(root.path());
    writer.close(RunState::Finished).expect("closed");
    assert!(files(writer.path()).iter().any(|file| file.extension().is_some_and(|extension| extension == "parquet")));
    damage_every(writer.path(), 13);
}

#[test]
fn a_folder_that_is_no_run_is_told_from_one_of_a_newer_version() {
    let root = tempfile::tempdir().expect("a folder");
    assert!(matches!(RunReader::open(root.path()), Err(Error::NotARun { .. })));
    assert!(RunReader::open(&root.path().join("absent")).is_err_and(|error| error.is_not_found()));
    let write = |json: &str| std::fs::write(root.path().join("run.json"), json).expect("written");
    write(r#"{"format_version": 9, "anything": "else"}"#);
    let error = RunReader::open(root.path()).expect_err("newer");
    assert!(matches!(error, Error::NewerVersion { found: 9, newest: 1, .. }), "{error}");
    write("{\"format_version\": 1, ");
    assert!(RunReader::open(root.path()).is_err_and(|error| error.is_corrupt()));
    write("[]");
    assert!(RunReader::open(root.path()).is_err_and(|error| error.is_corrupt()));
    write(r#"{"format_version": 1}"#);
    assert_eq!(RunReader::open(root.path()).expect("an empty run").episode_count(), 0);
}

#[test]
fn files_of_others_are_passed_over() {
    let root = tempfile::tempdir().expect("a folder");
    let writer = small_run(root.path());
    let copy = root.path().join("copy");
    copy_folder(writer.path(), &copy);
    let whole = values(&open_whole(&copy)).0;
    let writer_dir = files(&copy).into_iter().find(|file| file.ends_with("scalars/000000.log")).expect("a log");
    let writer_dir = writer_dir.parent().and_then(Path::parent).expect("a folder");
    for strange in
        ["scalars/notes.txt", "scalars/000001", "scalars/x.log", "steps/-00001.log", "README", "MANIFEST-x.json"]
    {
        std::fs::write(writer_dir.join(strange), "what?").expect("written");
    }
    std::fs::create_dir(copy.join("w-")).expect("a folder");
    std::fs::create_dir(writer_dir.join("scalars/000007.log")).expect("a folder");
    std::fs::write(copy.join("w-file"), "no folder").expect("written");
    let reader = RunReader::open(&copy).expect("a run");
    assert_eq!(values(&reader).0, whole);
    assert!(reader.lost().iter().all(|lost| lost.file.ends_with("000007.log")), "{:?}", reader.lost());
}

#[test]
fn a_log_that_is_gone_is_told() {
    let root = tempfile::tempdir().expect("a folder");
    let writer = small_run(root.path());
    let copy = root.path().join("copy");
    copy_folder(writer.path(), &copy);
    let log = files(&copy).into_iter().find(|file| file.ends_with("scalars/000000.log")).expect("a log");
    std::fs::remove_file(&log).expect("removed");
    let reader = RunReader::open(&copy).expect("a run");
    assert!(reader.scalar_tags().is_empty());
    assert_eq!(reader.step_count(0).expect("rows"), 4, "the rest is there");
    assert!(reader.lost()[0].file.ends_with("scalars/000000.log"), "{:?}", reader.lost());
}

#[test]
fn a_segment_that_is_gone_hides_no_other() {
    let root = tempfile::tempdir().expect("a folder");
    let writer = small_run(root.path());
    let second = RunWriter::resume(writer.path(), options()).expect("a second writer");
    second.scalars(Axis::GlobalStep, 9, 0, &[("later", 2.0)]).expect("logged");
    second.flush().expect("flushed");
    let copy = root.path().join("copy");
    copy_folder(writer.path(), &copy);
    let segments = files(&copy).into_iter().filter(|file| file.ends_with("scalars/000000.arrows"));
    let of_the_first =
        segments.max_by_key(|file| std::fs::metadata(file).map_or(0, |found| found.len())).expect("a segment");
    std::fs::remove_file(of_the_first).expect("removed");
    let reader = RunReader::open(&copy).expect("a run");
    for _ in 0..2 {
        let tags: Vec<String> = reader.scalar_tags().into_iter().map(|tag| tag.tag).collect();
        assert_eq!(tags, ["later"], "what is there is shown");
        assert_eq!(reader.scalars(Axis::GlobalStep, "later", 0..i64::MAX).expect("points").value, [2.0]);
        assert!(reader.lost().iter().any(|lost| lost.file.ends_with("scalars/000000.arrows")), "{:?}", reader.lost());
    }
    assert_eq!(reader.step_count(0).expect("rows"), 4, "the other kinds are untouched");
}

/// Segments between others that were removed are told; the last may have been cut, and nobody can know of it.
#[test]
fn a_segment_between_others_that_is_gone_is_told() {
    let root = tempfile::tempdir().expect("a folder");
    let writer = create(root.path());
    // A new field opens the next segment.
    for (step, field) in ["a", "b", "c", "d", "e", "f"].into_iter().enumerate() {
        writer.step(0, step as u64, vec![(name(field), number(0.5))]).expect("logged");
        writer.flush().expect("flushed");
    }
    let copy = root.path().join("copy");
    copy_folder(writer.path(), &copy);
    open_whole(&copy);
    for gone in ["000001", "000003", "000004"] {
        let of_it: Vec<PathBuf> =
            files(&copy).into_iter().filter(|file| file.file_stem().is_some_and(|stem| stem == gone)).collect();
        assert_eq!(of_it.len(), 2, "{of_it:?}");
        for file in of_it {
            std::fs::remove_file(file).expect("removed");
        }
    }
    let lost = RunReader::open(&copy).expect("a run").lost();
    assert_eq!(lost.len(), 1, "{lost:?}");
    assert!(lost[0].file.ends_with("/steps") && lost[0].what == "segment 1, segments 3 to 4", "{lost:?}");
}
