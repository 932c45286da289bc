//! Sums of products by named axes.

use super::{Call, Lower};
use crate::error::Result;
use crate::graph::{Reduce, ValueId};
use crate::tensor::{Dtype, Tensor, strides};

pub const OPERATORS: &[(&str, Lower)] = &[("Einsum", einsum)];

/// Axes of one value by name. Axes that stand for `...` have names beyond letters, counted from the last.
#[derive(Clone, Debug)]
struct Named {
    value: ValueId,
    names: Vec<u32>,
}

/// Name of the axis of `...` that is so far from its end.
fn dots(from_end: usize) -> u32 {
    u32::from(char::MAX) + 1 + from_end as u32
}

/// Factors are multiplied from the left to the right, each product as one of matrices.
fn einsum(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let equation: String = call.attributes.text("equation", "").chars().filter(|c| !c.is_whitespace()).collect();
    let (left, right) = match equation.split_once("->") {
        Some((left, right)) => (left, Some(right)),
        None => (equation.as_str(), None),
    };
    let terms: Vec<&str> = left.split(',').collect();
    if terms.len() != call.inputs.len() {
        return Err(call.b.wrong(format!("equation {equation:?} for {} inputs", call.inputs.len())));
    }
    let mut factors = Vec::with_capacity(terms.len());
    let mut most_dots = 0;
    for (index, term) in terms.iter().enumerate() {
        let value = call.input(index)?;
        if call.b.dtype(value) != Dtype::F32 {
            return Err(call.b.wrong("factors must be floats"));
        }
        let rank = call.shape(value).len();
        let named = term.chars().filter(|c| *c != '.').count();
        let inside = rank.checked_sub(named).filter(|inside| term.contains("...") || *inside == 0);
        let inside = inside.ok_or_else(|| call.b.wrong(format!("{term:?} for {rank} axes")))?;
        most_dots = most_dots.max(inside);
        let names = labels(call, term, inside)?;
        factors.push(diagonal(call, Named { value, names })?);
    }
    let output = match right {
        Some(right) => labels(call, right, if right.contains("...") { most_dots } else { 0 })?,
        None => {
            // Every name that stands once, in alphabetical order, after the dots.
            let all: Vec<u32> =
                terms.iter().flat_map(|term| term.chars()).filter(|c| *c != '.').map(u32::from).collect();
            let mut once: Vec<u32> =
                all.iter().copied().filter(|c| all.iter().filter(|other| *other == c).count() == 1).collect();
            once.sort_unstable();
            (0..most_dots).rev().map(dots).chain(once).collect()
        }
    };
    let known = |name: &u32| factors.iter().any(|factor| factor.names.contains(name));
    if output.iter().enumerate().any(|(at, name)| !known(name) || output[..at].contains(name)) {
        return Err(call.b.wrong(format!("the result of {equation:?}")));
    }
    equal_lengths(call, &mut factors)?;
    let mut factors = factors.into_iter();
    let Some(mut product) = factors.next() else { return Err(call.b.wrong("no factors")) };
    let mut later: Vec<Named> = factors.collect();
    while !later.is_empty() {
        let next = later.remove(0);
        let wanted = |name: &u32| output.contains(name) || later.iter().any(|factor| factor.names.contains(name));
        product = multiplied(call, &product, &next, &wanted)?;
    }
    let product = summed(call, &product, &|name| output.contains(name))?;
    Ok(vec![in_order(call, &product, &output)?])
}

/// Names of the axes that a term stands for.
fn labels(call: &Call<'_>, term: &str, inside: usize) -> Result<Vec<u32>> {
    let wrong = || call.b.wrong(format!("term {term:?}"));
    let (before, after) = term.split_once("...").unwrap_or((term, ""));
    if !before.chars().chain(after.chars()).all(|c| c.is_ascii_alphabetic()) {
        return Err(wrong());
    }
    let letters = |part: &str| part.chars().map(u32::from).collect::<Vec<_>>();
    Ok([letters(before), (0..inside).rev().map(dots).collect(), letters(after)].concat())
}

/// A name that stands twice in one factor picks the diagonal.
fn diagonal(call: &mut Call<'_>, mut factor: Named) -> Result<Named> {
    while let Some(second) = (0..factor.names.len()).find(|&at| factor.names[..at].contains(&factor.names[at])) {
        let first = factor.names.iter().position(|name| *name == factor.names[second]).unwrap_or(second);
        let shape = call.shape(factor.value);
        if shape[first] != shape[second] {
            return Err(call.b.wrong(format!("a diagonal of {} by {}", shape[first], shape[second])));
        }
        let to: Vec<usize> = (0..shape.len()).filter(|at| *at != second).map(|at| shape[at]).collect();
        let (own, mut steps) = (strides(&to), strides(&shape));
        steps[first] += steps[second];
        steps.remove(second);
        let place = |index: usize| (0..to.len()).map(|at| (index / own[at] % to[at] * steps[at]) as i64).sum();
        let places = (0..to.iter().product()).map(place).collect();
        let places = call.b.constant(Tensor::i64(&to, places)?)?;
        let flat = call.b.reshape(factor.value, &[shape.iter().product()])?;
        factor.value = call.b.gather(flat, places, 0)?;
        factor.names.remove(second);
    }
    Ok(factor)
}

/// Axes of one name have one length; those of length 1 are repeated.
fn equal_lengths(call: &mut Call<'_>, factors: &mut [Named]) -> Result<()> {
    let mut lengths: std::collections::BTreeMap<u32, usize> = std::collections::BTreeMap::new();
    for factor in factors.iter() {
        for (name, length) in factor.names.iter().zip(call.shape(factor.value)) {
            let known = lengths.entry(*name).or_insert(length);
            if *known == 1 {
                *known = length;
            }
        }
    }
    for factor in factors {
        let to: Vec<usize> = factor.names.iter().map(|name| lengths[name]).collect();
        factor.value = call.b.broadcast(factor.value, &to)?;
    }
    Ok(())
}

/// Sums over the axes that nobody wants.
fn summed(call: &mut Call<'_>, factor: &Named, wanted: &dyn Fn(&u32) -> bool) -> Result<Named> {
    let axes: Vec<usize> = (0..factor.names.len()).filter(|&axis| !wanted(&factor.names[axis])).collect();
    let shape = call.shape(factor.value);
    let sum = call.b.reduce(Reduce::Sum, factor.value, &axes)?;
    let kept: Vec<usize> = (0..shape.len()).filter(|axis| !axes.contains(axis)).collect();
    let value = call.b.reshape(sum, &kept.iter().map(|&axis| shape[axis]).collect::<Vec<_>>())?;
    Ok(Named { value, names: kept.into_iter().map(|axis| factor.names[axis]).collect() })
}

/// The axes in an order that has all of them.
fn in_order(call: &mut Call<'_>, factor: &Named, order: &[u32]) -> Result<ValueId> {
    let axes: Option<Vec<usize>> =
        order.iter().map(|name| factor.names.iter().position(|known| known == name)).collect();
    let axes = axes.ok_or_else(|| call.b.wrong("an axis is lost"))?;
    call.b.transpose(factor.value, &axes)
}

/// Two factors as a product of matrices, one for each entry of the axes that both have and that stay.
fn multiplied(call: &mut Call<'_>, x: &Named, y: &Named, wanted: &dyn Fn(&u32) -> bool) -> Result<Named> {
    let x = summed(call, x, &|name| y.names.contains(name) || wanted(name))?;
    let y = summed(call, y, &|name| x.names.contains(name) || wanted(name))?;
    let part = |of: &Named, shared: bool, stays: bool, other: &Named| -> Vec<u32> {
        let fits = |name: &&u32| other.names.contains(name) == shared && (!shared || wanted(name) == stays);
        of.names.iter().filter(fits).copied().collect()
    };
    let (batch, inner) = (part(&x, true, true, &y), part(&x, true, false, &y));
    let (rows, columns) = (part(&x, false, true, &y), part(&y, false, true, &x));
    let lengths = |of: &Named, names: &[u32]| -> Vec<usize> {
        let shape = call.b.shape(of.value);
        names.iter().filter_map(|name| Some(shape[of.names.iter().position(|known| known == name)?])).collect()
    };
    let (batches, inners) = (lengths(&x, &batch), lengths(&x, &inner));
    let (heights, widths) = (lengths(&x, &rows), lengths(&y, &columns));
    let count = |lengths: &[usize]| lengths.iter().product::<usize>();
    let matrix = |lengths: [usize; 2]| {
        if batches.is_empty() { lengths.to_vec() } else { vec![count(&batches), lengths[0], lengths[1]] }
    };
    let a = in_order(call, &x, &[batch.as_slice(), &rows, &inner].concat())?;
    let a = call.b.reshape(a, &matrix([count(&heights), count(&inners)]))?;
    let b = in_order(call, &y, &[batch.as_slice(), &inner, &columns].concat())?;
    let b = call.b.reshape(b, &matrix([count(&inners), count(&widths)]))?;
    let value = call.b.matmul(a, b, false)?;
    let value = call.b.reshape(value, &[batches.as_slice(), &heights, &widths].concat())?;
    Ok(Named { value, names: [batch, rows, columns].concat() })
}
