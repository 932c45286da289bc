//! Events of all recorded episodes of a run, the most pronounced of each kind first.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use ethogram_model::Cancel;

use super::{EVENT_PARAMS, Event, kinds};
use crate::param::resolve;
use crate::{Error, Params, Result, RunHandle};

/// Events of a kind in an answer, at most, unless it is said: as many bookmarks as Understanding RL Vision has.
pub const EVENTS_TOP_DEFAULT: usize = 16;
/// Most that can be asked for.
pub const EVENTS_TOP_MAX: usize = 1_000;

/// Asks for the events of a run.
#[derive(Clone, Debug, Default)]
pub struct EventsRequest {
    /// Names of kinds; all that need no network when empty.
    pub kinds: Vec<String>,
    /// Of each kind; [`EVENTS_TOP_DEFAULT`] when `None`.
    pub top: Option<usize>,
    /// Of [`super::EVENT_PARAMS`].
    pub settings: Params,
    /// When to answer with what was found so far. What was found is kept, so that asking again goes on.
    pub deadline: Option<Instant>,
}

/// Events of many episodes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RankedEvents {
    /// The first of each kind, then the second, and so on; kinds in their order.
    pub events: Vec<Event>,
    /// Of each kind, how many there are before all but the top were left out.
    pub counts: BTreeMap<&'static str, usize>,
    /// Episodes that were looked at.
    pub done: usize,
    /// Recorded episodes.
    pub episodes: usize,
    /// Kinds that could be looked for in none of these episodes, with what to log.
    pub missing: BTreeMap<&'static str, String>,
}

/// Of all workers: events, and of each kind that could not be looked for somewhere how that is.
type Together = (Vec<Event>, BTreeMap<&'static str, Lacking>);

/// Episodes in which a kind could not be looked for.
struct Lacking {
    count: usize,
    /// The lowest of them, whichever was looked at first.
    episode: u64,
    /// Its reason.
    why: String,
}

impl RunHandle {
    /// Events of all recorded episodes. Calls `progress` with episodes done and all.
    ///
    /// # Errors
    /// As [`RunHandle::episode_events`]; [`Error::TooLarge`] over [`EVENTS_TOP_MAX`].
    pub fn events(
        &self,
        request: &EventsRequest,
        cancel: &Cancel,
        progress: &(dyn Fn(usize, usize) + Sync),
    ) -> Result<RankedEvents> {
        let top = request.top.unwrap_or(EVENTS_TOP_DEFAULT);
        if top > EVENTS_TOP_MAX {
            let what = "events of a kind (EVENTS_TOP_MAX)".to_owned();
            return Err(Error::TooLarge { what, limit: EVENTS_TOP_MAX as u64, found: top as u64 });
        }
        let kinds = kinds(&request.kinds)?;
        let settings = resolve("events", EVENT_PARAMS, &request.settings, self.info().gamma)?;
        let episodes: Vec<u64> =
            self.source().episodes(0..u64::MAX)?.iter().filter(|row| row.recorded).map(|row| row.episode).collect();
        let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let all: Mutex<Together> = Mutex::default();
        let work = || -> Result<()> {
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let late = request.deadline.is_some_and(|deadline| Instant::now() >= deadline);
                // The first is always looked at, so that asking again gets on.
                let Some(&episode) = episodes.get(at).filter(|_| at == 0 || !late) else { return Ok(()) };
                cancel.check()?;
                let mut found = (Vec::new(), Vec::new());
                for one in self.found().of(self, episode, &kinds, &settings, cancel)? {
                    found.0.extend(one.events.iter().cloned());
                    found.1.extend(one.missing.iter().map(|(kind, why)| (*kind, why.clone())));
                }
                let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
                all.0.append(&mut found.0);
                for (kind, why) in found.1 {
                    match all.1.entry(kind) {
                        Entry::Vacant(entry) => drop(entry.insert(Lacking { count: 1, episode, why })),
                        Entry::Occupied(entry) => entry.into_mut().add(episode, why),
                    }
                }
                drop(all);
                progress(done.fetch_add(1, Ordering::Relaxed) + 1, episodes.len());
            }
        };
        let workers = std::thread::available_parallelism().map_or(1, usize::from).min(episodes.len().max(1));
        std::thread::scope(|scope| -> Result<()> {
            let others: Vec<_> = (1..workers).map(|_| scope.spawn(work)).collect();
            let own = work();
            for other in others {
                match other.join() {
                    Ok(result) => result?,
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            own
        })?;
        let (events, lacking) = all.into_inner().unwrap_or_else(PoisonError::into_inner);
        let done = done.into_inner();
        let missing =
            lacking.into_iter().filter(|(_, one)| one.count == done).map(|(kind, one)| (kind, one.why)).collect();
        let mut counts = BTreeMap::new();
        let mut ranked = Vec::new();
        for (place, kind) in kinds.iter().enumerate() {
            let mut own: Vec<Event> = events.iter().filter(|event| event.kind == kind.name).cloned().collect();
            own.sort_by(|a, b| size(b).total_cmp(&size(a)).then(a.episode.cmp(&b.episode)).then(a.step.cmp(&b.step)));
            counts.insert(kind.name, own.len());
            own.truncate(top);
            ranked.extend(own.into_iter().enumerate().map(|(at, event)| (at, place, Event { rank: at + 1, ..event })));
        }
        ranked.sort_by_key(|(at, place, _)| (*at, *place));
        let events = ranked.into_iter().map(|(_, _, event)| event).collect();
        Ok(RankedEvents { events, counts, done, episodes: episodes.len(), missing })
    }
}

impl Lacking {
    fn add(&mut self, episode: u64, why: String) {
        self.count += 1;
        if episode < self.episode {
            (self.episode, self.why) = (episode, why);
        }
    }
}

/// By what events of one kind are ranked: bookmarks by their advantage, as the original has it, surprises by the error itself.
fn size(event: &Event) -> f64 {
    match event.kind {
        "high_advantage" | "low_advantage" | "value_surprise" => event.value.abs(),
        _ => event.score,
    }
}
