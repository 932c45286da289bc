//! The gradient itself.

use super::{Attributed, Attribution, Explained, Method, Tells};
use crate::error::Result;
use crate::exec::Cancel;

/// As people choose it.
pub(super) const SALIENCY: Method = Method {
    name: "saliency",
    doc: "size of the target's gradient: which elements would change it most, were they changed a little",
    does_not_show: "what an element contributed: a saturated network has no gradient where it is most certain, and the sign is dropped",
    tells: Tells::Sizes,
    cost: "one pass forward and back",
    source: "Simonyan, Vedaldi and Zisserman (2014), section 3; without the maximum over channels",
    params: &[],
    make: |_| Ok(Box::new(Saliency)),
};

/// As people choose it.
pub(super) const GRADIENT: Method = Method {
    name: "gradient",
    doc: "the target's gradient with its sign: whether more of an element would raise or lower it",
    does_not_show: "what an element contributed, or what a change of any size would do",
    tells: Tells::Slopes,
    cost: "one pass forward and back",
    source: "Simonyan, Vedaldi and Zisserman (2014), section 3, with the sign",
    params: &[],
    make: |_| Ok(Box::new(SignedGradient)),
};

/// As people choose it.
pub(super) const GRADIENT_TIMES_INPUT: Method = Method {
    name: "gradient_times_input",
    doc: "gradient times input: each element's share of the target, were the network linear",
    does_not_show: "anything of elements that are 0, and the right shares where the network is far from linear",
    tells: Tells::Shares,
    cost: "one pass forward and back",
    source: "Shrikumar et al. (2016), Not Just a Black Box",
    params: &[],
    make: |_| Ok(Box::new(GradientTimesInput)),
};

/// |∂y/∂x|: how much each element could change the target, at once.
#[derive(Clone, Copy, Debug, Default)]
pub struct Saliency;

impl Attribution for Saliency {
    fn attribute(&self, explained: &Explained, cancel: &Cancel) -> Result<Attributed> {
        let (at_input, mut gradient) = at_the_input(explained, cancel)?;
        gradient.iter_mut().for_each(|value| *value = value.abs());
        Attributed::plain(explained.at().shape(), gradient, at_input)
    }
}

/// ∂y/∂x.
#[derive(Clone, Copy, Debug, Default)]
pub struct SignedGradient;

impl Attribution for SignedGradient {
    fn attribute(&self, explained: &Explained, cancel: &Cancel) -> Result<Attributed> {
        let (at_input, gradient) = at_the_input(explained, cancel)?;
        Attributed::plain(explained.at().shape(), gradient, at_input)
    }
}

/// x · ∂y/∂x: a first-order share of the target.
#[derive(Clone, Copy, Debug, Default)]
pub struct GradientTimesInput;

impl Attribution for GradientTimesInput {
    fn attribute(&self, explained: &Explained, cancel: &Cancel) -> Result<Attributed> {
        let (at_input, mut gradient) = at_the_input(explained, cancel)?;
        gradient.iter_mut().zip(explained.at_values()).for_each(|(value, x)| *value *= x);
        Attributed::plain(explained.at().shape(), gradient, at_input)
    }
}

fn at_the_input(explained: &Explained, cancel: &Cancel) -> Result<(Vec<f32>, Vec<f32>)> {
    let rows: Vec<usize> = (0..explained.rows()).collect();
    explained.gradients(explained.at_values(), &rows, cancel)
}
