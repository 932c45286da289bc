//! How the values of one tag are distributed, along its axis: weights over training, returns over episodes.

use std::ops::Range;

use ethogram_analysis::{Counts, EqualWidth, finite_extent};
use ethogram_store::{Axis, ScalarColumns, TensorKind, TensorRow};

use crate::tensor_rows::{TENSOR_ELEMENTS_MAX, TensorRows, check_rows};
use crate::{Result, RunHandle};

/// Bins when nobody says how many.
pub const BINS_DEFAULT: usize = 64;

/// Asks for the histograms of one tag of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct HistogramRequest {
    /// What indexes it.
    pub axis: Axis,
    /// A tensor, a distribution or a scalar.
    pub tag: String,
    /// Steps on the axis.
    pub range: Range<i64>,
    /// Most histograms. Of more logged rows, so many are picked evenly; the points of a scalar are cut into so many parts of
    /// the axis, equal in width.
    pub rows: usize,
    /// Bins of equal width; as they were logged, else [`BINS_DEFAULT`], when `None`.
    pub bins: Option<usize>,
    /// First and last edge; those of all rows together when `None`.
    pub within: Option<(f64, f64)>,
}

/// Where the counts come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// Every value was counted, by NumPy's rule.
    Values,
    /// The bins are those that were logged.
    AsLogged,
    /// Bins that were logged were spread, each evenly over its width, onto these.
    Spread,
}

/// Histograms over common bins.
#[derive(Clone, Debug, PartialEq)]
pub struct Histograms {
    /// One more than there are bins, ascending.
    pub edges: Vec<f64>,
    /// How the counts came to be.
    pub counted: Counted,
    /// Rows (of a scalar, points) logged in the range.
    pub logged: u64,
    /// Rows that hold no numbers.
    pub left_out: u64,
    /// Ascending by step.
    pub rows: Vec<HistogramRow>,
}

/// One histogram.
#[derive(Clone, Debug, PartialEq)]
pub struct HistogramRow {
    /// Of the row; of a part of the axis, its last point.
    pub step: i64,
    /// Microseconds since 1970.
    pub time_us: i64,
    /// Smallest and largest finite value, or edge of a bin that holds any; NaN when there is none.
    pub min: f64,
    /// See `min`.
    pub max: f64,
    /// The counts.
    pub counts: Counts,
}

impl Histograms {
    pub(crate) fn read(run: &RunHandle, request: &HistogramRequest) -> Result<Self> {
        check_rows(request.rows)?;
        let HistogramRequest { axis, ref tag, ref range, rows, .. } = *request;
        let tags = run.source().tensor_tags();
        if tags.iter().any(|known| known.axis == axis && known.tag == *tag) {
            return Self::of_tensors(&TensorRows::pick(run, axis, tag, range.clone(), rows)?, request);
        }
        let range = range.start..range.end.max(range.start);
        Self::of_points(&run.points(axis, tag, &range, TENSOR_ELEMENTS_MAX / 4)?, request)
    }

    fn of_tensors(rows: &TensorRows, request: &HistogramRequest) -> Result<Self> {
        let mut extents = Extents::default();
        rows.each(|row| {
            extents.see(row);
            Ok(())
        })?;
        let as_logged = extents.edges.as_ref().filter(|_| request.bins.is_none() && request.within.is_none());
        let bins = match as_logged {
            Some(_) => None,
            None => Some(equal_width(request, extents.whole)?),
        };
        let counted = match (&bins, extents.spread) {
            (None, _) => Counted::AsLogged,
            (Some(_), true) => Counted::Spread,
            (Some(_), false) => Counted::Values,
        };
        let mut made = Self {
            edges: bins.as_ref().map_or_else(|| as_logged.cloned().unwrap_or_default(), |bins| bins.edges().to_vec()),
            counted,
            logged: rows.logged,
            left_out: 0,
            rows: Vec::new(),
        };
        rows.each(|row| {
            let values = Values::of(row);
            let counts = match (&values, &bins) {
                (None, _) => {
                    made.left_out += 1;
                    return Ok(());
                }
                (Some(values), Some(bins)) => values.count(bins),
                (Some(Values::Bins { counts, .. }), None) => Counts { bins: counts.clone(), ..Counts::default() },
                (Some(_), None) => Counts::default(),
            };
            let (min, max) = values.and_then(|values| values.extent()).unwrap_or((f64::NAN, f64::NAN));
            made.rows.push(HistogramRow { step: row.step, time_us: row.time_us, min, max, counts });
            Ok(())
        })?;
        Ok(made)
    }

    fn of_points(points: &ScalarColumns, request: &HistogramRequest) -> Result<Self> {
        let bins = equal_width(request, finite_extent(points.value.iter().copied()))?;
        let logged = points.step.len();
        let first = points.step.first().copied().unwrap_or(0);
        let span = points.step.last().map_or(0, |last| last.abs_diff(first));
        let part = |step: i64| {
            let share = step.abs_diff(first) as f64 / (span as f64 + 1.0);
            ((share * request.rows as f64) as usize).min(request.rows - 1)
        };
        let at: Vec<usize> = (0..logged).collect();
        let rows = at.chunk_by(|&a, &b| part(points.step[a]) == part(points.step[b])).map(|part| {
            let last = part[part.len() - 1];
            let values = &points.value[part[0]..=last];
            let mut counts = bins.empty();
            for &value in values {
                bins.add(&mut counts, value, 1.0);
            }
            let (min, max) = finite_extent(values.iter().copied()).unwrap_or((f64::NAN, f64::NAN));
            HistogramRow { step: points.step[last], time_us: points.time_us[last], min, max, counts }
        });
        Ok(Self {
            edges: bins.edges().to_vec(),
            counted: Counted::Values,
            logged: logged as u64,
            left_out: 0,
            rows: rows.collect(),
        })
    }
}

/// The bins that were asked for; over nothing, those from 0 to 1, as NumPy has them.
fn equal_width(request: &HistogramRequest, whole: Option<(f64, f64)>) -> Result<EqualWidth> {
    let (low, high) = request.within.or(whole).unwrap_or((0.0, 1.0));
    Ok(EqualWidth::new(low, high, request.bins.unwrap_or(BINS_DEFAULT))?)
}

/// What the first look at the rows tells.
#[derive(Default)]
struct Extents {
    whole: Option<(f64, f64)>,
    /// The edges that all rows have in common; `None` before the first row and once one differs.
    edges: Option<Vec<f64>>,
    seen: bool,
    /// Some row was counted in bins.
    spread: bool,
}

impl Extents {
    fn see(&mut self, row: &TensorRow) {
        let Some(values) = Values::of(row) else { return };
        if let Some((low, high)) = values.extent() {
            let (min, max) = self.whole.unwrap_or((low, high));
            self.whole = Some((min.min(low), max.max(high)));
        }
        let edges = match values {
            Values::Bins { edges, .. } => Some(edges),
            _ => None,
        };
        self.spread |= edges.is_some();
        if !self.seen {
            self.edges = edges;
        } else if self.edges != edges {
            self.edges = None;
        }
        self.seen = true;
    }
}

/// The numbers of one row.
enum Values<'a> {
    /// As they are.
    Tensor(&'a TensorRow),
    /// Distinct values, and how often each was there.
    Exact { values: Vec<f64>, counts: Vec<f64> },
    /// Counted before.
    Bins { edges: Vec<f64>, counts: Vec<f64> },
}

impl<'a> Values<'a> {
    /// `None` when the row holds none, or is not what its kind promises.
    fn of(row: &'a TensorRow) -> Option<Self> {
        match row.kind {
            TensorKind::Tensor => Some(Self::Tensor(row)),
            TensorKind::Distribution => {
                let mut values = row.array.to_f64();
                if row.array.shape().first() != Some(&2) || row.array.shape().len() != 2 {
                    return None;
                }
                let counts = values.split_off(values.len() / 2);
                let Some(edges) = row.meta.get("edges") else { return Some(Self::Exact { values, counts }) };
                let edges: Vec<f64> = edges.as_array()?.iter().map(serde_json::Value::as_f64).collect::<Option<_>>()?;
                (edges.len() == counts.len() + 1 && edges.is_sorted()).then_some(Self::Bins { edges, counts })
            }
            TensorKind::Image | TensorKind::Text => None,
        }
    }

    fn extent(&self) -> Option<(f64, f64)> {
        match self {
            Self::Tensor(row) => {
                let (dtype, data) = (row.array.dtype(), row.array.data());
                finite_extent(data.chunks_exact(dtype.size()).map(|bytes| dtype.read_f64(bytes)))
            }
            Self::Exact { values, .. } => finite_extent(values.iter().copied()),
            Self::Bins { edges, counts } => {
                let held = edges.windows(2).zip(counts).filter(|(_, count)| **count > 0.0);
                finite_extent(held.flat_map(|(pair, _)| [pair[0], pair[1]]))
            }
        }
    }

    fn count(&self, bins: &EqualWidth) -> Counts {
        let mut counts = bins.empty();
        match self {
            Self::Tensor(row) => {
                let (dtype, data) = (row.array.dtype(), row.array.data());
                for bytes in data.chunks_exact(dtype.size()) {
                    bins.add(&mut counts, dtype.read_f64(bytes), 1.0);
                }
            }
            Self::Exact { values, counts: weights } => {
                for (&value, &weight) in values.iter().zip(weights) {
                    bins.add(&mut counts, value, weight);
                }
            }
            Self::Bins { edges, counts: weights } => bins.add_bins(&mut counts, edges, weights),
        }
        counts
    }
}

impl Counted {
    /// As on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Values => "values",
            Self::AsLogged => "as_logged",
            Self::Spread => "spread",
        }
    }
}
