//! Events that were found, kept in memory while the run does not grow.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use ethogram_model::Cancel;
use ethogram_store::Revision;

use super::find::Finder;
use super::{EpisodeEvents, EventKind};
use crate::{Params, Result, RunHandle};

/// Most answers that are kept; a kind of an episode is one.
const KEPT_MAX: usize = 200_000;

/// By kind, episode and settings; of one revision.
#[derive(Default)]
pub(crate) struct Found(Mutex<State>);

#[derive(Default)]
struct State {
    revision: Option<Revision>,
    answers: HashMap<(&'static str, u64, String), Arc<EpisodeEvents>>,
}

impl Found {
    /// Events of one kind of one episode. `settings` must be resolved.
    pub fn of(
        &self,
        run: &RunHandle,
        episode: u64,
        kind: &EventKind,
        settings: &Params,
        cancel: &Cancel,
    ) -> Result<Arc<EpisodeEvents>> {
        let revision = run.source().revision();
        let key = (kind.name, episode, format!("{settings:?}"));
        {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if state.revision != Some(revision) || state.answers.len() >= KEPT_MAX {
                *state = State { revision: Some(revision), answers: HashMap::new() };
            }
            if let Some(answer) = state.answers.get(&key) {
                return Ok(Arc::clone(answer));
            }
        }
        cancel.check()?;
        let mut answer = EpisodeEvents::default();
        match (Finder { run, episode, settings, cancel }).find(kind) {
            Ok(events) => answer.events = events,
            // What was not logged, or not in a shape that it can be derived from, is no failure of the others.
            Err(error) if error.is_missing_input() || error.is_not_found() || error.is_unfit() => {
                answer.missing.insert(kind.name, error.to_string());
            }
            Err(error) => return Err(error),
        }
        let answer = Arc::new(answer);
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.revision == Some(revision) {
            state.answers.insert(key, Arc::clone(&answer));
        }
        Ok(answer)
    }

    pub fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = State::default();
    }
}
