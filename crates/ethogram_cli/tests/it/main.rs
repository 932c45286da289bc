//! The program as people run it.

mod embed;
mod explain;
mod help;
mod program;
mod runs;
mod serve;
mod serving;
mod video;
mod written;
