//! The `ethogram` program.

/// Answers are made of arrays of some 100 kB that live for milliseconds; this keeps their pages (docs/decisions/0006).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    ethogram_cli::main(std::env::args_os())
}
