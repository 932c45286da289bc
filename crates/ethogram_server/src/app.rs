//! What every route shares.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::http::Uri;
use ethogram_query::{RunHandle, Workbench};
use tokio::sync::{Semaphore, watch};

use crate::{
    Ui,
    error::ApiResult,
    etag,
    events::Events,
    limits::{FEATURES_AT_ONCE, MAPS_MAX, NAME_BYTES_MAX, REPORTS_AT_ONCE, VIDEOS_MAX},
    pool::Pool,
};

/// Cheap to clone: one a request.
#[derive(Clone)]
pub struct App {
    /// The runs.
    pub workbench: Arc<Workbench>,
    /// Where work is done.
    pub pool: Pool,
    /// Films that may yet be begun.
    pub videos: Arc<Semaphore>,
    /// Maps that may yet be begun.
    pub maps: Arc<Semaphore>,
    /// Layers that may yet be taken apart.
    pub features: Arc<Semaphore>,
    /// Reports that may yet be begun.
    pub reports: Arc<Semaphore>,
    /// What is pushed.
    pub events: Events,
    /// The web app.
    pub ui: Arc<Ui>,
    /// Folders of plug-ins.
    pub plugins: Arc<[PathBuf]>,
    /// True once the server was told to stop.
    pub stopped: watch::Receiver<bool>,
    /// Another number at each start; part of the tags of answers that a newer program might give otherwise.
    instance: u64,
    /// Grows with each change of any run.
    revision: Arc<AtomicU64>,
}

impl App {
    /// For one server.
    pub fn new(workbench: Arc<Workbench>, ui: Ui, plugins: Vec<PathBuf>, stopped: watch::Receiver<bool>) -> Self {
        let started = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Self {
            workbench,
            pool: Pool::new(),
            videos: Arc::new(Semaphore::new(VIDEOS_MAX)),
            maps: Arc::new(Semaphore::new(MAPS_MAX)),
            features: Arc::new(Semaphore::new(FEATURES_AT_ONCE)),
            reports: Arc::new(Semaphore::new(REPORTS_AT_ONCE)),
            events: Events::new(),
            ui: Arc::new(ui),
            plugins: plugins.into(),
            stopped,
            instance: started.map_or(0, |since| since.as_nanos() as u64),
            revision: Arc::new(AtomicU64::new(1)),
        }
    }

    /// How often any run changed since the start.
    pub fn revision(&self) -> u64 {
        self.revision.load(Ordering::Relaxed)
    }

    /// Some run changed.
    pub fn advance(&self) {
        self.revision.fetch_add(1, Ordering::Relaxed);
    }

    /// The run of this id. **Errors**: 404.
    pub fn run(&self, id: &str) -> ApiResult<Arc<RunHandle>> {
        if id.len() > NAME_BYTES_MAX {
            return Err(crate::error::ApiError::too_large("bytes of a run id", id.len() as u64, NAME_BYTES_MAX as u64));
        }
        Ok(self.workbench.run(id)?)
    }

    /// The tag of an answer to `uri` about `run`. Take it before the data is read: growth in between then only makes
    /// the tag older than the answer, which is asked for again.
    pub fn tag(&self, run: &RunHandle, uri: &Uri) -> String {
        let target = uri.path_and_query().map_or("", |target| target.as_str());
        etag::of_revision(self.instance, run.source().revision().0, target)
    }
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("ui", &self.ui).finish_non_exhaustive()
    }
}
