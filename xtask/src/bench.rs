//! `cargo xtask bench NAME`: headline numbers, ours against a peer, alternating in one run. Expectations, bars and results
//! are in `docs/performance.md`. A bench makes what it needs under `.bench/` and keeps it for the next time.

mod attribution;
mod build;
mod burst;
mod curves;
mod embed;
mod engine;
mod event_file;
mod events;
mod floats;
mod frames;
mod gae;
mod http;
mod interface;
mod lab;
mod load;
mod logging;
mod map;
mod measure;
mod nmf;
mod query;
mod replay;
mod scrub;
mod serve;
mod stats;
mod store;
mod tfevents;
mod training;
mod video;
mod walk;

use anyhow::{Result, bail};
use clap::Args;

use lab::Lab;
use measure::{Measure, print_json, print_table};

/// A bench, by its name on the command line.
pub struct Bench {
    /// What is typed.
    pub name: &'static str,
    /// For the list of benches.
    pub about: &'static str,
    run: fn(&Lab) -> Result<Vec<Measure>>,
    /// The part that runs in a process of its own, where there is one.
    child: Option<Child>,
}

/// Takes what follows `--child`.
type Child = fn(&[String]) -> Result<()>;

/// Every bench, in the order that people see.
pub const BENCHES: &[Bench] = &[
    Bench { name: "logging", about: "a call of the Python SDK", run: logging::run, child: None },
    Bench { name: "training", about: "a training loop with and without logging", run: training::run, child: None },
    Bench { name: "frames", about: "bytes and time of real pictures", run: frames::run, child: None },
    Bench { name: "query", about: "one curve of 100 runs, cold process", run: query::run, child: Some(query::child) },
    Bench { name: "store", about: "records a second, bytes, damage found", run: store::run, child: None },
    Bench { name: "serve", about: "start on 1,000 runs, memory, live point", run: serve::run, child: None },
    Bench { name: "load", about: "64 writers, 500 listeners, 10,000 runs", run: load::run, child: Some(load::child) },
    Bench { name: "curves", about: "the Training page with 100 runs", run: curves::run, child: None },
    Bench { name: "replay", about: "pictures of an episode in a browser", run: replay::run, child: None },
    Bench { name: "map", about: "1,000,000 states in a browser", run: map::run, child: None },
    Bench { name: "engine", about: "networks and their gradients", run: engine::run, child: Some(engine::child) },
    Bench {
        name: "attribution",
        about: "whole explanations of a step",
        run: attribution::run,
        child: Some(attribution::child),
    },
    Bench { name: "scrub", about: "an overlay a frame while an episode plays", run: scrub::run, child: None },
    Bench { name: "video", about: "1,000 steps as an mp4", run: video::run, child: None },
    Bench { name: "stats", about: "intervals of 50,000 bootstraps", run: stats::run, child: None },
    Bench { name: "tfevents", about: "1 GB of event files, all loaded", run: tfevents::run, child: None },
    Bench { name: "embed", about: "60,000 states laid out", run: embed::run, child: Some(embed::child) },
    Bench { name: "nmf", about: "factors of activations", run: nmf::run, child: Some(nmf::child) },
    Bench { name: "gae", about: "advantages of a rollout", run: gae::run, child: None },
    Bench {
        name: "interface",
        about: "features of a layer, and where they lie at 4,096 steps",
        run: interface::run,
        child: Some(interface::child),
    },
    Bench { name: "events", about: "events of 1,000,000 steps", run: events::run, child: Some(events::child) },
    Bench { name: "build", about: "cold build of the demo", run: build::run, child: None },
];

/// `cargo xtask bench`
#[derive(Args)]
pub struct BenchArgs {
    /// Which one; all are listed when none is named
    name: Option<String>,
    /// One line of JSON a measure
    #[arg(long)]
    json: bool,
    /// How often ours and the peer take turns
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// The one part that is wanted, of `load`: crowd, cache, runs, events or sb3
    #[arg(long, value_name = "PART")]
    only: Option<String>,
    /// Be the process that is measured
    #[arg(long, hide = true, num_args = 1..)]
    child: Option<Vec<String>>,
}

/// Runs a bench and prints its measures.
pub fn run(args: &BenchArgs) -> Result<()> {
    let Some(name) = &args.name else {
        for bench in BENCHES {
            println!("{:10} {}", bench.name, bench.about);
        }
        return Ok(());
    };
    let Some(bench) = BENCHES.iter().find(|bench| bench.name == name) else {
        let names: Vec<_> = BENCHES.iter().map(|bench| bench.name).collect();
        bail!("no bench {name:?}: expected one of {}", names.join(", "));
    };
    if let (Some(child), Some(args)) = (bench.child, &args.child) {
        return child(args);
    }
    let measures = (bench.run)(&Lab::new(bench.name, args.rounds.max(1), args.only.clone())?)?;
    if args.json { print_json(&measures) } else { print_table(&measures) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bench_has_a_section_in_the_docs() {
        let docs = include_str!("../../docs/performance.md");
        for bench in BENCHES {
            let title = format!("\n## {}\n", bench.name);
            assert!(docs.contains(&title), "docs/performance.md has no section {:?}", bench.name);
        }
    }
}
