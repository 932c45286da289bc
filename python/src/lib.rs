//! The Python face of the store and the queries: the module `ethogram._native`.
//!
//! What is called at every step of a training loop is here; what is called once is in Python.

mod analysis;
mod attribute;
mod call;
mod command;
mod distribution;
mod fault;
mod features;
mod field_type;
mod films;
mod interrupt;
mod known;
mod maps;
mod network;
mod place;
mod progress;
mod reader;
mod recorder;
mod run;
mod slots;
mod state_map;
mod stats;
mod tags;
mod value;

use pyo3::prelude::*;

/// Of our own memory, not of Python's: frames of 100 kB come and go at every step (docs/decisions/0006).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[pymodule(gil_used = true)]
mod _native {
    #[pymodule_export]
    use super::analysis::{divergence, entropy, gae, td_error};
    #[pymodule_export]
    use super::attribute::{explain_function, methods};
    #[pymodule_export]
    use super::command::run_cli;
    #[pymodule_export]
    use super::distribution::{distribution, histogram};
    #[pymodule_export]
    use super::features::{LayerFeatures, find_features};
    #[pymodule_export]
    use super::maps::{factors, layout_quality, principal, tsne, umap};
    #[pymodule_export]
    use super::network::Network;
    #[pymodule_export]
    use super::progress::Progress;
    #[pymodule_export]
    use super::reader::{RunView, extent};
    #[pymodule_export]
    use super::recorder::Recorder;
    #[pymodule_export]
    use super::run::{RunCore, new_run_id, now};
    #[pymodule_export]
    use super::state_map::{StateMap, lay_out, map_field};
    #[pymodule_export]
    use super::stats::{
        atari_games, atari_name, score_curve, score_difference, score_improvement, score_interval, score_profile,
        score_statistic,
    };
}
