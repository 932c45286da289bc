//! A folder of other people's files as a run.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError};

use ethogram_store::{
    Axis, Blob, Buckets, CheckpointRow, Column, EnvSpec, EpisodeRow, Error, FieldInfo, FrameGroup, Lost, Notes, Result,
    Revision, RunCounts, RunId, RunInfo, RunSource, RunState, RunStatus, ScalarColumns, ScalarTag, Stored, TensorRow,
    TensorTag, TensorsSize, Version, now_us, read_notes, write_notes,
};
use serde_json::Value;

use crate::config;
use crate::content::Content;
use crate::part::Folder;
use crate::point_cache::PointCache;
use crate::point_columns::PointColumns;
use crate::points::Held;
use crate::steps;

/// Bytes of each kind of file that are read to open a run: most runs are read whole by that, of large ones the beginning tells who they are.
pub const HEAD_BYTES: u64 = 1 << 20;
/// Most scalars whose last value stands in the table of runs.
const SUMMARY_TAGS_MAX: usize = 200;
/// A run whose files did not grow for so long has ended; what other tools write does not say so.
pub const ENDED_AFTER_US: i64 = RunStatus::HEARTBEAT_LIMIT_US - 5_000_000;

/// Revisions of a run begin behind those of all that were opened before: one that was deleted and made anew never says that it is what it was.
static OPENED: AtomicU64 = AtomicU64::new(0);
const REVISIONS_APART: u64 = 1 << 24;

/// A run in the files of another tool. It is read when somebody looks at it, and from then on as it grows.
pub struct ForeignRun {
    path: PathBuf,
    name: Name,
    info: RunInfo,
    /// `None` once it was let go of. Held while files are read, which may take a while. Taken before `seen`.
    content: RwLock<Option<Content>>,
    /// Points of event files, of this run and others.
    cache: Arc<PointCache>,
    /// Held for moments only.
    seen: Mutex<Seen>,
}

/// What a run is called: it says nothing of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// Runs that belong together.
    pub project: String,
    /// The run.
    pub name: String,
}

struct Seen {
    /// As it was listed last.
    folder: Folder,
    /// Read to the end.
    whole: bool,
    /// Bytes that the content takes; `None` when there is none.
    held: Option<usize>,
    status: RunStatus,
    counts: RunCounts,
    format: &'static str,
    revision: u64,
    /// What is known of the run is not what `info` says any more.
    renewed: bool,
    /// Tensors that could not be read when they were asked for.
    lost: Vec<Lost>,
}

impl ForeignRun {
    /// Opens the run in a folder: lists it, and reads the beginning of its files.
    ///
    /// # Errors
    /// The folder cannot be listed.
    pub fn open(path: &Path, name: Name, cache: &Arc<PointCache>) -> Result<Self> {
        let mut content = Content::new(path, cache);
        let folder = Folder::list(path)?;
        content.catch_up(&folder, HEAD_BYTES);
        Ok(Self::with(path, name, folder, content, cache))
    }

    fn with(path: &Path, name: Name, folder: Folder, content: Content, cache: &Arc<PointCache>) -> Self {
        let info = info_of(path, &name, &folder, &content);
        let mut seen = Seen {
            folder,
            whole: false,
            held: None,
            status: RunStatus::default(),
            counts: RunCounts::default(),
            format: "",
            revision: OPENED.fetch_add(1, Ordering::Relaxed) * REVISIONS_APART + 1,
            renewed: false,
            lost: Vec::new(),
        };
        seen.settle(&info, &content);
        let (path, content, cache) = (path.to_owned(), RwLock::new(Some(content)), Arc::clone(cache));
        Self { path, name, info, content, cache, seen: Mutex::new(seen) }
    }

    /// The same run with what is known of it by now. What was read is taken over; this one reads anew when it is asked.
    pub fn renewed(&self) -> Result<Self> {
        let mut content = self.content_to_change();
        let mut seen = self.seen();
        (seen.whole, seen.held) = (false, None);
        let Some(content) = content.take() else {
            return Self::open(&self.path, self.name.clone(), &self.cache);
        };
        Ok(Self::with(&self.path, self.name.clone(), seen.folder.clone(), content, &self.cache))
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn content(&self) -> RwLockReadGuard<'_, Option<Content>> {
        self.content.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn content_to_change(&self) -> RwLockWriteGuard<'_, Option<Content>> {
        self.content.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers from all that the files held at the last refresh.
    fn ask<T>(&self, question: impl FnOnce(&Content) -> T) -> T {
        {
            let content = self.content();
            if let Some(content) = content.as_ref().filter(|_| self.seen().whole) {
                return question(content);
            }
        }
        question(self.whole(&mut self.content_to_change()))
    }

    /// Reads what was not read yet.
    fn whole<'a>(&self, content: &'a mut Option<Content>) -> &'a mut Content {
        let content = content.get_or_insert_with(|| Content::new(&self.path, &self.cache));
        // Somebody else may have read it in between.
        let unread = Some(self.seen()).filter(|seen| !seen.whole).map(|seen| seen.folder.clone());
        if let Some(folder) = unread {
            content.catch_up(&folder, u64::MAX);
            self.seen().settle(&self.info, content);
        }
        content
    }

    /// Answers from the points of a scalar, which are read again if they were let go of. Without points the answer is the default.
    fn ask_points<T: Default>(&self, axis: Axis, tag: &str, answer: impl Fn(&PointColumns) -> T) -> Result<T> {
        // `None` when they are away.
        let from = |held: Option<Held<'_>>| held.map_or_else(|| Some(T::default()), |held| held.columns().map(&answer));
        if let Some(answered) = self.ask(|content| from(content.scalar(axis, tag))) {
            return Ok(answered);
        }
        let mut content = self.content_to_change();
        let content = self.whole(&mut content);
        // Somebody else may have asked for another scalar in between, and this was read along.
        if let Some(answered) = from(content.scalar(axis, tag)) {
            return Ok(answered);
        }
        let points = content.recall(axis, tag)?;
        self.seen().settle(&self.info, content);
        Ok(points.map(|points| answer(&points)).unwrap_or_default())
    }

    fn note(&self, lost: Vec<Lost>) {
        let mut seen = self.seen();
        for lost in lost.into_iter().take(200) {
            if seen.lost.len() < 1_000 && !seen.lost.contains(&lost) {
                seen.lost.push(lost);
            }
        }
    }

    /// Reads everything that the run holds, tensors too, and says what is damaged: how many files, bytes, rows and pictures it
    /// has, and what is lost.
    pub fn check(&self) -> Result<ethogram_store::CheckReport> {
        self.refresh()?;
        let ended = self.status().state != RunState::Running;
        let (tags, mut report) = self.ask(|content| {
            let files = &content.folder().files;
            let mut report = ethogram_store::CheckReport {
                files: files.len() as u64,
                bytes: files.iter().map(|file| file.length).sum(),
                rows: content.scalar_tags().iter().map(|tag| tag.count).sum::<u64>() + content.episodes().len() as u64,
                ..Default::default()
            };
            report.lost = content.lost();
            if ended {
                report.lost.extend(content.leftovers());
            }
            (content.tensor_tags(), report)
        });
        for tag in tags {
            let all = i64::MIN..i64::MAX;
            for step in self.tensor_steps(tag.axis, &tag.tag, all)? {
                let (rows, lost) =
                    self.ask(|content| content.tensors(tag.axis, &tag.tag, &(step..step.saturating_add(1))));
                report.rows += rows.len() as u64;
                if tag.kind == ethogram_store::TensorKind::Image {
                    report.frames += rows.len() as u64;
                }
                report.lost.extend(lost);
            }
        }
        report.lost.sort_by(|a, b| (&a.file, &a.what).cmp(&(&b.file, &b.what)));
        report.lost.dedup();
        Ok(report)
    }
}

impl Seen {
    /// Takes over what the content says by now.
    fn settle(&mut self, info: &RunInfo, content: &Content) {
        (self.whole, self.held) = (!content.is_behind(), Some(content.bytes()));
        let modified = self.folder.files.iter().map(|file| file.modified_us).max().unwrap_or_default();
        let episodes = content.episodes();
        let recorded = episodes.recorded();
        // Of a run of which only the beginning was read, one without any may have some.
        let filmed = Some(episodes.filmed()).filter(|count| self.whole || *count > 0);
        self.status = RunStatus {
            state: RunState::Finished,
            heartbeat_us: modified,
            ended_us: Some(modified),
            // Of a run of which only the beginning was read, the last values are not known.
            global_step: content.global_step().filter(|_| self.whole),
            episodes: episodes.len() as u64,
            recorded,
            summary: if self.whole { content.summary(SUMMARY_TAGS_MAX) } else { BTreeMap::new() },
            ..RunStatus::default()
        };
        self.counts =
            RunCounts { episodes: episodes.end(), recorded, filmed, checkpoints: Some(0), lost: content.lost_count() };
        self.format = format_name(&content.format());
        self.renewed |= is_news(info, content);
    }
}

/// Formats are few: each joint name is kept for ever, once.
fn format_name(name: &str) -> &'static str {
    static NAMES: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = names.iter().find(|known| **known == name) {
        return known;
    }
    let kept: &'static str = Box::leak(name.to_owned().into_boxed_str());
    names.push(kept);
    kept
}

/// Who the run is, as far as its files tell.
fn info_of(path: &Path, name: &Name, folder: &Folder, content: &Content) -> RunInfo {
    let (config, about) = (content.config(), content.about());
    let oldest = folder.files.iter().map(|file| file.modified_us).min().unwrap_or_default();
    let mut info = RunInfo {
        id: id_of(path),
        name: about.name.clone().unwrap_or_else(|| name.name.clone()),
        project: about.project.clone().unwrap_or_else(|| name.project.clone()),
        group: about.group.clone().or_else(|| group_of(&name.name)),
        tags: about.tags.clone(),
        created_us: about.created_us.unwrap_or(oldest),
        notes: about.notes.clone().unwrap_or_default(),
        gamma: config::gamma(&config),
        ..RunInfo::default()
    };
    let env_id = about.env_id.clone().or_else(|| config::env_id(&config));
    if env_id.is_some() || about.observation_space.is_some() || !about.action_meanings.is_empty() {
        info.env = Some(EnvSpec {
            id: env_id.unwrap_or_default(),
            observation_space: about.observation_space,
            action_space: about.action_space,
            action_meanings: about.action_meanings,
            num_envs: about.num_envs.unwrap_or(1),
            ..EnvSpec::default()
        });
    }
    info.config = Value::Object(config);
    info
}

/// Whether the files tell more of the run than `info` says.
fn is_news(info: &RunInfo, content: &Content) -> bool {
    let about = content.about();
    let env = info.env.as_ref();
    info.config.as_object().is_none_or(|known| *known != content.config())
        || about.created_us.is_some_and(|created| created != info.created_us)
        || about.env_id.is_some_and(|id| env.is_none_or(|env| env.id != id))
        || about.name.is_some_and(|name| name != info.name)
        || about.action_meanings != env.map(|env| env.action_meanings.clone()).unwrap_or_default()
        || about.num_envs.is_some_and(|envs| env.is_some_and(|env| env.num_envs != envs))
}

/// The same for the same folder, whenever it is asked. It is a ULID in form, of no time.
fn id_of(path: &Path) -> RunId {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let hash = xxhash_rust::xxh3::xxh3_128(path.as_os_str().as_encoded_bytes());
    RunId(ulid::Ulid::from(hash).to_string())
}

/// Runs of `ENVIRONMENT__SCRIPT__SEED__TIME`, as CleanRL calls them, differ in seed and time within a group.
fn group_of(name: &str) -> Option<String> {
    let parts: Vec<&str> = name.rsplit('/').next()?.split("__").collect();
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match parts.as_slice() {
        [head @ .., seed, time] if head.len() == 2 && is_number(seed) && is_number(time) => Some(head.join("__")),
        _ => None,
    }
}

impl RunSource for ForeignRun {
    fn info(&self) -> RunInfo {
        self.info.clone()
    }

    fn format(&self) -> &'static str {
        self.seen().format
    }

    fn status(&self) -> RunStatus {
        let mut status = self.seen().status.clone();
        if now_us().saturating_sub(status.heartbeat_us) < ENDED_AFTER_US {
            (status.state, status.ended_us) = (RunState::Running, None);
        }
        status
    }

    fn refresh(&self) -> Result<Revision> {
        let folder = Folder::list(&self.path)?;
        if self.seen().folder == folder {
            return Ok(self.revision());
        }
        let mut content = match self.content.try_write() {
            Ok(content) => content,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            // It is being read just now: what is new is seen the next time.
            Err(TryLockError::WouldBlock) => return Ok(self.revision()),
        };
        // What nobody looks at is not read to the end only because it grows.
        let budget = if self.seen().whole { u64::MAX } else { HEAD_BYTES };
        if let Some(content) = content.as_mut() {
            content.catch_up(&folder, budget);
        }
        let mut seen = self.seen();
        let modified = folder.files.iter().map(|file| file.modified_us).max().unwrap_or_default();
        (seen.status.heartbeat_us, seen.status.ended_us) = (modified, Some(modified));
        seen.folder = folder;
        if let Some(content) = content.as_ref() {
            seen.settle(&self.info, content);
        }
        seen.revision += 1;
        Ok(Revision(seen.revision))
    }

    fn revision(&self) -> Revision {
        Revision(self.seen().revision)
    }

    fn lost(&self) -> Vec<Lost> {
        let mut lost = self.ask(Content::lost);
        lost.extend(self.seen().lost.iter().cloned());
        lost
    }

    fn counts(&self) -> Result<RunCounts> {
        let seen = self.seen();
        Ok(RunCounts { lost: seen.counts.lost + seen.lost.len(), ..seen.counts })
    }

    fn scalar_tags(&self) -> Vec<ScalarTag> {
        self.ask(Content::scalar_tags)
    }

    fn scalars(&self, axis: Axis, tag: &str, range: Range<i64>) -> Result<ScalarColumns> {
        self.ask_points(axis, tag, |columns| columns.points(&range))
    }

    fn scalar_buckets(&self, axis: Axis, tag: &str, range: Range<i64>, buckets: usize) -> Result<Buckets> {
        self.ask_points(axis, tag, |columns| columns.buckets(&range, buckets))
    }

    fn episode_count(&self) -> u64 {
        self.ask(|content| content.episodes().end())
    }

    fn episodes(&self, range: Range<u64>) -> Result<Vec<EpisodeRow>> {
        Ok(self.ask(|content| content.episodes().within(&range)))
    }

    fn step_fields(&self, episode: u64) -> Result<Vec<FieldInfo>> {
        let steps = self.ask(|content| content.steps(episode))?;
        Ok(steps.iter().map(|field| field.info.clone()).collect())
    }

    fn step_count(&self, episode: u64) -> Result<u64> {
        let steps = self.ask(|content| content.steps(episode))?;
        Ok(steps.iter().map(|field| field.column.rows() as u64).max().unwrap_or(0))
    }

    fn steps(&self, episode: u64, field: &str, range: Range<u64>) -> Result<Column> {
        let fields = self.ask(|content| content.steps(episode))?;
        steps::rows(&fields, episode, field, range)
    }

    fn frame_groups(&self, episode: u64, field: &str, range: Range<u64>) -> Result<Vec<FrameGroup>> {
        let column = self.steps(episode, field, range)?;
        steps::frame_groups(&column)
    }

    fn tensor_tags(&self) -> Vec<TensorTag> {
        self.ask(Content::tensor_tags)
    }

    fn tensor_steps(&self, axis: Axis, tag: &str, range: Range<i64>) -> Result<Vec<i64>> {
        Ok(self.ask(|content| content.tensor_steps(axis, tag, &range)))
    }

    fn tensors(&self, axis: Axis, tag: &str, range: Range<i64>) -> Result<Vec<TensorRow>> {
        let (rows, lost) = self.ask(|content| content.tensors(axis, tag, &range));
        self.note(lost);
        Ok(rows)
    }

    fn tensors_size(&self, axis: Axis, tag: &str, range: Range<i64>) -> Result<Option<TensorsSize>> {
        Ok(Some(self.ask(|content| content.tensors_size(axis, tag, &range))))
    }

    fn checkpoints(&self) -> Vec<CheckpointRow> {
        vec![]
    }

    fn blob(&self, hash: &str) -> Result<Blob> {
        let blob = self.ask(|content| content.blob(hash))?;
        blob.ok_or_else(|| Error::NotFound { what: format!("blob {hash} in run {}", self.info.id) })
    }

    fn sizes(&self) -> Option<Vec<(String, u64)>> {
        let seen = self.seen();
        Some(seen.folder.files.iter().map(|file| (format!("{}/{}", seen.format, file.name), file.length)).collect())
    }

    fn is_replaced(&self) -> bool {
        self.seen().renewed
    }

    fn held_bytes(&self) -> Option<usize> {
        let held = self.seen().held?;
        // Of what is being read just now it is not known.
        let steps = self.content.try_read().ok().and_then(|content| content.as_ref().map(Content::held_bytes));
        Some(held + steps.unwrap_or(0))
    }

    fn rest(&self) {
        // What is in use just now is let go of another time.
        if let Ok(mut content) = self.content.try_write() {
            *content = None;
            let mut seen = self.seen();
            (seen.whole, seen.held) = (false, None);
        }
    }

    fn notes(&self) -> Result<Stored<Notes>> {
        read_notes(&self.path)
    }

    fn put_notes(&self, notes: Notes, seen: Version) -> Result<Stored<Notes>> {
        write_notes(&self.path, notes, seen)
    }
}

/// That there is no such field.
pub(crate) fn no_field(episode: u64, field: &str) -> Error {
    Error::NotFound { what: format!("field {field:?} in episode {episode}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_one_script_and_environment_are_a_group() {
        assert_eq!(group_of("CartPole-v1__ppo__1__1700000000").as_deref(), Some("CartPole-v1__ppo"));
        assert_eq!(group_of("a/CartPole-v1__ppo__2__1700000009").as_deref(), Some("CartPole-v1__ppo"));
        for other in ["PPO_1", "a__b", "a__b__c__d", "a__1__2"] {
            assert_eq!(group_of(other), None, "{other}");
        }
    }

    #[test]
    fn a_folder_has_one_id() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(id_of(folder.path()), id_of(&folder.path().join(".")));
        assert_eq!(id_of(folder.path()).0.len(), 26);
    }
}
