//! `ethogram events`: what it prints, and what it says where nothing can be found.

use crate::program::run;
use crate::written::write_run;

const RUN: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

#[test]
fn what_could_not_be_looked_for_is_said_with_what_to_log() {
    let root = tempfile::tempdir().expect("a folder");
    let path = write_run(root.path(), RUN, "dqn").display().to_string();
    let said = run(&["events", &path]);
    assert_eq!((said.code, said.out.as_str()), (0, "no events in 1 recorded episodes\n"));
    assert!(said.err.contains("not looked for: loop: "), "{}", said.err);
    assert!(said.err.contains("pass action= to episode.step"), "{}", said.err);
    let json: serde_json::Value = serde_json::from_str(&run(&["events", &path, "--json"]).out).expect("JSON");
    assert_eq!((json["episodes"].as_u64(), json["events"].as_array().map(Vec::len)), (Some(1), Some(0)));
}

#[test]
fn what_makes_no_sense_is_named() {
    let root = tempfile::tempdir().expect("a folder");
    let path = write_run(root.path(), RUN, "dqn").display().to_string();
    let said = run(&["events", &path, "--kind", "lop"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("expected some of loop"), "{}", said.err);
    let said = run(&["events", &path, "--set", "loop_share"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("expected a setting such as loop_share=0.1"), "{}", said.err);
}
