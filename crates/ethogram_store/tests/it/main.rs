//! What a run must do from the outside.

mod check;
mod crash;
mod damage;
mod golden_frames;
mod hostile;
mod model;
mod round_trip;
mod support;
mod writer;
