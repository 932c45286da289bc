//! Tests of the crate from outside.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod attributions;
#[path = "../../../ethogram_store/tests/it/corpus.rs"]
mod corpus;
mod counterfactual;
mod edges;
mod encode;
mod exporters;
mod feature_image;
mod functions;
mod fuzzed;
mod goldens;
mod hostile;
mod instruction_sets;
mod linear;
mod loops;
mod methods;
mod nodes;
mod operators;
mod perturbation;
mod policies;
mod reference_attributions;
mod volumes;
