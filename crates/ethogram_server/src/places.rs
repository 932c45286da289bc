//! Places: who may stay connected when many want to. Whoever has shown that it may ask keeps its place; of strangers, the one
//! that has been here longest makes room for the next.
//!
//! Nobody is told from another by address: behind one router, behind a proxy and on loopback all have the same one.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;

/// All places, shared by those who have one.
#[derive(Debug)]
pub(crate) struct Places {
    limit: usize,
    taken: Mutex<Taken>,
}

/// By number, which grows: the smallest stranger came first.
#[derive(Debug, Default)]
struct Taken {
    next: u64,
    strangers: BTreeMap<u64, oneshot::Sender<()>>,
    known: BTreeSet<u64>,
}

impl Places {
    /// So many.
    pub(crate) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { limit, taken: Mutex::default() })
    }

    /// A place for a stranger, if need be that of the stranger who came first. `None` when all places are of known callers.
    pub(crate) fn take(self: &Arc<Self>) -> Option<Place> {
        let mut taken = self.taken();
        if taken.strangers.len() + taken.known.len() >= self.limit {
            let (_, first) = taken.strangers.pop_first()?;
            // It may be leaving by itself just now.
            let _ = first.send(());
        }
        let number = taken.next;
        taken.next += 1;
        let (wanted, is_wanted) = oneshot::channel();
        taken.strangers.insert(number, wanted);
        Some(Place { caller: Caller { places: Arc::clone(self), number }, is_wanted })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    caller: Caller,
    is_wanted: oneshot::Receiver<()>,
}

impl Place {
    /// Who has it, for its requests.
    pub(crate) fn caller(&self) -> Caller {
        self.caller.clone()
    }

    /// Ready when the place is another's and this caller must go; never once it is known.
    pub(crate) async fn wanted(&mut self) {
        if (&mut self.is_wanted).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.caller.places.taken();
        taken.strangers.remove(&self.caller.number);
        taken.known.remove(&self.caller.number);
    }
}

/// One connection, as its requests carry it.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    places: Arc<Places>,
    number: u64,
}

impl Caller {
    /// A request of this connection was let in: it keeps its place from now on.
    pub(crate) fn becomes_known(&self) {
        let mut taken = self.places.taken();
        if taken.strangers.remove(&self.number).is_some() {
            taken.known.insert(self.number);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    fn must_go(place: &mut Place) -> bool {
        place.wanted().now_or_never().is_some()
    }

    #[test]
    fn the_stranger_who_came_first_makes_room() {
        let places = Places::new(3);
        let mut taken: Vec<Place> = (0..3).map(|_| places.take().expect("a place")).collect();
        taken[0].caller().becomes_known();
        let fourth = places.take().expect("a stranger's place");
        let found: Vec<bool> = taken.iter_mut().map(must_go).collect();
        assert_eq!(found, [false, true, false], "the first is known, the second came before the third");
        // The one that had to go leaves no place behind when it is gone: the fourth has it.
        drop(taken.remove(1));
        fourth.caller().becomes_known();
        taken[1].caller().becomes_known();
        assert!(places.take().is_none(), "all are known");
        drop(fourth);
        assert!(places.take().is_some(), "places of known callers come back");
    }

    #[test]
    fn whoever_had_to_go_cannot_become_known() {
        let places = Places::new(1);
        let mut first = places.take().expect("a place");
        let mut second = places.take().expect("the place of the first");
        first.caller().becomes_known();
        assert!(must_go(&mut first));
        drop(first);
        assert!(!must_go(&mut second));
        second.caller().becomes_known();
        assert!(places.take().is_none(), "one place, one known caller");
    }
}
