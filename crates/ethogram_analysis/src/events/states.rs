//! When two states count as the same, and how often an episode comes back to one.

use std::collections::HashMap;

/// The states of an episode, to be compared with each other.
#[derive(Clone, Debug, PartialEq)]
pub enum States {
    /// Nobody logged them.
    Unknown,
    /// Equal or not, as pictures and whole numbers are: one number a step that stands for the state; `None` where it is missing.
    Exact(Vec<Option<u64>>),
    /// Numbers, each divided by how far it reaches over the episode.
    Near {
        /// Numbers a step.
        width: usize,
        /// Step after step; NaN where missing.
        scaled: Vec<f32>,
        /// Largest difference of any number that still counts as near, a share of its reach.
        tolerance: f32,
    },
}

impl States {
    /// From `width` numbers a step; two steps are near when no number differs by more than `tolerance` of its reach (largest less
    /// smallest of the episode). NaN, and steps that are missing, are near nothing.
    ///
    /// **Shapes** `values` `[T, width]`.
    pub fn near(width: usize, values: &[f64], tolerance: f64) -> Self {
        let mut reach = vec![(f64::INFINITY, f64::NEG_INFINITY); width];
        for row in values.chunks_exact(width.max(1)) {
            for (reach, &value) in reach.iter_mut().zip(row).filter(|(_, value)| value.is_finite()) {
                *reach = (reach.0.min(value), reach.1.max(value));
            }
        }
        let scale = |index: usize, value: f64| {
            let (low, high) = reach[index % width.max(1)];
            let scaled = if high > low { (value - low) / (high - low) } else { 0.0 };
            if value.is_finite() { scaled as f32 } else { f32::NAN }
        };
        let scaled = values.iter().enumerate().map(|(index, &value)| scale(index, value)).collect();
        Self::Near { width, scaled, tolerance: tolerance as f32 }
    }

    /// Steps that it tells of; `None` when it tells of none.
    pub fn len(&self) -> Option<usize> {
        match self {
            Self::Unknown => None,
            Self::Exact(ids) => Some(ids.len()),
            Self::Near { width, scaled, .. } => Some(scaled.len() / (*width).max(1)),
        }
    }

    /// True when it tells of no steps at all.
    pub fn is_empty(&self) -> bool {
        self.len().is_none_or(|steps| steps == 0)
    }

    /// How far two steps are apart, the largest of all numbers; `None` when they do not count as the same. 0 where states are not known.
    pub fn apart(&self, a: usize, b: usize) -> Option<f32> {
        match self {
            Self::Unknown => Some(0.0),
            Self::Exact(ids) => (ids.get(a)?.is_some() && ids.get(a)? == ids.get(b)?).then_some(0.0),
            Self::Near { width, scaled, tolerance } => {
                let row = |step: usize| scaled.get(step * width..(step + 1) * width);
                let mut apart = 0.0_f32;
                for (a, b) in row(a)?.iter().zip(row(b)?) {
                    let difference = (a - b).abs();
                    if difference.is_nan() || difference > *tolerance {
                        return None;
                    }
                    apart = apart.max(difference);
                }
                Some(apart)
            }
        }
    }

    /// A number a step that is the same for states of one cell: of a grid whose cells are `tolerance` wide, or of equal states.
    pub fn cells(&self) -> Vec<Option<u64>> {
        match self {
            Self::Unknown => vec![],
            Self::Exact(ids) => ids.clone(),
            Self::Near { width, scaled, tolerance } => {
                let mut known: HashMap<Vec<i64>, u64> = HashMap::new();
                let cell = |row: &[f32]| {
                    let cell: Option<Vec<i64>> = row
                        .iter()
                        .map(|value| value.is_finite().then(|| (value / tolerance.max(1e-6)).floor() as i64))
                        .collect();
                    let next = known.len() as u64;
                    cell.map(|cell| *known.entry(cell).or_insert(next))
                };
                scaled.chunks_exact((*width).max(1)).map(cell).collect()
            }
        }
    }
}

/// How often an episode came back to a state that it had left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Revisits {
    /// Steps whose state is known.
    pub steps: usize,
    /// Steps at a state that was met and left before.
    pub revisits: usize,
    /// Different states.
    pub distinct: usize,
    /// Visits of the state that was visited most often; staying is one visit.
    pub visits_max: usize,
    /// The first step at that state.
    pub favourite: usize,
    /// The first step that is a revisit.
    pub first: usize,
    /// One beyond the last.
    pub end: usize,
}

/// Counts steps at states that were met before and left since: staying where one is is no revisit. `None` without any.
///
/// Near states are those of one cell of a grid ([`States::cells`]): two that lie across a border of it are not counted, so that there are
/// rather too few revisits than too many.
///
/// **Source** the recurrence rate of Marwan, Romano, Thiel and Kurths, Recurrence plots for the analysis of complex systems, 2007, section
/// 3.2, counted a step rather than a pair, with staying left out as by their Theiler window.
pub fn revisits(states: &States) -> Option<Revisits> {
    let cells = states.cells();
    // First step, visits and last step of each.
    let mut seen: HashMap<u64, (usize, usize, usize)> = HashMap::new();
    let mut found =
        Revisits { steps: 0, revisits: 0, distinct: 0, visits_max: 0, favourite: 0, first: usize::MAX, end: 0 };
    for (step, cell) in cells.iter().enumerate().filter_map(|(step, cell)| Some((step, (*cell)?))) {
        found.steps += 1;
        let entry = seen.entry(cell).or_insert((step, 1, step));
        let (first, visits, last) = *entry;
        if first == step {
            continue;
        }
        let came_back = last + 1 < step;
        *entry = (first, visits + usize::from(came_back), step);
        if came_back || visits > 1 {
            found.revisits += 1;
            found.first = found.first.min(step);
            found.end = step + 1;
        }
    }
    found.distinct = seen.len();
    let favourite = seen.values().max_by(|a, b| a.1.cmp(&b.1).then(b.0.cmp(&a.0)))?;
    (found.visits_max, found.favourite) = (favourite.1, favourite.0);
    (found.revisits > 0).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_is_measured_by_each_numbers_own_reach() {
        let states = States::near(2, &[0.0, 0.0, 1.0, 100.0, 0.5, 51.0, 0.51, 50.0, f64::NAN, 0.0], 0.02);
        assert_eq!((states.len(), states.is_empty()), (Some(5), false));
        assert!(states.apart(2, 3).is_some_and(|apart| (apart - 0.01).abs() < 1e-6));
        assert_eq!((states.apart(0, 1), states.apart(4, 4)), (None, None), "NaN is near nothing");
        assert_eq!(states.apart(0, 9), None);
        let constant = States::near(1, &[3.0, 3.0], 0.02);
        assert_eq!(constant.apart(0, 1), Some(0.0));
    }

    #[test]
    fn staying_is_no_revisit() {
        let of = |ids: &[u64]| revisits(&States::Exact(ids.iter().copied().map(Some).collect()));
        assert_eq!(of(&[1, 1, 1, 2, 2]), None);
        let found = of(&[1, 1, 2, 1, 1, 3, 2]).expect("revisits");
        assert_eq!((found.steps, found.revisits, found.distinct, found.visits_max), (7, 3, 3, 2));
        assert_eq!((found.favourite, found.first, found.end), (0, 3, 7));
        assert_eq!(revisits(&States::Unknown), None);
        assert_eq!(revisits(&States::Exact(vec![None; 3])), None);
    }
}
