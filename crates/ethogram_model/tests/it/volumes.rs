//! Windows over three axes by loops over every entry, and derivatives of what is picked, ordered, summed and resized by differences.

use std::collections::BTreeMap;

use ethogram_model::{Limits, Model, Tensor, run_reference};

use crate::encode::{Field, floats, int, integers, ints, message, model, node, text};
use crate::operators::{check, noise, wide, words};

/// How windows lie along three axes.
struct Windows {
    kernel: [usize; 3],
    stride: [usize; 3],
    dilation: [usize; 3],
    /// Before and after, on each axis.
    pads: [[usize; 2]; 3],
}

impl Windows {
    fn attributes(&self) -> Vec<Vec<u8>> {
        let pads = [self.pads.map(|pads| pads[0]), self.pads.map(|pads| pads[1])].concat();
        vec![
            ints("kernel_shape", &wide(&self.kernel)),
            ints("strides", &wide(&self.stride)),
            ints("dilations", &wide(&self.dilation)),
            ints("pads", &wide(&pads)),
        ]
    }

    fn counts(&self, lengths: [usize; 3]) -> [usize; 3] {
        [0, 1, 2].map(|axis| {
            let extent = (self.kernel[axis] - 1) * self.dilation[axis] + 1;
            (lengths[axis] + self.pads[axis][0] + self.pads[axis][1] - extent) / self.stride[axis] + 1
        })
    }

    /// Every window with its entries: place in the window, and place in the input where it lies inside.
    fn each(&self, lengths: [usize; 3]) -> Vec<Vec<(usize, Option<usize>)>> {
        let all = |counts: [usize; 3]| {
            (0..counts.iter().product())
                .map(move |at| [at / (counts[1] * counts[2]), at / counts[2] % counts[1], at % counts[2]])
        };
        all(self.counts(lengths))
            .map(|window| {
                all(self.kernel)
                    .enumerate()
                    .map(|(place, within)| {
                        let at = [0, 1, 2].map(|axis| {
                            (window[axis] * self.stride[axis] + within[axis] * self.dilation[axis])
                                .checked_sub(self.pads[axis][0])
                                .filter(|&at| at < lengths[axis])
                        });
                        let [Some(deep), Some(down), Some(across)] = at else { return (place, None) };
                        (place, Some((deep * lengths[1] + down) * lengths[2] + across))
                    })
                    .collect()
            })
            .collect()
    }
}

/// The output `y` of a file, by the plain operations.
fn plainly(bytes: &[u8], shape: &[usize]) -> Tensor {
    let network = Model::from_bytes(bytes, &Limits::default()).unwrap();
    let graph = network.graph(&BTreeMap::from([("x".to_owned(), shape.to_vec())]), &[]).unwrap();
    let x = Tensor::f32(shape, noise(shape.iter().product(), 3)).unwrap();
    run_reference(&graph, &[(graph.named("x").unwrap(), x)], &[graph.named("y").unwrap()]).unwrap().remove(0)
}

fn near(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-5 * (1.0 + expected.abs()), "{found}, expected {expected}");
    }
}

#[test]
fn windows_over_three_axes_equal_loops() {
    let windows = Windows { kernel: [2, 3, 2], stride: [1, 2, 2], dilation: [2, 1, 1], pads: [[1, 0], [1, 1], [0, 1]] };
    let (lengths, shape) = ([4, 5, 3], [2, 4, 4, 5, 3]);
    let plane: usize = lengths.iter().product();
    let (x, each) = (noise(8 * plane, 3), windows.each(lengths));

    let (weight, bias) = (noise(6 * 2 * 12, 7), noise(6, 9));
    let mut attributes = windows.attributes();
    attributes.push(int("group", 2));
    let given = vec![floats("w", &[6, 2, 2, 3, 2], &weight), floats("b", &[6], &bias)];
    let bytes = model(vec![node("Conv", &["x", "w", "b"], &["y"], attributes)], given, &wide(&shape));
    let mut expected = Vec::new();
    for (row, kernel) in (0..2).flat_map(|row| (0..6).map(move |kernel| (row, kernel))) {
        expected.extend(each.iter().map(|window| {
            let one = |channel: usize| {
                let from = (row * 4 + kernel / 3 * 2 + channel) * plane;
                let own = &weight[(kernel * 2 + channel) * 12..];
                window.iter().filter_map(|&(place, at)| Some(own[place] * x[from + at?])).sum::<f32>()
            };
            one(0) + one(1) + bias[kernel]
        }));
    }
    near(check(&bytes, &shape).unwrap().as_f32().unwrap(), &expected);

    for (operator, padding_counts) in [("MaxPool", false), ("AveragePool", false), ("AveragePool", true)] {
        let mut attributes = windows.attributes();
        attributes.push(int("count_include_pad", padding_counts.into()));
        let bytes = model(vec![node(operator, &["x"], &["y"], attributes)], vec![], &wide(&shape));
        let expected: Vec<f32> = (0..8)
            .flat_map(|channel| {
                each.iter().map(move |window| {
                    (channel, window.iter().filter_map(|&(_, at)| at).collect::<Vec<_>>(), window.len())
                })
            })
            .map(|(channel, inside, all)| {
                let values = inside.iter().map(|&at| x[channel * plane + at]);
                if operator == "MaxPool" {
                    values.fold(f32::NEG_INFINITY, f32::max)
                } else {
                    values.sum::<f32>() / if padding_counts { all } else { inside.len() } as f32
                }
            })
            .collect();
        // Many entries are so close that differences jump from one largest to another.
        let found = if operator == "MaxPool" { plainly(&bytes, &shape) } else { check(&bytes, &shape).unwrap() };
        near(found.as_f32().unwrap(), &expected);
    }
}

/// **Source**: `torch.nn.AvgPool1d(3, 2, 1, ceil_mode=True)(torch.arange(1., 7))`.
#[test]
fn a_last_mean_counts_padding_and_nothing_beyond() {
    let attributes = vec![
        ints("kernel_shape", &[3]),
        ints("strides", &[2]),
        ints("pads", &[1, 1]),
        int("ceil_mode", 1),
        int("count_include_pad", 1),
    ];
    let weights = vec![floats("zero", &[1], &[0.0]), floats("line", &[1, 1, 6], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])];
    let nodes = vec![
        node("Mul", &["x", "zero"], &["none"], vec![]),
        node("Add", &["none", "line"], &["set"], vec![]),
        node("AveragePool", &["set"], &["y"], attributes),
    ];
    let found = check(&model(nodes, weights, &[1, 1, 6]), &[1, 1, 6]).unwrap();
    near(found.as_f32().unwrap(), &[1.0, 3.0, 5.0, 3.0]);
}

#[test]
fn what_is_ordered_summed_picked_and_resized_follows_differences() {
    let shape = [2, 5];
    let one = |operator: &str, inputs: &[&str], attributes: Vec<Vec<u8>>, weights: Vec<Vec<u8>>| {
        check(&model(vec![node(operator, inputs, &["y"], attributes)], weights, &wide(&shape)), &shape).unwrap()
    };
    let x = noise(10, 3);
    let found = one("TopK", &["x", "k"], vec![int("largest", 0)], vec![integers("k", &[3])]);
    for (found, row) in found.as_f32().unwrap().chunks(3).zip(x.chunks(5)) {
        let mut sorted = row.to_vec();
        sorted.sort_by(f32::total_cmp);
        near(found, &sorted[..3]);
    }
    let found = one("CumSum", &["x", "axis"], vec![int("reverse", 1)], vec![integers("axis", &[1])]);
    near(&found.as_f32().unwrap()[..1], &[x[..5].iter().sum()]);
    let found = one("ReduceProd", &["x"], vec![ints("axes", &[1]), int("keepdims", 0)], vec![]);
    near(found.as_f32().unwrap(), &[x[..5].iter().product(), x[5..].iter().product()]);
    for operator in ["Tan", "Asin", "Acos", "Atan", "Sinh", "Cosh", "Asinh", "Atanh"] {
        // Away from the ends of what some of them take, where differences say little.
        let nodes = vec![node("Mul", &["x", "half"], &["near"], vec![]), node(operator, &["near"], &["y"], vec![])];
        check(&model(nodes, vec![floats("half", &[1], &[0.5])], &wide(&shape)), &shape).unwrap();
    }
    for mode in ["nearest", "linear", "cubic"] {
        let sharp = message([text(1, "cubic_coeff_a"), Field::Float(2, -0.5), Field::Int(20, 1)]);
        let sizes = integers("sizes", &[2, 8]);
        one("Resize", &["x", "", "", "sizes"], vec![words("mode", mode), sharp], vec![sizes]);
    }
}
