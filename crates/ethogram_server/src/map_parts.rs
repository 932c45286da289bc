//! What the parts of a map are.

use ethogram_query::{MapLayout, StateMap};
use ethogram_store::Dtype;
use serde_json::json;

use crate::columns::Columns;

/// What the points are.
pub fn points(map: &StateMap) -> Columns {
    let mut columns = Columns::new();
    let places = map.places();
    columns.push_u32("source", places.iter().map(|place| place.source));
    columns.push_f64("episode", places.iter().map(|place| place.episode as f64));
    columns.push_f64("step", places.iter().map(|place| place.step as f64));
    let left_out = map.left_out().iter().map(|out| json!({"why": out.why, "count": out.count}));
    columns.set("part", "points".into());
    columns.set("map", map.id().into());
    columns.set("of", map.of().into());
    columns.set("width", map.width().into());
    columns.set("steps", map.steps().into());
    columns.set("left_out", left_out.collect());
    columns.set("notes", json!(map.notes()));
    if let Some(field) = map.supervised_by() {
        columns.set("supervised_by", field.into());
    }
    columns
}

/// Where they lie.
pub fn layout(layout: &MapLayout) -> Columns {
    let mut columns = Columns::new();
    let rows = layout.positions.len() / layout.dims;
    for (d, name) in ["x", "y", "z"].into_iter().take(layout.dims).enumerate() {
        let along = layout.positions.iter().skip(d).step_by(layout.dims);
        columns.push(name, Dtype::Float32, vec![rows], along.flat_map(|value| value.to_le_bytes()).collect(), None);
    }
    columns.set("part", "layout".into());
    columns.set("method", layout.method.into());
    columns.set("round", layout.round.into());
    columns.set("rounds", layout.rounds.into());
    columns.set("done", layout.done.into());
    if !layout.variance_ratio.is_empty() {
        columns.set("variance_ratio", json!(layout.variance_ratio));
    }
    columns
}

/// What takes time, and how much of it is done. `part` is `progress` before the points and `layout` after.
pub fn progress(kind: &'static str, method: &str, phase: &str, share: f64) -> Columns {
    let mut columns = Columns::new();
    columns.set("part", kind.into());
    columns.set("method", method.into());
    columns.set("round", 0.into());
    columns.set("rounds", 0.into());
    columns.set("done", false.into());
    columns.set("phase", phase.into());
    columns.set("share", share.into());
    columns
}
