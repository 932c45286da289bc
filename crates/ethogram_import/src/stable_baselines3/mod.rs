//! What Stable-Baselines3 leaves behind beside event files.

mod evaluations;
mod monitor;

pub use evaluations::Evaluations;
pub use monitor::{Monitors, is_monitor_file};

/// The format, for people.
pub const FORMAT: &str = "sb3";
