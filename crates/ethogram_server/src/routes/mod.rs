//! One file a noun.

pub mod blobs;
pub mod derivations;
pub mod episodes;
pub mod events;
pub mod extents;
pub mod fields;
pub mod frames;
pub mod health;
pub mod runs;
pub mod series;
pub mod tensors;
