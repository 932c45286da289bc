//! A folder of runs as Stable-Baselines3 leaves them after some millions of steps: an event file, and the episodes of its Monitor.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::bench::http::{ask, columns_header};
use crate::bench::lab::Lab;
use crate::bench::measure::{Bar, Measure};
use crate::bench::serve::Server;
use crate::bench::walk::{TAGS, events_of_walks, tag};
use crate::random::Random;

const RUNS: usize = 100;
/// Points of all tags: 2.7 MB of events a run.
const POINTS: usize = 50_000;
const EPISODES: usize = 10_000;

/// From the start of the server to the first chart: what runs there are, which tags they have, and one curve of each.
pub fn measures(lab: &Lab, program: &Path) -> Result<Vec<Measure>> {
    let root = lab.empty_folder("baselines")?;
    for run in 0..RUNS {
        let folder = root.join(format!("PPO_{run}"));
        events_of_walks(&folder, run as u64, POINTS)?;
        std::fs::write(folder.join("0.monitor.csv"), monitor(&mut Random::new(run as u64))?)?;
    }
    let mut waited = Vec::new();
    for _ in 0..lab.rounds {
        let began = Instant::now();
        let mut server = Server::start_with(program, &[&root], &[])?;
        let ids = server.run_ids()?;
        ensure!(ids.len() == RUNS, "expected {RUNS} runs, found {}", ids.len());
        let tags: Value = serde_json::from_slice(&post(&server, "/api/tags", &json!({ "runs": ids }))?)?;
        let scalars = tags["runs"][0]["scalars"].as_array().context("no scalars in the answer")?;
        ensure!(scalars.len() >= TAGS, "expected at least {TAGS} tags, found {}", scalars.len());
        let series: Vec<Value> =
            ids.iter().map(|id| json!({ "run": id, "axis": "global_step", "tag": tag(3) })).collect();
        let header = columns_header(&post(&server, "/api/series", &json!({ "series": series, "buckets": 800 }))?)?;
        let curves = header["series"].as_array().context("no series in the answer")?;
        let last = Some((POINTS / TAGS) as u64 - 1);
        ensure!(curves.len() == RUNS && curves.iter().all(|curve| curve["last_step"].as_u64() == last), "{header}");
        waited.push(began.elapsed().as_secs_f64());
        server.stop()?;
    }
    std::fs::remove_dir_all(&root)?;
    let name = format!("load/{RUNS} runs of Stable-Baselines3: start to the first chart, a curve of each");
    Ok(vec![Measure::new(name, crate::statistics::median(&waited), "s").bar(Bar::AtMost(2.0))])
}

fn post(server: &Server, path: &str, body: &Value) -> Result<Vec<u8>> {
    ask(server.address, "POST", path, &body.to_string())
}

fn monitor(random: &mut Random) -> Result<String> {
    let mut text = String::from("#{\"t_start\": 1790000000.0, \"env_id\": \"CartPole-v1\"}\nr,l,t\n");
    for episode in 0..EPISODES {
        let length = random.within(10..500);
        writeln!(text, "{length}.0,{length},{:.6}", episode as f64 * 0.3)?;
    }
    Ok(text)
}
