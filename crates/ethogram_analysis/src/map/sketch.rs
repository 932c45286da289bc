use super::Points;
use super::pca::pca_rough;
use crate::Result;
use crate::parallel::fill_rows;

/// Principal components that a sketch has, beside what is left.
const COMPONENTS: usize = 32;
/// Narrower points are compared as they are, and so are few.
const WIDTH_MIN: usize = 64;
const ROWS_MIN: usize = 8_192;

/// Each point by its first principal components and the length of what is left of it: two points are at least as far apart as their
/// sketches are, for what is left of both differs by no less than its lengths do.
///
/// **Source** Fukunaga and Narendra (1975), "A branch and bound algorithm for computing k-nearest neighbors", for passing over what cannot
/// be among the nearest; lengths of what is left: Hwang et al. (2012), "A fast nearest neighbor search algorithm by nonlinear embedding".
pub(super) struct Sketch {
    /// **Shape**: `[rows, width]`.
    pub(super) values: Vec<f32>,
    pub(super) width: usize,
}

impl Sketch {
    /// `None` where points are too narrow, or too few, to be worth it.
    pub(super) fn of(points: Points) -> Result<Option<Self>> {
        if points.width() < WIDTH_MIN || points.rows() < ROWS_MIN {
            return Ok(None);
        }
        let (from, width) = (points.width(), COMPONENTS + 1);
        let along = pca_rough(points, COMPONENTS)?.positions;
        let mean = points.mean();
        let mut values = vec![0.0_f32; points.rows() * width];
        fill_rows(&mut values, width, |first, values| {
            for (offset, sketch) in values.chunks_mut(width).enumerate() {
                let row = first + offset;
                let along = &along[row * COMPONENTS..][..COMPONENTS];
                let square = |sum: f64, value: f64| sum + value * value;
                let centered = points.values()[row * from..][..from].iter().zip(&mean);
                let whole = centered.map(|(value, mean)| f64::from(*value) - mean).fold(0.0, square);
                let told = along.iter().map(|value| f64::from(*value)).fold(0.0, square);
                sketch[..COMPONENTS].copy_from_slice(along);
                sketch[COMPONENTS] = (whole - told).max(0.0).sqrt() as f32;
            }
        });
        Ok(Some(Sketch { values, width }))
    }
}
