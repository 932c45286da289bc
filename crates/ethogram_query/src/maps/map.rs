//! A map: its points, the numbers behind them, and how they lie.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ethogram_analysis::{Cleaned, Metric, Points, clean, nearest};

use super::layout::Layout;
use super::method::{Chosen, Way};
use super::plan::MapPlan;
use super::request::MapSource;
use super::rows::Rows;
use super::selection::Place;
use super::steering::{Steer, Steering};
use super::supervision::Supervision;
use crate::{Error, Result};

/// Steps that are no points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Why.
    pub why: String,
    /// How many.
    pub count: usize,
}

/// Steps as points.
pub struct StateMap {
    id: String,
    of: String,
    pub(super) dims: usize,
    sources: Vec<MapSource>,
    steps: u64,
    left_out: Vec<LeftOut>,
    notes: Vec<String>,
    places: Vec<Place>,
    pub(super) width: usize,
    /// **Shape**: `[points, width]`, finite.
    pub(super) values: Vec<f32>,
    pub(super) cleaned: Cleaned,
    pub(super) chosen: Chosen,
    pub(super) supervision: Option<Supervision>,
    pub(super) earlier: Mutex<Option<Arc<StateMap>>>,
    /// Recorded steps of each episode of each source.
    lengths: BTreeMap<(u32, u64), u64>,
    pub(super) newest: Mutex<Option<Arc<Layout>>>,
    pub(super) steering: Steering,
    pub(super) moves: AtomicBool,
}

impl StateMap {
    /// **Errors**: fewer than two points are left.
    pub(super) fn new(plan: MapPlan, mut rows: Rows, id: String) -> Result<Self> {
        let MapPlan { request, mut chosen, stretches, mut places, steps, width, mut notes, earlier, .. } = plan;
        let mut left_out = Vec::new();
        let missing = compact(&mut places, &mut rows.values, width, &rows.there);
        if missing > 0 {
            let why = match request.of.strip_prefix(super::rows::LAYER_PREFIX) {
                Some(layer) => format!("what the network takes for {layer:?} was not logged at the step"),
                None => format!("{:?} was not logged at the step", request.of),
            };
            left_out.push(LeftOut { why, count: missing });
        }
        let mut cleaned = clean(&rows.values, width)?;
        if cleaned.not_finite > 0 {
            let finite: Vec<bool> = rows.values.chunks(width).map(|row| row.iter().all(|v| v.is_finite())).collect();
            let count = compact(&mut places, &mut rows.values, width, &finite);
            left_out.push(LeftOut { why: "a number is NaN or infinite".to_owned(), count });
            cleaned = clean(&rows.values, width)?;
        }
        if places.len() < 2 {
            let whys: Vec<String> = left_out.iter().map(|out| format!("{} where {}", out.count, out.why)).collect();
            let why = if whys.is_empty() { String::new() } else { format!("; left out: {}", whys.join(", ")) };
            let points = if places.len() == 1 { "1 point is" } else { "0 points are" };
            return Err(Error::Unmapped { why: format!("{points} no map, at least 2 are needed{why}") });
        }
        notes.extend(said_of(&cleaned, width));
        notes.extend(fitted(&mut chosen, cleaned.firsts.len(), width - cleaned.constant()));
        rows.values.shrink_to_fit();
        Ok(StateMap {
            id,
            of: request.of,
            dims: request.dims,
            sources: request.sources,
            steps,
            left_out,
            notes,
            places,
            width,
            values: rows.values,
            cleaned,
            chosen,
            supervision: None,
            earlier: Mutex::new(earlier),
            lengths: stretches.into_iter().map(|s| ((s.source, s.episode), s.steps)).collect(),
            newest: Mutex::default(),
            steering: Steering::default(),
            moves: AtomicBool::new(false),
        })
    }

    /// Lets labels take part, where points are moved at all.
    pub(super) fn supervise(&mut self, supervision: Supervision) {
        if matches!(self.chosen.way, Way::Umap(_)) {
            self.notes.push(supervision.note.clone());
            self.supervision = Some(supervision);
        }
    }

    /// The field whose values took part in the layout as labels.
    pub fn supervised_by(&self) -> Option<&str> {
        self.supervision.as_ref().map(|supervision| supervision.field.as_str())
    }

    /// By which it is asked for again.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What points are laid out by.
    pub fn of(&self) -> &str {
        &self.of
    }

    /// 2 or 3.
    pub fn dims(&self) -> usize {
        self.dims
    }

    /// Where its steps were taken from.
    pub fn sources(&self) -> &[MapSource] {
        &self.sources
    }

    /// Steps that all sources have.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Of the steps that were picked, those that are no points.
    pub fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }

    /// What was done so that the points could be laid out, in sentences.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Where each point comes from; sorted.
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// Numbers of a point.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The numbers that points are laid out by. **Shape**: `[points, width]`.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The newest layout; `None` before the first.
    pub fn layout(&self) -> Option<Arc<Layout>> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The exact neighbours of a point in the original space, nearest first, and how far they are; all other points when there are
    /// fewer than `count`.
    ///
    /// # Errors
    /// No such point, or `count` is out of its bounds.
    pub fn neighbors(&self, point: usize, count: usize, metric: Metric) -> Result<Vec<(usize, f64)>> {
        let count = count.min(self.places.len() - 1);
        Ok(nearest(Points::new(&self.values, self.width)?, point, count, metric)?)
    }

    /// Where each point lies, in the original space, along the line from the mean of some points (0) to the mean of others (1).
    ///
    /// # Errors
    /// No points, or none of that index; both means are the same.
    pub fn along(&self, from: &[usize], to: &[usize]) -> Result<Vec<f32>> {
        let mean = |name: &str, points: &[usize]| -> Result<Vec<f64>> {
            let expected = format!("one or more indices below {}", self.places.len());
            if points.is_empty() {
                return Err(super::request::wrong(name, &expected, "none"));
            }
            let mut mean = vec![0.0; self.width];
            for &point in points {
                if point >= self.places.len() {
                    return Err(super::request::wrong(name, &expected, &point.to_string()));
                }
                let row = &self.values[point * self.width..][..self.width];
                mean.iter_mut().zip(row).for_each(|(sum, value)| *sum += f64::from(*value) / points.len() as f64);
            }
            Ok(mean)
        };
        let (start, end) = (mean("from", from)?, mean("to", to)?);
        let line: Vec<f64> = start.iter().zip(&end).map(|(start, end)| end - start).collect();
        let square: f64 = line.iter().map(|value| value * value).sum();
        if square <= 0.0 {
            return Err(super::request::wrong("to", "points whose mean is another than that of \"from\"", "the same"));
        }
        let place = |row: &[f32]| {
            let along = row.iter().zip(&start).zip(&line).map(|((x, start), line)| (f64::from(*x) - start) * line);
            (along.sum::<f64>() / square) as f32
        };
        Ok(self.values.chunks(self.width).map(place).collect())
    }

    /// Holds the layout, lets it go on, or shakes it; whether it is held now.
    ///
    /// # Errors
    /// It does not move (any more), or a share out of its bounds.
    pub fn steer(&self, steer: Steer) -> Result<bool> {
        if let Some(share) = steer.perturb.filter(|share| !(0.0..=1.0).contains(share)) {
            return Err(super::request::wrong("perturb", "a share from 0 to 1", &share.to_string()));
        }
        if !self.moves.load(Ordering::Acquire) {
            return Err(Error::MapStill { map: self.id.clone() });
        }
        Ok(self.steering.steer(steer))
    }

    /// Recorded steps of the episode of a point.
    pub(super) fn length(&self, place: &Place) -> u64 {
        self.lengths.get(&(place.source, place.episode)).copied().unwrap_or(0)
    }

    /// Bytes that it holds, about.
    pub(super) fn bytes(&self) -> usize {
        let each = size_of::<Place>() + 4 * self.width + 16 + 8 * self.dims;
        self.places.len() * each + 4_096
    }
}

/// Lets go of rows that are not to be kept; how many.
fn compact(places: &mut Vec<Place>, values: &mut Vec<f32>, width: usize, keep: &[bool]) -> usize {
    let mut next = 0;
    for row in (0..places.len()).filter(|&row| keep[row]) {
        if next < row {
            places[next] = places[row];
            values.copy_within(row * width..(row + 1) * width, next * width);
        }
        next += 1;
    }
    let gone = places.len() - next;
    places.truncate(next);
    values.truncate(next * width);
    gone
}

/// What people are told of the points.
fn said_of(cleaned: &Cleaned, width: usize) -> Vec<String> {
    let mut notes = Vec::new();
    match cleaned.constant() {
        0 => {}
        all if all == width => notes.push("all points are the same".to_owned()),
        1 => notes.push(format!("1 of {width} coordinates is the same everywhere and tells nothing apart")),
        some => notes.push(format!("{some} of {width} coordinates are the same everywhere and tell nothing apart")),
    }
    match cleaned.duplicates() {
        0 => {}
        1 => notes.push("1 point is the same as an earlier one and lies at its place".to_owned()),
        some => notes.push(format!("{some} points are the same as an earlier one and lie at its place")),
    }
    notes
}

/// Lowers what so many distinct points do not allow, and says so.
fn fitted(chosen: &mut Chosen, distinct: usize, width: usize) -> Vec<String> {
    let mut notes = Vec::new();
    match &mut chosen.way {
        Way::Umap(_) if distinct < 2 => chosen.way = Way::Pca,
        Way::Tsne(_) if distinct < 4 => {
            notes.push(format!(
                "{distinct} different points are too few for t-SNE, which needs 4: these are principal components"
            ));
            chosen.way = Way::Pca;
        }
        Way::Umap(params) if params.neighbors > distinct => {
            notes.push(format!(
                "n_neighbors is {distinct}, not {}: there are no more different points",
                params.neighbors
            ));
            params.neighbors = distinct;
        }
        Way::Tsne(params) if (3.0 * params.perplexity).floor() >= distinct as f64 => {
            let most = (distinct as f64 - 1.0) / 3.0;
            notes.push(format!(
                "perplexity is {most:.1}, not {}: it must be below a third of the {distinct} different points",
                params.perplexity
            ));
            params.perplexity = most;
        }
        _ => {}
    }
    if chosen.way == Way::Pca || width <= chosen.components || distinct <= chosen.components {
        chosen.components = 0;
    }
    if chosen.components > 0 {
        notes.push(format!(
            "{width} numbers a point are reduced to {} principal components first (components=0 keeps all)",
            chosen.components
        ));
    }
    notes
}
