//! Rules of operations that take one number at a time, and of reductions.

use super::Rules;
use crate::error::Result;
use crate::graph::{Binary, Compare, Reduce, Unary, ValueId};
use crate::tensor::Dtype;

impl Rules {
    /// `x ↦ y`, with `y` used where the derivative is simplest in it.
    pub(super) fn unary(&mut self, unary: Unary, x: ValueId, y: ValueId, grad: ValueId) -> Result<()> {
        let b = &mut self.b;
        let slope = match unary {
            Unary::Scale(scale) => {
                let back = b.unary(Unary::Scale(scale), grad)?;
                return self.give(x, back);
            }
            Unary::Shift(_) => return self.give(x, grad),
            Unary::Neg => {
                let back = b.unary(Unary::Neg, grad)?;
                return self.give(x, back);
            }
            // x⁰ is a constant too, even where x is 0 and the power below has no value.
            Unary::Step
            | Unary::Sign
            | Unary::Floor
            | Unary::Ceil
            | Unary::Round
            | Unary::Within(..)
            | Unary::Power(0.0) => return Ok(()),
            Unary::Relu => b.unary(Unary::Step, y)?,
            // slope + (1 − slope) · step(x)
            Unary::LeakyRelu(slope) => {
                let step = b.unary(Unary::Step, x)?;
                let rise = b.unary(Unary::Scale(1.0 - slope), step)?;
                b.unary(Unary::Shift(slope), rise)?
            }
            // 1 above 0, y + alpha below: in y alone, so that x need not be kept. It is min(y, 0) + alpha + (1 − alpha) · step(y).
            Unary::Elu(alpha) if alpha > 0.0 => {
                let below = b.unary(Unary::Clip(f32::NEG_INFINITY, 0.0), y)?;
                let shifted = b.unary(Unary::Shift(alpha), below)?;
                if (alpha - 1.0).abs() > 0.0 {
                    let step = b.unary(Unary::Step, y)?;
                    let rise = b.unary(Unary::Scale(1.0 - alpha), step)?;
                    b.add(shifted, rise)?
                } else {
                    shifted
                }
            }
            // Below 0 y tells nothing of the sign of x when alpha is not positive.
            Unary::Elu(alpha) => {
                let shifted = b.unary(Unary::Shift(alpha), y)?;
                let zero = b.scalar(0.0)?;
                let above = b.compare(Compare::Greater, x, zero)?;
                let one = b.scalar(1.0)?;
                b.select(above, one, shifted)?
            }
            // y (1 − y)
            Unary::Sigmoid => {
                let minus = b.unary(Unary::Neg, y)?;
                let rest = b.unary(Unary::Shift(1.0), minus)?;
                b.mul(y, rest)?
            }
            // 1 − y²
            Unary::Tanh => {
                let square = b.mul(y, y)?;
                let minus = b.unary(Unary::Neg, square)?;
                b.unary(Unary::Shift(1.0), minus)?
            }
            Unary::Exp => y,
            Unary::Log => b.unary(Unary::Reciprocal, x)?,
            // 1 / 2y
            Unary::Sqrt => {
                let twice = b.unary(Unary::Scale(2.0), y)?;
                b.unary(Unary::Reciprocal, twice)?
            }
            // −y²
            Unary::Reciprocal => {
                let square = b.mul(y, y)?;
                b.unary(Unary::Neg, square)?
            }
            Unary::Abs => b.unary(Unary::Sign, x)?,
            // 2/√π · e^(−x²)
            Unary::Erf => {
                let square = b.mul(x, x)?;
                let minus = b.unary(Unary::Neg, square)?;
                let exp = b.unary(Unary::Exp, minus)?;
                b.unary(Unary::Scale(std::f32::consts::FRAC_2_SQRT_PI), exp)?
            }
            Unary::Softplus => b.unary(Unary::Sigmoid, x)?,
            Unary::Sin => b.unary(Unary::Cos, x)?,
            Unary::Cos => {
                let sine = b.unary(Unary::Sin, x)?;
                b.unary(Unary::Neg, sine)?
            }
            // 1 / (1 + x²)
            Unary::Atan => {
                let square = b.mul(x, x)?;
                let shifted = b.unary(Unary::Shift(1.0), square)?;
                b.unary(Unary::Reciprocal, shifted)?
            }
            Unary::Clip(low, high) => b.unary(Unary::Within(low, high), x)?,
            Unary::Power(power) => {
                let lower = b.unary(Unary::Power(power - 1.0), x)?;
                b.unary(Unary::Scale(power), lower)?
            }
        };
        let back = self.b.mul(grad, slope)?;
        self.give(x, back)
    }

    pub(super) fn binary(
        &mut self,
        binary: Binary,
        x: ValueId,
        y: ValueId,
        out: ValueId,
        grad: ValueId,
    ) -> Result<bool> {
        match binary {
            Binary::Add => {
                self.give(x, grad)?;
                self.give(y, grad)?;
            }
            Binary::Sub => {
                self.give(x, grad)?;
                if self.wants(y) {
                    let back = self.b.unary(Unary::Neg, grad)?;
                    self.give(y, back)?;
                }
            }
            Binary::Mul => {
                for (to, other) in [(x, y), (y, x)] {
                    if self.wants(to) {
                        let back = self.b.mul(grad, other)?;
                        self.give(to, back)?;
                    }
                }
            }
            Binary::Div => {
                let over = self.b.div(grad, y)?;
                self.give(x, over)?;
                if self.wants(y) {
                    let back = self.b.mul(over, out)?;
                    let back = self.b.unary(Unary::Neg, back)?;
                    self.give(y, back)?;
                }
            }
            Binary::Pow => self.pow(x, y, out, grad)?,
            // Of equals each gets half, as in torch.
            Binary::Max | Binary::Min => {
                let half = self.half_where_equal(x, y)?;
                let more = if binary == Binary::Max { Compare::Greater } else { Compare::Less };
                for (to, other) in [(x, y), (y, x)] {
                    if self.wants(to) {
                        let wins = self.b.compare(more, to, other)?;
                        let wins = self.b.cast(wins, Dtype::F32)?;
                        let share = self.b.add(wins, half)?;
                        let back = self.b.mul(grad, share)?;
                        self.give(to, back)?;
                    }
                }
            }
            // x − y ⌊x / y⌋
            Binary::Mod => {
                self.give(x, grad)?;
                if self.wants(y) {
                    let quotient = self.b.div(x, y)?;
                    let floor = self.b.unary(Unary::Floor, quotient)?;
                    let minus = self.b.unary(Unary::Neg, floor)?;
                    let back = self.b.mul(grad, minus)?;
                    self.give(y, back)?;
                }
            }
            // x − y trunc(x / y)
            Binary::Rem => {
                self.give(x, grad)?;
                if self.wants(y) {
                    let quotient = self.b.div(x, y)?;
                    let whole = self.b.cast(quotient, Dtype::I64)?;
                    let whole = self.b.cast(whole, Dtype::F32)?;
                    let minus = self.b.unary(Unary::Neg, whole)?;
                    let back = self.b.mul(grad, minus)?;
                    self.give(y, back)?;
                }
            }
            Binary::And | Binary::Or | Binary::Xor => {}
        }
        Ok(true)
    }

    fn half_where_equal(&mut self, x: ValueId, y: ValueId) -> Result<ValueId> {
        let equal = self.b.compare(Compare::Equal, x, y)?;
        let equal = self.b.cast(equal, Dtype::F32)?;
        self.b.unary(Unary::Scale(0.5), equal)
    }

    /// y xʸ⁻¹ and xʸ ln x; the latter is 0 where x is 0, as in torch.
    fn pow(&mut self, x: ValueId, y: ValueId, out: ValueId, grad: ValueId) -> Result<()> {
        if self.wants(x) {
            let lower = self.b.unary(Unary::Shift(-1.0), y)?;
            let power = self.b.binary(Binary::Pow, x, lower)?;
            let slope = self.b.mul(y, power)?;
            // x⁰ is a constant, even where x is 0 and the power below has no value.
            let zero = self.b.scalar(0.0)?;
            let constant = self.b.compare(Compare::Equal, y, zero)?;
            let slope = self.b.select(constant, zero, slope)?;
            let back = self.b.mul(grad, slope)?;
            self.give(x, back)?;
        }
        if self.wants(y) {
            let log = self.b.unary(Unary::Log, x)?;
            let slope = self.b.mul(out, log)?;
            let zero = self.b.scalar(0.0)?;
            let at_zero = self.b.compare(Compare::Equal, x, zero)?;
            let slope = self.b.select(at_zero, zero, slope)?;
            let back = self.b.mul(grad, slope)?;
            self.give(y, back)?;
        }
        Ok(())
    }

    pub(super) fn select(&mut self, condition: ValueId, x: ValueId, y: ValueId, grad: ValueId) -> Result<()> {
        let zero = self.b.scalar(0.0)?;
        if self.wants(x) {
            let back = self.b.select(condition, grad, zero)?;
            self.give(x, back)?;
        }
        if self.wants(y) {
            let back = self.b.select(condition, zero, grad)?;
            self.give(y, back)?;
        }
        Ok(())
    }

    pub(super) fn reduce(
        &mut self,
        reduce: Reduce,
        axes: &[usize],
        x: ValueId,
        out: ValueId,
        grad: ValueId,
    ) -> Result<bool> {
        let shape = self.b.shape(x).to_vec();
        let wide = self.b.broadcast(grad, &shape)?;
        let back = match reduce {
            Reduce::Sum => wide,
            Reduce::Mean => {
                let count: usize = axes.iter().map(|&axis| shape[axis]).product();
                self.b.unary(Unary::Scale(1.0 / count as f32), wide)?
            }
            // Equal extremes share alike, as torch's amax does.
            Reduce::Max | Reduce::Min => {
                let equal = self.b.compare(Compare::Equal, x, out)?;
                let equal = self.b.cast(equal, Dtype::F32)?;
                let count = self.b.reduce(Reduce::Sum, equal, axes)?;
                let share = self.b.div(equal, count)?;
                self.b.mul(wide, share)?
            }
            // out / x, which is wrong where an element is 0.
            Reduce::Prod => return Ok(false),
        };
        self.give(x, back)?;
        Ok(true)
    }

    /// y (g − Σ g y)
    pub(super) fn softmax(&mut self, x: ValueId, y: ValueId, grad: ValueId) -> Result<()> {
        let last = self.b.shape(y).len() - 1;
        let product = self.b.mul(grad, y)?;
        let sum = self.b.reduce(Reduce::Sum, product, &[last])?;
        let centred = self.b.sub(grad, sum)?;
        let back = self.b.mul(y, centred)?;
        self.give(x, back)
    }

    /// g − softmax(x) Σ g
    pub(super) fn log_softmax(&mut self, x: ValueId, y: ValueId, grad: ValueId) -> Result<()> {
        let last = self.b.shape(y).len() - 1;
        let sum = self.b.reduce(Reduce::Sum, grad, &[last])?;
        let probability = self.b.unary(Unary::Exp, y)?;
        let share = self.b.mul(probability, sum)?;
        let back = self.b.sub(grad, share)?;
        self.give(x, back)
    }
}
