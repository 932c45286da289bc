//! Reinforcement-learning quantities and statistics: arrays in, arrays out. No IO, no globals; what is left to chance takes a seed,
//! and the same seed gives the same bits on any number of threads.
//!
//! A value that was never logged is `None` and stays so; NaN is a value and stays NaN. Sums are taken in `f64`.
//! Shapes are written with the letters `T` (steps) and `A` (actions).

mod across_runs;
mod action_divergence;
mod benchmark;
mod cumulative_sum;
mod divergence;
mod downsample;
mod ema;
mod ensemble;
mod entropy;
mod error;
mod events;
mod factors;
mod gae;
mod gaussian;
mod health;
mod histogram;
mod importance;
mod map;
mod nmf;
mod parallel;
mod return_distribution;
mod return_to_go;
mod rolling;
mod rollout;
mod softmax;
mod student_t;
mod summary;
mod td_error;
mod trend;

pub use across_runs::{AcrossRuns, RunCurve, across_runs};
pub use action_divergence::{ActionDivergence, Direction, DivergenceParams, action_divergence};
pub use benchmark::{
    ATARI_57, AtariGame, Bootstrap, Estimate, Profile, ProfileOf, REPS_MAX, SCORES_MAX, Scores, Statistic, aggregates,
    atari_game, difference, estimate, estimate_curve, performance_profile, probability_of_improvement,
};
pub use cumulative_sum::cumulative_sum;
pub use divergence::{js_from_logits, js_from_probabilities, kl_from_logits, kl_from_probabilities};
pub use downsample::{downsample_lttb, downsample_min_max};
pub use ema::{ema, ema_by_step};
pub use ensemble::{mean_over_heads, std_over_heads, votes};
pub use entropy::{confidence, entropy_from_logits, entropy_from_probabilities};
pub use error::{Error, Result};
pub use events::{
    ActionLoop, Bookmark, LoopParams, Outlier, OutlierParams, Revisits, RewardCycle, RewardSource, States,
    action_loops, best_bookmarks, bookmark, outliers, revisits, reward_cycle, reward_source,
};
pub use factors::{
    Example, Factors, FactorsOf, Projected, THUMBNAILS, factor_colours, strongest_at_each_cell, strongest_rows,
    thumbnails,
};
pub use gae::{gae, lambda_return};
pub use gaussian::{gaussian_entropy, gaussian_log_density};
pub use health::{
    CollapseParams, ConstantAction, CurveFinding, Dormant, ExplosionParams, SpikeParams, StuckParams, StuckReturns,
    at_bounds, collapse, constant_action, dormant_units, explosion, first_not_finite, spike, stuck_returns, tail_mean,
};
pub use histogram::{BINS_MAX, Counts, EqualWidth, finite_extent};
pub use importance::{
    Fall, ForestParams, Importance, SHUFFLES_MAX, Setting, TREES_MAX, correlation, importance, rank_correlation,
};
pub use map::{
    Cleaned, Labels, Metric, NEIGHBORS_MAX, Neighbors, Pca, Points, Tsne, TsneParams, Umap, UmapParams, Watch,
    begun_at, clean, mirror_like, nearest, neighbor_recall, pca, pca_quick, trustworthiness,
};
pub use nmf::{Nmf, NmfParams, nmf};
pub use return_distribution::ReturnDistribution;
pub use return_to_go::{n_step_return, return_to_go, reward_to_go};
pub use rolling::rolling_mean;
pub use rollout::Rollout;
pub use softmax::{log_softmax, softmax};
pub use student_t::t_95;
pub use summary::{Summary, summary};
pub use td_error::td_error;
pub use trend::{DEGREE_MAX, Trend, WINDOW_MAX, trend};
