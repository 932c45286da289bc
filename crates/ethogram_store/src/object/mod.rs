//! Runs in an object store that speaks S3's protocol.
//!
//! An [`ObjectRoot`] is a prefix with runs below it, an [`ObjectRun`] one of them. Sealed files are read in ranges, through a bounded
//! cache in memory. The few small files that change, and what is not sealed, are mirrored to a local folder, where the same reader
//! finds them that reads local runs. Only `look` and questions about sealed data ask the store; everything else answers at once.

mod address;
mod cache;
mod fault;
mod fetch;
mod files;
mod mirror;
mod pull;
mod push;
mod remote;
mod root;
mod run;

#[cfg(test)]
mod tests;

pub use address::{RemoteOptions, SCHEME};
pub use fetch::fetch;
pub use mirror::MirrorFolder;
pub use pull::{PullReport, info_of, pull, runs_in};
pub use push::{PushReport, push};
pub use remote::Remote;
pub use root::{ObjectRoot, RootLook};
pub use run::ObjectRun;
