//! A layout that moves, by either method.

use ethogram_analysis::{Labels, Neighbors, Points, Tsne, Umap};

use super::method::Way;
use crate::Result;

/// A layout that moves.
pub enum Moving {
    /// By UMAP.
    Umap(Umap),
    /// By t-SNE.
    Tsne(Tsne),
}

impl Moving {
    /// **Errors**: parameters that do not fit the points.
    pub fn new(points: Points, neighbors: &Neighbors, labels: Option<&Labels>, way: &Way) -> Result<Self> {
        Ok(match way {
            Way::Umap(params) => Moving::Umap(Umap::of_neighbors_and_labels(points, neighbors, labels, params)?),
            Way::Tsne(params) => Moving::Tsne(Tsne::of_neighbors(points, neighbors, params)?),
            Way::Pca => unreachable!("principal components do not move"),
        })
    }

    /// Begins at another layout: as it lies where it is one of the `same` kind, else as a first layout.
    pub fn beginning_at(self, layout: &[f32], same: bool) -> Result<Self> {
        Ok(match (self, same) {
            (Moving::Umap(umap), true) => Moving::Umap(umap.going_on_from(layout)?),
            (Moving::Umap(umap), false) => Moving::Umap(umap.starting_at(layout)?),
            (Moving::Tsne(tsne), true) => Moving::Tsne(tsne.going_on_from(layout)?),
            (Moving::Tsne(tsne), false) => Moving::Tsne(tsne.starting_at(layout)?),
        })
    }

    /// Makes up to that many rounds; whether any is left.
    pub fn advance(&mut self, rounds: usize) -> bool {
        match self {
            Moving::Umap(umap) => umap.advance(rounds),
            Moving::Tsne(tsne) => tsne.advance(rounds),
        }
    }

    /// Moves every point by chance, by about `share` of the layout's width.
    pub fn perturb(&mut self, share: f32, seed: u64) {
        match self {
            Moving::Umap(umap) => umap.perturb(share, seed),
            Moving::Tsne(tsne) => tsne.perturb(share, seed),
        }
    }

    /// Where the points are.
    pub fn positions(&self) -> &[f32] {
        match self {
            Moving::Umap(umap) => umap.positions(),
            Moving::Tsne(tsne) => tsne.positions(),
        }
    }

    /// Rounds that were made, of how many.
    pub fn progress(&self) -> (usize, usize) {
        match self {
            Moving::Umap(umap) => umap.progress(),
            Moving::Tsne(tsne) => tsne.progress(),
        }
    }
}
