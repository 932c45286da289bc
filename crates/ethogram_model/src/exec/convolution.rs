//! Convolutions and their transposes as products of panels, on pictures with the channels last.

use crate::graph::Window;
use crate::kernel::{Isa, Panels, Source};

/// Height, width and channels of one picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    pub height: usize,
    pub width: usize,
    pub channels: usize,
}

impl Size {
    /// Of a shape `[B, C, H, W]`.
    pub fn of(shape: &[usize]) -> Self {
        Size { height: shape[2], width: shape[3], channels: shape[1] }
    }
}

/// A convolution `[B, H, W, C]` to `[B, H', W', O]`. Each result is one row of the product: a window is `kernel height` stretches of memory.
#[derive(Clone, Debug)]
pub struct Convolution {
    input: Size,
    output: Size,
    kernel: [usize; 2],
    stride: [usize; 2],
    padding: [usize; 2],
    panels: Panels,
}

/// Weights `[O, C, h, w]`, with zeros between their entries where the windows are dilated.
struct Weights<'a> {
    values: &'a [f32],
    channels: usize,
    kernel: [usize; 2],
    dilation: [usize; 2],
}

impl Weights<'_> {
    /// The weight at a place of the window from its first to its last element.
    fn at(&self, output: usize, channel: usize, y: usize, x: usize) -> f32 {
        let [height, width] = self.kernel;
        let (ky, kx) = (y / self.dilation[0], x / self.dilation[1]);
        let between = !y.is_multiple_of(self.dilation[0]) || !x.is_multiple_of(self.dilation[1]);
        if between || ky >= height || kx >= width {
            return 0.0;
        }
        self.values[((output * self.channels + channel) * height + ky) * width + kx]
    }
}

impl Convolution {
    /// For one group. `bias` has a number an output channel.
    pub fn new(input: Size, output: Size, window: &Window, weights: &[f32], bias: Option<&[f32]>) -> Self {
        let extent = [window.extent(0), window.extent(1)];
        let weights =
            Weights { values: weights, channels: input.channels, kernel: window.kernel, dilation: window.dilation };
        let (run, channels) = (extent[1] * input.channels, input.channels);
        let weight = |row: usize, output: usize| weights.at(output, row % channels, row / run, row % run / channels);
        let panels = Panels::pack(Isa::best(), extent[0] * run, output.channels, weight, bias);
        Convolution { input, output, kernel: extent, stride: window.stride, padding: window.padding, panels }
    }

    /// Height and width of the picture with its padding: as far as the windows reach.
    fn padded(&self) -> [usize; 2] {
        let reach = |axis: usize, count: usize, length: usize| {
            ((count - 1) * self.stride[axis] + self.kernel[axis]).max(length + self.padding[axis])
        };
        [reach(0, self.output.height, self.input.height), reach(1, self.output.width, self.input.width)]
    }

    /// One picture. `room` is memory that is used again from call to call.
    pub fn run(&self, picture: &[f32], out: &mut [f32], room: &mut Vec<f32>) {
        let [height, width] = self.padded();
        let exact = self.padding == [0, 0] && [height, width] == [self.input.height, self.input.width];
        let values = if exact {
            picture
        } else {
            pad(picture, self.input, self.padding, [height, width], room);
            room.as_slice()
        };
        let line = width * self.input.channels;
        for y in 0..self.output.height {
            let source = Source {
                values,
                first: y * self.stride[0] * line,
                step: self.stride[1] * self.input.channels,
                line,
                lines: self.kernel[0],
                run: self.kernel[1] * self.input.channels,
            };
            let row = &mut out[y * self.output.width * self.output.channels..];
            self.panels.multiply(&source, self.output.width, row, self.output.channels);
        }
    }
}

/// The transpose: `[B, H', W', O]` to `[B, H, W, C]`. Results that lie `stride` apart see the same weights, so each of the `stride`
/// rows of phases is one product whose columns are the phases of a row with their channels: even few channels fill the registers.
#[derive(Clone, Debug)]
pub struct Transposed {
    /// What comes in: `[H', W', O]`.
    small: Size,
    /// What comes out: `[H, W, C]`.
    large: Size,
    stride: [usize; 2],
    padding: [usize; 2],
    /// Windows that touch one result, down and across.
    touching: [usize; 2],
    /// One a phase of the rows.
    phases: Vec<Panels>,
}

impl Transposed {
    /// For one group; weights `[O, C, h, w]` as of the convolution.
    pub fn new(small: Size, large: Size, window: &Window, weights: &[f32]) -> Self {
        let extent = [window.extent(0), window.extent(1)];
        let weights =
            Weights { values: weights, channels: large.channels, kernel: window.kernel, dilation: window.dilation };
        let stride = window.stride;
        let touching = [extent[0].div_ceil(stride[0]), extent[1].div_ceil(stride[1])];
        let (outputs, channels) = (small.channels, large.channels);
        let phases = (0..stride[0])
            .map(|phase| {
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
            })
            .collect();
        Transposed { small, large, stride, padding: window.padding, touching, phases }
    }

    /// One picture. `room` and `wide` are memory that is used again from call to call.
    pub fn run(&self, picture: &[f32], out: &mut [f32], room: &mut Vec<f32>, wide: &mut Vec<f32>) {
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
        let to: &mut [f32] = if direct { out } else { wide };
        let line = padded[1] * self.small.channels;
        for (phase, panels) in self.phases.iter().enumerate() {
            for t in 0..coarse[0] {
                let source = Source {
                    values,
                    first: t * line,
                    step: self.small.channels,
                    line,
                    lines: j_y,
                    run: j_x * self.small.channels,
                };
                let row = (t * self.stride[0] + phase) * full[1] * channels;
                panels.multiply(&source, coarse[1], &mut to[row..], self.stride[1] * channels);
            }
        }
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

/// A picture laid into a larger one of zeros.
fn pad(picture: &[f32], size: Size, before: [usize; 2], to: [usize; 2], room: &mut Vec<f32>) {
    let (line, wide) = (size.width * size.channels, to[1] * size.channels);
    room.clear();
    room.resize(to[0] * wide, 0.0);
    for (y, row) in picture.chunks_exact(line.max(1)).enumerate() {
        let at = (y + before[0]) * wide + before[1] * size.channels;
        room[at..at + line].copy_from_slice(row);
    }
}
