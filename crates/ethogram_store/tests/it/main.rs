//! What a run must do from the outside.

mod check;
mod round_trip;
mod support;
