//! Episodes that a writer who is gone left open.

use super::claims::Claims;
use crate::{EpisodeEnd, EpisodeRow, Result, RunSource};

/// The open episodes of writers that are gone, with an end: the last sign of life, so that nobody takes them for live while the run goes on.
/// How they ended stays unknown: `end` is open as before. Those of a writer that still writes the run are not among them.
pub(super) fn left_episodes(run: &dyn RunSource, claims: &Claims, heartbeat_us: i64) -> Result<Vec<EpisodeRow>> {
    let mut left = Vec::new();
    for block in claims.left() {
        let rows = run.episodes(block)?.into_iter();
        let open = rows.filter(|row| row.end == EpisodeEnd::Open && row.ended_us.is_none());
        left.extend(open.map(|row| EpisodeRow { ended_us: Some(heartbeat_us.max(row.started_us)), ..row }));
    }
    Ok(left)
}
