//! `--n-neighbors 30`: an option for every setting that a method has.

use std::collections::BTreeMap;

use clap::{ArgMatches, Args, Command, FromArgMatches};
use ethogram_query::MAP_METHODS;

use crate::explain::{Known, given_of, known_of, with_options};

/// Settings of the method that were typed, by name.
#[derive(Clone, Debug, Default)]
pub struct MapSettings(pub BTreeMap<String, String>);

fn known() -> Vec<Known> {
    known_of(MAP_METHODS.iter().map(|method| (method.name, method.params)))
}

impl Args for MapSettings {
    fn augment_args(command: Command) -> Command {
        with_options(command, known())
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for MapSettings {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Ok(Self(given_of(matches, known())))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
