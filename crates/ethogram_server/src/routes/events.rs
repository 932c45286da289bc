//! `GET /api/events`: the one stream that a browser keeps open.

use std::convert::Infallible;

use axum::{
    extract::State,
    response::sse::{Event as Line, KeepAlive, Sse},
};
use ethogram_store::RunState;
use futures::{Stream, stream};
use serde_json::json;
use tokio::sync::watch;

use crate::{
    app::App,
    error::{ApiError, ApiResult},
    events::{Event, Heard, Listener, RunRevision},
    limits::KEEP_ALIVE_EVERY,
    serve::until,
};

/// `hello` with every live run, then what changes. A stream that fell behind is told `hello` again.
pub async fn events(State(app): State<App>) -> ApiResult<Sse<impl Stream<Item = Result<Line, Infallible>>>> {
    // Listening begins before the runs are listed, so that nothing falls between the two.
    let state = Open { listener: app.events.listen()?, stopped: app.stopped.clone(), app, greeted: false };
    let lines = stream::unfold(state, |mut state| async move {
        let line = state.next().await?;
        Some((Ok(line), state))
    });
    // An event and no comment: a page hears of comments nothing, and could not tell a quiet server from a line that is cut.
    let alive = KeepAlive::new().interval(KEEP_ALIVE_EVERY).event(Line::default().event("alive").data("{}"));
    Ok(Sse::new(lines).keep_alive(alive))
}

struct Open {
    app: App,
    listener: Listener,
    stopped: watch::Receiver<bool>,
    greeted: bool,
}

impl Open {
    /// `None` ends the stream.
    async fn next(&mut self) -> Option<Line> {
        if !self.greeted {
            self.greeted = true;
            return hello(&self.app).await.ok();
        }
        let heard = tokio::select! {
            heard = self.listener.next() => heard,
            () = until(self.stopped.clone()) => return None,
        };
        match heard {
            Heard::Event(event) => line(&event).ok(),
            Heard::Missed(_) => hello(&self.app).await.ok(),
            Heard::End => None,
        }
    }
}

fn line(event: &Event) -> ApiResult<Line> {
    let line = Line::default().event(event.name()).json_data(event);
    line.map_err(|error| ApiError::internal(format!("event: {error}")))
}

async fn hello(app: &App) -> ApiResult<Line> {
    let workbench = app.workbench.clone();
    let live = app
        .pool
        .run(move || {
            let live = workbench.runs()?.into_iter().filter(|run| run.state == RunState::Running);
            Ok(live
                .map(|run| RunRevision { run: run.info.id.clone(), revision: run.revision, state: run.state })
                .collect::<Vec<_>>())
        })
        .await?;
    Line::default()
        .event("hello")
        .json_data(json!({ "runs": live }))
        .map_err(|error| ApiError::internal(format!("event: {error}")))
}
