//! A process is killed at random moments; each time the run opens whole but for the last moment, and goes on.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use ethogram_store::{Axis, ColumnData, RunReader, RunSource};

use crate::support::open_whole;

#[allow(dead_code, reason = "the example's `main` is not called here")]
#[path = "../../examples/crash_child.rs"]
mod child;

const ARGUMENTS: &str = "ETHOGRAM_CRASH_CHILD";
const KILLS: u32 = 20;

/// Runs the child when the parent started this test for it. Its own claim: without sense in its arguments it stops at once.
#[test]
fn as_child() {
    match std::env::var(ARGUMENTS) {
        Ok(arguments) => child::run(&arguments.split('\n').collect::<Vec<_>>()).expect("logs until it is killed"),
        Err(_) => assert!(child::run(&[]).is_err_and(|error| error.to_string().contains("usage"))),
    }
}

fn start(arguments: &[&str]) -> (Child, PathBuf, BufReader<ChildStdout>) {
    let test = std::env::current_exe().expect("this test");
    let mut child = Command::new(test)
        .args(["--exact", "crash::as_child", "--nocapture", "--test-threads=1"])
        .env(ARGUMENTS, arguments.join("\n"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("a process");
    let mut lines = BufReader::new(child.stdout.take().expect("its output"));
    let mut line = String::new();
    // The test harness talks first; `running 1 test`, then the name of the test, perhaps on the line of the path.
    while !line.contains('/') {
        line.clear();
        assert!(lines.read_line(&mut line).expect("a line") > 0, "the child ended before it started");
    }
    let path = line.trim_end()[line.find('/').expect("a path")..].to_owned();
    (child, PathBuf::from(path), lines)
}

/// Lets it log, kills it, and returns how many steps it had logged an allowed loss before.
fn kill_after(child: &mut Child, lines: BufReader<ChildStdout>, alive: Duration, allowed: Duration) -> i64 {
    let told = std::thread::spawn(move || {
        let mut told = Vec::new();
        for line in lines.lines().map_while(Result::ok) {
            told.extend(line.trim().parse::<i64>().ok().map(|steps| (Instant::now(), steps)));
        }
        told
    });
    std::thread::sleep(alive);
    let killed = Instant::now();
    child.kill().expect("killed");
    child.wait().expect("gone");
    let told = told.join().expect("its lines");
    let safe = told.iter().filter(|(at, _)| *at + allowed < killed).map(|(_, steps)| *steps);
    safe.max().unwrap_or(0)
}

fn check(run: &Path) -> i64 {
    let reader: RunReader = open_whole(run);
    let a = reader.scalars(Axis::GlobalStep, "a", 0..i64::MAX).expect("points");
    let b = reader.scalars(Axis::GlobalStep, "b", 0..i64::MAX).expect("points");
    let steps = a.step.len() as i64;
    assert_eq!(a.step, (0..steps).collect::<Vec<_>>(), "a prefix");
    assert_eq!(b.step, a.step);
    assert!(a.value.iter().zip(&a.step).all(|(value, &step)| value.to_bits() == child::scalar(step).to_bits()));
    for row in reader.episodes(0..u64::MAX).expect("episodes") {
        assert_eq!(row, child::ended(row.episode));
    }
    for episode in 0..reader.episode_count() {
        let rows = reader.step_count(episode).expect("rows") as i64;
        for info in reader.step_fields(episode).expect("fields") {
            let column = reader.steps(episode, &info.name, 0..u64::MAX).expect("a column");
            for at in (0..rows).filter(|&at| column.is_valid(at as usize)) {
                let step = episode as i64 * child::EPISODE_STEPS + at;
                let ColumnData::Numeric(bytes) = &column.data else { panic!("text") };
                let row = &bytes[at as usize * column.row_bytes()..(at as usize + 1) * column.row_bytes()];
                match info.name.as_str() {
                    "frame" => assert_eq!(row, child::picture(step).data(), "frame of step {step}"),
                    _ => assert_eq!(row, child::scalar(step).to_le_bytes(), "reward of step {step}"),
                }
            }
        }
    }
    assert_eq!(reader.lost(), []);
    steps
}

#[test]
fn a_killed_run_loses_the_last_moment_at_most_and_goes_on() {
    let root = tempfile::tempdir().expect("a folder");
    let root = root.path().to_str().expect("a name").to_owned();
    let (mut first, run, lines) = start(&[&root]);
    let mut survived = 0;
    // A flush interval, and what a busy machine adds to it.
    let allowed = child::options().flush_interval + Duration::from_millis(500);
    let mut logged = kill_after(&mut first, lines, Duration::from_millis(1_500), allowed);
    for kill in 0..KILLS {
        let found = check(&run);
        assert!(
            found >= logged.max(survived),
            "{found} steps after kill {kill}; {logged} were safe, {survived} there before"
        );
        survived = found;
        let (mut child, _, lines) = start(&["--resume", run.to_str().expect("a name")]);
        // Moments that fall into every part of a flush and of a seal, from the first on.
        let long = if kill % 5 == 0 { 1_000 } else { 0 };
        let alive = Duration::from_millis(u64::from(kill * 37 % 101) * 4 + long);
        logged = kill_after(&mut child, lines, alive, allowed);
    }
    check(&run);
    let status = RunReader::open(&run).expect("a run").status();
    assert_eq!(status.resumed, KILLS);
}
