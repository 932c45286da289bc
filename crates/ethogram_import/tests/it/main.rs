//! Logs of other tools, read as runs.

mod any_bytes;
#[path = "../../../ethogram_store/tests/it/chance.rs"]
mod chance;
mod convert;
#[path = "../../../ethogram_store/tests/it/corpus.rs"]
mod corpus;
mod events;
mod folder;
mod fuzzed;
mod let_go;
mod minari;
mod sounds;
mod stable_baselines3;
mod tail;
mod tfevents;
mod videos;
mod wandb;
mod wandb_media;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ethogram_import::{ForeignOpener, ForeignRun};
use ethogram_store::{Axis, RunSource, ScalarColumns};

/// A log that lies beside these tests.
fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// The run in a folder.
fn open(path: &Path) -> Arc<ForeignRun> {
    ForeignOpener::default().open_folder(path).expect("a folder").expect("a run")
}

/// What TensorBoard or Minari says of a log.
fn reference(name: &str) -> serde_json::Value {
    let text = std::fs::read_to_string(data(name).join("reference.json")).expect("a reference");
    serde_json::from_str(&text).expect("json")
}

/// All points of a scalar of the global axis.
fn points(run: &ForeignRun, tag: &str) -> ScalarColumns {
    run.scalars(Axis::GlobalStep, tag, i64::MIN..i64::MAX).expect("points")
}
