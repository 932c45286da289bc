//! Points on their way from principal components to where they belong.

use std::borrow::Cow;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use ethogram_analysis::{Labels, Metric, Neighbors, Points, begun_at, mirror_like, pca_quick};

use super::alignment::places_in;
use super::map::StateMap;
use super::method::Way;
use super::moving::Moving;
use crate::{Error, Result};

/// Layouts are told of no more often than this.
const TELL_EVERY: Duration = Duration::from_millis(100);
/// Rounds are made for about so long before anybody is asked whether to go on.
const WORK_FOR: Duration = Duration::from_millis(30);
/// Most of these rounds.
const ROUNDS_AT_ONCE: usize = 64;
/// How long a held layout waits before it looks again.
const WAIT: Duration = Duration::from_millis(20);

/// Where points lie.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    /// `pca`, `umap` or `tsne`.
    pub method: &'static str,
    /// Rounds that were made.
    pub round: usize,
    /// Of how many.
    pub rounds: usize,
    /// Whether it is the last.
    pub done: bool,
    /// Share of each direction in the variance; empty but for principal components.
    pub variance_ratio: Vec<f64>,
    /// 2 or 3.
    pub dims: usize,
    /// **Shape**: `[points, dims]`.
    pub positions: Vec<f32>,
}

/// What is told while points are laid out.
#[derive(Clone, Copy, Debug)]
pub enum News<'a> {
    /// Something takes time before points move.
    Progress {
        /// What.
        phase: &'static str,
        /// How much of it is done, 0 to 1.
        share: f64,
    },
    /// Points lie elsewhere.
    Layout(&'a Arc<Layout>),
    /// Nothing new: asked only whether to go on.
    Waiting,
}

/// Hears news, perhaps from several threads, and says whether to go on.
pub type Listener<'a> = dyn Fn(News<'_>) -> bool + Sync + 'a;

impl StateMap {
    /// Lays the points out: first by principal components, or at the places of the map that this one is aligned to, then as the method has
    /// it. `listen` hears of each layout, ten times a second at most, and says whether to go on.
    ///
    /// # Errors
    /// [`Error::Stopped`] when it said no.
    pub fn lay_out(&self, listen: &Listener) -> Result<Arc<Layout>> {
        let found = self.laid_out(listen);
        self.moves.store(false, Ordering::Release);
        // What it was aligned to need not be held for its sake any longer.
        *self.earlier.lock().unwrap_or_else(PoisonError::into_inner) = None;
        found
    }

    fn laid_out(&self, listen: &Listener) -> Result<Arc<Layout>> {
        let earlier = self.earlier.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let scaled = self.scaled();
        let points = Points::new(&scaled, self.width)?;
        if earlier.is_none() || self.chosen.way == Way::Pca {
            let first = self.principal(points, earlier.as_deref())?;
            let done = first.done;
            let first = self.tell(first, listen)?;
            if done {
                return Ok(first);
            }
        }
        let (metric, dims) = match &self.chosen.way {
            Way::Umap(params) => (params.metric, params.dims),
            Way::Tsne(params) => (params.metric, params.dims),
            Way::Pca => (Metric::Euclidean, self.dims),
        };
        let (mut distinct, mut width) = self.cleaned.distinct(&scaled, metric == Metric::Cosine);
        drop(scaled);
        if self.chosen.components > 0 && width > self.chosen.components {
            progress(listen, "finding principal components", 0.0)?;
            distinct = pca_quick(Points::new(&distinct, width)?, self.chosen.components)?.positions;
            width = self.chosen.components;
        }
        within_squares(&mut distinct);
        let points = Points::new(&distinct, width)?;
        let told = |share| listen(News::Progress { phase: "finding neighbours", share });
        let neighbors = match &self.chosen.way {
            Way::Umap(params) => Neighbors::exact_watched(points, params.neighbors - 1, metric, &told)?,
            Way::Tsne(params) => Neighbors::exact_watched(points, params.neighbors(points.rows())?, metric, &told)?,
            Way::Pca => unreachable!("principal components were found above"),
        };
        progress(listen, "finding a first layout", 0.0)?;
        let labels = self.supervision.as_ref().map(|known| Labels::new(&known.labels, self.chosen.label_weight));
        let labels = labels.transpose()?;
        let mut moving = Moving::new(points, &neighbors, labels.as_ref(), &self.chosen.way)?;
        if let Some(earlier) = earlier.as_deref() {
            let begin = begun_at(&neighbors, &places_in(earlier, self)?, dims)?;
            moving = moving.beginning_at(&begin, earlier.chosen.way.name() == self.chosen.way.name())?;
        }
        drop((neighbors, earlier));
        self.moves.store(true, Ordering::Release);
        self.moved(moving, listen)
    }

    /// Makes rounds until there are none left.
    fn moved(&self, mut moving: Moving, listen: &Listener) -> Result<Arc<Layout>> {
        let mut told = Instant::now();
        let mut rounds = 1;
        self.tell(self.shown(&moving, false), listen)?;
        loop {
            let (paused, push) = self.steering.take();
            if let Some((share, seed)) = push {
                moving.perturb(share, seed);
                self.tell(self.shown(&moving, false), listen)?;
            }
            if paused {
                std::thread::sleep(WAIT);
                if !listen(News::Waiting) {
                    return Err(Error::Stopped);
                }
                continue;
            }
            let began = Instant::now();
            let more = moving.advance(rounds);
            if !more {
                return self.tell(self.shown(&moving, true), listen);
            }
            let share = WORK_FOR.as_secs_f64() / began.elapsed().as_secs_f64().max(1e-6);
            rounds = ((rounds as f64 * share) as usize).clamp(1, ROUNDS_AT_ONCE);
            if told.elapsed() >= TELL_EVERY {
                self.tell(self.shown(&moving, false), listen)?;
                told = Instant::now();
            } else if !listen(News::Waiting) {
                return Err(Error::Stopped);
            }
        }
    }

    /// Coordinates divided by their standard deviation, where that was asked for.
    fn scaled(&self) -> Cow<'_, [f32]> {
        if !self.chosen.standardize {
            return Cow::Borrowed(&self.values);
        }
        let (width, rows) = (self.width, self.values.len() / self.width);
        let (mut sums, mut squares) = (vec![0.0_f64; width], vec![0.0_f64; width]);
        for row in self.values.chunks(width) {
            sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += f64::from(*value));
        }
        for row in self.values.chunks(width) {
            for ((square, sum), value) in squares.iter_mut().zip(&sums).zip(row) {
                *square += (f64::from(*value) - sum / rows as f64).powi(2);
            }
        }
        let deviation = |square: &f64| (square / rows as f64).sqrt();
        let by: Vec<f64> = squares.iter().map(deviation).map(|sd| if sd > 0.0 { 1.0 / sd } else { 1.0 }).collect();
        let row =
            |row: &[f32]| row.iter().zip(&by).map(|(value, by)| (f64::from(*value) * by) as f32).collect::<Vec<_>>();
        Cow::Owned(self.values.chunks(width).flat_map(row).collect())
    }

    /// Principal components, mirrored so that axes run as they did before.
    fn principal(&self, points: Points, earlier: Option<&StateMap>) -> Result<Layout> {
        let have = self.dims.min(self.width);
        let found = pca_quick(points, have)?;
        let place = |row: &[f32]| (0..self.dims).map(|d| row.get(d).copied().unwrap_or(0.0)).collect::<Vec<_>>();
        let mut positions: Vec<f32> = found.positions.chunks(have).flat_map(place).collect();
        if let Some(earlier) = earlier {
            let before = self.spread_over_points(&places_in(earlier, self)?);
            mirror_like(&mut positions, &before, self.dims)?;
        }
        let done = self.chosen.way == Way::Pca;
        let (round, rounds) = if done { (1, 1) } else { (0, 0) };
        let variance_ratio = found.variance_ratio;
        Ok(Layout { method: "pca", round, rounds, done, variance_ratio, dims: self.dims, positions })
    }

    fn shown(&self, moving: &Moving, done: bool) -> Layout {
        let (round, rounds) = moving.progress();
        Layout {
            method: self.chosen.way.name(),
            round,
            rounds,
            done,
            variance_ratio: Vec::new(),
            dims: self.dims,
            positions: self.spread_over_points(moving.positions()),
        }
    }

    /// Places of distinct points as places of all.
    fn spread_over_points(&self, distinct: &[f32]) -> Vec<f32> {
        let place = |&distinct_of: &usize| distinct[distinct_of * self.dims..][..self.dims].iter().copied();
        self.cleaned.distinct_of.iter().flat_map(place).collect()
    }

    fn tell(&self, layout: Layout, listen: &Listener) -> Result<Arc<Layout>> {
        let layout = Arc::new(layout);
        *self.newest.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&layout));
        if listen(News::Layout(&layout)) || layout.done { Ok(layout) } else { Err(Error::Stopped) }
    }
}

/// Scales numbers whose squares single precision does not hold; a layout does not depend on the unit.
fn within_squares(values: &mut [f32]) {
    let most = values.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
    if most > 1e12 || (most > 0.0 && most < 1e-12) {
        for value in values {
            *value = (f64::from(*value) / f64::from(most)) as f32;
        }
    }
}

fn progress(listen: &Listener, phase: &'static str, share: f64) -> Result<()> {
    if listen(News::Progress { phase, share }) { Ok(()) } else { Err(Error::Stopped) }
}
