//! Scalar tags of a run by the Python string that named them: a loop logs the same few string objects at every step.

use ethogram_store::{Axis, RunWriter, Tag};
use pyo3::prelude::*;
use pyo3::types::PyString;

/// Strings remembered; two that share a cell take turns.
const CELLS: usize = 256;

/// A cache, not a register: a string that is not found, or shares its cell, is looked up by its text.
pub struct KnownTags {
    cells: Box<[Option<KnownTag>]>,
    /// Where a call gathers its points; kept, so that it is allocated once.
    pub points: Vec<(Tag, f64)>,
}

struct KnownTag {
    /// Owned: another string cannot come to lie at its address meanwhile.
    name: Py<PyString>,
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
        // Objects are at least 16 bytes apart.
        let cell = &mut self.cells[(name.as_ptr() as usize >> 4) % CELLS];
        match cell {
            Some(known) if known.name.is(name) && known.axis == axis => Some(known.tag),
            _ => {
                let tag = writer.tag(axis, name.to_str().ok()?).ok()?;
                *cell = Some(KnownTag { name: name.clone().unbind(), axis, tag });
                Some(tag)
            }
        }
    }
}
