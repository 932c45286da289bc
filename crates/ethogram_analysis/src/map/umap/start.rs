//! Where points lie before they move.

use ethogram_random::Random;

use super::graph::Graph;
use super::levels::Levels;
use crate::Result;
use crate::map::{Points, pca};

/// Width of the layout at its beginning.
const EXTENT: f64 = 10.0;

/// The slow directions of the graph where it is one piece, principal components where it is not; with a little noise.
pub(super) fn first_layout(
    points: Points,
    graph: &Graph,
    levels: &Levels,
    dims: usize,
    random: &mut Random,
) -> Result<Vec<f32>> {
    let rows = points.rows();
    let slow = if graph.is_whole() { levels.slow_directions(dims, random) } else { None };
    let mut layout = if let Some(layout) = slow {
        layout
    } else {
        let have = dims.min(points.width());
        let found = pca(points, have)?.positions;
        found.chunks(have).flat_map(|row| (0..dims).map(|d| row.get(d).map_or(0.0, |v| f64::from(*v)))).collect()
    };
    let most = layout.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
    let scale = if most > 0.0 { EXTENT / most } else { 1.0 };
    for value in &mut layout {
        *value = *value * scale + 1e-4 * f64::from(random.normal());
    }
    debug_assert_eq!(layout.len(), rows * dims);
    Ok(spread_out(&layout, dims))
}

/// From 0 to 10 along each direction.
pub(super) fn spread_out(layout: &[f64], dims: usize) -> Vec<f32> {
    let (mut low, mut high) = (vec![f64::INFINITY; dims], vec![f64::NEG_INFINITY; dims]);
    for row in layout.chunks(dims) {
        for (d, value) in row.iter().enumerate() {
            low[d] = low[d].min(*value);
            high[d] = high[d].max(*value);
        }
    }
    let place = |row: &[f64]| {
        (0..dims).map(|d| (EXTENT * (row[d] - low[d]) / (high[d] - low[d]).max(1e-12)) as f32).collect::<Vec<_>>()
    };
    layout.chunks(dims).flat_map(place).collect()
}
