//! What can be wrong with arguments, as facts.

/// The result of a computation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Arguments that have no answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Arrays that belong together have different lengths.
    #[error("{argument} has {found} rows, expected {expected}, as many as {like}")]
    LengthMismatch {
        /// The array.
        argument: &'static str,
        /// Its length.
        found: usize,
        /// The length of `like`.
        expected: usize,
        /// The array that sets the length.
        like: &'static str,
    },
    /// A number is outside its bounds.
    #[error("{argument} expected {expected}, found {found}")]
    OutOfRange {
        /// The argument.
        argument: &'static str,
        /// Its bounds.
        expected: &'static str,
        /// What was given.
        found: f64,
    },
    /// Whoever watched did not want it any more.
    #[error("stopped before its end")]
    Stopped,
}

pub(crate) fn same_length(argument: &'static str, found: usize, like: &'static str, expected: usize) -> Result<()> {
    if found == expected { Ok(()) } else { Err(Error::LengthMismatch { argument, found, expected, like }) }
}

pub(crate) fn unit_interval(argument: &'static str, value: f64) -> Result<()> {
    if (0.0..=1.0).contains(&value) {
        Ok(())
    } else {
        Err(Error::OutOfRange { argument, expected: "0 to 1", found: value })
    }
}
