//! Tests of the crate from outside.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod attributions;
mod counterfactual;
mod exporters;
mod goldens;
mod linear;
mod methods;
mod policies;
mod reference_attributions;
