//! Parts of the input hidden, one after the other.

use super::{Attributed, Attribution, Baseline, Explained};
use crate::error::{Error, Result};
use crate::exec::Cancel;
use crate::tensor::Tensor;

/// How far the target falls when a window is replaced by the baseline; windows that overlap are averaged.
#[derive(Clone, Debug, Default)]
pub struct Occlusion {
    /// Elements of the window along the last axes; empty for a choice by shape: 8 × 8 of a picture, one entry of a vector.
    pub window: Vec<usize>,
    /// Distance from window to window; empty for half the window.
    pub stride: Vec<usize>,
    /// What the window is filled with.
    pub baseline: Baseline,
}

impl Attribution for Occlusion {
    fn name(&self) -> &'static str {
        "occlusion"
    }

    fn doc(&self) -> &'static str {
        "how far the target falls when a window of the input is hidden"
    }

    fn source(&self) -> &'static str {
        "Zeiler and Fergus (2014), section 4.2; overlaps averaged as in captum"
    }

    fn attribute(&self, explained: &Explained, cancel: &Cancel) -> Result<Attributed> {
        let (rows, width) = (explained.rows(), explained.width());
        let baseline = self.baseline.values(explained)?;
        let shape = &explained.at().shape()[1..];
        let windows = self.windows(shape)?;
        let all: Vec<usize> = (0..rows).collect();
        let at = explained.at_values();
        let at_input = explained.values(at, &all, cancel)?;

        let mut sums = vec![0.0_f64; at.len()];
        let mut covers = vec![0_u32; width];
        windows.iter().flatten().for_each(|&element| covers[element] += 1);
        // All rows share a window, and a few windows are asked about at once.
        for windows in windows.chunks((512 / rows).max(1)) {
            let mut points = Vec::with_capacity(windows.len() * at.len());
            let mut of = Vec::with_capacity(windows.len() * rows);
            for window in windows {
                for row in 0..rows {
                    let start = points.len();
                    points.extend_from_slice(&at[row * width..][..width]);
                    window.iter().for_each(|&element| points[start + element] = baseline[row * width + element]);
                    of.push(row);
                }
            }
            let found = explained.values(&points, &of, cancel)?;
            for (index, value) in found.into_iter().enumerate() {
                let row = of[index];
                let fall = f64::from(at_input[row]) - f64::from(value);
                windows[index / rows].iter().for_each(|&element| sums[row * width + element] += fall);
            }
        }
        let values =
            sums.iter().enumerate().map(|(at, sum)| (sum / f64::from(covers[at % width].max(1))) as f32).collect();
        Ok(Attributed {
            values: Tensor::f32(explained.at().shape(), values)?,
            at_input,
            at_baseline: Vec::new(),
            completeness_error: Vec::new(),
        })
    }
}

impl Occlusion {
    /// Elements of every window, in a row of shape `shape`. Leading axes are always covered whole.
    fn windows(&self, shape: &[usize]) -> Result<Vec<Vec<usize>>> {
        let window = if self.window.is_empty() {
            if shape.len() >= 2 { vec![8, 8] } else { vec![1] }
        } else {
            self.window.clone()
        };
        let stride = if self.stride.is_empty() {
            window.iter().map(|length| (length / 2).max(1)).collect()
        } else {
            self.stride.clone()
        };
        let spatial = window.len();
        if spatial > shape.len() || stride.len() != spatial || window.contains(&0) || stride.contains(&0) {
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
