//! `status.json`: how a run stands, kept true by its writer.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::layout::{JSON_BYTES_MAX, RUN_FILE, STATUS_FILE, read_file, replace_file};
use crate::{Error, Result, RunInfo, RunStatus};

/// Microseconds since 1970, UTC.
pub fn now_us() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as i64)
}

/// Reads `run.json`.
///
/// # Errors
/// [`Error::NotARun`] without one, [`Error::NewerVersion`] when it is of a format that this version does not read,
/// [`Error::Corrupt`] when it cannot be understood.
pub fn read_info(run_dir: &Path) -> Result<RunInfo> {
    let path = run_dir.join(RUN_FILE);
    let bytes = match read_file(&path, JSON_BYTES_MAX) {
        Err(error) if error.is_not_found() => return Err(Error::NotARun { path: run_dir.to_owned() }),
        other => other?,
    };
    info_from(&bytes, path)
}

/// What `run.json` says; `path` is what to call it.
pub(crate) fn info_from(bytes: &[u8], path: PathBuf) -> Result<RunInfo> {
    let corrupt = |found: String| Error::Corrupt {
        what: "identity of the run".into(),
        expected: "the JSON of RunInfo".into(),
        found,
        path: path.clone(),
    };
    let value: serde_json::Value = serde_json::from_slice(bytes).map_err(|error| corrupt(error.to_string()))?;
    // The version first: the rest of a newer file may look like anything.
    let version = value.get("format_version").and_then(serde_json::Value::as_u64);
    let version = version.ok_or_else(|| corrupt("no format_version".into()))?;
    if version > u64::from(RunInfo::FORMAT_VERSION) {
        let found = u32::try_from(version).unwrap_or(u32::MAX);
        return Err(Error::NewerVersion { found, newest: RunInfo::FORMAT_VERSION, path });
    }
    serde_json::from_value(value).map_err(|error| corrupt(error.to_string()))
}

/// Reads `status.json`; `None` when there is none or it cannot be understood.
pub fn read_status(run_dir: &Path) -> Option<RunStatus> {
    let bytes = read_file(&run_dir.join(STATUS_FILE), JSON_BYTES_MAX).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// Writes the status of a run, often enough to show that it lives.
#[derive(Debug)]
pub(crate) struct StatusKeeper {
    path: PathBuf,
    durable: bool,
    written: Option<Instant>,
    /// What the next write says; the heartbeat is set then.
    pub(crate) status: RunStatus,
}

impl StatusKeeper {
    /// Longest time between two writes while the writer lives; a sixth of what readers wait before they call it dead.
    const INTERVAL: Duration = Duration::from_secs(5);
    /// Most tags in the summary.
    pub(crate) const SUMMARY_TAGS_MAX: usize = 200;

    pub(crate) fn new(run_dir: &Path, status: RunStatus, durable: bool) -> Self {
        Self { path: run_dir.join(STATUS_FILE), durable, written: None, status }
    }

    /// It is time for the next write.
    pub(crate) fn is_due(&self) -> bool {
        self.written.is_none_or(|written| written.elapsed() >= Self::INTERVAL)
    }

    /// Replaces the file.
    pub(crate) fn write(&mut self) -> Result<()> {
        // Also when it fails: a full disk is tried again later, not at once.
        self.written = Some(Instant::now());
        self.status.heartbeat_us = now_us();
        self.status.pid = std::process::id();
        // JSON has no NaN; a tag whose last value is none is left out.
        self.status.summary.retain(|_, value| value.is_finite());
        let bytes = serde_json::to_vec_pretty(&self.status).unwrap_or_default();
        replace_file(&self.path, &bytes, self.durable)
    }

    /// Takes the last values of scalars, those logged first if there are too many.
    pub(crate) fn summarise<'a>(&mut self, values: impl Iterator<Item = (&'a str, f64)>) {
        let summary: &mut BTreeMap<String, f64> = &mut self.status.summary;
        for (tag, value) in values {
            if let Some(known) = summary.get_mut(tag) {
                *known = value;
            } else if summary.len() < Self::SUMMARY_TAGS_MAX && value.is_finite() {
                summary.insert(tag.to_owned(), value);
            }
        }
    }
}
