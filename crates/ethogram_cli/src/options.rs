//! What can be typed.

#![expect(clippy::doc_markdown, reason = "the help of the command is no Markdown")]

use std::{net::IpAddr, ops::Range, path::PathBuf};

use clap::{Args, Parser, Subcommand, builder::PossibleValuesParser};
use ethogram_query::{COLOUR_MAPS, CellOf, Facet, NamePattern, Normalization, Score, TableFile, TableFormat};
use ethogram_server::report::EpisodeChoice;

use crate::{
    embed::MapSettings,
    explain::{Episodes, Settings},
};

/// See what a deep-RL agent does, and why
#[derive(Debug, Parser)]
#[command(name = "ethogram", version, disable_help_subcommand = true, max_term_width = 100)]
pub struct Options {
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// In the order that people see.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show runs in the browser, while they are logged and afterwards
    Serve(ServeOptions),
    /// List runs
    Ls(LsOptions),
    /// Say everything about one run: what was logged, how large it is, what was lost
    Info(InfoOptions),
    /// Find moments worth a look: loops, surprises, high and low advantages; and what looks wrong
    Events(EventsOptions),
    /// Compare algorithms over tasks and seeds, as tables for a paper
    Compare(CompareOptions),
    /// Compute attributions of whole episodes beforehand, and keep them beside the run
    Explain(ExplainOptions),
    /// Take a layer of the policy apart: what it has learned to see, and the states that show it
    Features(FeaturesOptions),
    /// Lay steps out as points in two or three dimensions, and write where they lie
    Embed(EmbedOptions),
    /// Read everything in a run, compare it with its checksums, and say what was lost
    Check(CheckOptions),
    /// Pack a finished run into few large files; it reads the same
    Compact(CompactOptions),
    /// Save steps of an episode as an mp4 or gif: the picture, and what the policy said as bars
    Video(VideoOptions),
    /// Save curves, episodes or steps as a table: CSV, JSON, Parquet, npz, Markdown or LaTeX
    Export(ExportOptions),
    /// Save runs, curves and episodes as one HTML file that opens without a server
    Report(ReportOptions),
    /// Copy runs to an object store; what is there already is not sent again
    Push(PushOptions),
    /// Bring runs from an object store to this machine; what is here already is not sent again
    Pull(PullOptions),
    /// Make runs of our own of other tools' logs, which `serve` also shows as they are
    Import(ImportOptions),
}

/// `ethogram serve`
#[derive(Debug, Args)]
pub struct ServeOptions {
    /// Where runs lie: a run, a project or anything above; folders, or prefixes of an object store as
    /// s3://BUCKET/PREFIX [default: runs]
    pub roots: Vec<PathBuf>,
    /// How object stores are reached
    #[command(flatten)]
    pub stores: StoreOptions,
    /// Address to listen on; any but loopback demands a token
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1", value_parser = address_from_text)]
    pub host: IpAddr,
    /// Port to listen on [default: 8000, or the next one that is free]
    #[arg(long)]
    pub port: Option<u16>,
    /// Word that people must know to come in; `ETHOGRAM_TOKEN` keeps it out of the
    /// list of processes; one is made up when --host is not loopback
    #[arg(long, value_parser = ethogram_server::Token::parse)]
    pub token: Option<ethogram_server::Token>,
    /// Name under which the server is reached, beside its address; may be given again
    #[arg(long, value_name = "NAME")]
    pub allow_host: Vec<String>,
    /// Origin whose pages may show the web app in a frame, as http://localhost:8888 of a
    /// notebook; may be given again [default: none]
    #[arg(long, value_name = "ORIGIN", value_parser = ethogram_server::FrameOrigin::parse)]
    pub allow_frame: Vec<ethogram_server::FrameOrigin>,
    /// Memory for derived fields, and as much for points of event files, for example 512M
    /// or 2G
    #[arg(long, value_name = "SIZE", default_value = "256M", value_parser = crate::text::bytes_from_text)]
    pub cache_bytes: usize,
    /// Folder of plug-in viewers, beside `viewers` in each folder of runs; may be given
    /// again
    #[arg(long, value_name = "FOLDER")]
    pub plugins: Vec<PathBuf>,
    /// Serve the web app from this folder instead of the one built in
    #[arg(long, value_name = "FOLDER")]
    pub ui: Option<PathBuf>,
    /// Open the browser
    #[arg(long, overrides_with = "no_open")]
    pub open: bool,
    /// Do not open the browser, which is the default
    #[arg(long, overrides_with = "open")]
    pub no_open: bool,
    /// Print one line of JSON with the address instead of the address alone
    #[arg(long)]
    pub json: bool,
}

/// How object stores are reached; the rest is in the environment, as for other tools.
#[derive(Clone, Debug, Default, Args)]
pub struct StoreOptions {
    /// Where runs under s3:// lie, if not at Amazon or where `AWS_ENDPOINT_URL` says; keys are read
    /// from `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, the region from `AWS_REGION`
    #[arg(long, value_name = "URL", value_parser = endpoint_from_text)]
    pub s3_endpoint: Option<String>,
}

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
    /// A run: its folder, or s3://BUCKET/PREFIX
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
    /// File to write; its name ends in .csv, .json, .parquet or .npz (a row an algorithm and task), .md or .tex [default:
    /// a table to standard output]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// table, csv, json, parquet, npz, markdown or latex [default: as the name of the file says, else table]
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<TableFormat>,
    /// What stands in a cell of a table for people: mean_sd, iqm (with its interval) or runtime
    #[arg(long, value_name = "WHAT", default_value = "mean_sd")]
    pub cells: CellOf,
    /// Repetitions of the bootstrap
    #[arg(long, value_name = "N", default_value_t = 50_000)]
    pub reps: usize,
    /// Seed of the bootstrap; the same seed gives the same intervals
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
}

/// `ethogram events`
#[derive(Debug, Args)]
pub struct EventsOptions {
    /// A run: its folder, or s3://BUCKET/PREFIX
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

/// `ethogram explain`
#[derive(Debug, Args)]
pub struct ExplainOptions {
    /// The folder of a run
    pub run: PathBuf,
    /// How to explain; docs/methods tells what each shows
    #[arg(long, value_name = "NAME", default_value = "integrated_gradients")]
    pub method: String,
    /// What is explained: `action` (the one taken), `greedy`, `value`, an index, `3-1` (why 3 and
    /// not 1), and what else docs/http.md has
    #[arg(long, default_value = "action", allow_hyphen_values = true)]
    pub target: String,
    /// How the target's numbers are looked at: `plain`, `probability` or `log_probability`
    #[arg(long, value_name = "VIEW", default_value = "plain")]
    pub of: String,
    /// Which episodes: 3, 0..10 (0 to 9), 42.., several with commas [default: all that were recorded]
    #[arg(long, value_name = "LIST", value_parser = Episodes::parse)]
    pub episodes: Option<Episodes>,
    /// Which network: global step or name of a checkpoint, or `all` [default: the one in force in each episode]
    #[arg(long, value_name = "STEP|all")]
    pub checkpoint: Option<String>,
    /// Input or hidden layer whose elements are told apart [default: the observation]
    #[arg(long, value_name = "NAME")]
    pub wrt: Option<String>,
    /// How many steps are explained side by side [default: as many as the machine has processors]
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    pub threads: usize,
    /// Most that is kept of all attributions of the run; those asked for longest ago go first
    #[arg(long, value_name = "SIZE", default_value = "4G", value_parser = crate::text::bytes_from_text)]
    pub keep: usize,
    /// Only say what would be done, and how long it would take
    #[arg(long)]
    pub dry_run: bool,
    /// Remove all attributions that are kept beside the run, and explain nothing
    #[arg(long, conflicts_with = "dry_run")]
    pub forget: bool,
    /// Of the method
    #[command(flatten)]
    pub settings: Settings,
}

/// `ethogram features`
#[derive(Debug, Args)]
pub struct FeaturesOptions {
    /// The folder of a run
    pub run: PathBuf,
    /// The layer, as `explain --wrt` has it [default: the last one that all goes through and that still is a picture]
    #[arg(long, value_name = "NAME")]
    pub layer: Option<String>,
    /// What is taken apart: `activations`, or what the layer says for a target such as `value` or `action`
    #[arg(long, default_value = "value", allow_hyphen_values = true)]
    pub of: String,
    /// How many features
    #[arg(long, value_name = "COUNT", default_value_t = 8)]
    pub factors: usize,
    /// Most states that are looked at, evenly spread over the recorded steps
    #[arg(long, value_name = "COUNT", default_value_t = 1024)]
    pub states: usize,
    /// Which episodes: 3, 0..10 (0 to 9), 42.., several with commas [default: all that were recorded]
    #[arg(long, value_name = "LIST", value_parser = Episodes::parse)]
    pub episodes: Option<Episodes>,
    /// Which network: global step of a checkpoint [default: the newest]
    #[arg(long, value_name = "STEP")]
    pub checkpoint: Option<i64>,
    /// Write into this folder, for each feature, an image that excites it most, made by gradient ascent; with --json the numbers are printed too
    #[arg(long, value_name = "FOLDER")]
    pub images: Option<PathBuf>,
    /// Images of these features only, as 3 or 0,3; each is the same as in a list of all
    #[arg(long, value_name = "LIST", value_delimiter = ',', requires = "images")]
    pub features: Option<Vec<usize>>,
    /// Steps of the ascent
    #[arg(long, value_name = "COUNT", default_value_t = 200, requires = "images")]
    pub image_steps: usize,
    /// Other images for another number
    #[arg(long, value_name = "NUMBER", default_value_t = 0, requires = "images")]
    pub image_seed: u64,
    /// Print JSON, with the directions and every state that shows a feature
    #[arg(long)]
    pub json: bool,
}

/// `ethogram embed`
#[derive(Debug, Args)]
pub struct EmbedOptions {
    /// Where runs lie: runs, or a folder that holds some; folders, or s3://BUCKET/PREFIX
    #[arg(required = true)]
    pub runs: Vec<PathBuf>,
    /// How object stores are reached
    #[command(flatten)]
    pub stores: StoreOptions,
    /// What points are laid out by: observation, a field of steps, logged or derived, or layer/NAME
    #[arg(long, value_name = "NAME", default_value = "observation")]
    pub of: String,
    /// How: pca, umap or tsne
    #[arg(long, value_name = "NAME", default_value = "umap")]
    pub method: String,
    /// Dimensions of the layout, 2 or 3
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub dims: usize,
    /// Most points; of more steps so many are picked evenly
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    pub points: usize,
    /// Which episodes: 3, 0..10 (0 to 9), 42.., several with commas [default: all that were recorded]
    #[arg(long, value_name = "LIST", value_parser = Episodes::parse)]
    pub episodes: Option<Episodes>,
    /// Samples of this name instead of steps, as eg.probe logs them
    #[arg(long, value_name = "NAME", conflicts_with = "episodes")]
    pub samples: Option<String>,
    /// Global step of the checkpoint that is asked for layers [default: the one in force in each episode]
    #[arg(long, value_name = "STEP", allow_negative_numbers = true)]
    pub checkpoint: Option<i64>,
    /// A field whose values are labels that take part in the layout: near points of one are drawn together; with umap
    #[arg(long, value_name = "FIELD")]
    pub supervised_by: Option<String>,
    /// A number to write beside each point: value, action, q_values[max], confidence, time, …; may be given again
    #[arg(long = "with", value_name = "FIELD")]
    pub fields: Vec<String>,
    /// File to write; its name ends in .csv or .npz
    #[arg(short, long, value_name = "FILE", required_unless_present = "projector")]
    pub output: Option<PathBuf>,
    /// Folder to write for TensorBoard's projector: the points, their layout, what is said of each, and a sprite of the
    /// frames where there are any
    #[arg(long, value_name = "FOLDER")]
    pub projector: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Of the method
    #[command(flatten)]
    pub settings: MapSettings,
}

/// `ethogram check`
#[derive(Debug, Args)]
pub struct CheckOptions {
    /// A run: its folder, or s3://BUCKET/PREFIX, which is copied to a temporary folder first
    pub run: PathBuf,
    /// How object stores are reached
    #[command(flatten)]
    pub stores: StoreOptions,
    /// Rebuild logs that are missing or torn; rows found that way carry no checksum
    #[arg(long)]
    pub repair: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `ethogram compact`
#[derive(Debug, Args)]
pub struct CompactOptions {
    /// The folder of a run
    pub run: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `ethogram video`
#[derive(Debug, Args)]
pub struct VideoOptions {
    /// A run: its folder, or s3://BUCKET/PREFIX
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
    /// Where runs lie: runs, or a folder that holds some; folders, or s3://BUCKET/PREFIX
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
    /// Where runs lie: runs, or a folder that holds some; folders, or s3://BUCKET/PREFIX
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

fn steps_from_text(text: &str) -> Result<Range<u64>, String> {
    let fail = || format!("expected steps such as 100..400, 100.. or ..400, found {text:?}");
    let (from, to) = text.split_once("..").ok_or_else(fail)?;
    let end = |text: &str, open: u64| if text.is_empty() { Ok(open) } else { text.parse().map_err(|_| fail()) };
    let range = end(from.trim(), 0)?..end(to.trim(), u64::MAX)?;
    if range.is_empty() { Err(format!("{} holds no step: the last one is left out", text.trim())) } else { Ok(range) }
}

fn pattern_from_text(text: &str) -> Result<NamePattern, String> {
    NamePattern::parse(text)
}

fn setting_from_text(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() && !value.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(format!("expected a setting such as loop_share=0.1, found {text:?}")),
    }
}

fn endpoint_from_text(text: &str) -> Result<String, String> {
    if ["http://", "https://"].iter().any(|scheme| text.len() > scheme.len() && text.starts_with(scheme)) {
        return Ok(text.trim_end_matches('/').to_owned());
    }
    Err("expected an address such as https://s3.example.org or http://127.0.0.1:9000".to_owned())
}

fn address_from_text(text: &str) -> Result<IpAddr, String> {
    match text {
        "localhost" => Ok(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST)),
        _ => text.parse().map_err(|_| "expected an address such as 127.0.0.1, ::1 or 0.0.0.0".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_may_be_open_at_either_end() {
        assert_eq!(steps_from_text("100..400"), Ok(100..400));
        assert_eq!(steps_from_text("100.."), Ok(100..u64::MAX));
        assert_eq!(steps_from_text("..400"), Ok(0..400));
        for text in ["", "100", "100-400", "a..b", "-1..3", "400..100", "5..5"] {
            assert!(steps_from_text(text).is_err(), "{text}");
        }
    }
}
