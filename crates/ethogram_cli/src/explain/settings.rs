//! `--steps 50`, `--rule riemann_left`: an option for every setting that a method has.

use std::collections::BTreeMap;

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};
use ethogram_query::ATTRIBUTIONS;

/// Settings of the method that were typed, by name.
#[derive(Clone, Debug, Default)]
pub struct Settings(pub BTreeMap<String, String>);

/// Every setting with what it does, and the methods that have it, each once.
fn known() -> Vec<(&'static str, &'static str, Vec<&'static str>)> {
    let mut known: Vec<(&str, &str, Vec<&str>)> = Vec::new();
    for method in ATTRIBUTIONS {
        for param in method.params {
            match known.iter_mut().find(|(name, ..)| *name == param.name) {
                Some((_, _, methods)) => methods.push(method.name),
                None => known.push((param.name, param.doc, vec![method.name])),
            }
        }
    }
    known
}

/// As it is typed: `baseline_step` is `--baseline-step`. The command line is described once a process, and its names live as long.
fn option_name(name: &'static str) -> &'static str {
    if name.contains('_') { name.replace('_', "-").leak() } else { name }
}

impl Args for Settings {
    fn augment_args(mut command: Command) -> Command {
        for (name, doc, methods) in known() {
            let help = format!("{doc} ({})", methods.join(", "));
            let option = Arg::new(name).long(option_name(name)).value_name("VALUE").help(help);
            command = command.arg(option.help_heading("Settings of methods").allow_hyphen_values(true));
        }
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Settings {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given =
            |(name, ..): (&'static str, _, _)| Some((name.to_owned(), matches.get_one::<String>(name)?.clone()));
        Ok(Self(known().into_iter().filter_map(given).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
