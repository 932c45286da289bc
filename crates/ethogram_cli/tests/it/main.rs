//! The program as people run it.

mod explain;
mod help;
mod program;
mod runs;
mod serve;
mod video;
