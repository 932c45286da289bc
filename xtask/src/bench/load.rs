//! The server beside a crowd: processes that log, pages that listen, a chart that is asked for again and again; the bound of its
//! cache; very many runs in one folder, and one of 50 GB; its end with everything open.

mod cache;
mod crowd;
mod folders;

use anyhow::Result;

use super::lab::Lab;
use super::measure::Measure;
use super::serve::program;

pub use crowd::child;

/// The bench.
pub fn run(lab: &Lab) -> Result<Vec<Measure>> {
    let program = program()?;
    let mut measures = crowd::measures(lab, &program)?;
    measures.extend(cache::measures(lab, &program)?);
    measures.extend(folders::many_runs(lab, &program)?);
    measures.extend(folders::large_folder(lab, &program)?);
    Ok(measures)
}
