//! Few elements of a vector, or all of them a little.

use super::Asker;
use crate::error::{Error, Result};

/// Places that are tried along one element.
const PLACES: usize = 33;
/// Elements that are looked at one by one; of more, those with the steepest gradient.
const ELEMENTS_MAX: usize = 64;
/// Elements that are changed together, at most.
const CHANGED_MAX: usize = 16;
/// Halvings of an interval: as close as single precision tells apart.
const HALVINGS: usize = 24;
/// Steps along the gradient.
const STEPS_MAX: usize = 60;
/// Rounds that look for a closer point of the boundary.
const ROUNDS: usize = 12;

/// What "small" means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Measure {
    /// As few elements as possible, and these as little as possible.
    #[default]
    Fewest,
    /// The least Euclidean distance, in units of each element.
    Least,
}

/// How far each element may go, and what counts as a change of 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Bounds {
    /// Smallest allowed.
    pub low: Vec<f32>,
    /// Largest allowed.
    pub high: Vec<f32>,
    /// Above 0.
    pub unit: Vec<f32>,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EntryChange {
    /// Elements and their new numbers, ascending by element.
    pub entries: Vec<(usize, f32)>,
    /// Margin there: positive when the network now chooses what is wanted.
    pub margin: f32,
    /// Elements whose change alone is enough, with the number nearest to what they hold now; ascending by element.
    pub alone: Vec<(usize, f32)>,
    /// Changed inputs that the network was asked about.
    pub asked: usize,
}

/// The smallest change of some elements after which the network chooses what is wanted; when there is none within the bounds, the change
/// that comes nearest, with a margin that is not positive.
///
/// [`Measure::Fewest`] scans each element over its bounds, which finds a flip by one element wherever the scan's places see it; else it
/// keeps the change that helps most and scans on; then what is not needed is taken back, and each element as far as the boundary.
/// [`Measure::Least`] walks along the gradient of the margin and then slides along the boundary towards the start.
///
/// **Source**: the walk is the linearised projection of Moosavi-Dezfooli, Fawzi and Frossard (2016), `DeepFool`, algorithm 2, with the
/// wanted class fixed, box bounds and units; counterfactuals are Wachter, Mittelstadt and Russell's (2018).
pub fn nearest_entries(asker: &mut Asker<'_, '_>, bounds: &Bounds, measure: Measure) -> Result<EntryChange> {
    bounds.check(asker.width())?;
    let start = asker.start().to_vec();
    let margin = asker.margin(&start)?;
    if margin > 0.0 {
        return Ok(EntryChange { margin, asked: asker.asked, ..EntryChange::default() });
    }
    let (mut point, alone) = match measure {
        Measure::Fewest => fewest(asker, bounds, &start, margin)?,
        Measure::Least => (least(asker, bounds, &start)?, Vec::new()),
    };
    let mut margin = asker.margin(&point)?;
    if margin > 0.0 && measure == Measure::Fewest {
        margin = tightened(asker, bounds, &start, &mut point)?;
    }
    let entries = (0..start.len()).filter(|&at| point[at].to_bits() != start[at].to_bits());
    let entries = entries.map(|at| (at, point[at])).collect();
    asker.tell(margin);
    Ok(EntryChange { entries, margin, alone, asked: asker.asked })
}

impl Bounds {
    fn check(&self, width: usize) -> Result<()> {
        let lengths = [self.low.len(), self.high.len(), self.unit.len()];
        let sound = lengths.iter().all(|&length| length == width)
            && self.low.iter().zip(&self.high).all(|(low, high)| low.is_finite() && high.is_finite() && low <= high)
            && self.unit.iter().all(|unit| unit.is_finite() && *unit > 0.0);
        if sound {
            return Ok(());
        }
        Err(Error::Argument {
            argument: "bounds",
            expected: format!("finite low ≤ high and a unit above 0 for each of {width} elements"),
            found: format!("{lengths:?} of them, or one that is not so"),
        })
    }
}

/// A point, and elements whose change alone is enough.
type Found = (Vec<f32>, Vec<(usize, f32)>);

fn fewest(asker: &mut Asker<'_, '_>, bounds: &Bounds, start: &[f32], first: f32) -> Result<Found> {
    let mut point = start.to_vec();
    let mut margin = first;
    let mut changed = Vec::new();
    let mut alone = Vec::new();
    for round in 0..CHANGED_MAX.min(start.len()) {
        let candidates = candidates(asker, bounds, &point, &changed)?;
        let mut flips: Vec<(f32, usize, f32)> = Vec::new();
        let mut best: Option<(f32, usize, f32)> = None;
        for &element in &candidates {
            let scan = scan(asker, bounds, &point, element)?;
            if let Some(&(value, _)) = scan
                .iter()
                .filter(|(_, margin)| *margin > 0.0)
                .min_by(|a, b| (a.0 - start[element]).abs().total_cmp(&(b.0 - start[element]).abs()))
            {
                let value = halved(asker, &mut point.clone(), element, point[element], value)?;
                flips.push(((value - start[element]).abs() / bounds.unit[element], element, value));
            }
            for (value, margin) in scan {
                if best.is_none_or(|(most, ..)| margin > most) {
                    best = Some((margin, element, value));
                }
            }
        }
        if round == 0 {
            alone = flips.iter().map(|&(_, element, value)| (element, value)).collect();
            alone.sort_unstable_by_key(|(element, _)| *element);
        }
        if let Some(&(_, element, value)) = flips.iter().min_by(|a, b| a.0.total_cmp(&b.0)) {
            point[element] = value;
            return Ok((point, alone));
        }
        // Nothing that is left helps.
        let Some((most, element, value)) = best.filter(|(most, ..)| *most > margin) else { break };
        point[element] = value;
        changed.push(element);
        margin = most;
        asker.tell(margin);
    }
    // One by one they do not add up to a flip: all of them together might.
    let together = least(asker, bounds, start)?;
    let closer = asker.margin(&together)? > margin;
    Ok((if closer { together } else { point }, alone))
}

/// Elements to look at: all that may move, or the steepest of them.
fn candidates(asker: &mut Asker<'_, '_>, bounds: &Bounds, point: &[f32], but: &[usize]) -> Result<Vec<usize>> {
    let free = |at: &usize| !but.contains(at) && bounds.low[*at] < bounds.high[*at];
    let mut all: Vec<usize> = (0..point.len()).filter(free).collect();
    if all.len() > ELEMENTS_MAX {
        let (_, gradient) = asker.gradient(point)?;
        let pull = |at: usize| gradient[at].abs() * bounds.unit[at];
        all.sort_by(|&a, &b| pull(b).total_cmp(&pull(a)));
        all.truncate(ELEMENTS_MAX);
        all.sort_unstable();
    }
    Ok(all)
}

/// The margin at evenly spread places of one element, bounds included.
fn scan(asker: &mut Asker<'_, '_>, bounds: &Bounds, point: &[f32], element: usize) -> Result<Vec<(f32, f32)>> {
    let (low, high) = (bounds.low[element], bounds.high[element]);
    let values: Vec<f32> =
        (0..PLACES).map(|at| (low + (high - low) * (at as f32 / (PLACES - 1) as f32)).clamp(low, high)).collect();
    let mut points = Vec::with_capacity(PLACES * point.len());
    for &value in &values {
        let from = points.len();
        points.extend_from_slice(point);
        points[from + element] = value;
    }
    let margins = asker.margins(&points)?;
    Ok(values.into_iter().zip(margins).collect())
}

/// The number nearest to `off` with a positive margin, between it and `on`, which has one; `point` is scratch.
fn halved(asker: &mut Asker<'_, '_>, point: &mut [f32], element: usize, off: f32, on: f32) -> Result<f32> {
    let (mut off, mut on) = (off, on);
    for _ in 0..HALVINGS {
        let middle = f32::midpoint(off, on);
        point[element] = middle;
        if asker.margin(point)? > 0.0 { on = middle } else { off = middle }
    }
    Ok(on)
}

/// Takes back what is not needed, then each element as far towards its start as the choice allows. Gives the margin.
fn tightened(asker: &mut Asker<'_, '_>, bounds: &Bounds, start: &[f32], point: &mut [f32]) -> Result<f32> {
    let mut changed: Vec<usize> = (0..start.len()).filter(|&at| point[at].to_bits() != start[at].to_bits()).collect();
    let size = |point: &[f32], at: usize| (point[at] - start[at]).abs() / bounds.unit[at];
    changed.sort_by(|&a, &b| size(point, a).total_cmp(&size(point, b)));
    for &element in &changed {
        let kept = std::mem::replace(&mut point[element], start[element]);
        if asker.margin(point)? <= 0.0 {
            point[element] = kept;
        }
    }
    changed.reverse();
    for &element in changed.iter().take(CHANGED_MAX) {
        if point[element].to_bits() != start[element].to_bits() {
            let on = point[element];
            point[element] = halved(asker, &mut point.to_vec(), element, start[element], on)?;
        }
    }
    asker.margin(point)
}

fn least(asker: &mut Asker<'_, '_>, bounds: &Bounds, start: &[f32]) -> Result<Vec<f32>> {
    let mut point = start.to_vec();
    for _ in 0..STEPS_MAX {
        let (margin, gradient) = asker.gradient(&point)?;
        asker.tell(margin);
        if margin > 0.0 {
            break;
        }
        // A little further than the boundary of the linear function, or rounding may leave it just before.
        let wanted = -margin * 1.02 + 1e-6;
        let Some(next) = stepped(bounds, &point, &gradient, wanted) else { break };
        if next == point {
            break;
        }
        point = next;
    }
    if asker.margin(&point)? <= 0.0 {
        return Ok(point);
    }
    point = along(asker, start, &point)?;
    for _ in 0..ROUNDS {
        let (_, gradient) = asker.gradient(&point)?;
        // The start's nearest point on the plane that touches the boundary here.
        let there: f64 =
            gradient.iter().zip(&point).zip(start).map(|((g, p), s)| f64::from(*g) * f64::from(p - s)).sum();
        let Some(next) = stepped(bounds, start, &gradient, there as f32) else { break };
        let Some(next) = beyond(asker, bounds, start, &next)? else { break };
        let next = along(asker, start, &next)?;
        if distance(bounds, start, &next) >= distance(bounds, start, &point) * (1.0 - 1e-5) {
            break;
        }
        point = next;
        let margin = asker.margin(&point)?;
        asker.tell(margin);
    }
    Ok(point)
}

/// The least change from `point`, in units, after which a linear function with this gradient is larger by `wanted`, within the bounds; as
/// much of it as they allow. `None` without a gradient.
fn stepped(bounds: &Bounds, point: &[f32], gradient: &[f32], wanted: f32) -> Option<Vec<f32>> {
    let pull: Vec<f64> =
        gradient.iter().zip(&bounds.unit).map(|(g, u)| f64::from(*g) * f64::from(*u).powi(2)).collect();
    let moved = |length: f64| -> Vec<f32> {
        let to = |at: usize| (f64::from(point[at]) + length * pull[at]) as f32;
        (0..point.len()).map(|at| to(at).clamp(bounds.low[at], bounds.high[at])).collect()
    };
    let gained = |to: &[f32]| -> f64 {
        (0..point.len()).map(|at| f64::from(gradient[at]) * (f64::from(to[at]) - f64::from(point[at]))).sum()
    };
    let steep: f64 = gradient.iter().zip(&pull).map(|(g, p)| f64::from(*g) * p).sum();
    if steep <= 0.0 || !steep.is_finite() {
        return None;
    }
    // The gain grows with the length until every element is at a bound.
    let wanted = f64::from(wanted);
    let (mut short, mut long) = (0.0, wanted / steep);
    for _ in 0..60 {
        if gained(&moved(long)) >= wanted {
            break;
        }
        (short, long) = (long, long * 2.0);
    }
    for _ in 0..50 {
        let middle = f64::midpoint(short, long);
        if gained(&moved(middle)) >= wanted { long = middle } else { short = middle }
    }
    Some(moved(long))
}

/// A point on the way from `start` through `there`, somewhat beyond, with a positive margin.
fn beyond(asker: &mut Asker<'_, '_>, bounds: &Bounds, start: &[f32], there: &[f32]) -> Result<Option<Vec<f32>>> {
    for further in [1.0, 1.02, 1.1, 1.3] {
        let to = |at: usize| (start[at] + further * (there[at] - start[at])).clamp(bounds.low[at], bounds.high[at]);
        let point: Vec<f32> = (0..start.len()).map(to).collect();
        if asker.margin(&point)? > 0.0 {
            return Ok(Some(point));
        }
    }
    Ok(None)
}

/// The first point with a positive margin on the straight way to `to`, which has one; as far as halving finds it.
fn along(asker: &mut Asker<'_, '_>, start: &[f32], to: &[f32]) -> Result<Vec<f32>> {
    let at = |share: f32| -> Vec<f32> {
        if share >= 1.0 { to.to_vec() } else { start.iter().zip(to).map(|(s, t)| s + share * (t - s)).collect() }
    };
    let (mut off, mut on) = (0.0, 1.0);
    for _ in 0..HALVINGS {
        let middle = f32::midpoint(off, on);
        if asker.margin(&at(middle))? > 0.0 { on = middle } else { off = middle }
    }
    Ok(at(on))
}

fn distance(bounds: &Bounds, start: &[f32], point: &[f32]) -> f64 {
    let square = |at: usize| f64::from((point[at] - start[at]) / bounds.unit[at]).powi(2);
    (0..start.len()).map(square).sum::<f64>().sqrt()
}
