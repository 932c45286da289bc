//! A layer taken apart into a few directions, and what shows each of them.
//!
//! **Source** Hilton et al. (2020), "Understanding RL Vision", and the code beside it.

mod colour;
mod directions;
mod examples;
mod project;

pub use colour::factor_colours;
pub use directions::{Factors, FactorsOf};
pub use examples::{Example, THUMBNAILS, strongest_at_each_cell, strongest_rows, thumbnails};
pub use project::Projected;
