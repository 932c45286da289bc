//! Many trees, each of runs drawn anew.

use ethogram_random::Random;

use super::Setting;
use super::permutation::{Fall, falls};
use super::tree::{Table, Tree};
use crate::benchmark::stream;
use crate::error::{Error, Result, same_length};
use crate::parallel::fill_rows;

/// Most trees of a forest.
pub const TREES_MAX: usize = 2_000;
/// Most times that each setting is shuffled.
pub const SHUFFLES_MAX: usize = 100;

/// How a forest is grown, and asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForestParams {
    /// From 1 to [`TREES_MAX`].
    pub trees: usize,
    /// Fewest different runs in a leaf, at least 1.
    pub leaf: usize,
    /// Whether each tree has runs drawn anew with replacement, as many as there are; otherwise all of them.
    pub bootstrap: bool,
    /// How often each setting is shuffled, up to [`SHUFFLES_MAX`]; 0 for no importance by permutation.
    pub shuffles: usize,
    /// Where chance begins.
    pub seed: u64,
}

impl Default for ForestParams {
    fn default() -> Self {
        Self { trees: 200, leaf: 1, bootstrap: true, shuffles: 10, seed: 0 }
    }
}

/// What a forest says of settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Importance {
    /// By impurity: for each setting, how much of what the splits explain is explained by its own, mean over trees, sum 1. Nothing when all
    /// runs did the same. It favours settings with many different values, which can be split at many places.
    pub share: Option<Vec<f64>>,
    /// By permutation: for each setting, by how much `explained` falls when it is shuffled among the runs. Nothing without `explained`.
    pub falls: Option<Vec<Fall>>,
    /// How well the trees foretell runs that they were not grown of: R² out of bag, at most 1, 0 or less when the mean does as well. Nothing
    /// without a bootstrap.
    pub explained: Option<f64>,
}

/// A tree with the runs that it is asked about.
pub(super) struct Grown {
    pub tree: Tree,
    /// Those that it was not grown of.
    pub unseen: Vec<u32>,
}

/// Grows a forest that foretells `outcome` from settings. **Shapes** of each: `[runs]`.
///
/// A setting with words is one column: a split parts one word from all others, as with a column of 0 and 1 for each word whose importances
/// are added. What is missing is a word of its own; a missing number goes with whichever side is better.
///
/// **Source** scikit-learn's `RandomForestRegressor` with its defaults: all settings are looked at for each split, leaves are pure.
/// [`Importance::falls`] is its `permutation_importance` of R² out of bag.
///
/// **Errors** when lengths differ, an outcome is not finite, or a parameter is out of its range.
pub fn importance(settings: &[Setting], outcome: &[f64], params: &ForestParams) -> Result<Importance> {
    check(settings, outcome, params)?;
    let (columns, runs) = (settings.len(), outcome.len());
    if columns == 0 || runs == 0 {
        return Ok(Importance { share: None, falls: None, explained: None });
    }
    let table = Table::new(settings, outcome);
    let forest = grow(&table, params);
    let mut share = vec![0.0; columns];
    for Grown { tree, .. } in &forest {
        let total: f64 = tree.decrease.iter().sum();
        if total > 0.0 {
            share.iter_mut().zip(&tree.decrease).for_each(|(share, decrease)| *share += decrease / total);
        }
    }
    let total: f64 = share.iter().sum();
    for one in &mut share {
        *one /= total;
    }
    let score = Score::of(&table, &forest);
    Ok(Importance {
        share: (total > 0.0).then_some(share),
        falls: score.as_ref().and_then(|score| falls(&table, &forest, score, params)),
        explained: score.map(|score| score.explained),
    })
}

fn check(settings: &[Setting], outcome: &[f64], params: &ForestParams) -> Result<()> {
    for setting in settings {
        same_length("setting", setting.len(), "outcome", outcome.len())?;
    }
    let range = |argument, expected, found: f64| Err(Error::OutOfRange { argument, expected, found });
    if let Some(odd) = outcome.iter().find(|value| !value.is_finite()) {
        return range("outcome", "finite numbers", *odd);
    }
    if !(1..=TREES_MAX).contains(&params.trees) {
        return range("trees", "1 to 2000", params.trees as f64);
    }
    if params.shuffles > SHUFFLES_MAX {
        return range("shuffles", "0 to 100", params.shuffles as f64);
    }
    if params.leaf == 0 {
        return range("leaf", "1 or more", 0.0);
    }
    Ok(())
}

/// Every tree has a stream of chance of its own, so that threads have no say.
fn grow(table: &Table, params: &ForestParams) -> Vec<Grown> {
    let runs = table.outcome.len();
    let one = |random: &mut Random, weight: &mut [u32]| {
        weight.fill(u32::from(!params.bootstrap));
        if params.bootstrap {
            (0..runs).for_each(|_| weight[random.below(runs)] += 1);
        }
        let tree = Tree::grow(table, weight, params.leaf, random);
        let unseen = (0..runs as u32).filter(|run| weight[*run as usize] == 0).collect();
        Grown { tree, unseen }
    };
    let mut forest: Vec<Option<Grown>> = (0..params.trees).map(|_| None).collect();
    fill_rows(&mut forest, 1, |first, trees| {
        let mut weight = vec![0_u32; runs];
        for (at, tree) in trees.iter_mut().enumerate() {
            *tree = Some(one(&mut stream(params.seed, (first + at) as u64), &mut weight));
        }
    });
    forest.into_iter().flatten().collect()
}

/// How well a forest foretells, and what that is made of.
pub(super) struct Score {
    /// For each run the sum of what trees said that did not see it, less the mean of all.
    pub sums: Vec<f64>,
    /// How many these trees are.
    pub trees: Vec<u32>,
    /// The sum of squares of the outcomes of runs that some tree did not see.
    spread: f64,
    pub explained: f64,
}

impl Score {
    /// Nothing where fewer than two runs can be foretold, or all of these did the same.
    pub fn of(table: &Table, forest: &[Grown]) -> Option<Self> {
        let runs = table.outcome.len();
        let (mut sums, mut trees) = (vec![0.0; runs], vec![0_u32; runs]);
        for Grown { tree, unseen } in forest {
            for run in unseen.iter().map(|run| *run as usize) {
                sums[run] += tree.predict(table, run);
                trees[run] += 1;
            }
        }
        let foretold =
            || table.outcome.iter().zip(&trees).filter(|(_, trees)| **trees > 0).map(|(outcome, _)| *outcome);
        let count = foretold().count();
        let mean = foretold().sum::<f64>() / count as f64;
        let spread = foretold().map(|outcome| (outcome - mean).powi(2)).sum();
        let mut score = Self { sums, trees, spread, explained: 0.0 };
        score.explained = score.explained_by(table, &score.sums);
        (count > 1 && spread > 0.0).then_some(score)
    }

    /// R² of other sums of the same trees.
    pub fn explained_by(&self, table: &Table, sums: &[f64]) -> f64 {
        let foretold = sums.iter().zip(&self.trees).zip(&table.outcome).filter(|((_, trees), _)| **trees > 0);
        let wrong: f64 = foretold.map(|((sum, trees), outcome)| (outcome - sum / f64::from(*trees)).powi(2)).sum();
        1.0 - wrong / self.spread
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grown(settings: &[Setting], outcome: &[f64]) -> Importance {
        importance(settings, outcome, &ForestParams::default()).expect("a forest")
    }

    #[test]
    fn a_setting_that_decides_has_it_all_and_the_same_seed_gives_the_same_bits() {
        let words = Setting::Words((0..40).map(|run| (run % 3 != 0).then_some(run % 3)).collect());
        let noise = Setting::Numbers((0..40).map(|run| f64::from(run * 17 % 40)).collect());
        let outcome: Vec<f64> = (0..40).map(|run| if run % 3 == 0 { 5.0 } else { 1.0 }).collect();
        let found = grown(&[noise.clone(), words.clone()], &outcome);
        assert_eq!(found.share, Some(vec![0.0, 1.0]), "whether there is one is what counts");
        assert_eq!(found.explained, Some(1.0));
        let falls = found.falls.as_ref().expect("falls");
        assert_eq!(falls[0], Fall { mean: 0.0, sd: Some(0.0) }, "no tree asks for it");
        // A share 2pq of runs gets the other's word and is foretold wrongly, by as much as there is between both: twice the spread, pq.
        assert!((1.5..2.5).contains(&falls[1].mean), "{falls:?}");
        assert_eq!(found, grown(&[noise, words], &outcome));
    }

    #[test]
    fn whether_a_number_is_there_can_be_all_that_counts() {
        let numbers = (0..30).map(|run| if run % 2 == 0 { f64::NAN } else { f64::from(run % 5) }).collect();
        let outcome: Vec<f64> = (0..30).map(|run| f64::from(run % 2)).collect();
        let found = grown(&[Setting::Numbers(numbers)], &outcome);
        assert_eq!((found.share, found.explained), (Some(vec![1.0]), Some(1.0)));
    }

    #[test]
    fn where_nothing_differs_nothing_is_said() {
        let nothing = Importance { share: None, falls: None, explained: None };
        let setting = Setting::Numbers((0..9).map(f64::from).collect());
        assert_eq!(grown(std::slice::from_ref(&setting), &[2.0; 9]), nothing);
        let one = Setting::Numbers(vec![1.0; 9]);
        let outcome: Vec<f64> = (0..9).map(f64::from).collect();
        assert_eq!(grown(&[one], &outcome).share, None);
        assert_eq!(grown(&[], &outcome), nothing);
    }

    #[test]
    fn what_is_wrong_is_said() {
        let setting = || vec![Setting::Numbers(vec![1.0, 2.0])];
        let message = |settings: &[Setting], outcome: &[f64], trees, shuffles| {
            let params = ForestParams { trees, shuffles, ..ForestParams::default() };
            importance(settings, outcome, &params).expect_err("an error").to_string()
        };
        assert_eq!(message(&setting(), &[1.0], 1, 1), "setting has 2 rows, expected 1, as many as outcome");
        assert_eq!(message(&setting(), &[1.0, f64::NAN], 1, 1), "outcome expected finite numbers, found NaN");
        assert_eq!(message(&setting(), &[1.0, 2.0], 0, 1), "trees expected 1 to 2000, found 0");
        assert_eq!(message(&setting(), &[1.0, 2.0], 1, 101), "shuffles expected 0 to 100, found 101");
    }
}
