//! Films that are read back.

mod films;
mod read_back;
mod scenes;
