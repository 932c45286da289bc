//! Why a network said what it said: numbers for each element of an input, or of a hidden layer.

mod adaptive;
mod baseline;
mod blur;
mod deep_lift;
mod expected_gradients;
mod explained;
mod hoisted;
mod integrated_gradients;
mod jacobian;
mod layers;
mod local;
mod method;
mod multi_path;
mod occlusion;
mod one_step;
mod outside;
mod param;
mod patch;
mod path;
mod perturbation;
mod picture;
mod projection;
mod quality;
mod saliency;
mod sarfa;
mod smooth_grad;
mod target;
mod unrolled;
mod view;

pub use baseline::Baseline;
pub use deep_lift::DeepLift;
pub use expected_gradients::ExpectedGradients;
pub use explained::{Explained, Part, Subject};
pub use integrated_gradients::IntegratedGradients;
pub use jacobian::{Combine, Jacobian};
pub use layers::{LayerChoice, layer_choices};
pub use method::{Attributed, Attribution, Configured, Method, Reference, Tells};
pub use multi_path::MultiPath;
pub use occlusion::Occlusion;
pub use one_step::look;
pub(crate) use one_step::{graph_of, laid_out, rows_first};
pub use outside::Ask;
pub use param::{Param, ParamKind, Setting, Settings};
pub use path::Rule;
pub use perturbation::{Frames, Mode, Perturbation, Score};
pub(crate) use picture::looks_channels_last;
pub use projection::{Projected, project};
pub use quality::{Curves, Randomised, curves, infidelity, randomised};
pub use saliency::{GradientTimesInput, Saliency, SignedGradient};
pub use sarfa::Sarfa;
pub use smooth_grad::SmoothGrad;
pub use target::{Link, Target};
pub use unrolled::{HISTORY_MAX, Unrolling};
pub use view::{Spread, View};

/// Every method, in the order in which people see them.
pub static ATTRIBUTIONS: &[Method] = &[
    saliency::SALIENCY,
    saliency::GRADIENT,
    saliency::GRADIENT_TIMES_INPUT,
    integrated_gradients::METHOD,
    perturbation::METHOD,
    sarfa::METHOD,
    occlusion::METHOD,
    smooth_grad::METHOD,
    expected_gradients::METHOD,
    multi_path::METHOD,
    deep_lift::METHOD,
    jacobian::METHOD,
];
