//! `DeepLIFT`'s rescale rule: instead of a slope, how far an activation rose divided by how far its input did.

use super::{Gradient, Rules, differentiate_by};
use crate::error::Result;
use crate::graph::{Binary, Compare, Graph, Op, Reduce, Unary, ValueId};
use crate::limits::Limits;

/// Below this difference of inputs the slope itself is taken, as captum does.
const SAME: f32 = 1e-10;

/// Adds multipliers of `output` with respect to values of the same graph. The graph has twice `rows` rows: inputs, then what each is
/// compared with. The seed counts for the first half.
///
/// **Source**: Shrikumar, Greenside and Kundaje (2017), section 3.5.2 (the rescale rule), as captum does it.
///
/// **Errors**: an operation that the rule does not cover: a maximum over several, a product of two that both vary.
pub(crate) fn rescale(
    graph: Graph,
    output: ValueId,
    wrt: &[ValueId],
    rows: usize,
    limits: &Limits,
) -> Result<Gradient> {
    differentiate_by(graph, output, wrt, limits, Some(rows))
}

impl Rules {
    /// Whether the rule covers an operation that is not one of a single number.
    pub(super) fn is_rescaled(&self, op: &Op, inputs: &[ValueId]) -> bool {
        let vary = inputs.iter().filter(|input| self.wants(**input)).count();
        match op {
            Op::Reduce { reduce, .. } => matches!(reduce, Reduce::Sum | Reduce::Mean),
            Op::Binary(Binary::Add | Binary::Sub) => true,
            Op::Binary(Binary::Mul) | Op::MatMul { .. } => vary < 2,
            Op::Binary(Binary::Div) => inputs.get(1).is_none_or(|below| !self.wants(*below)),
            Op::Binary(_)
            | Op::Select
            | Op::MaxPool(_)
            | Op::Softmax
            | Op::LogSoftmax
            | Op::Not
            | Op::Compare(_)
            | Op::ArgMax { .. } => false,
            _ => true,
        }
    }

    /// The rule for a function of one number; false when the values do not have the rows of both halves first.
    pub(super) fn rescaled(
        &mut self,
        unary: Unary,
        (x, y): (ValueId, ValueId),
        grad: ValueId,
        rows: usize,
    ) -> Result<bool> {
        if matches!(unary, Unary::Scale(_) | Unary::Shift(_) | Unary::Neg) {
            self.unary(unary, x, y, grad)?;
            return Ok(true);
        }
        if self.b.shape(x).first() != Some(&(2 * rows)) {
            return Ok(false);
        }
        // What the slope alone would give, for inputs that hardly differ.
        let known = self.grads[x.index()].take();
        self.unary(unary, x, y, grad)?;
        let plain = self.grads[x.index()].take();
        self.grads[x.index()] = known;
        let plain = match plain {
            Some(plain) => plain,
            None => self.b.unary(Unary::Scale(0.0), grad)?,
        };
        let (rise_in, rise_out) = (self.rise(x, rows)?, self.rise(y, rows)?);
        let ratio = self.b.div(rise_out, rise_in)?;
        let back = self.b.mul(grad, ratio)?;
        let size = self.b.unary(Unary::Abs, rise_in)?;
        let same = self.b.scalar(SAME)?;
        let same = self.b.compare(Compare::Less, size, same)?;
        let back = self.b.select(same, plain, back)?;
        self.give(x, back)?;
        Ok(true)
    }

    /// First half less second, for both halves.
    fn rise(&mut self, x: ValueId, rows: usize) -> Result<ValueId> {
        let (first, second) = (self.b.slice_axis(x, 0, 0, rows)?, self.b.slice_axis(x, 0, rows, rows)?);
        let rise = self.b.sub(first, second)?;
        self.b.concat(&[rise, rise], 0)
    }
}
