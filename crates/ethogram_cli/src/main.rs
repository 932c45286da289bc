//! The `ethogram` program.

fn main() -> std::process::ExitCode {
    ethogram_cli::main(std::env::args_os())
}
