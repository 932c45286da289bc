//! One number at a time.

use super::{floats, made};
use crate::graph::{Binary, Compare, Unary};
use crate::tensor::{Data, Dtype, Tensor, strides};

/// The function itself; fast code may use another, within a stated error.
pub fn apply(unary: Unary, x: f32) -> f32 {
    match unary {
        Unary::Relu => {
            // NaN stays NaN, which `max` would lose.
            if x < 0.0 { 0.0 } else { x }
        }
        Unary::Step => f32::from(u8::from(x > 0.0)),
        Unary::LeakyRelu(slope) => {
            if x < 0.0 {
                slope * x
            } else {
                x
            }
        }
        Unary::Elu(alpha) => {
            if x > 0.0 {
                x
            } else {
                alpha * x.exp_m1()
            }
        }
        Unary::Sigmoid => 1.0 / (1.0 + (-x).exp()),
        Unary::Tanh => x.tanh(),
        Unary::Exp => x.exp(),
        Unary::Log => x.ln(),
        Unary::Sqrt => x.sqrt(),
        Unary::Reciprocal => 1.0 / x,
        Unary::Neg => -x,
        Unary::Abs => x.abs(),
        Unary::Sign => {
            if x == 0.0 {
                0.0
            } else {
                x.signum()
            }
        }
        Unary::Erf => erf(x),
        Unary::Softplus => x.max(0.0) + (-x.abs()).exp().ln_1p(),
        Unary::Sin => x.sin(),
        Unary::Cos => x.cos(),
        Unary::Atan => x.atan(),
        Unary::Floor => x.floor(),
        Unary::Ceil => x.ceil(),
        Unary::Round => x.round_ties_even(),
        // Not `clamp`, which panics when a file has the bounds the wrong way round.
        Unary::Clip(low, high) => {
            if x < low {
                low.min(high)
            } else if x > high {
                high
            } else {
                x
            }
        }
        Unary::Within(low, high) => f32::from(u8::from(x >= low && x <= high)),
        Unary::Power(power) => x.powf(power),
        Unary::Scale(scale) => scale * x,
        Unary::Shift(offset) => x + offset,
    }
}

pub fn unary(unary: Unary, x: &Tensor) -> Result<Tensor, String> {
    made(x.shape(), floats(x)?.iter().map(|&x| apply(unary, x)).collect())
}

pub fn apply_binary(binary: Binary, x: f32, y: f32) -> f32 {
    match binary {
        Binary::Add => x + y,
        Binary::Sub => x - y,
        Binary::Mul => x * y,
        Binary::Div => x / y,
        Binary::Pow => x.powf(y),
        Binary::Max | Binary::Min if x.is_nan() || y.is_nan() => f32::NAN,
        Binary::Max => x.max(y),
        Binary::Min => x.min(y),
        Binary::Mod => {
            let rest = x % y;
            if rest != 0.0 && (rest < 0.0) != (y < 0.0) { rest + y } else { rest }
        }
        Binary::Rem => x % y,
        Binary::And | Binary::Or | Binary::Xor => f32::NAN,
    }
}

fn apply_integers(binary: Binary, x: i64, y: i64) -> Result<i64, String> {
    let value = match binary {
        Binary::Add => x.checked_add(y),
        Binary::Sub => x.checked_sub(y),
        Binary::Mul => x.checked_mul(y),
        Binary::Div => x.checked_div(y),
        Binary::Pow => u32::try_from(y).ok().and_then(|power| x.checked_pow(power)),
        Binary::Max => Some(x.max(y)),
        Binary::Min => Some(x.min(y)),
        Binary::Mod => x.checked_rem_euclid(y).map(|rest| if y < 0 && rest != 0 { rest + y } else { rest }),
        Binary::Rem => x.checked_rem(y),
        Binary::And => Some(x & y),
        Binary::Or => Some(x | y),
        Binary::Xor => Some(x ^ y),
    };
    value.ok_or_else(|| format!("{binary:?} of {x} and {y} has no integer result"))
}

pub fn binary(binary: Binary, x: &Tensor, y: &Tensor, shape: &[usize]) -> Result<Tensor, String> {
    let data = match (x.data(), y.data()) {
        (Data::F32(x_values), Data::F32(y_values)) => Data::F32(
            pairs(x.shape(), y.shape(), shape).map(|(i, j)| apply_binary(binary, x_values[i], y_values[j])).collect(),
        ),
        (Data::I64(x_values), Data::I64(y_values)) => Data::I64(
            pairs(x.shape(), y.shape(), shape)
                .map(|(i, j)| apply_integers(binary, x_values[i], y_values[j]))
                .collect::<Result<_, _>>()?,
        ),
        (Data::Bool(x_values), Data::Bool(y_values)) => Data::Bool(
            pairs(x.shape(), y.shape(), shape)
                .map(|(i, j)| match binary {
                    Binary::Or => x_values[i] || y_values[j],
                    Binary::Xor => x_values[i] != y_values[j],
                    _ => x_values[i] && y_values[j],
                })
                .collect(),
        ),
        _ => return Err(format!("{} beside {}", x.describe(), y.describe())),
    };
    Tensor::new(shape.to_vec(), data).map_err(|error| error.to_string())
}

pub fn compare(compare: Compare, x: &Tensor, y: &Tensor, shape: &[usize]) -> Result<Tensor, String> {
    fn holds<T: PartialOrd>(compare: Compare, x: &T, y: &T) -> bool {
        match compare {
            Compare::Equal => x == y,
            Compare::Less => x < y,
            Compare::LessOrEqual => x <= y,
            Compare::Greater => x > y,
            Compare::GreaterOrEqual => x >= y,
        }
    }
    let at = pairs(x.shape(), y.shape(), shape);
    let values = match (x.data(), y.data()) {
        (Data::F32(x), Data::F32(y)) => at.map(|(i, j)| holds(compare, &x[i], &y[j])).collect(),
        (Data::I64(x), Data::I64(y)) => at.map(|(i, j)| holds(compare, &x[i], &y[j])).collect(),
        (Data::Bool(x), Data::Bool(y)) => at.map(|(i, j)| holds(compare, &x[i], &y[j])).collect(),
        _ => return Err(format!("{} beside {}", x.describe(), y.describe())),
    };
    Tensor::new(shape.to_vec(), Data::Bool(values)).map_err(|error| error.to_string())
}

pub fn not(x: &Tensor) -> Result<Tensor, String> {
    let values = x.as_bool().ok_or("not of numbers")?.iter().map(|value| !value).collect();
    Tensor::new(x.shape().to_vec(), Data::Bool(values)).map_err(|error| error.to_string())
}

pub fn select(condition: &Tensor, x: &Tensor, y: &Tensor, shape: &[usize]) -> Result<Tensor, String> {
    let conditions = condition.as_bool().ok_or("a condition that is a number")?;
    let first: Vec<bool> = pairs(condition.shape(), shape, shape).map(|(i, _)| conditions[i]).collect();
    let at = pairs(x.shape(), y.shape(), shape).zip(first);
    fn pick<T: Copy>(x: &[T], y: &[T], at: impl Iterator<Item = ((usize, usize), bool)>) -> Vec<T> {
        at.map(|((i, j), first)| if first { x[i] } else { y[j] }).collect()
    }
    let data = match (x.data(), y.data()) {
        (Data::F32(x), Data::F32(y)) => Data::F32(pick(x, y, at)),
        (Data::I64(x), Data::I64(y)) => Data::I64(pick(x, y, at)),
        (Data::Bool(x), Data::Bool(y)) => Data::Bool(pick(x, y, at)),
        _ => return Err(format!("{} beside {}", x.describe(), y.describe())),
    };
    Tensor::new(shape.to_vec(), data).map_err(|error| error.to_string())
}

pub fn cast(dtype: Dtype, x: &Tensor) -> Result<Tensor, String> {
    let data = match (x.data(), dtype) {
        (Data::F32(x), Dtype::I64) => Data::I64(x.iter().map(|&value| value as i64).collect()),
        (Data::F32(x), Dtype::Bool) => Data::Bool(x.iter().map(|&value| value != 0.0).collect()),
        (Data::I64(x), Dtype::F32) => Data::F32(x.iter().map(|&value| value as f32).collect()),
        (Data::I64(x), Dtype::Bool) => Data::Bool(x.iter().map(|&value| value != 0).collect()),
        (Data::Bool(x), Dtype::F32) => Data::F32(x.iter().map(|&value| f32::from(u8::from(value))).collect()),
        (Data::Bool(x), Dtype::I64) => Data::I64(x.iter().map(|&value| i64::from(value)).collect()),
        (same, _) => same.clone(),
    };
    Tensor::new(x.shape().to_vec(), data).map_err(|error| error.to_string())
}

/// For every element of the result, where its two arguments lie.
fn pairs(x: &[usize], y: &[usize], shape: &[usize]) -> impl Iterator<Item = (usize, usize)> {
    let (x, y) = (repeating_strides(x, shape), repeating_strides(y, shape));
    let shape = shape.to_vec();
    let mut at = vec![0; shape.len()];
    let (mut i, mut j) = (0, 0);
    let count = shape.iter().product();
    (0..count).map(move |_| {
        let found = (i, j);
        for axis in (0..shape.len()).rev() {
            at[axis] += 1;
            i += x[axis];
            j += y[axis];
            if at[axis] < shape[axis] {
                break;
            }
            i -= x[axis] * shape[axis];
            j -= y[axis] * shape[axis];
            at[axis] = 0;
        }
        found
    })
}

/// How far apart neighbours lie along the axes of `to`; 0 where `shape` is repeated.
pub fn repeating_strides(shape: &[usize], to: &[usize]) -> Vec<usize> {
    let own = strides(shape);
    let missing = to.len() - shape.len();
    (0..to.len())
        .map(|axis| if axis < missing || shape[axis - missing] == 1 { 0 } else { own[axis - missing] })
        .collect()
}

/// Error function, in `f64`: a power series near 0, the continued fraction of its complement further out. Exact to a float.
///
/// **Source**: Abramowitz and Stegun (1964), equations 7.1.5 and 7.1.14.
fn erf(x: f32) -> f32 {
    let x = f64::from(x);
    let magnitude = x.abs();
    let value = if magnitude < 2.0 {
        // The series ∑ (−1)ⁿ x²ⁿ⁺¹ / (n! (2n + 1)), which converges fast here.
        let (mut sum, mut term, square) = (magnitude, magnitude, magnitude * magnitude);
        for n in 1..60 {
            let n = f64::from(n);
            term *= -square / n;
            sum += term / (2.0 * n + 1.0);
        }
        sum * std::f64::consts::FRAC_2_SQRT_PI
    } else {
        // The continued fraction of erfc, from the inside out.
        let mut fraction = magnitude;
        for n in (1..60).rev() {
            fraction = magnitude + f64::from(n) / 2.0 / fraction;
        }
        1.0 - (-magnitude * magnitude).exp() / fraction / std::f64::consts::PI.sqrt()
    };
    (if x.is_nan() { f64::NAN } else { value.copysign(x) }) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn erf_equals_tables() {
        // Abramowitz and Stegun, table 7.1.
        for (x, expected) in
            [(0.0, 0.0), (0.5, 0.520_499_9), (1.0, 0.842_700_8), (2.0, 0.995_322_3), (3.0, 0.999_977_9)]
        {
            assert!((erf(x) - expected).abs() < 1e-7, "{x}");
            assert!((erf(-x) + expected).abs() < 1e-7, "-{x}");
        }
        assert!(erf(f32::NAN).is_nan());
        assert!((erf(f32::INFINITY) - 1.0).abs() < f32::EPSILON);
    }

    #[test]
    fn pairs_repeat_axes_of_length_one() {
        let found: Vec<_> = pairs(&[2, 1], &[3], &[2, 3]).collect();
        assert_eq!(found, [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]);
    }

    #[test]
    fn integers_divide_toward_zero_and_never_panic() {
        assert_eq!(apply_integers(Binary::Div, -7, 2), Ok(-3));
        assert_eq!(apply_integers(Binary::Mod, -7, 3), Ok(2));
        assert_eq!(apply_integers(Binary::Mod, 7, -3), Ok(-2));
        assert!(apply_integers(Binary::Div, 1, 0).is_err());
        assert!(apply_integers(Binary::Mul, i64::MAX, 2).is_err());
    }
}
