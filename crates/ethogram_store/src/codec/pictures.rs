//! The distinct pictures of a group of rows.

use std::collections::HashMap;

use xxhash_rust::xxh3::xxh3_64;

use super::layout::{FrameLayout, LayoutKind};

/// Pictures to be stored, and which of them each plane of each row is.
pub(super) struct Pictures<'a> {
    /// Distinct where rows are stacks; one a row otherwise.
    pub stored: Vec<&'a [u8]>,
    /// `count` × `stack` numbers of stored pictures; empty without stack. Never more than 65,535 distinct.
    pub planes: Vec<u16>,
}

/// Splits rows into pictures. `scratch` is where planes that do not lie together are gathered.
///
/// The caller has seen to it that no more planes come than a `u16` can number.
pub(super) fn split<'a>(layout: &FrameLayout, rows: &[&'a [u8]], scratch: &'a mut Vec<u8>) -> Pictures<'a> {
    match layout.kind {
        LayoutKind::Picture => Pictures { stored: rows.to_vec(), planes: Vec::new() },
        LayoutKind::PlanesFirst => {
            distinct(rows.iter().flat_map(|row| row.chunks_exact(layout.picture_bytes())), rows.len() * layout.planes())
        }
        LayoutKind::PlanesLast => {
            gather(layout, rows, scratch);
            distinct(scratch.chunks_exact(layout.picture_bytes()), rows.len() * layout.planes())
        }
    }
}

fn distinct<'a>(planes: impl Iterator<Item = &'a [u8]>, count: usize) -> Pictures<'a> {
    let mut stored: Vec<&[u8]> = Vec::new();
    let mut numbers = Vec::with_capacity(count);
    let mut seen: HashMap<u64, u16> = HashMap::new();
    for plane in planes {
        // A hash that two different planes share only costs room: the later one is stored again.
        let hash = xxh3_64(plane);
        let number = match seen.get(&hash) {
            Some(&number) if stored[usize::from(number)] == plane => number,
            _ => {
                stored.push(plane);
                let number = (stored.len() - 1) as u16;
                seen.insert(hash, number);
                number
            }
        };
        numbers.push(number);
    }
    Pictures { stored, planes: numbers }
}

/// From H×W×S to S×H×W, row by row.
fn gather(layout: &FrameLayout, rows: &[&[u8]], scratch: &mut Vec<u8>) {
    let stack = layout.planes();
    scratch.clear();
    scratch.resize(rows.len() * layout.row_bytes(), 0);
    for (row, out) in rows.iter().zip(scratch.chunks_exact_mut(layout.row_bytes())) {
        for (plane, out) in out.chunks_exact_mut(layout.picture_bytes()).enumerate() {
            for (sample, pixel) in out.iter_mut().zip(row.chunks_exact(stack)) {
                *sample = pixel[plane];
            }
        }
    }
}
