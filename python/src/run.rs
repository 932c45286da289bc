//! The native half of `ethogram.Run`: a dict of values to rows of the writer, with nothing raised and nothing waited for.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;

use ethogram_store::{
    Array, Axis, EpisodeRow, QueuePolicy, RunInfo, RunState, RunWriter, StepValue, TensorKind, TensorRow,
    WriterOptions, now_us,
};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyMapping, PyString, PyType};
use serde_json::{Map, Value as Json};

use crate::distribution::picture;
use crate::fault::{self, ClosedError, Faults, StepError, StorageError, UnsupportedValueError};
use crate::known::KnownEpisodes;
use crate::recorder::empty_row;
use crate::value::{self, Value};

/// Deepest nesting of a dict of values.
const DEPTH_MAX: usize = 8;
/// A call that may log as much as this is taken to wait when so much does not fit the queue.
const WAIT_BYTES: u64 = 1 << 20;
/// How often the writer is asked whether the disk failed.
const LOOK_EVERY_US: i64 = 500_000;
/// Types whose kind is remembered.
const KINDS_MAX: usize = 64;

/// What every run does in Rust. `ethogram.Run` is made of it.
#[pyclass(subclass, frozen, module = "ethogram._native")]
pub struct RunCore {
    writer: RwLock<Option<Arc<RunWriter>>>,
    strict: AtomicBool,
    /// Values are dropped without a word: `mode="disabled"`.
    disabled: AtomicBool,
    /// This process is a fork of the one that writes.
    forked: AtomicBool,
    step_known: AtomicBool,
    step_base: AtomicI64,
    step_since: AtomicI64,
    checkpoint: Mutex<Option<i64>>,
    known: Mutex<KnownEpisodes>,
    faults: Faults,
    looked_us: AtomicI64,
    disk_told: AtomicBool,
    kinds: Mutex<Vec<(Py<PyType>, Kind)>>,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// Has `__float__` and no length: a scalar of some framework.
    Number,
    /// One of the wrappers of `ethogram.values`.
    Wrapped,
    Other,
}

/// Where the values of one call lie.
#[derive(Clone, Copy)]
enum Place {
    Row { axis: Axis, step: i64 },
    Step { episode: u64, step: u64 },
}

#[pymethods]
impl RunCore {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(_args: &Bound<'_, PyAny>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self {
            writer: RwLock::new(None),
            strict: AtomicBool::new(false),
            disabled: AtomicBool::new(false),
            forked: AtomicBool::new(false),
            step_known: AtomicBool::new(false),
            step_base: AtomicI64::new(0),
            step_since: AtomicI64::new(0),
            checkpoint: Mutex::new(None),
            known: Mutex::new(KnownEpisodes::default()),
            faults: Faults::default(),
            looked_us: AtomicI64::new(0),
            disk_told: AtomicBool::new(false),
            kinds: Mutex::new(Vec::new()),
        }
    }

    /// Log values at one step. Never raises unless the run is strict, and never waits for the disk.
    ///
    /// Numbers become scalars, arrays tensors, strings texts; a dict within is flattened with `/`; `None` is skipped.
    ///
    /// Args:
    ///     values: Names and values.
    ///     global_step: Environment steps of the whole run. Left out, the step is `Run.global_step`.
    ///     episode: Log on the episode axis instead.
    ///     step: With `episode`: log fields of this step of the episode.
    #[pyo3(signature = (values, *, global_step = None, episode = None, step = None))]
    fn log(
        slf: &Bound<'_, Self>,
        values: &Bound<'_, PyAny>,
        global_step: Option<&Bound<'_, PyAny>>,
        episode: Option<&Bound<'_, PyAny>>,
        step: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let core = slf.get();
        let Some(writer) = core.writer(slf)? else { return Ok(()) };
        let py = slf.py();
        let place = match core.place(global_step, episode, step) {
            Ok(place) => place,
            Err(error) => return core.settle(py, "step", error),
        };
        core.log_at(slf, &writer, values, place)
    }

    /// Environment steps of the whole run: what was last logged, and the steps recorded since.
    #[getter]
    fn global_step(&self) -> i64 {
        self.step_now()
    }

    /// How often each kind of fault occurred that was not raised.
    #[getter]
    fn faults<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.faults.counts(py)
    }

    /// How the writer fares: values dropped, bytes queued and bytes written.
    #[getter]
    fn counters<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let counters = self.current().map(|writer| writer.counters()).unwrap_or_default();
        let dict = PyDict::new(py);
        dict.set_item("dropped", counters.dropped)?;
        dict.set_item("queued_bytes", counters.queued_bytes)?;
        dict.set_item("written_bytes", counters.written_bytes)?;
        Ok(dict)
    }

    /// Wait until everything logged so far can be read by others.
    fn flush(slf: &Bound<'_, Self>) -> PyResult<()> {
        let core = slf.get();
        let Some(writer) = core.current() else { return Ok(()) };
        match slf.py().detach(|| writer.flush()) {
            Ok(()) => Ok(()),
            Err(error) => core.settle(slf.py(), "flush", fault::from_store(&error)),
        }
    }

    #[pyo3(signature = (*, strict, disabled))]
    fn _configure(&self, strict: bool, disabled: bool) {
        self.strict.store(strict, Ordering::Relaxed);
        self.disabled.store(disabled, Ordering::Relaxed);
    }

    /// Starts a run under `root` and returns its folder.
    #[pyo3(signature = (root, info, *, queue_bytes, block, flush_secs))]
    fn _create(
        &self,
        py: Python<'_>,
        root: PathBuf,
        info: &str,
        queue_bytes: u64,
        block: bool,
        flush_secs: f64,
    ) -> PyResult<PathBuf> {
        let info: RunInfo =
            serde_json::from_str(info).map_err(|error| fault::EthogramError::new_err(error.to_string()))?;
        let options = options(queue_bytes, block, flush_secs);
        let writer =
            py.detach(|| RunWriter::create(&root, info, options)).map_err(|error| fault::from_store(&error))?;
        Ok(self.open(writer))
    }

    /// Continues the run in `folder`, in a writer's folder of its own.
    #[pyo3(signature = (folder, *, queue_bytes, block, flush_secs))]
    fn _resume(
        &self,
        py: Python<'_>,
        folder: PathBuf,
        queue_bytes: u64,
        block: bool,
        flush_secs: f64,
    ) -> PyResult<PathBuf> {
        let options = options(queue_bytes, block, flush_secs);
        let writer = py.detach(|| RunWriter::resume(&folder, options)).map_err(|error| fault::from_store(&error))?;
        Ok(self.open(writer))
    }

    /// Goes on where a resumed run stood: the largest global step known of it, and how many episodes it has.
    fn _continue_from(&self, global_step: Option<i64>, episodes: u64) {
        if let Some(global_step) = global_step {
            self.set_step(global_step);
        }
        if let Ok(mut known) = self.known.lock() {
            known.resume(episodes);
        }
    }

    #[pyo3(signature = (axis, tag, step, kind, array, meta))]
    #[expect(clippy::too_many_arguments, reason = "the columns of one row of tensors")]
    fn _tensor(
        slf: &Bound<'_, Self>,
        axis: &str,
        tag: &str,
        step: i64,
        kind: &str,
        array: &Bound<'_, PyAny>,
        meta: &str,
    ) -> PyResult<()> {
        let core = slf.get();
        let Some(writer) = core.writer(slf)? else { return Ok(()) };
        let (Ok(axis), Ok(kind), Ok(meta)) =
            (from_name::<Axis>(axis), from_name::<TensorKind>(kind), serde_json::from_str::<Map<String, Json>>(meta))
        else {
            return Err(UnsupportedValueError::new_err(format!("no axis {axis:?} or kind {kind:?}")));
        };
        let array = value::array(array)?;
        let array = if kind == TensorKind::Image { picture(array)? } else { array };
        core.tensor(slf.py(), &writer, axis, tag, step, kind, array, meta)
    }

    /// Stores the bytes of a checkpoint and returns their hash; `None` when nothing is written.
    fn _checkpoint(
        slf: &Bound<'_, Self>,
        global_step: i64,
        name: &str,
        format: &str,
        bytes: &Bound<'_, PyBytes>,
        signature: &str,
    ) -> PyResult<Option<String>> {
        let core = slf.get();
        let Some(writer) = core.writer(slf)? else { return Ok(None) };
        let signature: Json =
            serde_json::from_str(signature).map_err(|error| fault::EthogramError::new_err(error.to_string()))?;
        let bytes = bytes.as_bytes().to_vec();
        let hash = slf
            .py()
            .detach(|| writer.checkpoint(global_step, name, format, bytes, signature))
            .map_err(|error| fault::from_store(&error))?;
        if let Ok(mut newest) = core.checkpoint.lock() {
            *newest = Some(global_step);
        }
        Ok(Some(hash))
    }

    /// Tells an error once a kind, or raises it when the run is strict.
    fn _settle(&self, py: Python<'_>, kind: &str, error: Bound<'_, PyAny>) -> PyResult<()> {
        self.settle(py, kind, PyErr::from_value(error))
    }

    /// Ends the run: `finished` or `crashed`. Everything queued reaches the disk first.
    fn _close(slf: &Bound<'_, Self>, state: &str) -> PyResult<()> {
        let core = slf.get();
        let Some(writer) = core.take() else { return Ok(()) };
        let state = from_name::<RunState>(state).unwrap_or(RunState::Crashed);
        match slf.py().detach(|| writer.close(state)) {
            Ok(()) => Ok(()),
            Err(error) => core.settle(slf.py(), "close", fault::from_store(&error)),
        }
    }

    /// Called in the child of a fork: the writer belongs to the parent, and must not be touched, not even its locks.
    fn _forget(&self) {
        self.forked.store(true, Ordering::Relaxed);
    }

    #[getter]
    fn _open(&self) -> bool {
        self.current().is_some()
    }
}

impl RunCore {
    /// The writer; starts the run if this is the first use. `None` where nothing is written, which was told if it is a fault.
    pub fn writer(&self, slf: &Bound<'_, Self>) -> PyResult<Option<Arc<RunWriter>>> {
        if let Some(writer) = self.current() {
            return Ok(Some(writer));
        }
        if self.disabled.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let py = slf.py();
        if self.forked.load(Ordering::Relaxed) {
            let text = "this process was forked from the one that writes the run, so what it logs is not kept; \
                        call ethogram.init(resume=run.id) in it, or record around the vector environment";
            return self.settle(py, "fork", ClosedError::new_err(text)).map(|()| None);
        }
        slf.call_method0("_start")?;
        Ok(self.current())
    }

    fn current(&self) -> Option<Arc<RunWriter>> {
        if self.forked.load(Ordering::Relaxed) {
            return None;
        }
        self.writer.read().ok().and_then(|writer| writer.clone())
    }

    fn take(&self) -> Option<Arc<RunWriter>> {
        if self.forked.load(Ordering::Relaxed) {
            return None;
        }
        self.writer.write().ok().and_then(|mut writer| writer.take())
    }

    fn open(&self, writer: RunWriter) -> PathBuf {
        let folder = writer.path().to_path_buf();
        if let Ok(mut current) = self.writer.write() {
            *current = Some(Arc::new(writer));
        }
        folder
    }

    /// Raises if strict, else tells once.
    pub fn settle(&self, py: Python<'_>, kind: &str, error: PyErr) -> PyResult<()> {
        self.faults.settle(py, self.strict.load(Ordering::Relaxed), kind, error)
    }

    /// Environment steps of the whole run so far.
    pub fn step_now(&self) -> i64 {
        self.step_base.load(Ordering::Relaxed) + self.step_since.load(Ordering::Relaxed)
    }

    /// Counts environment steps taken since the global step was last given.
    pub fn advance(&self, steps: i64) {
        self.step_since.fetch_add(steps, Ordering::Relaxed);
        self.step_known.store(true, Ordering::Relaxed);
    }

    /// Allots the index of the next episode of the run.
    pub fn allot(&self, writer: &RunWriter) -> u64 {
        let episode = writer.next_episode();
        if let Ok(mut known) = self.known.lock() {
            known.allot(episode);
        }
        episode
    }

    /// Global step of the newest checkpoint.
    pub fn newest_checkpoint(&self) -> Option<i64> {
        self.checkpoint.lock().ok().and_then(|newest| *newest)
    }

    fn set_step(&self, global_step: i64) {
        self.step_base.store(global_step, Ordering::Relaxed);
        self.step_since.store(0, Ordering::Relaxed);
        self.step_known.store(true, Ordering::Relaxed);
    }

    fn place(
        &self,
        global_step: Option<&Bound<'_, PyAny>>,
        episode: Option<&Bound<'_, PyAny>>,
        step: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Place> {
        let global = global_step.map(|given| index("global_step", given)).transpose()?;
        if let Some(given) = global {
            self.set_step(given);
        }
        match (episode, step) {
            (None, None) => {}
            (Some(episode), None) => {
                return Ok(Place::Row { axis: Axis::Episode, step: index("episode", episode)? });
            }
            (Some(episode), Some(step)) => {
                return Ok(Place::Step { episode: position("episode", episode)?, step: position("step", step)? });
            }
            (None, Some(_)) => {
                return Err(StepError::new_err("expected an episode beside step, found none; pass episode= too"));
            }
        }
        if global.is_none() && !self.step_known.load(Ordering::Relaxed) {
            if self.strict.load(Ordering::Relaxed) {
                return Err(StepError::new_err("expected a global_step, found none so far; pass global_step="));
            }
            // Calls without any step are numbered, so that no point replaces another.
            let step = self.step_since.fetch_add(1, Ordering::Relaxed);
            return Ok(Place::Row { axis: Axis::GlobalStep, step });
        }
        Ok(Place::Row { axis: Axis::GlobalStep, step: global.unwrap_or_else(|| self.step_now()) })
    }

    fn log_at(
        &self,
        slf: &Bound<'_, Self>,
        writer: &RunWriter,
        values: &Bound<'_, PyAny>,
        place: Place,
    ) -> PyResult<()> {
        let py = slf.py();
        let time_us = now_us();
        self.look_at_disk(py, writer, time_us)?;
        if let Place::Step { episode, .. } = place
            && self.known.lock().is_ok_and(|mut known| known.is_new(episode))
        {
            let global_step = self.step_now();
            let row = EpisodeRow { episode, recorded: true, started_us: time_us, global_step, ..empty_row(0, None) };
            self.write(py, writer, "episode", || writer.episode(row))?;
        }
        let Ok(values) = values.cast_exact::<PyDict>() else {
            return self.log_slow(slf, writer, "", values, place, time_us, 0);
        };
        let mut numbers: Vec<(Bound<'_, PyString>, f64)> = Vec::with_capacity(values.len());
        let mut rest: Vec<(Bound<'_, PyAny>, Bound<'_, PyAny>)> = Vec::new();
        // Nothing in this loop runs Python code, which could change the dict under it.
        for (name, value) in values.iter() {
            match (name.cast_into::<PyString>(), value::plain_number(&value)) {
                (Ok(name), Some(number)) => numbers.push((name, number)),
                (Ok(name), None) => rest.push((name.into_any(), value)),
                (Err(error), _) => rest.push((error.into_inner(), value)),
            }
        }
        rest.retain(|(name, value)| match (name.cast::<PyString>(), self.kind(value)) {
            (Ok(name), Kind::Number) => match value.extract() {
                Ok(number) => {
                    numbers.push((name.clone(), number));
                    false
                }
                Err(_) => true,
            },
            _ => true,
        });
        self.write_numbers(py, writer, &numbers, place, time_us)?;
        for (name, value) in rest {
            match name.cast::<PyString>().map_err(PyErr::from).and_then(|name| name.to_str().map(str::to_owned)) {
                Ok(name) => self.log_one(slf, writer, &name, &value, place, time_us, 0)?,
                Err(_) => {
                    let text = format!("expected names that are strings, found {name:?}");
                    self.settle(py, "name", UnsupportedValueError::new_err(text))?;
                }
            }
        }
        Ok(())
    }

    fn write_numbers(
        &self,
        py: Python<'_>,
        writer: &RunWriter,
        numbers: &[(Bound<'_, PyString>, f64)],
        place: Place,
        time_us: i64,
    ) -> PyResult<()> {
        let mut values: Vec<(&str, f64)> = Vec::with_capacity(numbers.len());
        for (name, number) in numbers {
            match name.to_str() {
                Ok(name) => values.push((name, *number)),
                Err(error) => self.settle(py, "name", error)?,
            }
        }
        let written = self.try_numbers(py, writer, &values, place, time_us);
        // All or none: of a call with one bad name, the others are kept by logging each alone.
        if values.len() > 1 && written.as_ref().is_err_and(ethogram_store::Error::is_bad_input) {
            return values.into_iter().try_for_each(|value| {
                self.settled(py, value.0, self.try_numbers(py, writer, &[value], place, time_us))
            });
        }
        self.settled(py, values.first().map_or("", |value| value.0), written)
    }

    fn try_numbers(
        &self,
        py: Python<'_>,
        writer: &RunWriter,
        values: &[(&str, f64)],
        place: Place,
        time_us: i64,
    ) -> ethogram_store::Result<()> {
        if values.is_empty() {
            return Ok(());
        }
        waiting(py, writer, || match place {
            Place::Row { axis, step } => writer.scalars(axis, step, time_us, values),
            Place::Step { episode, step } => {
                let field = |&(name, number)| (Arc::from(name), StepValue::Array(Array::scalar(number)));
                writer.step(episode, step, values.iter().map(field).collect())
            }
        })
    }

    /// A mapping that is not a plain dict of plain numbers.
    #[expect(clippy::too_many_arguments, reason = "one place in one call")]
    fn log_slow(
        &self,
        slf: &Bound<'_, Self>,
        writer: &RunWriter,
        prefix: &str,
        values: &Bound<'_, PyAny>,
        place: Place,
        time_us: i64,
        depth: usize,
    ) -> PyResult<()> {
        let py = slf.py();
        let items = match values.cast::<PyMapping>().map_err(PyErr::from).and_then(|mapping| mapping.items()) {
            Ok(items) if depth < DEPTH_MAX => items,
            _ => {
                let text = format!(
                    "expected a dict of names and values, nested at most {DEPTH_MAX} deep, found {}",
                    values.get_type()
                );
                return self.settle(py, "values", UnsupportedValueError::new_err(text));
            }
        };
        for item in items {
            match item.extract::<(String, Bound<'_, PyAny>)>() {
                Ok((name, value)) => {
                    let name = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
                    self.log_one(slf, writer, &name, &value, place, time_us, depth)?;
                }
                Err(error) => self.settle(py, "name", error)?,
            }
        }
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "one place in one call")]
    fn log_one(
        &self,
        slf: &Bound<'_, Self>,
        writer: &RunWriter,
        name: &str,
        value: &Bound<'_, PyAny>,
        place: Place,
        time_us: i64,
        depth: usize,
    ) -> PyResult<()> {
        let py = slf.py();
        match self.kind(value) {
            Kind::Wrapped => {
                let (axis, step) = match place {
                    Place::Row { axis, step } => (name_of(axis), step),
                    Place::Step { .. } => {
                        let text = format!("field {name:?}: expected a number, a text or an array at a step");
                        return self.settle(py, name, UnsupportedValueError::new_err(text));
                    }
                };
                let unwrapped = slf.call_method1("_log_wrapped", (axis, name, step, value));
                return unwrapped.map(|_| ()).or_else(|error| self.settle(py, name, fault::about(py, name, &error)));
            }
            Kind::Other if value.cast::<PyMapping>().is_ok() => {
                return self.log_slow(slf, writer, name, value, place, time_us, depth + 1);
            }
            Kind::Number | Kind::Other => {}
        }
        let read = match value::read(value) {
            Ok(read) => read,
            Err(error) => return self.settle(py, name, fault::about(py, name, &error)),
        };
        match (read, place) {
            (Value::Missing, _) => Ok(()),
            (Value::Number(number), Place::Row { axis, step }) => {
                self.write(py, writer, name, || writer.scalar(axis, name, step, time_us, number))
            }
            (Value::Array(array), Place::Row { axis, step }) if array.len() == 1 => {
                let number = array.to_f64()[0];
                self.write(py, writer, name, || writer.scalar(axis, name, step, time_us, number))
            }
            (Value::Array(array), Place::Row { axis, step }) => {
                self.tensor(py, writer, axis, name, step, TensorKind::Tensor, array, Map::new())
            }
            (Value::Text(text), Place::Row { axis, step }) => {
                let bytes = text.into_bytes();
                match Array::new(ethogram_store::Dtype::Uint8, vec![bytes.len()], bytes) {
                    Ok(array) => self.tensor(py, writer, axis, name, step, TensorKind::Text, array, Map::new()),
                    Err(error) => self.settle(py, name, fault::from_store(&error)),
                }
            }
            (read, Place::Step { episode, step }) => {
                let value = match read {
                    Value::Number(number) => StepValue::Array(Array::scalar(number)),
                    Value::Array(array) => StepValue::Array(array),
                    Value::Text(text) => StepValue::Text(text),
                    Value::Missing => return Ok(()),
                };
                self.write(py, writer, name, || writer.step(episode, step, vec![(Arc::from(name), value)]))
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the columns of one row of tensors")]
    fn tensor(
        &self,
        py: Python<'_>,
        writer: &RunWriter,
        axis: Axis,
        tag: &str,
        step: i64,
        kind: TensorKind,
        array: Array,
        meta: Map<String, Json>,
    ) -> PyResult<()> {
        let row = TensorRow { step, time_us: now_us(), kind, array, meta };
        self.write(py, writer, tag, || writer.tensor(axis, tag, row))
    }

    /// Runs one write, and settles its error under the name of what was written.
    ///
    pub fn write(
        &self,
        py: Python<'_>,
        writer: &RunWriter,
        name: &str,
        write: impl FnOnce() -> ethogram_store::Result<()> + Send,
    ) -> PyResult<()> {
        self.settled(py, name, waiting(py, writer, write))
    }

    fn settled(&self, py: Python<'_>, name: &str, written: ethogram_store::Result<()>) -> PyResult<()> {
        written.or_else(|error| {
            let kind = if error.is_bad_input() { name } else { "storage" };
            self.settle(py, kind, fault::from_store(&error))
        })
    }

    /// Tells the first error of the disk, which the writer's thread met after the call that logged had returned.
    fn look_at_disk(&self, py: Python<'_>, writer: &RunWriter, time_us: i64) -> PyResult<()> {
        let last = self.looked_us.load(Ordering::Relaxed);
        if time_us - last < LOOK_EVERY_US {
            return Ok(());
        }
        self.looked_us.store(time_us, Ordering::Relaxed);
        match writer.counters().fault {
            Some(fault) if !self.disk_told.swap(true, Ordering::Relaxed) => {
                let text = format!("the disk failed, what it cannot take is dropped and counted: {fault}");
                self.settle(py, "storage", StorageError::new_err(text))
            }
            _ => Ok(()),
        }
    }

    fn kind(&self, value: &Bound<'_, PyAny>) -> Kind {
        let kind_of = value.get_type();
        if let Ok(kinds) = self.kinds.lock()
            && let Some((_, kind)) = kinds.iter().find(|(known, _)| known.is(&kind_of))
        {
            return *kind;
        }
        let has = |name: &str| kind_of.hasattr(name).unwrap_or(false);
        let module = kind_of.module().map(|module| module.to_string()).unwrap_or_default();
        let kind = if module == "ethogram.values" {
            Kind::Wrapped
        } else if has("__float__") && !has("__len__") {
            Kind::Number
        } else {
            Kind::Other
        };
        if let Ok(mut kinds) = self.kinds.lock()
            && kinds.len() < KINDS_MAX
        {
            kinds.push((kind_of.unbind(), kind));
        }
        kind
    }
}

impl Drop for RunCore {
    fn drop(&mut self) {
        // The writer's thread does not exist in a fork: joining it would wait for ever.
        if self.forked.load(Ordering::Relaxed)
            && let Ok(mut writer) = self.writer.try_write()
        {
            std::mem::forget(writer.take());
        }
    }
}

/// Runs a write. The GIL is kept, for giving it up costs more than the copy; only a call that would wait gives it up.
fn waiting<T: Send>(py: Python<'_>, writer: &RunWriter, write: impl FnOnce() -> T + Send) -> T {
    if writer.would_wait(WAIT_BYTES) { py.detach(write) } else { write() }
}

fn options(queue_bytes: u64, block: bool, flush_secs: f64) -> WriterOptions {
    WriterOptions {
        queue_bytes,
        policy: if block { QueuePolicy::Block } else { QueuePolicy::Drop },
        flush_interval: Duration::from_secs_f64(flush_secs.clamp(0.01, 3600.0)),
        ..WriterOptions::default()
    }
}

/// A step: anything that is an integer, or a float without a fraction.
fn index(what: &str, given: &Bound<'_, PyAny>) -> PyResult<i64> {
    if let Ok(step) = given.extract::<i64>() {
        return Ok(step);
    }
    match given.extract::<f64>() {
        Ok(step) if step.fract() == 0.0 && step.abs() < 9e15 => Ok(step as i64),
        _ => Err(StepError::new_err(format!("expected an integer for {what}, found {given:?}"))),
    }
}

fn position(what: &str, given: &Bound<'_, PyAny>) -> PyResult<u64> {
    let found = index(what, given)?;
    u64::try_from(found).map_err(|_| StepError::new_err(format!("expected {what} of at least 0, found {found}")))
}

fn from_name<T: serde::de::DeserializeOwned>(name: &str) -> serde_json::Result<T> {
    serde_json::from_value(Json::String(name.to_owned()))
}

fn name_of(axis: Axis) -> &'static str {
    match axis {
        Axis::GlobalStep => "global_step",
        Axis::Episode => "episode",
        Axis::Step => "step",
        Axis::Checkpoint => "checkpoint",
        Axis::Sample => "sample",
    }
}
