//! What somebody wants of a layout while it moves.

use std::sync::{Mutex, PoisonError};

/// What is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Steer {
    /// Holds it, or lets it go on.
    pub pause: Option<bool>,
    /// Moves every point by chance, by about this share of the layout's width.
    pub perturb: Option<f32>,
    /// Of the chance.
    pub seed: u64,
}

/// What was asked and not yet done.
#[derive(Default)]
pub struct Steering(Mutex<State>);

#[derive(Clone, Copy, Default)]
struct State {
    paused: bool,
    perturb: Option<(f32, u64)>,
}

impl Steering {
    /// Takes note of it; whether the layout is held.
    pub fn steer(&self, steer: Steer) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.paused = steer.pause.unwrap_or(state.paused);
        if let Some(share) = steer.perturb {
            state.perturb = Some((share, steer.seed));
        }
        state.paused
    }

    /// Whether the layout is held, and the push that waits, once.
    pub fn take(&self) -> (bool, Option<(f32, u64)>) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (state.paused, state.perturb.take())
    }
}
