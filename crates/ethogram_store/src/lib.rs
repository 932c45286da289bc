//! What a run is, and how it lies on disk.
//!
//! A **run** is a set of named fields over an axis: global step, episode, step of an episode, checkpoint.
//! This crate writes them (`RunWriter`), reads them while they grow (`RunReader`), verifies them (`check`)
//! and packs them (`compact`). The format is written down in `docs/format.md`.
//!
//! It knows no network protocol, no HTTP and no algorithm of reinforcement learning.

mod array;
mod blob;
mod bucket;
mod check;
pub mod codec;
mod columns;
mod compact;
mod document;
mod error;
mod feature_label;
mod field;
mod files;
mod film;
mod layout;
mod layouts;
mod live;
mod log;
mod manifest;
mod notes;
#[cfg(feature = "s3")]
pub mod object;
mod opener;
mod reader;
mod run;
mod seal;
mod sealed;
mod size;
mod source;
mod space;
mod status;
mod writer;

pub use array::{Array, Dtype};
pub use blob::{BLOB_BYTES_MAX, blob_hash};
pub use bucket::{Bucket, Bucketer};
pub use check::{CheckReport, check};
pub use columns::StepValue;
pub use compact::{CompactReport, compact};
pub use document::{Stored, Version};
pub use error::{Error, Lost, Result};
pub use feature_label::{FEATURE_LABELS_MAX, FeatureLabel};
pub use field::{Axis, Column, ColumnData, FieldInfo};
pub use files::{Entry, Files, LocalFiles};
pub use film::{FILM_BYTES_MAX, FILMS_MAX, FilmName, FilmPlace, attach_film, film_alone, has_film, is_film_alone};
pub use layout::{Kind, check_project, find_runs};
pub use layouts::{
    LAYOUT_BYTES_MAX, LAYOUT_NAME_CHARS_MAX, LAYOUTS_MAX, Layout, read_layouts, remove_layout, save_layout,
};
pub use manifest::{FileEntry, Manifest, Sealed};
pub use notes::{
    EpisodeNotes, HOTSPOTS_MAX, Hotspot, NOTES_BYTES_MAX, NOTES_FILE, Notes, PROBES_MAX, Probe, TAG_CHARS_MAX,
    TAGS_MAX, TEXT_CHARS_MAX, TITLE_CHARS_MAX, Words, parse_notes, read_notes, write_notes,
};
pub use opener::Opener;
pub use reader::RunReader;
pub use run::{ActionGroup, CodeState, EnvSpec, RunId, RunInfo, RunState, RunStatus};
pub use seal::Sealer;
pub use size::{KindSize, RunSize, size};
pub use source::{
    Blob, Buckets, CheckpointRow, EpisodeEnd, EpisodeRow, FrameGroup, Revision, RunCounts, RunSource, ScalarColumns,
    ScalarTag, TensorKind, TensorRow, TensorTag, TensorsSize,
};
pub use space::{Leaf, Space, SpaceError};
pub use status::{now_us, read_info, read_status};
pub use writer::{Counters, QueuePolicy, RunWriter, SealLimits, Tag, WriterOptions};
