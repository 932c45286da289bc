//! Fields: named quantities over an axis.

use serde::{Deserialize, Serialize};

use crate::Dtype;

/// What indexes a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Axis {
    /// Environment steps of the whole run.
    GlobalStep,
    /// Reset to end.
    Episode,
    /// Index in the episode, from 0.
    Step,
    /// Weights at one update.
    Checkpoint,
    /// Probe states that belong to no episode.
    Sample,
}

/// Describes a logged field: its name, where it lies and what one row holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FieldInfo {
    /// `action`, `observation`, `observation/position`, `value`, …
    pub name: String,
    /// What indexes its rows.
    pub axis: Axis,
    /// Element type; `None` for text.
    pub dtype: Option<Dtype>,
    /// Shape of one row; empty for a single number.
    pub shape: Vec<usize>,
    /// Stored by a frame codec: ask for frame groups rather than raw rows when drawing.
    pub image: bool,
    /// Index in `shape` of the frame-stack axis, if any.
    pub stack_axis: Option<usize>,
}

/// Rows of one field.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// What each row is.
    pub info: FieldInfo,
    /// Index of the first row on its axis.
    pub first: u64,
    /// The rows.
    pub data: ColumnData,
    /// False where nothing was logged; `None` when all rows are there. As long as the rows.
    pub valid: Option<Vec<bool>>,
}

/// The values of a column.
#[derive(Clone, Debug, PartialEq)]
pub enum ColumnData {
    /// Row after row, little-endian, C order. Rows that are not valid hold zeros.
    Numeric(Vec<u8>),
    /// One string a row.
    Text(Vec<String>),
}

impl Column {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        match &self.data {
            ColumnData::Numeric(bytes) => bytes.len().checked_div(self.row_bytes()).unwrap_or(0),
            ColumnData::Text(rows) => rows.len(),
        }
    }

    /// Bytes of one row; zero for text.
    pub fn row_bytes(&self) -> usize {
        self.info.dtype.map_or(0, |dtype| dtype.size() * self.info.shape.iter().product::<usize>())
    }

    /// True when row `index` was logged.
    pub fn is_valid(&self, index: usize) -> bool {
        self.valid.as_ref().is_none_or(|valid| valid[index])
    }

    /// Every element as a double, row after row; NaN where nothing was logged. Empty for text.
    pub fn to_f64(&self) -> Vec<f64> {
        let (ColumnData::Numeric(bytes), Some(dtype)) = (&self.data, self.info.dtype) else { return Vec::new() };
        let per_row = self.info.shape.iter().product::<usize>();
        bytes
            .chunks_exact(dtype.size())
            .enumerate()
            .map(|(i, raw)| if self.is_valid(i / per_row.max(1)) { dtype.read_f64(raw) } else { f64::NAN })
            .collect()
    }
}
