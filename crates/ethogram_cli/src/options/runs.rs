//! Options of what looks at runs, and at what many of them say together.

#![expect(clippy::doc_markdown, reason = "the help of the command is no Markdown")]

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use ethogram_query::{Along, BenchmarkPart, CellOf, Facet, Normalization, Score, TableFormat};

use super::StoreOptions;
use super::value::setting_from_text;

/// `ethogram ls`
#[derive(Debug, Args)]
pub struct LsOptions {
    /// Where runs lie: a run, a project or anything above; folders, or prefixes of an object store as
    /// s3://BUCKET/PREFIX [default: runs]
    pub roots: Vec<PathBuf>,
    /// How object stores are reached
    #[command(flatten)]
    pub stores: StoreOptions,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `ethogram info`
#[derive(Debug, Args)]
pub struct InfoOptions {
    /// A run: its folder, its id or name in ./runs or the beginning of the id, or s3://BUCKET/PREFIX
    pub run: PathBuf,
    /// How object stores are reached
    #[command(flatten)]
    pub stores: StoreOptions,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `ethogram compare`
#[derive(Debug, Args)]
pub struct CompareOptions {
    /// Where runs lie: runs, a project or anything above; folders, or prefixes of an object store as
    /// s3://BUCKET/PREFIX [default: runs]
    #[arg(value_name = "RUN")]
    pub roots: Vec<PathBuf>,
    /// How object stores are reached
    #[command(flatten)]
    pub stores: StoreOptions,
    /// What names the algorithm: group, name, project, or a key of the config [default: algo,
    /// algorithm or exp_name of the config, else the group, else the name]
    #[arg(long, value_name = "KEY", default_value = "auto", hide_default_value = true)]
    pub by: Facet,
    /// What names the task: env_id, project, or a key of the config [default: the environment,
    /// else the project]
    #[arg(long, value_name = "KEY", default_value = "auto", hide_default_value = true)]
    pub task: Facet,
    /// What a run reached: last100 (the mean of the last 100), last, best or step:N, of its returns;
    /// of a scalar as TAG@last100
    #[arg(long, value_name = "SCORE", default_value = "last100")]
    pub score: Score,
    /// Scale of what is said of all tasks: none, min_max, human, or auto, which is human for
    /// Atari games
    #[arg(long, value_name = "SCALE", default_value = "auto")]
    pub normalization: Normalization,
    /// Score that is good enough, for the optimality gap [default: 1 when normalised]
    #[arg(long, value_name = "SCORE", allow_negative_numbers = true)]
    pub target: Option<f64>,
    /// File to write; its name ends in .csv, .json, .parquet or .npz (unrounded, for programs), .md or .tex [default: a
    /// table to standard output]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Which table: scores (of each algorithm and task), runs, aggregates (over all tasks), pairs (probability of
    /// improvement), curves (sample efficiency), profiles, or parameters (importance of what runs were configured with)
    #[arg(long, value_name = "WHAT", default_value = "scores")]
    pub part: ComparePart,
    /// Points of each of the curves, at most 200
    #[arg(long, value_name = "N", default_value_t = 60)]
    pub points: usize,
    /// What curves run over: steps, or time since each run began
    #[arg(long, value_name = "WHAT", default_value = "steps")]
    pub along: Along,
    /// table, csv, json, parquet, npz, markdown or latex [default: as the name of the file says, else table]
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<TableFormat>,
    /// What stands in a cell of a table for people: mean_sd, iqm (with its interval) or runtime
    #[arg(long, value_name = "WHAT", default_value = "mean_sd")]
    pub cells: CellOf,
    /// Repetitions of the bootstrap
    #[arg(long, value_name = "N", default_value_t = 50_000)]
    pub reps: usize,
    /// Seed of the bootstrap, and of the forest of parameters; the same seed gives the same numbers
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
}

/// What `ethogram compare` makes a table of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComparePart {
    /// Algorithms.
    Benchmark(BenchmarkPart),
    /// Parameters of the configs.
    Parameters,
}

impl FromStr for ComparePart {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "parameters" => Ok(Self::Parameters),
            text => {
                let add = |why: String| why.replacen(", found", ", parameters, found", 1);
                text.parse().map(Self::Benchmark).map_err(add)
            }
        }
    }
}

/// `ethogram events`
#[derive(Debug, Args)]
pub struct EventsOptions {
    /// A run: its folder, its id or name in ./runs or the beginning of the id, or s3://BUCKET/PREFIX
    pub run: PathBuf,
    /// Which kind, for example loop, high_advantage, value_surprise; may be given again [default: all
    /// that need no network]
    #[arg(long, value_name = "NAME")]
    pub kind: Vec<String>,
    /// Most of each kind
    #[arg(long, value_name = "N", default_value_t = ethogram_query::EVENTS_TOP_DEFAULT)]
    pub top: usize,
    /// A setting of the finders as NAME=VALUE, for example loop_share=0.1; may be given again
    #[arg(long, value_name = "NAME=VALUE", value_parser = setting_from_text)]
    pub set: Vec<(String, String)>,
    /// How object stores are reached
    #[command(flatten)]
    pub stores: StoreOptions,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}
