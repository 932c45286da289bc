use std::collections::BTreeMap;
use std::sync::Arc;

use ethogram_store::RunId;

use crate::{Error, Result, RunHandle, Workbench};

/// Most runs, or parts of runs, of one map.
pub const MAP_SOURCES_MAX: usize = 64;
/// Most points of a map.
pub const MAP_POINTS_MAX: usize = 1_000_000;
/// Most bytes of the numbers that points are laid out by: of wide ones there are fewer.
pub const MAP_VALUES_BYTES_MAX: u64 = 512 << 20;

/// Asks for a map.
#[derive(Clone, Debug, PartialEq)]
pub struct MapRequest {
    /// Where steps are taken from, at most [`MAP_SOURCES_MAX`].
    pub sources: Vec<MapSource>,
    /// `observation`, another numeric field of steps, or `layer/NAME`.
    pub of: String,
    /// Most points, up to [`MAP_POINTS_MAX`]; of more steps so many are picked evenly.
    pub points: usize,
    /// Name of one of [`MAP_METHODS`](crate::MAP_METHODS).
    pub method: String,
    /// 2 or 3.
    pub dims: usize,
    /// The method's settings; those left out are as usual.
    pub settings: BTreeMap<String, String>,
    /// A field whose values are labels that take part in the layout; with UMAP only.
    pub supervised_by: Option<String>,
    /// An earlier map at whose places points begin.
    pub align_to: Option<String>,
}

/// Steps of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct MapSource {
    /// Which run.
    pub run: RunId,
    /// Which episodes; all that were recorded when left out.
    pub episodes: Option<Vec<u64>>,
    /// Global step of the checkpoint that is asked for layers; the one in force at the episode when left out.
    pub checkpoint: Option<i64>,
    /// Samples of this name instead of steps: what a policy was asked about by `eg.probe`. They are episode 0.
    pub samples: Option<String>,
}

impl Default for MapRequest {
    /// 20,000 observations by their principal components.
    fn default() -> Self {
        MapRequest {
            sources: Vec::new(),
            of: "observation".to_owned(),
            points: 20_000,
            method: "pca".to_owned(),
            dims: 2,
            settings: BTreeMap::new(),
            supervised_by: None,
            align_to: None,
        }
    }
}

impl MapSource {
    /// All recorded episodes of a run.
    pub fn run(run: &RunId) -> Self {
        MapSource { run: run.clone(), episodes: None, checkpoint: None, samples: None }
    }
}

impl Workbench {
    /// The run that a source takes its steps from.
    pub(super) fn source_of(&self, source: &MapSource) -> Result<Arc<RunHandle>> {
        let run = self.run(&source.run.0)?;
        match &source.samples {
            None => Ok(run),
            Some(name) => Ok(Arc::new(run.samples(name)?)),
        }
    }
}

impl MapRequest {
    /// What can be told without looking at any run.
    pub(super) fn check(&self) -> Result<()> {
        if self.sources.is_empty() {
            return Err(wrong("sources", "1 to 64 runs", "none"));
        }
        if self.sources.len() > MAP_SOURCES_MAX {
            return Err(Error::TooLarge {
                what: "sources of a map (MAP_SOURCES_MAX)".to_owned(),
                limit: MAP_SOURCES_MAX as u64,
                found: self.sources.len() as u64,
            });
        }
        if self.points > MAP_POINTS_MAX {
            return Err(Error::TooLarge {
                what: "points of a map (MAP_POINTS_MAX)".to_owned(),
                limit: MAP_POINTS_MAX as u64,
                found: self.points as u64,
            });
        }
        if self.points < 2 {
            return Err(wrong("points", "at least 2", &self.points.to_string()));
        }
        if !(2..=3).contains(&self.dims) {
            return Err(wrong("dims", "2 or 3", &self.dims.to_string()));
        }
        if self.supervised_by.is_some() && self.method != "umap" {
            return Err(wrong("supervised_by", "the method umap, the only one that takes labels", &self.method));
        }
        Ok(())
    }
}

/// A member of the request that cannot be.
pub(super) fn wrong(param: &str, expected: &str, found: &str) -> Error {
    Error::BadParam {
        field: "map".to_owned(),
        param: param.to_owned(),
        expected: expected.to_owned(),
        found: found.chars().take(64).collect(),
    }
}
