//! The numbers that points are laid out by.

use std::collections::HashMap;
use std::sync::Arc;

use ethogram_model::Cancel;
use ethogram_store::CheckpointRow;

use super::request::{MAP_VALUES_BYTES_MAX, wrong};
use super::selection::Place;
use crate::explanation::{Given, Layer, Signature, floats, in_force, inputs};
use crate::{Error, Params, Result, RunHandle};

/// What a layer's name follows in [`MapRequest::of`](super::MapRequest::of).
pub const LAYER_PREFIX: &str = "layer/";

/// Steps that are read at once.
const WINDOW: u64 = 64;
/// Bytes of a field, as floats, that are read at once, about.
const WINDOW_BYTES: u64 = 4 << 20;

/// What is read of each step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// These fields, one after the other.
    Fields(Vec<String>),
    /// A layer of the network.
    Layer(String),
}

/// Numbers of steps.
pub struct Rows {
    /// Numbers a step.
    pub width: usize,
    /// Step after step; zeros where `there` says no. **Shape**: `[places, width]`.
    pub values: Vec<f32>,
    /// Whether all numbers of a step were logged.
    pub there: Vec<bool>,
}

/// A run, and the checkpoint that was asked for.
pub struct From {
    /// The run.
    pub run: Arc<RunHandle>,
    /// Global step of the checkpoint.
    pub checkpoint: Option<i64>,
}

/// Reads rows of steps, and says how far it is.
pub struct Reader<'a> {
    from: &'a [From],
    subject: &'a Subject,
    layers: HashMap<String, Arc<Layer>>,
    cancel: &'a Cancel,
}

impl Subject {
    /// What `of` stands for in an episode: the leaves of a nested observation go by the name of the whole.
    pub fn of(name: &str, run: &RunHandle, episode: u64) -> Result<Self> {
        if let Some(layer) = name.strip_prefix(LAYER_PREFIX) {
            return Ok(Subject::Layer(layer.to_owned()));
        }
        let logged = run.source().step_fields(episode)?;
        if logged.iter().all(|info| info.name != name) {
            let prefix = format!("{name}/");
            let leaf = |info: &&ethogram_store::FieldInfo| info.name.starts_with(&prefix) && info.dtype.is_some();
            let leaves: Vec<String> = logged.iter().filter(leaf).map(|info| info.name.clone()).collect();
            if !leaves.is_empty() {
                return Ok(Subject::Fields(leaves));
            }
        }
        Ok(Subject::Fields(vec![name.to_owned()]))
    }
}

impl<'a> Reader<'a> {
    /// Reads nothing yet.
    pub fn new(from: &'a [From], subject: &'a Subject, cancel: &'a Cancel) -> Self {
        Reader { from, subject, layers: HashMap::new(), cancel }
    }

    /// Numbers that a step has.
    ///
    /// **Errors**: what cannot be read at this place, or at any.
    pub fn width(&mut self, place: Place) -> Result<usize> {
        let mut rows = Rows { width: 0, values: Vec::new(), there: vec![false] };
        match self.subject {
            Subject::Fields(names) => self.fields(names, &[place], 0, &mut rows)?,
            Subject::Layer(name) => {
                let mut waiting = Waiting::default();
                self.layer(name, &[place], 0, &mut waiting, &mut rows)?;
                self.flush(&mut waiting, &mut rows)?;
            }
        }
        Ok(rows.width)
    }

    /// Rows of all places, which are sorted. `told` hears what share is done, and says whether to go on.
    ///
    /// **Errors**: [`Error::Stopped`]; that of the first episode when none has the numbers.
    pub fn read(&mut self, places: &[Place], width: usize, told: &mut dyn FnMut(f64) -> bool) -> Result<Rows> {
        let mut rows = Rows { width, values: vec![0.0; places.len() * width], there: vec![false; places.len()] };
        let window = match self.subject {
            Subject::Fields(_) => (WINDOW_BYTES / (4 * width.max(1) as u64)).clamp(WINDOW, 1 << 16),
            Subject::Layer(_) => WINDOW,
        };
        let same =
            |a: &Place, b: &Place| (a.source, a.episode, a.step / window) == (b.source, b.episode, b.step / window);
        let (mut done, mut failed, mut waiting) = (0, None, Waiting::default());
        for some in places.chunk_by(same) {
            let found = match self.subject {
                Subject::Fields(names) => self.fields(names, some, done, &mut rows),
                Subject::Layer(name) => self.layer(name, some, done, &mut waiting, &mut rows),
            };
            match found {
                // An episode without the numbers has no points.
                Err(error) if error.is_not_found() || error.is_missing_input() => {
                    failed.get_or_insert(error);
                }
                other => other?,
            }
            done += some.len();
            if !told(done as f64 / places.len() as f64) {
                return Err(Error::Stopped);
            }
        }
        if let Subject::Layer(_) = self.subject {
            self.flush(&mut waiting, &mut rows)?;
        }
        match failed {
            Some(error) if rows.there.iter().all(|there| !there) => Err(error),
            _ => Ok(rows),
        }
    }

    /// Rows of fields at places of one episode that lie near each other.
    fn fields(&self, names: &[String], places: &[Place], at: usize, rows: &mut Rows) -> Result<()> {
        let Place { source, episode, step: first } = places[0];
        let range = first..places[places.len() - 1].step + 1;
        let run = &self.from[source as usize].run;
        let mut parts = Vec::with_capacity(names.len());
        for name in names {
            let field = run.field(episode, name, &Params::new(), range.clone())?;
            let Some(values) = floats(&field.column) else {
                return Err(wrong("of", "a field of numbers", &format!("text in {name:?}")));
            };
            let width: usize = field.column.info.shape.iter().product();
            parts.push((field, values, width));
        }
        let width = parts.iter().map(|(_, _, width)| width).sum();
        rows.take_width(width, &self.told(source, episode))?;
        for (index, place) in places.iter().enumerate() {
            let row = &mut rows.values[(at + index) * width..][..width];
            let mut offset = 0;
            let mut there = true;
            for (field, values, width) in &parts {
                let index = place.step.checked_sub(field.column.first).map(|index| index as usize);
                match index.filter(|&index| index < field.column.rows() && field.column.is_valid(index)) {
                    Some(index) => row[offset..][..*width].copy_from_slice(&values[index * width..][..*width]),
                    None => there = false,
                }
                offset += width;
            }
            rows.there[at + index] = there;
        }
        Ok(())
    }

    /// What a network takes at places of one episode; it is run when enough wait for it.
    fn layer(&mut self, name: &str, places: &[Place], at: usize, waiting: &mut Waiting, rows: &mut Rows) -> Result<()> {
        let Place { source, episode, step: first } = places[0];
        let (from, last) = (&self.from[source as usize], places[places.len() - 1].step);
        let checkpoint = checkpoint_of(from, episode)?;
        if waiting.checkpoint.as_ref().is_some_and(|waiting| waiting.hash != checkpoint.hash) {
            self.flush(waiting, rows)?;
        }
        let layer = self.layer_of(from, &checkpoint, name)?;
        let signature = Signature::read(&checkpoint.signature)?;
        let given = inputs(&from.run, episode, first..last + 1, layer.model(), &signature)?;
        let index_of = |place: &Place| (place.step - first) as usize;
        let there = places.iter().enumerate().filter(|(_, place)| given.valid[index_of(place)]);
        let wanted: Vec<(usize, usize)> = there.map(|(index, place)| (at + index, index_of(place))).collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let picked: Vec<usize> = wanted.iter().map(|(_, row)| *row).collect();
        waiting.given.append(&Given { tensors: given.rows(&picked)?, valid: vec![true; picked.len()] })?;
        waiting.rows.extend(wanted.iter().map(|(at, _)| *at));
        waiting.checkpoint = Some(checkpoint);
        waiting.layer = Some(layer);
        waiting.told = self.told(source, episode);
        while waiting.layer.as_ref().is_some_and(|layer| waiting.rows.len() >= layer.batch()) {
            self.run(waiting, rows)?;
        }
        Ok(())
    }

    fn flush(&self, waiting: &mut Waiting, rows: &mut Rows) -> Result<()> {
        while !waiting.rows.is_empty() {
            self.run(waiting, rows)?;
        }
        *waiting = Waiting::default();
        Ok(())
    }

    /// Runs the network once.
    fn run(&self, waiting: &mut Waiting, rows: &mut Rows) -> Result<()> {
        let Some(layer) = waiting.layer.clone() else { return Ok(()) };
        let count = waiting.rows.len().min(layer.batch());
        let now: Vec<usize> = (0..count).collect();
        let values = layer.held(&waiting.given, &now, self.cancel).map_err(of_a_map)?.values;
        let width = values.len() / count;
        rows.take_width(width, &waiting.told)?;
        for (index, &row) in waiting.rows[..count].iter().enumerate() {
            rows.values[row * width..][..width].copy_from_slice(&values[index * width..][..width]);
            rows.there[row] = true;
        }
        let left: Vec<usize> = (count..waiting.rows.len()).collect();
        waiting.given = if left.is_empty() {
            Given::default()
        } else {
            Given { tensors: waiting.given.rows(&left)?, valid: vec![true; left.len()] }
        };
        waiting.rows.drain(..count);
        Ok(())
    }

    fn layer_of(&mut self, from: &From, checkpoint: &CheckpointRow, name: &str) -> Result<Arc<Layer>> {
        if let Some(known) = self.layers.get(&checkpoint.hash) {
            return Ok(Arc::clone(known));
        }
        let model = from.run.networks().open(from.run.source().as_ref(), checkpoint)?;
        let layer = Arc::new(Layer::of(model, name));
        self.layers.insert(checkpoint.hash.clone(), Arc::clone(&layer));
        Ok(layer)
    }

    /// For messages.
    fn told(&self, source: u32, episode: u64) -> String {
        format!("episode {episode} of {}", self.from[source as usize].run.info().name)
    }
}

/// Steps that wait to go through a network.
#[derive(Default)]
struct Waiting {
    checkpoint: Option<CheckpointRow>,
    layer: Option<Arc<Layer>>,
    given: Given,
    /// Which rows they will be.
    rows: Vec<usize>,
    told: String,
}

impl Rows {
    /// All steps have as many numbers; the first says how many.
    fn take_width(&mut self, width: usize, told: &str) -> Result<()> {
        if self.width == 0 {
            let bytes = 4 * width as u64;
            if bytes > MAP_VALUES_BYTES_MAX {
                let what = "bytes of one point (MAP_VALUES_BYTES_MAX)".to_owned();
                return Err(Error::TooLarge { what, limit: MAP_VALUES_BYTES_MAX, found: bytes });
            }
            (self.width, self.values) = (width, vec![0.0; self.there.len() * width]);
        }
        if width == self.width && width > 0 {
            return Ok(());
        }
        Err(wrong(
            "of",
            &format!("{} numbers a step, as in the first episode", self.width.max(1)),
            &format!("{width} in {told}"),
        ))
    }
}

/// The checkpoint that is asked about an episode.
pub fn checkpoint_of(from: &From, episode: u64) -> Result<CheckpointRow> {
    let row = from.run.episode(episode)?;
    let known = from.run.explainable(episode)?;
    if let Some(asked) = from.checkpoint {
        return known.iter().find(|row| row.global_step == asked).cloned().ok_or_else(|| {
            let steps: Vec<String> = known.iter().map(|row| row.global_step.to_string()).collect();
            wrong("checkpoint", &format!("the global step of a checkpoint: {}", steps.join(", ")), &asked.to_string())
        });
    }
    Ok(known[in_force(&known, &row, None)].clone())
}

/// What a network's refusal is to who asked for a map.
fn of_a_map(error: Error) -> Error {
    match error {
        Error::Model(ethogram_model::Error::Cancelled) => Error::Stopped,
        Error::NoRowAState { .. } => wrong("of", "a layer with a row for each step", &error.to_string()),
        other => other,
    }
}
