//! Questions to a workbench, answered over runs in memory and on disk.

mod memory;
mod workbench;
