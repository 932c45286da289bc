//! A run as Python reads it: columns as bytes, from which `ethogram.reader` makes what the user asks for.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ethogram_query::{
    ATTRIBUTION_PREFIX, Cancel, DERIVED_PREFIX, Event, EventsRequest, HealthFinding, Opener, Options, Origin, Params,
    RunHandle, StepsRequest, TableFile, Video, VideoRequest, Workbench,
};
use ethogram_store::{Axis, CheckpointRow, Column, ColumnData, EpisodeRow, RunReader, RunSource};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};
use serde_json::Value as Json;

use crate::fault::{self, CorruptError, EthogramError, NotFoundError, OptionError, ShapeError, StorageError};
use crate::interrupt::interruptible;
use crate::network::from_model;

/// Name, dtype, shape of a row, rows, and one byte a row that says whether it was logged.
type RawColumn<'py> = (String, Option<&'static str>, Vec<usize>, Bound<'py, PyAny>, Option<Bound<'py, PyBytes>>);
/// Step, time, kind, dtype, shape, bytes and the rest as JSON.
type RawTensor<'py> = (i64, i64, String, &'static str, Vec<usize>, Bound<'py, PyBytes>, String);

/// Frames after which Python is asked whether to go on.
const TELL_EVERY: u64 = 16;

/// The native half of `ethogram.RunView`.
#[pyclass(frozen, module = "ethogram._native")]
pub struct RunView {
    pub(crate) workbench: Workbench,
    pub(crate) run: Arc<RunHandle>,
}

#[pymethods]
impl RunView {
    #[new]
    #[expect(clippy::needless_pass_by_value, reason = "what Python hands over is owned")]
    fn new(py: Python<'_>, folder: PathBuf) -> PyResult<Self> {
        py.detach(|| Self::open(&folder))
    }

    fn info(&self) -> PyResult<String> {
        json(&self.run.source().info())
    }

    fn status(&self) -> PyResult<String> {
        let mut status = self.run.source().status();
        status.state = self.run.state();
        json(&status)
    }

    fn lost(&self) -> PyResult<String> {
        json(&self.run.source().lost())
    }

    /// Looks for growth; true if there is any.
    fn refresh(&self, py: Python<'_>) -> bool {
        py.detach(|| {
            let before = self.run.source().revision();
            self.workbench.refresh();
            self.run.source().revision() != before
        })
    }

    /// Axis and name of every scalar.
    fn scalar_tags(&self) -> PyResult<Vec<(String, String)>> {
        self.run.scalar_tags().into_iter().map(|tag| Ok((word(&tag.axis)?, tag.tag))).collect()
    }

    fn scalars<'py>(&self, py: Python<'py>, axis: &str, tag: &str) -> PyResult<Vec<RawColumn<'py>>> {
        let axis = axis_from(axis)?;
        let points = py
            .detach(|| self.run.points(axis, tag, &(i64::MIN..i64::MAX), u64::MAX))
            .map_err(|error| from_query(&error))?;
        Ok(vec![
            numbers(py, "step", "int64", &points.step, i64::to_le_bytes),
            numbers(py, "time_us", "int64", &points.time_us, i64::to_le_bytes),
            numbers(py, "value", "float64", &points.value, f64::to_le_bytes),
        ])
    }

    /// Axis and name of every tensor, distribution, image and text.
    fn tensor_tags(&self) -> PyResult<Vec<(String, String)>> {
        self.run.source().tensor_tags().into_iter().map(|tag| Ok((word(&tag.axis)?, tag.tag))).collect()
    }

    fn tensors<'py>(&self, py: Python<'py>, axis: &str, tag: &str) -> PyResult<Vec<RawTensor<'py>>> {
        let axis = axis_from(axis)?;
        let rows = py
            .detach(|| self.run.source().tensors(axis, tag, i64::MIN..i64::MAX))
            .map_err(|error| fault::from_store(&error))?;
        rows.into_iter()
            .map(|row| {
                let (kind, meta) = (word(&row.kind)?, json(&row.meta)?);
                let (dtype, shape) = (row.array.dtype().name(), row.array.shape().to_vec());
                Ok((row.step, row.time_us, kind, dtype, shape, PyBytes::new(py, row.array.data()), meta))
            })
            .collect()
    }

    fn episodes<'py>(&self, py: Python<'py>) -> PyResult<Vec<RawColumn<'py>>> {
        let rows = py.detach(|| self.run.source().episodes(0..u64::MAX)).map_err(|error| fault::from_store(&error))?;
        episode_columns(py, &rows)
    }

    fn episode(&self, episode: u64) -> PyResult<String> {
        json(&self.run.episode(episode).map_err(|error| from_query(&error))?)
    }

    fn step_fields(&self, py: Python<'_>, episode: u64) -> PyResult<Vec<String>> {
        self.fields_of(py, episode, Origin::Logged)
    }

    fn derived_fields(&self, py: Python<'_>, episode: u64) -> PyResult<Vec<String>> {
        self.fields_of(py, episode, Origin::Derived)
    }

    #[expect(clippy::needless_pass_by_value, reason = "what Python hands over is owned")]
    fn field<'py>(
        &self,
        py: Python<'py>,
        episode: u64,
        name: &str,
        params: BTreeMap<String, String>,
    ) -> PyResult<RawColumn<'py>> {
        let params: Params = params.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
        if let Some(method) = name.strip_prefix(DERIVED_PREFIX).unwrap_or(name).strip_prefix(ATTRIBUTION_PREFIX)
            && (name.starts_with(DERIVED_PREFIX) || !self.step_fields(py, episode)?.iter().any(|known| known == name))
        {
            // It may take minutes, which Ctrl-C must end.
            let work = |cancel: &Cancel| self.run.attribution(episode, method, &params, 0..u64::MAX, cancel);
            return raw_column(py, &interruptible(py, work)?.map_err(|error| from_query(&error))?);
        }
        let field =
            py.detach(|| self.run.field(episode, name, &params, 0..u64::MAX)).map_err(|error| from_query(&error))?;
        raw_column(py, &field.column)
    }

    /// Writes steps of an episode as a table, of the kind that the name ends in; gives its rows.
    #[expect(clippy::needless_pass_by_value, reason = "what Python hands over is owned")]
    fn export_steps(
        &self,
        py: Python<'_>,
        episode: u64,
        path: PathBuf,
        range: (Option<u64>, Option<u64>),
        fields: Option<Vec<String>>,
        fps: Option<f64>,
    ) -> PyResult<usize> {
        let format = TableFile::of_path(&path).map_err(OptionError::new_err)?;
        let range = range.0.unwrap_or(0)..range.1.unwrap_or(u64::MAX);
        py.detach(|| {
            let table = self
                .run
                .steps_table(&StepsRequest { episode, range, fields, fps })
                .map_err(|error| from_query(&error))?;
            let bytes = table.to_bytes(format).map_err(|error| from_query(&error))?;
            std::fs::write(&path, bytes)
                .map_err(|error| StorageError::new_err(format!("{error}: {}", path.display())))?;
            Ok(table.rows())
        })
    }

    /// Writes a film of an episode; `options` are those of `VideoRequest`, `progress` is called with frames done and all frames.
    /// Gives width, height, frames and frames a second.
    #[expect(clippy::needless_pass_by_value, reason = "what Python hands over is owned")]
    fn video(
        &self,
        py: Python<'_>,
        episode: u64,
        path: PathBuf,
        options: BTreeMap<String, String>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<(u32, u32, u64, f64)> {
        let mut raised = None;
        let made = py.detach(|| -> ethogram_query::Result<_> {
            let options = options.iter().map(|(name, text)| (name.as_str(), text.as_str()));
            let format = Video::format_of(&path)?;
            let request = VideoRequest { format, ..VideoRequest::new(episode).with_options(options)? };
            let video = self.run.video(&request)?;
            let frames = video.frames();
            video.write_file(&path, &mut |done| {
                if !done.is_multiple_of(TELL_EVERY) && done != frames {
                    return ControlFlow::Continue(());
                }
                // Ctrl+C, too, must end the work.
                let told = Python::attach(|py| {
                    py.check_signals()?;
                    progress.as_ref().map_or(Ok(()), |progress| progress.call1(py, (done, frames)).map(drop))
                });
                match told {
                    Ok(()) => ControlFlow::Continue(()),
                    Err(error) => {
                        raised = Some(error);
                        ControlFlow::Break(())
                    }
                }
            })?;
            let (width, height) = video.size();
            Ok((width, height, frames, video.fps()))
        });
        match raised {
            Some(error) => Err(error),
            None => made.map_err(|error| from_query(&error)),
        }
    }

    /// Events of one episode, or of all that were recorded, as JSON.
    #[expect(clippy::needless_pass_by_value, reason = "what Python hands over is owned")]
    fn events(
        &self,
        py: Python<'_>,
        episode: Option<u64>,
        kinds: Vec<String>,
        top: usize,
        settings: BTreeMap<String, String>,
    ) -> PyResult<String> {
        let settings: Params = settings.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
        let work = |cancel: &Cancel| match episode {
            Some(episode) => self.run.episode_events(episode, &kinds, &settings, cancel).map(|found| found.events),
            None => {
                let request =
                    EventsRequest { kinds: kinds.clone(), top: Some(top), settings: settings.clone(), deadline: None };
                self.run.events(&request, cancel, &|_, _| ()).map(|found| found.events)
            }
        };
        let found = interruptible(py, work)?.map_err(|error| from_query(&error))?;
        let event = |event: &Event| {
            serde_json::json!({
                "kind": event.kind, "episode": event.episode, "step": event.step, "start": event.from, "end": event.to,
                "value": event.value, "score": event.score, "rank": event.rank, "evidence": event.evidence,
                "numbers": event.numbers.iter().copied().collect::<BTreeMap<_, _>>(),
            })
        };
        json(&found.iter().map(event).collect::<Vec<_>>())
    }

    /// What looks wrong about training, as JSON.
    #[expect(clippy::needless_pass_by_value, reason = "what Python hands over is owned")]
    fn health(&self, py: Python<'_>, settings: BTreeMap<String, String>) -> PyResult<String> {
        let settings: Params = settings.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
        let found = interruptible(py, |cancel: &Cancel| self.run.health(&settings, cancel))?;
        let finding = |one: &HealthFinding| {
            serde_json::json!({
                "rule": one.rule, "tag": one.tag, "axis": one.axis, "step": one.step, "episode": one.episode,
                "evidence": one.evidence, "numbers": one.numbers.iter().copied().collect::<BTreeMap<_, _>>(),
            })
        };
        json(&found.map_err(|error| from_query(&error))?.findings.iter().map(finding).collect::<Vec<_>>())
    }

    fn checkpoints<'py>(&self, py: Python<'py>) -> PyResult<Vec<RawColumn<'py>>> {
        let rows: Vec<CheckpointRow> = self.run.source().checkpoints();
        let text = |name: &str, of: fn(&CheckpointRow) -> String| texts(py, name, rows.iter().map(|row| Some(of(row))));
        let steps: Vec<i64> = rows.iter().map(|row| row.global_step).collect();
        let bytes: Vec<u64> = rows.iter().map(|row| row.bytes).collect();
        let times: Vec<i64> = rows.iter().map(|row| row.time_us).collect();
        Ok(vec![
            numbers(py, "global_step", "int64", &steps, i64::to_le_bytes),
            text("name", |row| row.name.clone())?,
            text("hash", |row| row.hash.clone())?,
            text("format", |row| row.format.clone())?,
            numbers(py, "bytes", "uint64", &bytes, u64::to_le_bytes),
            text("signature", |row| row.signature.to_string())?,
            numbers(py, "time_us", "int64", &times, i64::to_le_bytes),
        ])
    }

    fn blob<'py>(&self, py: Python<'py>, hash: &str) -> PyResult<Bound<'py, PyBytes>> {
        let blob = py.detach(|| self.run.source().blob(hash)).map_err(|error| fault::from_store(&error))?;
        Ok(PyBytes::new(py, &blob))
    }
}

impl RunView {
    fn open(folder: &Path) -> PyResult<Self> {
        // Its identity is read first, for that error says more than a search that finds nothing.
        let id = ethogram_store::read_info(folder).map_err(|error| fault::from_store(&error))?.id;
        let options = Options { openers: vec![Arc::new(Folder)], ..Options::default() };
        let workbench =
            Workbench::open(vec![folder.to_path_buf().into()], options).map_err(|error| from_query(&error))?;
        let run = workbench.run(&id.0).map_err(|error| from_query(&error))?;
        Ok(Self { workbench, run })
    }

    fn fields_of(&self, py: Python<'_>, episode: u64, origin: Origin) -> PyResult<Vec<String>> {
        let entries = py.detach(|| self.run.fields(episode)).map_err(|error| from_query(&error))?;
        Ok(entries.into_iter().filter(|entry| entry.origin == origin).map(|entry| entry.info.name).collect())
    }
}

/// Opens the one run that a folder is.
struct Folder;

impl Opener for Folder {
    fn name(&self) -> &'static str {
        "ethogram"
    }

    fn find(&self, root: &Path) -> ethogram_store::Result<Vec<PathBuf>> {
        Ok(if root.join("run.json").is_file() { vec![root.to_path_buf()] } else { vec![] })
    }

    fn open(&self, path: &Path) -> ethogram_store::Result<Option<Arc<dyn RunSource>>> {
        Ok(Some(Arc::new(RunReader::open(path)?)))
    }
}

/// So many of the latest episodes are asked how far training was.
const EPISODES_LOOKED_AT: u64 = 1_024;

/// Largest global step that a run's status, scalars and latest episodes know of, and its number of episodes; for a writer that continues it.
#[pyfunction]
#[expect(clippy::needless_pass_by_value, reason = "what Python hands over is owned")]
pub fn extent(py: Python<'_>, folder: PathBuf) -> PyResult<(Option<i64>, u64)> {
    py.detach(|| {
        let reader = RunReader::open(&folder).map_err(|error| fault::from_store(&error))?;
        let tags = reader.scalar_tags();
        let logged = tags.iter().filter(|tag| tag.axis == Axis::GlobalStep).map(|tag| tag.last_step).max();
        let count = reader.episode_count();
        let latest = reader.episodes(count.saturating_sub(EPISODES_LOOKED_AT)..u64::MAX);
        let latest = latest.map_err(|error| fault::from_store(&error))?;
        let training = latest.iter().filter(|row| !row.evaluation);
        let played = training.map(|row| row.global_step.saturating_add(row.length as i64)).max();
        Ok((reader.status().global_step.max(logged).max(played), count))
    })
}

fn episode_columns<'py>(py: Python<'py>, rows: &[EpisodeRow]) -> PyResult<Vec<RawColumn<'py>>> {
    let i64s = |name: &str, of: fn(&EpisodeRow) -> Option<i64>| {
        let values: Vec<Option<i64>> = rows.iter().map(of).collect();
        optional(py, name, "int64", &values, i64::to_le_bytes)
    };
    let u64s = |name: &str, of: fn(&EpisodeRow) -> u64| {
        let values: Vec<u64> = rows.iter().map(of).collect();
        numbers(py, name, "uint64", &values, u64::to_le_bytes)
    };
    let f64s = |name: &str, of: fn(&EpisodeRow) -> Option<f64>| {
        let values: Vec<Option<f64>> = rows.iter().map(of).collect();
        optional(py, name, "float64", &values, f64::to_le_bytes)
    };
    let flags = |name: &str, of: fn(&EpisodeRow) -> bool| {
        let values: Vec<u8> = rows.iter().map(|row| u8::from(of(row))).collect();
        numbers(py, name, "bool", &values, u8::to_le_bytes)
    };
    let text = |name: &str, of: fn(&EpisodeRow) -> Option<String>| texts(py, name, rows.iter().map(of));
    Ok(vec![
        u64s("episode", |row| row.episode),
        u64s("env_index", |row| u64::from(row.env_index)),
        text("agent", |row| row.agent.clone())?,
        i64s("seed", |row| row.seed),
        text("end", |row| word(&row.end).ok())?,
        f64s("episode_return", |row| Some(row.episode_return)),
        u64s("length", |row| row.length),
        i64s("global_step", |row| Some(row.global_step)),
        i64s("started_us", |row| Some(row.started_us)),
        i64s("ended_us", |row| row.ended_us),
        flags("recorded", |row| row.recorded),
        flags("evaluation", |row| row.evaluation),
        i64s("checkpoint", |row| row.checkpoint),
        f64s("env_return", |row| row.env_return),
        text("extra", |row| json(&row.extra).ok())?,
    ])
}

fn raw_column<'py>(py: Python<'py>, column: &Column) -> PyResult<RawColumn<'py>> {
    let valid = column.valid.as_ref().map(|valid| {
        let bytes: Vec<u8> = valid.iter().map(|&valid| u8::from(valid)).collect();
        PyBytes::new(py, &bytes)
    });
    let data = match &column.data {
        ColumnData::Numeric(bytes) => PyBytes::new(py, bytes).into_any(),
        ColumnData::Text(rows) => PyList::new(py, rows)?.into_any(),
    };
    let dtype = column.info.dtype.map(ethogram_store::Dtype::name);
    Ok((column.info.name.clone(), dtype, column.info.shape.clone(), data, valid))
}

fn numbers<'py, T: Copy, const N: usize>(
    py: Python<'py>,
    name: &str,
    dtype: &'static str,
    values: &[T],
    to_bytes: fn(T) -> [u8; N],
) -> RawColumn<'py> {
    let bytes: Vec<u8> = values.iter().flat_map(|&value| to_bytes(value)).collect();
    (name.to_owned(), Some(dtype), vec![], PyBytes::new(py, &bytes).into_any(), None)
}

fn optional<'py, T: Copy + Default, const N: usize>(
    py: Python<'py>,
    name: &str,
    dtype: &'static str,
    values: &[Option<T>],
    to_bytes: fn(T) -> [u8; N],
) -> RawColumn<'py> {
    let bytes: Vec<u8> = values.iter().flat_map(|&value| to_bytes(value.unwrap_or_default())).collect();
    let valid: Vec<u8> = values.iter().map(|value| u8::from(value.is_some())).collect();
    let valid = valid.contains(&0).then(|| PyBytes::new(py, &valid));
    (name.to_owned(), Some(dtype), vec![], PyBytes::new(py, &bytes).into_any(), valid)
}

fn texts<'py>(py: Python<'py>, name: &str, rows: impl Iterator<Item = Option<String>>) -> PyResult<RawColumn<'py>> {
    let rows: Vec<Option<String>> = rows.collect();
    let valid: Vec<u8> = rows.iter().map(|row| u8::from(row.is_some())).collect();
    let valid = valid.contains(&0).then(|| PyBytes::new(py, &valid));
    let rows = PyList::new(py, rows.into_iter().map(Option::unwrap_or_default))?;
    Ok((name.to_owned(), None, vec![], rows.into_any(), valid))
}

fn json<T: serde::Serialize>(value: &T) -> PyResult<String> {
    serde_json::to_string(value).map_err(|error| CorruptError::new_err(error.to_string()))
}

/// The name of a variant, as in JSON.
fn word<T: serde::Serialize>(value: &T) -> PyResult<String> {
    match serde_json::to_value(value) {
        Ok(Json::String(word)) => Ok(word),
        _ => Err(CorruptError::new_err("expected a name")),
    }
}

fn axis_from(name: &str) -> PyResult<Axis> {
    serde_json::from_value(Json::String(name.to_owned()))
        .map_err(|_| NotFoundError::new_err(format!("no axis {name:?}")))
}

/// The Python exception of an error of the queries.
pub(crate) fn from_query(error: &ethogram_query::Error) -> PyErr {
    let text = error.to_string();
    match error {
        ethogram_query::Error::Store(error) => fault::from_store(error),
        _ if error.is_not_found() => NotFoundError::new_err(text),
        ethogram_query::Error::Unfilmed { .. } => NotFoundError::new_err(text),
        _ if error.is_missing_input() => NotFoundError::new_err(text),
        ethogram_query::Error::Model(error) => from_model(error),
        ethogram_query::Error::Video(error) if error.is_bad_request() => OptionError::new_err(text),
        ethogram_query::Error::Video(error) if error.is_io() => StorageError::new_err(text),
        ethogram_query::Error::BadInput { .. }
        | ethogram_query::Error::BadParam { .. }
        | ethogram_query::Error::Analysis(_) => ShapeError::new_err(text),
        _ => EthogramError::new_err(text),
    }
}
