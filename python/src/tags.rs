//! Scalar tags of a run by the Python string that named them: a loop logs the same few names at every step.

use ethogram_store::{Axis, RunWriter, Tag};
use pyo3::prelude::*;
use pyo3::types::PyString;

/// Strings remembered; two that share a cell take turns.
const CELLS: usize = 1_024;

/// A cache, not a register: a name that is not found, or shares its cell, is asked of the writer.
///
/// Strings know their hash once they were in a dict, and a name that stands in the source is one object for ever; so most names
/// are found by their address, and those that are put together anew at every step by a comparison of their texts.
pub struct KnownTags {
    cells: Box<[Option<KnownTag>]>,
    /// Where a call gathers its points; kept, so that it is allocated once.
    pub points: Vec<(Tag, f64)>,
}

struct KnownTag {
    /// Owned: another string cannot come to lie at its address meanwhile.
    name: Py<PyString>,
    text: Box<str>,
    axis: Axis,
    tag: Tag,
}

impl Default for KnownTags {
    fn default() -> Self {
        Self { cells: std::iter::repeat_with(|| None).take(CELLS).collect(), points: Vec::new() }
    }
}

impl KnownTags {
    /// The tag of that name; `None` when there can be none.
    pub fn tag(&mut self, writer: &RunWriter, axis: Axis, name: &Bound<'_, PyString>) -> Option<Tag> {
        let cell = &mut self.cells[name.hash().ok()? as usize % CELLS];
        if let Some(known) = cell.as_ref().filter(|known| known.axis == axis && known.is(name)) {
            return Some(known.tag);
        }
        let text = name.to_str().ok()?;
        let tag = writer.tag(axis, text).ok()?;
        *cell = Some(KnownTag { name: name.clone().unbind(), text: text.into(), axis, tag });
        Some(tag)
    }
}

impl KnownTag {
    fn is(&self, name: &Bound<'_, PyString>) -> bool {
        self.name.is(name) || name.to_str().is_ok_and(|text| *text == *self.text)
    }
}
