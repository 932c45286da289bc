//! What the server pushes: that a run grew, that runs came or went, that people wrote something. Never the data itself.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::http::StatusCode;
use ethogram_store::{Revision, RunId, RunState};
use serde::Serialize;
use tokio::sync::broadcast;

use crate::{
    error::{ApiError, ApiResult},
    limits::EVENT_STREAMS_MAX,
};

/// How many events a slow stream may fall behind before it is told everything again.
const BACKLOG: usize = 1_024;

/// One thing that changed.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Event {
    /// A run grew, or its state changed.
    Revision(RunRevision),
    /// Somebody changed the notes of a run.
    Notes {
        /// Which.
        run: RunId,
    },
    /// Somebody saved or removed a layout.
    Layouts {
        /// Of which project.
        project: String,
    },
    /// Runs came or went.
    Runs {},
}

/// How far a run is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunRevision {
    /// Which.
    pub run: RunId,
    /// Its revision now.
    pub revision: Revision,
    /// Its state now.
    pub state: RunState,
}

impl Event {
    /// The `event:` line.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Revision(_) => "revision",
            Self::Notes { .. } => "notes",
            Self::Layouts { .. } => "layouts",
            Self::Runs {} => "runs",
        }
    }
}

/// The one place where events are announced and listened to.
#[derive(Clone, Debug)]
pub struct Events {
    sender: broadcast::Sender<Event>,
    streams: Arc<AtomicUsize>,
}

impl Default for Events {
    fn default() -> Self {
        Self::new()
    }
}

impl Events {
    /// Nobody listens yet.
    pub fn new() -> Self {
        Self { sender: broadcast::Sender::new(BACKLOG), streams: Arc::default() }
    }

    /// Tells all who listen.
    pub fn announce(&self, event: Event) {
        // Nobody listening is no failure.
        let _ = self.sender.send(event);
    }

    /// Whether anybody listens.
    pub fn has_listeners(&self) -> bool {
        self.sender.receiver_count() > 0
    }

    /// Begins to listen. **Errors**: 503 when too many do already.
    pub fn listen(&self) -> ApiResult<Listener> {
        let place = Place(self.streams.clone());
        let before = self.streams.fetch_add(1, Ordering::Relaxed);
        if before >= EVENT_STREAMS_MAX {
            let message = format!("{before} event streams are open, the limit is {EVENT_STREAMS_MAX}");
            return Err(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "busy", message).hint("close a page"));
        }
        Ok(Listener { receiver: self.sender.subscribe(), _place: place })
    }
}

/// One open stream.
#[derive(Debug)]
pub struct Listener {
    receiver: broadcast::Receiver<Event>,
    _place: Place,
}

/// What a listener hears.
#[derive(Debug, PartialEq)]
pub enum Heard {
    /// The next event.
    Event(Event),
    /// So many events were missed that the listener has to ask for everything again.
    Missed(u64),
    /// There will be no more.
    End,
}

impl Listener {
    /// Waits for the next event.
    pub async fn next(&mut self) -> Heard {
        match self.receiver.recv().await {
            Ok(event) => Heard::Event(event),
            Err(broadcast::error::RecvError::Lagged(count)) => Heard::Missed(count),
            Err(broadcast::error::RecvError::Closed) => Heard::End,
        }
    }
}

#[derive(Debug)]
struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_slow_listener_learns_that_it_missed_some() {
        let events = Events::new();
        assert!(!events.has_listeners());
        let mut listener = events.listen().expect("a stream");
        for _ in 0..BACKLOG + 3 {
            events.announce(Event::Runs {});
        }
        assert_eq!(listener.next().await, Heard::Missed(3));
        assert_eq!(listener.next().await, Heard::Event(Event::Runs {}));
        drop(events);
        while listener.next().await != Heard::End {}
    }

    #[test]
    fn streams_are_bounded_and_their_places_come_back() {
        let events = Events::new();
        let streams: Vec<_> = (0..EVENT_STREAMS_MAX).map(|_| events.listen().expect("a stream")).collect();
        assert_eq!(events.listen().expect_err("one too many").code, "busy");
        drop(streams);
        assert!(events.listen().is_ok());
    }

    #[test]
    fn events_are_small_json() {
        let json = |event: Event| serde_json::to_string(&event).expect("json");
        let grew = RunRevision { run: RunId("R".into()), revision: Revision(3), state: RunState::Running };
        assert_eq!(json(Event::Revision(grew)), r#"{"run":"R","revision":3,"state":"running"}"#);
        assert_eq!(json(Event::Runs {}), "{}");
        assert_eq!(json(Event::Notes { run: RunId("R".into()) }), r#"{"run":"R"}"#);
        assert_eq!(json(Event::Layouts { project: "p".into() }), r#"{"project":"p"}"#);
    }
}
