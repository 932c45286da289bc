//! `--steps 50`, `--rule riemann_left`: an option for every setting that a method has.

use std::collections::BTreeMap;

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};
use ethogram_query::{ATTRIBUTIONS, Setting};

/// Settings of the method that were typed, by name.
#[derive(Clone, Debug, Default)]
pub struct Settings(pub BTreeMap<String, String>);

/// A setting by name, what it does, and the methods that have it.
pub type Known = (&'static str, &'static str, Vec<&'static str>);

/// Every setting of some methods, each once.
pub fn known_of(methods: impl Iterator<Item = (&'static str, &'static [Setting])>) -> Vec<Known> {
    let mut known: Vec<Known> = Vec::new();
    for (method, params) in methods {
        for param in params {
            match known.iter_mut().find(|(name, ..)| *name == param.name) {
                Some((_, _, methods)) => methods.push(method),
                None => known.push((param.name, param.doc, vec![method])),
            }
        }
    }
    known
}

/// An option for each of them.
pub fn with_options(mut command: Command, known: Vec<Known>) -> Command {
    for (name, doc, methods) in known {
        let help = format!("{doc} ({})", methods.join(", "));
        let option = Arg::new(name).long(option_name(name)).value_name("VALUE").help(help);
        command = command.arg(option.help_heading("Settings of methods").allow_hyphen_values(true));
    }
    command
}

/// Those that were typed.
pub fn given_of(matches: &ArgMatches, known: Vec<Known>) -> BTreeMap<String, String> {
    let given = |(name, ..): Known| Some((name.to_owned(), matches.get_one::<String>(name)?.clone()));
    known.into_iter().filter_map(given).collect()
}

/// As it is typed: `baseline_step` is `--baseline-step`. The command line is described once a process, and its names live as long.
fn option_name(name: &'static str) -> &'static str {
    if name.contains('_') { name.replace('_', "-").leak() } else { name }
}

fn known() -> Vec<Known> {
    known_of(ATTRIBUTIONS.iter().map(|method| (method.name, method.params)))
}

impl Args for Settings {
    fn augment_args(command: Command) -> Command {
        with_options(command, known())
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Settings {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Ok(Self(given_of(matches, known())))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
