//! Every operation, written as plainly as it can be: what constants are computed with, and what fast code is held to.

mod elementwise;
mod layout;
mod pool;
mod product;
mod reduce;
mod run;

pub use elementwise::{apply as apply_unary, apply_binary};
pub use run::run;

use crate::graph::Op;
use crate::tensor::Tensor;

/// The result of an operation, whose shape the graph has worked out. The error says why there is none.
pub fn evaluate(op: &Op, inputs: &[&Tensor], shape: &[usize]) -> Result<Tensor, String> {
    match (op, inputs) {
        (Op::Unary(unary), [x]) => elementwise::unary(*unary, x),
        (Op::Binary(binary), [x, y]) => elementwise::binary(*binary, x, y, shape),
        (Op::Compare(compare), [x, y]) => elementwise::compare(*compare, x, y, shape),
        (Op::Not, [x]) => elementwise::not(x),
        (Op::Select, [condition, x, y]) => elementwise::select(condition, x, y, shape),
        (Op::Cast(dtype), [x]) => elementwise::cast(*dtype, x),
        (Op::MatMul { transposed }, [a, b]) => product::matmul(a, b, *transposed, shape),
        (Op::Conv(window), [x, weight]) => product::conv(x, weight, window, shape),
        (Op::ConvTranspose(window), [y, weight]) => product::conv_transpose(y, weight, window, shape),
        (Op::MaxPool(window), [x]) => pool::max_pool(x, window, shape),
        (Op::MaxPoolGrad(window), [x, grad]) => pool::max_pool_grad(x, grad, window),
        (Op::AveragePool { window, padding_counts }, [x]) => pool::average_pool(x, window, *padding_counts, shape),
        (Op::AveragePoolGrad { window, padding_counts }, [grad]) => {
            pool::average_pool_grad(grad, window, *padding_counts, shape)
        }
        (Op::Reduce { reduce, axes }, [x]) => reduce::reduce(*reduce, x, axes, shape),
        (Op::Softmax, [x]) => reduce::softmax(x, false),
        (Op::LogSoftmax, [x]) => reduce::softmax(x, true),
        (Op::ArgMax { axis }, [x]) => reduce::arg_max(x, *axis, shape),
        (Op::Reshape, [x]) => (*x).clone().reshaped(shape).map_err(|error| error.to_string()),
        (Op::Transpose(axes), [x]) => layout::transpose(x, axes, shape),
        (Op::Broadcast, [x]) => layout::broadcast(x, shape),
        (Op::Slice { starts, steps }, [x]) => layout::slice(x, starts, steps, shape),
        (Op::Place { starts, steps, fill }, [x]) => layout::place(x, starts, steps, *fill, shape),
        (Op::Concat { axis }, parts) => layout::concat(parts, *axis, shape),
        (Op::Gather { axis }, [x, indices]) => layout::gather(x, indices, *axis, shape),
        (Op::ScatterAdd { axis }, [y, indices]) => layout::scatter_add(y, indices, *axis, shape),
        (op, inputs) => Err(format!("{} of {} values", op.name(), inputs.len())),
    }
}

fn floats(tensor: &Tensor) -> Result<&[f32], String> {
    tensor.as_f32().ok_or_else(|| format!("expected float32, found {}", tensor.dtype().name()))
}

fn integers(tensor: &Tensor) -> Result<&[i64], String> {
    tensor.as_i64().ok_or_else(|| format!("expected int64, found {}", tensor.dtype().name()))
}

fn made(shape: &[usize], values: Vec<f32>) -> Result<Tensor, String> {
    Tensor::f32(shape, values).map_err(|error| error.to_string())
}
