//! Derived fields: which fields each is made from, and how.
//!
//! Each is one file here; its mathematics lives in `ethogram_analysis`. The registry is [`DERIVATIONS`].

mod action_divergence;
mod action_log_probability;
mod action_probabilities;
mod action_std;
mod actions;
mod advantage;
pub(crate) mod cache;
mod ensemble;
mod entropy;
mod episode_return;
mod group_probabilities;
mod input;
mod max_q;
mod return_distribution;
mod return_to_go;
mod scope;
mod smooth;
mod td_error;
mod transitions;

use ethogram_store::{Dtype, FieldInfo, RunInfo};

use crate::{Param, Params, Result};

pub use input::{Input, InputName, Inputs, RowShape};
pub use scope::Derived;
pub(crate) use scope::{Scope, entries};

/// Everything that can be derived, in the order that people see.
pub const DERIVATIONS: &[&dyn Derivation] = &[
    &episode_return::EpisodeReturn,
    &return_to_go::ReturnToGo,
    &advantage::Advantage,
    &advantage::ValueTarget,
    &td_error::TdError,
    &max_q::MaxQ,
    &return_distribution::QMean,
    &return_distribution::ReturnStd,
    &return_distribution::Cvar,
    &return_distribution::AtomProbabilitySum,
    &ensemble::Votes,
    &ensemble::QStd,
    &ensemble::QStdMean,
    &ensemble::HeadDisagreement,
    &ensemble::QHeadsLearned,
    &action_probabilities::ActionProbabilities,
    &group_probabilities::GroupProbabilities,
    &action_std::ActionStd,
    &action_log_probability::ActionLogProbability,
    &entropy::Entropy,
    &entropy::Confidence,
    &action_divergence::ActionDivergence,
    &smooth::Smooth,
];

/// A field that is made from other fields of the same episode.
pub trait Derivation: Send + Sync {
    /// Its name.
    fn name(&self) -> &'static str;

    /// What one row means, in a sentence.
    fn doc(&self) -> &'static str;

    /// How it is computed, in the literature's symbols.
    fn formula(&self) -> &'static str;

    /// Author, year and equation; empty for what everybody knows.
    fn source(&self) -> &'static str;

    /// Its unit, where it has one.
    fn unit(&self) -> Option<&'static str>;

    /// The fields that it takes.
    fn inputs(&self) -> &'static [Input];

    /// Fields that it takes of the last recorded episode before this one that has them all.
    fn earlier(&self) -> &'static [Input] {
        &[]
    }

    /// Its parameters.
    fn params(&self) -> &'static [Param] {
        &[]
    }

    /// Shape of one row, given the inputs that were found, in the order of [`Derivation::inputs`]; `None` when they do not
    /// go together. Those that are required are there and have the shapes asked for.
    fn row_shape(&self, _inputs: &[Option<FieldInfo>], _run: &RunInfo) -> Option<Vec<usize>> {
        Some(vec![])
    }

    /// Computes all rows of an episode. `params` holds every parameter, checked.
    fn derive(&self, inputs: &Inputs, params: &Params) -> Result<Derived>;
}

/// The derivation of this name.
pub(crate) fn find(name: &str) -> Option<&'static dyn Derivation> {
    DERIVATIONS.iter().copied().find(|derivation| derivation.name() == name)
}

/// The type of every derived field.
pub(crate) const DTYPE: Dtype = Dtype::Float32;
