//! Points with all that is written of them.

use std::sync::Arc;

use ethogram_query::{MapField, MapLayout, MapSource, Result, StateMap, Workbench};

/// Points with all that is written of them.
pub struct Table {
    /// The points.
    pub map: Arc<StateMap>,
    /// Where they lie.
    pub layout: Arc<MapLayout>,
    /// Names of the sources' runs; ids where two share a name.
    pub runs: Vec<String>,
    /// Numbers beside, by name.
    pub fields: Vec<(String, MapField)>,
}

impl Table {
    /// **Errors**: a field that no episode has.
    pub fn new(bench: &Workbench, map: Arc<StateMap>, layout: Arc<MapLayout>, fields: &[String]) -> Result<Self> {
        let name = |source: &MapSource| Ok(bench.run(&source.run.0)?.info().name.clone());
        let mut runs = map.sources().iter().map(name).collect::<Result<Vec<String>>>()?;
        let is_plain = runs.iter().enumerate().all(|(at, name)| !name.is_empty() && !runs[..at].contains(name));
        if !is_plain {
            runs = map.sources().iter().map(|source| source.run.0.clone()).collect();
        }
        let read = |name: &String| Ok((name.clone(), bench.map_field(&map, name)?));
        let fields = fields.iter().map(read).collect::<Result<_>>()?;
        Ok(Table { map, layout, runs, fields })
    }

    /// How many.
    pub fn rows(&self) -> usize {
        self.map.places().len()
    }

    /// Names of the columns that are written as text.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let axes = ["x", "y", "z"].into_iter().take(self.layout.dims);
        ["run", "episode", "step"].into_iter().chain(axes).chain(self.fields.iter().map(|(name, _)| name.as_str()))
    }

    /// What is said of a point beside its place, by name.
    pub fn said(&self, row: usize) -> impl Iterator<Item = (&str, String)> {
        let place = &self.map.places()[row];
        let origin = [
            ("run", self.runs[place.source as usize].clone()),
            ("episode", place.episode.to_string()),
            ("step", place.step.to_string()),
        ];
        origin.into_iter().chain(self.fields.iter().map(move |(name, field)| (name.as_str(), text(field, row))))
    }

    /// Where a point lies.
    pub fn place(&self, row: usize) -> &[f32] {
        &self.layout.positions[row * self.layout.dims..][..self.layout.dims]
    }
}

/// The name of a choice, a number so that it reads back the same, or nothing.
fn text(field: &MapField, row: usize) -> String {
    let Some(value) = field.values[row] else { return String::new() };
    let named = field.names.as_ref().filter(|_| value.fract() == 0.0 && value >= 0.0);
    match named.and_then(|names| names.get(value as usize)).filter(|name| !name.is_empty()) {
        Some(name) => name.clone(),
        None if value.is_nan() => "NaN".to_owned(),
        None => value.to_string(),
    }
}
