//! The program as people run it.

mod compare;
mod embed;
mod events;
mod explain;
mod help;
mod import;
mod named;
mod program;
mod runs;
mod serve;
mod serving;
mod video;
mod written;
