//! One report after the other: what is asked, in which order, and how far it is.

use std::{ops::ControlFlow, sync::Arc, time::SystemTime};

use axum::http::StatusCode;
use ethogram_query::Workbench;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::{
    asker::{Answer, Asker},
    book::Book,
    episode::{self, PlannedEpisode},
    explained,
    group::Groups,
    request::ReportRequest,
    run::{self, DescribedRun},
};
use crate::{
    Ui,
    app::App,
    error::{ApiError, ApiResult},
};

/// Most buckets of a curve: about as many as a chart of a page has pixels.
pub(super) const BUCKETS: usize = 800;

/// How far a report is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReportProgress {
    /// What is done at the moment, for people.
    pub phase: &'static str,
    /// Questions that were answered.
    pub done: u64,
    /// Questions in all; 0 until they are counted.
    pub total: u64,
    /// Bytes of the page so far.
    pub bytes: u64,
}

impl ReportProgress {
    /// How large the page will be, going by what is there; 0 while that says nothing.
    pub fn bytes_expected(&self) -> u64 {
        // The first answers are short.
        if self.done * 20 < self.total { 0 } else { self.bytes.saturating_mul(self.total) / self.done.max(1) }
    }
}

/// Hears how far it is, and says whether to go on.
pub type Told<'a> = &'a mut (dyn FnMut(ReportProgress) -> ControlFlow<()> + Send);

/// A report that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeReport {
    /// The page.
    pub page: String,
    /// What was asked for and could not be had, in sentences; the page says it too.
    pub left_out: Vec<String>,
}

/// Makes the page of a report, whole in memory.
///
/// **Errors**: those of the questions; 501 when the app was not built; 413 when it is over a limit.
pub async fn make(workbench: Arc<Workbench>, ui: Ui, request: &ReportRequest, told: Told<'_>) -> ApiResult<MadeReport> {
    // Nobody stops a server that serves one report; the sender lives as long as the work.
    let (_stop, stopped) = watch::channel(false);
    make_in(App::new(workbench, ui, Vec::new(), stopped), request, told).await
}

/// [`make`], over the runs of an app.
pub(crate) async fn make_in(app: App, request: &ReportRequest, told: Told<'_>) -> ApiResult<MadeReport> {
    request.check()?;
    let template = app.ui.report_template().ok_or_else(|| {
        ApiError::new(StatusCode::NOT_IMPLEMENTED, "not_built", "the web app was not built into this program")
            .hint("a report is made of the app's pages: build them with `make web`, then this program again")
    })?;
    let mut maker = Maker {
        asker: Asker::new(app),
        book: Book::default(),
        left_out: Vec::new(),
        film_bytes: 0,
        progress: ReportProgress::default(),
        told,
    };
    let head = maker.gather(request).await?;
    let title = head["title"].as_str().unwrap_or_default().to_owned();
    let page = maker.book.into_page(&template, &title, head).await?;
    Ok(MadeReport { page, left_out: maker.left_out })
}

/// What the parts of the work share.
pub(super) struct Maker<'a> {
    pub(super) asker: Asker,
    pub(super) book: Book,
    /// What could not be had, in sentences.
    pub(super) left_out: Vec<String>,
    /// Bytes of the films that were kept.
    pub(super) film_bytes: u64,
    progress: ReportProgress,
    told: Told<'a>,
}

impl Maker<'_> {
    async fn gather(&mut self, request: &ReportRequest) -> ApiResult<Value> {
        self.begin("runs")?;
        let summaries = run::list(self, &request.runs).await?;
        let mut runs = Vec::new();
        for id in &request.runs {
            self.begin("runs")?;
            runs.push(run::describe(self, id, &request.tags).await?);
        }
        let groups = Groups::of(&summaries, &mut self.left_out);
        let episodes = self.plan(request, &runs).await?;
        let explained = request.explanations.len() as u64;
        let features = request.features.len() as u64;
        self.progress.total = runs.iter().map(|run| run.tags.len() as u64).sum::<u64>()
            + groups.curves(&runs)
            + episodes.iter().map(|one| one.questions() + one.blocks() * (2 * explained + features)).sum::<u64>();

        for run in &runs {
            run::keep_curves(self, run).await?;
        }
        groups.keep(self, &runs).await?;
        let mut told = Vec::new();
        let (mut asked, mut answered, mut why) = (0, 0, None);
        for one in &episodes {
            one.keep(self).await?;
            let (mut explanations, mut layers) = (Vec::new(), Vec::new());
            if explained + features > 0 && explained::keep_choices(self, one).await? {
                for ask in &request.explanations {
                    asked += 1;
                    match explained::explain(self, one, ask).await {
                        Ok(entry) => explanations.push(entry),
                        Err(error) => self.leave_out(one, &ask.method, error, &mut why)?,
                    }
                }
                for ask in &request.features {
                    asked += 1;
                    match explained::take_apart(self, one, ask).await {
                        Ok(entry) => layers.push(entry),
                        Err(error) => self.leave_out(one, "features", error, &mut why)?,
                    }
                }
            } else {
                asked += explained + features;
            }
            answered += explanations.len() + layers.len();
            told.push(json!({
                "run": one.run, "episode": one.episode, "from": one.from, "to": one.to, "steps": one.steps,
                "explanations": explanations, "features": layers,
            }));
        }
        // What was asked for and is nowhere to be had is no report: who reads the file would miss it.
        if asked > 0 && answered == 0 {
            return Err(why.unwrap_or_else(|| {
                ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "missing_input", self.left_out.join("; "))
                    .hint("log a checkpoint with run.checkpoint(model), or leave the explanations out")
            }));
        }
        let names: Vec<&str> = summaries.iter().filter_map(|run| run["name"].as_str()).collect();
        let title = if request.title.is_empty() { names.join(", ") } else { request.title.clone() };
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Ok(json!({
            "title": title,
            "note": request.note,
            "version": env!("CARGO_PKG_VERSION"),
            "made_us": now.map_or(0, |since| since.as_micros() as u64),
            "command": request.command_line(),
            "runs": request.runs,
            "group_by": groups.by,
            "groups": groups.runs,
            "episodes": told,
            "buckets": BUCKETS,
            "left_out": self.left_out,
        }))
    }

    /// Which episodes, each once.
    ///
    /// **Errors**: 404 when none of those that were asked for was recorded or filmed.
    async fn plan(&mut self, request: &ReportRequest, runs: &[DescribedRun]) -> ApiResult<Vec<PlannedEpisode>> {
        let mut planned: Vec<PlannedEpisode> = Vec::new();
        for ask in &request.episodes {
            self.begin("episodes")?;
            let Some(run) = runs.iter().find(|run| run.id == ask.run) else { continue };
            match episode::plan(self, run, ask).await? {
                Some(one) if planned.iter().any(|known| known.run == one.run && known.episode == one.episode) => {}
                Some(one) => planned.push(one),
                None => {
                    self.left_out
                        .push(format!("{}: episode {} was neither recorded nor filmed", run.name, ask.episode));
                }
            }
        }
        if planned.is_empty() && !request.episodes.is_empty() {
            return Err(ApiError::not_found(self.left_out.join("; ")).hint(
                "`ethogram info RUN` tells which episodes were recorded; record with eg.record(env, run, schedule=eg.every(10))",
            ));
        }
        Ok(planned)
    }

    /// Keeps the answer to a question under the same question.
    pub(super) async fn keep(
        &mut self,
        phase: &'static str,
        path: &[&str],
        query: &[(&str, String)],
        body: Option<&Value>,
    ) -> ApiResult<()> {
        let answer = self.asker.ask(path, query, body).await?;
        self.keep_answer(phase, path, query, &answer).await
    }

    /// Keeps an answer under what the pages will ask.
    pub(super) async fn keep_answer(
        &mut self,
        phase: &'static str,
        path: &[&str],
        query: &[(&str, String)],
        answer: &Answer,
    ) -> ApiResult<()> {
        self.book.keep(path, query, &answer.bytes, answer.tag.clone()).await?;
        self.done(phase)
    }

    /// A piece of work begins that was not counted.
    pub(super) fn begin(&mut self, phase: &'static str) -> ApiResult<()> {
        self.progress = ReportProgress { phase, bytes: self.book.bytes(), ..self.progress };
        match (self.told)(self.progress) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => {
                Err(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "stopped", "nobody waits for the report any more"))
            }
        }
    }

    /// One question was answered.
    pub(super) fn done(&mut self, phase: &'static str) -> ApiResult<()> {
        if self.progress.total > 0 {
            self.progress.done = (self.progress.done + 1).min(self.progress.total);
        }
        self.begin(phase)
    }

    /// Goes on without what one episode cannot have. **Errors**: what is no fault of that episode.
    fn leave_out(
        &mut self,
        one: &PlannedEpisode,
        what: &str,
        error: ApiError,
        first: &mut Option<ApiError>,
    ) -> ApiResult<()> {
        if matches!(error.code, "stopped" | "too_large" | "internal") {
            return Err(error);
        }
        self.left_out.push(format!("{what} of episode {} of {}: {}", one.episode, one.run_name, error.message));
        first.get_or_insert(error);
        Ok(())
    }
}
