//! Convolutions of 3×3 windows and stride 1 with fewer multiplications. **Source**: Lavin & Gray (2015), arXiv:1509.09308, algorithm 1.
//!
//! Tiles of 4×4 results lie on a grid that begins in the picture's corner, and each is computed from its own numbers alone, always in the same order. So
//! neither the number of threads, nor that of pictures, nor what part of a picture is asked for makes a difference to the bit.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use super::convolution::{Size, Weights};
use super::local::Area;
use super::packed::{Form, Packed};
use crate::graph::Window;
use crate::kernel::{Crew, Goal, Isa, POINTS, Panels, Picture, Results, SIDE, Source, give, take, weight_at, width};
use crate::tensor::Tensor;

/// Numbers at the points, of what comes in and of what comes out, that stay near the processor together.
const NEAR: usize = 56 * 1_024;

/// Numbers of one layer's weights at the points at most: four times as many as the weights themselves, so large ones stay as they are.
const WEIGHTS_MOST: usize = 4 << 20;

/// Products that taking one channel of one tile to the points, or back, costs as much as, about.
const TRANSFORM: usize = 200;

/// Between the numbers of one point and those of the next, so that they do not all fall on the same lines of the cache.
const APART: usize = 16;

/// A convolution `[B, H, W, C]` to `[B, H', W', O]` by way of tiles.
#[derive(Clone, Debug)]
pub struct Winograd {
    input: Size,
    output: Size,
    padding: [usize; 2],
    isa: Isa,
    /// A matrix `[C, O]` for each pair of points.
    products: Arc<Vec<Panels>>,
    /// Filled up to whole registers.
    bias: Arc<[f32]>,
    weights: Arc<Tensor>,
    /// The weights are those of a convolution whose transpose this is.
    turned: bool,
}

impl Winograd {
    /// Whether a convolution can be taken this way, and takes less time so.
    pub fn pays(input: Size, output: Size, window: &Window) -> bool {
        let fits = window.kernel == [3, 3] && window.stride == [1, 1] && window.dilation == [1, 1];
        let (channels, outputs) = (input.channels, output.channels);
        let pairs = channels.saturating_mul(outputs);
        if !fits || pairs.saturating_mul(POINTS * POINTS) > WEIGHTS_MOST {
            return false;
        }
        let filled = outputs.next_multiple_of(8);
        let tiles = output.height.div_ceil(SIDE) * output.width.div_ceil(SIDE);
        let ours = tiles * (POINTS * POINTS * channels * filled + TRANSFORM * (channels + outputs));
        let direct = output.height * output.width * 9 * channels * filled;
        ours * 5 < direct * 4
    }

    /// For one group. `weights` are `[O, C, 3, 3]`, or `[C, O, 3, 3]` where they are `turned`: those of the convolution that this is the transpose of.
    pub fn new(
        input: Size,
        output: Size,
        padding: [usize; 2],
        weights: &Arc<Tensor>,
        bias: Option<&Arc<Tensor>>,
        turned: bool,
        packed: &Packed,
    ) -> Self {
        Self::of(Isa::best(), input, output, padding, weights, bias, turned, packed)
    }

    #[expect(clippy::too_many_arguments, reason = "those of `new`, and the instructions to use")]
    fn of(
        isa: Isa,
        input: Size,
        output: Size,
        padding: [usize; 2],
        weights: &Arc<Tensor>,
        bias: Option<&Arc<Tensor>>,
        turned: bool,
        packed: &Packed,
    ) -> Self {
        let filled = output.channels.next_multiple_of(width(isa));
        let pack = || {
            let at = |point: usize| {
                let weight = |channel: usize, to: usize| {
                    let of = |y, x| weight(weights, input.channels, output.channels, turned, [to, channel, y, x]);
                    if to < output.channels { weight_at([point / POINTS, point % POINTS], of) } else { 0.0 }
                };
                Panels::pack(isa, input.channels, filled, weight, None)
            };
            (0..POINTS * POINTS).map(at).collect()
        };
        let products = packed.panels(weights, None, Form::Winograd { turned }, pack);
        let mut of_bias = bias.and_then(|bias| bias.as_f32()).unwrap_or_default().to_vec();
        of_bias.resize(filled, 0.0);
        Winograd { input, output, padding, isa, products, bias: of_bias.into(), weights: weights.clone(), turned }
    }

    /// Tiles down and across.
    fn tiles(&self) -> [usize; 2] {
        [self.output.height.div_ceil(SIDE), self.output.width.div_ceil(SIDE)]
    }

    /// Results that are made anew when an area of the picture changes: whole tiles.
    pub fn sees(&self, area: &Area) -> Area {
        let seen = area.seen_through(([POINTS; 2], [SIDE; 2], self.padding), self.tiles());
        let lengths = [self.output.height, self.output.width];
        Area {
            from: [0, 1].map(|axis| (seen.from[axis] * SIDE).min(lengths[axis])),
            to: [0, 1].map(|axis| (seen.to[axis] * SIDE).min(lengths[axis])),
        }
    }

    /// All of several pictures, one after the other. `room` is memory that is used again from call to call.
    pub fn run(&self, pictures: &[f32], relu: bool, out: &mut [f32], room: &mut Vec<f32>, crew: &Crew<'_>) {
        let [down, across] = self.tiles();
        let one = self.output.height * self.output.width * self.output.channels;
        if one == 0 {
            return;
        }
        let lines = out.len() / one * down;
        let each = lines.div_ceil(crew.threads());
        let at_once = self.at_once(across).min(each);
        let needed = self.room(at_once * across);
        room.resize(needed * crew.threads(), 0.0);
        // Each thread takes some lines of tiles, from line to line of pictures.
        let mut parts = Vec::with_capacity(crew.threads());
        let (mut rest, mut rooms, mut first) = (out, room.chunks_exact_mut(needed), 0);
        while first < lines
            && let Some(room) = rooms.next()
        {
            let end = (first + each).min(lines);
            let (own, later) = rest.split_at_mut(self.place(end) - self.place(first));
            parts.push(Mutex::new((first..end, own, room)));
            (rest, first) = (later, end);
        }
        crew.run(parts.len(), &|part| {
            let mut part = parts[part].lock().unwrap_or_else(PoisonError::into_inner);
            let (lines, out, room) = &mut *part;
            self.some(pictures, lines.clone(), 0..across, at_once, relu, out, room);
        });
    }

    /// The tiles of one picture that make an area, which is made of whole ones.
    pub fn run_within(&self, picture: &[f32], area: &Area, out: &mut [f32]) {
        let tile = |axis: usize| area.from[axis] / SIDE..area.to[axis].div_ceil(SIDE);
        let (lines, columns) = (tile(0), tile(1));
        if lines.is_empty() || columns.is_empty() {
            return;
        }
        let at_once = self.at_once(columns.len()).min(lines.len());
        let mut room = vec![0.0; self.room(at_once * columns.len())];
        let out = &mut out[self.place(lines.start)..];
        self.some(picture, lines, columns, at_once, false, out, &mut room);
    }

    /// Where the results of a line of tiles begin, counted through all pictures.
    fn place(&self, line: usize) -> usize {
        let down = self.tiles()[0];
        let row = self.output.width * self.output.channels;
        (line / down * self.output.height + line % down * SIDE) * row
    }

    /// Lines of so many tiles that are done at once.
    fn at_once(&self, tiles: usize) -> usize {
        let each = POINTS * POINTS * (self.filled() + self.bias.len());
        (NEAR / (each * tiles).max(1)).max(1)
    }

    /// Channels that come in, filled up to whole registers.
    fn filled(&self) -> usize {
        self.input.channels.next_multiple_of(width(self.isa))
    }

    /// Numbers between the points for so many tiles, of what comes in and of what comes out.
    fn strides(&self, tiles: usize) -> [usize; 2] {
        [tiles * self.filled() + APART, tiles * self.bias.len() + APART]
    }

    fn room(&self, tiles: usize) -> usize {
        POINTS * POINTS * self.strides(tiles).iter().sum::<usize>()
    }

    /// Some lines of tiles, so many at a time; `out` begins with the first of them.
    #[expect(clippy::too_many_arguments, reason = "what is to be done, where from, where to and where in between")]
    fn some(
        &self,
        pictures: &[f32],
        lines: Range<usize>,
        columns: Range<usize>,
        at_once: usize,
        relu: bool,
        out: &mut [f32],
        room: &mut [f32],
    ) {
        let begin = self.place(lines.start);
        for first in lines.clone().step_by(at_once) {
            let end = (first + at_once).min(lines.end);
            self.block(pictures, first..end, &columns, relu, &mut out[self.place(first) - begin..], room);
        }
    }

    fn block(
        &self,
        pictures: &[f32],
        lines: Range<usize>,
        columns: &Range<usize>,
        relu: bool,
        out: &mut [f32],
        room: &mut [f32],
    ) {
        let tiles = lines.len() * columns.len();
        let [stride, stride_out] = self.strides(tiles);
        let (points, made) = room.split_at_mut(POINTS * POINTS * stride);
        let places = || lines.clone().flat_map(|line| columns.clone().map(move |column| (line, column)));
        for ((line, column), to) in places().zip((0..).step_by(self.filled())) {
            let (picture, corner) = self.square(pictures, line, column);
            take(self.isa, &picture, corner, &mut points[to..], stride);
        }
        let channels = self.input.channels;
        for (point, panels) in self.products.iter().enumerate() {
            let source = Source {
                values: points,
                first: point * stride,
                across: tiles,
                step: self.filled(),
                down: 0,
                line: 0,
                lines: 1,
                run: channels,
            };
            let goal = Goal { step: self.bias.len(), down: 0 };
            panels.multiply(&source, tiles, &mut made[point * stride_out..], goal);
        }
        let begin = self.place(lines.start);
        let mut results = Results {
            line: self.output.width * self.output.channels,
            count: [SIDE; 2],
            channels: self.output.channels,
            relu,
        };
        for ((line, column), from) in places().zip((0..).step_by(self.bias.len())) {
            let [row, first] = [line % self.tiles()[0] * SIDE, column * SIDE];
            results.count = [SIDE.min(self.output.height - row), SIDE.min(self.output.width - first)];
            let to = &mut out[self.place(line) - begin + first * self.output.channels..];
            if !give(self.isa, &made[from..], stride_out, &self.bias, &results, to) {
                self.directly(pictures, line, column, &results, to);
            }
        }
    }

    /// The picture of a tile, and the corner of the square that it is made of.
    fn square<'p>(&self, pictures: &'p [f32], line: usize, column: usize) -> (Picture<'p>, [isize; 2]) {
        let Size { height, width, channels } = self.input;
        let (one, down) = (height * width * channels, self.tiles()[0]);
        let values = &pictures[line / down * one..][..one];
        let corner = [[line % down, self.padding[0]], [column, self.padding[1]]]
            .map(|[at, before]| (at * SIDE) as isize - before as isize);
        (Picture { values, height, width, channels }, corner)
    }

    /// One tile as a plain sum: what is infinite or no number must not reach results that do not see it.
    fn directly(&self, pictures: &[f32], line: usize, column: usize, results: &Results, out: &mut [f32]) {
        let (picture, corner) = self.square(pictures, line, column);
        let at = |y: isize, x: isize| {
            let (y, x) = (usize::try_from(y).ok()?, usize::try_from(x).ok()?);
            let inside = y < picture.height && x < picture.width;
            inside.then(|| &picture.values[(y * picture.width + x) * picture.channels..][..picture.channels])
        };
        for (y, x) in (0..results.count[0]).flat_map(|y| (0..results.count[1]).map(move |x| (y, x))) {
            let to = &mut out[y * results.line + x * results.channels..][..results.channels];
            for (output, to) in to.iter_mut().enumerate() {
                let mut sum = self.bias[output];
                for (ky, kx) in (0..3).flat_map(|ky| (0..3).map(move |kx| (ky, kx))) {
                    let Some(values) = at(corner[0] + (y + ky) as isize, corner[1] + (x + kx) as isize) else {
                        continue;
                    };
                    for (channel, value) in values.iter().enumerate() {
                        let of = [output, channel, ky, kx];
                        sum += value * weight(&self.weights, picture.channels, results.channels, self.turned, of);
                    }
                }
                *to = if results.relu && sum < 0.0 { 0.0 } else { sum };
            }
        }
    }
}

/// A weight of the convolution that is computed. `turned` as for [`Winograd::new`].
fn weight(weights: &Tensor, channels: usize, outputs: usize, turned: bool, [output, channel, y, x]: [usize; 4]) -> f32 {
    let values = weights.as_f32().unwrap_or_default();
    let (kernel, dilation) = ([3, 3], [1, 1]);
    if turned {
        Weights { values, channels: outputs, kernel, dilation }.at(channel, output, 2 - y, 2 - x)
    } else {
        Weights { values, channels, kernel, dilation }.at(output, channel, y, x)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod tests {
    use proptest::prelude::*;

    use super::super::convolution::Convolution;
    use super::*;
    use crate::kernel::with_crew;

    fn numbers(count: usize, seed: usize) -> Vec<f32> {
        (0..count).map(|at| ((at * 7_919 + seed * 104_729) % 100_003) as f32 / 50_000.0 - 1.0).collect()
    }

    fn bits(values: &[f32]) -> Vec<u32> {
        values.iter().map(|value| value.to_bits()).collect()
    }

    /// A layer of either kind: ours, and the one without tiles.
    fn layers(
        isa: Isa,
        input: Size,
        outputs: usize,
        padding: [usize; 2],
        turned: bool,
    ) -> Option<(Winograd, Convolution)> {
        let window = Window { kernel: [3, 3], stride: [1, 1], dilation: [1, 1], padding, groups: 1 };
        let packed = Packed::default();
        let Size { height, width, channels } = input;
        let after = |length: usize, padding: usize| (length + 2 * padding).checked_sub(2).filter(|&length| length > 0);
        let output = Size { height: after(height, padding[0])?, width: after(width, padding[1])?, channels: outputs };
        let weights = numbers(9 * channels * outputs, 1);
        if turned {
            let own = [0, 1].map(|axis| 2 - padding[axis]);
            let window = Window { padding: own, ..window };
            let weights = Arc::new(Tensor::f32(&[channels, outputs, 3, 3], weights).unwrap());
            let direct = Convolution::flipped_directly(input, output, &window, &weights, &packed).unwrap();
            return Some((Winograd::of(isa, input, output, padding, &weights, None, true, &packed), direct));
        }
        let weights = Arc::new(Tensor::f32(&[outputs, channels, 3, 3], weights).unwrap());
        let bias = Arc::new(Tensor::f32(&[outputs], numbers(outputs, 2)).unwrap());
        let direct = Convolution::directly(input, output, &window, &weights, Some(&bias), &packed);
        Some((Winograd::of(isa, input, output, padding, &weights, Some(&bias), false, &packed), direct))
    }

    fn run(layer: &Winograd, pictures: &[f32], batch: usize, threads: usize) -> Vec<f32> {
        let Size { height, width, channels } = layer.output;
        let mut out = vec![f32::NAN; batch * height * width * channels];
        with_crew(threads, |crew| layer.run(pictures, true, &mut out, &mut Vec::new(), crew));
        out
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn tiles_equal_plain_sums(
            batch in 1_usize..5, height in 1_usize..20, width in 1_usize..20, channels in 1_usize..40, outputs in 1_usize..40,
            padding in [0_usize..3, 0_usize..3], turned in any::<bool>(),
        ) {
            let input = Size { height, width, channels };
            let pictures = numbers(batch * height * width * channels, 3);
            for isa in Isa::available() {
                let Some((tiled, direct)) = layers(isa, input, outputs, padding, turned) else { return Ok(()) };
                let found = run(&tiled, &pictures, batch, 1);
                let mut expected = vec![f32::NAN; found.len()];
                direct.run(&pictures, Some(crate::graph::Unary::Relu), &mut expected, &mut Vec::new(), &Crew::alone());
                // Sums of so many products of numbers below 1, each off by a few roundings.
                let scale = ((9 * channels) as f32).sqrt().max(1.0);
                for (found, expected) in found.iter().zip(&expected) {
                    prop_assert!((found - expected).abs() <= 4e-6 * scale, "{isa:?}: {found}, directly {expected}");
                }
                // Neither threads nor other pictures beside one make a difference.
                prop_assert_eq!(bits(&run(&tiled, &pictures, batch, 3)), bits(&found));
                let one = pictures.len() / batch;
                let alone: Vec<f32> = pictures.chunks(one).flat_map(|picture| run(&tiled, picture, 1, 2)).collect();
                prop_assert_eq!(bits(&alone), bits(&found));
            }
        }

        #[test]
        fn what_is_not_finite_reaches_only_those_that_see_it(
            height in 3_usize..12, width in 3_usize..12, at in any::<proptest::sample::Index>(), which in 0_usize..3,
        ) {
            let input = Size { height, width, channels: 9 };
            let mut picture = numbers(height * width * 9, 3);
            *at.get_mut(&mut picture) = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY][which];
            for isa in Isa::available() {
                let Some((tiled, direct)) = layers(isa, input, 10, [1, 1], false) else { return Ok(()) };
                let found = run(&tiled, &picture, 1, 1);
                let mut expected = vec![0.0; found.len()];
                direct.run(&picture, Some(crate::graph::Unary::Relu), &mut expected, &mut Vec::new(), &Crew::alone());
                for (found, expected) in found.iter().zip(&expected) {
                    let same = found.to_bits() == expected.to_bits() || found.is_nan() && expected.is_nan();
                    prop_assert!(same || (found - expected).abs() < 1e-4, "{isa:?}: {found}, directly {expected}");
                }
            }
        }
    }
}
