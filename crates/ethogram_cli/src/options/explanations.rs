//! Options of what explains a policy.

#![expect(clippy::doc_markdown, reason = "the help of the command is no Markdown")]

use std::path::PathBuf;

use clap::Args;

use super::StoreOptions;
use crate::embed::MapSettings;
use crate::explain::{Episodes, Settings};

/// `ethogram explain`
#[derive(Debug, Args)]
pub struct ExplainOptions {
    /// A run: its folder, or its id or name in ./runs or the beginning of the id
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
    /// Share the episodes among a Ray cluster (the Python package's command)
    #[arg(long, value_name = "ADDRESS", num_args = 0..=1, default_missing_value = "")]
    pub ray: Option<String>,
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
    /// A run: its folder, or its id or name in ./runs or the beginning of the id
    pub run: PathBuf,
    /// The layer, as `explain --wrt` has it [default: the last one that all goes through and that still is a picture]
    #[arg(long, value_name = "NAME")]
    pub layer: Option<String>,
    /// What is taken apart: `activations`, or what the layer says for a target such as `value` or `action` [default: value; activations where the
    /// value does not go through the layer]
    #[arg(long, allow_hyphen_values = true)]
    pub of: Option<String>,
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
    /// Where runs lie: runs, or a folder that holds some; folders, ids or names in ./runs, or s3://BUCKET/PREFIX
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
