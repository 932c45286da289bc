//! Any field of any run, logged or derived.
//!
//! A [`Workbench`] holds the runs under some roots. Everything that a person may look at is asked of it: a summary for the table
//! of runs, a [`Series`] for a curve, a [`Field`] for the steps of an episode. `reward` was logged; `advantage` is derived from
//! other fields when first asked for, cached, and from then on looks like a logged one.
//!
//! It knows runs by [`ethogram_store::RunSource`] alone, so other people's formats come in through an [`Opener`].
//! It knows no HTTP and has no wire types.

mod catalogue;
pub mod derivation;
mod episode_columns;
mod error;
mod field;
mod group;
mod lazy_run;
mod native;
mod opener;
mod param;
mod run_handle;
mod series;
mod summary;
mod workbench;

pub use catalogue::{STANDARD_FIELDS, StandardField};
pub use derivation::{DERIVATIONS, Derivation};
pub use episode_columns::EPISODE_TAGS;
pub use error::{Error, Result};
pub use field::{DERIVED_PREFIX, FIELD_BYTES_MAX, Field, FieldEntry, FieldRequest, Origin};
pub use group::{GROUP_RUNS_MAX, GroupRequest, GroupSeries};
pub use native::NativeOpener;
pub use opener::{Opener, Root};
pub use param::{GAMMA_DEFAULT, Param, ParamKind, ParamValue, Params};
pub use run_handle::RunHandle;
pub use series::{BUCKETS_MAX, Series, SeriesRequest, Smoothing};
pub use summary::RunSummary;
pub use workbench::{Change, Options, Skipped, Workbench};
