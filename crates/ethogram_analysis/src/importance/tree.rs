//! One regression tree, grown until its leaves cannot be split.

use ethogram_random::Random;

use super::Setting;
use super::permutation::shuffle;

/// A spread this small beside that of all runs is rounding.
const SPREAD_MIN: f64 = 1e-12;

/// What trees are grown of: settings in the form that splits look at, and what came of them.
pub(super) struct Table {
    pub columns: Vec<Column>,
    /// Less its mean, so that sums of squares keep their digits.
    pub outcome: Vec<f64>,
    spread_min: f64,
}

pub(super) enum Column {
    /// Rows by ascending value, those without one last.
    Numbers { values: Vec<f64>, order: Vec<u32> },
    /// What is missing is a word of its own, the last.
    Words { words: Vec<u32>, count: usize },
}

/// Which rows go to the first side.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Rule {
    /// Those up to `threshold`, and those without a number where `missing_first`.
    UpTo { threshold: f64, missing_first: bool },
    /// Those with this word.
    Word(u32),
}

enum Node {
    Leaf(f64),
    /// Its sides are the nodes at `first` and behind it; small numbers, for a forest keeps millions of these.
    Split {
        column: u32,
        first: u32,
        rule: Rule,
    },
}

pub(super) struct Tree {
    nodes: Vec<Node>,
    /// By how much the splits of each column lessened the sum of squares.
    pub decrease: Vec<f64>,
}

/// Sums over rows, each as often as it was drawn.
#[derive(Clone, Copy, Default)]
struct Sums {
    rows: usize,
    weight: f64,
    sum: f64,
    squares: f64,
}

/// A split that was found, and by how much it lessens the sum of squares.
struct Split {
    column: usize,
    rule: Rule,
    decrease: f64,
}

impl Table {
    pub fn new(settings: &[Setting], outcome: &[f64]) -> Self {
        let mean = outcome.iter().sum::<f64>() / outcome.len().max(1) as f64;
        let outcome: Vec<f64> = outcome.iter().map(|value| value - mean).collect();
        let spread_min = SPREAD_MIN * outcome.iter().map(|value| value * value).sum::<f64>();
        Self { columns: settings.iter().map(Column::of).collect(), outcome, spread_min }
    }

    fn row(&self, row: u32, weight: &[u32]) -> Sums {
        let (weight, outcome) = (f64::from(weight[row as usize]), self.outcome[row as usize]);
        Sums { rows: 1, weight, sum: weight * outcome, squares: weight * outcome * outcome }
    }
}

impl Column {
    fn of(setting: &Setting) -> Self {
        match setting {
            Setting::Numbers(values) => {
                let values: Vec<f64> = values.iter().map(|v| if v.is_finite() { *v } else { f64::NAN }).collect();
                let mut order: Vec<u32> = (0..values.len() as u32).collect();
                let key = |row: &u32| (values[*row as usize].is_nan(), values[*row as usize]);
                order.sort_by(|a, b| key(a).0.cmp(&key(b).0).then(key(a).1.total_cmp(&key(b).1)));
                Self::Numbers { values, order }
            }
            Setting::Words(words) => {
                let missing = words.iter().flatten().max().map_or(0, |most| most + 1);
                let words = words.iter().map(|word| word.unwrap_or(missing)).collect();
                Self::Words { words, count: missing as usize + 1 }
            }
        }
    }

    fn goes_first(&self, row: usize, rule: Rule) -> bool {
        match (self, rule) {
            (Self::Numbers { values, .. }, Rule::UpTo { threshold, missing_first }) => {
                if values[row].is_nan() {
                    missing_first
                } else {
                    values[row] <= threshold
                }
            }
            (Self::Words { words, .. }, Rule::Word(word)) => words[row] == word,
            _ => false,
        }
    }
}

impl Tree {
    /// Grows a tree of the rows that were drawn, each `weight` times; leaves hold at least `leaf` different ones. Where splits are equally
    /// good, `random` decides.
    pub fn grow(table: &Table, weight: &[u32], leaf: usize, random: &mut Random) -> Self {
        let drawn = |rows: &mut dyn Iterator<Item = u32>| -> Vec<u32> {
            rows.filter(|row| weight[*row as usize] > 0).collect()
        };
        let mut rows = drawn(&mut (0..table.outcome.len() as u32));
        // Of each column of numbers, the rows of a node lie ascending at the node's places.
        let mut orders: Vec<Vec<u32>> = table
            .columns
            .iter()
            .map(|column| match column {
                Column::Numbers { order, .. } => drawn(&mut order.iter().copied()),
                Column::Words { .. } => Vec::new(),
            })
            .collect();
        let mut tree = Tree { nodes: vec![Node::Leaf(0.0)], decrease: vec![0.0; table.columns.len()] };
        let mut turns: Vec<usize> = (0..table.columns.len()).collect();
        let mut waiting = vec![(0, 0..rows.len())];
        let mut second = Vec::new();
        while let Some((node, at)) = waiting.pop() {
            let all = Sums::of(rows[at.clone()].iter().map(|row| table.row(*row, weight)));
            tree.nodes[node] = Node::Leaf(all.mean());
            if all.rows < 2 * leaf || all.spread() <= table.spread_min {
                continue;
            }
            shuffle(&mut turns, random);
            let mut best: Option<Split> = None;
            for &column in &turns {
                let found = match &table.columns[column] {
                    Column::Numbers { values, .. } => {
                        let order = &orders[column][at.clone()];
                        best_threshold(order, values, &all, leaf, |row| table.row(row, weight))
                    }
                    Column::Words { words, count } => {
                        let sums = rows[at.clone()].iter().map(|row| (words[*row as usize], table.row(*row, weight)));
                        best_word(sums, *count, &all, leaf)
                    }
                };
                if let Some((decrease, rule)) = found
                    && best.as_ref().is_none_or(|best| decrease > best.decrease)
                {
                    best = Some(Split { column, rule, decrease });
                }
            }
            let Some(Split { column, rule, decrease }) = best else { continue };
            tree.decrease[column] += decrease;
            let goes_first = |row: u32| table.columns[column].goes_first(row as usize, rule);
            let middle = at.start + part(&mut rows[at.clone()], &mut second, goes_first);
            for order in orders.iter_mut().filter(|order| !order.is_empty()) {
                part(&mut order[at.clone()], &mut second, goes_first);
            }
            let first = tree.nodes.len();
            tree.nodes.extend([Node::Leaf(0.0), Node::Leaf(0.0)]);
            tree.nodes[node] = Node::Split { column: column as u32, first: first as u32, rule };
            waiting.extend([(first, at.start..middle), (first + 1, middle..at.end)]);
        }
        tree
    }

    /// What it says of a row, less the mean of all.
    pub fn predict(&self, table: &Table, row: usize) -> f64 {
        self.walk(table, |_| row)
    }

    /// The same, if the row had what `from` has in this column.
    pub fn predict_with(&self, table: &Table, row: usize, column: usize, from: usize) -> f64 {
        self.walk(table, |asked| if asked == column { from } else { row })
    }

    /// What it says of a row, and whether it asked for this column on the way.
    pub fn predict_asking(&self, table: &Table, row: usize, column: usize) -> (f64, bool) {
        let mut asked_it = false;
        let said = self.walk(table, |asked| {
            asked_it |= asked == column;
            row
        });
        (said, asked_it)
    }

    /// Down to a leaf; `row_of` says which row's value a column has.
    fn walk(&self, table: &Table, mut row_of: impl FnMut(usize) -> usize) -> f64 {
        let mut node = 0;
        loop {
            match self.nodes[node] {
                Node::Leaf(value) => return value,
                Node::Split { column, first, rule } => {
                    let column = column as usize;
                    let goes_first = table.columns[column].goes_first(row_of(column), rule);
                    node = first as usize + usize::from(!goes_first);
                }
            }
        }
    }
}

impl Sums {
    fn of(rows: impl Iterator<Item = Sums>) -> Self {
        rows.fold(Self::default(), Self::and)
    }

    fn and(self, other: Self) -> Self {
        Self {
            rows: self.rows + other.rows,
            weight: self.weight + other.weight,
            sum: self.sum + other.sum,
            squares: self.squares + other.squares,
        }
    }

    fn mean(&self) -> f64 {
        self.sum / self.weight
    }

    /// The sum of squared distances from the mean.
    fn spread(&self) -> f64 {
        self.squares - self.sum * self.mean()
    }

    /// By how much the sum of squares gets less when these leave the others; nothing when a side has too few rows.
    fn decrease(&self, all: &Self, leaf: usize) -> Option<f64> {
        let other = (all.rows - self.rows, all.weight - self.weight, all.sum - self.sum);
        let enough = self.rows >= leaf.max(1) && other.0 >= leaf.max(1);
        enough.then(|| self.sum * self.mean() + other.2 * other.2 / other.1 - all.sum * all.mean())
    }
}

/// The best place to part ascending numbers; those without one, at the end, go to either side, or are one.
fn best_threshold(
    order: &[u32],
    values: &[f64],
    all: &Sums,
    leaf: usize,
    row: impl Fn(u32) -> Sums,
) -> Option<(f64, Rule)> {
    let value = |at: usize| values[order[at] as usize];
    let count = order.partition_point(|row| !values[*row as usize].is_nan());
    let missing = Sums::of(order[count..].iter().map(|at| row(*at)));
    let mut best: Option<(f64, Rule)> = None;
    let mut take = |sums: Sums, rule: Rule| {
        if let Some(decrease) = sums.decrease(all, leaf)
            && best.is_none_or(|(most, _)| decrease > most)
        {
            best = Some((decrease, rule));
        }
    };
    let mut below = Sums::default();
    for (at, &place) in order[..count].iter().enumerate() {
        below = below.and(row(place));
        if at + 1 == count {
            take(below, Rule::UpTo { threshold: f64::INFINITY, missing_first: false });
            break;
        }
        let (this, next) = (value(at), value(at + 1));
        if this < next {
            // Half way; of neighbouring numbers that is one of them, and must not be the upper.
            let threshold = Some(this / 2.0 + next / 2.0).filter(|middle| *middle < next).unwrap_or(this);
            take(below, Rule::UpTo { threshold, missing_first: false });
            if missing.rows > 0 {
                take(below.and(missing), Rule::UpTo { threshold, missing_first: true });
            }
        }
    }
    best
}

/// The word that is best parted from the others.
fn best_word(rows: impl Iterator<Item = (u32, Sums)>, count: usize, all: &Sums, leaf: usize) -> Option<(f64, Rule)> {
    let mut sums = vec![Sums::default(); count];
    for (word, row) in rows {
        sums[word as usize] = sums[word as usize].and(row);
    }
    let found = sums.iter().zip(0..).filter_map(|(sums, word)| Some((sums.decrease(all, leaf)?, Rule::Word(word))));
    found.reduce(|best, found| if found.0 > best.0 { found } else { best })
}

/// Brings those that go first to the front, both sides in their order; how many they are.
fn part(rows: &mut [u32], second: &mut Vec<u32>, goes_first: impl Fn(u32) -> bool) -> usize {
    second.clear();
    let mut count = 0;
    for at in 0..rows.len() {
        let row = rows[at];
        if goes_first(row) {
            rows[count] = row;
            count += 1;
        } else {
            second.push(row);
        }
    }
    rows[count..].copy_from_slice(second);
    count
}
