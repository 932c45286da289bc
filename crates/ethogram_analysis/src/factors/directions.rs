use crate::map::Points;
use crate::{Error, Nmf, NmfParams, Result, nmf};

/// What is taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactorsOf {
    /// Numbers of which the negative ones say nothing, such as activations after a rectifier: they count as 0.
    Activations,
    /// Numbers of both signs, such as attributions: positive and negative parts are rows of their own.
    Signed,
}

/// A few directions in the space of a layer's channels, of which its activations or attributions are made.
#[derive(Clone, Debug, PartialEq)]
pub struct Factors {
    width: usize,
    /// **Shape**: `[factors, channels]`, none below 0.
    directions: Vec<f32>,
    /// Sum of the channels of each direction.
    norms: Vec<f32>,
    /// |X − weights · directions| / |X|, Frobenius, of the rows that they were made from.
    pub relative_error: f64,
}

impl Factors {
    /// Directions of rows of channels, a row a place of a step. Nothing is left to chance.
    ///
    /// **Errors** when there are no factors to be found: `factors` is 0, or more than rows or channels.
    pub fn find(points: Points, of: FactorsOf, params: &NmfParams) -> Result<Self> {
        let side = |sign: f32| points.values().iter().map(move |value| (sign * value).max(0.0));
        let values: Vec<f32> = match of {
            FactorsOf::Activations => side(1.0).collect(),
            FactorsOf::Signed => side(1.0).chain(side(-1.0)).collect(),
        };
        let width = points.width();
        let Nmf { parts, relative_error, .. } = nmf(Points::new(&values, width)?, params)?;
        let norms = parts.chunks(width).map(|direction| direction.iter().sum()).collect();
        Ok(Self { width, directions: parts, norms, relative_error })
    }

    /// The same out of directions that are known already. **Shape**: `[factors, width]`.
    ///
    /// **Errors**: rows that are not whole, or a negative number.
    pub fn of_directions(directions: Vec<f32>, width: usize) -> Result<Self> {
        let points = Points::new(&directions, width)?;
        if let Some(negative) = points.values().iter().find(|&&value| value < 0.0) {
            return Err(Error::OutOfRange {
                argument: "directions",
                expected: "none below 0",
                found: f64::from(*negative),
            });
        }
        let norms = directions.chunks(width).map(|direction| direction.iter().sum()).collect();
        Ok(Self { width, directions, norms, relative_error: f64::NAN })
    }

    /// How many.
    pub fn count(&self) -> usize {
        self.norms.len()
    }

    /// Channels of the layer.
    pub fn width(&self) -> usize {
        self.width
    }

    /// All directions. **Shape**: `[factors, channels]`.
    pub fn directions(&self) -> &[f32] {
        &self.directions
    }

    /// One direction.
    pub fn direction(&self, factor: usize) -> &[f32] {
        &self.directions[factor * self.width..][..self.width]
    }

    /// Sum of the channels of each direction (its L1 norm): what a weight of 1 adds up to.
    pub fn norms(&self) -> &[f32] {
        &self.norms
    }
}
