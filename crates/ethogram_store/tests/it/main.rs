//! What a run must do from the outside.

mod check;
mod model;
mod round_trip;
mod support;
