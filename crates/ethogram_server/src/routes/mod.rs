//! One file a noun.

pub mod actions;
pub mod attribution_forms;
pub mod attributions;
pub mod blobs;
pub mod derivations;
pub mod episodes;
pub mod events;
pub mod extents;
pub mod fields;
pub mod frames;
pub mod health;
pub mod heat_maps;
pub mod histograms;
pub mod layouts;
pub mod map;
pub mod maps;
pub mod notes;
pub mod plugins;
pub mod runs;
pub mod series;
pub mod series_csv;
pub mod tags;
pub mod tensors;
pub mod trend;
pub mod video;
pub mod what_if;
