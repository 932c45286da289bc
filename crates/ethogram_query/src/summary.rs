//! A run in one row of a table.

use std::collections::BTreeMap;

use ethogram_store::{Revision, RunId, RunState};
use serde_json::Value;

/// What the table of runs shows.
#[derive(Clone, Debug, PartialEq)]
pub struct RunSummary {
    /// Which.
    pub id: RunId,
    /// For people.
    pub name: String,
    /// Runs that belong together.
    pub project: String,
    /// Runs to be averaged over seeds share a group.
    pub group: Option<String>,
    /// Free words.
    pub tags: Vec<String>,
    /// What the author said of it.
    pub notes: String,
    /// Now: a running run that has not been heard of for a minute has crashed.
    pub state: RunState,
    /// Microseconds since 1970.
    pub created_us: i64,
    /// When the writer was last heard of, microseconds since 1970.
    pub heartbeat_us: i64,
    /// When it ended, if it did.
    pub ended_us: Option<i64>,
    /// Largest global step logged.
    pub global_step: Option<i64>,
    /// Episodes known.
    pub episodes: u64,
    /// Episodes whose steps were recorded.
    pub recorded: u64,
    /// Hyper-parameters, nested as given.
    pub config: Value,
    /// For example `Breakout-v5`.
    pub env_id: Option<String>,
    /// Last value of each scalar.
    pub summary: BTreeMap<String, f64>,
    /// Grows whenever the run does.
    pub revision: Revision,
    /// Parts that could not be read.
    pub lost: usize,
    /// Values dropped by the writer.
    pub dropped: u64,
    /// The writer's first error of the disk.
    pub fault: Option<String>,
    /// Label of the root that holds it.
    pub root: String,
}
