//! `ethogram compare` prints tables, and saves them.

use std::path::Path;

use crate::program::run;
use crate::written::write_run;

#[test]
fn row_b13_a_table_is_saved_as_the_name_of_the_file_says() {
    let root = tempfile::tempdir().expect("a folder");
    write_run(root.path(), "01J0000000000000000000000A", "dqn");
    let runs = root.path().display().to_string();
    let saved = |name: &str, more: &[&str]| {
        let file = root.path().join(name).display().to_string();
        let said = run(&[&["compare", &runs, "--reps", "100", "-o", &file], more].concat());
        assert_eq!((said.code, said.out), (0, format!("{file}: algorithms 1, tasks 1\n")), "{}", said.err);
        assert!(said.err.contains("note: Only one run"), "{}", said.err);
        std::fs::read(file).expect("a file")
    };
    let json: serde_json::Value = serde_json::from_slice(&saved("table.json", &[])).expect("JSON");
    assert_eq!((&json[0]["algorithm"], &json[0]["mean"], &json[0]["sd"]), (&"dqn".into(), &5.0.into(), &().into()));
    assert!(saved("table.parquet", &[]).starts_with(b"PAR1"));
    assert!(saved("table.npz", &[]).starts_with(b"PK\x03\x04"));
    assert_eq!(saved("named.txt", &["--format", "parquet"]), saved("table.parquet", &[]), "the format goes first");

    let printed = |format: &str| run(&["compare", &runs, "--reps", "100", "--format", format]).out.into_bytes();
    assert_eq!(saved("table.csv", &[]), printed("csv"), "a pipe gets what a file would hold");
    assert_eq!(saved("table.md", &[]), printed("markdown"));
    assert_eq!(saved("table.tex", &[]), printed("latex"));
    assert_eq!(saved("table.txt", &["--format", "table"]), run(&["compare", &runs, "--reps", "100"]).out.into_bytes());
}

#[test]
fn row_b14_each_part_is_a_file_of_its_own() {
    let root = tempfile::tempdir().expect("a folder");
    write_run(root.path(), "01J0000000000000000000000A", "dqn");
    let runs = root.path().display().to_string();
    let rows = |part: &str| -> Vec<serde_json::Value> {
        let asked = ["compare", &runs, "--reps", "100", "--normalization", "none", "--points", "3", "--format", "json"];
        let said = run(&[&asked[..], &["--part", part]].concat());
        assert_eq!(said.code, 0, "{part}: {}", said.err);
        serde_json::from_str(&said.out).expect("JSON")
    };
    assert_eq!(rows("scores")[0]["mean"], 5.0);
    assert_eq!(
        (&rows("runs")[0]["run"], &rows("runs")[0]["score"]),
        (&"01J0000000000000000000000A".into(), &5.0.into())
    );
    assert_eq!((&rows("aggregates")[0]["runs"], &rows("aggregates")[0]["iqm"]), (&1.into(), &5.0.into()));
    assert_eq!(rows("pairs").len(), 0, "one algorithm has no other");
    assert!(rows("curves").iter().any(|row| row["statistic"] == "iqm" && row["task"].is_null()));
    assert!(rows("profiles").iter().any(|row| row["share_of"] == "tasks"));
    assert_eq!(rows("parameters").len(), 0, "one run differs from none");
    let text = run(&["compare", &runs, "--reps", "100", "--part", "aggregates"]).out;
    assert!(text.starts_with("algorithm  runs  tasks ") && text.contains("\ndqn "), "{text}");
    let said = run(&["compare", &runs, "--part", "all"]);
    let expected = "expected one of scores, runs, aggregates, pairs, curves, profiles, parameters, found \"all\"";
    assert!(said.code == 2 && said.err.contains(expected), "{}", said.err);
}

#[test]
fn what_is_no_table_is_said_before_anything_is_read() {
    let root = tempfile::tempdir().expect("a folder");
    let nowhere = root.path().join("nowhere").display().to_string();
    let said = run(&["compare", &nowhere, "-o", "table.xlsx"]);
    assert_eq!(said.code, 1, "{}", said.out);
    let expected = "expected a name that ends in .csv, .json, .parquet, .npz, .md, .tex, found table.xlsx";
    assert!(said.err.contains(expected), "{}", said.err);
    assert!(!Path::new("table.xlsx").exists());
    let said = run(&["compare", &nowhere, "--format", "word"]);
    let expected = "expected one of table, csv, json, parquet, npz, markdown, latex, found \"word\"";
    assert!(said.code == 2 && said.err.contains(expected), "{}", said.err);
}

#[test]
fn a_name_in_a_log_does_not_steer_the_terminal_of_people() {
    let root = tempfile::tempdir().expect("a folder");
    write_run(root.path(), "01J0000000000000000000000A", "\u{1b}[2Jdqn");
    let runs = root.path().display().to_string();
    let said = run(&["compare", &runs, "--reps", "100", "--format", "markdown"]);
    assert!(said.out.contains("\\u{1b}[2Jdqn"), "{:?}", said.out);
    let told = run(&["compare", &runs, "--reps", "100", "--format", "json"]).out;
    let json: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(json[0]["algorithm"], "\u{1b}[2Jdqn");
}
