//! How an output is looked at before its entries are weighed: probabilities of logits, risk of a distribution, density of an action.

use std::f32::consts::TAU;

use crate::error::{Error, Result};
use crate::graph::{Binary, Builder, Compare, Reduce, Unary, ValueId};
use crate::tensor::{Data, Dtype, Tensor};

/// How an output is looked at. Each gives a row of entries for a row of the output.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum View {
    /// As the network gives it: logits, Q-values, a value.
    #[default]
    Plain,
    /// Softmax over its last axis.
    Probability,
    /// The logarithm of that.
    LogProbability,
    /// Softmax, or its logarithm, of each part of the row on its own: the choices of a `MultiDiscrete` action.
    Parts {
        /// Entries of each part, in order; together the whole row.
        lengths: Vec<usize>,
        /// The logarithm.
        log: bool,
    },
    /// The probability, or its logarithm, that each entry's switch is on, and then that each is off: `MultiBinary` actions, `[B, 2 N]`.
    Switches {
        /// The logarithm.
        log: bool,
    },
    /// Entropy of all switches, summed, in nats: one entry.
    SwitchesEntropy,
    /// Entropy of the parts' softmax, summed, in nats: one entry.
    Entropy {
        /// Entries of each part; one part when empty.
        lengths: Vec<usize>,
    },
    /// Mean over the first axis of rows `[N, A]`: of quantiles, or of the heads of an ensemble.
    Mean,
    /// The quantile at a fraction of rows `[N, A]` whose N numbers are equally likely, in any order.
    Quantile(f32),
    /// Mean of the lowest share of rows `[N, A]`, as [`View::Quantile`].
    Cvar(f32),
    /// Rows `[A, K]` of probabilities of K returns: their mean, or that of the lowest share.
    Atoms {
        /// The returns, rising. **Shapes**: `[K]`.
        atoms: Vec<f32>,
        /// The output holds logits; softmax comes first.
        logits: bool,
        /// Share of the lowest outcomes; 1 for the mean of all.
        share: f32,
    },
    /// Log-density, in nats, of one action a row under a Gaussian whose mean the output is: one entry.
    LogDensity {
        /// The actions. **Shapes**: `[B, D]`.
        actions: Tensor,
        /// Spread of each dimension.
        spread: Spread,
    },
    /// Entropy of that Gaussian, in nats: one entry. The output is the logarithm of the standard deviation.
    GaussianEntropy,
}

/// Where a Gaussian's standard deviation is.
#[derive(Clone, Debug, PartialEq)]
pub enum Spread {
    /// Another output, which holds its logarithm. It may have one row for all.
    Output(String),
    /// Its logarithm, given for every row. **Shapes**: `[B, D]`.
    Given(Tensor),
}

/// Names under which a view's own numbers enter the graph.
const ACTIONS: &str = "target action";
const LOG_STD: &str = "target log_std";

impl View {
    /// Numbers that the view takes for every row, beside the network's inputs.
    pub(super) fn given(&self) -> Vec<(&'static str, &Tensor)> {
        match self {
            View::LogDensity { actions, spread: Spread::Given(log_std) } => {
                vec![(ACTIONS, actions), (LOG_STD, log_std)]
            }
            View::LogDensity { actions, .. } => vec![(ACTIONS, actions)],
            _ => Vec::new(),
        }
    }

    /// All that a program for this view depends on: the numbers that are given for every row are not.
    pub(super) fn question(&self) -> String {
        match self {
            View::LogDensity { actions, spread } => {
                let spread = match spread {
                    Spread::Given(_) => None,
                    Spread::Output(name) => Some(name),
                };
                format!("log-density of {:?}, spread {spread:?}", actions.shape().get(1..))
            }
            other => format!("{other:?}"),
        }
    }

    /// The same for some of the rows.
    pub fn rows(&self, rows: &[usize]) -> Result<Self> {
        Ok(match self {
            View::LogDensity { actions, spread } => View::LogDensity {
                actions: actions.rows(rows)?,
                spread: match spread {
                    Spread::Given(log_std) => Spread::Given(log_std.rows(rows)?),
                    Spread::Output(name) => Spread::Output(name.clone()),
                },
            },
            other => other.clone(),
        })
    }

    /// The value in the graph, looked at.
    ///
    /// **Errors**: an output that has not the axes that the view takes.
    pub(super) fn build(&self, b: &mut Builder, output: ValueId) -> Result<ValueId> {
        "target".clone_into(&mut b.at.0);
        let shape = b.shape(output).to_vec();
        let wrong = |expected: &str| Error::Argument {
            argument: "target",
            expected: format!("an output with {expected}"),
            found: format!("shape {shape:?}"),
        };
        let row = || if shape.len() >= 2 { Ok(shape.len() - 1) } else { Err(wrong("a row for each input row")) };
        match self {
            View::Plain => Ok(output),
            View::Probability => b.softmax(output, row()?, false),
            View::LogProbability => b.softmax(output, row()?, true),
            View::Parts { lengths, log } => {
                let mut done = Vec::new();
                for part in parts(b, output, lengths)? {
                    done.push(b.softmax(part, 1, *log)?);
                }
                b.concat(&done, 1)
            }
            View::Switches { log } => {
                let on = b.reshape(output, &[shape[0], shape[1..].iter().product()])?;
                let off = b.unary(Unary::Neg, on)?;
                if !log {
                    let both = b.concat(&[on, off], 1)?;
                    return b.unary(Unary::Sigmoid, both);
                }
                let both = b.concat(&[off, on], 1)?;
                let soft = b.unary(Unary::Softplus, both)?;
                b.unary(Unary::Neg, soft)
            }
            // ln(1 + eˡ) − l σ(l)
            View::SwitchesEntropy => {
                let logits = b.reshape(output, &[shape[0], shape[1..].iter().product()])?;
                let (soft, on) = (b.unary(Unary::Softplus, logits)?, b.unary(Unary::Sigmoid, logits)?);
                let certain = b.mul(logits, on)?;
                let each = b.sub(soft, certain)?;
                b.reduce(Reduce::Sum, each, &[1])
            }
            View::Entropy { lengths } => {
                let whole = [shape[1..].iter().product()];
                let lengths = if lengths.is_empty() { &whole[..] } else { lengths };
                let mut sums = Vec::new();
                for part in parts(b, output, lengths)? {
                    let (p, log) = (b.softmax(part, 1, false)?, b.softmax(part, 1, true)?);
                    let each = b.mul(p, log)?;
                    sums.push(b.reduce(Reduce::Sum, each, &[1])?);
                }
                let all = b.concat(&sums, 1)?;
                let sum = b.reduce(Reduce::Sum, all, &[1])?;
                b.unary(Unary::Neg, sum)
            }
            View::Mean => {
                let [rows, _, entries] = shape[..] else { return Err(wrong("rows of shape [N, A]")) };
                let mean = b.reduce(Reduce::Mean, output, &[1])?;
                b.reshape(mean, &[rows, entries])
            }
            View::Quantile(fraction) => {
                let [_, count, _] = shape[..] else { return Err(wrong("rows of shape [N, A]")) };
                let place = ((f64::from(*fraction) * count as f64) as usize).min(count.saturating_sub(1));
                let rank = rank(b, output)?;
                let away = b.unary(Unary::Shift(-(place as f32)), rank)?;
                let away = b.unary(Unary::Abs, away)?;
                let there = b.unary(Unary::Scale(-1.0), away)?;
                let there = b.unary(Unary::Shift(1.0), there)?;
                let weights = b.unary(Unary::Clip(0.0, 1.0), there)?;
                weighed(b, output, weights)
            }
            View::Cvar(share) => {
                let [_, count, _] = shape[..] else { return Err(wrong("rows of shape [N, A]")) };
                let mass = share * count as f32;
                let rank = rank(b, output)?;
                let left = b.unary(Unary::Scale(-1.0), rank)?;
                let left = b.unary(Unary::Shift(mass), left)?;
                let left = b.unary(Unary::Clip(0.0, 1.0), left)?;
                let weights = b.unary(Unary::Scale(1.0 / mass), left)?;
                weighed(b, output, weights)
            }
            View::Atoms { atoms, logits, share } => lowest(b, output, atoms, *logits, *share),
            View::LogDensity { actions, spread } => {
                let [rows, width] = shape[..] else { return Err(wrong("rows of shape [D]")) };
                if actions.len() != width * actions.shape().first().copied().unwrap_or(0) {
                    return Err(wrong(&format!("a mean for each of the action's {:?}", &actions.shape()[1..])));
                }
                let action = b.input(ACTIONS, &[rows, width], Dtype::F32)?;
                let log_std = match spread {
                    Spread::Given(_) => b.input(LOG_STD, &[rows, width], Dtype::F32)?,
                    Spread::Output(name) => {
                        let found = b.graph().named(name);
                        let id = found.ok_or_else(|| wrong(&format!("a deviation {name:?} beside it")))?;
                        b.broadcast(id, &[rows, width])?
                    }
                };
                log_density(b, output, action, log_std)
            }
            View::GaussianEntropy => {
                let [_, width] = shape[..] else { return Err(wrong("rows of shape [D]")) };
                let sum = b.reduce(Reduce::Sum, output, &[1])?;
                b.unary(Unary::Shift(width as f32 * f32::midpoint(TAU.ln(), 1.0)), sum)
            }
        }
    }
}

/// The parts of every row, each `[B, length]`.
fn parts(b: &mut Builder, output: ValueId, lengths: &[usize]) -> Result<Vec<ValueId>> {
    let shape = b.shape(output).to_vec();
    let width: usize = shape.iter().skip(1).product();
    if shape.is_empty() || lengths.iter().sum::<usize>() != width || lengths.contains(&0) {
        return Err(Error::Argument {
            argument: "target",
            expected: format!("an output whose rows are choices of {lengths:?}"),
            found: format!("shape {shape:?}"),
        });
    }
    let flat = b.reshape(output, &[shape[0], width])?;
    let mut start = 0;
    let mut parts = Vec::with_capacity(lengths.len());
    for &length in lengths {
        parts.push(b.slice_axis(flat, 1, start, length)?);
        start += length;
    }
    Ok(parts)
}

/// How many of the N numbers come before each; of equals the one with the lower index. **Shapes**: `[B, N, A]`.
fn rank(b: &mut Builder, x: ValueId) -> Result<ValueId> {
    let shape = b.shape(x).to_vec();
    let (rows, count, entries) = (shape[0], shape[1], shape[2]);
    let own = b.reshape(x, &[rows, count, 1, entries])?;
    let other = b.reshape(x, &[rows, 1, count, entries])?;
    let less = b.compare(Compare::Less, other, own)?;
    let equal = b.compare(Compare::Equal, other, own)?;
    let earlier = (0..count * count).map(|at| at % count < at / count).collect();
    let earlier = b.constant(Tensor::new(vec![1, count, count, 1], Data::Bool(earlier))?)?;
    let tied = b.binary(Binary::And, equal, earlier)?;
    let before = b.binary(Binary::Or, less, tied)?;
    let before = b.cast(before, Dtype::F32)?;
    let rank = b.reduce(Reduce::Sum, before, &[2])?;
    b.reshape(rank, &shape)
}

/// The sum over `N` of `weights · x`. **Shapes**: `[B, N, A]` to `[B, A]`.
fn weighed(b: &mut Builder, x: ValueId, weights: ValueId) -> Result<ValueId> {
    let shape = b.shape(x).to_vec();
    let each = b.mul(x, weights)?;
    let sum = b.reduce(Reduce::Sum, each, &[1])?;
    b.reshape(sum, &[shape[0], shape[2]])
}

/// Mean of the lowest share of a distribution over atoms. **Shapes**: `[B, A, K]` to `[B, A]`.
fn lowest(b: &mut Builder, output: ValueId, atoms: &[f32], logits: bool, share: f32) -> Result<ValueId> {
    let shape = b.shape(output).to_vec();
    let rising = atoms.windows(2).all(|pair| pair[0] < pair[1]);
    let (&[rows, entries, count], true) = (shape.as_slice(), rising) else {
        return Err(Error::Argument {
            argument: "target",
            expected: "an output with rows of shape [A, K], and rising atoms".to_owned(),
            found: format!("shape {shape:?}, {} atoms", atoms.len()),
        });
    };
    if count != atoms.len() {
        return Err(Error::Argument {
            argument: "target",
            expected: format!("an output with {} atoms in its last axis", atoms.len()),
            found: format!("shape {shape:?}"),
        });
    }
    let p = if logits { b.softmax(output, 2, false)? } else { output };
    let mut weights = p;
    if share < 1.0 {
        let below = (0..count * count).map(|at| f32::from(u8::from(at / count < at % count))).collect();
        let below = b.constant(Tensor::f32(&[count, count], below)?)?;
        let before = b.matmul(p, below, false)?;
        let left = b.unary(Unary::Scale(-1.0), before)?;
        let left = b.unary(Unary::Shift(share), left)?;
        let left = b.unary(Unary::Relu, left)?;
        let part = b.binary(Binary::Min, p, left)?;
        weights = b.unary(Unary::Scale(1.0 / share), part)?;
    }
    let atoms = b.constant(Tensor::f32(&[1, 1, count], atoms.to_vec())?)?;
    let each = b.mul(weights, atoms)?;
    let sum = b.reduce(Reduce::Sum, each, &[2])?;
    b.reshape(sum, &[rows, entries])
}

/// −½ Σ (((a − μ) / σ)² + 2 log σ + log 2π). **Shapes**: `[B, D]` to `[B, 1]`.
fn log_density(b: &mut Builder, mean: ValueId, action: ValueId, log_std: ValueId) -> Result<ValueId> {
    let away = b.sub(action, mean)?;
    let inverse = b.unary(Unary::Neg, log_std)?;
    let inverse = b.unary(Unary::Exp, inverse)?;
    let z = b.mul(away, inverse)?;
    let square = b.mul(z, z)?;
    let spread = b.unary(Unary::Scale(2.0), log_std)?;
    let each = b.add(square, spread)?;
    let each = b.unary(Unary::Shift(TAU.ln()), each)?;
    let sum = b.reduce(Reduce::Sum, each, &[1])?;
    b.unary(Unary::Scale(-0.5), sum)
}
