//! What can go wrong between arrays and a file.

/// The result of making a film.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A film that cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Something is over a named limit.
    #[error("{what} is {found}, over the limit of {limit}; {hint}")]
    TooLarge {
        /// What was too large, with the name of the limit.
        what: &'static str,
        /// The limit.
        limit: u64,
        /// The size found.
        found: u64,
        /// What to do.
        hint: &'static str,
    },
    /// An option that has no such value.
    #[error("{option}: expected {expected}, found {found}")]
    BadOption {
        /// Its name.
        option: &'static str,
        /// What would have been taken.
        expected: String,
        /// What was given.
        found: String,
    },
    /// There is neither a picture nor a number to show.
    #[error("a film needs a picture or bars, found neither")]
    Empty,
    /// A picture or a row of numbers is of another size than the scene was laid out for.
    #[error("{what}: expected {expected}, found {found}")]
    ShapeMismatch {
        /// What has that size.
        what: &'static str,
        /// What the scene has room for.
        expected: String,
        /// What came.
        found: String,
    },
    /// The encoder refused.
    #[error("the {what} encoder failed: {why}")]
    Encoder {
        /// Which.
        what: &'static str,
        /// What it said.
        why: String,
    },
    /// A file that should be a film is none.
    #[error("no film that can be played: expected {expected}, found none")]
    NotAFilm {
        /// What is missing.
        expected: &'static str,
    },
    /// The file could not be written.
    #[error("the film cannot be written: {0}")]
    Io(#[from] std::io::Error),
}

impl Error {
    /// The file could not be written.
    pub fn is_io(&self) -> bool {
        matches!(self, Self::Io(_))
    }

    /// The question itself is wrong, whatever the run holds.
    pub fn is_bad_request(&self) -> bool {
        matches!(self, Self::TooLarge { .. } | Self::BadOption { .. } | Self::Empty)
    }
}
