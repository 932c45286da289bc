//! Sealed files: what live segments become once they are full. Immutable, sorted, and readable by other tools as they are.

mod frames;
mod order;
mod regroup;
mod rollup;
mod rows;
mod scalars;
mod steps;
mod table;
mod tensors;
#[cfg(test)]
mod tests;

use arrow_array::RecordBatch;

pub use frames::SealedFrames;
pub use rollup::Rollup;
pub use rows::read_sealed_rows;
pub use scalars::{SealedScalars, TagExtent};
pub use steps::SealedSteps;
pub use table::{SealedBytes, Table};
pub use tensors::SealedTensors;

use crate::columns::frames_from;
pub use crate::manifest::FileEntry;
use crate::{Kind, Result};

/// The sealed form of some rows, and what a manifest says of them.
#[derive(Debug)]
pub struct Built {
    /// The sealed file.
    pub data: SealedBytes,
    /// Buckets of scalars, where some tag has enough points.
    pub rollup: Option<SealedBytes>,
    /// Smallest step; 0 when the kind has none.
    pub min_step: i64,
    /// Largest step.
    pub max_step: i64,
    /// Smallest and largest episode.
    pub episodes: Option<(u64, u64)>,
}

/// Seals the rows of all batches, which come oldest first: sorted, of rows with the same key only the newest.
///
/// # Errors
/// [`crate::Error::ShapeMismatch`] when a column has two types; [`crate::Error::Corrupt`] when a column that the kind needs is missing
/// or a frame group cannot be decoded.
pub fn build(kind: Kind, batches: &[RecordBatch]) -> Result<Built> {
    if kind == Kind::Frames {
        return build_frames(batches);
    }
    let sorted = order::sorted(kind, batches)?;
    let mut rollup = None;
    let data = match kind {
        Kind::Scalars => {
            rollup = rollup::write(&sorted)?;
            scalars::write(&sorted)?
        }
        Kind::Steps => steps::write(&sorted)?,
        Kind::Tensors => tensors::write(&sorted)?,
        Kind::Episodes | Kind::Checkpoints | Kind::Frames => rows::write(&sorted)?,
    };
    let (mut min_step, mut max_step) = (0, 0);
    match kind {
        Kind::Scalars | Kind::Tensors => (min_step, max_step) = extent(order::steps_i64(&sorted, "step")?),
        Kind::Checkpoints => (min_step, max_step) = extent(order::steps_i64(&sorted, "global_step")?),
        Kind::Steps => {
            let (min, max) = extent(order::steps_u64(&sorted, "step")?);
            (min_step, max_step) = (min as i64, max as i64);
        }
        Kind::Episodes | Kind::Frames => {}
    }
    let episodes = match kind {
        Kind::Steps | Kind::Episodes if sorted.num_rows() > 0 => Some(extent(order::steps_u64(&sorted, "episode")?)),
        _ => None,
    };
    Ok(Built { data, rollup, min_step, max_step, episodes })
}

fn build_frames(batches: &[RecordBatch]) -> Result<Built> {
    let mut groups = Vec::new();
    for batch in batches {
        groups.extend(frames_from(batch)?);
    }
    let steps: Vec<i64> =
        groups.iter().flat_map(|g| [g.first, g.first + u64::from(g.count).max(1) - 1]).map(|s| s as i64).collect();
    let numbers: Vec<u64> = groups.iter().map(|group| group.episode).collect();
    let episodes = (!numbers.is_empty()).then(|| extent(&numbers));
    let (min_step, max_step) = extent(&steps);
    Ok(Built { data: frames::write(groups)?, rollup: None, min_step, max_step, episodes })
}

fn extent<T: Ord + Copy + Default>(values: &[T]) -> (T, T) {
    let smallest = values.iter().min().copied().unwrap_or_default();
    (smallest, values.iter().max().copied().unwrap_or_default())
}
