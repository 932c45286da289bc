//! Gaussian blur of pictures, as `SciPy`'s `gaussian_filter` with its usual settings.

use super::Explained;
use super::picture::Picture;
use crate::error::{Error, Result};

/// Standard deviations after which a Gaussian is cut.
const CUT: f64 = 4.0;

/// Rows of the explained value, every plane of their pictures blurred; parts that are no pictures stay.
///
/// **Errors**: no part is a picture.
pub(super) fn blurred(explained: &Explained, rows: &[f32], sigma: f32) -> Result<Vec<f32>> {
    let kernel = gaussian(sigma)?;
    let mut values = rows.to_vec();
    explained.picture()?;
    for row in values.chunks_mut(explained.width()) {
        for (part, picture) in explained.parts().iter().filter_map(|part| Some((part, Picture::of(part)?))) {
            for plane in 0..picture.planes {
                blur_plane(&mut row[part.offset..][..part.width], picture, plane, &kernel);
            }
        }
    }
    Ok(values)
}

/// Weights of a Gaussian, from one end over its middle to the other.
pub(super) fn gaussian(sigma: f32) -> Result<Vec<f64>> {
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
pub(super) fn spread(kernel: &[f64], length: usize) -> Vec<Vec<f64>> {
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
fn blur_plane(part: &mut [f32], picture: Picture, plane: usize, kernel: &[f64]) {
    let Picture { height, width, .. } = picture;
    let [_, down, across] = picture.strides();
    let first = picture.element(plane, 0, 0);
    let reach = (kernel.len() / 2) as i64;
    let mut line = vec![0.0; height.max(width)];
    for (count, length, step, next) in [(width, height, down, across), (height, width, across, down)] {
        for start in 0..count {
            let at = |index: usize| first + start * next + index * step;
            for index in 0..length {
                let window = kernel.iter().enumerate().map(|(offset, weight)| {
                    weight * f64::from(part[at(mirrored(index as i64 + offset as i64 - reach, length))])
                });
                line[index] = window.sum::<f64>() as f32;
            }
            (0..length).for_each(|index| part[at(index)] = line[index]);
        }
    }
}
