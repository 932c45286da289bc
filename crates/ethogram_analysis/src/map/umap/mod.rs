//! Uniform manifold approximation: points are pulled to those that surround them, and pushed from others.

mod curve;
mod graph;
mod labels;
mod levels;
mod moves;
mod start;

use super::{Metric, Neighbors, Points};
use crate::parallel::fill_rows;
use crate::{Error, Result};
use curve::Curve;
use ethogram_random::Random;
use graph::Graph;
pub use labels::Labels;
use levels::Levels;
use moves::Round;
use start::{first_layout, spread_out};

/// Up to so many points more rounds are made, by one thread.
const FEW: usize = 10_000;
/// Of more, so many are moved by one thread.
const STRETCH: usize = 4_096;

/// How a layout is made.
#[derive(Clone, Debug, PartialEq)]
pub struct UmapParams {
    /// Nearest points, each counted to its own, that are taken for a point's surroundings: small shows detail, large shows the whole.
    pub neighbors: usize,
    /// How near points may lie to each other.
    pub min_dist: f64,
    /// How far the layout is spread.
    pub spread: f64,
    /// 2 or 3.
    pub dims: usize,
    /// Rounds; 500 for up to 10,000 points and 200 for more when left out.
    pub rounds: Option<usize>,
    /// How far points are apart.
    pub metric: Metric,
    /// The same seed gives the same layout.
    pub seed: u64,
}

impl Default for UmapParams {
    fn default() -> Self {
        UmapParams {
            neighbors: 15,
            min_dist: 0.1,
            spread: 1.0,
            dims: 2,
            rounds: None,
            metric: Metric::Euclidean,
            seed: 0,
        }
    }
}

impl UmapParams {
    fn check(&self, rows: usize) -> Result<()> {
        bounds("dims", self.dims as f64, 1.0..=3.0, "1 to 3")?;
        bounds("min_dist", self.min_dist, 0.0..=self.spread, "0 to spread")?;
        bounds("spread", self.spread, 1e-3..=1e3, "0.001 to 1,000")?;
        if self.neighbors < 2 || self.neighbors > rows {
            let expected = "2 to the number of points";
            return Err(Error::OutOfRange { argument: "neighbors", expected, found: self.neighbors as f64 });
        }
        Ok(())
    }
}

/// Points laid out so that each lies near those that it is near to, by uniform manifold approximation and projection. Can be shown
/// while it moves.
///
/// Points are moved pair after pair, as umap-learn does. More than 10,000 are taken in stretches of 4,096 that lie near each other in the
/// graph, side by side: a pair across stretches is moved by where the other lay a round before, so that the layout does not depend on how
/// many threads there are. Neighbours are exact.
///
/// **Source** `McInnes`, Healy and Melville (2018), "UMAP: uniform manifold approximation and projection for dimension reduction".
#[derive(Clone, Debug)]
pub struct Umap {
    /// Of the points in their order.
    graph: Graph,
    /// Those near each other in the graph follow each other; empty where all are one stretch, as they came.
    order: Vec<u32>,
    positions: Vec<f32>,
    dims: usize,
    curve: Curve,
    round: usize,
    rounds: usize,
    seed: u64,
}

impl Umap {
    /// Finds neighbours and a first layout.
    ///
    /// **Errors** when a parameter is out of its bounds, or there are not more points than neighbours.
    pub fn new(points: Points, params: &UmapParams) -> Result<Self> {
        params.check(points.rows())?;
        let neighbors = Neighbors::exact(points, params.neighbors - 1, params.metric)?;
        Self::of_neighbors(points, &neighbors, params)
    }

    /// The same with neighbours that are known, `params.neighbors − 1` of each point.
    ///
    /// **Errors** as [`Umap::new`], and when there are other numbers of neighbours or points.
    pub fn of_neighbors(points: Points, neighbors: &Neighbors, params: &UmapParams) -> Result<Self> {
        Self::of_neighbors_and_labels(points, neighbors, None, params)
    }

    /// The same with labels that take part: points of one label are drawn together, of others apart.
    ///
    /// **Errors** as [`Umap::of_neighbors`], and when there are labels of other numbers of points.
    pub fn of_neighbors_and_labels(
        points: Points,
        neighbors: &Neighbors,
        labels: Option<&Labels>,
        params: &UmapParams,
    ) -> Result<Self> {
        params.check(points.rows())?;
        if let Some(labels) = labels {
            crate::error::same_length("labels", labels.rows(), "points", points.rows())?;
        }
        let expected = points.rows() * (params.neighbors - 1);
        crate::error::same_length("neighbors", neighbors.index.len(), "points, times neighbours of each", expected)?;
        let rounds = params.rounds.unwrap_or(if points.rows() <= FEW { 500 } else { 200 });
        let mut graph = Graph::of(neighbors, points.rows());
        if let Some(labels) = labels {
            graph = graph.crossed_with(labels);
        }
        let few = points.rows() <= FEW;
        let levels = if few { Levels::alone(&graph) } else { Levels::of(&graph) };
        let mut random = Random::new(params.seed);
        let positions = first_layout(points, &graph, &levels, params.dims, &mut random)?;
        let order = if few { Vec::new() } else { levels.order() };
        let graph = if few { graph } else { graph.renumbered(&order) };
        Ok(Umap {
            positions,
            graph: graph.in_turns(rounds),
            order,
            dims: params.dims,
            curve: Curve::fit(params.min_dist, params.spread),
            round: 0,
            rounds,
            seed: params.seed,
        })
    }

    /// Begins at another first layout, of any scale.
    ///
    /// **Errors** when it has other points or dimensions, or a place that is not finite.
    pub fn starting_at(mut self, layout: &[f32]) -> Result<Self> {
        let layout = Points::new(layout, self.dims)?;
        crate::error::same_length("layout", layout.values().len(), "places", self.positions.len())?;
        let placed: Vec<f64> = layout.values().iter().map(|value| f64::from(*value)).collect();
        self.positions = spread_out(&placed, self.dims);
        Ok(self)
    }

    /// Goes on from an earlier layout of the same kind, as it lies, and with half of the rounds: points move no farther than they must.
    ///
    /// **Errors** as [`Umap::starting_at`].
    pub fn going_on_from(mut self, layout: &[f32]) -> Result<Self> {
        let layout = Points::new(layout, self.dims)?;
        crate::error::same_length("layout", layout.values().len(), "places", self.positions.len())?;
        self.positions = layout.values().to_vec();
        self.round = self.rounds / 2;
        Ok(self)
    }

    /// Moves every point by chance, by about `share` of the layout's width.
    pub fn perturb(&mut self, share: f32, seed: u64) {
        super::tsne::shake(&mut self.positions, share, seed);
    }

    /// Where the points are. **Shape**: `[rows, dims]`.
    pub fn positions(&self) -> &[f32] {
        &self.positions
    }

    /// Rounds that were made, of how many.
    pub fn progress(&self) -> (usize, usize) {
        (self.round, self.rounds)
    }

    /// Makes up to that many rounds; whether any is left.
    pub fn advance(&mut self, rounds: usize) -> bool {
        for _ in 0..rounds.min(self.rounds - self.round) {
            let rate = 1.0 - self.round as f32 / self.rounds as f32;
            self.make_round(rate);
            self.round += 1;
        }
        self.round < self.rounds
    }

    /// One round of all points.
    fn make_round(&mut self, rate: f32) {
        let dims = self.dims;
        let before: Vec<f32> = if self.order.is_empty() {
            self.positions.clone()
        } else {
            self.order.iter().flat_map(|&row| &self.positions[row as usize * dims..][..dims]).copied().collect()
        };
        let round = Round { graph: &self.graph, curve: self.curve, before: &before, dims, number: self.round, rate };
        let seed = self.seed ^ ((self.round as u64) << 40);
        if self.order.is_empty() {
            return round.move_stretch(0, &mut self.positions, &mut Random::new(seed));
        }
        let mut moved = before.clone();
        fill_rows(&mut moved, STRETCH * dims, |first, moved| {
            for (offset, own) in moved.chunks_mut(STRETCH * dims).enumerate() {
                let stretch = first + offset;
                round.move_stretch(stretch * STRETCH, own, &mut Random::new(seed ^ stretch as u64));
            }
        });
        for (&row, moved) in self.order.iter().zip(moved.chunks(dims)) {
            self.positions[row as usize * dims..][..dims].copy_from_slice(moved);
        }
    }

    /// Makes all rounds that are left.
    pub fn finish(mut self) -> Vec<f32> {
        self.advance(usize::MAX);
        self.positions
    }
}

fn bounds(
    argument: &'static str,
    value: f64,
    within: std::ops::RangeInclusive<f64>,
    expected: &'static str,
) -> Result<()> {
    if within.contains(&value) { Ok(()) } else { Err(Error::OutOfRange { argument, expected, found: value }) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod tests {
    use super::*;

    /// Three far clouds of points in ten dimensions.
    fn clouds(each: usize) -> Vec<f32> {
        let mut random = Random::new(11);
        (0..3 * each)
            .flat_map(|row| {
                let center = 20.0 * (row / each) as f32;
                (0..10).map(|d| random.normal() + if d == 0 { center } else { 0.0 }).collect::<Vec<_>>()
            })
            .collect()
    }

    #[test]
    fn clouds_stay_apart_and_the_same_seed_gives_the_same_layout() {
        let values = clouds(60);
        let points = Points::new(&values, 10).unwrap();
        let layout = Umap::new(points, &UmapParams::default()).unwrap().finish();
        let mut stepwise = Umap::new(points, &UmapParams::default()).unwrap();
        while stepwise.advance(7) {}
        assert_eq!(layout, stepwise.positions(), "in steps or at once");
        let shown = Neighbors::exact(Points::new(&layout, 2).unwrap(), 10, Metric::Euclidean).unwrap();
        for row in 0..180 {
            assert!(shown.of(row).all(|(other, _)| other / 60 == row / 60), "{row} lies in another cloud");
        }
        let other = Umap::new(points, &UmapParams { seed: 1, ..UmapParams::default() }).unwrap().finish();
        assert_ne!(layout, other);
    }

    /// A thread that winds through space, its points mixed, with the place of each on it.
    pub(super) fn thread(rows: usize) -> (Vec<f32>, Vec<usize>) {
        let mut random = Random::new(5);
        let mut along: Vec<usize> = (0..rows).collect();
        for at in (1..rows).rev() {
            along.swap(at, random.below(at + 1));
        }
        let place = |&along: &usize| {
            let turn = along as f32 * 60.0 / rows as f32;
            [turn.cos() * 3.0, turn.sin() * 3.0, turn * 0.3]
        };
        let values = along.iter().flat_map(place).map(|value| value + 0.01 * random.normal()).collect();
        (values, along)
    }

    /// More than are moved by one thread: neighbours stay neighbours whatever order points come in, and layouts are the same in steps.
    #[test]
    fn many_points_of_a_thread_stay_in_their_order() {
        let (values, along) = thread(12_000);
        let points = Points::new(&values, 3).unwrap();
        let params = UmapParams { rounds: Some(60), ..UmapParams::default() };
        let neighbors = Neighbors::exact(points, params.neighbors - 1, params.metric).unwrap();
        let layout = Umap::of_neighbors(points, &neighbors, &params).unwrap().finish();
        let mut stepwise = Umap::of_neighbors(points, &neighbors, &params).unwrap();
        while stepwise.advance(25) {}
        assert_eq!(layout, stepwise.positions());
        let shown = Neighbors::exact(Points::new(&layout, 2).unwrap(), 5, Metric::Euclidean).unwrap();
        let far = |row: usize| shown.of(row).filter(|(other, _)| along[*other].abs_diff(along[row]) > 300).count();
        let torn = (0..12_000).map(far).sum::<usize>();
        assert!(torn < 1_200, "{torn} of 60,000 neighbours in the layout are elsewhere on the thread");
    }

    /// Two labels of one cloud: on their own they lie mixed, supervised they do not; a label that is not known decides nothing.
    #[test]
    fn row_a12_labels_draw_their_points_together() {
        let mut random = Random::new(17);
        let values: Vec<f32> = (0..300 * 6).map(|_| random.normal()).collect();
        let points = Points::new(&values, 6).unwrap();
        let params = UmapParams::default();
        let neighbors = Neighbors::exact(points, params.neighbors - 1, params.metric).unwrap();
        let of: Vec<Option<u32>> = (0..300).map(|row| Some(row % 2)).collect();
        let alike = |labels: Option<&Labels>| {
            let layout = Umap::of_neighbors_and_labels(points, &neighbors, labels, &params).unwrap().finish();
            let shown = Neighbors::exact(Points::new(&layout, 2).unwrap(), 10, Metric::Euclidean).unwrap();
            let same = |row: usize| shown.of(row).filter(|(other, _)| other % 2 == row % 2).count();
            (0..300).map(same).sum::<usize>() as f64 / 3_000.0
        };
        let (mixed, apart) = (alike(None), alike(Some(&Labels::new(&of, 0.5).unwrap())));
        assert!(mixed < 0.65 && apart > 0.9, "{mixed} without labels, {apart} with them");
        let unknown = vec![None; 300];
        let same =
            |labels: Option<&Labels>| Umap::of_neighbors_and_labels(points, &neighbors, labels, &params).unwrap().graph;
        let (plain, unknown) = (same(None), same(Some(&Labels::new(&unknown, 0.5).unwrap())));
        assert_eq!(plain.others, unknown.others, "nobody is known, so everybody stays");
        let cut = same(Some(&Labels::new(&of, 1.0).unwrap()));
        assert!((0..300).all(|row| cut.pairs(row).all(|(other, _)| other % 2 == row % 2)), "at 1 nothing is left");
        assert!(Labels::new(&of, 1.5).is_err());
        let few = Labels::new(&of[..3], 0.5).unwrap();
        assert!(Umap::of_neighbors_and_labels(points, &neighbors, Some(&few), &params).is_err());
    }

    #[test]
    fn few_points_duplicates_and_bad_parameters_have_an_answer() {
        let make =
            |values: &[f32], params: UmapParams| Umap::new(Points::new(values, 2).unwrap(), &params).map(Umap::finish);
        let params = |neighbors| UmapParams { neighbors, ..UmapParams::default() };
        assert!(make(&[0.0; 6], params(3)).unwrap().iter().all(|value| value.is_finite()), "all the same");
        assert!(make(&[0.0, 1.0, 2.0, 3.0], params(2)).unwrap().iter().all(|value| value.is_finite()), "two points");
        assert!(make(&[0.0; 6], params(4)).is_err(), "fewer points than neighbours");
        assert!(make(&[0.0; 6], UmapParams { dims: 4, ..params(2) }).is_err());
        assert!(make(&[0.0; 6], UmapParams { min_dist: 2.0, ..params(2) }).is_err());
    }
}
