//! Folders that somebody else filled: what they link to is not changed, and what they hold in place of files stops nobody.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use ethogram_store::{
    Axis, Notes, RunReader, RunSource, RunState, compact, find_runs, read_info, read_notes, read_status, write_notes,
};

use crate::support::{create, episode};

/// A closed run, not compacted, and a file beside it that is not to be touched.
fn run_and_victim() -> (tempfile::TempDir, PathBuf, PathBuf) {
    let root = tempfile::tempdir().expect("a folder");
    let writer = create(root.path());
    writer.episode(episode(0)).expect("logged");
    for step in 0..200 {
        writer.scalar(Axis::GlobalStep, "loss", step, 1, 0.5).expect("logged");
    }
    let path = writer.path().to_owned();
    writer.close(RunState::Finished).expect("closed");
    let victim = root.path().join("victim");
    std::fs::write(&victim, VICTIM).expect("written");
    (root, path, victim)
}

const VICTIM: &str = "alias rm=rm -i";

fn is_untouched(victim: &Path) {
    assert_eq!(std::fs::read_to_string(victim).expect("still there"), VICTIM);
}

fn writer_dir(run: &Path) -> PathBuf {
    let entries = std::fs::read_dir(run).expect("listed").flatten().map(|entry| entry.path());
    let name = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("w-"));
    entries.filter(name).max().expect("a writer")
}

/// What `look` finds; fails when it has not come back after ten seconds.
fn soon<T: Send + 'static>(look: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || sender.send(look()));
    receiver.recv_timeout(Duration::from_secs(10)).expect("an answer within ten seconds")
}

fn pipe(path: &Path) {
    let _ = std::fs::remove_file(path);
    let made = std::process::Command::new("mkfifo").arg(path).status().expect("mkfifo");
    assert!(made.success());
}

#[test]
fn notes_are_not_written_through_links() {
    let (_root, run, victim) = run_and_victim();
    let meta = run.join("meta");
    std::fs::create_dir(&meta).expect("a folder");
    let seen = read_notes(&run).expect("none yet").version;
    symlink(&victim, meta.join("LOCK")).expect("linked");
    let error = write_notes(&run, Notes::default(), seen).expect_err("a lock that leads elsewhere");
    assert!(error.to_string().contains("found a link"), "{error}");
    is_untouched(&victim);

    // Under the name that the next write passes through.
    std::fs::remove_file(meta.join("LOCK")).expect("removed");
    symlink(&victim, meta.join(format!("notes.json.{}.tmp", std::process::id()))).expect("linked");
    let notes = Notes { title: Some("mine".into()), ..Notes::default() };
    write_notes(&run, notes, seen).expect("written beside the link");
    assert_eq!(read_notes(&run).expect("read").document.expect("sound").title.as_deref(), Some("mine"));
    is_untouched(&victim);

    // The whole folder.
    std::fs::remove_dir_all(&meta).expect("removed");
    let elsewhere = tempfile::tempdir().expect("a folder");
    symlink(elsewhere.path(), &meta).expect("linked");
    assert!(write_notes(&run, Notes::default(), seen).is_err());
    assert_eq!(std::fs::read_dir(elsewhere.path()).expect("listed").count(), 0, "nothing was written there");
}

#[test]
fn compacting_empties_no_file_elsewhere() {
    let (_root, run, victim) = run_and_victim();
    let lock = writer_dir(&run).join("LOCK");
    let _ = std::fs::remove_file(&lock);
    symlink(&victim, &lock).expect("linked");
    assert!(compact(&run).is_err_and(|error| error.to_string().contains("found a link")));
    is_untouched(&victim);
}

#[test]
fn a_pipe_in_place_of_a_file_is_an_error_and_no_wait() {
    let (root, run, _) = run_and_victim();
    pipe(&run.join("status.json"));
    let at = run.clone();
    assert!(soon(move || read_status(&at)).is_none());
    let at = run.clone();
    soon(move || RunReader::open(&at).map(drop)).expect("a run without a status");

    let scalars = writer_dir(&run).join("scalars");
    for entry in std::fs::read_dir(scalars).expect("listed").flatten() {
        pipe(&entry.path());
    }
    let at = run.clone();
    let (tags, lost) = soon(move || {
        let reader = RunReader::open(&at).expect("opens");
        (reader.scalar_tags().len(), reader.lost().len())
    });
    assert_eq!(tags, 0);
    assert!(lost > 0, "and it says so");

    pipe(&run.join("run.json"));
    let at = run.clone();
    assert!(soon(move || read_info(&at)).is_err_and(|error| error.to_string().contains("expected a file")));
    let below = root.path().to_owned();
    assert_eq!(soon(move || find_runs(&below, 9)).expect("searched"), Vec::<PathBuf>::new());
}
