//! Runs the program and keeps what it says.

use std::process::{Command, Stdio};

/// What a run of the program came to.
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// The program, not yet started.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ethogram"));
    command.env_remove("ETHOGRAM_TOKEN").stdin(Stdio::null());
    command
}

/// Runs the program to its end.
pub fn run(args: &[&str]) -> Said {
    let output = program().args(args).output().expect("the program starts");
    Said {
        code: output.status.code().expect("a code, not a signal"),
        out: String::from_utf8(output.stdout).expect("UTF-8"),
        err: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}
