//! Parts of the input hidden, one after the other.

use super::baseline::{BASELINE, BASELINE_SIGMA, BASELINE_STEP, SEED};
use super::explained::Part;
use super::patch::Patch;
use super::picture::Picture;
use super::{Attributed, Attribution, Baseline, Explained, Method, Param, Tells};
use crate::error::{Error, Result};
use crate::exec::{Area, Cancel};

/// Windows whose contents are held at one time.
const WINDOWS_AT_ONCE: usize = 512;

/// As people choose it.
pub(super) const METHOD: Method = Method {
    name: "occlusion",
    doc: "how far the target falls when a window of the input is hidden",
    does_not_show: "things that matter only together with others outside the window; the hole itself may be what the policy reacts to",
    tells: Tells::Effects,
    cost: "one pass forward for each window",
    source: "Zeiler and Fergus (2014), section 4.2; overlaps averaged as in captum; of a recurrent state the memory perturbation of Greydanus et al. (2018), section 4.4",
    params: &[
        Param::integer(
            "window",
            [0, 0, 4_096],
            "side of the window, in elements; 0 for 8 × 8 of a picture, one entry of a vector",
        ),
        Param::integer("stride", [0, 0, 4_096], "distance from window to window; 0 for half a window"),
        Param::float(
            "strength",
            [1.0, 0.0, 1.0],
            "how far the window goes to the baseline; of a recurrent state and the baseline zero, how much is forgotten",
        ),
        BASELINE,
        BASELINE_SIGMA,
        BASELINE_STEP,
        SEED,
    ],
    make: |settings| {
        let square = |name: &str| Some(settings.count(name)).filter(|&side| side > 0);
        Ok(Box::new(Occlusion {
            window: square("window").map_or_else(Vec::new, |side| vec![side; 2]),
            stride: square("stride").map_or_else(Vec::new, |side| vec![side; 2]),
            strength: settings.float("strength") as f32,
            baseline: Baseline::of(settings),
        }))
    },
};

/// How far the target falls when a window is replaced by the baseline; windows that overlap are averaged.
#[derive(Clone, Debug)]
pub struct Occlusion {
    /// Elements of the window along the last axes; empty for a choice by shape: 8 × 8 of a picture, one entry of a vector. Of a vector only
    /// the last one counts.
    pub window: Vec<usize>,
    /// Distance from window to window; empty for half the window.
    pub stride: Vec<usize>,
    /// How far the window goes to the baseline, from 0 to 1.
    pub strength: f32,
    /// What the window is filled with.
    pub baseline: Baseline,
}

impl Default for Occlusion {
    fn default() -> Self {
        Occlusion { window: Vec::new(), stride: Vec::new(), strength: 1.0, baseline: Baseline::Zero }
    }
}

impl Attribution for Occlusion {
    fn attribute(&self, explained: &Explained, cancel: &Cancel) -> Result<Attributed> {
        let (rows, width) = (explained.rows(), explained.width());
        let baseline = self.baseline.values(explained)?;
        let all: Vec<usize> = (0..rows).collect();
        let at = explained.at_values();
        let at_input = explained.values(at, &all, cancel)?;

        let mut sums = vec![0.0_f64; at.len()];
        let mut covers = vec![0_u32; width];
        for part in explained.parts() {
            let windows = self.windows(part)?;
            let areas: Vec<Area> = windows.iter().map(|window| around(window, Picture::or_line(part))).collect();
            windows.iter().flatten().for_each(|&element| covers[part.offset + element] += 1);
            let places: Vec<usize> = (0..rows * windows.len()).collect();
            for places in places.chunks(WINDOWS_AT_ONCE) {
                let patch = |&place: &usize| {
                    let (row, window) = (place / windows.len(), place % windows.len());
                    let start = row * width + part.offset;
                    Patch::new(row, part, areas[window], |element| {
                        let clear = at[start + element];
                        // The window may leave some planes as they are.
                        if windows[window].binary_search(&element).is_err() {
                            return clear;
                        }
                        clear + self.strength * (baseline[start + element] - clear)
                    })
                };
                let patches: Vec<Patch> = places.iter().map(patch).collect();
                let of: Vec<usize> = patches.iter().map(|patch| patch.row).collect();
                let (outputs, _) = explained.outputs_of(part, &patches, cancel)?;
                for (&place, value) in places.iter().zip(explained.target().numbers(&outputs, &of)) {
                    let (row, window) = (place / windows.len(), &windows[place % windows.len()]);
                    let fall = f64::from(at_input[row]) - f64::from(value);
                    let start = row * width + part.offset;
                    window.iter().for_each(|&element| sums[start + element] += fall);
                }
            }
        }
        let values =
            sums.iter().enumerate().map(|(at, sum)| (sum / f64::from(covers[at % width].max(1))) as f32).collect();
        Attributed::plain(explained.at().shape(), values, at_input)
    }
}

/// The rectangle of a picture that a window is, over all planes.
fn around(window: &[usize], picture: Picture) -> Area {
    let (mut from, mut to) = ([usize::MAX; 2], [0; 2]);
    for element in window {
        let [_, row, column] = picture.place(*element);
        let place = [row, column];
        for axis in 0..2 {
            from[axis] = from[axis].min(place[axis]);
            to[axis] = to[axis].max(place[axis] + 1);
        }
    }
    if window.is_empty() { Area::default() } else { Area { from, to } }
}

impl Occlusion {
    /// Elements of every window, in rising order. Of a picture all planes are covered, of all else the leading axes.
    fn windows(&self, part: &Part) -> Result<Vec<Vec<usize>>> {
        let picture = Picture::of(part);
        let axes = if self.window.is_empty() { 1 + usize::from(picture.is_some()) } else { self.window.len() };
        let Some(picture) = picture.filter(|_| part.channels_last && axes == 2) else {
            return self.windows_of(&part.shape, axes);
        };
        // Planes first, and every element to where it lies.
        let mut windows = self.windows_of(&[picture.planes, picture.height, picture.width], axes)?;
        let plane = picture.height * picture.width;
        for window in &mut windows {
            for element in window.iter_mut() {
                *element =
                    picture.element(*element / plane, *element % plane / picture.width, *element % picture.width);
            }
            window.sort_unstable();
        }
        Ok(windows)
    }

    /// Windows over the last axes of a row of shape `shape`.
    fn windows_of(&self, shape: &[usize], axes: usize) -> Result<Vec<Vec<usize>>> {
        let spatial = shape.len().min(axes);
        let last = |lengths: &[usize]| lengths[lengths.len().saturating_sub(spatial)..].to_vec();
        let window = match (self.window.is_empty(), spatial) {
            (true, 2) => vec![8, 8],
            (true, _) => vec![1; spatial],
            (false, _) => last(&self.window),
        };
        let stride = if self.stride.is_empty() {
            window.iter().map(|length| (length / 2).max(1)).collect()
        } else {
            last(&self.stride)
        };
        if stride.len() != spatial || window.contains(&0) || stride.contains(&0) {
            return Err(Error::Argument {
                argument: "window",
                expected: format!("lengths and strides of at least 1 for the last axes of shape {shape:?}"),
                found: format!("window {window:?}, stride {stride:?}"),
            });
        }
        let outer: usize = shape[..shape.len() - spatial].iter().product();
        let lengths = &shape[shape.len() - spatial..];
        let inner: usize = lengths.iter().product();
        // The last window of an axis may stick out; it then covers what is left.
        let count = |axis: usize| lengths[axis].saturating_sub(window[axis]).div_ceil(stride[axis]) + 1;
        let counts: Vec<usize> = (0..spatial).map(count).collect();
        let steps = crate::tensor::strides(&counts);
        let places = crate::tensor::strides(lengths);
        Ok((0..counts.iter().product())
            .map(|index: usize| {
                let starts: Vec<usize> =
                    (0..spatial).map(|axis| index / steps[axis] % counts[axis] * stride[axis]).collect();
                let within = |element: &usize| {
                    (0..spatial).all(|axis| {
                        let at = element / places[axis] % lengths[axis];
                        at >= starts[axis] && at < starts[axis] + window[axis]
                    })
                };
                let part: Vec<usize> = (0..inner).filter(within).collect();
                (0..outer).flat_map(|plane| part.iter().map(move |element| plane * inner + element)).collect()
            })
            .collect())
    }
}
