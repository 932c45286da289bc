//! The server beside a crowd: processes that log, pages that listen, a chart that is asked for again and again; the bound of its
//! cache; very many runs in one folder, and one of 50 GB; its end with everything open.

mod baselines;
mod cache;
mod crowd;
mod folders;

use std::path::Path;

use anyhow::{Result, ensure};

use super::lab::Lab;
use super::measure::Measure;
use super::serve::program;

pub use crowd::child;

/// A part of the bench.
type Part = fn(&Lab, &Path) -> Result<Vec<Measure>>;

/// The parts, by what `--only` calls them.
const PARTS: &[(&str, Part)] = &[
    ("crowd", crowd::measures),
    ("cache", cache::measures),
    ("runs", folders::many_runs),
    ("events", folders::large_folder),
    ("sb3", baselines::measures),
];

/// The bench.
pub fn run(lab: &Lab) -> Result<Vec<Measure>> {
    let wanted = |part: &&(&str, Part)| lab.only.as_ref().is_none_or(|only| only == part.0);
    let parts: Vec<_> = PARTS.iter().filter(wanted).collect();
    let names: Vec<_> = PARTS.iter().map(|(name, _)| *name).collect();
    ensure!(!parts.is_empty(), "no such part: expected --only and one of {}", names.join(", "));
    let program = program()?;
    let mut measures = Vec::new();
    for (_, part) in parts {
        measures.extend(part(lab, &program)?);
    }
    Ok(measures)
}
