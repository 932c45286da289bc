//! A layer's numbers at some states, a row of channels a place.

use ethogram_model::Cancel;

use super::states::States;
use super::{FeaturesRequest, Told};
use crate::explanation::EXPLAINED_STEPS_MAX;
use crate::{Error, ExplanationRequest, ParamValue, Result, RunHandle};

/// States that are asked together between two looks at whether the answer is still wanted.
const TOGETHER: usize = 256;

/// Rows and columns of a layer of shape `[channels, rows, columns]`; of any other, one place.
pub fn grid(shape: &[usize]) -> (usize, usize) {
    match *shape {
        [_, rows, columns] => (rows, columns),
        _ => (1, 1),
    }
}

/// Numbers of a layer.
#[derive(Clone, Debug, Default)]
pub struct LayerRows {
    /// Episode and step of each state.
    pub states: Vec<(u64, u64)>,
    /// Shape of one state.
    pub shape: Vec<usize>,
    /// **Shape**: `[states, places, channels]`.
    values: Vec<f32>,
}

impl LayerRows {
    /// What the layer holds.
    pub fn activations(
        run: &RunHandle,
        request: &FeaturesRequest,
        states: &States,
        tell: &mut Told<'_>,
        cancel: &Cancel,
    ) -> Result<Self> {
        let parts =
            states.episodes().flat_map(|(episode, steps)| steps.chunks(TOGETHER).map(move |some| (episode, some)));
        Self::read(
            request,
            parts,
            |done| tell("asking the network", done as f64 / states.count() as f64),
            |episode, some| {
                let found = run.activations(episode, some, &request.layer, request.checkpoint, cancel)?;
                Ok((found.shape, found.steps, found.values))
            },
        )
    }

    /// What the layer says for or against the target, by integrated gradients from a layer of zeros: ten points, each at the end of its stretch.
    pub fn attributions(
        run: &RunHandle,
        request: &FeaturesRequest,
        states: &States,
        tell: &mut Told<'_>,
        cancel: &Cancel,
    ) -> Result<Self> {
        let parts = states.episodes().flat_map(|(episode, steps)| neighbours(steps).map(move |some| (episode, some)));
        Self::read(
            request,
            parts,
            |done| tell("explaining states", done as f64 / states.count() as f64),
            |episode, some| {
                let range = some[0]..some[0] + some.len() as u64;
                let found =
                    run.explanation(&attribution(request, &request.of, episode, range, request.checkpoint), cancel)?;
                let width: usize = found.shape.iter().product();
                let valid = |at: &usize| found.valid.get(*at) == Some(&true);
                let (mut steps, mut values) = (Vec::new(), Vec::new());
                for at in (0..some.len()).filter(valid) {
                    steps.push(some[at]);
                    values.extend_from_slice(&found.values[at * width..][..width]);
                }
                Ok((found.shape, steps, values))
            },
        )
    }

    /// Asks about steps of one episode after the other. `ask` gives the shape of a state, the steps that have numbers, and these.
    fn read<'s>(
        request: &FeaturesRequest,
        parts: impl Iterator<Item = (u64, &'s [u64])>,
        mut tell: impl FnMut(usize),
        mut ask: impl FnMut(u64, &[u64]) -> Result<(Vec<usize>, Vec<u64>, Vec<f32>)>,
    ) -> Result<Self> {
        let (mut rows, mut done) = (Self::default(), 0);
        for (episode, some) in parts {
            tell(done);
            let (shape, steps, values) = ask(episode, some)?;
            let width: usize = shape.iter().product();
            for (step, values) in steps.into_iter().zip(values.chunks(width.max(1))) {
                rows.add(request, (episode, step), &shape, values)?;
            }
            done += some.len();
        }
        Ok(rows)
    }

    /// Adds a state, channels last; one with numbers that are not finite is left out.
    fn add(&mut self, request: &FeaturesRequest, state: (u64, u64), shape: &[usize], values: &[f32]) -> Result<()> {
        if self.shape.is_empty() {
            self.shape = shape.to_vec();
        }
        if self.shape != shape {
            let why = format!(
                "it has shape {shape:?} at step {} of episode {}, and {:?} before",
                state.1, state.0, self.shape
            );
            return Err(Error::NoFeatures { layer: request.layer.clone(), why });
        }
        if values.iter().all(|value| value.is_finite()) {
            self.states.push(state);
            let places = self.places();
            self.values.extend(channels_last(values, places));
        }
        Ok(())
    }

    /// Places of a state.
    pub fn places(&self) -> usize {
        let (rows, columns) = grid(&self.shape);
        rows * columns
    }

    /// Channels of a place.
    pub fn channels(&self) -> usize {
        self.shape.iter().product::<usize>() / self.places().max(1)
    }

    /// One state. **Shape**: `[places, channels]`.
    pub fn state(&self, at: usize) -> &[f32] {
        let width = self.places() * self.channels();
        &self.values[at * width..][..width]
    }

    /// The channels of every `step`th place of all.
    pub fn every(&self, step: usize) -> Vec<f32> {
        self.values.chunks(self.channels()).step_by(step.max(1)).flatten().copied().collect()
    }
}

/// Asks what the layer says for the target at some steps.
pub fn attribution(
    request: &FeaturesRequest,
    target: &str,
    episode: u64,
    range: std::ops::Range<u64>,
    checkpoint: Option<i64>,
) -> ExplanationRequest {
    let setting = |name: &str, value: &str| (name.to_owned(), ParamValue::Text(value.to_owned()));
    ExplanationRequest {
        episode,
        range,
        method: "integrated_gradients".to_owned(),
        params: [setting("steps", "10"), setting("rule", "riemann_right")].into(),
        target: target.to_owned(),
        checkpoint,
        wrt: Some(request.layer.clone()),
        ..ExplanationRequest::default()
    }
}

/// Steps that follow each other, no more than are explained at once.
fn neighbours(steps: &[u64]) -> impl Iterator<Item = &[u64]> {
    steps.chunk_by(|a, b| a + 1 == *b).flat_map(|some| some.chunks(EXPLAINED_STEPS_MAX as usize))
}

/// A state's numbers with the channels of a place together.
pub fn channels_last(values: &[f32], places: usize) -> impl Iterator<Item = f32> {
    let channels = values.len() / places.max(1);
    (0..places).flat_map(move |place| (0..channels).map(move |channel| values[channel * places + place]))
}
