//! A run in one row of a table.

use std::sync::Arc;

use ethogram_store::{Revision, RunCounts, RunInfo, RunState, RunStatus, Words};

/// What the table of runs shows, as the store has it.
#[derive(Clone, Debug, PartialEq)]
pub struct RunSummary {
    /// Who and what it is.
    pub info: Arc<RunInfo>,
    /// The format that it lies in: `ethogram`, or what another tool wrote.
    pub format: &'static str,
    /// What people call it.
    pub words: Words,
    /// How it stands, as its writer said last; episodes are those of [`RunSummary::counts`].
    pub status: RunStatus,
    /// How it stands now: a running run that has not been heard of for a minute has crashed.
    pub state: RunState,
    /// Episodes and lost parts, as far as they were counted.
    pub counts: RunCounts,
    /// Grows whenever the run does.
    pub revision: Revision,
    /// Label of the root that holds it.
    pub root: String,
}
