//! Tests of the crate from outside.

mod attributions;
mod exporters;
mod goldens;
mod reference_attributions;
