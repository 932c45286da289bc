//! `ls` and `info` of runs that `RunWriter` wrote.

use std::path::{Path, PathBuf};

use ethogram_store::{RunState, RunStatus};
use serde_json::Value;

use crate::{
    program::run,
    written::{copy, log_run, open_episode, write_run},
};

const FIRST: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
const SECOND: &str = "01BX5ZZKBKACTAV9WEVGEMMVRZ";

/// The same run as a killed process leaves it: its segments are not sealed.
fn write_crashed_run(root: &Path) -> PathBuf {
    let elsewhere = tempfile::tempdir().expect("a folder");
    let writer = log_run(elsewhere.path(), FIRST, "dqn");
    writer.flush().expect("flushed");
    let path = root.join("crashed");
    copy(writer.path(), &path);
    let status = RunStatus { state: RunState::Crashed, episodes: 2, recorded: 1, ..RunStatus::default() };
    std::fs::write(path.join("status.json"), serde_json::to_vec(&status).expect("json")).expect("written");
    writer.close(RunState::Finished).expect("closed");
    path
}

#[test]
fn row_a18_runs_of_several_roots_are_listed_in_columns() {
    let (a, b) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    write_run(a.path(), FIRST, "dqn");
    write_run(b.path(), SECOND, "a longer name");
    let roots = [a.path().display().to_string(), b.path().display().to_string()];
    let said = run(&["ls", &roots[0], &roots[1]]);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    let lines: Vec<_> = said.out.lines().collect();
    assert_eq!(lines.len(), 3, "{}", said.out);
    let words: Vec<_> = lines[0].split_whitespace().collect();
    assert_eq!(words, ["NAME", "ID", "PROJECT", "STATE", "AGE", "STEP", "EPISODES", "SIZE", "MEAN", "RETURN"]);
    let row = lines.iter().find(|line| line.starts_with("dqn ")).expect("the run");
    for word in [FIRST, "pong", "finished", "2 h", "49,000"] {
        assert!(row.contains(word), "{word}: {row}");
    }
    assert!(row.ends_with(" 5"), "the mean return of both episodes: {row}");
    let column = lines[0].find("PROJECT").expect("a column");
    assert!(lines[1..].iter().all(|line| line[column..].starts_with("pong")), "columns line up:\n{}", said.out);
}

#[test]
fn episodes_that_did_not_end_count_everywhere() {
    let root = tempfile::tempdir().expect("a folder");
    let writer = log_run(root.path(), FIRST, "dqn");
    writer.episode(open_episode(2)).expect("logged");
    // A writer that began the run anew left a gap.
    writer.episode(open_episode(1_000)).expect("logged");
    let path = writer.path().to_owned();
    writer.close(RunState::Finished).expect("closed");
    let status: RunStatus =
        serde_json::from_slice(&std::fs::read(path.join("status.json")).expect("read")).expect("json");
    assert_eq!(status.episodes, 4);
    let json: Value = serde_json::from_str(&run(&["ls", "--json", &path.display().to_string()]).out).expect("json");
    assert_eq!((&json[0]["episodes"], &json[0]["mean_return"]), (&4.into(), &5.0.into()));
    let said = run(&["info", &path.display().to_string()]).out;
    assert!(said.contains("episodes    4, 1 recorded"), "{said}");
}

#[test]
fn a_list_is_json_when_asked() {
    let root = tempfile::tempdir().expect("a folder");
    let path = write_run(root.path(), FIRST, "dqn");
    let said = run(&["ls", "--json", &root.path().display().to_string()]);
    let json: Value = serde_json::from_str(&said.out).expect("json");
    let run = &json[0];
    assert_eq!(run["id"], FIRST);
    assert_eq!((&run["state"], &run["global_step"], &run["episodes"]), (&"finished".into(), &49_000.into(), &2.into()));
    assert_eq!((&run["recorded"], &run["mean_return"]), (&1.into(), &5.0.into()));
    assert_eq!(run["path"], path.display().to_string());
    assert!(run["bytes"].as_u64().is_some_and(|bytes| bytes > 0));
}

#[test]
fn no_runs_is_said_with_what_to_do() {
    let root = tempfile::tempdir().expect("a folder");
    let said = run(&["ls", &root.path().display().to_string()]);
    assert_eq!((said.code, said.out.as_str()), (0, ""));
    assert!(said.err.starts_with("no runs in ") && said.err.contains("ethogram.init()"), "{}", said.err);
}

#[test]
fn info_tells_what_a_run_holds_and_weighs() {
    let root = tempfile::tempdir().expect("a folder");
    let path = write_run(root.path(), FIRST, "dqn").display().to_string();
    let said = run(&["info", &path]);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    let line = |label: &str| {
        let found = said.out.lines().find(|line| line.starts_with(label));
        found.unwrap_or_else(|| panic!("a line {label}:\n{}", said.out)).trim_start_matches(label).trim().to_owned()
    };
    assert_eq!(said.out.lines().next(), Some(path.as_str()));
    assert_eq!(line("name"), "dqn");
    assert_eq!(line("created"), "2 h ago on lab");
    assert_eq!(line("episodes"), "2, 1 recorded");
    assert_eq!(line("scalar"), "loss: 50 values, last 0.5");
    assert!(said.out.contains("B a value") && said.out.contains("B a frame"), "{}", said.out);
    assert!(said.out.contains("frame uint8 [32, 32]") && said.out.contains("reward float64 []"), "{}", said.out);
    assert!(said.out.contains("episode_return"), "what can be derived: {}", said.out);

    let json: Value = serde_json::from_str(&run(&["info", "--json", &path]).out).expect("json");
    assert_eq!((&json["weight"]["scalars"], &json["weight"]["frames"]), (&50.into(), &3.into()));
    let kinds = json["weight"]["bytes_by_kind"].as_object().expect("sizes");
    let sum: u64 = kinds.values().filter_map(Value::as_u64).sum();
    assert_eq!(json["weight"]["bytes"], sum);
    assert!(kinds.contains_key("scalars") && kinds.contains_key("frames"), "{kinds:?}");
    assert_eq!(json["info"]["id"], FIRST);
}

#[test]
fn a_folder_of_no_run_or_of_several_is_said_so() {
    let root = tempfile::tempdir().expect("a folder");
    let folder = root.path().display().to_string();
    let said = run(&["info", &folder]);
    assert_eq!(said.code, 1);
    assert!(said.err.starts_with("error: no run there; `ethogram ls FOLDER`"), "{}", said.err);
    write_run(root.path(), FIRST, "dqn");
    assert_eq!(run(&["info", &folder]).code, 0, "the only run below a folder");
    write_run(root.path(), SECOND, "dqn");
    assert!(run(&["info", &folder]).err.starts_with("error: expected one run, found 2; "));
}

/// The largest file of a kind that ends so.
fn file_of(run: &Path, kind: &str, end: &str) -> PathBuf {
    let writers = std::fs::read_dir(run).expect("listed").flatten().map(|entry| entry.path().join(kind));
    let files = writers.filter(|folder| folder.is_dir()).flat_map(|folder| std::fs::read_dir(folder).expect("listed"));
    let paths = files.flatten().map(|entry| entry.path()).filter(|path| path.to_string_lossy().ends_with(end));
    paths.max_by_key(|path| path.metadata().expect("a file").len()).unwrap_or_else(|| panic!("{kind}/*{end}"))
}

#[test]
fn a_sound_run_is_said_to_be_sound_before_and_after_compaction() {
    let root = tempfile::tempdir().expect("a folder");
    let path = write_run(root.path(), FIRST, "dqn").display().to_string();
    let said = run(&["check", &path]);
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{}", said.out);
    assert!(said.out.starts_with("sound: ") && said.out.contains("3 frames"), "{}", said.out);
    let before = run(&["info", "--json", &path]).out;

    let said = run(&["compact", &path]);
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{}", said.out);
    assert!(said.out.contains(" before, "), "{}", said.out);
    assert_eq!(run(&["check", &path]).code, 0);
    let members = |text: &str| {
        let json: Value = serde_json::from_str(text).expect("json");
        (json["scalars"].clone(), json["fields"].clone(), json["episode_count"].clone(), json["recorded"].clone())
    };
    assert_eq!(members(&run(&["info", "--json", &path]).out), members(&before), "it reads the same");
    let json: Value = serde_json::from_str(&run(&["compact", "--json", &path]).out).expect("json");
    assert_eq!(json["segments_sealed"], 0, "there is nothing left to seal");
}

#[test]
fn what_was_lost_is_named_and_the_code_is_1() {
    let root = tempfile::tempdir().expect("a folder");
    let path = write_crashed_run(root.path());
    let segment = file_of(&path, "scalars", ".arrows");
    let mut bytes = std::fs::read(&segment).expect("a segment");
    let at = bytes.len() / 2;
    bytes[at] ^= 0x10;
    std::fs::write(&segment, bytes).expect("written");
    let path = path.display().to_string();
    let said = run(&["check", &path]);
    assert_eq!(said.code, 1, "{}", said.out);
    assert!(said.out.starts_with("damaged: ") && said.out.contains("\nlost "), "{}", said.out);
    assert!(said.out.contains("scalars/"), "the file is named: {}", said.out);
    let json: Value = serde_json::from_str(&run(&["check", "--json", &path]).out).expect("json");
    assert!(json["lost"].as_array().is_some_and(|lost| !lost.is_empty()), "{json}");
}

#[test]
fn a_log_that_was_lost_is_rebuilt_when_asked() {
    let root = tempfile::tempdir().expect("a folder");
    let path = write_crashed_run(root.path());
    std::fs::remove_file(file_of(&path, "scalars", ".log")).expect("removed");
    let path = path.display().to_string();
    let said = run(&["check", &path]);
    assert_eq!(said.code, 1);
    assert!(said.out.contains("\nunverified "), "{}", said.out);
    assert!(said.err.contains("ethogram check --repair"), "{}", said.err);
    assert!(run(&["check", "--repair", &path]).out.contains("\nrepaired "));
    let json: Value = serde_json::from_str(&run(&["info", "--json", &path]).out).expect("json");
    assert_eq!(json["scalars"][0]["count"], 50, "the rows are served again");
}

#[test]
fn no_run_to_check_is_an_error_with_what_to_do() {
    let root = tempfile::tempdir().expect("a folder");
    for command in ["check", "compact"] {
        let said = run(&[command, &root.path().display().to_string()]);
        assert_eq!((said.code, said.out.as_str()), (1, ""), "{command}");
        assert!(
            said.err.starts_with("error: no run here: expected run.json; give the folder of a run"),
            "{}",
            said.err
        );
    }
}

#[test]
fn a_name_in_a_log_does_not_steer_the_terminal() {
    let root = tempfile::tempdir().expect("a folder");
    let path = write_run(root.path(), FIRST, "\u{1b}]0;owned\u{7}\u{1b}[2J\rdqn");
    for args in [&["ls", &root.path().display().to_string()][..], &["info", &path.display().to_string()]] {
        let said = run(args);
        assert_eq!(said.code, 0, "{}", said.err);
        assert!(said.out.chars().all(|c| !c.is_control() || c == '\n'), "{:?}", said.out);
        assert!(said.out.contains("\\u{1b}]0;owned"), "{}", said.out);
    }
    // A bad name is told in errors, too.
    let text = std::fs::read_to_string(path.join("run.json")).expect("read");
    std::fs::write(path.join("run.json"), text.replace("\"format_version\": 1", "\"format_version\": \"\\u001b[2J\""))
        .expect("written");
    let said = run(&["info", &path.display().to_string()]);
    assert!(said.code != 0 && said.err.chars().all(|c| !c.is_control() || c == '\n'), "{:?}", said.err);
}
