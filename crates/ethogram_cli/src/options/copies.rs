//! Options of what leaves a run, and of what becomes one.

#![expect(clippy::doc_markdown, reason = "the help of the command is no Markdown")]

use std::ops::Range;
use std::path::PathBuf;

use clap::Args;
use clap::builder::PossibleValuesParser;
use ethogram_query::{COLOUR_MAPS, NamePattern, TableFile};
use ethogram_server::report::EpisodeChoice;

use super::StoreOptions;
use super::value::{pattern_from_text, steps_from_text};

/// `ethogram video`
#[derive(Debug, Args)]
pub struct VideoOptions {
    /// A run: its folder, its id or name in ./runs or the beginning of the id, or s3://BUCKET/PREFIX
    pub run: PathBuf,
    /// How object stores are reached
    #[command(flatten)]
    pub stores: StoreOptions,
    /// Which episode [default: the newest that was recorded]
    #[arg(long, value_name = "N")]
    pub episode: Option<u64>,
    /// File to write; its name ends in .mp4 or .gif [default: episode_N.mp4]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// A table of the steps beside it, a row a frame: time, action, reward and every small field; its name ends in .csv,
    /// .json, .parquet, .npz, .md or .tex
    #[arg(long, value_name = "FILE")]
    pub table: Option<PathBuf>,
    /// Steps, the last one left out: 100..400, 100.. or ..400 [default: all]
    #[arg(long, value_name = "STEPS", value_parser = steps_from_text)]
    pub range: Option<Range<u64>>,
    /// Frames a second, one frame a step [default: the environment's own, else 30]
    #[arg(long)]
    pub fps: Option<f64>,
    /// Field of pictures, or none [default: frame, else observation]
    #[arg(long, value_name = "FIELD")]
    pub picture: Option<String>,
    /// Field whose numbers are bars, logged or derived, or none [default: what the policy said of the actions]
    #[arg(long, value_name = "FIELD")]
    pub bars: Option<String>,
    /// Where the bars are
    #[arg(long, value_parser = ["side", "below"], default_value = "side")]
    pub layout: String,
    /// Axis of the bars: as far as all steps of the film reach, or as far as each does
    #[arg(long, value_parser = ["fixed", "auto"], default_value = "fixed")]
    pub axis: String,
    /// How often each pixel of the picture is repeated, across and down [default: as often as 640 pixels allow]
    #[arg(long, value_name = "N")]
    pub scale: Option<u32>,
    /// Why the policy said so, over the observation, for example saliency; needs a checkpoint with a signature
    #[arg(long, value_name = "METHOD")]
    pub overlay: Option<String>,
    /// What the overlay explains: action, greedy, value, an action by index, or 3-1: why 3 and not 1
    #[arg(long, requires = "overlay")]
    pub target: Option<String>,
    /// Global step of the checkpoint that the overlay asks [default: the one in force]
    #[arg(long, value_name = "STEP", requires = "overlay", allow_negative_numbers = true)]
    pub checkpoint: Option<i64>,
    /// Opacity of the strongest places of the overlay, 0 to 1
    #[arg(long, requires = "overlay")]
    pub opacity: Option<f32>,
    /// How the overlay meets the picture; multiply is a spotlight, heads what matters to the policy in blue and to the value in red
    #[arg(long, requires = "overlay", value_parser = ["over", "grey", "alone", "multiply", "heads"])]
    pub blend: Option<String>,
    /// Colours of the overlay; page is orange above zero and blue below
    #[arg(long, value_name = "MAP", requires = "overlay", value_parser = PossibleValuesParser::new(COLOUR_MAPS.iter().map(|map| map.name)))]
    pub colours: Option<String>,
    /// Which numbers of the overlay are shown
    #[arg(long, requires = "overlay", value_parser = ["both", "positive", "negative", "absolute"])]
    pub sign: Option<String>,
    /// Percent of the whole that the strongest places may hold beyond the end of the scale, 0 to 50 [default: 5]
    #[arg(long, value_name = "PERCENT", requires = "overlay")]
    pub outliers: Option<f64>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `ethogram export`
#[derive(Debug, Args)]
pub struct ExportOptions {
    /// What has a row each: points of curves, episodes, or steps of one episode
    #[arg(value_parser = ["curves", "episodes", "steps"])]
    pub what: String,
    /// Where runs lie: runs, or a folder that holds some; folders, ids or names in ./runs, or s3://BUCKET/PREFIX
    #[arg(required = true, value_name = "RUN")]
    pub runs: Vec<PathBuf>,
    /// How object stores are reached
    #[command(flatten)]
    pub stores: StoreOptions,
    /// File to write; its name ends in .csv, .json, .parquet, .npz, .md or .tex [default: CSV to standard output]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Kind of file, where its name does not say so
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<TableFile>,
    /// Of curves: which scalars, a pattern with * or a regular expression between slashes; may be given again
    /// [default: all]
    #[arg(long = "tag", value_name = "PATTERN", value_parser = pattern_from_text)]
    pub tags: Vec<NamePattern>,
    /// Of steps: which episode [default: the newest that was recorded]
    #[arg(long, value_name = "N")]
    pub episode: Option<u64>,
    /// Of steps: a field, logged or derived, for example advantage; may be given again [default: all that were logged
    /// and are no pictures]
    #[arg(long = "field", value_name = "NAME")]
    pub fields: Vec<String>,
    /// Of steps or curves: from, and up to, the last one left out: 100..400, 100.. or ..400 [default: all]
    #[arg(long, value_name = "STEPS", value_parser = steps_from_text)]
    pub range: Option<Range<u64>>,
}

/// `ethogram report`
#[derive(Debug, Args)]
pub struct ReportOptions {
    /// Where runs lie: runs, or a folder that holds some; folders, ids or names in ./runs, or s3://BUCKET/PREFIX
    #[arg(required = true, value_name = "RUN")]
    pub runs: Vec<PathBuf>,
    /// How object stores are reached
    #[command(flatten)]
    pub stores: StoreOptions,
    /// File to write; its name ends in .html
    #[arg(short, long, value_name = "FILE", default_value = "report.html")]
    pub output: PathBuf,
    /// Which episode of each run: its index, best (the largest return) or last; may be given again [default: best]
    #[arg(long = "episode", value_name = "N|best|last", value_parser = EpisodeChoice::parse)]
    pub episodes: Vec<EpisodeChoice>,
    /// No episodes, only curves
    #[arg(long, conflicts_with_all = ["episodes", "steps", "methods", "features"])]
    pub no_episodes: bool,
    /// Steps of each episode, the last one left out: 100..400, 100.. or ..400 [default: all]
    #[arg(long, value_name = "STEPS", value_parser = steps_from_text)]
    pub steps: Option<Range<u64>>,
    /// Which scalars: a pattern in which * stands for anything, for example 'losses/*', or a regular
    /// expression between slashes, '/^losses\/(td|q)/'; may be given again [default: all]
    #[arg(long = "tag", value_name = "PATTERN")]
    pub tags: Vec<String>,
    /// A method that explains every step, for example saliency; docs/methods tells what each shows; may be given again
    #[arg(long = "method", value_name = "NAME")]
    pub methods: Vec<String>,
    /// What is explained, as `explain --target` has it; may be given again
    #[arg(long = "target", default_value = "action", allow_hyphen_values = true)]
    pub targets: Vec<String>,
    /// Hidden layer that is explained, or recommended; may be given again [default: the observation]
    #[arg(long = "layer", value_name = "NAME")]
    pub layers: Vec<String>,
    /// Take a layer apart into so many features, and show them over every step
    #[arg(long, value_name = "COUNT")]
    pub features: Option<usize>,
    /// The layer that is taken apart [default: the recommended one]
    #[arg(long, value_name = "NAME", requires = "features")]
    pub features_layer: Option<String>,
    /// What is taken apart: `activations`, or what the layer says for a target
    #[arg(long, default_value = "activations", allow_hyphen_values = true)]
    pub features_of: String,
    /// Its heading [default: the names of the runs]
    #[arg(long, default_value = "", hide_default_value = true)]
    pub title: String,
    /// Free text at its beginning, shown as it is
    #[arg(long, default_value = "", hide_default_value = true)]
    pub note: String,
    /// Take the pages of the web app from this folder instead of those built in
    #[arg(long, value_name = "FOLDER")]
    pub ui: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `ethogram push`
#[derive(Debug, Args)]
pub struct PushOptions {
    /// A run, a project or anything above
    pub from: PathBuf,
    /// s3://BUCKET/PREFIX; a run lies there as it does below FROM, one alone as PROJECT/ID
    pub to: String,
    /// How object stores are reached
    #[command(flatten)]
    pub stores: StoreOptions,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `ethogram pull`
#[derive(Debug, Args)]
pub struct PullOptions {
    /// s3://BUCKET/PREFIX of a run, a project or anything above
    pub from: String,
    /// Folder; a run lies there as it does below FROM, one alone as PROJECT/ID
    pub to: PathBuf,
    /// How object stores are reached
    #[command(flatten)]
    pub stores: StoreOptions,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `ethogram import`
#[derive(Debug, Args)]
pub struct ImportOptions {
    /// Where the logs lie: event files of TensorBoard, Stable-Baselines3's csv and Monitor files, … A run, or
    /// anything above
    pub from: PathBuf,
    /// Folder in which the runs are made, each as PROJECT/ID; one that is there is left as it is
    pub to: PathBuf,
    /// Only say what would be made, and what would be left out
    #[arg(long)]
    pub dry_run: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}
