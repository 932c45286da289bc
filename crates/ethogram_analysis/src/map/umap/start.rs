//! Where points lie before they move.

use ethogram_random::Random;

use super::graph::Graph;
use crate::Result;
use crate::map::pca::{orthonormalize, symmetric_eigen};
use crate::map::{Points, pca};
use crate::parallel::fill_rows;

/// Width of the layout at its beginning.
const EXTENT: f64 = 10.0;
/// Rounds of the search for the slow directions of the graph.
const SPECTRAL_ROUNDS: usize = 150;

/// The slow directions of the graph where it is one piece, principal components where it is not; with a little noise.
pub(super) fn first_layout(points: Points, graph: &Graph, dims: usize, random: &mut Random) -> Result<Vec<f32>> {
    let rows = points.rows();
    let mut layout = if let Some(layout) = spectral(graph, dims, random) {
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

/// Eigenvectors of the normalised graph after the first, by subspace iteration; `None` where the graph is in pieces or too small.
fn spectral(graph: &Graph, dims: usize, random: &mut Random) -> Option<Vec<f64>> {
    let rows = graph.starts.len() - 1;
    let kept = dims + 1 + 4;
    if rows <= kept || !graph.is_whole() {
        return None;
    }
    let degree = |row: usize| graph.weights[graph.range(row)].iter().map(|w| f64::from(*w)).sum::<f64>();
    let root: Vec<f64> = (0..rows).map(|row| degree(row).sqrt().max(1e-12)).collect();
    // Directions lie one after the other; the first is known.
    let mut directions: Vec<f64> = (0..kept * rows).map(|_| f64::from(random.normal())).collect();
    directions[..rows].copy_from_slice(&root);
    orthonormalize(&mut directions, rows);
    let step = |directions: &[f64]| {
        let mut moved = vec![0.0; directions.len()];
        fill_rows(&mut moved, rows, |first, moved| {
            for (offset, moved) in moved.chunks_mut(rows).enumerate() {
                let from = &directions[(first + offset) * rows..][..rows];
                for (row, moved) in moved.iter_mut().enumerate() {
                    let range = graph.range(row);
                    let pulled: f64 = graph.others[range.clone()]
                        .iter()
                        .zip(&graph.weights[range])
                        .map(|(&other, &weight)| f64::from(weight) * from[other as usize] / root[other as usize])
                        .sum();
                    // Half of the way, so that no direction turns round.
                    *moved = f64::midpoint(from[row], pulled / root[row]);
                }
            }
        });
        moved
    };
    for _ in 0..SPECTRAL_ROUNDS {
        directions = step(&directions);
        orthonormalize(&mut directions, rows);
    }
    // Turn the directions that were kept into the slowest among them.
    let moved = step(&directions);
    let mut small = vec![0.0; kept * kept];
    for a in 0..kept {
        for b in 0..kept {
            small[a * kept + b] =
                directions[a * rows..][..rows].iter().zip(&moved[b * rows..][..rows]).map(|(x, y)| x * y).sum();
        }
    }
    let (_, vectors) = symmetric_eigen(&mut small, kept);
    let mut layout = vec![0.0; rows * dims];
    for row in 0..rows {
        for d in 0..dims {
            layout[row * dims + d] =
                (0..kept).map(|from| vectors[from * kept + d + 1] * directions[from * rows + row]).sum::<f64>()
                    / root[row];
        }
    }
    Some(layout)
}
