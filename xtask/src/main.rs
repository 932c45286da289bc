//! Automation of the project: the style that a machine can check, the benches, and the crash test.

use anyhow::Result;
use clap::{Parser, Subcommand};

mod bench;
mod crash;
mod random;
mod root;
mod sbom;
mod statistics;
mod tidy;
mod wire;

/// As in the command and the package (docs/decisions/0006), so that the benches measure what people run.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
    /// Writes the TypeScript of what the server sends, from the Rust that sends it.
    Wire,
    /// Measures ours against a peer; without a name, lists the benches.
    Bench(bench::BenchArgs),
    /// Kills a process that logs, again and again, and looks at what it leaves.
    Crash(crash::CrashArgs),
    /// Lists all that Ethogram is made of, as `CycloneDX`, and refuses licences that cannot be passed on.
    Sbom(sbom::SbomArgs),
}

fn main() -> Result<()> {
    match Args::parse().task {
        Task::Tidy => tidy::run(),
        Task::Wire => wire::run(),
        Task::Bench(args) => bench::run(&args),
        Task::Crash(args) => crash::run(&args),
        Task::Sbom(args) => sbom::run(&args),
    }
}
