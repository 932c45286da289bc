//! Pictures and lines of another size.
//!
//! Every axis is resized by itself: the nearest entries are picked, and all else is a product with a constant matrix. So its derivative is that of a
//! product. **Source**: ONNX's operator `Resize`, versions 11 to 19.

use super::{Call, Lower};
use crate::error::{Result, within};
use crate::graph::ValueId;
use crate::tensor::{Dtype, Tensor};

pub const OPERATORS: &[(&str, Lower)] = &[("Resize", resize)];

/// How one axis is resized.
struct Line {
    from: usize,
    to: usize,
    /// Length of the result over length of the input, which need not be whole entries.
    scale: f32,
    /// Part of the axis that is looked at, of `tf_crop_and_resize`.
    part: [f32; 2],
}

fn resize(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let given = call.input(0)?;
    let (shape, dtype) = (call.shape(given), call.b.dtype(given));
    let axes = match call.attributes.ints("axes") {
        Some(axes) => call.axes(axes, shape.len())?,
        None => (0..shape.len()).collect(),
    };
    let lines = lines(call, &shape, &axes)?;
    let mut y = call.b.cast(given, Dtype::F32)?;
    for (&axis, line) in axes.iter().zip(&lines) {
        let crops = call.attributes.text("coordinate_transformation_mode", "") == "tf_crop_and_resize";
        #[expect(clippy::float_cmp, reason = "only a scale of 1 itself leaves everything as it is")]
        if line.from == line.to && line.scale == 1.0 && !crops {
            continue;
        }
        if line.from == 0 || line.to == 0 {
            return Err(call.b.wrong(format!("an axis of length {} to one of {}", line.from, line.to)));
        }
        y = along(call, y, axis, line)?;
    }
    Ok(vec![call.b.cast(y, dtype)?])
}

/// What is asked of each axis.
fn lines(call: &Call<'_>, shape: &[usize], axes: &[usize]) -> Result<Vec<Line>> {
    let constants = |index: usize| -> Result<Option<Vec<f32>>> {
        let Some(id) = call.optional(index) else { return Ok(None) };
        match call.b.constant_of(id).and_then(|tensor| tensor.as_f32()) {
            Some([]) => Ok(None),
            Some(values) => Ok(Some(values.to_vec())),
            None => Err(call.b.wrong(format!("input {index} must be constant floats"))),
        }
    };
    let (regions, scales, sizes) = (constants(1)?, constants(2)?, call.integers(3)?);
    let counts = [scales.as_ref().map(Vec::len), sizes.as_ref().map(Vec::len)];
    let regions = if call.attributes.text("coordinate_transformation_mode", "") == "tf_crop_and_resize" {
        regions.ok_or_else(|| call.b.wrong("tf_crop_and_resize without the region"))?
    } else {
        [vec![0.0; axes.len()], vec![1.0; axes.len()]].concat()
    };
    let fits = counts.iter().flatten().all(|&count| count == axes.len()) && regions.len() == 2 * axes.len();
    let lengths: Vec<f32> = axes.iter().map(|&axis| shape[axis] as f32).collect();
    let scales: Vec<f32> = match (scales, sizes) {
        (_, Some(_)) | (Some(_), None) if !fits => {
            return Err(call.b.wrong(format!("{counts:?} scales and sizes for {} axes", axes.len())));
        }
        (_, Some(sizes)) => {
            let each: Vec<f32> = sizes.iter().zip(&lengths).map(|(&size, &length)| size as f32 / length).collect();
            let one = match call.attributes.text("keep_aspect_ratio_policy", "stretch") {
                "not_larger" => each.iter().copied().reduce(f32::min),
                "not_smaller" => each.iter().copied().reduce(f32::max),
                _ => None,
            };
            let whole: Vec<i64> = match one {
                Some(one) => lengths.iter().map(|length| (one * length + 0.5).floor() as i64).collect(),
                None => sizes,
            };
            let to = call.lengths(&whole)?;
            let line = |at: usize| Line {
                from: shape[axes[at]],
                to: to[at],
                scale: one.unwrap_or(each[at]),
                part: [regions[at], regions[axes.len() + at]],
            };
            return Ok((0..axes.len()).map(line).collect());
        }
        (Some(scales), None) => scales,
        (None, None) => return Err(call.b.wrong("neither scales nor sizes")),
    };
    let most = call.b.limits().tensor_elements;
    (0..axes.len())
        .map(|at| {
            let part = [regions[at], regions[axes.len() + at]];
            let to = (lengths[at] * (part[1] - part[0]) * scales[at]).floor();
            if !(scales[at] > 0.0 && to >= 0.0) {
                return Err(call.b.wrong(format!("a scale of {}, expected more than 0", scales[at])));
            }
            within("a resized axis", to as u64, "tensor_elements", most)?;
            Ok(Line { from: shape[axes[at]], to: to as usize, scale: scales[at], part })
        })
        .collect()
}

/// One axis of a value, resized.
fn along(call: &mut Call<'_>, x: ValueId, axis: usize, line: &Line) -> Result<ValueId> {
    let mode = call.attributes.text("mode", "nearest").to_owned();
    let cells = (line.from as u64).saturating_mul(line.to as u64);
    within("the weights of a resized axis", cells, "tensor_elements", call.b.limits().tensor_elements)?;
    let places: Vec<f64> = (0..line.to).map(|at| line.place(call, at)).collect::<Result<_>>()?;
    let outside = |place: f64| place < 0.0 || place > line.from as f64 - 1.0;
    let crops = call.attributes.text("coordinate_transformation_mode", "") == "tf_crop_and_resize";
    if mode == "nearest" && !crops {
        let rounding = call.attributes.text("nearest_mode", "round_prefer_floor").to_owned();
        let last = line.from as i64 - 1;
        let picked = places.iter().map(|&place| {
            let whole = match rounding.as_str() {
                "floor" => place.floor(),
                "ceil" => place.ceil(),
                "round_prefer_ceil" => (place + 0.5).floor(),
                "round_prefer_floor" => (place - 0.5).ceil(),
                other => return Err(call.b.wrong(format!("nearest_mode {other:?}"))),
            };
            Ok((whole as i64).clamp(0, last))
        });
        let picked = Tensor::integers(picked.collect::<Result<_>>()?);
        let picked = call.b.constant(picked)?;
        return call.b.gather(x, picked, axis);
    }
    let mut weights = vec![0.0_f32; line.from * line.to];
    let mut beyond = vec![0.0_f32; line.to];
    for (at, (&place, row)) in places.iter().zip(weights.chunks_mut(line.from)).enumerate() {
        if crops && outside(place) {
            beyond[at] = call.attributes.float("extrapolation_value", 0.0);
            continue;
        }
        line.weigh(call, &mode, place, row)?;
    }
    let rank = call.shape(x).len();
    let mut swapped: Vec<usize> = (0..rank).collect();
    swapped.swap(axis, rank - 1);
    let weights = call.b.constant(Tensor::f32(&[line.to, line.from], weights)?)?;
    let x = call.b.transpose(x, &swapped)?;
    let shape = call.shape(x);
    let rows: usize = shape[..rank - 1].iter().product();
    let flat = call.b.reshape(x, &[rows, line.from])?;
    let mut y = call.b.matmul(flat, weights, true)?;
    if beyond.iter().any(|&value| value != 0.0) {
        let beyond = call.b.constant(Tensor::f32(&[line.to], beyond)?)?;
        y = call.b.add(y, beyond)?;
    }
    let y = call.b.reshape(y, &[&shape[..rank - 1], &[line.to]].concat())?;
    call.b.transpose(y, &swapped)
}

impl Line {
    /// Where an entry of the result lies on the input, in single precision as in ONNX Runtime: with scales such as 0.2 the nearest entry
    /// hangs on the last digit.
    fn place(&self, call: &Call<'_>, at: usize) -> Result<f64> {
        let (at, from, to) = (at as f32, self.from as f32, self.to as f32);
        let place = match call.attributes.text("coordinate_transformation_mode", "half_pixel") {
            "pytorch_half_pixel" | "align_corners" if self.to <= 1 => 0.0,
            "half_pixel" | "pytorch_half_pixel" => (at + 0.5) / self.scale - 0.5,
            "tf_half_pixel_for_nn" => (at + 0.5) / self.scale,
            "half_pixel_symmetric" => {
                let adjusted = to / (self.scale * from);
                from / 2.0 * (1.0 - adjusted) + (at + 0.5) / self.scale - 0.5
            }
            "align_corners" => at * (from - 1.0) / (to - 1.0),
            "asymmetric" => at / self.scale,
            "tf_crop_and_resize" if self.to <= 1 => (self.part[0] + self.part[1]) * (from - 1.0) / 2.0,
            "tf_crop_and_resize" => {
                self.part[0] * (from - 1.0) + at * (self.part[1] - self.part[0]) * (from - 1.0) / (to - 1.0)
            }
            other => return Err(call.b.wrong(format!("coordinate_transformation_mode {other:?}"))),
        };
        Ok(f64::from(place))
    }

    /// What each entry of the input counts at a place.
    fn weigh(&self, call: &Call<'_>, mode: &str, place: f64, row: &mut [f32]) -> Result<()> {
        let sharp = f64::from(call.attributes.float("cubic_coeff_a", -0.75));
        let (reach, kernel): (f64, Box<dyn Fn(f64) -> f64>) = match mode {
            "nearest" => {
                let at = ((place - 0.5).ceil().max(0.0) as usize).min(self.from - 1);
                row[at] = 1.0;
                return Ok(());
            }
            "linear" => (1.0, Box::new(|distance: f64| (1.0 - distance).max(0.0))),
            "cubic" => (
                2.0,
                Box::new(move |d: f64| {
                    if d <= 1.0 {
                        ((sharp + 2.0) * d - (sharp + 3.0)) * d * d + 1.0
                    } else if d < 2.0 {
                        ((sharp * d - 5.0 * sharp) * d + 8.0 * sharp) * d - 4.0 * sharp
                    } else {
                        0.0
                    }
                }),
            ),
            other => return Err(call.b.wrong(format!("mode {other:?}"))),
        };
        // Where the result is smaller, each of its entries is a mean over as many more.
        let shrinks = call.attributes.int("antialias", 0) != 0 && self.scale < 1.0;
        let stretch = if shrinks { f64::from(self.scale) } else { 1.0 };
        let leaves_out = call.attributes.int("exclude_outside", 0) != 0;
        let last = self.from as i64 - 1;
        let mut sum = 0.0;
        let mut found = Vec::new();
        let ends = ((place - reach / stretch).floor() as i64, (place + reach / stretch).ceil() as i64);
        for at in ends.0..=ends.1 {
            let weight = kernel((at as f64 - place).abs() * stretch);
            if leaves_out && !(0..=last).contains(&at) {
                continue;
            }
            sum += weight;
            found.push((at.clamp(0, last) as usize, weight));
        }
        for (at, weight) in found {
            row[at] += (weight / sum) as f32;
        }
        Ok(())
    }
}
