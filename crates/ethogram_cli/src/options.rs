//! What can be typed.

use std::{net::IpAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand};

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
    /// Read everything in a run, compare it with its checksums, and say what was lost
    Check(CheckOptions),
    /// Pack a finished run into few large files; it reads the same
    Compact(CompactOptions),
}

/// `ethogram serve`
#[derive(Debug, Args)]
pub struct ServeOptions {
    /// Folders that hold runs: a run, a project or anything above [default: runs]
    pub roots: Vec<PathBuf>,
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
    /// Memory for derived fields, for example 512M or 2G
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

/// `ethogram ls`
#[derive(Debug, Args)]
pub struct LsOptions {
    /// Folders that hold runs: a run, a project or anything above [default: runs]
    pub roots: Vec<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `ethogram info`
#[derive(Debug, Args)]
pub struct InfoOptions {
    /// The folder of a run
    pub run: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `ethogram check`
#[derive(Debug, Args)]
pub struct CheckOptions {
    /// The folder of a run
    pub run: PathBuf,
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

fn address_from_text(text: &str) -> Result<IpAddr, String> {
    match text {
        "localhost" => Ok(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST)),
        _ => text.parse().map_err(|_| "expected an address such as 127.0.0.1, ::1 or 0.0.0.0".to_owned()),
    }
}
