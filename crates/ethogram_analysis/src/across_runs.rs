//! Several runs as one curve: the mean over runs, with its interval.

use crate::Result;
use crate::error::same_length;
use crate::student_t::t_95;

/// One run's curve: columns of equal length, ascending by step. A row is a logged point, or several in one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunCurve {
    /// Step of the last point.
    pub step: Vec<i64>,
    /// When that was, in any unit.
    pub time: Vec<f64>,
    /// Points in the row.
    pub count: Vec<u64>,
    /// Mean of the points.
    pub mean: Vec<f64>,
    /// Value of the last point.
    pub last: Vec<f64>,
}

/// One curve for several runs: columns of equal length, one row a bucket that holds points, ascending by step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AcrossRuns {
    /// Step of the last point of any run.
    pub step: Vec<i64>,
    /// Mean over the runs of the time of the last point of each.
    pub time: Vec<f64>,
    /// *n*, the runs with a finite value in the bucket.
    pub runs: Vec<u64>,
    /// Smallest value of a run; NaN where `runs` is 0.
    pub min: Vec<f64>,
    /// Largest value of a run; NaN where `runs` is 0.
    pub max: Vec<f64>,
    /// Mean over the runs; NaN where `runs` is 0.
    pub mean: Vec<f64>,
    /// Mean over the runs of the last value of each; NaN where none is finite.
    pub last: Vec<f64>,
    /// `mean − t·sd/√n`, with the sample's standard deviation (`n − 1`) and [`t_95`] of `n − 1`; missing where `runs` is below 2.
    pub low: Vec<Option<f64>>,
    /// `mean + t·sd/√n`; missing where `runs` is below 2.
    pub high: Vec<Option<f64>>,
}

/// The mean over runs on buckets that they have in common, at most `buckets`.
///
/// The value of a run in a bucket is the mean of its points there, each row of `count` points weighing that much. A run
/// without a finite value in a bucket is left out of it: nothing is interpolated, nothing carried on.
///
/// When every run's steps are among those of the run with the most rows, and these are no more than `buckets`, each step is a
/// bucket. Otherwise buckets are of equal width from the first to the last step of all runs, at least twice as wide as points
/// of the median run are apart (of two in the middle the wider), so that most runs have a point in most buckets.
///
/// **Errors** when columns of a run differ in length. No buckets are asked for: one is made.
///
/// **Source** The interval of the mean of independent, normally distributed samples of unknown variance: Student 1908, "The
/// probable error of a mean".
pub fn across_runs(runs: &[RunCurve], buckets: usize) -> Result<AcrossRuns> {
    for run in runs {
        let rows = run.step.len();
        for (argument, found) in
            [("time", run.time.len()), ("count", run.count.len()), ("mean", run.mean.len()), ("last", run.last.len())]
        {
            same_length(argument, found, "step", rows)?;
        }
    }
    let buckets = buckets.max(1);
    let mut across = AcrossRuns::default();
    for bucket in filled(runs, &Grid::of(runs, buckets)) {
        if let Some(step) = bucket.step {
            across.push(step, &bucket);
        }
    }
    Ok(across)
}

/// Where buckets begin and end.
enum Grid<'a> {
    /// Each of these steps is a bucket.
    Steps(&'a [i64]),
    /// `count` buckets of equal width over `extent` steps from `first` on.
    Equal { first: i64, extent: i128, count: usize },
}

impl<'a> Grid<'a> {
    fn of(runs: &'a [RunCurve], buckets: usize) -> Self {
        let longest = runs.iter().map(|run| run.step.as_slice()).max_by_key(|steps| steps.len()).unwrap_or_default();
        let is_shared = |run: &RunCurve| run.step.iter().all(|step| longest.binary_search(step).is_ok());
        if longest.len() <= buckets && runs.iter().all(is_shared) {
            return Self::Steps(longest);
        }
        let first = runs.iter().filter_map(|run| run.step.first()).min().copied().unwrap_or(0);
        let last = runs.iter().filter_map(|run| run.step.last()).max().copied().unwrap_or(0);
        let extent = i128::from(last) - i128::from(first) + 1;
        let mut apart: Vec<f64> = runs.iter().filter_map(spacing).collect();
        apart.sort_by(f64::total_cmp);
        // Without a distance, each run has one point: all of them are compared.
        let widest = apart.get(apart.len() / 2).copied().unwrap_or(extent as f64);
        let count = ((extent as f64 / (2.0 * widest)) as usize).clamp(1, buckets);
        Self::Equal { first, extent, count }
    }

    fn len(&self) -> usize {
        match self {
            Self::Steps(steps) => steps.len(),
            Self::Equal { count, .. } => *count,
        }
    }

    fn bucket(&self, step: i64) -> usize {
        match self {
            Self::Steps(steps) => steps.partition_point(|other| *other < step),
            Self::Equal { first, extent, count } => {
                ((i128::from(step) - i128::from(*first)) * *count as i128 / extent) as usize
            }
        }
    }
}

/// Mean distance between the points of a run, in steps; `None` with fewer than two.
fn spacing(run: &RunCurve) -> Option<f64> {
    let (first, last) = (run.step.first()?, run.step.last()?);
    let points: u64 = run.count.iter().sum();
    let distance = (i128::from(*last) - i128::from(*first)) as f64;
    (points > 1 && distance > 0.0).then(|| distance / (points - 1) as f64)
}

/// What the runs have in one bucket.
#[derive(Clone, Default)]
struct Bucket {
    step: Option<i64>,
    times: Vec<f64>,
    values: Vec<f64>,
    lasts: Vec<f64>,
}

fn filled(runs: &[RunCurve], grid: &Grid) -> Vec<Bucket> {
    let mut buckets = vec![Bucket::default(); grid.len()];
    for run in runs {
        let rows: Vec<usize> = (0..run.step.len()).collect();
        for rows in rows.chunk_by(|&a, &b| grid.bucket(run.step[a]) == grid.bucket(run.step[b])) {
            let at = rows[rows.len() - 1];
            let bucket = &mut buckets[grid.bucket(run.step[at])];
            bucket.step = bucket.step.max(Some(run.step[at]));
            bucket.times.push(run.time[at]);
            bucket.lasts.extend(Some(run.last[at]).filter(|value| value.is_finite()));
            let finite = || rows.iter().filter(|&&row| run.mean[row].is_finite());
            let weight: f64 = finite().map(|&row| run.count[row] as f64).sum();
            let sum: f64 = finite().map(|&row| run.mean[row] * run.count[row] as f64).sum();
            bucket.values.extend(Some(sum / weight).filter(|value| value.is_finite()));
        }
    }
    buckets
}

impl AcrossRuns {
    fn push(&mut self, step: i64, bucket: &Bucket) {
        let values = &bucket.values;
        let mean = mean(values);
        let half = standard_error(values).map(|error| t_95(values.len() as u64 - 1) * error);
        self.step.push(step);
        self.time.push(self::mean(&bucket.times));
        self.runs.push(values.len() as u64);
        self.min.push(values.iter().copied().fold(f64::NAN, f64::min));
        self.max.push(values.iter().copied().fold(f64::NAN, f64::max));
        self.mean.push(mean);
        self.last.push(self::mean(&bucket.lasts));
        self.low.push(half.map(|half| mean - half));
        self.high.push(half.map(|half| mean + half));
    }
}

/// The mean, never outside of the values by rounding; NaN of none.
fn mean(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let (low, high) =
        (values.iter().copied().fold(f64::NAN, f64::min), values.iter().copied().fold(f64::NAN, f64::max));
    mean.max(low).min(high)
}

/// `sd/√n` with the sample's standard deviation; `None` of fewer than two values.
fn standard_error(values: &[f64]) -> Option<f64> {
    let count = values.len() as f64;
    let mean = mean(values);
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (values.len() > 1).then(|| (squares / (count - 1.0) / count).sqrt())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn curve(points: &[(i64, f64)]) -> RunCurve {
        let values: Vec<f64> = points.iter().map(|point| point.1).collect();
        RunCurve {
            step: points.iter().map(|point| point.0).collect(),
            time: points.iter().map(|point| point.0 as f64).collect(),
            count: vec![1; points.len()],
            mean: values.clone(),
            last: values,
        }
    }

    #[test]
    fn row_b1_the_interval_is_that_of_the_mean_over_runs() {
        let runs = [curve(&[(0, 1.0), (10, 2.0)]), curve(&[(0, 2.0), (10, 4.0)]), curve(&[(0, 3.0)])];
        let across = across_runs(&runs, 100).expect("a curve");
        assert_eq!(across.step, [0, 10]);
        assert_eq!(across.runs, [3, 2]);
        assert_eq!(across.mean, [2.0, 3.0]);
        assert_eq!(across.min, [1.0, 2.0]);
        assert_eq!(across.max, [3.0, 4.0]);
        // sd 1, n 3: 4.302 653/√3 = 2.484 138; sd √2, n 2: 12.706 205.
        let low: Vec<f64> = across.low.iter().copied().flatten().collect();
        let high: Vec<f64> = across.high.iter().copied().flatten().collect();
        assert!((low[0] + 0.484_138).abs() < 1e-6 && (high[0] - 4.484_138).abs() < 1e-6, "{low:?} {high:?}");
        assert!((low[1] + 9.706_205).abs() < 1e-6 && (high[1] - 15.706_205).abs() < 1e-6, "{low:?} {high:?}");
    }

    #[test]
    fn a_run_counts_once_however_many_points_it_has_in_a_bucket() {
        let often: Vec<(i64, f64)> = (0..100).map(|step| (step, 10.0)).collect();
        let seldom: Vec<(i64, f64)> = (0..10).map(|i| (10 * i + 5, 20.0)).collect();
        let across = across_runs(&[curve(&often), curve(&seldom)], 50).expect("a curve");
        // Points of the sparser run are 10 apart, so buckets are 20 wide.
        assert_eq!(across.step, [19, 39, 59, 79, 99]);
        assert_eq!(across.mean, [15.0; 5]);
        assert_eq!(across.runs, [2; 5]);
    }

    #[test]
    fn rows_of_many_points_weigh_that_much() {
        let run = RunCurve { count: vec![3, 1], ..curve(&[(0, 1.0), (1, 5.0)]) };
        assert_eq!(across_runs(&[run], 1).expect("a curve").mean, [2.0]);
    }

    #[test]
    fn what_is_not_finite_is_left_out_and_seen_where_there_is_nothing_else() {
        let runs = [curve(&[(0, f64::NAN), (1, f64::NAN)]), curve(&[(0, f64::INFINITY), (1, 4.0)])];
        let across = across_runs(&runs, 10).expect("a curve");
        assert_eq!((across.step, across.runs), (vec![0, 1], vec![0, 1]));
        assert!(across.mean[0].is_nan());
        assert_eq!(across.mean[1..], [4.0]);
        assert_eq!(across.low, [None, None]);
    }

    #[test]
    fn no_runs_no_points_and_the_ends_of_the_axis() {
        assert_eq!(across_runs(&[], 10), Ok(AcrossRuns::default()));
        assert_eq!(across_runs(&[RunCurve::default()], 0), Ok(AcrossRuns::default()));
        let runs = [curve(&[(i64::MIN, 1.0), (i64::MAX, 1.0)]), curve(&[(0, 1.0)])];
        assert_eq!(across_runs(&runs, 10).expect("a curve").runs.iter().sum::<u64>(), 2);
        let uneven = RunCurve { time: Vec::new(), ..curve(&[(0, 1.0)]) };
        assert!(across_runs(&[uneven], 10).is_err());
    }

    fn points() -> impl Strategy<Value = Vec<(i64, f64)>> {
        prop::collection::btree_map(-500_i64..500, -1e3..1e3, 1..80).prop_map(|points| points.into_iter().collect())
    }

    proptest! {
        #[test]
        fn one_run_gives_the_run(points in points()) {
            let run = curve(&points);
            let across = across_runs(std::slice::from_ref(&run), points.len()).expect("a curve");
            prop_assert_eq!(&across.step, &run.step);
            prop_assert_eq!(&across.mean, &run.mean);
            prop_assert_eq!(&across.last, &run.last);
            prop_assert!(across.low.iter().chain(&across.high).all(Option::is_none));
        }

        #[test]
        fn identical_runs_give_a_band_of_no_width(points in points(), count in 2_usize..9, buckets in 1_usize..100) {
            let run = curve(&points);
            let one = across_runs(std::slice::from_ref(&run), buckets).expect("a curve");
            let across = across_runs(&vec![run; count], buckets).expect("a curve");
            prop_assert_eq!(&across.mean, &one.mean);
            let mean: Vec<_> = across.mean.iter().copied().map(Some).collect();
            prop_assert_eq!(&across.low, &mean);
            prop_assert_eq!(&across.high, &mean);
        }

        #[test]
        fn buckets_ascend_and_no_run_is_forgotten(runs in prop::collection::vec(points(), 1..6), buckets in 1_usize..40) {
            let runs: Vec<_> = runs.iter().map(|points| curve(points)).collect();
            let across = across_runs(&runs, buckets).expect("a curve");
            prop_assert!(across.step.len() <= buckets);
            prop_assert!(across.step.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert!(across.runs.iter().all(|&count| count >= 1 && count <= runs.len() as u64));
            prop_assert!(across.runs.iter().sum::<u64>() >= runs.len() as u64);
            for row in 0..across.step.len() {
                prop_assert!(across.min[row] <= across.mean[row] && across.mean[row] <= across.max[row]);
            }
        }
    }
}
