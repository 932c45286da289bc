//! Convolutions of 3×3 windows and stride 1 with fewer multiplications. **Source**: Lavin & Gray (2015), arXiv:1509.09308, algorithm 1.
//!
//! Tiles of 4×4 results lie on a grid that begins in the picture's corner, and each is computed from its own numbers alone, always in the same order. So
//! neither the number of threads, nor that of pictures, nor what part of a picture is asked for makes a difference to the bit.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use super::convolution::{Size, Weights, packed};
use super::local::Area;
use super::packed::{Form, Packed};
use crate::graph::Window;
use crate::kernel::{Crew, Goal, Isa, POINTS, Panels, Picture, Results, SIDE, Source, give, take, weights_at, width};
use crate::tensor::Tensor;

/// Numbers at the points, of what comes in and of what comes out, that stay near the processor together.
const NEAR: usize = 56 * 1_024;

/// Numbers of one layer's weights at the points at most: four times as many as the weights themselves, so large ones stay as they are.
const WEIGHTS_MOST: usize = 4 << 20;

/// Products that taking one channel of one tile to the points, or back, costs as much as, about.
const TRANSFORM: usize = 200;

/// Between the numbers of one point and those of the next, so that they do not all fall on the same lines of the cache. As much as one line has.
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
        // Few channels leave registers empty, here and there in different places.
        let [taken, given] = [channels, outputs].map(|count| count.next_multiple_of(8));
        let tiles = output.height.div_ceil(SIDE) * output.width.div_ceil(SIDE);
        let ours = tiles * (POINTS * POINTS * channels * given + TRANSFORM * (taken + given));
        let direct = output.height * output.width * 9 * channels * given;
        ours * 5 < direct * 4
    }

    /// For one group. `weights` are `[O, C, 3, 3]`, or `[C, O, 3, 3]` where they are `turned`: those of the convolution that this is the transpose of.
    #[expect(clippy::too_many_arguments, reason = "a layer, and the instructions to use")]
    pub fn new(
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
            // Of every point `[C, O]`.
            let mut all = vec![vec![0.0; input.channels * filled]; POINTS * POINTS];
            for (channel, to) in
                (0..input.channels).flat_map(|channel| (0..output.channels).map(move |to| (channel, to)))
            {
                let of = |y: usize| {
                    [0, 1, 2].map(|x| weight(weights, input.channels, output.channels, turned, [to, channel, y, x]))
                };
                let at = weights_at([0, 1, 2].map(of));
                let places = all.iter_mut().zip(at.as_flattened());
                places.for_each(|(point, weight)| point[channel * filled + to] = *weight);
            }
            let panels = |point: &Vec<f32>| {
                Panels::pack(isa, input.channels, filled, |channel, to| point[channel * filled + to], None)
            };
            all.iter().map(panels).collect()
        };
        let products = packed.panels(weights, None, Form::Winograd { turned }, pack);
        let mut of_bias = bias.and_then(|bias| bias.as_f32()).unwrap_or_default().to_vec();
        of_bias.resize(filled, 0.0);
        Winograd { input, output, padding, isa, products, bias: of_bias.into(), weights: weights.clone(), turned }
    }

    /// Numbers that the weights become.
    pub fn packed(input: Size, output: Size) -> u64 {
        (POINTS * POINTS) as u64 * packed(input.channels, output.channels)
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
        room.resize(room.len().max(needed * crew.threads() + APART), 0.0);
        // Registers that are stored across the border of two lines of the cache cost twice as much.
        let start = room.as_ptr().align_offset(APART * size_of::<f32>()).min(APART);
        // Each thread takes some lines of tiles, from line to line of pictures.
        let mut parts = Vec::with_capacity(crew.threads());
        let (mut rest, mut rooms, mut first) = (out, room[start..].chunks_exact_mut(needed), 0);
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
mod tests;
