//! Algorithms compared over tasks and seeds: few runs, so every number comes with what another set of seeds could have made of it.
//!
//! **Source** Agarwal, Schwarzer, Castro, Courville and Bellemare (2021), "Deep reinforcement learning at the edge of the statistical
//! precipice". Numbers agree with the authors' library, rliable 1.2.0; where numbers of runs differ between tasks, which it does not
//! take, each function says how tasks count.

mod atari;
mod bootstrap;
mod curve;
mod improvement;
mod profile;
mod resample;
mod scores;
mod statistic;

pub use atari::{ATARI_57, AtariGame, atari_game};
pub use bootstrap::{Bootstrap, Estimate, REPS_MAX, aggregates, difference, estimate};
pub use curve::estimate_curve;
pub use improvement::probability_of_improvement;
pub use profile::{Profile, ProfileOf, performance_profile};
pub use scores::{SCORES_MAX, Scores};
pub use statistic::Statistic;

pub(crate) use resample::stream;
