//! Runs in an object store that speaks S3's protocol.
//!
//! Sealed files are read in ranges, through a bounded cache in memory. The few small files that change, and what is not sealed, are
//! mirrored to a local folder, where the same reader finds them that reads local runs.
//!
//! Credentials and the endpoint come from the environment: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_REGION`,
//! `AWS_ENDPOINT`, `AWS_ALLOW_HTTP`.

mod cache;
mod files;
mod push;
mod remote;
mod run;

#[cfg(test)]
mod tests;

pub use push::{PushReport, push};
pub use remote::Remote;
pub use run::{ObjectRun, find_object_runs};
