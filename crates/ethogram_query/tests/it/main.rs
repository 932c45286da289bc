//! Questions to a workbench, answered over runs in memory and on disk.

mod derivations;
mod disk;
mod documents;
mod explanation;
mod group;
mod laws;
mod memory;
mod native;
mod policy;
mod workbench;
