//! What can go wrong with a run, as facts.

use std::path::PathBuf;

/// The result of anything that touches a run.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A world that is not as a run needs it.
///
/// Corrupt data found while reading is not an error but a [`Lost`] value: the rest of the run still opens.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read or written.
    #[error("{action} failed: {source}: {}", path.display())]
    Io {
        /// What was tried, for example `read` or `append`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// An object store did not do what it was asked.
    #[error("{action} failed: {why}: {url}")]
    Remote {
        /// What was tried, for example `list` or `read`.
        action: &'static str,
        /// What was asked for, for example `s3://bucket/runs`.
        url: String,
        /// What the store said, and what to do about it.
        why: String,
        /// There is no such bucket or object, as against a store that does not answer or does not let us in.
        absent: bool,
    },
    /// There is no run here.
    #[error("no run here: expected run.json; give the folder of a run or a folder that holds runs: {}", path.display())]
    NotARun {
        /// The folder that was opened.
        path: PathBuf,
    },
    /// The run was written by a newer Ethogram.
    #[error("format version {found} is newer than {newest}, the newest that this version reads; upgrade ethogram: {}", path.display())]
    NewerVersion {
        /// What the file says.
        found: u32,
        /// The newest we know.
        newest: u32,
        /// The file.
        path: PathBuf,
    },
    /// A file is not what its name says.
    #[error("{what}; expected {expected}, found {found}: {}", path.display())]
    Corrupt {
        /// Which part.
        what: String,
        /// What a sound file holds there.
        expected: String,
        /// What this one holds.
        found: String,
        /// The file.
        path: PathBuf,
    },
    /// A value has another shape or type than the field had before.
    #[error("field {field:?} expected {expected}, found {found}; log it under another name or convert it first")]
    ShapeMismatch {
        /// The field.
        field: String,
        /// Shape and type so far.
        expected: String,
        /// Shape and type now.
        found: String,
    },
    /// A name that cannot be a field, tag, project or run name.
    #[error("name {name:?} cannot be used: {why}")]
    BadName {
        /// The name.
        name: String,
        /// The rule it breaks.
        why: &'static str,
    },
    /// There is no such field, episode, tag or blob.
    #[error("no {what}")]
    NotFound {
        /// What was asked for, for example `episode 7 in run 01J…`.
        what: String,
    },
    /// Something is larger than a named limit.
    #[error("{what} is {found}, over the limit of {limit}")]
    TooLarge {
        /// What was too large.
        what: String,
        /// The limit.
        limit: u64,
        /// The size found.
        found: u64,
    },
    /// A run cannot be brought to a folder, for what lies there must stay.
    #[error("cannot pull into {}: {why}", path.display())]
    Occupied {
        /// The folder.
        path: PathBuf,
        /// What lies there, and what to do.
        why: String,
    },
    /// A process writes the run, and what was asked for needs it to have ended.
    #[error("the run is still being written; wait until it has ended: {}", path.display())]
    StillRunning {
        /// The folder of the run.
        path: PathBuf,
    },
    /// What people wrote cannot be kept as it is.
    #[error("{what} cannot be stored: {why}")]
    BadDocument {
        /// Which part.
        what: String,
        /// The rule it breaks.
        why: &'static str,
    },
    /// Somebody else wrote what was to be replaced.
    #[error("the {what} changed since they were read; read them again")]
    Changed {
        /// What people call it, in the plural.
        what: &'static str,
    },
    /// Nothing can be written there.
    #[error("the {what} cannot be written: {why}: {}", place.display())]
    ReadOnly {
        /// What people call it, in the plural.
        what: &'static str,
        /// Where it would lie.
        place: PathBuf,
        /// What the operating system said, or why there is no way.
        why: String,
    },
    /// The writer has been closed.
    #[error("the run is closed; open it again with resume")]
    Closed,
    /// The queue is full and the policy is to drop.
    #[error("the queue of {limit} bytes is full; raise queue_bytes, record fewer episodes, or choose policy \"block\"")]
    QueueFull {
        /// The bound in bytes.
        limit: u64,
    },
}

impl Error {
    /// The thing asked for does not exist.
    pub fn is_not_found(&self) -> bool {
        match self {
            Self::NotFound { .. } | Self::NotARun { .. } => true,
            Self::Io { source, .. } => source.kind() == std::io::ErrorKind::NotFound,
            Self::Remote { absent, .. } => *absent,
            _ => false,
        }
    }

    /// An object store does not answer, or does not let us in: the same question may have an answer later.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Remote { absent: false, .. })
    }

    /// The data is damaged, as against absent or unreadable.
    pub fn is_corrupt(&self) -> bool {
        matches!(self, Self::Corrupt { .. })
    }

    /// The caller passed something that cannot be stored.
    pub fn is_bad_input(&self) -> bool {
        matches!(
            self,
            Self::ShapeMismatch { .. } | Self::BadName { .. } | Self::TooLarge { .. } | Self::BadDocument { .. }
        )
    }

    /// Somebody else wrote what was to be replaced: read it again.
    pub fn is_changed(&self) -> bool {
        matches!(self, Self::Changed { .. })
    }

    /// Nothing can be written where it would lie.
    pub fn is_read_only(&self) -> bool {
        matches!(self, Self::ReadOnly { .. })
    }
}

/// A part of a run that could not be read: what, where and why. The rest of the run is served without it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Lost {
    /// The file, relative to the run's folder.
    pub file: String,
    /// What is missing, for example `rows 1024..1056 of episode 3`.
    pub what: String,
    /// Why it could not be trusted, for example `checksum differs`.
    pub why: String,
}
