//! Many trees, each of runs drawn anew.

use super::Setting;
use super::tree::{Table, Tree};
use crate::benchmark::repeat;
use crate::error::{Error, Result, same_length};

/// Most trees of a forest.
pub const TREES_MAX: usize = 2_000;

/// How a forest is grown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForestParams {
    /// From 1 to [`TREES_MAX`].
    pub trees: usize,
    /// Fewest different runs in a leaf, at least 1.
    pub leaf: usize,
    /// Whether each tree has runs drawn anew with replacement, as many as there are; otherwise all of them.
    pub bootstrap: bool,
    /// Where chance begins.
    pub seed: u64,
}

impl Default for ForestParams {
    fn default() -> Self {
        Self { trees: 200, leaf: 1, bootstrap: true, seed: 0 }
    }
}

/// What a forest says of settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Importance {
    /// For each setting, how much of what the splits explain is explained by its own: mean over trees, sum 1. Nothing when all runs did the same.
    pub share: Option<Vec<f64>>,
    /// How well the trees foretell runs that they were not grown of: R² out of bag, at most 1, 0 or less when the mean does as well. Nothing
    /// without a bootstrap.
    pub explained: Option<f64>,
}

/// Grows a forest that foretells `outcome` from settings. **Shapes** of each: `[runs]`.
///
/// A setting with words is one column: a split parts one word from all others, as with a column of 0 and 1 for each word whose importances
/// are added. What is missing is a word of its own; a missing number goes with whichever side is better.
///
/// **Source** scikit-learn's `RandomForestRegressor` with its defaults: all settings are looked at for each split, leaves are pure.
///
/// **Errors** when lengths differ, an outcome is not finite, or a parameter is out of its range.
pub fn importance(settings: &[Setting], outcome: &[f64], params: &ForestParams) -> Result<Importance> {
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
    if params.leaf == 0 {
        return range("leaf", "1 or more", 0.0);
    }
    let (columns, runs) = (settings.len(), outcome.len());
    if columns == 0 || runs == 0 {
        return Ok(Importance { share: None, explained: None });
    }
    let table = Table::new(settings, outcome);
    // A row a tree: shares of the settings, then what it says of each run that it was not grown of.
    let rows = repeat(
        (params.trees, columns + runs),
        params.seed,
        || vec![0_u32; runs],
        |random, weight, row| {
            weight.fill(u32::from(!params.bootstrap));
            if params.bootstrap {
                (0..runs).for_each(|_| weight[random.below(runs)] += 1);
            }
            let tree = Tree::grow(&table, weight, params.leaf, random);
            let total: f64 = tree.decrease.iter().sum();
            let (shares, said) = row.split_at_mut(columns);
            if total > 0.0 {
                shares.iter_mut().zip(&tree.decrease).for_each(|(share, decrease)| *share = decrease / total);
            }
            for (run, said) in said.iter_mut().enumerate() {
                *said = if weight[run] == 0 { tree.predict(&table, run) } else { f64::NAN };
            }
        },
    );
    let mut share = vec![0.0; columns];
    let mut said = vec![(0.0, 0_u32); runs];
    for row in rows.chunks_exact(columns + runs) {
        share.iter_mut().zip(row).for_each(|(sum, share)| *sum += share);
        for (said, value) in said.iter_mut().zip(&row[columns..]).filter(|(_, value)| !value.is_nan()) {
            *said = (said.0 + value, said.1 + 1);
        }
    }
    let total: f64 = share.iter().sum();
    for one in &mut share {
        *one /= total;
    }
    Ok(Importance { share: (total > 0.0).then_some(share), explained: explained(outcome, &said) })
}

/// R² over the runs that some tree did not see; `said` is a sum less the mean of all, and of how many trees.
fn explained(outcome: &[f64], said: &[(f64, u32)]) -> Option<f64> {
    let mean_of_all = outcome.iter().sum::<f64>() / outcome.len() as f64;
    let foretold = || said.iter().zip(outcome).filter(|(said, _)| said.1 > 0);
    let count = foretold().count();
    let mean = foretold().map(|(_, outcome)| outcome).sum::<f64>() / count as f64;
    let (mut wrong, mut spread) = (0.0, 0.0);
    for ((sum, trees), outcome) in foretold() {
        wrong += (outcome - mean_of_all - sum / f64::from(*trees)).powi(2);
        spread += (outcome - mean).powi(2);
    }
    (count > 1 && spread > 0.0).then(|| 1.0 - wrong / spread)
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
        let setting = Setting::Numbers((0..9).map(f64::from).collect());
        assert_eq!(grown(std::slice::from_ref(&setting), &[2.0; 9]), Importance { share: None, explained: None });
        let one = Setting::Numbers(vec![1.0; 9]);
        let outcome: Vec<f64> = (0..9).map(f64::from).collect();
        assert_eq!(grown(&[one], &outcome).share, None);
        assert_eq!(grown(&[], &outcome), Importance { share: None, explained: None });
    }

    #[test]
    fn what_is_wrong_is_said() {
        let setting = || vec![Setting::Numbers(vec![1.0, 2.0])];
        let message = |settings: &[Setting], outcome: &[f64], trees| {
            let params = ForestParams { trees, ..ForestParams::default() };
            importance(settings, outcome, &params).expect_err("an error").to_string()
        };
        assert_eq!(message(&setting(), &[1.0], 1), "setting has 2 rows, expected 1, as many as outcome");
        assert_eq!(message(&setting(), &[1.0, f64::NAN], 1), "outcome expected finite numbers, found NaN");
        assert_eq!(message(&setting(), &[1.0, 2.0], 0), "trees expected 1 to 2000, found 0");
    }
}
