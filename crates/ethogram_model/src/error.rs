//! What can be wrong with a model, or with what it is asked, as facts.

/// The result of a computation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a model cannot be read, or a question about it has no answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes are not an ONNX file.
    #[error("not an ONNX model: {what} at byte {at}")]
    Malformed {
        /// What was found.
        what: &'static str,
        /// Where, from the start of the message it was found in.
        at: usize,
    },
    /// The file says something that does not fit together.
    #[error("the model is inconsistent: {0}")]
    Inconsistent(String),
    /// A weight is no number.
    #[error(
        "weight {name:?} is NaN at element {at}, as after training that diverged; nothing can be told of such a network"
    )]
    NotANumber {
        /// Name of the tensor.
        name: String,
        /// The first such element, in row-major order.
        at: usize,
    },
    /// Something is larger than the limit that was set for it.
    #[error("{what} is {found}, the limit {limit_name} is {limit}")]
    OverLimit {
        /// What is too large.
        what: String,
        /// How large it is.
        found: u64,
        /// The member of [`Limits`](crate::Limits) that says so.
        limit_name: &'static str,
        /// Its value.
        limit: u64,
    },
    /// An operator that the engine does not have.
    #[error(
        "operator {operator} (node {node:?}) is not supported; export the policy without it, or run the model elsewhere"
    )]
    UnsupportedOperator {
        /// As in the file, with its domain where that is not ONNX's own.
        operator: String,
        /// Name of the node.
        node: String,
    },
    /// An operator that the engine has, used in a way that it has not.
    #[error("operator {operator} (node {node:?}): {why}")]
    Operator {
        /// As in the file.
        operator: String,
        /// Name of the node.
        node: String,
        /// Expected and found.
        why: String,
    },
    /// An operator without a derivative that the engine knows, on the way that was asked for.
    #[error("{operator} has no derivative here, on the way from {output:?} to {wrt:?}")]
    NoDerivative {
        /// Name of the operation.
        operator: String,
        /// The value that was to be differentiated.
        output: String,
        /// With respect to this.
        wrt: String,
    },
    /// A name that no value of the model has.
    #[error("the model has no value named {name:?}; it has {known}")]
    UnknownValue {
        /// The name asked for.
        name: String,
        /// Some that it has.
        known: String,
    },
    /// An input that was not given, or has the wrong shape or type.
    #[error("input {name:?}: expected {expected}, found {found}")]
    Input {
        /// Name of the input.
        name: String,
        /// Shape and type that the model takes.
        expected: String,
        /// What was given.
        found: String,
    },
    /// An argument outside its bounds.
    #[error("{argument}: expected {expected}, found {found}")]
    Argument {
        /// The argument.
        argument: &'static str,
        /// Its bounds.
        expected: String,
        /// What was given.
        found: String,
    },
    /// A setting of a method that does not exist, or has a value that it cannot have.
    #[error("setting {param:?}: expected {expected}, found {found}")]
    Param {
        /// Its name.
        param: String,
        /// What would have been taken.
        expected: String,
        /// What was given.
        found: String,
    },
    /// The work was called off.
    #[error("cancelled")]
    Cancelled,
    /// A file could not be read.
    #[error("{why}: {path}")]
    File {
        /// What the system said.
        why: String,
        /// Which file.
        path: String,
    },
}

impl Error {
    /// Whether the model itself is at fault, rather than the question.
    pub fn is_model(&self) -> bool {
        matches!(
            self,
            Error::Malformed { .. }
                | Error::Inconsistent(_)
                | Error::NotANumber { .. }
                | Error::UnsupportedOperator { .. }
                | Error::Operator { .. }
        )
    }
}

/// `found` is at most `limit`, or an error that names both.
pub(crate) fn within(what: impl Into<String>, found: u64, limit_name: &'static str, limit: u64) -> Result<()> {
    if found <= limit { Ok(()) } else { Err(Error::OverLimit { what: what.into(), found, limit_name, limit }) }
}
