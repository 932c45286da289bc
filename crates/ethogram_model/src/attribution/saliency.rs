//! The gradient itself.

use super::{Attributed, Attribution, Explained};
use crate::error::Result;
use crate::exec::Cancel;
use crate::tensor::Tensor;

/// |∂y/∂x|: how much each element could change the target, at once.
#[derive(Clone, Copy, Debug, Default)]
pub struct Saliency;

impl Attribution for Saliency {
    fn name(&self) -> &'static str {
        "saliency"
    }

    fn doc(&self) -> &'static str {
        "size of the target's gradient: which elements would change it most, were they changed a little"
    }

    fn source(&self) -> &'static str {
        "Simonyan, Vedaldi and Zisserman (2014), section 3; without the maximum over channels"
    }

    fn attribute(&self, explained: &Explained, cancel: &Cancel) -> Result<Attributed> {
        let (at_input, mut gradient) = at_the_input(explained, cancel)?;
        gradient.iter_mut().for_each(|value| *value = value.abs());
        Ok(Attributed {
            values: Tensor::f32(explained.at().shape(), gradient)?,
            at_input,
            at_baseline: Vec::new(),
            completeness_error: Vec::new(),
        })
    }
}

/// x · ∂y/∂x: a first-order share of the target.
#[derive(Clone, Copy, Debug, Default)]
pub struct GradientTimesInput;

impl Attribution for GradientTimesInput {
    fn name(&self) -> &'static str {
        "gradient_times_input"
    }

    fn doc(&self) -> &'static str {
        "gradient times input: each element's share of the target, were the network linear"
    }

    fn source(&self) -> &'static str {
        "Shrikumar et al. (2016), Not Just a Black Box"
    }

    fn attribute(&self, explained: &Explained, cancel: &Cancel) -> Result<Attributed> {
        let (at_input, mut gradient) = at_the_input(explained, cancel)?;
        gradient.iter_mut().zip(explained.at_values()).for_each(|(value, x)| *value *= x);
        Ok(Attributed {
            values: Tensor::f32(explained.at().shape(), gradient)?,
            at_input,
            at_baseline: Vec::new(),
            completeness_error: Vec::new(),
        })
    }
}

fn at_the_input(explained: &Explained, cancel: &Cancel) -> Result<(Vec<f32>, Vec<f32>)> {
    let rows: Vec<usize> = (0..explained.rows()).collect();
    explained.gradients(explained.at_values(), &rows, cancel)
}
