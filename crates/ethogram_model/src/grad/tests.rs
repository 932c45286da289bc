//! Every rule against finite differences of the plain operations.

use super::differentiate;
use crate::error::Result;
use crate::exec::{Cancel, Program};
use crate::graph::{Binary, Builder, Compare, Reduce, Unary, ValueId, Window};
use crate::limits::Limits;
use crate::reference;
use crate::tensor::{Dtype, Tensor};

/// Numbers between −1 and 1 that look random and never repeat.
fn noise(count: usize, salt: u64) -> Vec<f32> {
    let mut state = salt.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..count)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 40) as f32 / (1_u32 << 23) as f32 - 1.0
        })
        .collect()
}

type Make = fn(&mut Builder, ValueId) -> Result<ValueId>;

/// Compares the gradient of a random combination of the outputs with central differences, element by element.
fn check(name: &str, shape: &[usize], lift: f32, make: Make) {
    let mut b = Builder::new(Limits::default());
    let x = b.input("x", shape, Dtype::F32).unwrap();
    let y = make(&mut b, x).unwrap_or_else(|error| panic!("{name}: {error}"));
    let gradient =
        differentiate(b.finish(), y, &[x], &Limits::default()).unwrap_or_else(|error| panic!("{name}: {error}"));
    let count = shape.iter().product();
    let at: Vec<f32> = noise(count, 7).into_iter().map(|value| value + lift).collect();
    let out_shape = gradient.graph.value(y).shape.clone();
    let seed = Tensor::f32(&out_shape, noise(out_shape.iter().product(), 11)).unwrap();

    let run = |values: Vec<f32>, what: ValueId| {
        let inputs = [(x, Tensor::f32(shape, values).unwrap()), (gradient.seed, seed.clone())];
        reference::run(&gradient.graph, &inputs, &[what]).unwrap().remove(0)
    };
    let found = run(at.clone(), gradient.wrt[0]);
    // What is compiled says the same, value and gradient.
    let wanted = [y, gradient.wrt[0]];
    let inputs = [(x, Tensor::f32(shape, at.clone()).unwrap()), (gradient.seed, seed.clone())];
    let program = Program::compile(gradient.graph.clone(), &wanted, &Limits::default()).unwrap();
    // Twice, so that memory that is used again shows.
    for compiled in [program.run(&inputs, &Cancel::default()), program.run(&inputs, &Cancel::default())] {
        for (compiled, plain) in compiled.unwrap().iter().zip([run(at.clone(), y), found.clone()]) {
            assert_eq!(compiled.shape(), plain.shape(), "{name}");
            for (compiled, plain) in compiled.as_f32().unwrap().iter().zip(plain.as_f32().unwrap()) {
                assert!(
                    (compiled - plain).abs() <= 2e-5 * plain.abs().max(1.0),
                    "{name}: compiled {compiled}, plain {plain}"
                );
            }
        }
    }
    assert_eq!(found.shape(), shape, "{name}");
    let found = found.as_f32().unwrap().to_vec();
    let weighted = |values: Vec<f32>| -> f64 {
        let out = run(values, y);
        out.as_f32().unwrap().iter().zip(seed.as_f32().unwrap()).map(|(y, s)| f64::from(*y) * f64::from(*s)).sum()
    };
    let step = 2e-3_f32;
    for index in 0..count {
        let moved = |by: f32| {
            let mut values = at.clone();
            values[index] += by;
            weighted(values)
        };
        let expected = ((moved(step) - moved(-step)) / (2.0 * f64::from(step))) as f32;
        let error = (found[index] - expected).abs();
        assert!(
            error <= 5e-3 * expected.abs().max(1.0),
            "{name}[{index}]: {} where differences say {expected}",
            found[index]
        );
    }
}

fn constant(b: &mut Builder, shape: &[usize], salt: u64) -> Result<ValueId> {
    b.constant(Tensor::f32(shape, noise(shape.iter().product(), salt))?)
}

fn window(kernel: [usize; 2], stride: [usize; 2], dilation: [usize; 2], padding: [usize; 2], groups: usize) -> Window {
    Window { kernel, stride, dilation, padding, groups }
}

#[test]
fn functions_of_one_number() {
    check("relu", &[13], 0.03, |b, x| b.unary(Unary::Relu, x));
    check("leaky relu", &[13], 0.03, |b, x| b.unary(Unary::LeakyRelu(0.1), x));
    check("elu", &[13], 0.03, |b, x| b.unary(Unary::Elu(1.3), x));
    check("elu, alpha 1", &[13], 0.03, |b, x| b.unary(Unary::Elu(1.0), x));
    check("elu, alpha below 0", &[13], 0.03, |b, x| b.unary(Unary::Elu(-0.5), x));
    check("sigmoid", &[13], 0.0, |b, x| b.unary(Unary::Sigmoid, x));
    check("tanh", &[13], 0.0, |b, x| b.unary(Unary::Tanh, x));
    check("exp", &[13], 0.0, |b, x| b.unary(Unary::Exp, x));
    check("log", &[13], 2.0, |b, x| b.unary(Unary::Log, x));
    check("sqrt", &[13], 2.0, |b, x| b.unary(Unary::Sqrt, x));
    check("reciprocal", &[13], 2.5, |b, x| b.unary(Unary::Reciprocal, x));
    check("neg", &[13], 0.0, |b, x| b.unary(Unary::Neg, x));
    check("abs", &[13], 0.03, |b, x| b.unary(Unary::Abs, x));
    check("erf", &[13], 0.0, |b, x| b.unary(Unary::Erf, x));
    check("softplus", &[13], 0.0, |b, x| b.unary(Unary::Softplus, x));
    check("sin", &[13], 0.0, |b, x| b.unary(Unary::Sin, x));
    check("cos", &[13], 0.0, |b, x| b.unary(Unary::Cos, x));
    check("atan", &[13], 0.0, |b, x| b.unary(Unary::Atan, x));
    check("clip", &[13], 0.0, |b, x| b.unary(Unary::Clip(-0.5, 0.41), x));
    check("power", &[13], 2.0, |b, x| b.unary(Unary::Power(1.7), x));
    check("scale", &[13], 0.0, |b, x| b.unary(Unary::Scale(-3.0), x));
    check("shift", &[13], 0.0, |b, x| b.unary(Unary::Shift(-3.0), x));
    check("floor", &[13], 0.31, |b, x| b.unary(Unary::Floor, x));
}

#[test]
fn functions_of_two_numbers_with_broadcasting() {
    macro_rules! both_sides {
        ($name:literal, $lift:literal, $binary:expr) => {
            check(concat!($name, " left"), &[2, 3], $lift, |b, x| {
                let y = constant(b, &[4, 1, 3], 5)?;
                let y = b.unary(Unary::Shift(2.0), y)?;
                b.binary($binary, x, y)
            });
            check(concat!($name, " right"), &[3, 1], $lift, |b, x| {
                let y = constant(b, &[3, 4], 5)?;
                let y = b.unary(Unary::Shift(2.0), y)?;
                b.binary($binary, y, x)
            });
        };
    }
    both_sides!("add", 0.0, Binary::Add);
    both_sides!("sub", 0.0, Binary::Sub);
    both_sides!("mul", 0.0, Binary::Mul);
    both_sides!("div", 2.5, Binary::Div);
    both_sides!("pow", 2.0, Binary::Pow);
    both_sides!("max", 2.0, Binary::Max);
    both_sides!("min", 2.0, Binary::Min);
    check("square", &[5], 0.0, |b, x| b.mul(x, x));
    check("self over self plus one", &[5], 2.0, |b, x| {
        let more = b.unary(Unary::Shift(1.0), x)?;
        b.div(x, more)
    });
    check("select", &[3, 2], 0.02, |b, x| {
        let zero = b.scalar(0.0)?;
        let above = b.compare(Compare::Greater, x, zero)?;
        let square = b.mul(x, x)?;
        b.select(above, square, x)
    });
}

#[test]
fn products() {
    check("matmul left", &[2, 3, 4], 0.0, |b, x| {
        let y = constant(b, &[4, 5], 3)?;
        b.matmul(x, y, false)
    });
    check("matmul left, transposed", &[3, 4], 0.0, |b, x| {
        let y = constant(b, &[2, 5, 4], 3)?;
        b.matmul(x, y, true)
    });
    check("matmul right", &[4, 5], 0.0, |b, x| {
        let y = constant(b, &[2, 3, 4], 3)?;
        b.matmul(y, x, false)
    });
    check("matmul right, transposed", &[5, 4], 0.0, |b, x| {
        let y = constant(b, &[2, 3, 4], 3)?;
        b.matmul(y, x, true)
    });
    check("attention to itself", &[1, 3, 4], 0.0, |b, x| {
        let scores = b.matmul(x, x, true)?;
        let weights = b.softmax(scores, 2, false)?;
        b.matmul(weights, x, false)
    });
}

#[test]
fn convolutions() {
    check("conv", &[2, 3, 6, 5], 0.0, |b, x| {
        let w = constant(b, &[4, 3, 3, 2], 3)?;
        b.conv(x, w, window([3, 2], [2, 1], [1, 1], [1, 0], 1), [1, 1])
    });
    check("conv that leaves a rest", &[1, 1, 8, 8], 0.0, |b, x| {
        let w = constant(b, &[2, 1, 3, 3], 3)?;
        b.conv(x, w, window([3, 3], [3, 3], [1, 1], [0, 0], 1), [0, 0])
    });
    check("conv, grouped and dilated", &[1, 4, 7, 7], 0.0, |b, x| {
        let w = constant(b, &[6, 2, 3, 3], 3)?;
        b.conv(x, w, window([3, 3], [1, 2], [2, 2], [2, 1], 2), [1, 2])
    });
    check("conv transpose", &[2, 3, 4, 3], 0.0, |b, x| {
        let w = constant(b, &[3, 2, 3, 3], 3)?;
        b.conv_transpose(x, w, window([3, 3], [2, 2], [1, 1], [1, 1], 1), [8, 5])
    });
    check("max pool, overlapping and padded", &[2, 2, 6, 6], 0.0, |b, x| {
        b.max_pool(x, window([3, 3], [2, 2], [1, 1], [1, 1], 1), [1, 1], false)
    });
    check("average pool, padding counts", &[1, 2, 5, 5], 0.0, |b, x| {
        b.average_pool(x, window([3, 3], [2, 2], [1, 1], [1, 1], 1), [1, 1], false, true)
    });
    check("average pool, padding does not count", &[1, 2, 5, 5], 0.0, |b, x| {
        b.average_pool(x, window([3, 2], [2, 2], [1, 1], [1, 0], 1), [0, 0], true, false)
    });
}

#[test]
fn reductions() {
    check("sum", &[2, 3, 4], 0.0, |b, x| b.reduce(Reduce::Sum, x, &[0, 2]));
    check("mean", &[2, 3, 4], 0.0, |b, x| b.reduce(Reduce::Mean, x, &[1]));
    check("max", &[2, 3, 4], 0.0, |b, x| b.reduce(Reduce::Max, x, &[1, 2]));
    check("min", &[2, 3, 4], 0.0, |b, x| b.reduce(Reduce::Min, x, &[0]));
    check("softmax", &[3, 4], 0.0, |b, x| b.softmax(x, 1, false));
    check("softmax of a middle axis", &[2, 3, 2], 0.0, |b, x| b.softmax(x, 1, false));
    check("log softmax", &[3, 4], 0.0, |b, x| b.softmax(x, 1, true));
}

#[test]
fn moves() {
    check("reshape", &[2, 6], 0.0, |b, x| b.reshape(x, &[3, 4]));
    check("transpose", &[2, 3, 4], 0.0, |b, x| b.transpose(x, &[2, 0, 1]));
    check("broadcast", &[3, 1], 0.0, |b, x| b.broadcast(x, &[2, 3, 4]));
    check("slice", &[5, 6], 0.0, |b, x| b.slice(x, &[4, 1], &[-2, 3], &[3, 2]));
    check("place", &[2, 2], 0.0, |b, x| b.place(x, &[1, 0], &[1, 2], &[4, 3], 5.0));
    check("concat", &[2, 3], 0.0, |b, x| {
        let y = constant(b, &[2, 1], 3)?;
        b.concat(&[x, y, x], 1)
    });
    check("gather, an entry twice", &[4, 2], 0.0, |b, x| {
        let indices = b.constant(Tensor::i64(&[2, 2], vec![1, -1, 1, 0])?)?;
        b.gather(x, indices, 0)
    });
    check("scatter", &[3, 2], 0.0, |b, x| {
        let indices = b.constant(Tensor::integers(vec![1, 1, 3]))?;
        b.scatter_add(x, indices, 0, 4)
    });
}

#[test]
fn conventions_are_torchs() {
    let at = |values: Vec<f32>, make: Make| -> Vec<f32> {
        let shape = [1, 1, 1, values.len()];
        let mut b = Builder::new(Limits::default());
        let x = b.input("x", &shape, Dtype::F32).unwrap();
        let y = make(&mut b, x).unwrap();
        let g = differentiate(b.finish(), y, &[x], &Limits::default()).unwrap();
        let seed = Tensor::full(&g.graph.value(y).shape, 1.0);
        let inputs = [(x, Tensor::f32(&shape, values).unwrap()), (g.seed, seed)];
        reference::run(&g.graph, &inputs, &g.wrt).unwrap().remove(0).as_f32().unwrap().to_vec()
    };
    assert_eq!(at(vec![-1.0, 0.0, 1.0], |b, x| b.unary(Unary::Relu, x)), [0.0, 0.0, 1.0]);
    assert_eq!(at(vec![-1.0, 0.0, 1.0, 2.0], |b, x| b.unary(Unary::Clip(-1.0, 1.0), x)), [1.0, 1.0, 1.0, 0.0]);
    // The first of equal maxima takes all.
    let pool: Make = |b, x| b.max_pool(x, window([1, 3], [1, 3], [1, 1], [0, 0], 1), [0, 0], false);
    assert_eq!(at(vec![2.0, 2.0, 1.0], pool), [1.0, 0.0, 0.0]);
}

#[test]
fn what_is_not_on_the_way_has_gradient_zero() {
    let mut b = Builder::new(Limits::default());
    let x = b.input("x", &[2], Dtype::F32).unwrap();
    let z = b.input("z", &[2], Dtype::F32).unwrap();
    let y = b.unary(Unary::Tanh, z).unwrap();
    let g = differentiate(b.finish(), y, &[x], &Limits::default()).unwrap();
    let inputs = [(x, Tensor::full(&[2], 1.0)), (z, Tensor::full(&[2], 1.0)), (g.seed, Tensor::full(&[2], 1.0))];
    let found = reference::run(&g.graph, &inputs, &g.wrt).unwrap().remove(0);
    assert_eq!(found.as_f32().unwrap(), [0.0, 0.0]);
}
