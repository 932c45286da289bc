//! What a run must do from the outside.

mod any_bytes;
mod chance;
mod check;
mod corpus;
mod crash;
mod damage;
mod fuzzed;
mod fuzzed_run;
mod golden_frames;
mod hostile;
mod model;
mod round_trip;
mod support;
mod writer;
