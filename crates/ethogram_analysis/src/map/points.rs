use crate::{Error, Result};

/// Points, one a row, every coordinate a finite number. **Shape**: `[rows, width]`.
#[derive(Clone, Copy, Debug)]
pub struct Points<'a> {
    values: &'a [f32],
    width: usize,
}

impl<'a> Points<'a> {
    /// **Errors** when the values do not fill whole rows, or one of them is not finite.
    pub fn new(values: &'a [f32], width: usize) -> Result<Self> {
        if width == 0 {
            return Err(Error::OutOfRange { argument: "width", expected: "at least 1", found: 0.0 });
        }
        if !values.len().is_multiple_of(width) {
            let expected = values.len().next_multiple_of(width);
            return Err(Error::LengthMismatch {
                argument: "values",
                found: values.len(),
                expected,
                like: "whole rows of width",
            });
        }
        match values.iter().find(|value| !value.is_finite()) {
            Some(value) => Err(Error::OutOfRange {
                argument: "values",
                expected: "finite numbers; leave out rows without",
                found: f64::from(*value),
            }),
            None => Ok(Points { values, width }),
        }
    }

    /// How many.
    pub fn rows(&self) -> usize {
        self.values.len() / self.width
    }

    /// Numbers a point.
    pub fn width(&self) -> usize {
        self.width
    }

    /// All numbers, row after row.
    pub fn values(&self) -> &'a [f32] {
        self.values
    }

    /// One point.
    pub fn row(&self, row: usize) -> &'a [f32] {
        &self.values[row * self.width..][..self.width]
    }

    /// Mean of each coordinate.
    pub(super) fn mean(&self) -> Vec<f64> {
        let mut mean = vec![0.0; self.width];
        for row in self.values.chunks(self.width) {
            for (mean, value) in mean.iter_mut().zip(row) {
                *mean += f64::from(*value);
            }
        }
        let rows = self.rows().max(1) as f64;
        for mean in &mut mean {
            *mean /= rows;
        }
        mean
    }

    /// The points with their mean at the origin.
    pub(super) fn centered(&self) -> Vec<f32> {
        let mean: Vec<f32> = self.mean().into_iter().map(|mean| mean as f32).collect();
        self.values.chunks(self.width).flat_map(|row| row.iter().zip(&mean).map(|(value, mean)| value - mean)).collect()
    }
}
