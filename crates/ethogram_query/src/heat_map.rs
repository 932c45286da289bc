//! The entries of a tensor over its axis, summarised for a screen.

use std::ops::Range;

use ethogram_store::{Axis, TensorKind, TensorRow};

use crate::tensor_rows::TensorRows;
use crate::{Error, Result, RunHandle};

/// Most cells of one row.
pub const ENTRIES_MAX: usize = 4_096;

/// Asks for the entries of one tensor.
#[derive(Clone, Debug, PartialEq)]
pub struct HeatMapRequest {
    /// What indexes it.
    pub axis: Axis,
    /// The tensor.
    pub tag: String,
    /// Steps on the axis.
    pub range: Range<i64>,
    /// Most rows; of more, so many are picked evenly.
    pub rows: usize,
    /// Most cells of a row, at most [`ENTRIES_MAX`]; of more entries, neighbours share a cell.
    pub entries: usize,
}

/// Rows of cells.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HeatMap {
    /// Shape of the tensor at its last row; rows of other shapes are left out.
    pub shape: Vec<usize>,
    /// Entries that share a cell; the last cell may have fewer.
    pub per_cell: usize,
    /// Rows logged in the range.
    pub logged: u64,
    /// Rows of another shape, or that are no tensor.
    pub left_out: u64,
    /// Step of each row, ascending.
    pub step: Vec<i64>,
    /// Microseconds since 1970.
    pub time_us: Vec<i64>,
    /// Cells of each row, one row after the other: the mean of the finite entries, NaN where there is none.
    pub cells: Vec<f64>,
}

impl HeatMap {
    pub(crate) fn read(run: &RunHandle, request: &HeatMapRequest) -> Result<Self> {
        if !(1..=ENTRIES_MAX).contains(&request.entries) {
            return Err(Error::BadParam {
                field: request.tag.clone(),
                param: "entries".into(),
                expected: format!("1 to {ENTRIES_MAX}"),
                found: request.entries.to_string(),
            });
        }
        let rows = TensorRows::pick(run, request.axis, &request.tag, request.range.clone(), request.rows)?;
        let mut made = Self { logged: rows.logged, per_cell: 1, ..Self::default() };
        let mut before = 0;
        rows.each(|row| {
            if row.kind != TensorKind::Tensor || row.array.is_empty() {
                made.left_out += 1;
                return Ok(());
            }
            if row.array.shape() != made.shape {
                // What came before had another shape: the newest shape is the one that is asked about.
                made.left_out += before;
                before = 0;
                made.shape = row.array.shape().to_vec();
                made.per_cell = row.array.len().div_ceil(request.entries);
                (made.step, made.time_us, made.cells) = (Vec::new(), Vec::new(), Vec::new());
            }
            before += 1;
            made.step.push(row.step);
            made.time_us.push(row.time_us);
            made.cells.extend(cells(row, made.per_cell));
            Ok(())
        })?;
        Ok(made)
    }

    /// Cells of each row.
    pub fn width(&self) -> usize {
        if self.step.is_empty() { 0 } else { self.cells.len() / self.step.len() }
    }
}

fn cells(row: &TensorRow, per_cell: usize) -> impl Iterator<Item = f64> {
    let dtype = row.array.dtype();
    row.array.data().chunks(per_cell * dtype.size()).map(move |cell| {
        let values = cell.chunks_exact(dtype.size()).map(|bytes| dtype.read_f64(bytes));
        let (sum, count) =
            values.filter(|value| value.is_finite()).fold((0.0, 0_u32), |(sum, count), value| (sum + value, count + 1));
        if count == 0 { f64::NAN } else { sum / f64::from(count) }
    })
}
