//! Processes that log, pages that listen, and somebody who looks at a chart.

use std::io::Read;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use ethogram_store::{Axis, RunInfo, RunState, RunWriter, WriterOptions, now_us};
use serde_json::{Value, json};

use crate::bench::http::{ask, listen};
use crate::bench::lab::Lab;
use crate::bench::measure::{Bar, Measure};
use crate::bench::serve::Server;
use crate::bench::walk::{TAGS, tag};
use crate::random::Random;
use crate::statistics::{max, quantile};

const WRITERS: usize = 64;
const LISTENERS: usize = 500;
const QUESTIONS: usize = 300;
/// A writer logs all tags so often a second.
const LOGS_A_SECOND: u64 = 10;
/// How long writers go on, which is to be longer than the questions take.
const SECONDS: u64 = 90;

/// A process that logs for some seconds: `ROOT INDEX SECONDS`. Prints how many values it dropped, and how long its longest call took
/// in milliseconds.
pub fn child(args: &[String]) -> Result<()> {
    let [root, index, seconds] = args else { anyhow::bail!("expected a folder, a number and seconds") };
    let info =
        RunInfo { project: "load".into(), name: format!("writer {index}"), created_us: now_us(), ..RunInfo::default() };
    let run = RunWriter::create(Path::new(root), info, WriterOptions::default())?;
    let mut random = Random::new(index.parse()?);
    let tags: Vec<String> = (0..TAGS).map(tag).collect();
    let (began, mut longest) = (Instant::now(), Duration::ZERO);
    for step in 0..seconds.parse::<u64>()? * LOGS_A_SECOND {
        let values: Vec<(&str, f64)> = tags.iter().map(|tag| (tag.as_str(), random.signed())).collect();
        let logging = Instant::now();
        run.scalars(Axis::GlobalStep, step as i64, now_us(), &values)?;
        longest = longest.max(logging.elapsed());
        let next = Duration::from_millis(1_000 / LOGS_A_SECOND) * (step as u32 + 1);
        std::thread::sleep(next.saturating_sub(began.elapsed()));
    }
    run.close(RunState::Finished)?;
    println!("{} {}", run.counters().dropped, longest.as_secs_f64() * 1e3);
    Ok(())
}

/// The chart is asked for while all of them log and listen; then the server is told to stop with every stream open.
pub fn measures(lab: &Lab, program: &Path) -> Result<Vec<Measure>> {
    let root = lab.empty_folder("crowd")?;
    let mut server = Server::start_with(program, &[&root], &[])?;
    let folder = root.display().to_string();
    let start = |index: usize| -> Result<Child> {
        let mut command = lab.child(&[&folder, &index.to_string(), &SECONDS.to_string()])?;
        Ok(command.stdout(Stdio::piped()).spawn()?)
    };
    let writers: Vec<Child> = (0..WRITERS).map(start).collect::<Result<_>>()?;
    let listening: Vec<_> = (0..LISTENERS).map(|_| listen(server.address, "/api/events")).collect::<Result<_>>()?;
    let ids = appeared(&server)?;
    std::thread::sleep(Duration::from_secs(5));
    let mut waited = Vec::new();
    for question in 0..QUESTIONS {
        // A chart of ten runs, as a page shows it.
        let of = (0..10).map(|at| &ids[(question * 7 + at) % ids.len()]);
        let series: Vec<Value> =
            of.map(|id| json!({ "run": id, "axis": "global_step", "tag": tag(question % TAGS) })).collect();
        let body = json!({ "series": series, "buckets": 800 }).to_string();
        let asked = Instant::now();
        ask(server.address, "POST", "/api/series", &body)?;
        waited.push(asked.elapsed().as_secs_f64() * 1e3);
        std::thread::sleep(Duration::from_millis(50));
    }
    let memory = server.memory_mb()?;
    let (mut dropped, mut longest) = (0.0, Vec::new());
    for mut writer in writers {
        let mut said = String::new();
        writer.stdout.take().context("no pipe")?.read_to_string(&mut said)?;
        ensure!(writer.wait()?.success(), "a writer failed");
        let numbers: Vec<f64> = said.split_whitespace().map(str::parse).collect::<std::result::Result<_, _>>()?;
        let [lost, call] = numbers[..] else { anyhow::bail!("a writer said {said:?}") };
        dropped += lost;
        longest.push(call);
    }
    let ended = server.terminate()?;
    drop(listening);
    let name = format!("load/{WRITERS} writers, {LISTENERS} listeners: ");
    Ok(vec![
        Measure::new(format!("{name}a chart of ten runs, median"), quantile(&waited, 0.5), "ms"),
        Measure::new(format!("{name}the same, 99 %"), quantile(&waited, 0.99), "ms").bar(Bar::AtMost(200.0)),
        Measure::new(format!("{name}memory of the server, most"), memory, "MB").bar(Bar::AtMost(300.0)),
        Measure::new(format!("{name}values dropped by the writers"), dropped, "").bar(Bar::AtMost(0.0)),
        Measure::new(format!("{name}a call of a writer, most"), max(&longest), "ms"),
        Measure::new(format!("{name}from SIGTERM to the end of the server"), ended.as_secs_f64(), "s")
            .bar(Bar::AtMost(3.0)),
    ])
}

/// The runs of all writers, once the server lists them.
fn appeared(server: &Server) -> Result<Vec<String>> {
    let began = Instant::now();
    loop {
        let ids = server.run_ids()?;
        if ids.len() == WRITERS {
            return Ok(ids);
        }
        ensure!(began.elapsed() < Duration::from_mins(1), "{} of {WRITERS} runs appeared within 60 s", ids.len());
        std::thread::sleep(Duration::from_millis(200));
    }
}
