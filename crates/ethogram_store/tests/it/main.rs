//! What a run must do from the outside.

mod golden_frames;
mod round_trip;
mod support;
