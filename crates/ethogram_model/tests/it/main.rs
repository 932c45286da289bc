//! Tests of the crate from outside.

mod exporters;
mod goldens;
mod reference_attributions;
