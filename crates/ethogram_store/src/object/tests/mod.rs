//! Against a store in memory, which counts what it is asked and can be made to fail; `tests/s3.rs` does the same over the network.

mod cache;
mod partly;
mod pull;
mod runs;
mod store;
