//! Why a network said what it said: numbers for each element of an input, or of a hidden layer.

mod baseline;
mod expected_gradients;
mod explained;
mod hoisted;
mod integrated_gradients;
mod method;
mod occlusion;
mod path;
mod perturbation;
mod saliency;
mod smooth_grad;
mod target;

pub use baseline::Baseline;
pub use expected_gradients::ExpectedGradients;
pub use explained::{Explained, Subject};
pub use integrated_gradients::IntegratedGradients;
pub use method::{Attributed, Attribution};
pub use occlusion::Occlusion;
pub use path::Rule;
pub use perturbation::{Mode, Perturbation, Score};
pub use saliency::{GradientTimesInput, Saliency};
pub use smooth_grad::SmoothGrad;
pub use target::{Target, View};

/// Every method with its default settings, in the order in which people see them.
pub fn attributions() -> Vec<Box<dyn Attribution>> {
    vec![
        Box::new(Saliency),
        Box::new(GradientTimesInput),
        Box::new(IntegratedGradients::default()),
        Box::new(Perturbation::default()),
        Box::new(Occlusion::default()),
        Box::new(SmoothGrad::default()),
        Box::new(ExpectedGradients::default()),
    ]
}
