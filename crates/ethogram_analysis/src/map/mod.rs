//! Points in many dimensions laid out in two or three, so that what lies near stays near.

mod aligned;
mod clean;
mod nearest;
mod neighbors;
mod pca;
mod points;
mod quality;
mod repulsion;
mod sketch;
mod tsne;
mod umap;

pub(crate) use pca::leading;

pub use aligned::{begun_at, mirror_like};
pub use clean::{Cleaned, clean};
pub use nearest::nearest;
pub use neighbors::{Metric, NEIGHBORS_MAX, Neighbors, Watch};
pub use pca::{Pca, pca, pca_quick};
pub use points::Points;
pub use quality::{neighbor_recall, trustworthiness};
pub use tsne::{Tsne, TsneParams};
pub use umap::{Labels, Umap, UmapParams};
