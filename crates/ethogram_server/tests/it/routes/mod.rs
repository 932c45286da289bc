//! What each route answers of a run that holds some of everything. Files mirror the paths.

mod actions;
mod attributions;
mod benchmark;
mod blobs;
mod derivations;
mod episodes;
mod errors;
mod extents;
mod features;
mod fields;
mod films;
mod foreign;
mod found_events;
mod frames;
mod histograms;
mod kept;
mod layouts;
mod maps;
mod network;
mod notes;
mod out_of_range;
mod runs;
mod series;
mod series_csv;
mod tags;
mod tensors;
mod trend;
mod video;
mod what_if;

use ethogram_server::ServeOptions;
use serde_json::Value;

use crate::{http::Served, runs::finished};

/// A server with the run of [`finished`].
pub async fn served() -> (tempfile::TempDir, Served) {
    let root = tempfile::tempdir().expect("a folder");
    finished(root.path());
    let served = Served::start(&[root.path().to_owned()], ServeOptions::default()).await;
    (root, served)
}

/// Covers members that differ from run to run.
pub fn covered(mut json: Value) -> Value {
    const VOLATILE: [&str; 9] =
        ["heartbeat_us", "ended_us", "pid", "revision", "root", "roots", "time_us", "host", "version"];
    match &mut json {
        Value::Object(members) => {
            for (key, value) in members.iter_mut() {
                let known = VOLATILE.contains(&key.as_str()) && !value.is_null();
                *value = if known { "[…]".into() } else { covered(value.take()) };
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = covered(item.take())),
        _ => {}
    }
    json
}
