//! The operations that every network is made of.

use crate::tensor::Dtype;

/// One operation with one result. Larger operators of a file (LSTM, layer normalisation, …) are made of these.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// `f(x)` for each number.
    Unary(Unary),
    /// `f(x, y)` for each pair, shapes broadcast as NumPy's.
    Binary(Binary),
    /// A condition for each pair, shapes broadcast.
    Compare(Compare),
    /// Not, for conditions.
    Not,
    /// `condition ? x : y`, shapes broadcast.
    Select,
    /// Another type: floats are cut toward zero, conditions are 0 and 1.
    Cast(Dtype),
    /// Matrix product over the last two axes: `[…, M, K] × […, K, N]`, or `× […, N, K]` when the second is transposed.
    /// Leading axes are broadcast.
    MatMul {
        /// Whether the second has its last axes swapped.
        transposed: bool,
    },
    /// Correlation of `[B, C, H, W]` with `[O, C / groups, h, w]`.
    Conv(Window),
    /// The transpose of [`Op::Conv`]: `[B, O, H', W']` and the same weights to `[B, C, H, W]`. Also its input gradient.
    ConvTranspose(Window),
    /// Largest of each window.
    MaxPool(Window),
    /// Input of a [`Op::MaxPool`] and gradient of its output to gradient of its input: all to the first maximum in scan order.
    MaxPoolGrad(Window),
    /// Mean of each window; `padding_counts` says whether padding is divided by too.
    AveragePool {
        /// The windows.
        window: Window,
        /// Whether padding counts.
        padding_counts: bool,
    },
    /// Gradient of the output of an [`Op::AveragePool`] to gradient of its input.
    AveragePoolGrad {
        /// The windows.
        window: Window,
        /// Whether padding counts.
        padding_counts: bool,
    },
    /// Over the axes, which stay with length 1.
    Reduce {
        /// How.
        reduce: Reduce,
        /// Which, in rising order.
        axes: Vec<usize>,
    },
    /// Softmax over the last axis, shifted by the maximum.
    Softmax,
    /// Its logarithm.
    LogSoftmax,
    /// Index of the first maximum along an axis, which stays with length 1.
    ArgMax {
        /// Which.
        axis: usize,
    },
    /// The same numbers in another shape.
    Reshape,
    /// Axes in another order: axis `i` of the result is axis `axes[i]` of the input.
    Transpose(Vec<usize>),
    /// Axes of length 1 are repeated to the result's shape; missing leading axes are new.
    Broadcast,
    /// A regular part: element `i` along an axis is element `starts + i × steps`.
    Slice {
        /// First element of each axis.
        starts: Vec<usize>,
        /// Distance of each axis; may be negative.
        steps: Vec<isize>,
    },
    /// The inverse: the input is laid at these places of an otherwise constant result.
    Place {
        /// First element of each axis.
        starts: Vec<usize>,
        /// Distance of each axis; may be negative.
        steps: Vec<isize>,
        /// What is elsewhere.
        fill: f32,
    },
    /// One after the other along an axis.
    Concat {
        /// Which.
        axis: usize,
    },
    /// Entries along an axis, by an integer tensor; negative ones count from the end.
    Gather {
        /// Which.
        axis: usize,
    },
    /// The inverse of gather: entries are added up where the indices say.
    ScatterAdd {
        /// Which.
        axis: usize,
    },
}

/// Functions of one number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Unary {
    /// `max(x, 0)`.
    Relu,
    /// 1 where x > 0, else 0: the derivative of relu, 0 at 0 as in torch.
    Step,
    /// `x` or `slope · x`.
    LeakyRelu(f32),
    /// `x` or `alpha · (eˣ − 1)`.
    Elu(f32),
    /// `1 / (1 + e⁻ˣ)`.
    Sigmoid,
    /// Hyperbolic tangent.
    Tanh,
    /// `eˣ`.
    Exp,
    /// Natural logarithm.
    Log,
    /// Square root.
    Sqrt,
    /// `1 / x`.
    Reciprocal,
    /// `−x`.
    Neg,
    /// `|x|`.
    Abs,
    /// −1, 0 or 1.
    Sign,
    /// Error function.
    Erf,
    /// `ln(1 + eˣ)`.
    Softplus,
    /// Sine.
    Sin,
    /// Cosine.
    Cos,
    /// Inverse of the tangent.
    Atan,
    /// Largest integer not above.
    Floor,
    /// Smallest integer not below.
    Ceil,
    /// Nearest integer, halves to even.
    Round,
    /// Into the bounds.
    Clip(f32, f32),
    /// 1 within the bounds, both included, else 0: the derivative of clip, as in torch.
    Within(f32, f32),
    /// `xᵖ` for a constant p.
    Power(f32),
    /// `scale · x`.
    Scale(f32),
    /// `x + offset`.
    Shift(f32),
}

/// Functions of two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binary {
    /// `x + y`.
    Add,
    /// `x − y`.
    Sub,
    /// `x · y`.
    Mul,
    /// `x / y`; of integers, cut toward zero.
    Div,
    /// `xʸ`.
    Pow,
    /// The larger; NaN when either is.
    Max,
    /// The smaller; NaN when either is.
    Min,
    /// Remainder with the sign of the divisor, as Python's.
    Mod,
    /// Remainder with the sign of the first, as C's.
    Rem,
    /// Both.
    And,
    /// Either.
    Or,
    /// One of them alone.
    Xor,
}

/// Conditions on two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// `x = y`.
    Equal,
    /// `x < y`.
    Less,
    /// `x ≤ y`.
    LessOrEqual,
    /// `x > y`.
    Greater,
    /// `x ≥ y`.
    GreaterOrEqual,
}

/// Ways to make one number of many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduce {
    /// Their sum, taken in `f64`.
    Sum,
    /// Their mean.
    Mean,
    /// The largest.
    Max,
    /// The smallest.
    Min,
    /// Their product.
    Prod,
}

/// Windows over the last two axes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    /// Height and width.
    pub kernel: [usize; 2],
    /// Distance from window to window.
    pub stride: [usize; 2],
    /// Distance between the elements of a window.
    pub dilation: [usize; 2],
    /// Padding above and to the left. What is needed below and to the right follows from the shapes.
    pub padding: [usize; 2],
    /// Parts of the channels that have nothing to do with each other.
    pub groups: usize,
}

impl Window {
    /// Rows, or columns, from the first to the last element of one window.
    pub(crate) fn extent(&self, axis: usize) -> usize {
        (self.kernel[axis] - 1) * self.dilation[axis] + 1
    }
}

impl Op {
    /// For printing and messages.
    pub fn name(&self) -> String {
        match self {
            Op::Unary(unary) => format!("{unary:?}"),
            Op::Binary(binary) => format!("{binary:?}"),
            Op::Compare(compare) => format!("{compare:?}"),
            Op::Reduce { reduce, axes } => format!("Reduce{reduce:?}{axes:?}"),
            Op::Cast(dtype) => format!("Cast({})", dtype.name()),
            other => {
                let text = format!("{other:?}");
                text.split([' ', '(', '{']).next().unwrap_or_default().to_owned()
            }
        }
    }
}
