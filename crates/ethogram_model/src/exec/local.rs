//! The first layers of a network, done again only where a picture changed.
//!
//! Layers of windows, and functions of one number, make of a picture that changed in a rectangle one that changed in a rectangle. The rest
//! stays to the bit what it was without the change, and what is computed anew is computed as ever: sums of the same numbers in the same order.

use std::sync::Arc;

use super::compile::{Pool, Step, Work, leaves_channels_last, steps};
use super::convolution::{Convolution, Size};
use super::fused::Chain;
use super::held::{Layout, channels_second};
use crate::error::{Error, Result};
use crate::graph::{Binary, Graph, Op, Source, Unary, ValueId, Window};
use crate::kernel::{Frame, Isa, apply, average_pool, combine, max_pool};
use crate::reference;
use crate::tensor::{Dtype, Tensor};

/// A rectangle of a picture: rows and columns, from the first to behind the last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Area {
    pub from: [usize; 2],
    pub to: [usize; 2],
}

/// The layers that are done again. Pictures lie with their channels last and are numbered: 0 is the one that changes.
#[derive(Clone, Debug)]
pub struct Local {
    layers: Vec<Layer>,
    sizes: Vec<Size>,
    /// Pictures that other layers go on with.
    frontier: Vec<Edge>,
}

/// A picture that other layers go on with.
#[derive(Clone, Copy, Debug)]
pub struct Edge {
    number: usize,
    /// What the graph calls it.
    pub id: ValueId,
    /// The order in which whole passes hand it on: sums in another order would differ in their last digits.
    pub layout: Layout,
}

#[derive(Clone, Debug)]
struct Layer {
    /// Numbers of pictures.
    inputs: Vec<usize>,
    output: usize,
    kind: Kind,
}

/// How a picture is made.
#[derive(Clone, Debug)]
enum Kind {
    Convolution {
        convolution: Convolution,
        activation: Option<Unary>,
    },
    /// Of several groups, by the plain operation.
    Grouped {
        window: Window,
        weights: Arc<Tensor>,
    },
    Chain(Chain),
    /// A number a channel; whether that is the first argument.
    Channels {
        binary: Binary,
        line: Vec<f32>,
        first: bool,
    },
    Pool {
        pool: Pool,
        frame: Frame,
    },
}

/// All pictures of one row as they are, and padded where a layer wants them so.
#[derive(Clone, Debug, Default)]
pub struct Canvas {
    pictures: Vec<Vec<f32>>,
    /// One a layer; empty where it takes the picture itself.
    padded: Vec<Vec<f32>>,
    /// Where each picture differs from the one without a change.
    changed: Vec<Area>,
}

impl Area {
    /// Rows and columns.
    pub fn lengths(&self) -> [usize; 2] {
        [0, 1].map(|axis| self.to[axis].saturating_sub(self.from[axis]))
    }

    /// Places.
    pub fn count(&self) -> usize {
        self.lengths().iter().product()
    }

    fn is_empty(&self) -> bool {
        self.count() == 0
    }

    /// The smallest that has both in it.
    fn with(self, other: Area) -> Area {
        match (self.is_empty(), other.is_empty()) {
            (true, _) => other,
            (_, true) => self,
            _ => Area {
                from: [0, 1].map(|axis| self.from[axis].min(other.from[axis])),
                to: [0, 1].map(|axis| self.to[axis].max(other.to[axis])),
            },
        }
    }

    /// Results whose windows reach into this one.
    pub(super) fn seen_through(
        &self,
        (extent, stride, padding): ([usize; 2], [usize; 2], [usize; 2]),
        output: [usize; 2],
    ) -> Area {
        if self.is_empty() {
            return Area::default();
        }
        let first = |axis: usize| {
            let before = (self.from[axis] + padding[axis] + 1).saturating_sub(extent[axis]);
            before.div_ceil(stride[axis]).min(output[axis])
        };
        let behind = |axis: usize| ((self.to[axis] - 1 + padding[axis]) / stride[axis] + 1).min(output[axis]);
        let (from, to) = ([first(0), first(1)], [behind(0), behind(1)]);
        if from[0] >= to[0] || from[1] >= to[1] { Area::default() } else { Area { from, to } }
    }
}

impl Size {
    fn whole(self) -> Area {
        Area { from: [0, 0], to: [self.height, self.width] }
    }

    fn count(self) -> usize {
        self.height * self.width * self.channels
    }
}

impl Local {
    /// The layers between a picture `[B, C, H, W]` and the rest of what `output` takes. `None` when there are none worth it.
    pub fn of(graph: &Graph, from: ValueId, output: ValueId) -> Option<Self> {
        let value = graph.value(from);
        let &[rows, ..] = value.shape.as_slice() else { return None };
        if value.shape.len() != 4 || value.dtype != Dtype::F32 {
            return None;
        }
        let mut local = Local { layers: Vec::new(), sizes: vec![Size::of(&value.shape)], frontier: Vec::new() };
        let mut numbers: Vec<Option<usize>> = vec![None; graph.len()];
        numbers[from.index()] = Some(0);
        let steps = steps(graph, &[output], &[]);
        let mut rest: Vec<ValueId> = vec![output];
        for step in &steps {
            let shape = &graph.value(step.output).shape;
            let fits = shape.len() == 4 && shape[0] == rows && step.output != from;
            match local.layer(graph, step, &numbers).filter(|_| fits) {
                Some((inputs, kind)) => {
                    local.layers.push(Layer { inputs, output: local.sizes.len(), kind });
                    numbers[step.output.index()] = Some(local.sizes.len());
                    local.sizes.push(Size::of(shape));
                }
                None => rest.extend(&step.inputs),
            }
        }
        for id in rest {
            if let Some(number) = numbers[id.index()]
                && !local.frontier.iter().any(|known| known.number == number)
            {
                let last = leaves_channels_last(graph, id);
                let layout = if last { Layout::ChannelsLast } else { Layout::Plain };
                local.frontier.push(Edge { number, id, layout });
            }
        }
        let windows = |layer: &Layer| matches!(layer.kind, Kind::Convolution { .. } | Kind::Grouped { .. });
        local.layers.iter().any(windows).then_some(local)
    }

    /// A step as a layer, with the numbers of the pictures that it takes.
    fn layer(&self, graph: &Graph, step: &Step, numbers: &[Option<usize>]) -> Option<(Vec<usize>, Kind)> {
        let all = || step.inputs.iter().map(|input| numbers[input.index()]).collect::<Option<Vec<_>>>();
        let kind = match &step.work {
            Work::Convolution { convolution, activation } => {
                Kind::Convolution { convolution: convolution.clone(), activation: *activation }
            }
            Work::Chain(chain) => Kind::Chain(chain.clone()),
            Work::Pool { pool: pool @ (Pool::Max | Pool::Average { .. }), frame } => {
                Kind::Pool { pool: *pool, frame: frame.clone() }
            }
            Work::Plain(Op::Conv(window)) => {
                let (input, weights) = (numbers[step.inputs[0].index()]?, constant(graph, step.inputs[1])?);
                return Some((vec![input], Kind::Grouped { window: window.clone(), weights: weights.clone() }));
            }
            Work::Pairs { binary, .. } => {
                let (place, input) =
                    step.inputs.iter().enumerate().find_map(|(place, input)| Some((place, numbers[input.index()]?)))?;
                let tensor = constant(graph, *step.inputs.get(1 - place)?)?;
                let (size, values) = (self.sizes[input], tensor.as_f32()?);
                let own = tensor.shape().len() <= 4
                    && graph.value(step.output).shape == graph.value(step.inputs[place]).shape;
                let channels = tensor.shape().iter().rev().nth(2).copied().unwrap_or(1);
                if !own || values.len() != channels || channels != size.channels {
                    return None;
                }
                let line = std::iter::repeat_n(values, size.width).flatten().copied().collect();
                return Some((vec![input], Kind::Channels { binary: *binary, line, first: place == 1 }));
            }
            _ => return None,
        };
        Some((all().filter(|inputs| !inputs.is_empty())?, kind))
    }

    /// Bytes of one canvas.
    pub fn bytes(&self) -> u64 {
        let padded = self.layers.iter().filter_map(Layer::padding);
        let numbers: u64 = self.sizes.iter().copied().chain(padded).map(|size| size.count() as u64).sum();
        numbers.saturating_mul(size_of::<f32>() as u64)
    }

    /// What others go on with.
    pub fn frontier(&self) -> &[Edge] {
        &self.frontier
    }

    /// Those of it that are handed on with their channels last.
    pub fn pictures(&self) -> Vec<ValueId> {
        self.frontier.iter().filter(|edge| edge.layout == Layout::ChannelsLast).map(|edge| edge.id).collect()
    }

    /// Adds each picture of the frontier, as it is on a canvas and in its layout, to a list of its own.
    pub fn hand_on(&self, canvas: &Canvas, lists: &mut [Vec<f32>]) {
        for (edge, list) in self.frontier.iter().zip(lists) {
            let (picture, size) = (&canvas.pictures[edge.number], self.sizes[edge.number]);
            match edge.layout {
                Layout::ChannelsLast => list.extend_from_slice(picture),
                Layout::Plain => list.extend(channels_second(picture, &[1, size.channels, size.height, size.width])),
            }
        }
    }

    /// Everything that is made of one picture `[C, H, W]`.
    pub fn canvas(&self, picture: &[f32]) -> Result<Canvas> {
        let mut canvas = Canvas {
            pictures: self.sizes.iter().map(|size| vec![0.0; size.count()]).collect(),
            padded: self.layers.iter().map(|layer| vec![0.0; layer.padding().map_or(0, Size::count)]).collect(),
            changed: vec![Area::default(); self.sizes.len()],
        };
        self.lay(&mut canvas, &self.sizes[0].whole(), picture)?;
        // All of it: some results see padding alone.
        self.redo(&mut canvas, |layer, _| self.sizes[layer.output].whole())?;
        canvas.changed.fill(Area::default());
        Ok(canvas)
    }

    /// Makes of `canvas` what is made of the picture with other numbers, `[C, rows, columns]`, in an area, and the numbers of `base` elsewhere.
    /// All that may differ from `base` is where the last change was.
    pub fn change(&self, base: &Canvas, canvas: &mut Canvas, area: &Area, values: &[f32]) -> Result<()> {
        let before = canvas.changed.clone();
        for (number, area) in before.iter().enumerate() {
            copy(&base.pictures[number], &mut canvas.pictures[number], self.sizes[number], area, [0, 0], None);
        }
        for (index, layer) in self.layers.iter().enumerate() {
            layer.lay_padded(canvas, index, self.sizes[layer.inputs[0]], &before[layer.inputs[0]]);
        }
        self.lay(canvas, area, values)?;
        self.redo(canvas, |layer, seen| layer.sees(&seen, self.sizes[layer.output]))
    }

    /// Lays numbers into the first picture.
    fn lay(&self, canvas: &mut Canvas, area: &Area, values: &[f32]) -> Result<()> {
        let (size, [height, width]) = (self.sizes[0], area.lengths());
        if area.to[0] > size.height || area.to[1] > size.width || values.len() != size.channels * height * width {
            return Err(Error::Inconsistent(format!("{} numbers for {area:?} of {size:?}", values.len())));
        }
        for (channel, plane) in values.chunks(area.count().max(1)).enumerate() {
            for (row, line) in plane.chunks(width.max(1)).enumerate() {
                let start = ((area.from[0] + row) * size.width + area.from[1]) * size.channels + channel;
                let places = canvas.pictures[0][start..].iter_mut().step_by(size.channels);
                places.zip(line).for_each(|(to, value)| *to = *value);
            }
        }
        canvas.changed[0] = *area;
        Ok(())
    }

    /// Does each layer where its result is to be made anew; what is said of that knows where its pictures changed.
    fn redo(&self, canvas: &mut Canvas, within: impl Fn(&Layer, Area) -> Area) -> Result<()> {
        for (index, layer) in self.layers.iter().enumerate() {
            let all = layer.inputs.iter().map(|&input| canvas.changed[input]);
            let seen = all.fold(Area::default(), Area::with);
            layer.lay_padded(canvas, index, self.sizes[layer.inputs[0]], &seen);
            let area = within(layer, seen);
            if !area.is_empty() {
                layer.run(canvas, index, &self.sizes, &area)?;
            }
            canvas.changed[layer.output] = area;
        }
        Ok(())
    }
}

impl Layer {
    /// The padded picture that it takes.
    fn padding(&self) -> Option<Size> {
        match &self.kind {
            Kind::Convolution { convolution, .. } => convolution.padding(),
            _ => None,
        }
    }

    /// Takes over what is new in the picture into its padded form.
    fn lay_padded(&self, canvas: &mut Canvas, index: usize, size: Size, area: &Area) {
        if let (Some(padded), Kind::Convolution { convolution, .. }) = (self.padding(), &self.kind) {
            let before = convolution.before();
            copy(&canvas.pictures[self.inputs[0]], &mut canvas.padded[index], size, area, before, Some(padded));
        }
    }

    /// Where its result changes.
    fn sees(&self, area: &Area, output: Size) -> Area {
        let lengths = [output.height, output.width];
        let window = |window: &Window| ([window.extent(0), window.extent(1)], window.stride, window.padding);
        match &self.kind {
            Kind::Convolution { convolution, .. } => convolution.sees(area),
            Kind::Grouped { window: grouped, .. } => area.seen_through(window(grouped), lengths),
            Kind::Pool { frame, .. } => area.seen_through(window(&frame.window), lengths),
            Kind::Chain(_) | Kind::Channels { .. } => *area,
        }
    }

    /// Its result in an area.
    fn run(&self, canvas: &mut Canvas, index: usize, sizes: &[Size], area: &Area) -> Result<()> {
        let (input, size) = (sizes[self.inputs[0]], sizes[self.output]);
        let mut out = std::mem::take(&mut canvas.pictures[self.output]);
        let picture = |number: usize| canvas.pictures[number].as_slice();
        let [height, width] = area.lengths();
        let lines = (area.from[0]..area.to[0]).map(|row| {
            let start = (row * size.width + area.from[1]) * size.channels;
            start..start + width * size.channels
        });
        match &self.kind {
            Kind::Convolution { convolution, activation } => {
                let padded = canvas.padded[index].as_slice();
                let values = if padded.is_empty() { picture(self.inputs[0]) } else { padded };
                convolution.run_within(values, area, &mut out);
                if let Some(unary) = activation {
                    lines.for_each(|line| apply(Isa::best(), *unary, &mut out[line]));
                }
            }
            Kind::Grouped { window, weights } => {
                let found = grouped(picture(self.inputs[0]), input, window, weights, area)?;
                for (channel, plane) in found.chunks(height * width).enumerate() {
                    for (line, values) in lines.clone().zip(plane.chunks(width)) {
                        let places = out[line][channel..].iter_mut().step_by(size.channels);
                        places.zip(values).for_each(|(to, value)| *to = *value);
                    }
                }
            }
            Kind::Chain(chain) => {
                let pictures: Vec<&[f32]> = self.inputs.iter().map(|&number| picture(number)).collect();
                for line in lines {
                    let arguments: Vec<&[f32]> = pictures.iter().map(|picture| &picture[line.clone()]).collect();
                    chain.run(&arguments, &mut out[line]);
                }
            }
            Kind::Channels { binary, line: constant, first } => {
                for line in lines {
                    let (own, other) = (&picture(self.inputs[0])[line.clone()], &constant[..line.len()]);
                    let (x, y) = if *first { (other, own) } else { (own, other) };
                    out[line.clone()].copy_from_slice(x);
                    combine(Isa::best(), *binary, &mut out[line], y);
                }
            }
            Kind::Pool { pool, frame } => {
                let part = [area.from[0]..area.to[0], area.from[1]..area.to[1]];
                let mut found = vec![0.0; area.count() * size.channels];
                match pool {
                    Pool::Average { padding_counts } => {
                        average_pool(frame, *padding_counts, picture(self.inputs[0]), &part, &mut found);
                    }
                    _ => max_pool(Isa::best(), frame, picture(self.inputs[0]), &part, &mut found),
                }
                for (line, values) in lines.zip(found.chunks(width * size.channels)) {
                    out[line].copy_from_slice(values);
                }
            }
        }
        canvas.pictures[self.output] = out;
        Ok(())
    }
}

fn constant(graph: &Graph, id: ValueId) -> Option<&Arc<Tensor>> {
    match &graph.value(id).source {
        Source::Constant(tensor) => Some(tensor),
        _ => None,
    }
}

/// An area of one picture laid where it is in another, or so many places further in a larger one.
fn copy(from: &[f32], to: &mut [f32], size: Size, area: &Area, before: [usize; 2], larger: Option<Size>) {
    let wide = larger.unwrap_or(size).width;
    let length = area.lengths()[1] * size.channels;
    for row in area.from[0]..area.to[0] {
        let source = (row * size.width + area.from[1]) * size.channels;
        let goal = ((row + before[0]) * wide + area.from[1] + before[1]) * size.channels;
        to[goal..goal + length].copy_from_slice(&from[source..source + length]);
    }
}

/// A convolution of several groups in an area. **Shapes**: `[O, rows, columns]`.
fn grouped(picture: &[f32], size: Size, window: &Window, weights: &Tensor, area: &Area) -> Result<Vec<f32>> {
    let lengths = area.lengths();
    let reach = [0, 1].map(|axis| (lengths[axis] - 1) * window.stride[axis] + window.extent(axis));
    let mut part = vec![0.0; size.channels * reach[0] * reach[1]];
    let inside = |axis: usize, at: usize, length: usize| {
        (area.from[axis] * window.stride[axis] + at).checked_sub(window.padding[axis]).filter(|&at| at < length)
    };
    for y in 0..reach[0] {
        let Some(row) = inside(0, y, size.height) else { continue };
        for x in 0..reach[1] {
            let Some(column) = inside(1, x, size.width) else { continue };
            for channel in 0..size.channels {
                part[(channel * reach[0] + y) * reach[1] + x] =
                    picture[(row * size.width + column) * size.channels + channel];
            }
        }
    }
    let part = Tensor::f32(&[1, size.channels, reach[0], reach[1]], part)?;
    let op = Op::Conv(Window { padding: [0, 0], ..window.clone() });
    let shape = [1, weights.shape()[0], lengths[0], lengths[1]];
    let made = reference::evaluate(&op, &[&part, weights], &shape).map_err(Error::Inconsistent)?;
    Ok(made.as_f32().unwrap_or_default().to_vec())
}
