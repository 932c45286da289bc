//! The program as people run it.

mod help;
mod program;
mod runs;
mod serve;
mod video;
