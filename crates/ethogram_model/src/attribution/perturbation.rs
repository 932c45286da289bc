//! A soft spot of the picture blurred away, one place after the other.

use super::{Attributed, Attribution, Explained};
use crate::error::{Error, Result};
use crate::exec::Cancel;
use crate::tensor::Tensor;

/// Standard deviations after which a Gaussian is cut.
const CUT: f64 = 4.0;

/// What is compared between the picture and its perturbed form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Score {
    /// Half the squared distance of the whole output: all logits, or the value.
    #[default]
    Output,
    /// How far the target falls; signed.
    Target,
}

/// What one spot does to the picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// The spot is blurred, the rest stays.
    #[default]
    Occlude,
    /// The spot stays, the rest is blurred.
    Searchlight,
}

/// How much the output changes when information about one place is taken away.
#[derive(Clone, Debug)]
pub struct Perturbation {
    /// Distance of places, in pixels, from place (0, 0) on.
    pub stride: usize,
    /// Radius of the disc that the spot is made of, in pixels.
    pub radius: f32,
    /// Standard deviation that the disc is blurred with.
    pub spot_sigma: f32,
    /// Standard deviation of the blurred picture.
    pub blur_sigma: f32,
    /// What is compared.
    pub score: Score,
    /// What a spot does.
    pub mode: Mode,
}

impl Default for Perturbation {
    fn default() -> Self {
        Perturbation {
            stride: 5,
            radius: 1.0,
            spot_sigma: 5.0,
            blur_sigma: 3.0,
            score: Score::Output,
            mode: Mode::Occlude,
        }
    }
}

impl Attribution for Perturbation {
    fn name(&self) -> &'static str {
        "perturbation"
    }

    fn doc(&self) -> &'static str {
        "how much the output changes when a spot of the picture is blurred"
    }

    fn source(&self) -> &'static str {
        "Greydanus et al. (2018), equations 1 and 2; the memory is that of the step itself"
    }

    fn attribute(&self, explained: &Explained, cancel: &Cancel) -> Result<Attributed> {
        let (rows, width, at) = (explained.rows(), explained.width(), explained.at_values());
        let shape = explained.at().shape();
        let (height, columns) = picture(shape)?;
        if self.stride == 0 {
            return Err(Error::Argument { argument: "stride", expected: "at least 1".into(), found: "0".into() });
        }
        let blurred = blurred(explained.at(), self.blur_sigma)?;
        let grid = [height.div_ceil(self.stride), columns.div_ceil(self.stride)];
        let spots = self.spots(height, columns, grid)?;
        let all: Vec<usize> = (0..rows).collect();
        let at_input = explained.values(at, &all, cancel)?;
        let (plain, entries) = explained.outputs(at, &all, cancel)?;

        let plane = height * columns;
        let mut scores = vec![0.0; rows * spots.len()];
        let pairs: Vec<(usize, usize)> =
            (0..rows).flat_map(|row| (0..spots.len()).map(move |spot| (row, spot))).collect();
        for pairs in pairs.chunks(512) {
            let mut points = Vec::with_capacity(pairs.len() * width);
            for &(row, spot) in pairs {
                let (clear, soft) = (&at[row * width..][..width], &blurred[row * width..][..width]);
                for (clear, soft) in clear.chunks_exact(plane).zip(soft.chunks_exact(plane)) {
                    let mixed = clear.iter().zip(soft).zip(&spots[spot]);
                    points.extend(mixed.map(|((clear, soft), mask)| clear * (1.0 - mask) + soft * mask));
                }
            }
            let of: Vec<usize> = pairs.iter().map(|(row, _)| *row).collect();
            let scored: Vec<f32> = match self.score {
                Score::Target => {
                    let found = explained.values(&points, &of, cancel)?;
                    found.iter().zip(&of).map(|(value, &row)| at_input[row] - value).collect()
                }
                Score::Output => {
                    let (found, _) = explained.outputs(&points, &of, cancel)?;
                    let distance = |(output, &row): (&[f32], &usize)| {
                        let before = &plain[row * entries..][..entries];
                        let sum: f64 = output.iter().zip(before).map(|(a, b)| f64::from(a - b).powi(2)).sum();
                        (sum / 2.0) as f32
                    };
                    found.chunks(entries.max(1)).zip(&of).map(distance).collect()
                }
            };
            for (&(row, spot), score) in pairs.iter().zip(scored) {
                scores[row * spots.len() + spot] = score;
            }
        }
        Ok(Attributed {
            values: Tensor::f32(&[rows, grid[0], grid[1]], scores)?,
            at_input,
            at_baseline: Vec::new(),
            completeness_error: Vec::new(),
        })
    }
}

impl Perturbation {
    /// The mask of every place: 1 at its peak. **Shapes**: each `[H · W]`.
    fn spots(&self, height: usize, columns: usize, grid: [usize; 2]) -> Result<Vec<Vec<f32>>> {
        let kernel = gaussian(self.spot_sigma)?;
        let (down, across) = (spread(&kernel, height), spread(&kernel, columns));
        let mut spots = Vec::with_capacity(grid[0] * grid[1]);
        for place in 0..grid[0] * grid[1] {
            let centre = [place / grid[1] * self.stride, place % grid[1] * self.stride];
            let mut soft = vec![0.0_f64; height * columns];
            for (row, shares) in down.iter().enumerate() {
                let away = (row as f32 - centre[0] as f32).powi(2);
                let inside = |column: &usize| away + (*column as f32 - centre[1] as f32).powi(2) <= self.radius.powi(2);
                let mut line = vec![0.0_f64; columns];
                for column in (0..columns).filter(inside) {
                    line.iter_mut().zip(&across[column]).for_each(|(sum, weight)| *sum += weight);
                }
                if line.iter().all(|sum| *sum == 0.0) {
                    continue;
                }
                for (soft, weight) in soft.chunks_exact_mut(columns).zip(shares).filter(|(_, weight)| **weight != 0.0) {
                    soft.iter_mut().zip(&line).for_each(|(soft, value)| *soft += weight * value);
                }
            }
            let peak = soft.iter().copied().fold(f64::from(f32::MIN_POSITIVE), f64::max);
            let turned = |value: f64| if self.mode == Mode::Occlude { value / peak } else { 1.0 - value / peak };
            spots.push(soft.into_iter().map(|value| turned(value) as f32).collect());
        }
        Ok(spots)
    }
}

/// Height and width: the last two axes of `[B, …, H, W]`.
fn picture(shape: &[usize]) -> Result<(usize, usize)> {
    match shape {
        [_, .., height, width] if shape.len() >= 3 => Ok((*height, *width)),
        _ => Err(Error::Argument {
            argument: "wrt",
            expected: "pictures, [B, …, H, W]".to_owned(),
            found: format!("shape {shape:?}"),
        }),
    }
}

/// Every plane blurred over its last two axes. **Shapes**: those of `pictures`, flat.
pub(super) fn blurred(pictures: &Tensor, sigma: f32) -> Result<Vec<f32>> {
    let (height, width) = picture(pictures.shape())?;
    let kernel = gaussian(sigma)?;
    let mut values = pictures.as_f32().unwrap_or_default().to_vec();
    for plane in values.chunks_mut((height * width).max(1)) {
        blur_plane(plane, height, width, &kernel);
    }
    Ok(values)
}

/// Weights of a Gaussian, from its middle outward on both sides.
fn gaussian(sigma: f32) -> Result<Vec<f64>> {
    if !(sigma > 0.0 && sigma <= 1_000.0) {
        return Err(Error::Argument {
            argument: "sigma",
            expected: "above 0, at most 1000".into(),
            found: sigma.to_string(),
        });
    }
    let sigma = f64::from(sigma);
    let reach = (CUT * sigma + 0.5) as i64;
    let weights: Vec<f64> = (-reach..=reach).map(|at| (-0.5 * (at as f64 / sigma).powi(2)).exp()).collect();
    let sum: f64 = weights.iter().sum();
    Ok(weights.into_iter().map(|weight| weight / sum).collect())
}

/// What each element of a line becomes when it is blurred: for every element, its share of every result.
fn spread(kernel: &[f64], length: usize) -> Vec<Vec<f64>> {
    let reach = (kernel.len() / 2) as i64;
    let mut shares = vec![vec![0.0; length]; length];
    for index in 0..length {
        for (offset, weight) in kernel.iter().enumerate() {
            shares[mirrored(index as i64 + offset as i64 - reach, length)][index] += weight;
        }
    }
    shares
}

/// Beyond an edge the picture is mirrored, the edge itself repeated.
fn mirrored(at: i64, length: usize) -> usize {
    let period = 2 * length as i64;
    let at = at.rem_euclid(period);
    at.min(period - 1 - at) as usize
}

/// Rows, then columns.
fn blur_plane(plane: &mut [f32], height: usize, width: usize, kernel: &[f64]) {
    let reach = (kernel.len() / 2) as i64;
    let mut line = vec![0.0; height.max(width)];
    for (count, length, step, next) in [(width, height, width, 1), (height, width, 1, width)] {
        for start in 0..count {
            let at = |index: usize| start * next + index * step;
            for index in 0..length {
                let window = kernel.iter().enumerate().map(|(offset, weight)| {
                    weight * f64::from(plane[at(mirrored(index as i64 + offset as i64 - reach, length))])
                });
                line[index] = window.sum::<f64>() as f32;
            }
            (0..length).for_each(|index| plane[at(index)] = line[index]);
        }
    }
}
