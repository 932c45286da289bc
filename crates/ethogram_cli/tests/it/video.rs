//! `video` of runs that `RunWriter` wrote.

use serde_json::Value;

use crate::{program::run, runs::write_run};

const FIRST: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

/// B-5: from the command line, without anything that had to be installed.
#[test]
fn row_b5_an_episode_becomes_a_film() {
    let root = tempfile::tempdir().expect("a folder");
    let path = write_run(root.path(), FIRST, "dqn").display().to_string();
    let film = root.path().join("film.mp4").display().to_string();
    let said = run(&["video", &path, "--episode", "0", "--fps", "10", "--scale", "3", "-o", &film]);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    let expected = format!("{film}: 3 frames of 528 × 128 at 10 a second, ");
    assert!(said.out.starts_with(&expected), "{}", said.out);
    assert_eq!(&std::fs::read(&film).expect("a file")[4..8], b"ftyp");

    let gif = root.path().join("film.gif").display().to_string();
    let said = run(&["video", &path, "--range", "1..", "--layout", "below", "-o", &gif, "--json"]);
    let told: Value = serde_json::from_str(&said.out).expect("json");
    assert_eq!((&told["episode"], &told["frames"], &told["fps"]), (&0.into(), &2.into(), &30.0.into()));
    assert_eq!(told["bytes"].as_u64(), std::fs::metadata(&gif).ok().map(|found| found.len()));
}

#[test]
fn a_film_that_cannot_be_made_says_why() {
    let root = tempfile::tempdir().expect("a folder");
    let path = write_run(root.path(), FIRST, "dqn").display().to_string();
    let film = root.path().join("film.mp4").display().to_string();
    let check = |args: &[&str], code: i32, expected: &str| {
        let said = run(&[&["video", &path], args].concat());
        assert_eq!(said.code, code, "{args:?}: {}", said.err);
        assert!(said.err.contains(expected), "{args:?}: {}", said.err);
        assert!(!std::path::Path::new(&film).exists(), "{args:?}");
    };
    check(&["-o", "film.avi"], 1, "expected a name that ends in .mp4 or .gif, found film.avi");
    check(&["-o", &film, "--episode", "1"], 1, "its steps were not recorded");
    check(&["-o", &film, "--episode", "5"], 1, "no episode 5");
    check(&["-o", &film, "--picture", "none"], 1, "pass frame= or q_values= to episode.step");
    check(&["-o", &film, "--overlay", "saliency", "--picture", "frame"], 1, "log one with run.checkpoint");
    check(&["-o", &film, "--range", "5"], 2, "expected steps such as 100..400, 100.. or ..400");
    check(&["-o", &film, "--layout", "left"], 2, "[possible values: side, below]");
    check(&["-o", &film, "--opacity", "1"], 2, "--overlay <METHOD>");
}
