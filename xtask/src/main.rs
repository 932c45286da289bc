//! Automation of the project: `cargo xtask tidy` checks what a machine can check of the house style.

use anyhow::Result;
use clap::{Parser, Subcommand};

mod root;
mod tidy;

#[derive(Parser)]
#[command(name = "xtask", about = "Automation of the project")]
struct Args {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Checks what the house style says and a machine can see: imports, names, long files, the feature table.
    Tidy,
}

fn main() -> Result<()> {
    match Args::parse().task {
        Task::Tidy => tidy::run(),
    }
}
