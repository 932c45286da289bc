//! Transposes of convolutions, which are their input gradients: three ways, by which of them takes the fewest products.

use std::sync::{Arc, Mutex, PoisonError};

use super::convolution::{Convolution, Size, Spare, Weights, packed, pad, turned_padding};
use super::held::Layout;
use super::packed::{Form, Packed};
use super::winograd::Winograd;
use crate::graph::{Binary, Window};
use crate::kernel::{Crew, Goal, Isa, Panels, Source, combine};
use crate::tensor::Tensor;

/// How a transpose is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Flipped,
    Gathered,
    Strewn,
}

impl Way {
    /// The one with the fewest products.
    fn of(small: Size, large: Size, window: &Window) -> Self {
        let (stride, area) = (window.stride, |size: Size| size.height * size.width);
        let exact = area(small) * window.kernel[0] * window.kernel[1];
        // What gathering multiplies with zeros round the picture is saved by strewing, which costs additions instead.
        let dense = window.dilation == [1, 1];
        let touching = [0, 1].map(|axis| window.extent(axis).div_ceil(stride[axis]));
        let coarse = (small.height + touching[0] - 1) * (small.width + touching[1] - 1);
        let gathered = coarse * touching[0] * touching[1] * stride[0] * stride[1];
        let tiled = Winograd::pays(small, large, window);
        let flips =
            stride == [1, 1] && (tiled || !dense || area(large) * window.kernel[0] * window.kernel[1] * 8 <= exact * 9);
        if flips && turned_padding(window).is_some() {
            Way::Flipped
        } else if dense && gathered * 8 > exact * 9 {
            Way::Strewn
        } else {
            Way::Gathered
        }
    }
}

/// The transpose of a convolution: `[B, H', W', O]` to `[B, H, W, C]`. Also its input gradient.
#[derive(Clone, Debug)]
pub enum Transposed {
    Flipped(Convolution),
    Gathered(Gathered),
    Strewn(Strewn),
}

impl Transposed {
    /// For one group; weights `[O, C, h, w]` as of the convolution.
    pub fn new(small: Size, large: Size, window: &Window, weights: &Arc<Tensor>, store: &Packed) -> Self {
        match Way::of(small, large, window) {
            Way::Flipped => Convolution::flipped(small, large, window, weights, store)
                .map_or_else(|| Self::gathered(small, large, window, weights, store), Transposed::Flipped),
            Way::Gathered => Self::gathered(small, large, window, weights, store),
            Way::Strewn => Transposed::Strewn(Strewn::new(small, large, window, weights, store)),
        }
    }

    fn gathered(small: Size, large: Size, window: &Window, weights: &Arc<Tensor>, store: &Packed) -> Self {
        Transposed::Gathered(Gathered::new(small, large, window, weights, store))
    }

    /// Numbers that the weights become.
    pub fn packed(small: Size, large: Size, window: &Window) -> u64 {
        let extent = [window.extent(0), window.extent(1)];
        match Way::of(small, large, window) {
            Way::Flipped if Winograd::pays(small, large, window) => Winograd::packed(small, large),
            Way::Flipped => packed(extent[0] * extent[1] * small.channels, large.channels),
            Way::Gathered => {
                let touching = [0, 1].map(|axis: usize| extent[axis].div_ceil(window.stride[axis]));
                let phase = packed(touching[0] * touching[1] * small.channels, window.stride[1] * large.channels);
                phase.saturating_mul(window.stride[0] as u64)
            }
            Way::Strewn => packed(small.channels, extent[0] * extent[1] * large.channels),
        }
    }

    /// So many pictures, one after the other. `spare` and `wide` are memory that is used again from call to call.
    pub fn run(
        &self,
        pictures: &[f32],
        batch: usize,
        out: &mut [f32],
        spare: &mut Spare,
        wide: &mut Vec<f32>,
        crew: &Crew<'_>,
    ) {
        if let Transposed::Flipped(convolution) = self {
            return convolution.run(pictures, Layout::ChannelsLast, None, out, spare, crew);
        }
        let [one, made] = [pictures.len(), out.len()].map(|all| (all / batch.max(1)).max(1));
        for (picture, out) in pictures.chunks_exact(one).zip(out.chunks_exact_mut(made)) {
            match self {
                Transposed::Flipped(_) => {}
                Transposed::Gathered(gathered) => gathered.run(picture, out, &mut spare.padded, wide, crew),
                Transposed::Strewn(strewn) => strewn.run(picture, out, &mut spare.padded, crew),
            }
        }
    }
}

/// The transpose, strewn: each number that comes in gives a whole window, and windows that overlap are added up.
#[derive(Clone, Debug)]
pub struct Strewn {
    small: Size,
    large: Size,
    kernel: [usize; 2],
    stride: [usize; 2],
    padding: [usize; 2],
    panels: Arc<Vec<Panels>>,
}

impl Strewn {
    fn new(small: Size, large: Size, window: &Window, weights: &Arc<Tensor>, packed: &Packed) -> Self {
        let kernel = window.kernel;
        let pack = || {
            let values = weights.as_f32().unwrap_or_default();
            let weights = Weights { values, channels: large.channels, kernel, dilation: window.dilation };
            let (channels, run) = (large.channels, kernel[1] * large.channels);
            let weight = |output: usize, column: usize| {
                weights.at(output, column % channels, column / run, column % run / channels)
            };
            vec![Panels::pack(Isa::best(), small.channels, kernel[0] * run, weight, None)]
        };
        let panels = packed.panels(weights, None, Form::Strewn(window.clone()), pack);
        Strewn { small, large, kernel, stride: window.stride, padding: window.padding, panels }
    }

    fn run(&self, picture: &[f32], out: &mut [f32], room: &mut Vec<f32>, crew: &Crew<'_>) {
        /// Numbers of windows that stay near the processor.
        const NEAR: usize = 16_384;
        out.fill(0.0);
        let each = self.kernel[0] * self.kernel[1] * self.large.channels;
        let line = self.small.width * each;
        // All lines at once where several threads share them, else as many as stay near.
        let lines =
            if crew.threads() > 1 { self.small.height } else { (NEAR / line.max(1)).clamp(1, self.small.height) };
        for first in (0..self.small.height).step_by(lines) {
            let lines = lines.min(self.small.height - first);
            room.resize(lines * line, 0.0);
            let part_lines = lines.div_ceil(crew.threads());
            let parts: Vec<Mutex<&mut [f32]>> = room.chunks_mut((part_lines * line).max(1)).map(Mutex::new).collect();
            crew.run(parts.len(), &|part| {
                let mut windows = parts[part].lock().unwrap_or_else(PoisonError::into_inner);
                let rows = windows.len() / each.max(1);
                let channels = self.small.channels;
                let source = Source {
                    values: picture,
                    first: (first + part * part_lines) * self.small.width * channels,
                    across: rows.max(1),
                    step: channels,
                    down: 0,
                    line: 0,
                    lines: 1,
                    run: channels,
                };
                let goal = Goal { step: each, down: 0 };
                self.panels.iter().for_each(|panels| panels.multiply(&source, rows, &mut windows, goal));
            });
            drop(parts);
            for (index, windows) in room.chunks_exact(line.max(1)).enumerate() {
                self.strew(first + index, windows, out);
            }
        }
    }

    /// Adds the windows of one line to where they lie.
    fn strew(&self, y: usize, windows: &[f32], out: &mut [f32]) {
        let channels = self.large.channels;
        let run = self.kernel[1] * channels;
        let width = self.large.width * channels;
        for (x, window) in windows.chunks_exact((self.kernel[0] * run).max(1)).enumerate() {
            let left = (x * self.stride[1]) as isize - self.padding[1] as isize;
            let cut = (left.min(0).unsigned_abs() * channels).min(run);
            let start = left.max(0) as usize * channels;
            let count = (run - cut).min(width.saturating_sub(start));
            if count == 0 {
                continue;
            }
            for (ky, values) in window.chunks_exact(run.max(1)).enumerate() {
                let Some(row) = (y * self.stride[0] + ky).checked_sub(self.padding[0]) else { continue };
                if row < self.large.height {
                    let to = &mut out[row * width + start..][..count];
                    combine(Isa::best(), Binary::Add, to, &values[cut..cut + count]);
                }
            }
        }
    }
}

/// The transpose, gathered. Results that lie `stride` apart see the same weights, so each of the `stride`
/// rows of phases is one product whose columns are the phases of a row with their channels: even few channels fill the registers.
#[derive(Clone, Debug)]
pub struct Gathered {
    /// What comes in: `[H', W', O]`.
    small: Size,
    /// What comes out: `[H, W, C]`.
    large: Size,
    stride: [usize; 2],
    padding: [usize; 2],
    /// Windows that touch one result, down and across.
    touching: [usize; 2],
    /// One a phase of the rows.
    phases: Arc<Vec<Panels>>,
}

impl Gathered {
    /// For one group; weights `[O, C, h, w]` as of the convolution.
    fn new(small: Size, large: Size, window: &Window, weights: &Arc<Tensor>, packed: &Packed) -> Self {
        let extent = [window.extent(0), window.extent(1)];
        let stride = window.stride;
        let touching = [extent[0].div_ceil(stride[0]), extent[1].div_ceil(stride[1])];
        let (outputs, channels) = (small.channels, large.channels);
        let pack = || {
            let values = weights.as_f32().unwrap_or_default();
            let weights =
                Weights { values, channels: large.channels, kernel: window.kernel, dilation: window.dilation };
            let phase = |phase| {
                let weight = |row: usize, column: usize| {
                    let (j_y, rest) = (row / (touching[1] * outputs), row % (touching[1] * outputs));
                    let (j_x, output) = (rest / outputs, rest % outputs);
                    let (phase_x, channel) = (column / channels, column % channels);
                    let y = phase + stride[0] * (touching[0] - 1 - j_y);
                    let x = phase_x + stride[1] * (touching[1] - 1 - j_x);
                    weights.at(output, channel, y, x)
                };
                let rows = touching[0] * touching[1] * outputs;
                Panels::pack(Isa::best(), rows, stride[1] * channels, weight, None)
            };
            (0..stride[0]).map(phase).collect()
        };
        let phases = packed.panels(weights, None, Form::Gathered(window.clone()), pack);
        Gathered { small, large, stride, padding: window.padding, touching, phases }
    }

    /// One picture. `room` and `wide` are memory that is used again from call to call.
    fn run(&self, picture: &[f32], out: &mut [f32], room: &mut Vec<f32>, wide: &mut Vec<f32>, crew: &Crew<'_>) {
        let [j_y, j_x] = self.touching;
        // Coarse places of the result, each `stride` by `stride` numbers.
        let coarse = [self.small.height + j_y - 1, self.small.width + j_x - 1];
        let padded = [self.small.height + 2 * (j_y - 1), self.small.width + 2 * (j_x - 1)];
        let values = if j_y == 1 && j_x == 1 {
            picture
        } else {
            pad(picture, self.small, [j_y - 1, j_x - 1], padded, room);
            room.as_slice()
        };
        let channels = self.large.channels;
        let full = [coarse[0] * self.stride[0], coarse[1] * self.stride[1]];
        let direct = self.padding == [0, 0] && full == [self.large.height, self.large.width];
        if !direct {
            wide.resize(full[0] * full[1] * channels, 0.0);
        }
        let to: &mut [f32] = if direct { &mut *out } else { &mut *wide };
        let line = padded[1] * self.small.channels;
        let row = full[1] * channels;
        let goal = Goal { step: self.stride[1] * channels, down: self.stride[0] * row };
        // Each thread takes some coarse lines.
        let each = coarse[0].div_ceil(crew.threads());
        let parts: Vec<Mutex<&mut [f32]>> =
            to.chunks_mut((each * self.stride[0] * row).max(1)).map(Mutex::new).collect();
        crew.run(parts.len(), &|part| {
            let mut to = parts[part].lock().unwrap_or_else(PoisonError::into_inner);
            let source = Source {
                values,
                first: part * each * line,
                across: coarse[1],
                step: self.small.channels,
                down: line,
                line,
                lines: j_y,
                run: j_x * self.small.channels,
            };
            let rows = to.len() / (self.stride[0] * row).max(1) * coarse[1];
            for (phase, panels) in self.phases.iter().enumerate() {
                panels.multiply(&source, rows, &mut to[phase * row..], goal);
            }
        });
        drop(parts);
        if direct {
            return;
        }
        // The part that lies in the picture; what no window touched is zero.
        for y in 0..self.large.height {
            let row = &mut out[y * self.large.width * channels..][..self.large.width * channels];
            let from_y = y + self.padding[0];
            if from_y >= full[0] {
                row.fill(0.0);
                continue;
            }
            let count = self.large.width.min(full[1].saturating_sub(self.padding[1]));
            let from = (from_y * full[1] + self.padding[1]) * channels;
            row[..count * channels].copy_from_slice(&wide[from..from + count * channels]);
            row[count * channels..].fill(0.0);
        }
    }
}
