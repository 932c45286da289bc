//! Which settings of runs go with how well they did: forests of regression trees, and correlations.
//!
//! **Source** Breiman (2001), "Random forests"; importances as scikit-learn 1.7 computes them: by permutation (`permutation_importance`), and
//! by impurity (`feature_importances_`), which dashboards of experiments show as "parameter importance". They tell of the runs that are
//! there, not of causes.

mod correlation;
mod forest;
mod permutation;
mod tree;

pub use correlation::{correlation, rank_correlation};
pub use forest::{ForestParams, Importance, SHUFFLES_MAX, TREES_MAX, importance};
pub use permutation::Fall;

/// One setting of all runs.
#[derive(Clone, Debug, PartialEq)]
pub enum Setting {
    /// Not finite where a run has none.
    Numbers(Vec<f64>),
    /// Words, each as its index among the different ones; none where a run has none.
    Words(Vec<Option<u32>>),
}

impl Setting {
    fn len(&self) -> usize {
        match self {
            Self::Numbers(values) => values.len(),
            Self::Words(words) => words.len(),
        }
    }
}
