//! One run of a workbench.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use ethogram_store::{Axis, EpisodeRow, RunId, RunInfo, RunSource, RunState, ScalarColumns, ScalarTag};

use crate::derivation::cache::Cache;
use crate::episode_columns::EpisodeColumns;
use crate::events::Found;
use crate::explanation::{Backgrounds, Kept, Networks};
use crate::features::Known;
use crate::samples::{self, Samples};
use crate::{
    Error, Field, FieldEntry, HeatMap, HeatMapRequest, HistogramRequest, Histograms, Params, Result, RunSummary,
    Series, SeriesRequest, derivation, field,
};

/// A run: its logged data through [`RunHandle::source`], and what can be derived from it.
pub struct RunHandle {
    id: RunId,
    info: Arc<RunInfo>,
    root: String,
    source: Arc<dyn RunSource>,
    cache: Arc<Cache>,
    networks: Networks,
    kept: OnceLock<Kept>,
    backgrounds: Backgrounds,
    features: Known,
    found: Found,
    path: PathBuf,
    /// As read last.
    episodes: Mutex<Option<Arc<EpisodeColumns>>>,
    /// When somebody asked for it last, by a clock that counts such questions.
    used: AtomicU64,
}

/// Episodes that are read together on the way back.
const EPISODES_READ: u64 = 256;

static QUESTIONS: AtomicU64 = AtomicU64::new(1);

impl RunHandle {
    pub(crate) fn new(source: Arc<dyn RunSource>, root: String, path: PathBuf, cache: Arc<Cache>) -> Self {
        let info = Arc::new(source.info());
        Self {
            id: info.id.clone(),
            info,
            root,
            source,
            cache,
            networks: Networks::default(),
            kept: OnceLock::new(),
            backgrounds: Backgrounds::default(),
            features: Known::default(),
            found: Found::default(),
            path,
            episodes: Mutex::default(),
            used: AtomicU64::default(),
        }
    }

    /// Which run.
    pub fn id(&self) -> &RunId {
        &self.id
    }

    /// Who and what it is.
    pub fn info(&self) -> &RunInfo {
        &self.info
    }

    /// Label of the root that holds it.
    pub fn root(&self) -> &str {
        &self.root
    }

    /// Where it lies: the path that its opener found.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What was logged.
    pub fn source(&self) -> &Arc<dyn RunSource> {
        &self.source
    }

    /// Networks of its checkpoints that were read.
    pub(crate) fn networks(&self) -> &Networks {
        &self.networks
    }

    /// What its fields usually hold.
    pub(crate) fn backgrounds(&self) -> &Backgrounds {
        &self.backgrounds
    }

    /// Features of its layers that were found lately.
    pub(crate) fn known_features(&self) -> &Known {
        &self.features
    }

    /// Events of its episodes that were found.
    pub(crate) fn found(&self) -> &Found {
        &self.found
    }

    /// Attributions that are kept beside it.
    pub(crate) fn kept(&self) -> &Kept {
        self.kept.get_or_init(|| Kept::new(self.source.derived_folder()))
    }

    /// Keeps about so many bytes of attributions beside the run at most, [`crate::KEPT_BYTES_MAX`] unless said otherwise; with 0 none are
    /// kept, nor looked for.
    pub fn keep_attributions(&self, bytes: u64) {
        self.kept().limit(bytes);
    }

    /// How much of attributions is kept beside the run.
    pub fn kept_attributions(&self) -> crate::KeptSize {
        self.kept().size()
    }

    /// Removes the attributions that are kept beside the run, which are computed anew when asked for; gives what is left, for somebody may add
    /// to it just now.
    pub fn forget_attributions(&self) -> crate::KeptSize {
        self.kept().clear()
    }

    /// **Errors**: why attributions cannot be kept beside the run.
    pub fn check_kept(&self) -> std::io::Result<()> {
        self.kept().check()
    }

    /// Somebody asks for it.
    pub(crate) fn touch(&self) {
        self.used.store(QUESTIONS.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
    }

    /// Greater the later it was asked for; 0 when nobody ever did.
    pub(crate) fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    /// Samples that a policy was asked about, as a run with one episode of them.
    ///
    /// # Errors
    /// There are none of that name.
    pub(crate) fn samples(&self, name: &str) -> Result<RunHandle> {
        let source = Arc::new(Samples::open(&self.source, name)?);
        Ok(RunHandle::new(source, self.root.clone(), self.path.clone(), Arc::clone(&self.cache)))
    }

    /// Names of all samples that policies were asked about.
    pub fn sample_names(&self) -> Vec<String> {
        samples::names(self.source.as_ref())
    }

    /// Lets go of what can be read again.
    pub(crate) fn rest(&self) {
        *self.episodes.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.networks.forget();
        self.backgrounds.forget();
        self.features.forget();
        self.found.forget();
        self.source.rest();
    }

    /// The state to show now.
    pub fn state(&self) -> RunState {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as i64);
        self.source.status().state_at(now)
    }

    /// The run in one row of a table.
    pub fn summary(&self) -> Result<RunSummary> {
        // First, so that it is never newer than what follows.
        let revision = self.source.revision();
        let (info, root) = (Arc::clone(&self.info), self.root.clone());
        let (status, counts) = (self.source.status(), self.source.counts()?);
        let (format, words) = (self.source.format(), self.source.words());
        Ok(RunSummary { info, format, words, status, state: self.state(), counts, revision, root })
    }

    /// One episode.
    pub fn episode(&self, episode: u64) -> Result<EpisodeRow> {
        let end = episode.saturating_add(1);
        let found = self.source.episodes(episode..end)?.into_iter().find(|row| row.episode == episode);
        found.ok_or_else(|| Error::NoEpisode { run: self.id.clone(), episode, count: self.source.episode_count() })
    }

    /// All scalars, sorted by axis, then tag: those logged and, on the episode axis, [`crate::EPISODE_TAGS`].
    /// Without the latter when the episodes cannot be read, of which [`RunSource::lost`] tells.
    pub fn scalar_tags(&self) -> Vec<ScalarTag> {
        let mut tags = self.source.scalar_tags();
        let logged = tags.len();
        for tag in self.episode_columns().map(|columns| columns.tags()).unwrap_or_default() {
            if tags[..logged].iter().all(|other| (other.axis, &other.tag) != (tag.axis, &tag.tag)) {
                tags.push(tag);
            }
        }
        tags.sort_by(|a, b| (a.axis, &a.tag).cmp(&(b.axis, &b.tag)));
        tags
    }

    /// One curve; `request.run` is not looked at.
    pub fn series(&self, request: &SeriesRequest) -> Result<Series> {
        let range = request.range.start..request.range.end.max(request.range.start);
        let request = &SeriesRequest { range, ..request.clone() };
        let is_it = |tag: &ScalarTag| tag.axis == request.axis && tag.tag == request.tag;
        if let Some(tag) = self.source.scalar_tags().into_iter().find(is_it) {
            return Series::read(self.source.as_ref(), tag, request);
        }
        let columns = self.episode_columns()?;
        match (columns.tags().into_iter().find(is_it), columns.points(&request.tag, &request.range)) {
            (Some(tag), Some(points)) => Series::of_points(points, tag, request),
            _ => Err(Error::NoTag { run: self.id.clone(), axis: axis_name(request.axis), tag: request.tag.clone() }),
        }
    }

    /// All points of one scalar in a range, as they were logged; of [`crate::EPISODE_TAGS`], a point an episode.
    ///
    /// **Errors**: over `limit` of them; no such scalar.
    pub fn points(&self, axis: Axis, tag: &str, range: &Range<i64>, limit: u64) -> Result<ScalarColumns> {
        let is_it = |known: &ScalarTag| known.axis == axis && known.tag == tag;
        if let Some(known) = self.source.scalar_tags().into_iter().find(is_it) {
            if known.count > limit {
                return Err(Error::TooLarge { what: format!("points of {tag:?}"), limit, found: known.count });
            }
            return Ok(self.source.scalars(axis, tag, range.clone())?);
        }
        let columns = self.episode_columns()?;
        let points = (axis == Axis::Episode).then(|| columns.points(tag, range)).flatten();
        points.ok_or_else(|| Error::NoTag { run: self.id.clone(), axis: axis_name(axis), tag: tag.to_owned() })
    }

    /// Histograms of one tag over its axis.
    pub fn histograms(&self, request: &HistogramRequest) -> Result<Histograms> {
        Histograms::read(self, request)
    }

    /// The entries of a tensor over its axis.
    pub fn heat_map(&self, request: &HeatMapRequest) -> Result<HeatMap> {
        HeatMap::read(self, request)
    }

    /// Rows of one field of an episode, logged or derived; see [`crate::FieldRequest`].
    pub fn field(&self, episode: u64, name: &str, params: &Params, range: Range<u64>) -> Result<Arc<Field>> {
        field::read(self, &self.cache, episode, name, params, range)
    }

    /// Fields of an episode: those logged, by name, then those that can be derived from them, in the order of the registry.
    pub fn fields(&self, episode: u64) -> Result<Vec<FieldEntry>> {
        let logged = self.source.step_fields(episode)?;
        let derived = derivation::entries(&logged, &self.info, self.follows_recorded(episode)?);
        Ok(logged.into_iter().map(FieldEntry::logged).chain(derived).collect())
    }

    /// Whether an episode before this one was recorded.
    fn follows_recorded(&self, episode: u64) -> Result<bool> {
        let (mut end, mut many) = (episode, EPISODES_READ);
        while end > 0 {
            let start = end.saturating_sub(many);
            if self.source.episodes(start..end)?.iter().any(|row| row.recorded) {
                return Ok(true);
            }
            // Indices have gaps, and a file's name may claim any: so few looks reach back to the first.
            (end, many) = (start, many.saturating_mul(2));
        }
        Ok(false)
    }

    fn episode_columns(&self) -> Result<Arc<EpisodeColumns>> {
        let mut held = self.episodes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(columns) = held.as_ref().filter(|columns| columns.revision == self.source.revision()) {
            return Ok(Arc::clone(columns));
        }
        let columns = Arc::new(EpisodeColumns::read(self.source.as_ref())?);
        *held = Some(Arc::clone(&columns));
        Ok(columns)
    }
}

/// The name of an axis, as in JSON.
pub(crate) fn axis_name(axis: Axis) -> &'static str {
    match axis {
        Axis::GlobalStep => "global_step",
        Axis::Episode => "episode",
        Axis::Step => "step",
        Axis::Checkpoint => "checkpoint",
        Axis::Sample => "sample",
    }
}
