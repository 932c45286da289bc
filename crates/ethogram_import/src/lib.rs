//! Other people's logs as runs, read where they lie: event files of TensorBoard, what Stable-Baselines3 and CleanRL leave behind, and so on.
//!
//! Nothing is converted. A folder is listed, its files are read when somebody looks at the run, and read on as they grow; each format is
//! a [`part`](part::Part) of a run, and a folder may hold several. [`ForeignOpener`] hands such folders to whoever asks for runs,
//! and [`ForeignRun`] answers as every run does.
//!
//! It imports the store alone: neither the query layer nor the server knows any of these formats.

mod arrow_blocks;
mod config;
mod content;
mod convert;
mod episode_table;
mod films;
mod gif_film;
mod importer;
mod lines;
mod minari;
mod npz;
mod opener;
mod part;
mod point_cache;
mod point_columns;
mod points;
mod run;
mod scalar_table;
mod sound;
mod space;
mod stable_baselines3;
mod steps;
mod tables;
mod tfevents;
mod videos;
mod wandb;

pub use convert::{Converted, OnProgress, convert, place, plan};
pub use episode_table::EpisodeTable;
pub use importer::{IMPORTERS, Importer};
pub use opener::{FIND_DEPTH_MAX, ForeignOpener};
pub use part::{FileSeen, Folder, Part};
pub use point_cache::PointCache;
pub use point_columns::PointColumns;
pub use points::{Held, Scalars};
pub use run::{ENDED_AFTER_US, ForeignRun, HEAD_BYTES, Name};
pub use tables::{About, LostTable, Place, StepField, Tables, TensorPlaces};
