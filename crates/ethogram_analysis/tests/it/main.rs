//! Quantities against results that other people's code computed, and laws that hold for all inputs.

mod benchmark;
mod events;
mod golden;
mod importance;
mod laws;
mod maps;
