//! What can go wrong with a question, as facts.

use ethogram_store::RunId;

use crate::nearest_names::did_you_mean;

/// The result of asking.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A question that has no answer, or a world that would not give it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No root holds this run.
    #[error("no run {run}; it may have been moved or deleted since the list was made")]
    NoRun {
        /// What was asked for.
        run: RunId,
    },
    /// The run has no such scalar.
    #[error("no scalar {tag:?} on the {axis} axis of run {run}; log it with run.log(step, {{{tag:?}: value}})")]
    NoTag {
        /// The run.
        run: RunId,
        /// Name of the axis.
        axis: &'static str,
        /// The tag.
        tag: String,
    },
    /// The run has no such tensor or distribution.
    #[error("no {expected} {tag:?} on the {axis} axis of run {run}; found {found}")]
    NoNumbers {
        /// The run.
        run: RunId,
        /// Name of the axis.
        axis: &'static str,
        /// The tag.
        tag: String,
        /// What was looked for.
        expected: &'static str,
        /// What is there by that name.
        found: &'static str,
    },
    /// The run has no such episode.
    #[error("no episode {episode} in run {run}, which has {count}")]
    NoEpisode {
        /// The run.
        run: RunId,
        /// The episode.
        episode: u64,
        /// Episodes known.
        count: u64,
    },
    /// Nobody made a film of the episode.
    #[error("no film of episode {episode} of run {run}; its row has no video_blob")]
    NoFilm {
        /// The run.
        run: RunId,
        /// The episode.
        episode: u64,
    },
    /// Neither logged nor derivable by that name.
    #[error("no field {field:?}{} in episode {episode} of run {run}; logged there: {logged}", did_you_mean(nearest))]
    NoField {
        /// The run.
        run: RunId,
        /// The episode.
        episode: u64,
        /// The field.
        field: String,
        /// Names of the logged fields, joined by commas.
        logged: String,
        /// Names of fields that are like it, logged or derived.
        nearest: Vec<String>,
    },
    /// A derived field lacks one of the fields that it is made from.
    #[error("{field:?} cannot be derived in episode {episode}: it needs {needs}; {hint}")]
    MissingInput {
        /// The derived field.
        field: String,
        /// The episode.
        episode: u64,
        /// The input, or the alternatives, for example `logits or action_probabilities`.
        needs: String,
        /// How to log it.
        hint: &'static str,
    },
    /// An input is there but is not what the derivation takes.
    #[error("{field:?} cannot be derived: {input:?} expected {expected}, found {found}")]
    BadInput {
        /// The derived field.
        field: String,
        /// The input.
        input: String,
        /// Shape and type that fit.
        expected: String,
        /// Shape and type there.
        found: String,
    },
    /// A parameter that does not exist, or has a value outside its bounds.
    #[error("parameter {param:?} of {field:?}: expected {expected}, found {found}")]
    BadParam {
        /// The field.
        field: String,
        /// The parameter.
        param: String,
        /// What would have been taken.
        expected: String,
        /// What was given.
        found: String,
    },
    /// The answer would be larger than a named limit.
    #[error("{what} is {found}, over the limit of {limit}; ask for a smaller range")]
    TooLarge {
        /// What was too large, with the name of the limit.
        what: String,
        /// The limit.
        limit: u64,
        /// The size it would have.
        found: u64,
    },
    /// A step cannot be explained: there are no weights, or nobody says what they take.
    #[error("episode {episode} cannot be explained: {why}")]
    Unexplained {
        /// The episode.
        episode: u64,
        /// What is missing, and how to log it.
        why: String,
    },
    /// A layer has no numbers of each state, and cannot be asked about one.
    #[error("layer {layer:?} has shape {shape:?} for {states} states: no row a state; name another layer")]
    NoRowAState {
        /// The layer.
        layer: String,
        /// What it has.
        shape: Vec<usize>,
        /// States that went through the network.
        states: usize,
    },
    /// A layer cannot be taken apart: there are no states to look at, or it is not what it was.
    #[error("features of layer {layer:?} cannot be found: {why}")]
    NoFeatures {
        /// The layer.
        layer: String,
        /// What is missing, and how to log it.
        why: String,
    },
    /// Steps cannot be shown as a film: they were not recorded, or there is nothing to see.
    #[error("episode {episode} cannot be filmed: {why}")]
    Unfilmed {
        /// The episode.
        episode: u64,
        /// What is missing, and how to log it.
        why: String,
    },
    /// There are no points to lay out.
    #[error("there is nothing to map: {why}")]
    Unmapped {
        /// What is missing, and how to log it.
        why: String,
    },
    /// A map that was let go of.
    #[error("the map {map} is not kept any more; ask for it again")]
    MapGone {
        /// Its id.
        map: String,
    },
    /// A layout that does not move cannot be steered.
    #[error("the layout of map {map} does not move now")]
    MapStill {
        /// Its id.
        map: String,
    },
    /// Whoever asked for it does not want it any more.
    #[error("the work was stopped before its end")]
    Stopped,
    /// A table would have no rows.
    #[error("nothing to export: {why}")]
    NothingToExport {
        /// What is missing.
        why: String,
    },
    /// A file could not be written.
    #[error("{what} cannot be written: {source}")]
    NotWritten {
        /// Which.
        what: String,
        /// What the disk, or whoever takes the bytes, said.
        source: std::io::Error,
    },
    /// The film could not be made.
    #[error(transparent)]
    Video(#[from] ethogram_video::Error),
    /// The network could not be read, or not be asked this.
    #[error(transparent)]
    Model(#[from] ethogram_model::Error),
    /// The mathematics refused its arguments.
    #[error(transparent)]
    Analysis(ethogram_analysis::Error),
    /// The run itself could not answer.
    #[error(transparent)]
    Store(#[from] ethogram_store::Error),
}

impl From<ethogram_analysis::Error> for Error {
    fn from(error: ethogram_analysis::Error) -> Self {
        match error {
            ethogram_analysis::Error::Stopped => Self::Stopped,
            other => Self::Analysis(other),
        }
    }
}

impl Error {
    /// The thing asked for does not exist.
    pub fn is_not_found(&self) -> bool {
        match self {
            Self::NoRun { .. }
            | Self::NoTag { .. }
            | Self::NoNumbers { .. }
            | Self::NoEpisode { .. }
            | Self::NoFilm { .. }
            | Self::NothingToExport { .. }
            | Self::NoField { .. } => true,
            Self::Store(error) => error.is_not_found(),
            _ => false,
        }
    }

    /// A derived field lacks an input: logging it would give an answer.
    pub fn is_missing_input(&self) -> bool {
        matches!(
            self,
            Self::MissingInput { .. }
                | Self::Unexplained { .. }
                | Self::Unfilmed { .. }
                | Self::NoFeatures { .. }
                | Self::Unmapped { .. }
        )
    }

    /// What was logged has not the shape that is needed.
    pub fn is_unfit(&self) -> bool {
        matches!(self, Self::BadInput { .. } | Self::NoRowAState { .. })
    }

    /// The question itself is wrong, whatever the run holds.
    pub fn is_bad_request(&self) -> bool {
        match self {
            Self::BadParam { .. }
            | Self::BadInput { .. }
            | Self::NoRowAState { .. }
            | Self::TooLarge { .. }
            | Self::Analysis(_)
            | Self::Model(_) => true,
            Self::Store(error) => error.is_bad_input(),
            Self::Video(error) => error.is_bad_request(),
            _ => false,
        }
    }

    /// The answer would be larger than a limit.
    pub fn is_too_large(&self) -> bool {
        matches!(
            self,
            Self::TooLarge { .. }
                | Self::Store(ethogram_store::Error::TooLarge { .. })
                | Self::Video(ethogram_video::Error::TooLarge { .. })
        )
    }

    /// The data on disk is damaged.
    pub fn is_corrupt(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_corrupt())
    }
}
