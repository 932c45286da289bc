//! Derivatives: from a graph, a larger graph that also computes a vector–Jacobian product.
//!
//! Weights are constants, so no derivative of a weight is ever computed. Conventions are torch's: relu'(0) = 0, clip passes the
//! gradient on its edges, a maximum of equals gives all to the first.
//!
//! **Source**: Griewank and Walther, *Evaluating Derivatives* (2008), chapter 3 (reverse mode).

mod elementwise;
mod layout;
mod product;
mod rescale;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod tests;

pub(crate) use rescale::rescale;

use crate::error::{Error, Result};
use crate::graph::{Builder, Graph, Op, Source, ValueId};
use crate::limits::Limits;
use crate::tensor::Dtype;

/// A graph that gives a gradient too.
#[derive(Clone, Debug)]
pub struct Gradient {
    /// The first graph's values under their old ids, and those of the gradient after them.
    pub graph: Graph,
    /// Input of the new graph, of the output's shape: what each element of the output counts.
    pub seed: ValueId,
    /// Σ seed · ∂output/∂wrt, of the shape of each `wrt`, in their order.
    pub wrt: Vec<ValueId>,
}

/// Name of the input that says what each element of the output counts.
pub const SEED: &str = "gradient seed";

/// Adds the gradient of `output` with respect to values of the same graph. Where there is no way from one to the other it is 0.
///
/// **Errors**: an operation without a derivative on the way.
pub fn differentiate(graph: Graph, output: ValueId, wrt: &[ValueId], limits: &Limits) -> Result<Gradient> {
    differentiate_by(graph, output, wrt, limits, None)
}

/// The same by slopes, or by the rescale rule for a graph of twice so many rows.
fn differentiate_by(
    graph: Graph,
    output: ValueId,
    wrt: &[ValueId],
    limits: &Limits,
    rescale: Option<usize>,
) -> Result<Gradient> {
    let mut on_the_way = graph.needed_by(&[output]);
    let mut depends = vec![false; graph.len()];
    for &id in wrt {
        for (known, new) in depends.iter_mut().zip(graph.depending_on(id)) {
            *known |= new;
        }
    }
    for (way, depends) in on_the_way.iter_mut().zip(depends) {
        *way &= depends;
    }
    let title = |id: ValueId| {
        let name = graph.names().iter().find(|(_, named)| *named == id).map(|(name, _)| name.clone());
        name.unwrap_or_else(|| id.to_string())
    };
    let (output_title, wrt_title) = (title(output), wrt.first().map_or_else(String::new, |&id| title(id)));
    let shape = graph.value(output).shape.clone();

    let b = Builder::resume(graph, limits.clone());
    let mut rules = Rules { grads: vec![None; b.graph().len()], on_the_way, rescale, b };
    let seed = rules.b.input(SEED, &shape, Dtype::F32)?;
    if rules.b.dtype(output) != Dtype::F32 {
        return Err(Error::NoDerivative { operator: "an integer".to_owned(), output: output_title, wrt: wrt_title });
    }
    rules.grads[output.index()] = Some(seed);
    for index in (0..=output.index()).rev() {
        let id = ValueId(index as u32);
        let (true, Some(grad)) = (rules.on_the_way[index], rules.grads[index]) else { continue };
        let Source::Node { op, inputs } = rules.b.graph().value(id).source.clone() else { continue };
        if wrt.contains(&id) && !inputs.iter().any(|input| rules.on_the_way[input.index()]) {
            continue;
        }
        if !rules.apply(&op, &inputs, id, grad)? {
            let operator =
                if rescale.is_some() { format!("under DeepLIFT's rescale rule {}", op.name()) } else { op.name() };
            return Err(Error::NoDerivative { operator, output: output_title, wrt: wrt_title });
        }
    }
    let found = wrt
        .iter()
        .map(|&id| {
            if let Some(grad) = rules.grads[id.index()] {
                return Ok(grad);
            }
            let shape = rules.b.shape(id).to_vec();
            let zero = rules.b.scalar(0.0)?;
            rules.b.broadcast(zero, &shape)
        })
        .collect::<Result<_>>()?;
    Ok(Gradient { graph: rules.b.finish(), seed, wrt: found })
}

/// The gradients that are known so far.
struct Rules {
    b: Builder,
    /// For every value of the first graph.
    grads: Vec<Option<ValueId>>,
    /// Whether a value lies between the output and what it is differentiated by.
    on_the_way: Vec<bool>,
    /// By the rescale rule, for twice so many rows.
    rescale: Option<usize>,
}

impl Rules {
    /// Whether anybody wants this value's gradient.
    fn wants(&self, id: ValueId) -> bool {
        self.on_the_way.get(id.index()).copied().unwrap_or(false)
    }

    /// Adds to a value's gradient; `grad` may have a broadcast shape.
    fn give(&mut self, to: ValueId, grad: ValueId) -> Result<()> {
        if !self.wants(to) {
            return Ok(());
        }
        let shape = self.b.shape(to).to_vec();
        let grad = self.b.sum_to(grad, &shape)?;
        let sum = match self.grads[to.index()] {
            Some(known) => self.b.add(known, grad)?,
            None => grad,
        };
        self.grads[to.index()] = Some(sum);
        Ok(())
    }

    /// Passes the gradient of `output = op(inputs)` on; false when there is no derivative.
    fn apply(&mut self, op: &Op, inputs: &[ValueId], output: ValueId, grad: ValueId) -> Result<bool> {
        if let Some(rows) = self.rescale {
            match (op, inputs) {
                (Op::Unary(unary), &[x]) => return self.rescaled(*unary, (x, output), grad, rows),
                _ if !self.is_rescaled(op, inputs) => return Ok(false),
                _ => {}
            }
        }
        match (op, inputs) {
            (Op::Unary(unary), &[x]) => self.unary(*unary, x, output, grad)?,
            (Op::Binary(binary), &[x, y]) => return self.binary(*binary, x, y, output, grad),
            (Op::Select, &[condition, x, y]) => self.select(condition, x, y, grad)?,
            // A condition or an integer passes nothing on.
            (Op::Compare(_) | Op::Not | Op::ArgMax { .. } | Op::Cast(_), _) => {}
            (Op::MatMul { transposed }, &[a, b]) => self.matmul(a, b, *transposed, grad)?,
            (Op::Conv(window), &[x, weight]) if !self.wants(weight) => self.conv(x, weight, window, grad)?,
            (Op::ConvTranspose(window), &[y, weight]) if !self.wants(weight) => {
                self.conv_transpose(y, weight, window, grad)?;
            }
            (Op::MaxPool(window), &[x]) => self.max_pool(x, window, grad)?,
            (Op::AveragePool { window, padding_counts }, &[x]) => {
                self.average_pool(x, window, *padding_counts, grad)?;
            }
            (Op::Reduce { reduce, axes }, &[x]) => return self.reduce(*reduce, axes, x, output, grad),
            (Op::Softmax, &[x]) => self.softmax(x, output, grad)?,
            (Op::LogSoftmax, &[x]) => self.log_softmax(x, output, grad)?,
            (Op::Reshape, &[x]) => self.reshape(x, grad)?,
            (Op::Transpose(axes), &[x]) => self.transpose(axes, x, grad)?,
            (Op::Broadcast, &[x]) => self.give(x, grad)?,
            (Op::Slice { starts, steps }, &[x]) => self.slice(starts, steps, x, grad)?,
            (Op::Place { starts, steps, .. }, &[x]) => self.place(starts, steps, x, grad)?,
            (Op::Concat { axis }, parts) => self.concat(*axis, parts, grad)?,
            (Op::Gather { axis }, &[x, indices]) => self.gather(*axis, x, indices, grad)?,
            (Op::ScatterAdd { axis }, &[y, indices]) => {
                let back = self.b.gather(grad, indices, *axis)?;
                self.give(y, back)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}
