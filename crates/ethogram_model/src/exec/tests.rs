//! The compiled form of small networks against the plain operations.

use std::process::Command;

use proptest::prelude::*;

use super::{Area, Cancel, Lent, Local, Program};
use crate::grad::differentiate;
use crate::graph::{Builder, Op, Reduce, Unary, ValueId, Window};
use crate::kernel::Isa;
use crate::limits::Limits;
use crate::reference;
use crate::tensor::{Dtype, Tensor};

/// Numbers without equals, so that no maximum is a matter of rounding.
fn numbers(shape: &[usize], seed: usize) -> Tensor {
    let count = shape.iter().product::<usize>();
    let value = |at: usize| ((at * 7_919 + seed * 104_729) % 100_003) as f32 / 50_000.0 - 1.0;
    Tensor::f32(shape, (0..count).map(value).collect()).unwrap()
}

/// The network's output and its gradient, by one thread and by three, equal the plain ones.
fn check(shape: &[usize], build: impl Fn(&mut Builder, ValueId) -> crate::error::Result<ValueId>) {
    let mut b = Builder::new(Limits::default());
    let x = b.input("x", shape, Dtype::F32).unwrap();
    // A network that does not fit together is no case.
    let Ok(y) = build(&mut b, x) else { return };
    let found = differentiate(b.finish(), y, &[x], &Limits::default()).unwrap();
    let outputs = [y, found.wrt[0]];
    let seed = numbers(&found.graph.value(y).shape.clone(), 5);
    let given = [(x, numbers(shape, 1)), (found.seed, seed)];
    let expected = reference::run(&found.graph, &given, &outputs).unwrap();
    let program = Program::compile(found.graph, &outputs, &Limits::default()).unwrap();
    let mut alone: Option<Vec<Tensor>> = None;
    for threads in [1, 3] {
        let fast = program.run_by(&given, threads, &Cancel::default()).unwrap();
        let alone = alone.get_or_insert_with(|| fast.clone());
        for (alone, fast) in alone.iter().zip(&fast) {
            let bits = |tensor: &Tensor| tensor.as_f32().unwrap().iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(alone), bits(fast), "by one thread and by {threads}");
        }
        for (fast, expected) in fast.iter().zip(&expected) {
            assert_eq!(fast.shape(), expected.shape());
            let finite = |value: &&f32| value.is_finite();
            let scale =
                expected.as_f32().unwrap().iter().filter(finite).fold(1.0_f32, |most, value| most.max(value.abs()));
            for (found, expected) in fast.as_f32().unwrap().iter().zip(expected.as_f32().unwrap()) {
                // The maximum of nothing is infinitely small in both.
                let same = found.to_bits() == expected.to_bits() || (found - expected).abs() <= 1e-4 * scale;
                assert!(same, "{found}, plainly {expected}, {threads} threads");
            }
        }
    }
}

/// A process keeps to one instruction set, so each other one has a process of its own.
#[test]
fn every_instruction_set_of_the_machine_passes_these_tests() {
    const PICKED: &str = "ETHOGRAM_ISA";
    if std::env::var_os(PICKED).is_some() {
        return;
    }
    for isa in Isa::available().into_iter().skip(1) {
        let mut tests = Command::new(std::env::current_exe().unwrap());
        tests.args(["exec::tests", "grad::tests", "--test-threads=1"]).env(PICKED, isa.name());
        let found = tests.output().unwrap();
        assert!(found.status.success(), "{isa:?}: {}", String::from_utf8_lossy(&found.stdout));
    }
}

#[test]
fn weights_in_the_order_of_the_inner_loop_count_as_memory() {
    let compiled = |run_bytes: u64| {
        let mut b = Builder::new(Limits::default());
        let x = b.input("x", &[1, 16, 12, 12], Dtype::F32).unwrap();
        let weights = b.constant(numbers(&[32, 16, 3, 3], 2)).unwrap();
        let window = Window { kernel: [3, 3], stride: [1, 1], dilation: [1, 1], padding: [1, 1], groups: 1 };
        let y = b.conv(x, weights, window, [1, 1]).unwrap();
        Program::compile(b.finish(), &[y], &Limits { run_bytes, ..Limits::default() })
    };
    // What comes in and out, and a matrix of 16 by 32 for each of the 36 points of a tile.
    let (values, points) = (4 * (16 + 32) * 12 * 12, 4 * 36 * 16 * 32);
    assert!(compiled(values + points).is_ok());
    let error = compiled(values + points - 1).unwrap_err().to_string();
    assert!(error.contains("the memory to run the network") && error.contains("run_bytes"), "{error}");
}

prop_compose! {
    fn window()(
        kernel in [1_usize..5, 1_usize..5], stride in [1_usize..4, 1_usize..4], dilation in [1_usize..3, 1_usize..3],
        padding in [0_usize..3, 0_usize..3],
    ) -> Window {
        Window { kernel, stride, dilation, padding, groups: 1 }
    }
}

proptest! {
    #[test]
    fn convolutions_and_their_transposes_equal_plain_ones(
        window in window(), batch in 1_usize..3, channels in 1_usize..6, outputs in 1_usize..20, height in 3_usize..12, width in 3_usize..12,
        after in [0_usize..3, 0_usize..3],
    ) {
        check(&[batch, channels, height, width], |b, x| {
            let weight = b.constant(numbers(&[outputs, channels, window.kernel[0], window.kernel[1]], 2))?;
            let bias = b.constant(numbers(&[1, outputs, 1, 1], 3))?;
            let y = b.conv(x, weight, window.clone(), after)?;
            let y = b.add(y, bias)?;
            b.unary(Unary::Tanh, y)
        });
        let reach = |axis: usize, length: usize| (length - 1) * window.stride[axis] + window.extent(axis) - window.padding[axis];
        prop_assume!((0..2).all(|axis| window.padding[axis] < window.extent(axis)));
        check(&[batch, channels, height, width], |b, x| {
            let weight = b.constant(numbers(&[channels, outputs, window.kernel[0], window.kernel[1]], 2))?;
            b.conv_transpose(x, weight, window.clone(), [reach(0, height), reach(1, width)])
        });
    }

    #[test]
    fn pools_equal_plain_ones(
        window in window(), batch in 1_usize..3, channels in 1_usize..20, height in 4_usize..10, width in 4_usize..10,
        after in [0_usize..2, 0_usize..2], ceil in any::<bool>(), padding_counts in any::<bool>(),
    ) {
        check(&[batch, channels, height, width], |b, x| b.max_pool(x, window.clone(), after, ceil));
        check(&[batch, channels, height, width], |b, x| b.average_pool(x, window.clone(), after, ceil, padding_counts));
    }

    #[test]
    fn flattened_pictures_equal_plain_ones(
        batch in 1_usize..4, channels in 1_usize..7, outputs in 1_usize..40, height in 3_usize..7, width in 3_usize..7, hidden in 1_usize..70,
    ) {
        let window = Window { kernel: [3, 3], stride: [1, 1], dilation: [1, 1], padding: [1, 1], groups: 1 };
        check(&[batch, channels, height, width], |b, x| {
            let weight = b.constant(numbers(&[outputs, channels, 3, 3], 2))?;
            let y = b.conv(x, weight, window.clone(), [1, 1])?;
            let y = b.unary(Unary::Relu, y)?;
            let y = b.reshape(y, &[batch, outputs * height * width])?;
            let weight = b.constant(numbers(&[outputs * height * width, hidden], 4))?;
            let y = b.matmul(y, weight, false)?;
            let bias = b.constant(numbers(&[hidden], 6))?;
            let y = b.add(y, bias)?;
            b.unary(Unary::Tanh, y)
        });
    }

    #[test]
    fn what_is_between_the_layers_equals_plain_operations(rows in 1_usize..5, columns in 1_usize..40, axis in 0_usize..2) {
        check(&[rows, columns], |b, x| {
            let weight = b.constant(numbers(&[1, columns], 2))?;
            let scaled = b.mul(x, weight)?;
            let column = b.reduce(Reduce::Mean, scaled, &[1])?;
            let most = b.reduce(Reduce::Max, x, &[axis])?;
            let y = b.sub(scaled, column)?;
            let y = b.add(y, most)?;
            let y = b.softmax(y, axis, false)?;
            let z = b.softmax(x, 1, true)?;
            b.add(y, z)
        });
    }
}

prop_compose! {
    fn layer()(kind in 0_usize..7, window in window(), outputs in 1_usize..9, after in [0_usize..3, 0_usize..3]) -> (usize, Window, usize, [usize; 2]) {
        (kind, window, outputs, after)
    }
}

/// A network of these layers; a layer that does not fit is left out. Its end is dense.
fn network(b: &mut Builder, x: ValueId, layers: &[(usize, Window, usize, [usize; 2])]) -> ValueId {
    let mut y = x;
    for (index, (kind, window, outputs, after)) in layers.iter().enumerate() {
        let channels = b.shape(y)[1];
        let made = match kind {
            0 | 1 => {
                let weight = numbers(&[*outputs, channels, window.kernel[0], window.kernel[1]], index);
                let weight = b.constant(weight).unwrap();
                let bias = b.constant(numbers(&[1, *outputs, 1, 1], index)).unwrap();
                let y = b.conv(y, weight, window.clone(), *after);
                y.and_then(|y| b.add(y, bias)).and_then(|y| b.unary([Unary::Relu, Unary::Elu(1.0)][*kind], y))
            }
            2 => {
                let window = Window { groups: channels, ..window.clone() };
                let weight = numbers(&[2 * channels, 1, window.kernel[0], window.kernel[1]], index);
                let weight = b.constant(weight).unwrap();
                let bias = b.constant(numbers(&[2 * channels, 1, 1], index)).unwrap();
                b.conv(y, weight, window, *after).and_then(|y| b.mul(bias, y))
            }
            3 => b.max_pool(y, window.clone(), *after, false),
            4 => b.average_pool(y, window.clone(), *after, true, true),
            5 => {
                // A residual block.
                let same = Window { kernel: [3, 3], stride: [1, 1], dilation: [1, 1], padding: [1, 1], groups: 1 };
                let weight = b.constant(numbers(&[channels, channels, 3, 3], index)).unwrap();
                let inner = b.unary(Unary::Relu, y).and_then(|y| b.conv(y, weight, same, [1, 1]));
                inner.and_then(|inner| b.add(inner, y))
            }
            _ => b.unary(Unary::Tanh, y).and_then(|y| b.unary(Unary::Scale(0.7), y)),
        };
        y = made.unwrap_or(y);
    }
    let shape = b.shape(y).to_vec();
    let width = shape[1..].iter().product();
    let y = b.reshape(y, &[shape[0], width]).unwrap();
    let weight = b.constant(numbers(&[width, 3], 77)).unwrap();
    b.matmul(y, weight, false).unwrap()
}

proptest! {
    #[test]
    fn layers_done_again_in_an_area_equal_whole_ones(
        layers in proptest::collection::vec(layer(), 1..6), channels in 1_usize..4, height in 5_usize..20, width in 5_usize..20,
        places in proptest::collection::vec([0_usize..1_000, 0_usize..1_000, 0_usize..8, 0_usize..8], 1..4),
    ) {
        done_again([1, channels, height, width], &layers, &places)?;
    }

    #[test]
    fn tiles_done_again_in_an_area_equal_whole_ones(
        outputs in 16_usize..20, depth in 1_usize..4, height in 6_usize..20, width in 6_usize..20,
        places in proptest::collection::vec([0_usize..1_000, 0_usize..1_000, 0_usize..5, 0_usize..5], 1..3),
    ) {
        let window = Window { kernel: [3, 3], stride: [1, 1], dilation: [1, 1], padding: [1, 1], groups: 1 };
        let pool = Window { kernel: [2, 2], padding: [0, 0], ..window.clone() };
        let layers: Vec<_> = [(0, window.clone(), outputs, [1, 1]), (3, pool, 1, [0, 0])]
            .into_iter()
            .chain(std::iter::repeat_n((5, window, 1, [1, 1]), depth))
            .collect();
        done_again([1, 16, height, width], &layers, &places)?;
    }
}

/// Layers done again around changes at some places (top, left, down, across) give the bits of whole passes.
fn done_again(
    shape: [usize; 4],
    layers: &[(usize, Window, usize, [usize; 2])],
    places: &[[usize; 4]],
) -> Result<(), TestCaseError> {
    let [_, _, height, width] = shape;
    let mut b = Builder::new(Limits::default());
    let x = b.input("x", &shape, Dtype::F32).unwrap();
    let y = network(&mut b, x, layers);
    let graph = b.finish();
    let Some(local) = Local::of(&graph, x, y) else { return Ok(()) };
    let mut rest = graph.clone();
    local.frontier().iter().for_each(|edge| rest.give(edge.id));
    let rest = Program::compile_for(rest, &[y], &local.pictures(), &Limits::default()).unwrap();
    let whole = Program::compile(graph, &[y], &Limits::default()).unwrap();

    let clear = numbers(&shape, 1);
    let clear = clear.as_f32().unwrap();
    let base = local.canvas(clear).unwrap();
    let mut canvas = base.clone();
    for (index, [top, left, down, across]) in places.iter().enumerate() {
        let from = [top % height, left % width];
        let area = Area { from, to: [(from[0] + down).min(height), (from[1] + across).min(width)] };
        let other = numbers(&shape, index + 2);
        let (mut changed, mut values) = (clear.to_vec(), Vec::new());
        for (at, value) in changed.iter_mut().enumerate() {
            let place = [at / width % height, at % width];
            if (0..2).all(|axis| (area.from[axis]..area.to[axis]).contains(&place[axis])) {
                *value = other.as_f32().unwrap()[at];
                values.push(*value);
            }
        }
        local.change(&base, &mut canvas, &area, &values).unwrap();
        let mut seen = vec![Vec::new(); local.frontier().len()];
        local.hand_on(&canvas, &mut seen);
        let edges = local.frontier().iter().zip(&seen);
        let lent: Vec<Lent<'_>> =
            edges.map(|(edge, values)| Lent { id: edge.id, values, layout: edge.layout }).collect();
        let found = rest.run_lent(&[], &lent, 1, &Cancel::default()).unwrap();
        let expected = whole.run(&[(x, Tensor::f32(&shape, changed).unwrap())], &Cancel::default()).unwrap();
        let bits = |tensor: &Tensor| tensor.as_f32().unwrap().iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        prop_assert_eq!(bits(&found[0]), bits(&expected[0]), "{:?}", area);
    }
    Ok(())
}

#[test]
fn pools_of_what_is_no_number_give_none() {
    let mut b = Builder::new(Limits::default());
    let x = b.input("x", &[1, 1, 2, 2], Dtype::F32).unwrap();
    let window = Window { kernel: [2, 2], stride: [1, 1], dilation: [1, 1], padding: [0, 0], groups: 1 };
    let y = b.max_pool(x, window, [0, 0], false).unwrap();
    let graph = b.finish();
    assert!(matches!(graph.value(y).source, crate::graph::Source::Node { op: Op::MaxPool(_), .. }));
    let program = Program::compile(graph, &[y], &Limits::default()).unwrap();
    for place in 0..4 {
        let mut values = vec![3.0, 1.0, 2.0, 0.5];
        values[place] = f32::NAN;
        let found = program.run(&[(x, Tensor::f32(&[1, 1, 2, 2], values).unwrap())], &Cancel::default()).unwrap();
        assert!(found[0].as_f32().unwrap()[0].is_nan(), "at {place}");
    }
}
