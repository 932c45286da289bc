//! Some rows of one tensor tag, read a few at a time: a million weights at a hundred steps would not fit in memory at once.

use std::ops::Range;

use ethogram_store::{Axis, RunSource, TensorKind, TensorRow};

use crate::run_handle::axis_name;
use crate::{Error, Result, RunHandle};

/// Most rows of one question.
pub const TENSOR_ROWS_MAX: usize = 1_000;
/// Most elements that one question looks at.
pub const TENSOR_ELEMENTS_MAX: u64 = 1 << 28;
/// Rows are read together while they take about so many bytes.
const READ_BYTES: usize = 16 << 20;
/// Rows that are read together at most: a tag may grow from row to row.
const READ_ROWS_MAX: usize = 64;

/// Which rows are looked at: all in a range, or so many spread evenly, the first and the last among them.
pub(crate) struct TensorRows<'a> {
    source: &'a dyn RunSource,
    axis: Axis,
    tag: &'a str,
    /// Rows logged in the range.
    pub logged: u64,
    picked: Vec<i64>,
    /// How many logged rows lie between two that are picked.
    stride: usize,
}

impl<'a> TensorRows<'a> {
    /// **Errors**: there is no tensor or distribution of that name; `rows` is 0 or over [`TENSOR_ROWS_MAX`].
    pub fn pick(run: &'a RunHandle, axis: Axis, tag: &'a str, range: Range<i64>, rows: usize) -> Result<Self> {
        check_rows(rows)?;
        let source = run.source().as_ref();
        let kind = source.tensor_tags().into_iter().find(|known| known.axis == axis && known.tag == tag);
        let found = match kind.map(|known| known.kind) {
            Some(TensorKind::Tensor | TensorKind::Distribution) => {
                let range = range.start..range.end.max(range.start);
                let steps = source.tensor_steps(axis, tag, range)?;
                let picked = evenly(&steps, rows);
                let stride = steps.len().div_ceil(picked.len().max(1));
                return Ok(Self { source, axis, tag, logged: steps.len() as u64, picked, stride });
            }
            Some(TensorKind::Image) => "pictures",
            Some(TensorKind::Text) => "texts",
            None => "nothing",
        };
        let expected = "tensor or distribution";
        Err(Error::NoNumbers { run: run.id().clone(), axis: axis_name(axis), tag: tag.to_owned(), expected, found })
    }

    /// Calls `see` with each row, ascending by step. **Errors**: over [`TENSOR_ELEMENTS_MAX`].
    pub fn each(&self, mut see: impl FnMut(&TensorRow) -> Result<()>) -> Result<()> {
        let (mut at, mut together, mut elements) = (0, 1, 0);
        while at < self.picked.len() {
            let wanted = &self.picked[at..(at + together).min(self.picked.len())];
            let range = wanted[0]..wanted[wanted.len() - 1].saturating_add(1);
            let mut bytes = 1;
            for row in self.source.tensors(self.axis, self.tag, range)? {
                if wanted.binary_search(&row.step).is_err() {
                    continue;
                }
                elements += row.array.len() as u64;
                if elements > TENSOR_ELEMENTS_MAX {
                    let what = format!("elements of {} rows of {:?}", self.picked.len(), self.tag);
                    return Err(Error::TooLarge { what, limit: TENSOR_ELEMENTS_MAX, found: elements });
                }
                bytes = bytes.max(row.array.data().len());
                see(&row)?;
            }
            at += wanted.len();
            together = (READ_BYTES / (bytes * self.stride)).clamp(1, READ_ROWS_MAX);
        }
        Ok(())
    }
}

/// **Errors**: 0, or over [`TENSOR_ROWS_MAX`].
pub(crate) fn check_rows(rows: usize) -> Result<()> {
    if (1..=TENSOR_ROWS_MAX).contains(&rows) {
        return Ok(());
    }
    Err(Error::BadParam {
        field: "tensors".into(),
        param: "rows".into(),
        expected: format!("1 to {TENSOR_ROWS_MAX}"),
        found: rows.to_string(),
    })
}

fn evenly(steps: &[i64], rows: usize) -> Vec<i64> {
    match (steps.len(), rows) {
        (all, rows) if all <= rows => steps.to_vec(),
        (all, 1) => vec![steps[all - 1]],
        (all, rows) => (0..rows).map(|i| steps[i * (all - 1) / (rows - 1)]).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::evenly;

    #[test]
    fn picked_rows_hold_the_first_and_the_last() {
        let steps: Vec<i64> = (0..10).map(|i| i * 5).collect();
        assert_eq!(evenly(&steps, 4), [0, 15, 30, 45]);
        assert_eq!(evenly(&steps, 10), steps);
        assert_eq!(evenly(&steps, 1), [45]);
        assert_eq!(evenly(&[], 3), [0_i64; 0]);
    }
}
