//! Looks for growth of live runs and for new runs, and announces it.

use std::sync::Arc;

use ethogram_query::Change;
use tokio::{sync::watch, task::JoinHandle, time};

use crate::{
    app::App,
    events::{Event, RunRevision},
    limits::{POLL_EVERY, POLL_UNHEARD_EVERY},
    serve::until,
};

/// The running search.
#[derive(Debug)]
pub struct Watch {
    task: JoinHandle<()>,
    stop: watch::Sender<bool>,
}

impl Watch {
    /// Begins to look.
    pub fn start(app: &App) -> Self {
        let (stop, stopped) = watch::channel(false);
        let app = app.clone();
        Self { stop, task: tokio::spawn(look(app, stopped)) }
    }

    /// Ends, after the look that goes on.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        // A look that panicked was reported when it did.
        let _ = self.task.await;
    }
}

async fn look(app: App, stopped: watch::Receiver<bool>) {
    let mut clock = time::interval(POLL_EVERY);
    clock.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
    let mut last = time::Instant::now();
    loop {
        tokio::select! {
            _ = clock.tick() => {}
            () = until(stopped.clone()) => return,
        }
        // With nobody listening it is enough that a program that asks sees what is a second old.
        if !app.events.has_listeners() && last.elapsed() < POLL_UNHEARD_EVERY {
            continue;
        }
        last = time::Instant::now();
        let workbench = Arc::clone(&app.workbench);
        let Ok(changes) = tokio::task::spawn_blocking(move || workbench.refresh()).await else { continue };
        announce(&app, changes);
    }
}

fn announce(app: &App, changes: Vec<Change>) {
    let mut runs_changed = false;
    for change in changes {
        app.advance();
        match change {
            Change::Came(_) | Change::Went(_) => runs_changed = true,
            Change::Grew { run, revision, state } => {
                app.events.announce(Event::Revision(RunRevision { run, revision, state }));
            }
        }
    }
    if runs_changed {
        app.events.announce(Event::Runs {});
    }
}
