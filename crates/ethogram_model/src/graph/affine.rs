//! How far a network is affine: what its first layers do to a path, or to a sum of gradients, they do once for all of its points.

use super::{Binary, Graph, Op, Reduce, Source, Unary, ValueId};

/// The one value through which all that `output` knows of `from` passes, as an affine function of it; the last such one. `None` when the
/// way is affine nowhere, everywhere, or splits before its first bend.
pub fn affine_frontier(graph: &Graph, from: ValueId, output: ValueId) -> Option<ValueId> {
    let (depends, needed) = (graph.depending_on(from), graph.needed_by(&[output]));
    let on_the_way = |id: ValueId| depends[id.index()] && needed[id.index()];
    let mut affine = vec![false; graph.len()];
    affine[from.index()] = true;
    let mut frontier: Option<ValueId> = None;
    for (id, value) in graph.values().filter(|(id, _)| on_the_way(*id) && *id != from) {
        let Source::Node { op, inputs } = &value.source else { return None };
        let varies = |input: &ValueId| depends[input.index()];
        affine[id.index()] = inputs.iter().filter(|input| varies(input)).all(|input| affine[input.index()])
            && keeps_affine(op, &inputs.iter().map(varies).collect::<Vec<_>>());
        if affine[id.index()] {
            continue;
        }
        for &input in inputs.iter().filter(|input| affine[input.index()] && varies(input)) {
            match frontier {
                Some(known) if known != input => return None,
                _ => frontier = Some(input),
            }
        }
    }
    frontier.filter(|&found| found != from && !affine[output.index()])
}

/// Whether the result is affine in those inputs that vary.
fn keeps_affine(op: &Op, varies: &[bool]) -> bool {
    match op {
        Op::Unary(Unary::Neg | Unary::Scale(_) | Unary::Shift(_))
        | Op::Binary(Binary::Add | Binary::Sub)
        | Op::AveragePool { .. }
        | Op::AveragePoolGrad { .. }
        | Op::Reduce { reduce: Reduce::Sum | Reduce::Mean, .. }
        | Op::Reshape
        | Op::Transpose(_)
        | Op::Broadcast
        | Op::Slice { .. }
        | Op::Place { .. }
        | Op::Concat { .. } => true,
        // Affine in one of them when the others stay.
        Op::Binary(Binary::Mul) | Op::MatMul { .. } => varies.iter().filter(|varies| **varies).count() == 1,
        // The second is the weights, the divisor, or the index.
        Op::Binary(Binary::Div) | Op::Conv(_) | Op::ConvTranspose(_) | Op::Gather { .. } | Op::ScatterAdd { .. } => {
            varies == [true, false]
        }
        _ => false,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod tests {
    use super::*;
    use crate::graph::Builder;
    use crate::limits::Limits;
    use crate::tensor::{Dtype, Tensor};

    #[test]
    fn the_first_bend_is_found() {
        let mut b = Builder::new(Limits::default());
        let x = b.input("x", &[1, 3], Dtype::F32).unwrap();
        let scaled = b.unary(Unary::Scale(0.5), x).unwrap();
        let weight = b.constant(Tensor::full(&[3, 2], 0.3)).unwrap();
        let layer = b.matmul(scaled, weight, false).unwrap();
        let bent = b.unary(Unary::Relu, layer).unwrap();
        let y = b.mul(bent, bent).unwrap();
        let graph = b.finish();
        assert_eq!(affine_frontier(&graph, x, y), Some(layer));
        assert_eq!(affine_frontier(&graph, bent, y), None, "bent at once");
        assert_eq!(affine_frontier(&graph, x, layer), None, "affine everywhere");
    }

    #[test]
    fn a_way_that_splits_has_none() {
        let mut b = Builder::new(Limits::default());
        let x = b.input("x", &[1, 3], Dtype::F32).unwrap();
        let twice = b.unary(Unary::Scale(2.0), x).unwrap();
        let (one, other) = (b.unary(Unary::Relu, twice).unwrap(), b.unary(Unary::Tanh, x).unwrap());
        let y = b.add(one, other).unwrap();
        assert_eq!(affine_frontier(&b.finish(), x, y), None);
    }

    #[test]
    fn a_product_with_itself_is_not_affine() {
        let mut b = Builder::new(Limits::default());
        let x = b.input("x", &[1, 3], Dtype::F32).unwrap();
        let twice = b.unary(Unary::Scale(2.0), x).unwrap();
        let square = b.mul(twice, twice).unwrap();
        let y = b.unary(Unary::Neg, square).unwrap();
        assert_eq!(affine_frontier(&b.finish(), x, y), Some(twice));
    }
}
