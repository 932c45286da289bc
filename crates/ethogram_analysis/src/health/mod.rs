//! Whether training is well: rules over curves, activations, actions and returns.
//!
//! A rule takes arrays and a few limits, and gives the point at which it first holds with the numbers that show it. None is a proof; each
//! says where to look. `docs/health.md` tells them in words.

mod actions;
mod curves;
mod dormant;
mod returns;

pub use actions::{ConstantAction, at_bounds, constant_action};
pub use curves::{
    CollapseParams, CurveFinding, ExplosionParams, SpikeParams, collapse, explosion, first_not_finite, spike, tail_mean,
};
pub use dormant::{Dormant, dormant_units};
pub use returns::{StuckParams, StuckReturns, stuck_returns};
