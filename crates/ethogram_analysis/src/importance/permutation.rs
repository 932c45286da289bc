//! How much worse a forest foretells when a setting is shuffled among the runs.

use ethogram_random::Random;

use super::ForestParams;
use super::forest::{Grown, Score};
use super::tree::Table;
use crate::benchmark::stream;
use crate::parallel::fill_rows;

/// By how much R² falls when one setting is shuffled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fall {
    /// Over shuffles; below 0 when the forest foretells no worse without the setting. More than 1 is possible: a shuffle can mislead.
    pub mean: f64,
    /// Standard deviation of the sample (n − 1) over shuffles, of the one forest; missing with one shuffle.
    pub sd: Option<f64>,
}

impl Fall {
    fn of(falls: &[f64]) -> Self {
        let count = falls.len() as f64;
        let mean = falls.iter().sum::<f64>() / count;
        let squares: f64 = falls.iter().map(|fall| (fall - mean).powi(2)).sum();
        Self { mean, sd: (falls.len() > 1).then(|| (squares / (count - 1.0)).sqrt()) }
    }
}

/// Of each column; nothing without shuffles.
///
/// Runs are foretold by trees that were not grown of them: leaves are pure, so that trees know the runs they were grown of by heart, and
/// among these a setting that says nothing would seem to count.
pub(super) fn falls(table: &Table, forest: &[Grown], score: &Score, params: &ForestParams) -> Option<Vec<Fall>> {
    let runs = table.outcome.len();
    let mut found = vec![Fall { mean: 0.0, sd: None }; table.columns.len()];
    fill_rows(&mut found, 1, |first, stretch| {
        for (at, found) in stretch.iter_mut().enumerate() {
            // Streams of the trees begin at the seed itself.
            let random = &mut stream(!params.seed, (first + at) as u64);
            let orders: Vec<Vec<u32>> = (0..params.shuffles).map(|_| shuffled(runs, random)).collect();
            *found = Fall::of(&falls_of(table, forest, score, first + at, &orders));
        }
    });
    (params.shuffles > 0).then_some(found)
}

/// Of one column, for each order: each run is asked about with what the run at its place of the order has in that column.
fn falls_of(table: &Table, forest: &[Grown], score: &Score, column: usize, orders: &[Vec<u32>]) -> Vec<f64> {
    let mut sums = vec![score.sums.clone(); orders.len()];
    for Grown { tree, unseen } in forest {
        for run in unseen.iter().map(|run| *run as usize) {
            let (said, asked) = tree.predict_asking(table, run, column);
            for (sums, order) in sums.iter_mut().zip(orders).filter(|_| asked) {
                sums[run] += tree.predict_with(table, run, column, order[run] as usize) - said;
            }
        }
    }
    sums.iter().map(|sums| score.explained - score.explained_by(table, sums)).collect()
}

fn shuffled(count: usize, random: &mut Random) -> Vec<u32> {
    let mut order: Vec<u32> = (0..count as u32).collect();
    shuffle(&mut order, random);
    order
}

/// **Source** Fisher and Yates (1938), in the form of Durstenfeld (1964).
pub(super) fn shuffle<T>(items: &mut [T], random: &mut Random) {
    for left in (1..items.len()).rev() {
        items.swap(left, random.below(left + 1));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::Setting;
    use super::super::tree::Tree;
    use super::*;

    const GOLDEN: &str = include_str!("../../testdata/importance.json");

    /// One tree that is asked about all runs, in the orders in which scikit-learn shuffled them: `testdata/make_importance.py`.
    #[test]
    fn row_b13_falls_of_one_tree_are_those_of_scikit_learn_where_it_shuffles_the_same() {
        let golden: Value = serde_json::from_str(GOLDEN).expect("json");
        let numbers = |value: &Value| -> Vec<f64> {
            value.as_array().expect("an array").iter().map(|value| value.as_f64().unwrap_or(f64::NAN)).collect()
        };
        let words = |value: &Value| {
            let of = |value: &Value| {
                value.as_str().and_then(|text| ["adam", "rmsprop", "sgd"].iter().position(|w| *w == text))
            };
            value.as_array().expect("an array").iter().map(|value| of(value).map(|at| at as u32)).collect()
        };
        let columns = &golden["columns"];
        let mut settings: Vec<Setting> =
            ["lr", "width", "dropout", "idle"].iter().map(|name| Setting::Numbers(numbers(&columns[*name]))).collect();
        settings.push(Setting::Words(words(&columns["optimizer"])));
        let table = Table::new(&settings, &numbers(&golden["outcome"]));
        let runs = table.outcome.len();
        let leaf = golden["leaf"].as_u64().expect("a leaf") as usize;
        let tree = Tree::grow(&table, &vec![1; runs], leaf, &mut Random::new(1));
        let forest = [Grown { tree, unseen: (0..runs as u32).collect() }];
        let score = Score::of(&table, &forest).expect("a score");
        let shuffled = &golden["shuffled_tree"];
        // Sums of a hundred doubles.
        let near = |found: f64, expected: f64| (found - expected).abs() < 1e-9;
        assert!(near(score.explained, shuffled["explained"].as_f64().expect("a number")), "{}", score.explained);
        let orders: Vec<Vec<u32>> = shuffled["orders"]
            .as_array()
            .expect("orders")
            .iter()
            .map(|order| numbers(order).into_iter().map(|run| run as u32).collect())
            .collect();
        for (column, expected) in shuffled["falls"].as_array().expect("falls").iter().enumerate() {
            let (expected, found) = (numbers(expected), falls_of(&table, &forest, &score, column, &orders));
            assert_eq!(found.len(), expected.len());
            for (found, expected) in found.iter().zip(&expected) {
                assert!(near(*found, *expected), "column {column}: expected {expected}, found {found}");
            }
            let (mean, sd) = (numbers(&shuffled["mean"])[column], numbers(&shuffled["sd"])[column]);
            let fall = Fall::of(&found);
            assert!(near(fall.mean, mean) && fall.sd.is_some_and(|found| near(found, sd)), "column {column}: {fall:?}");
        }
    }

    #[test]
    fn one_shuffle_has_no_spread() {
        assert_eq!(Fall::of(&[0.5]), Fall { mean: 0.5, sd: None });
        assert_eq!(Fall::of(&[1.0, 3.0]), Fall { mean: 2.0, sd: Some(2_f64.sqrt()) });
    }
}
