//! Events that were found, kept in memory while the run does not grow.

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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
    /// Events of some kinds of one episode, in their order. `settings` must be resolved.
    pub fn of(
        &self,
        run: &RunHandle,
        episode: u64,
        kinds: &[&EventKind],
        settings: &Params,
        cancel: &Cancel,
    ) -> Result<Vec<Arc<EpisodeEvents>>> {
        let revision = run.source().revision();
        let finder = Finder { run, episode, settings, cancel, rows: OnceCell::new() };
        let asked = format!("{settings:?}");
        let mut answers = Vec::with_capacity(kinds.len());
        for kind in kinds {
            let key = (kind.name, episode, asked.clone());
            let known = self.state(revision).answers.get(&key).cloned();
            if let Some(answer) = known {
                answers.push(answer);
                continue;
            }
            cancel.check()?;
            let answer = Arc::new(found(&finder, kind)?);
            let mut state = self.state(revision);
            // Of another revision when the run grew meanwhile.
            if run.source().revision() == revision {
                state.answers.insert(key, Arc::clone(&answer));
            }
            drop(state);
            answers.push(answer);
        }
        Ok(answers)
    }

    /// What is kept of this revision.
    fn state(&self, revision: Revision) -> MutexGuard<'_, State> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.revision != Some(revision) || state.answers.len() >= KEPT_MAX {
            *state = State { revision: Some(revision), answers: HashMap::new() };
        }
        state
    }

    pub fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = State::default();
    }
}

fn found(finder: &Finder, kind: &EventKind) -> Result<EpisodeEvents> {
    match finder.find(kind) {
        Ok(events) => Ok(EpisodeEvents { events, ..EpisodeEvents::default() }),
        // What was not logged, or not in a shape that it can be derived from, is no failure of the others.
        Err(error) if error.is_missing_input() || error.is_not_found() || error.is_unfit() => {
            Ok(EpisodeEvents { missing: BTreeMap::from([(kind.name, error.to_string())]), ..EpisodeEvents::default() })
        }
        Err(error) => Err(error),
    }
}
