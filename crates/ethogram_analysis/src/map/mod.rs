//! Points in many dimensions laid out in two or three, so that what lies near stays near.

mod neighbors;
mod pca;
mod points;
mod quality;
mod repulsion;
mod tsne;
mod umap;

pub(crate) use pca::leading;

pub use neighbors::{Metric, NEIGHBORS_MAX, Neighbors};
pub use pca::{Pca, pca};
pub use points::Points;
pub use quality::{neighbor_recall, trustworthiness};
pub use tsne::{Tsne, TsneParams};
pub use umap::{Umap, UmapParams};
