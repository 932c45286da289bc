//! Curves of groups: one scalar of several runs, such as the seeds of one configuration, as one curve with its interval.

use std::collections::BTreeSet;
use std::ops::Range;

use ethogram_analysis::{AcrossRuns, RunCurve, across_runs};
use ethogram_store::{Axis, RunId};

use crate::series::check;
use crate::{BUCKETS_MAX, Error, Result, Series, SeriesRequest, Smoothing, Workbench};

/// Most runs that one group may have.
pub const GROUP_RUNS_MAX: usize = 256;

/// A run with more points than this many times the buckets is summarised before it is put into those of the group.
const FINER: usize = 4;

/// Asks for one curve for several runs.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupRequest {
    /// Of which runs, from 1 to [`GROUP_RUNS_MAX`], each once.
    pub runs: Vec<RunId>,
    /// What indexes it.
    pub axis: Axis,
    /// For example `losses/td_loss`.
    pub tag: String,
    /// Steps on the axis; `i64::MIN..i64::MAX` for all.
    pub range: Range<i64>,
    /// Most buckets, from 1 to [`BUCKETS_MAX`].
    pub buckets: usize,
    /// Smooths `mean` and `last` of the group, each bucket as one point; all else stays as it was.
    pub smooth: Option<Smoothing>,
}

/// One curve for several runs.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupSeries {
    /// The runs that have the tag, as they were asked for.
    pub runs: Vec<RunId>,
    /// Points of all these runs, over the whole of them.
    pub count: u64,
    /// First step of any of them.
    pub first_step: i64,
    /// Last step of any of them.
    pub last_step: i64,
    /// When the earliest of them was created, microseconds since 1970.
    pub created_us: i64,
    /// The curve. `time` is the mean time since the start of each run, in microseconds, so that a run that was started days later
    /// does not count as slower; it need not ascend where runs come and go.
    pub across: AcrossRuns,
}

impl GroupSeries {
    /// Reads one curve. Runs without the tag are left out; it is an error when none has it, or when there is no such run.
    pub(crate) fn read(workbench: &Workbench, request: &GroupRequest) -> Result<Self> {
        check(&request.tag, request.buckets)?;
        check_runs(request)?;
        let mut found = Vec::with_capacity(request.runs.len());
        let mut missing = None;
        for run in &request.runs {
            let handle = workbench.run(&run.0)?;
            match handle.series(&of_one(run, request)) {
                Ok(series) => found.push((run.clone(), handle.info().created_us, series)),
                Err(error @ Error::NoTag { .. }) => missing = Some(error),
                Err(error) => return Err(error),
            }
        }
        if let (true, Some(error)) = (found.is_empty(), missing) {
            return Err(error);
        }
        let curves: Vec<_> = found.iter().map(|(_, created_us, series)| curve(series, *created_us)).collect();
        let mut across = across_runs(&curves, request.buckets)?;
        if let Some(smoothing) = request.smooth {
            across.mean = smoothing.apply(&across.mean, &request.tag)?;
            across.last = smoothing.apply(&across.last, &request.tag)?;
        }
        let tags = || found.iter().map(|(_, _, series)| &series.tag);
        Ok(Self {
            count: tags().map(|tag| tag.count).sum(),
            first_step: tags().map(|tag| tag.first_step).min().unwrap_or_default(),
            last_step: tags().map(|tag| tag.last_step).max().unwrap_or_default(),
            created_us: found.iter().map(|(_, created_us, _)| *created_us).min().unwrap_or_default(),
            runs: found.into_iter().map(|(run, _, _)| run).collect(),
            across,
        })
    }
}

fn of_one(run: &RunId, request: &GroupRequest) -> SeriesRequest {
    SeriesRequest {
        run: run.clone(),
        axis: request.axis,
        tag: request.tag.clone(),
        range: request.range.clone(),
        buckets: request.buckets.saturating_mul(FINER).min(BUCKETS_MAX),
        smooth: None,
    }
}

fn curve(series: &Series, created_us: i64) -> RunCurve {
    let buckets = &series.buckets;
    RunCurve {
        step: buckets.step.clone(),
        time: buckets.time_us.iter().map(|time| time.saturating_sub(created_us) as f64).collect(),
        count: buckets.count.clone(),
        mean: buckets.mean.clone(),
        last: buckets.last.clone(),
    }
}

fn check_runs(request: &GroupRequest) -> Result<()> {
    let bad = |found: String| Error::BadParam {
        field: request.tag.clone(),
        param: "runs".into(),
        expected: format!("1 to {GROUP_RUNS_MAX} runs, each once"),
        found,
    };
    if request.runs.len() > GROUP_RUNS_MAX {
        let found = request.runs.len() as u64;
        return Err(Error::TooLarge {
            what: "runs of a group (GROUP_RUNS_MAX)".into(),
            limit: GROUP_RUNS_MAX as u64,
            found,
        });
    }
    let mut seen = BTreeSet::new();
    match request.runs.iter().find(|run| !seen.insert(*run)) {
        _ if request.runs.is_empty() => Err(bad("none".into())),
        Some(twice) => Err(bad(format!("{twice} twice"))),
        None => Ok(()),
    }
}
