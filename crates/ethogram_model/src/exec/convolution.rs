//! Convolutions as products of panels, on pictures with the channels last.

use std::sync::{Arc, Mutex, PoisonError};

use super::held::{Layout, turn};
use super::local::Area;
use super::packed::{Form, Packed};
use super::winograd::Winograd;
use crate::graph::{Unary, Window};
use crate::kernel::{Crew, Goal, Isa, Panels, Source, apply};
use crate::tensor::Tensor;

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

/// A convolution `[B, H, W, C]` to `[B, H', W', O]`.
#[derive(Clone, Debug)]
pub struct Convolution {
    input: Size,
    output: Size,
    kernel: [usize; 2],
    stride: [usize; 2],
    padding: [usize; 2],
    way: Way,
}

/// Memory between what comes in and what comes out.
#[derive(Debug, Default)]
pub struct Spare {
    /// A picture with its padding.
    pub padded: Vec<f32>,
    /// Tiles at their points.
    pub tiles: Vec<f32>,
    /// Pictures whose channels were not last.
    pub turned: Vec<f32>,
}

#[derive(Clone, Debug)]
enum Way {
    /// Each result is one row of the product: a window is `kernel height` stretches of memory.
    Direct(Arc<Vec<Panels>>),
    Tiles(Winograd),
}

/// Weights `[O, C, h, w]`, with zeros between their entries where the windows are dilated.
pub(super) struct Weights<'a> {
    pub values: &'a [f32],
    pub channels: usize,
    pub kernel: [usize; 2],
    pub dilation: [usize; 2],
}

impl Weights<'_> {
    /// The weight at a place of the window from its first to its last element.
    pub fn at(&self, output: usize, channel: usize, y: usize, x: usize) -> f32 {
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
    /// For one group, the way that takes least. `bias` has a number an output channel.
    pub fn new(
        input: Size,
        output: Size,
        window: &Window,
        weights: &Arc<Tensor>,
        bias: Option<&Arc<Tensor>>,
        packed: &Packed,
    ) -> Self {
        if !Winograd::pays(input, output, window) {
            return Self::directly(input, output, window, weights, bias, packed);
        }
        let padding = window.padding;
        let way = Way::Tiles(Winograd::new(Isa::best(), input, output, padding, weights, bias, false, packed));
        Convolution { input, output, kernel: window.kernel, stride: window.stride, padding, way }
    }

    /// Numbers that the weights of [`Convolution::new`] become.
    pub fn packed(input: Size, output: Size, window: &Window) -> u64 {
        if Winograd::pays(input, output, window) {
            return Winograd::packed(input, output);
        }
        packed(window.extent(0) * window.extent(1) * input.channels, output.channels)
    }

    /// As one product.
    pub(super) fn directly(
        input: Size,
        output: Size,
        window: &Window,
        weights: &Arc<Tensor>,
        bias: Option<&Arc<Tensor>>,
        packed: &Packed,
    ) -> Self {
        let extent = [window.extent(0), window.extent(1)];
        let pack = || {
            let values = weights.as_f32().unwrap_or_default();
            let weights =
                Weights { values, channels: input.channels, kernel: window.kernel, dilation: window.dilation };
            let (run, channels) = (extent[1] * input.channels, input.channels);
            let weight =
                |row: usize, output: usize| weights.at(output, row % channels, row / run, row % run / channels);
            let bias = bias.and_then(|bias| bias.as_f32());
            vec![Panels::pack(Isa::best(), extent[0] * run, output.channels, weight, bias)]
        };
        let panels = packed.panels(weights, bias, Form::Convolution(window.clone()), pack);
        let way = Way::Direct(panels);
        Convolution { input, output, kernel: extent, stride: window.stride, padding: window.padding, way }
    }

    /// The transpose of a convolution of stride 1, which is one with the weights turned round; `None` when the padding is too wide for that.
    pub fn flipped(small: Size, large: Size, window: &Window, weights: &Arc<Tensor>, packed: &Packed) -> Option<Self> {
        if !Winograd::pays(small, large, window) {
            return Self::flipped_directly(small, large, window, weights, packed);
        }
        let padding = turned_padding(window)?;
        let way = Way::Tiles(Winograd::new(Isa::best(), small, large, padding, weights, None, true, packed));
        Some(Convolution { input: small, output: large, kernel: window.kernel, stride: [1, 1], padding, way })
    }

    /// The same as one product.
    pub(super) fn flipped_directly(
        small: Size,
        large: Size,
        window: &Window,
        weights: &Arc<Tensor>,
        packed: &Packed,
    ) -> Option<Self> {
        let kernel = [window.extent(0), window.extent(1)];
        let padding = turned_padding(window)?;
        let pack = || {
            let values = weights.as_f32().unwrap_or_default();
            let weights =
                Weights { values, channels: large.channels, kernel: window.kernel, dilation: window.dilation };
            let (run, outputs) = (kernel[1] * small.channels, small.channels);
            let weight = |row: usize, channel: usize| {
                let (y, x) = (row / run, row % run / outputs);
                weights.at(row % outputs, channel, kernel[0] - 1 - y, kernel[1] - 1 - x)
            };
            vec![Panels::pack(Isa::best(), kernel[0] * run, large.channels, weight, None)]
        };
        let panels = packed.panels(weights, None, Form::Flipped(window.clone()), pack);
        let way = Way::Direct(panels);
        Some(Convolution { input: small, output: large, kernel, stride: [1, 1], padding, way })
    }

    /// Results that are made anew when an area of the picture changes.
    pub fn sees(&self, area: &Area) -> Area {
        match &self.way {
            Way::Direct(_) => {
                let lengths = [self.output.height, self.output.width];
                area.seen_through((self.kernel, self.stride, self.padding), lengths)
            }
            Way::Tiles(tiles) => tiles.sees(area),
        }
    }

    /// Rows and columns of padding before the first of the picture.
    pub fn before(&self) -> [usize; 2] {
        self.padding
    }

    /// The padded picture that some results are made of, unless the picture itself will do.
    pub fn padding(&self) -> Option<Size> {
        let [height, width] = self.padded();
        let exact = self.padding == [0, 0] && [height, width] == [self.input.height, self.input.width];
        let copies = !exact && matches!(self.way, Way::Direct(_));
        copies.then_some(Size { height, width, channels: self.input.channels })
    }

    /// The results in some rows and columns alone, in place: an area that [`Convolution::sees`] gave, or all. `values` is the padded picture, or the
    /// picture itself where it needs no padding.
    pub fn run_within(&self, values: &[f32], area: &Area, out: &mut [f32]) {
        let panels = match &self.way {
            Way::Direct(panels) => panels,
            Way::Tiles(tiles) => return tiles.run_within(values, area, out),
        };
        let [top, left] = area.from;
        let [height, width] = area.lengths();
        if height == 0 || width == 0 {
            return;
        }
        let line = self.padded()[1] * self.input.channels;
        let row = self.output.width * self.output.channels;
        let source = Source {
            values,
            first: top * self.stride[0] * line + left * self.stride[1] * self.input.channels,
            across: width,
            step: self.stride[1] * self.input.channels,
            down: self.stride[0] * line,
            line,
            lines: self.kernel[0],
            run: self.kernel[1] * self.input.channels,
        };
        let goal = Goal { step: self.output.channels, down: row };
        let out = &mut out[top * row + left * self.output.channels..];
        panels.iter().for_each(|panels| panels.multiply(&source, height * width, out, goal));
    }

    /// Height and width of the picture with its padding: as far as the windows reach.
    fn padded(&self) -> [usize; 2] {
        let reach = |axis: usize, count: usize, length: usize| {
            (count.saturating_sub(1) * self.stride[axis] + self.kernel[axis]).max(length + self.padding[axis])
        };
        [reach(0, self.output.height, self.input.height), reach(1, self.output.width, self.input.width)]
    }

    /// Several pictures, one after the other, and a function of what comes out. `spare` is memory that is used again from call to call.
    pub fn run(
        &self,
        pictures: &[f32],
        layout: Layout,
        activation: Option<Unary>,
        out: &mut [f32],
        spare: &mut Spare,
        crew: &Crew<'_>,
    ) {
        let [one, made] = [self.input, self.output].map(|size| (size.height * size.width * size.channels).max(1));
        let Spare { padded, tiles: room, turned } = spare;
        match &self.way {
            Way::Direct(panels) => {
                for (picture, out) in pictures.chunks_exact(one).zip(out.chunks_exact_mut(made)) {
                    // Turned one by one, so that each is still near the processor when it is read.
                    self.product(panels, self.turned(picture, layout, turned), out, padded, crew);
                    if let Some(unary) = activation {
                        apply(Isa::best(), unary, out);
                    }
                }
            }
            Way::Tiles(tiles) => {
                let pictures = self.turned(pictures, layout, turned);
                tiles.run(pictures, activation == Some(Unary::Relu), out, room, crew);
                if let Some(unary) = activation.filter(|unary| *unary != Unary::Relu) {
                    apply(Isa::best(), unary, out);
                }
            }
        }
    }

    /// Pictures with their channels last, in `room` where they were not.
    fn turned<'p>(&self, pictures: &'p [f32], layout: Layout, room: &'p mut Vec<f32>) -> &'p [f32] {
        if layout == Layout::ChannelsLast {
            return pictures;
        }
        let Size { height, width, channels } = self.input;
        let batch = pictures.len() / (height * width * channels).max(1);
        room.resize(pictures.len(), 0.0);
        turn(pictures, &[batch, channels, height, width], Layout::ChannelsLast, room);
        room
    }

    fn product(&self, panels: &[Panels], picture: &[f32], out: &mut [f32], room: &mut Vec<f32>, crew: &Crew<'_>) {
        let [height, width] = self.padded();
        let exact = self.padding == [0, 0] && [height, width] == [self.input.height, self.input.width];
        let values = if exact {
            picture
        } else {
            pad(picture, self.input, self.padding, [height, width], room);
            room.as_slice()
        };
        let line = width * self.input.channels;
        let row = self.output.width * self.output.channels;
        let goal = Goal { step: self.output.channels, down: row };
        // Each thread takes some lines of the result.
        let each = self.output.height.div_ceil(crew.threads());
        let parts: Vec<Mutex<&mut [f32]>> = out.chunks_mut((each * row).max(1)).map(Mutex::new).collect();
        crew.run(parts.len(), &|part| {
            let mut out = parts[part].lock().unwrap_or_else(PoisonError::into_inner);
            let source = Source {
                values,
                first: part * each * self.stride[0] * line,
                across: self.output.width,
                step: self.stride[1] * self.input.channels,
                down: self.stride[0] * line,
                line,
                lines: self.kernel[0],
                run: self.kernel[1] * self.input.channels,
            };
            let rows = out.len() / self.output.channels.max(1);
            panels.iter().for_each(|panels| panels.multiply(&source, rows, &mut out, goal));
        });
    }
}

/// Numbers of a matrix `[K, N]` in panels.
pub(super) fn packed(k: usize, n: usize) -> u64 {
    (k as u64).saturating_mul(n.next_multiple_of(Isa::best().lanes()) as u64)
}

/// The padding of a transpose; `None` when that of the convolution is too wide for one.
pub(super) fn turned_padding(window: &Window) -> Option<[usize; 2]> {
    let before = |axis: usize| (window.extent(axis) - 1).checked_sub(window.padding[axis]);
    Some([before(0)?, before(1)?])
}

/// A picture laid into a larger one of zeros.
pub(super) fn pad(picture: &[f32], size: Size, before: [usize; 2], to: [usize; 2], room: &mut Vec<f32>) {
    let (line, wide) = (size.width * size.channels, to[1] * size.channels);
    room.clear();
    room.resize(to[0] * wide, 0.0);
    for (y, row) in picture.chunks_exact(line.max(1)).enumerate() {
        let at = (y + before[0]) * wide + before[1] * size.channels;
        room[at..at + line].copy_from_slice(row);
    }
}
