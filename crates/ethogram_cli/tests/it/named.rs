//! What is typed in place of a folder: ids and names of runs, and names that nothing is called by.

use std::path::Path;

use serde_json::Value;

use crate::{
    program::{Said, program},
    written::write_run,
};

const FIRST: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
const SECOND: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAW";
const THIRD: &str = "01BX5ZZKBKACTAV9WEVGEMMVRZ";

fn run_in(folder: &Path, args: &[&str]) -> Said {
    let output = program().current_dir(folder).args(args).output().expect("the program starts");
    Said {
        code: output.status.code().expect("a code, not a signal"),
        out: String::from_utf8(output.stdout).expect("UTF-8"),
        err: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

/// A folder with `runs` of three runs, two of one name.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (id, name) in [(FIRST, "dqn"), (SECOND, "dqn"), (THIRD, "ppo pong")] {
        write_run(&folder.path().join("runs"), id, name);
    }
    folder
}

#[test]
fn a_run_is_found_by_its_id_the_beginning_of_it_and_its_name() {
    let folder = folder();
    for (typed, id) in [(FIRST, FIRST), (THIRD, THIRD), ("01B", THIRD), ("01bx5", THIRD), ("ppo pong", THIRD)] {
        let said = run_in(folder.path(), &["info", "--json", typed]);
        assert_eq!(said.code, 0, "{typed}: {}", said.err);
        let json: Value = serde_json::from_str(&said.out).expect("json");
        assert_eq!(json["info"]["id"], id, "{typed}");
    }
    for args in [
        &["events", "01B"][..],
        &["check", "ppo pong"],
        &["compact", "ppo pong"],
        &["export", "episodes", "ppo pong", FIRST],
        &["compare", "01B"],
        &["video", "01B", "-o", "film.gif"],
    ] {
        let said = run_in(folder.path(), args);
        assert_eq!(said.code, 0, "{args:?}: {}", said.err);
    }
}

#[test]
fn what_no_run_is_called_by_and_what_several_are_is_an_error() {
    let folder = folder();
    let said = |typed: &str| run_in(folder.path(), &["info", typed]).err;
    assert_eq!(
        said("ppo_pong"),
        "error: no run \"ppo_pong\" (did you mean \"ppo pong\"?): no such folder, and no run in runs has that name or an id that begins so; \
         `ethogram ls` lists them\n"
    );
    let several = said("dqn");
    assert!(several.starts_with("error: expected one run, found 2 in runs whose name is \"dqn\""), "{several}");
    assert!(several.contains(&format!("{FIRST} (dqn)")) && several.contains(SECOND), "{several}");
    assert!(said("01AR").contains("found 2 in runs"));

    let empty = tempfile::tempdir().expect("a folder");
    let said = run_in(empty.path(), &["info", "WRONG"]).err;
    assert!(said.starts_with("error: no run \"WRONG\": no such folder, and there is no folder runs here"), "{said}");
    assert!(!said.contains("mkdir"));
    assert!(run_in(empty.path(), &["serve", "WRONG"]).err.contains("mkdir -p"));
}

#[test]
fn names_that_nothing_is_called_by_are_told_with_those_that_are_like_them() {
    let folder = folder();
    let said = |args: &[&str]| {
        let said = run_in(folder.path(), args);
        assert_eq!(said.code, 1, "{args:?}: {}", said.err);
        said.err
    };
    let why = "no scalar is called so; `ethogram info RUN` lists those of a run\n";
    let report = said(&["report", "01B", "-o", "a.html", "--tag", "loss", "--tag", "los"]);
    assert_eq!(report, format!("error: --tag los (did you mean \"loss\"?): {why}"));
    let export = said(&["export", "curves", "01B", "--tag", "/^foo/"]);
    assert_eq!(export, format!("error: --tag /^foo/: {why}"));
    assert!(!folder.path().join("a.html").exists());
    let field = said(&["export", "steps", "01B", "--field", "rewards"]);
    assert!(field.starts_with("error: no field \"rewards\" (did you mean \"reward\"?) in episode 0"), "{field}");
    let bars = said(&["video", "01B", "-o", "a.gif", "--bars", "Reward"]);
    assert!(bars.starts_with("error: no field \"Reward\" (did you mean \"reward\"?) in episode 0"), "{bars}");
}
