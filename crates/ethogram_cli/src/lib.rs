//! The `ethogram` command, as a library: the binary and the Python wheel both call [`run`].

mod commands;
mod disk;
mod drawn_features;
mod embed;
mod explain;
mod options;
mod outcomes;
mod parallel;
mod phases;
mod runs;
mod table;
mod text;

use std::{ffi::OsString, process::ExitCode};

use clap::{Parser, error::ErrorKind};

pub use crate::explain::Progress;
use crate::options::{Command, Options};
pub use crate::phases::Phases;

/// Commands that only the Python package has, as `python/ethogram/__main__.py` lists them.
const IN_PYTHON: [&str; 3] = ["rollout", "reproduce", "convert"];

/// Runs the command that `args` spell, the program's name first, and gives the code to exit with:
/// 0 when all went well, 1 when it failed or `check` found something lost, 2 when the arguments make no sense.
pub fn run(args: impl IntoIterator<Item = OsString>) -> u8 {
    let args: Vec<OsString> = args.into_iter().collect();
    let options = match Options::try_parse_from(&args) {
        Ok(options) => options,
        Err(error) => {
            let name = args.get(1).and_then(|word| word.to_str()).unwrap_or_default();
            if error.kind() == ErrorKind::InvalidSubcommand && IN_PYTHON.contains(&name) {
                eprintln!("error: {name} needs Python; with the package ethogram: python -m ethogram {name}");
                return 2;
            }
            // A closed pipe is no reason to fail in another way.
            let _ = error.print();
            return u8::try_from(error.exit_code()).unwrap_or(2);
        }
    };
    let done = match options.command {
        Command::Serve(options) => commands::serve::serve(&options),
        Command::Ls(options) => commands::ls::ls(&options),
        Command::Info(options) => commands::info::info(&options),
        Command::Compare(options) => commands::compare::compare(&options),
        Command::Events(options) => commands::events::events(&options),
        Command::Explain(options) => commands::explain::explain(&options),
        Command::Features(options) => commands::features::features(&options),
        Command::Embed(options) => commands::embed::embed(&options),
        Command::Check(options) => commands::check::check(&options),
        Command::Compact(options) => commands::compact::compact(&options),
        Command::Video(options) => commands::video::video(&options),
        Command::Export(options) => commands::export::export(&options),
        Command::Report(options) => commands::report::report(&options, args.get(1..).unwrap_or_default()),
        Command::Push(options) => commands::push::push(&options),
        Command::Pull(options) => commands::pull::pull(&options),
        Command::Import(options) => commands::import::import(&options),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {}", text::shown(&text_from_error(&error)));
            1
        }
    }
}

/// [`run`], for a `main` function.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    ExitCode::from(run(args))
}

/// The error and its causes, each said once: most of our errors tell their cause themselves.
fn text_from_error(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |text, cause| match text.as_str() {
        "" => cause,
        told if told.contains(&cause) => text,
        _ => format!("{text}: {cause}"),
    })
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    #[test]
    fn a_cause_is_told_once() {
        let error = || anyhow::anyhow!("disk full");
        assert_eq!(text_from_error(&error().context("cannot write")), "cannot write: disk full");
        assert_eq!(
            text_from_error(&error().context("cannot write: disk full; make room")),
            "cannot write: disk full; make room"
        );
        let io = std::io::Error::other("broken");
        assert_eq!(text_from_error(&Err::<(), _>(io).context("reading").expect_err("an error")), "reading: broken");
    }
}
