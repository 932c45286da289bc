//! How much more a server with a cache holds than one without, once more was asked for than the cache takes.

use std::path::Path;

use anyhow::Result;
use ethogram_store::{
    Array, EpisodeEnd, EpisodeRow, QueuePolicy, RunInfo, RunState, RunWriter, StepValue, WriterOptions, now_us,
};

use crate::bench::http::ask;
use crate::bench::lab::Lab;
use crate::bench::measure::{Bar, Measure};
use crate::bench::serve::Server;

const CACHE_MIB: f64 = 64.0;
/// Steps of the episode whose derived fields fill the cache, and how many of them are asked for.
const STEPS: u64 = 100_000;
const FIELDS: usize = 200;

/// The same questions to both.
pub fn measures(lab: &Lab, program: &Path) -> Result<Vec<Measure>> {
    let root = lab.empty_folder("cache")?;
    let info = RunInfo { project: "load".into(), ..RunInfo::default() };
    let run = RunWriter::create(&root, info, WriterOptions { policy: QueuePolicy::Block, ..WriterOptions::default() })?;
    for step in 0..STEPS {
        let number = |value: f64| StepValue::Array(Array::scalar(value));
        let (reward, value) = (number((step % 7) as f64), number((step as f64).sin()));
        run.step(0, step, vec![("reward".into(), reward), ("value".into(), value)])?;
    }
    run.episode(long_episode())?;
    let id = run.info().id.0.clone();
    run.close(RunState::Finished)?;
    let memory = |cache: &str| -> Result<f64> {
        let mut server = Server::start_with(program, &[&root], &["--cache-bytes".into(), cache.into()])?;
        for field in 0..FIELDS {
            let gamma = 0.5 + field as f64 / 1_000.0;
            let path = format!("/api/runs/{id}/episodes/0/fields?names=return_to_go&return_to_go.gamma={gamma}");
            ask(server.address, "GET", &path, "")?;
        }
        let memory = server.memory_mb()?;
        server.stop()?;
        Ok(memory)
    };
    let (without, with) = (memory("0")?, memory(&format!("{CACHE_MIB}M"))?);
    let asked = FIELDS as f64 * STEPS as f64 * 8.0 / 1e6;
    let name = format!("load/memory that a cache of {CACHE_MIB} MiB takes, {asked:.0} MB asked for");
    // In millions of bytes, as the memory is.
    Ok(vec![Measure::new(name, with - without, "MB").bar(Bar::AtMost(CACHE_MIB * 1.048_576 * 1.2))])
}

fn long_episode() -> EpisodeRow {
    EpisodeRow {
        episode: 0,
        env_index: 0,
        agent: None,
        seed: None,
        end: EpisodeEnd::Terminated,
        episode_return: 0.0,
        length: STEPS,
        global_step: 0,
        started_us: now_us(),
        ended_us: Some(now_us()),
        recorded: true,
        evaluation: false,
        checkpoint: None,
        env_return: None,
        extra: serde_json::Map::new(),
    }
}
