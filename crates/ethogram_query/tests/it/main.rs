//! Questions to a workbench, answered over runs in memory and on disk.

mod benchmark;
mod derivations;
mod disk;
mod documents;
mod events;
mod explanation;
mod features;
mod group;
mod laws;
mod maps;
mod memory;
mod native;
mod network;
mod parameters;
mod policy;
#[allow(dead_code, reason = "the tests of the crate that makes films look at more of it")]
#[path = "../../../ethogram_video/tests/it/read_back.rs"]
mod read_back;
mod together;
mod video;
mod what_if;
mod workbench;
