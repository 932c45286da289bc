//! What can be typed.

#![expect(clippy::doc_markdown, reason = "the help of the command is no Markdown")]

mod copies;
mod explanations;
mod runs;
mod value;

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use value::{address_from_text, endpoint_from_text};

pub use copies::{ExportOptions, ImportOptions, PullOptions, PushOptions, ReportOptions, VideoOptions};
pub use explanations::{EmbedOptions, ExplainOptions, FeaturesOptions};
pub use runs::{CompareOptions, ComparePart, EventsOptions, InfoOptions, LsOptions};

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
    /// List runs, with the mean return of their last 100 episodes
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

/// `ethogram check`
#[derive(Debug, Args)]
pub struct CheckOptions {
    /// A run: its folder, its id or name in ./runs or the beginning of the id, or s3://BUCKET/PREFIX, which is copied to a temporary folder first
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
