//! Episodes as they are played: counts every step, keeps the rows of recorded ones, and writes both.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use ethogram_store::{Array, EpisodeEnd, EpisodeRow, RunWriter, StepValue, now_us};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use serde_json::{Map, Value as Json};

use crate::fault::{self, EthogramError, ShapeError};
use crate::field_type::Given;
use crate::run::{RunCore, waiting};
use crate::slots::{Read, Slot, Slots, empty_row, flag, number, read, truth};
use crate::value;

/// The row of an episode being recorded is written anew at least this often, so that a live one shows how far it is.
const LIVE_INTERVAL: Duration = Duration::from_secs(1);
/// The environment's own return may differ from ours by this share before it is told: it may add in single precision.
const RETURN_TOLERANCE: f64 = 1e-4;

/// The episodes of one environment, of environments side by side, or of several agents: one slot each.
#[pyclass(frozen, module = "ethogram._native")]
pub struct Recorder {
    run: Py<RunCore>,
    state: Mutex<Slots>,
}

/// How a vector environment starts the next episode of a part that ended.
#[derive(Clone, Copy, PartialEq)]
enum Autoreset {
    NextStep,
    SameStep,
    Disabled,
}

#[pymethods]
impl Recorder {
    #[new]
    #[pyo3(signature = (run, slots, *, agents = None, first = 0))]
    fn new(run: Py<RunCore>, slots: usize, agents: Option<Vec<String>>, first: u32) -> Self {
        let agents = agents.unwrap_or_default();
        let slots = (0..slots)
            .map(|index| {
                let agent = agents.get(index).cloned();
                Slot::new(if agent.is_some() { first } else { first + index as u32 }, agent)
            })
            .collect();
        Self { run, state: Mutex::new(Slots::new(slots)) }
    }

    /// Allots the index of the next episode of the run; `None` when nothing is written.
    fn allot(&self, py: Python<'_>) -> PyResult<Option<u64>> {
        let Some(writer) = self.run.get().writer(self.run.bind(py))? else { return Ok(None) };
        Ok(Some(self.run.get().allot(writer)))
    }

    /// Begins an episode in a slot, and writes its row. An episode still open there is closed as cut short by a reset.
    #[pyo3(signature = (slot, episode, *, recorded, seed = None, evaluation = false, extra = None, global_step = None))]
    #[expect(clippy::too_many_arguments, reason = "what is known of an episode at its reset")]
    fn begin(
        &self,
        py: Python<'_>,
        slot: usize,
        episode: u64,
        recorded: bool,
        seed: Option<i64>,
        evaluation: bool,
        extra: Option<&str>,
        global_step: Option<i64>,
    ) -> PyResult<()> {
        self.abandon(py, slot)?;
        let core = self.run.get();
        let Some(writer) = core.writer(self.run.bind(py))? else { return Ok(()) };
        let extra = match extra {
            Some(text) => serde_json::from_str(text).map_err(|error| EthogramError::new_err(error.to_string()))?,
            None => Map::new(),
        };
        let mut state = self.lock()?;
        let slot = state.slot(slot)?;
        slot.row = EpisodeRow {
            episode,
            seed,
            recorded,
            evaluation,
            extra,
            global_step: global_step.unwrap_or_else(|| core.step_now()),
            started_us: now_us(),
            checkpoint: core.newest_checkpoint(),
            ..empty_row(slot.row.env_index, slot.row.agent.clone())
        };
        slot.open = true;
        slot.recording = recorded;
        slot.step = 0;
        slot.pending.clear();
        slot.row_written = Instant::now();
        let row = slot.row.clone();
        drop(state);
        core.write(py, writer, "episode", || writer.episode(row))
    }

    /// Slots whose episode is open and recorded.
    #[getter]
    fn recording(&self) -> PyResult<usize> {
        Ok(self.lock()?.all.iter().filter(|slot| slot.open && slot.recording).count())
    }

    /// Whether the episode in a slot is open and recorded.
    fn is_recording(&self, slot: usize) -> PyResult<bool> {
        let mut state = self.lock()?;
        let slot = state.slot(slot)?;
        Ok(slot.open && slot.recording)
    }

    /// Whether an episode is going on in a slot.
    fn is_open(&self, slot: usize) -> PyResult<bool> {
        Ok(self.lock()?.slot(slot)?.open)
    }

    /// Index in the run of the newest episode of a slot.
    fn episode(&self, slot: usize) -> PyResult<u64> {
        Ok(self.lock()?.slot(slot)?.row.episode)
    }

    /// Steps taken in the newest episode of a slot.
    fn length(&self, slot: usize) -> PyResult<u64> {
        Ok(self.lock()?.slot(slot)?.row.length)
    }

    /// Sum of the rewards of the newest episode of a slot.
    fn episode_return(&self, slot: usize) -> PyResult<f64> {
        Ok(self.lock()?.slot(slot)?.row.episode_return)
    }

    /// Adds a value to the row that the next step will write. The value is copied now.
    fn put(&self, py: Python<'_>, slot: usize, name: &str, value: &Bound<'_, PyAny>) -> PyResult<()> {
        self.run.get().guarded(py, || self.put_one(py, slot, name, value))
    }

    /// Adds row *i* of a batch to slot *i*, for every slot that is recording.
    fn put_rows(&self, py: Python<'_>, name: &str, batch: &Bound<'_, PyAny>) -> PyResult<()> {
        self.run.get().guarded(py, || self.put_batch(py, name, batch))
    }

    /// Counts a step of a slot, and writes its row if the episode is recorded. True when the episode ended.
    #[pyo3(signature = (reward, terminated, truncated, slot = 0, counts = true))]
    fn step(
        &self,
        py: Python<'_>,
        reward: &Bound<'_, PyAny>,
        terminated: &Bound<'_, PyAny>,
        truncated: &Bound<'_, PyAny>,
        slot: usize,
        counts: bool,
    ) -> PyResult<bool> {
        let core = self.run.get();
        if !self.is_open(slot)? {
            return self.tell_unbegun(py, slot).map(|()| false);
        }
        let (terminated, truncated) = (truth(core, "terminated", terminated)?, truth(core, "truncated", truncated)?);
        let reward = number(core, py, reward)?;
        core.guarded(py, || self.advance(py, slot, reward, terminated, truncated, counts))?;
        Ok(terminated || truncated)
    }

    /// Counts a step of every slot of a vector environment.
    ///
    /// Returns the slots that began anew before this step (`next_step`: theirs was a reset, whose action, reward and
    /// flags are not of an episode), and those whose episode ended in it.
    fn step_rows(
        &self,
        py: Python<'_>,
        rewards: &Bound<'_, PyAny>,
        terminated: &Bound<'_, PyAny>,
        truncated: &Bound<'_, PyAny>,
        autoreset: &str,
    ) -> PyResult<(Vec<usize>, Vec<usize>)> {
        let autoreset = match autoreset {
            "next_step" => Autoreset::NextStep,
            "same_step" => Autoreset::SameStep,
            _ => Autoreset::Disabled,
        };
        let (rewards, terminated, truncated) =
            (value::array(rewards)?.to_f64(), value::array(terminated)?.to_f64(), value::array(truncated)?.to_f64());
        let open: Vec<bool> = self.lock()?.all.iter().map(|slot| slot.open).collect();
        let found = [rewards.len(), terminated.len(), truncated.len()];
        if found.iter().any(|&rows| rows != open.len()) {
            let text = format!("expected rewards and flags of {} environments, found {found:?}", open.len());
            return Err(ShapeError::new_err(text));
        }
        let (mut restarted, mut ended) = (Vec::new(), Vec::new());
        for slot in 0..open.len() {
            let (terminated, truncated) = (terminated[slot] != 0.0, truncated[slot] != 0.0);
            if open[slot] {
                let core = self.run.get();
                core.guarded(py, || self.advance(py, slot, rewards[slot], terminated, truncated, true))?;
                if terminated || truncated {
                    ended.push(slot);
                }
            } else if autoreset == Autoreset::NextStep {
                restarted.push(slot);
            }
        }
        Ok((restarted, ended))
    }

    /// Ends the episode of a slot: what is pending becomes the row of the final observation, and the episode's row is complete.
    ///
    /// `env_return` is the return that the environment itself reports; another than ours is told once.
    #[pyo3(signature = (slot, env_return = None))]
    fn end(&self, py: Python<'_>, slot: usize, env_return: Option<f64>) -> PyResult<()> {
        let core = self.run.get();
        if !self.is_open(slot)? {
            return Ok(());
        }
        let Some(writer) = core.writer(self.run.bind(py))? else {
            self.lock()?.slot(slot)?.open = false;
            return Ok(());
        };
        self.write_final(py, writer, slot)?;
        let row = {
            let mut state = self.lock()?;
            let slot = state.slot(slot)?;
            slot.open = false;
            slot.row.ended_us = Some(now_us());
            slot.row.env_return = env_return;
            slot.row.clone()
        };
        writer.reached(core.step_now());
        let ours = row.episode_return;
        let wrong = env_return.filter(|theirs| {
            (theirs - ours).abs() > RETURN_TOLERANCE * ours.abs().max(theirs.abs()).max(1.0)
                || theirs.is_nan() != ours.is_nan()
        });
        if let Some(theirs) = wrong {
            let text = format!(
                "episode {} returned {ours} by the recorder's sum but {theirs} by the environment's own; \
                 a wrapper between them may change rewards, or steps go past the recorder",
                row.episode
            );
            core.settle(py, "return", EthogramError::new_err(text))?;
        }
        core.write(py, writer, "episode", || writer.episode(row))
    }

    /// Closes an episode that a reset cut short; nothing where none is open.
    fn abandon(&self, py: Python<'_>, slot: usize) -> PyResult<()> {
        {
            let mut state = self.lock()?;
            let slot = state.slot(slot)?;
            if !slot.open {
                return Ok(());
            }
            slot.row.end = EpisodeEnd::Truncated;
            slot.row.extra.insert("reset_early".into(), Json::Bool(true));
        }
        self.end(py, slot, None)
    }

    /// Takes over what another recorder said of the open episode of a slot, and closes it.
    #[pyo3(signature = (slot, *, episode_return, length, end, started_us = None, ended_us = None))]
    #[expect(clippy::too_many_arguments, reason = "what is known of an episode that somebody else counted")]
    fn outcome(
        &self,
        py: Python<'_>,
        slot: usize,
        episode_return: f64,
        length: u64,
        end: &str,
        started_us: Option<i64>,
        ended_us: Option<i64>,
    ) -> PyResult<()> {
        let core = self.run.get();
        let row = {
            let mut state = self.lock()?;
            let slot = state.slot(slot)?;
            slot.open = false;
            slot.row.episode_return = episode_return;
            slot.row.length = length;
            slot.row.end = match end {
                "terminated" => EpisodeEnd::Terminated,
                "truncated" => EpisodeEnd::Truncated,
                "both" => EpisodeEnd::Both,
                _ => EpisodeEnd::Unknown,
            };
            slot.row.ended_us = ended_us;
            slot.row.started_us = started_us.or(ended_us).unwrap_or(slot.row.started_us);
            slot.row.clone()
        };
        let Some(writer) = core.writer(self.run.bind(py))? else { return Ok(()) };
        core.write(py, writer, "episode", || writer.episode(row))
    }

    /// Adds to what is kept of the newest episode of a slot beside its columns, as JSON. The row of one that ended is written anew;
    /// before the first episode there is none to speak of.
    fn tag(&self, py: Python<'_>, slot: usize, extra: &str) -> PyResult<()> {
        let extra: Map<String, Json> =
            serde_json::from_str(extra).map_err(|error| EthogramError::new_err(error.to_string()))?;
        let core = self.run.get();
        let ended = {
            let mut state = self.lock()?;
            let slot = state.slot(slot)?;
            let begun = slot.row.started_us != 0;
            if begun {
                slot.row.extra.extend(extra);
            }
            (begun && !slot.open).then(|| slot.row.clone())
        };
        let Some(row) = ended else { return Ok(()) };
        let Some(writer) = core.writer(self.run.bind(py))? else { return Ok(()) };
        core.write(py, writer, "episode", || writer.episode(row))
    }

    /// Writes the rows of episodes that are still open, with what they came to; the run is about to end.
    fn leave(&self, py: Python<'_>) -> PyResult<()> {
        let core = self.run.get();
        let open: Vec<usize> = {
            let state = self.lock()?;
            (0..state.all.len()).filter(|&slot| state.all[slot].open).collect()
        };
        if open.is_empty() {
            return Ok(());
        }
        let Some(writer) = core.writer(self.run.bind(py))? else { return Ok(()) };
        for slot in open {
            self.write_final(py, writer, slot)?;
            let row = {
                let mut state = self.lock()?;
                let slot = state.slot(slot)?;
                slot.open = false;
                slot.row.ended_us = Some(now_us());
                slot.row.clone()
            };
            writer.reached(core.step_now());
            core.write(py, writer, "episode", || writer.episode(row))?;
        }
        Ok(())
    }
}

impl Recorder {
    fn lock(&self) -> PyResult<MutexGuard<'_, Slots>> {
        self.state.lock().map_err(|_| PyRuntimeError::new_err("a recorder broke in another thread"))
    }

    /// Says that steps were taken before the first reset that was seen: no episode has them.
    fn tell_unbegun(&self, py: Python<'_>, slot: usize) -> PyResult<()> {
        let core = self.run.get();
        let begun = self.lock()?.slot(slot)?.row.started_us != 0;
        if begun || core.writer(self.run.bind(py))?.is_none() {
            return Ok(());
        }
        let text = "a step before the first reset is of no episode; call ethogram.record before env.reset";
        core.settle(py, "reset", EthogramError::new_err(text))
    }

    fn put_one(&self, py: Python<'_>, slot: usize, name: &str, value: &Bound<'_, PyAny>) -> PyResult<()> {
        if !self.is_recording(slot)? {
            return Ok(());
        }
        let core = self.run.get();
        let value = match read(name, value) {
            Ok(Some(value)) => value,
            Ok(None) => return Ok(()),
            Err(error) => return core.settle(py, name, error),
        };
        let Some(writer) = core.writer(self.run.bind(py))? else { return Ok(()) };
        let put = self.lock()?.put(writer, slot, name, value);
        put.or_else(|error| core.settle(py, name, error))
    }

    fn put_batch(&self, py: Python<'_>, name: &str, batch: &Bound<'_, PyAny>) -> PyResult<()> {
        let core = self.run.get();
        let slots: Vec<usize> = {
            let state = self.lock()?;
            (0..state.all.len()).filter(|&i| state.all[i].open && state.all[i].recording).collect()
        };
        if slots.is_empty() {
            return Ok(());
        }
        // Parts that are not arrays, such as texts or ragged observations, come as a sequence of one an environment.
        let batch_array = match value::array(batch) {
            Ok(array) => array,
            Err(_) if batch.len().is_ok() && batch.cast::<PyString>().is_err() && batch.cast::<PyDict>().is_err() => {
                return self.put_each(py, name, batch, &slots);
            }
            Err(error) => return core.settle(py, name, fault::about(py, name, &error)),
        };
        let Some(writer) = core.writer(self.run.bind(py))? else { return Ok(()) };
        let is_guessed = value::is_plain(batch);
        let mut state = self.lock()?;
        let expected = state.all.len();
        if batch_array.shape().first() != Some(&expected) {
            let found = batch_array.shape().to_vec();
            drop(state);
            let text = format!(
                "field {name:?}: expected a first axis of {expected}, one row an environment, found shape {found:?}"
            );
            return core.settle(py, name, ShapeError::new_err(text));
        }
        let mut outcome = Ok(());
        for slot in slots {
            if let Some(row) = value::row(&batch_array, slot) {
                outcome = outcome.and(state.put(writer, slot, name, Read::Numbers(Given { array: row, is_guessed })));
            }
        }
        drop(state);
        outcome.or_else(|error| core.settle(py, name, error))
    }

    fn put_each(&self, py: Python<'_>, name: &str, batch: &Bound<'_, PyAny>, slots: &[usize]) -> PyResult<()> {
        for &slot in slots {
            match batch.get_item(slot) {
                Ok(value) => self.put(py, slot, name, &value)?,
                Err(error) => self.run.get().settle(py, name, fault::about(py, name, &error))?,
            }
        }
        Ok(())
    }

    fn advance(
        &self,
        py: Python<'_>,
        slot: usize,
        reward: f64,
        terminated: bool,
        truncated: bool,
        counts: bool,
    ) -> PyResult<()> {
        let core = self.run.get();
        let (episode, step, fields, row, twice) = {
            let mut state = self.lock()?;
            let outcome = state.outcome.clone();
            let slot = state.slot(slot)?;
            if !slot.open {
                return Ok(());
            }
            if counts && !slot.row.evaluation {
                core.advance(1);
            }
            slot.row.length += 1;
            slot.row.episode_return += reward;
            slot.row.end = match (terminated, truncated) {
                (false, false) => EpisodeEnd::Open,
                (true, false) => EpisodeEnd::Terminated,
                (false, true) => EpisodeEnd::Truncated,
                (true, true) => EpisodeEnd::Both,
            };
            let step = slot.step;
            slot.step += 1;
            if !slot.recording {
                return Ok(());
            }
            let mut fields = std::mem::take(&mut slot.pending);
            let twice = fields.extract_if(.., |(name, _)| outcome.contains(name)).map(|(name, _)| name).next();
            let values = [StepValue::Array(Array::scalar(reward)), flag(terminated), flag(truncated)];
            fields.extend(outcome.into_iter().zip(values));
            let due = !(terminated || truncated) && slot.row_written.elapsed() >= LIVE_INTERVAL;
            if due {
                slot.row_written = Instant::now();
            }
            (slot.row.episode, step, fields, due.then(|| slot.row.clone()), twice)
        };
        if let Some(name) = twice {
            let text = format!("field {name:?}: the step brings its own, which is kept; log yours under another name");
            core.settle(py, &name, ShapeError::new_err(text))?;
        }
        let Some(writer) = core.writer(self.run.bind(py))? else { return Ok(()) };
        write_step(py, core, writer, (episode, step), fields)?;
        match row {
            Some(row) => core.write(py, writer, "episode", || writer.episode(row)),
            None => Ok(()),
        }
    }

    /// Writes the row of the final observation, if there is anything in it.
    fn write_final(&self, py: Python<'_>, writer: &RunWriter, slot: usize) -> PyResult<()> {
        let (episode, step, fields) = {
            let mut state = self.lock()?;
            let slot = state.slot(slot)?;
            if !slot.recording || slot.pending.is_empty() {
                return Ok(());
            }
            (slot.row.episode, slot.step, std::mem::take(&mut slot.pending))
        };
        write_step(py, self.run.get(), writer, (episode, step), fields)
    }
}

/// Writes what can be stored of a step of an episode; each field that cannot is told by its name.
pub fn write_step(
    py: Python<'_>,
    core: &RunCore,
    writer: &RunWriter,
    (episode, step): (u64, u64),
    fields: Vec<(Arc<str>, StepValue)>,
) -> PyResult<()> {
    match waiting(py, writer, || writer.step_apart(episode, step, fields)) {
        Ok(refused) => refused.into_iter().try_for_each(|(name, error)| core.settled(py, &name, Err(error))),
        Err(error) => core.settled(py, "step", Err(error)),
    }
}
