//! `ethogram import`, and the other commands on logs of other tools.

use std::path::{Path, PathBuf};

use crate::program::run;

fn logs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../ethogram_import/tests/data")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

#[test]
fn logs_are_listed_described_and_checked_as_they_lie() {
    let log = logs().join("summarywriter-a2c-cartpole-seed1");
    let listed = run(&["ls", "--json", text(&logs())]);
    assert_eq!(listed.code, 0, "{}", listed.err);
    let rows: Vec<serde_json::Value> = serde_json::from_str(&listed.out).expect("json");
    let format = |name: &str| rows.iter().find(|row| row["name"] == name).map(|row| row["format"].clone());
    assert_eq!(format("summarywriter-a2c-cartpole-seed1"), Some("tfevents".into()));
    assert_eq!(format("sb3-dqn-cartpole-seed1"), Some("tfevents+sb3".into()));
    assert_eq!(format("minari-cartpole-arrow"), Some("minari".into()));
    let said = run(&["info", text(&log)]);
    assert!(said.out.contains("format      tfevents"), "{}{}", said.out, said.err);
    assert!(said.out.contains("charts/episodic_return: 1,507 values"), "{}", said.out);
    let checked = run(&["check", text(&log)]);
    assert_eq!(checked.code, 0, "{}{}", checked.out, checked.err);
    assert!(checked.out.starts_with("sound: "), "{}", checked.out);
}

#[test]
fn damage_in_a_log_is_found_by_check() {
    let folder = tempfile::tempdir().expect("a folder");
    let name = "events.out.tfevents.1795228786.host.0.0";
    let mut bytes = std::fs::read(logs().join("sb3-ppo-cartpole-seed1").join(name)).expect("a log");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(folder.path().join(name), bytes).expect("written");
    let checked = run(&["check", text(folder.path())]);
    assert_eq!(checked.code, 1, "{}", checked.out);
    assert!(checked.out.contains("checksum of"), "{}", checked.out);
}

#[test]
fn row_b15_imported_runs_are_runs_and_pass_the_check() {
    let to = tempfile::tempdir().expect("a folder");
    let planned = run(&["import", "--dry-run", text(&logs()), text(to.path())]);
    assert_eq!(planned.code, 0, "{}", planned.err);
    assert!(planned.out.contains("would be made"), "{}", planned.out);
    assert_eq!(std::fs::read_dir(to.path()).expect("listed").count(), 0);
    let made = run(&["import", "--json", text(&logs()), text(to.path())]);
    assert_eq!(made.code, 0, "{}", made.err);
    let rows: Vec<serde_json::Value> = serde_json::from_str(&made.out).expect("json");
    assert!(rows.len() >= 6, "{}", made.out);
    for row in rows {
        let path = row["path"].as_str().expect("a path");
        let checked = run(&["check", path]);
        assert_eq!(checked.code, 0, "{path}: {}{}", checked.out, checked.err);
    }
    let again = run(&["import", text(&logs()), text(to.path())]);
    assert!(again.out.contains("was there before"), "{}", again.out);
}

#[test]
fn a_folder_without_logs_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let said = run(&["import", text(folder.path()), text(folder.path())]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("no logs there that are known"), "{}", said.err);
}
