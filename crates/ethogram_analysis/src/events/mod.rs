//! Moments of an episode that are worth a look, found in its numbers.
//!
//! Every finder takes arrays and gives the steps with the numbers that made them stand out, so that a person can check each.

mod bookmark;
mod loops;
mod outlier;
mod reward_cycle;
mod reward_source;
mod states;

pub use bookmark::{Bookmark, best_bookmarks, bookmark};
pub use loops::{ActionLoop, LoopParams, action_loops};
pub use outlier::{Outlier, OutlierParams, outliers};
pub use reward_cycle::{RewardCycle, reward_cycle};
pub use reward_source::{RewardSource, reward_source};
pub use states::{Revisits, States, revisits};
