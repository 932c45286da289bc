//! Functions between the layers.

use super::{Call, Lower};
use crate::error::Result;
use crate::graph::{Binary, Builder, Compare, Unary, ValueId};

pub const OPERATORS: &[(&str, Lower)] = &[
    ("Relu", |call| unary(call, Unary::Relu)),
    ("Tanh", |call| unary(call, Unary::Tanh)),
    ("Sigmoid", |call| unary(call, Unary::Sigmoid)),
    ("Softplus", |call| unary(call, Unary::Softplus)),
    ("LeakyRelu", |call| unary(call, Unary::LeakyRelu(call.attributes.float("alpha", 0.01)))),
    ("Elu", |call| unary(call, Unary::Elu(call.attributes.float("alpha", 1.0)))),
    ("Selu", selu),
    ("Celu", celu),
    ("Gelu", gelu),
    ("Swish", swish),
    ("Mish", mish),
    ("PRelu", prelu),
    ("HardSigmoid", hard_sigmoid),
    ("HardSwish", hard_swish),
    ("Softsign", softsign),
    ("ThresholdedRelu", thresholded_relu),
    ("Shrink", shrink),
    ("Softmax", |call| softmax(call, false)),
    ("LogSoftmax", |call| softmax(call, true)),
];

fn unary(call: &mut Call<'_>, unary: Unary) -> Result<Vec<ValueId>> {
    let x = call.floats(0)?;
    Ok(vec![call.b.unary(unary, x)?])
}

fn selu(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let x = call.floats(0)?;
    let elu = call.b.unary(Unary::Elu(call.attributes.float("alpha", 1.673_263_2)), x)?;
    Ok(vec![call.b.unary(Unary::Scale(call.attributes.float("gamma", 1.050_701)), elu)?])
}

/// `alpha · elu(x / alpha)` with elu's own alpha 1, where x < 0.
fn celu(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let x = call.floats(0)?;
    let alpha = call.attributes.float("alpha", 1.0);
    let scaled = call.b.unary(Unary::Scale(1.0 / alpha), x)?;
    let elu = call.b.unary(Unary::Elu(1.0), scaled)?;
    Ok(vec![call.b.unary(Unary::Scale(alpha), elu)?])
}

/// `x Φ(x)`, or its approximation by tanh. **Source**: Hendrycks and Gimpel (2016).
fn gelu(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let x = call.floats(0)?;
    let b = &mut *call.b;
    let inner = if call.attributes.text("approximate", "none") == "tanh" {
        let square = b.mul(x, x)?;
        let cube = b.mul(square, x)?;
        let small = b.unary(Unary::Scale(0.044_715), cube)?;
        let sum = b.add(x, small)?;
        let scaled = b.unary(Unary::Scale((2.0 / std::f32::consts::PI).sqrt()), sum)?;
        b.unary(Unary::Tanh, scaled)?
    } else {
        let scaled = b.unary(Unary::Scale(std::f32::consts::FRAC_1_SQRT_2), x)?;
        b.unary(Unary::Erf, scaled)?
    };
    let shifted = b.unary(Unary::Shift(1.0), inner)?;
    let half = b.unary(Unary::Scale(0.5), shifted)?;
    Ok(vec![b.mul(x, half)?])
}

fn swish(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let x = call.floats(0)?;
    let scaled = call.b.unary(Unary::Scale(call.attributes.float("alpha", 1.0)), x)?;
    let sigmoid = call.b.unary(Unary::Sigmoid, scaled)?;
    Ok(vec![call.b.mul(x, sigmoid)?])
}

fn mish(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let x = call.floats(0)?;
    let soft = call.b.unary(Unary::Softplus, x)?;
    let tanh = call.b.unary(Unary::Tanh, soft)?;
    Ok(vec![call.b.mul(x, tanh)?])
}

fn prelu(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let (x, slope) = (call.floats(0)?, call.floats(1)?);
    let above = call.b.unary(Unary::Relu, x)?;
    let below = call.b.sub(x, above)?;
    let below = call.b.mul(slope, below)?;
    Ok(vec![call.b.add(above, below)?])
}

fn hard_sigmoid(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let x = call.floats(0)?;
    let (alpha, beta) = (call.attributes.float("alpha", 0.2), call.attributes.float("beta", 0.5));
    Ok(vec![line_clipped(call.b, x, alpha, beta)?])
}

fn hard_swish(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let x = call.floats(0)?;
    let gate = line_clipped(call.b, x, 1.0 / 6.0, 0.5)?;
    Ok(vec![call.b.mul(x, gate)?])
}

/// `alpha · x + beta` within 0 and 1.
fn line_clipped(b: &mut Builder, x: ValueId, alpha: f32, beta: f32) -> Result<ValueId> {
    let scaled = b.unary(Unary::Scale(alpha), x)?;
    let shifted = b.unary(Unary::Shift(beta), scaled)?;
    b.unary(Unary::Clip(0.0, 1.0), shifted)
}

fn softsign(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let x = call.floats(0)?;
    let size = call.b.unary(Unary::Abs, x)?;
    let below = call.b.unary(Unary::Shift(1.0), size)?;
    Ok(vec![call.b.binary(Binary::Div, x, below)?])
}

/// `x` above alpha, else 0.
fn thresholded_relu(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let x = call.floats(0)?;
    let (bound, zero) = (call.b.scalar(call.attributes.float("alpha", 1.0))?, call.b.scalar(0.0)?);
    let above = call.b.compare(Compare::Greater, x, bound)?;
    Ok(vec![call.b.select(above, x, zero)?])
}

/// `x + bias` below −lambd, `x − bias` above lambd, else 0.
fn shrink(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let x = call.input(0)?;
    let dtype = call.b.dtype(x);
    let x = call.floats(0)?;
    let (bias, bound) = (call.attributes.float("bias", 0.0), call.attributes.float("lambd", 0.5));
    let (zero, high, low) = (call.b.scalar(0.0)?, call.b.scalar(bound)?, call.b.scalar(-bound)?);
    let above = call.b.compare(Compare::Greater, x, high)?;
    let below = call.b.compare(Compare::Less, x, low)?;
    let (lowered, raised) = (call.b.unary(Unary::Shift(-bias), x)?, call.b.unary(Unary::Shift(bias), x)?);
    let y = call.b.select(below, raised, zero)?;
    let y = call.b.select(above, lowered, y)?;
    Ok(vec![call.b.cast(y, dtype)?])
}

fn softmax(call: &mut Call<'_>, log: bool) -> Result<Vec<ValueId>> {
    let x = call.floats(0)?;
    let shape = call.shape(x);
    if call.opset >= 13 {
        let axis = call.axis(call.attributes.int("axis", -1), shape.len())?;
        return Ok(vec![call.b.softmax(x, axis, log)?]);
    }
    // Before version 13 all axes from this one on are taken as one.
    let axis = call.axis(call.attributes.int("axis", 1), shape.len())?;
    let flat = [shape[..axis].iter().product(), shape[axis..].iter().product()];
    let x = call.b.reshape(x, &flat)?;
    let y = call.b.softmax(x, 1, log)?;
    Ok(vec![call.b.reshape(y, &shape)?])
}
