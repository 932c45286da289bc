//! What a run must do from the outside.

mod crash;
mod damage;
mod model;
mod round_trip;
mod support;
