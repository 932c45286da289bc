//! Episodes of runs, a row each.

use std::sync::Arc;

use ethogram_store::EpisodeRow;

use super::{Cells, Table, check_cells};
use crate::{Result, RunHandle};

const COLUMNS: u64 = 19;

impl Table {
    /// Every episode of these runs: what its row has, and `extra` as JSON.
    ///
    /// # Errors
    /// More than [`super::TABLE_CELLS_MAX`] cells; episodes that cannot be read.
    pub fn of_episodes(runs: &[Arc<RunHandle>]) -> Result<Self> {
        let mut rows: Vec<(&RunHandle, EpisodeRow)> = Vec::new();
        for run in runs {
            rows.extend(run.source().episodes(0..u64::MAX)?.into_iter().map(|row| (run.as_ref(), row)));
            check_cells(rows.len() as u64, COLUMNS)?;
        }
        let texts =
            |of: &dyn Fn(&(&RunHandle, EpisodeRow)) -> Option<String>| Cells::Texts(rows.iter().map(of).collect());
        let whole = |of: fn(&EpisodeRow) -> Option<i64>| Cells::Integers(rows.iter().map(|(_, row)| of(row)).collect());
        let numbers =
            |of: fn(&EpisodeRow) -> Option<f64>| Cells::Numbers(rows.iter().map(|(_, row)| of(row)).collect());
        let truths = |of: fn(&EpisodeRow) -> bool| Cells::Truths(rows.iter().map(|(_, row)| Some(of(row))).collect());
        let mut table = Self::default();
        table.push("run", texts(&|(run, _)| Some(run.id().0.clone())));
        table.push("name", texts(&|(run, _)| Some(run.info().name.clone())));
        table.push("episode", whole(|row| Some(row.episode as i64)));
        table.push("env_index", whole(|row| Some(i64::from(row.env_index))));
        table.push("agent", texts(&|(_, row)| row.agent.clone()));
        table.push("seed", whole(|row| row.seed));
        table.push("end", texts(&|(_, row)| serde_json::to_value(row.end).ok()?.as_str().map(str::to_owned)));
        table.push("episode_return", numbers(|row| Some(row.episode_return)));
        table.push("length", whole(|row| Some(row.length as i64)));
        table.push("global_step", whole(|row| Some(row.global_step)));
        table.push("started_us", whole(|row| Some(row.started_us)));
        table.push("ended_us", whole(|row| row.ended_us));
        table.push("recorded", truths(|row| row.recorded));
        table.push("evaluation", truths(|row| row.evaluation));
        table.push("checkpoint", whole(|row| row.checkpoint));
        table.push("env_return", numbers(|row| row.env_return));
        let extra = |row: &EpisodeRow| serde_json::to_string(&row.extra).ok().filter(|_| !row.extra.is_empty());
        table.push("extra", texts(&|(_, row)| extra(row)));
        Ok(table)
    }
}
