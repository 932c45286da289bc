//! Logs a run whose content follows from its step, until it is killed; tells on its standard output how far it has come.
//!
//! `crash_child ROOT` starts a run, `crash_child --resume RUN` goes on where the run on disk ends. The first line is the folder
//! of the run, each other line the number of steps logged so far. `tests/it/crash.rs` kills it and looks at what is left.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ethogram_store::{
    Array, Axis, Dtype, EpisodeEnd, EpisodeRow, Result, RunInfo, RunReader, RunSource, RunWriter, SealLimits,
    StepValue, WriterOptions, now_us,
};

/// Steps of an episode.
pub const EPISODE_STEPS: i64 = 50;

/// What is logged at a step: a scalar.
pub fn scalar(step: i64) -> f64 {
    (step * step % 1_009) as f64 / 7.0
}

/// What is logged at a step: a picture of 40×32.
pub fn picture(step: i64) -> Array {
    let pixel = |i: i64| if i % 61 == step % 61 { (step % 200) as u8 } else { 9 };
    Array::new(Dtype::Uint8, vec![40, 32], (0..40 * 32).map(pixel).collect()).unwrap_or_else(|_| Array::scalar(0.0))
}

/// Small segments, so that a kill also meets the writer while it seals.
pub fn options() -> WriterOptions {
    WriterOptions {
        flush_interval: Duration::from_millis(50),
        seal: SealLimits { rows: 1_000, bytes: 1 << 20, age: Duration::from_secs(1) },
        ..WriterOptions::default()
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let Err(error) = run(&arguments) {
        eprintln!("{error}");
        std::process::exit(1);
    }
}

/// Does what the command line says.
pub fn run(arguments: &[&str]) -> Result<()> {
    let (writer, start) = match arguments {
        ["--resume", run] => {
            let reader = RunReader::open(Path::new(run))?;
            let start = reader.scalar_tags().iter().map(|tag| tag.last_step + 1).max().unwrap_or(0);
            (RunWriter::resume(Path::new(run), options())?, start)
        }
        [root] => {
            let info = RunInfo { name: "crash".into(), project: "crash".into(), ..RunInfo::default() };
            (RunWriter::create(Path::new(root), info, options())?, 0)
        }
        _ => {
            return Err(ethogram_store::Error::NotFound {
                what: "root; usage: crash_child ROOT | --resume RUN".into(),
            });
        }
    };
    println!("{}", writer.path().display());
    let names: [Arc<str>; 2] = ["frame".into(), "reward".into()];
    for step in start.. {
        let (episode, at) = ((step / EPISODE_STEPS) as u64, (step % EPISODE_STEPS) as u64);
        writer.scalars(Axis::GlobalStep, step, now_us(), &[("a", scalar(step)), ("b", -scalar(step))])?;
        let reward = StepValue::Array(Array::scalar(scalar(step)));
        let frame = StepValue::Array(picture(step));
        writer.step(episode, at, vec![(Arc::clone(&names[0]), frame), (Arc::clone(&names[1]), reward)])?;
        if at as i64 == EPISODE_STEPS - 1 {
            writer.episode(ended(episode))?;
        }
        if step % 16 == 0 {
            let mut out = std::io::stdout().lock();
            // Whoever reads it has gone: no reason to stop logging.
            let _ = writeln!(out, "{}", step + 1).and_then(|()| out.flush());
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    Ok(())
}

/// The row of an episode that has ended.
pub fn ended(episode: u64) -> EpisodeRow {
    EpisodeRow {
        episode,
        env_index: 0,
        agent: None,
        seed: None,
        end: EpisodeEnd::Terminated,
        episode_return: scalar(episode as i64),
        length: EPISODE_STEPS as u64,
        global_step: episode as i64 * EPISODE_STEPS,
        started_us: 0,
        ended_us: None,
        recorded: true,
        evaluation: false,
        checkpoint: None,
        env_return: None,
        extra: serde_json::Map::new(),
    }
}
