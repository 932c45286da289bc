//! Reinforcement-learning quantities and statistics: arrays in, arrays out. No IO, no globals.
//!
//! A value that was never logged is `None` and stays so; NaN is a value and stays NaN. Sums are taken in `f64`.

mod cumulative_sum;

pub use cumulative_sum::cumulative_sum;
