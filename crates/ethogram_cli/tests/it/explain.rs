//! `ethogram explain`: what it says before it begins. That its numbers are right, that it goes on after it was killed, and that others
//! read what it keeps, is held by the tests of the Python package, which have networks.

use crate::program::run;
use crate::written::write_run;

const RUN: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

#[test]
fn a_run_without_a_network_is_said_with_what_to_log() {
    let root = tempfile::tempdir().expect("a folder");
    let path = write_run(root.path(), RUN, "dqn");
    let said = run(&["explain", &path.display().to_string()]);
    assert_eq!((said.code, said.out.as_str()), (1, ""));
    assert!(
        said.err.starts_with(
            "error: episode 0 cannot be explained: the run has no checkpoint; log one with run.checkpoint("
        ),
        "{}",
        said.err
    );
    assert!(!path.join("derived").exists());
}

#[test]
fn episodes_that_are_not_there_are_named() {
    let root = tempfile::tempdir().expect("a folder");
    let path = write_run(root.path(), RUN, "dqn").display().to_string();
    let check = |episodes: &str, expected: &str| {
        let said = run(&["explain", &path, "--episodes", episodes]);
        assert_eq!(said.code, 1, "{episodes}");
        assert!(said.err.contains(expected), "{episodes}: {}", said.err);
    };
    check("9", "no episode 9 in this run");
    check("1", "the steps of episode 1 were not recorded");
    check("5..9", "no recorded episode among those asked for");
}

#[test]
fn what_needs_python_says_so() {
    let said = run(&["explain", "run", "--ray", "auto"]);
    assert_eq!(said.code, 1, "{}", said.err);
    assert!(said.err.contains("python -m ethogram explain RUN --ray"), "{}", said.err);
    let said = run(&["rollout", "policy.onnx"]);
    assert_eq!(said.code, 2, "{}", said.err);
    assert!(said.err.contains("python -m ethogram rollout"), "{}", said.err);
}

#[test]
fn what_makes_no_sense_exits_with_2() {
    for (args, expected) in [
        (vec!["--episodes", "3..1"], "expected episodes such as 3, 0..10 (0 to 9)"),
        (vec!["--keep", "lots"], "expected a size such as 512M or 2G"),
        (vec!["--stpes", "3"], "unexpected argument '--stpes'"),
    ] {
        let said = run(&[&["explain", "run"], args.as_slice()].concat());
        assert_eq!(said.code, 2, "{args:?}");
        assert!(said.err.contains(expected), "{args:?}: {}", said.err);
    }
}
