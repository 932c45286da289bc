//! What a run must do from the outside.

mod round_trip;
mod support;
