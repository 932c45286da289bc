//! Networks and attribution: weights and observations in, tensors out. No IO but reading a model's own files, no globals.
//!
//! **A network walks one way**: an ONNX file is read with bounds on every size ([`Model`]), written with few small operations
//! for concrete input shapes ([`Graph`]), differentiated by more of the same operations, and run. Names are those of the file;
//! any named value can be read, replaced, and explained.

// The literature's symbols: x, y, h, c, m, n, k.
#![allow(clippy::many_single_char_names)]
// Loops that one line says whole.
#![allow(clippy::needless_for_each)]
// A helper of one function stands where it is used.
#![allow(clippy::items_after_statements)]

mod attribution;
mod counterfactual;
mod error;
mod exec;
mod feature_image;
mod forward;
mod grad;
mod graph;
mod kernel;
mod limits;
mod lower;
mod model;
mod node;
mod onnx;
mod reference;
mod tensor;

pub use attribution::{
    ATTRIBUTIONS, Ask, Attributed, Attribution, Baseline, Combine, Configured, Curves, DeepLift, ExpectedGradients,
    Explained, Frames, GradientTimesInput, HISTORY_MAX, IntegratedGradients, Jacobian, LayerChoice, Link, Method, Mode,
    MultiPath, Occlusion, Param, ParamKind, Part, Perturbation, Projected, Randomised, Reference, Rule, Saliency,
    Sarfa, Score, Setting, Settings, SignedGradient, SmoothGrad, Spread, Subject, Target, Tells, Unrolling, View,
    curves, infidelity, layer_choices, look, project, randomised,
};
pub use counterfactual::{
    Area, Asker, Bounds, EntryChange, Measure, Progress, RegionChange, Replacement, nearest_entries, smallest_regions,
};
pub use error::{Error, Result};
pub use exec::{Cancel, Program};
pub use feature_image::{ASCENT_STEPS_MAX, Ascent, Canvas, Excited, JITTER_MAX, Pictures, SoFar, excite};
pub use forward::Forward;
pub use grad::{Gradient, SEED, differentiate};
pub use graph::{Binary, Compare, Graph, Op, Reduce, Source, Unary, Value, ValueId, Window};
pub use limits::Limits;
pub use model::{Dim, Layer, Model, Port, Weight};
pub use reference::run as run_reference;
pub use tensor::{Data, Dtype, Tensor};
