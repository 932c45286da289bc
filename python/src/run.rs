//! The native half of `ethogram.Run`: a dict of values to rows of the writer, with nothing raised and nothing waited for.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use ethogram_store::{
    Axis, QueuePolicy, RunId, RunInfo, RunState, RunWriter, TensorKind, TensorRow, WriterOptions, now_us,
};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyType};
use serde_json::{Map, Value as Json};

use crate::call::Call;
use crate::distribution::picture;
use crate::fault::{self, ClosedError, Faults, StepError, StorageError, UnsupportedValueError};
use crate::films::{self, Those};
use crate::known::KnownEpisodes;
use crate::place::{Place, from_name, index, position};
use crate::tags::KnownTags;
use crate::value;

/// A call that may log as much as this is taken to wait when so much does not fit the queue.
pub const WAIT_BYTES: u64 = 1 << 20;
/// How often the writer is asked whether the disk failed.
const LOOK_EVERY_US: i64 = 500_000;
/// Types whose kind is remembered.
const KINDS_MAX: usize = 64;

/// What every run does in Rust. `ethogram.Run` is made of it.
#[pyclass(subclass, frozen, module = "ethogram._native")]
pub struct RunCore {
    writer: OnceLock<RunWriter>,
    /// The run has ended; its writer takes nothing more.
    closed: AtomicBool,
    strict: AtomicBool,
    /// Values are dropped without a word: `mode="disabled"`.
    disabled: AtomicBool,
    /// This process is a fork of the one that writes.
    forked: AtomicBool,
    step_known: AtomicBool,
    step_base: AtomicI64,
    step_since: AtomicI64,
    /// Calls of `log` without any step, as long as none is known.
    unnumbered: AtomicI64,
    checkpoint: Mutex<Option<i64>>,
    known: Mutex<KnownEpisodes>,
    faults: Faults,
    looked_us: AtomicI64,
    disk_told: AtomicBool,
    kinds: Mutex<Vec<(Py<PyType>, Kind)>>,
    /// Tags by the strings that named them.
    pub tags: Mutex<KnownTags>,
}

/// What a value is by its type.
#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    /// Has `__float__` and no length: a scalar of some framework.
    Number,
    /// One of the wrappers of `ethogram.values`.
    Wrapped,
    /// Anything else.
    Other,
}

#[pymethods]
impl RunCore {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(_args: &Bound<'_, PyAny>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self {
            writer: OnceLock::new(),
            closed: AtomicBool::new(false),
            strict: AtomicBool::new(false),
            disabled: AtomicBool::new(false),
            forked: AtomicBool::new(false),
            step_known: AtomicBool::new(false),
            step_base: AtomicI64::new(0),
            step_since: AtomicI64::new(0),
            unnumbered: AtomicI64::new(0),
            checkpoint: Mutex::new(None),
            known: Mutex::new(KnownEpisodes::default()),
            faults: Faults::default(),
            looked_us: AtomicI64::new(0),
            disk_told: AtomicBool::new(false),
            kinds: Mutex::new(Vec::new()),
            tags: Mutex::default(),
        }
    }

    /// Log values at one step. Never raises unless the run is strict, and never waits for the disk.
    ///
    /// Numbers become scalars, arrays tensors, strings texts; a dict within is flattened with `/`; `None` is skipped.
    ///
    /// Args:
    ///     values: Names and values.
    ///     `global_step`: Environment steps of the whole run. Left out, the step is `Run.global_step`.
    ///     episode: Log on the episode axis instead.
    ///     step: With `episode`: log fields of this step of the episode.
    ///     time: When it was, in seconds since 1970, for values that were measured earlier; now, if left out.
    #[pyo3(signature = (values, *, global_step = None, episode = None, step = None, time = None))]
    fn log(
        slf: &Bound<'_, Self>,
        values: &Bound<'_, PyAny>,
        global_step: Option<&Bound<'_, PyAny>>,
        episode: Option<&Bound<'_, PyAny>>,
        step: Option<&Bound<'_, PyAny>>,
        time: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let core = slf.get();
        let Some(writer) = core.writer(slf)? else { return Ok(()) };
        let py = slf.py();
        let place = match core.place(global_step, episode, step) {
            Ok(place) => place,
            Err(error) => return core.settle(py, "step", error),
        };
        let now = now_us();
        core.look_at_disk(py, writer, now)?;
        let time_us = match time.map(PyAnyMethods::extract::<f64>).transpose() {
            Ok(secs) => secs.map_or(now, |secs| (secs * 1e6) as i64),
            Err(error) => return core.settle(py, "time", error),
        };
        core.guarded(py, || Call { run: slf, writer, place, time_us }.log(values))
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
        let counters = self.current().map(ethogram_store::RunWriter::counters).unwrap_or_default();
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
    #[expect(clippy::needless_pass_by_value, reason = "what Python hands over is owned")]
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
        self.open(writer)
    }

    /// Continues the run in `folder`, in a writer's folder of its own.
    #[pyo3(signature = (folder, *, queue_bytes, block, flush_secs))]
    #[expect(clippy::needless_pass_by_value, reason = "what Python hands over is owned")]
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
        self.open(writer)
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
        let row = TensorRow { step, time_us: now_us(), kind, array, meta };
        core.write(slf.py(), writer, tag, || writer.tensor(axis, tag, row))
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

    /// Attaches the films in a folder to the episodes that they show; how many, the names of those that could not be, and why, and how
    /// many are left for later, as they are while the training is `live`. `steps` are global steps of the run over time.
    #[pyo3(signature = (folder, *, evaluation, since_us, live = false, steps = vec![]))]
    #[expect(clippy::needless_pass_by_value, reason = "what Python hands over is owned")]
    fn _attach_films(
        slf: &Bound<'_, Self>,
        folder: PathBuf,
        evaluation: Option<bool>,
        since_us: i64,
        live: bool,
        steps: Vec<(i64, i64)>,
    ) -> PyResult<(u64, Vec<films::Left>, u64)> {
        let core = slf.get();
        let Some(writer) = core.writer(slf)? else { return Ok((0, Vec::new(), 0)) };
        let those = Those { evaluation, since_us, live, steps };
        let attached = slf.py().detach(|| films::attach(writer, &folder, &those, &|| core.allot(writer)));
        let attached = attached.map_err(|error| fault::from_store(&error))?;
        Ok((attached.count, attached.left, attached.waiting))
    }

    /// Tells an error once a kind, or raises it when the run is strict.
    fn _settle(&self, py: Python<'_>, kind: &str, error: Bound<'_, PyAny>) -> PyResult<()> {
        self.settle(py, kind, PyErr::from_value(error))
    }

    /// Ends the run: `finished` or `crashed`. Everything queued reaches the disk first.
    fn _close(slf: &Bound<'_, Self>, state: &str) -> PyResult<()> {
        let core = slf.get();
        let Some(writer) = core.current() else { return Ok(()) };
        core.closed.store(true, Ordering::Relaxed);
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
    pub fn writer(&self, slf: &Bound<'_, Self>) -> PyResult<Option<&RunWriter>> {
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

    fn current(&self) -> Option<&RunWriter> {
        let unusable = self.forked.load(Ordering::Relaxed) || self.closed.load(Ordering::Relaxed);
        if unusable { None } else { self.writer.get() }
    }

    fn open(&self, writer: RunWriter) -> PyResult<PathBuf> {
        let folder = writer.path().to_path_buf();
        let opened = self.writer.set(writer);
        opened.map_err(|_| fault::EthogramError::new_err("the run has a writer already"))?;
        Ok(folder)
    }

    /// Raises if strict, else tells once.
    pub fn settle(&self, py: Python<'_>, kind: &str, error: PyErr) -> PyResult<()> {
        self.faults.settle(py, self.strict.load(Ordering::Relaxed), kind, error)
    }

    /// Environment steps of the whole run so far.
    pub fn step_now(&self) -> i64 {
        if !self.step_known.load(Ordering::Relaxed) {
            return self.unnumbered.load(Ordering::Relaxed);
        }
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

    /// True the first time that an episode is named which no recorder of this run was given.
    pub fn is_new(&self, episode: u64) -> bool {
        self.known.lock().is_ok_and(|mut known| known.is_new(episode))
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
                return Err(StepError::new_err(
                    "expected an episode beside step, found none; step= is a step of an episode and needs episode= too: \
                     steps of the training are global_step=",
                ));
            }
        }
        if global.is_none() && !self.step_known.load(Ordering::Relaxed) {
            if self.strict.load(Ordering::Relaxed) {
                return Err(StepError::new_err("expected a global_step, found none so far; pass global_step="));
            }
            // Calls without any step are numbered, so that no point replaces another. They are no steps of the environment: those that
            // come later count from 0.
            let step = self.unnumbered.fetch_add(1, Ordering::Relaxed);
            return Ok(Place::Row { axis: Axis::GlobalStep, step });
        }
        Ok(Place::Row { axis: Axis::GlobalStep, step: global.unwrap_or_else(|| self.step_now()) })
    }

    /// Runs what a training loop calls. A bug of ours that panics is a fault like any other there.
    pub fn guarded<T: Default>(&self, py: Python<'_>, work: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
        catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
            let said = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
            let text = format!("a bug in ethogram, please report it: {}", said.unwrap_or("it said nothing"));
            self.settle(py, "bug", fault::EthogramError::new_err(text)).map(|()| T::default())
        })
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

    /// Settles the error of a write under the name of what was written.
    pub fn settled(&self, py: Python<'_>, name: &str, written: ethogram_store::Result<()>) -> PyResult<()> {
        written.or_else(|error| {
            let kind = if error.is_bad_input() { name } else { "storage" };
            self.settle(py, kind, fault::from_store(&error))
        })
    }

    /// Tells the first error of the disk, which the writer's thread met after the call that logged had returned.
    pub fn look_at_disk(&self, py: Python<'_>, writer: &RunWriter, time_us: i64) -> PyResult<()> {
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

    /// What a value is by its type, which is looked at once.
    pub fn kind(&self, value: &Bound<'_, PyAny>) -> Kind {
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
        } else if has("__float__") && !has("__len__") && (module == "numpy" || !has("shape")) {
            // A variable of TensorFlow has no length, and axes all the same.
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
        if self.forked.load(Ordering::Relaxed) {
            std::mem::forget(self.writer.take());
        }
    }
}

/// An id for a run of now, unique for ever.
#[pyfunction]
pub fn new_run_id() -> String {
    RunId::new().0
}

/// Microseconds since 1970.
#[pyfunction(name = "now_us")]
pub fn now() -> i64 {
    now_us()
}

/// Runs a write. The GIL is kept, for giving it up costs more than the copy; only a call that would wait gives it up.
pub fn waiting<T: Send>(py: Python<'_>, writer: &RunWriter, write: impl FnOnce() -> T + Send) -> T {
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
