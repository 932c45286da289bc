//! Points of curves, a row each.

use std::ops::Range;
use std::sync::Arc;

use ethogram_store::Axis;

use super::{Cells, TABLE_CELLS_MAX, Table, check_cells};
use crate::run_handle::axis_name;
use crate::{Error, Result, RunHandle};

const COLUMNS: u64 = 7;
/// Most bytes of the names that stand in each row, all rows together.
const TABLE_NAME_BYTES_MAX: u64 = 1 << 30;

/// Which points.
pub struct PointsRequest<'a> {
    /// On this axis alone; on all when left out.
    pub axis: Option<Axis>,
    /// Scalars that are wanted, by name.
    pub is_wanted: &'a dyn Fn(&str) -> bool,
    /// Steps of the axis.
    pub range: Range<i64>,
}

impl Table {
    /// The points of scalars as they were logged, run after run, tag after tag, those made of episodes too (`episode_return`, …).
    ///
    /// # Errors
    /// No run has such a scalar; more than [`TABLE_CELLS_MAX`] cells; points that cannot be read.
    pub fn of_points(runs: &[Arc<RunHandle>], request: &PointsRequest<'_>) -> Result<Self> {
        let (mut ids, mut names, mut axes, mut tags) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (mut steps, mut times, mut values) = (Vec::new(), Vec::new(), Vec::new());
        let (mut found, mut name_bytes) = (false, 0_u64);
        for run in runs {
            for tag in run.scalar_tags() {
                if request.axis.is_some_and(|axis| axis != tag.axis) || !(request.is_wanted)(&tag.tag) {
                    continue;
                }
                found = true;
                let points = run.points(tag.axis, &tag.tag, &request.range, TABLE_CELLS_MAX)?;
                let rows = points.step.len();
                check_cells((steps.len() + rows) as u64, COLUMNS)?;
                let each = [&run.id().0, &run.info().name, axis_name(tag.axis), &tag.tag].map(|text| text.len() as u64);
                name_bytes = name_bytes.saturating_add(each.iter().sum::<u64>().saturating_mul(rows as u64));
                if name_bytes > TABLE_NAME_BYTES_MAX {
                    let what = "bytes of the names in all rows of the table (TABLE_NAME_BYTES_MAX)".into();
                    return Err(Error::TooLarge { what, limit: TABLE_NAME_BYTES_MAX, found: name_bytes });
                }
                let repeat = |text: &str| std::iter::repeat_n(Some(text.to_owned()), rows);
                ids.extend(repeat(&run.id().0));
                names.extend(repeat(&run.info().name));
                axes.extend(repeat(axis_name(tag.axis)));
                tags.extend(repeat(&tag.tag));
                steps.extend(points.step.into_iter().map(Some));
                times.extend(points.time_us.into_iter().map(Some));
                values.extend(points.value.into_iter().map(Some));
            }
        }
        if !found {
            return Err(Error::NothingToExport {
                why: "no scalar of these runs is called so; `ethogram info RUN` lists them".into(),
            });
        }
        let mut table = Self::default();
        table.push("run", Cells::Texts(ids));
        table.push("name", Cells::Texts(names));
        table.push("axis", Cells::Texts(axes));
        table.push("tag", Cells::Texts(tags));
        table.push("step", Cells::Integers(steps));
        table.push("time_us", Cells::Integers(times));
        table.push("value", Cells::Numbers(values));
        Ok(table)
    }
}
