//! What a layer has learned: the few directions that its activations, or what it says for an answer, are made of.
//!
//! **Source** Hilton et al. (2020), "Understanding RL Vision".

mod images;
mod known;
mod maps;
mod peaks;
mod rows;
mod shown;
mod states;
mod usual;
mod without;

use ethogram_analysis::{Factors, FactorsOf, NmfParams, Points};
use ethogram_model::Cancel;
use ethogram_store::CheckpointRow;
use std::sync::Arc;

pub use images::{
    DRAWING, FEATURE_IMAGES_MAX, FeatureImage, FeatureImages, FeatureImagesRequest, IMAGES_WARNING, ImagePlace,
    ImagesSoFar,
};
pub(crate) use known::Known;
pub use maps::{FEATURE_MAP_STEPS_MAX, FeatureMaps, FeatureMapsRequest};
pub use shown::{Seen, Shown};
pub use without::WithoutRequest;

use crate::explanation::observation_of;
use crate::{Error, Result, RunHandle};
use peaks::Peaks;
use rows::LayerRows;
use states::States;

/// Most states that features are found in.
pub const FEATURE_STATES_MAX: usize = 16_384;
/// Most features of a layer.
pub const FEATURES_MAX: usize = 64;
/// Most numbers of a layer, over all states, that are looked at.
pub const FEATURE_NUMBERS_MAX: usize = 64 << 20;
/// Most places that directions are found from; all are looked at afterwards.
const FITTED_PLACES: usize = 100_000;

/// Asks what a layer is made of.
#[derive(Clone, Debug, PartialEq)]
pub struct FeaturesRequest {
    /// As in the network's file.
    pub layer: String,
    /// Global step of the network that is asked; the newest when left out.
    pub checkpoint: Option<i64>,
    /// In which episodes states are looked for; in all recorded ones when left out.
    pub episodes: Option<Vec<u64>>,
    /// Most states.
    pub states: usize,
    /// What is taken apart: `activations`, or attributions to the layer of a target as explanations have it, such as `value`.
    pub of: String,
    /// How many.
    pub factors: usize,
}

impl Default for FeaturesRequest {
    /// Eight of the value's attributions, of a layer still to be named.
    fn default() -> Self {
        Self {
            layer: String::new(),
            checkpoint: None,
            episodes: None,
            states: 1_024,
            of: "value".to_owned(),
            factors: 8,
        }
    }
}

/// The word for a layer's own numbers, beside the targets.
pub const OF_ACTIVATIONS: &str = "activations";

/// What a layer is made of.
#[derive(Clone, Debug)]
pub struct LayerFeatures {
    /// Names all that they come from.
    pub id: String,
    /// What was asked; `factors` are those that there are.
    pub request: FeaturesRequest,
    /// Which network was asked.
    pub checkpoint: CheckpointRow,
    /// Shape of one step of the layer.
    pub shape: Vec<usize>,
    /// The logged field that the network looks at.
    pub observation: String,
    /// States that were looked at.
    pub states: usize,
    /// States without an answer: an input not logged, no action taken, or numbers that are not finite.
    pub left_out: usize,
    /// What was done about what was asked, for people.
    pub notes: Vec<String>,
    /// The directions.
    pub factors: Factors,
    /// Of all that the features hold, the share of each; they add up to 1, or are 0.
    pub shares: Vec<f64>,
    /// What shows each.
    pub shown: Vec<Shown>,
    /// What excites each most.
    peaks: Peaks,
}

impl LayerFeatures {
    /// Rows and columns of the layer; 1 and 1 when it has no places.
    pub fn grid(&self) -> (usize, usize) {
        rows::grid(&self.shape)
    }
}

/// How far the search is: what is being done, and the share of it that is done.
pub type Told<'a> = dyn FnMut(&'static str, f64) + 'a;

impl RunHandle {
    /// Features of a layer. Those found lately are given again.
    ///
    /// # Errors
    /// [`Error::NoFeatures`] when there are no recorded steps, or none with an answer; [`Error::TooLarge`] beyond the named limits; those of
    /// [`RunHandle::explanation`].
    pub fn features(
        &self,
        request: &FeaturesRequest,
        tell: &mut Told<'_>,
        cancel: &Cancel,
    ) -> Result<Arc<LayerFeatures>> {
        check_limits(request)?;
        let mut request = request.clone();
        let states = States::pick(self, &request)?;
        let first = states.first_episode();
        let all = self.explainable(first)?;
        let checkpoint = match request.checkpoint {
            Some(_) => self.asked_checkpoint(first, request.checkpoint)?,
            None => all[all.len() - 1].clone(),
        };
        request.checkpoint = Some(checkpoint.global_step);
        let id = known::id(self, &request, &checkpoint, &states);
        if let Some(known) = self.known_features().get(&id) {
            return Ok(known);
        }
        let found = Arc::new(self.find_features(id, request, checkpoint, states, tell, cancel)?);
        self.known_features().put(Arc::clone(&found));
        Ok(found)
    }

    /// Features that were found lately; `None` when they were let go of.
    pub fn features_known(&self, id: &str) -> Option<Arc<LayerFeatures>> {
        self.known_features().get(id)
    }

    fn find_features(
        &self,
        id: String,
        mut request: FeaturesRequest,
        checkpoint: CheckpointRow,
        mut states: States,
        tell: &mut Told<'_>,
        cancel: &Cancel,
    ) -> Result<LayerFeatures> {
        let mut notes = Vec::new();
        let one = LayerRows::activations(self, &request, &states.only_first(), &mut |_, _| {}, cancel)?;
        let width: usize = one.shape.iter().product();
        let fitting = FEATURE_NUMBERS_MAX / width.max(1);
        if fitting < states.count() {
            notes.push(format!(
                "the layer has {width} numbers a state: {fitting} of {} states were looked at (FEATURE_NUMBERS_MAX)",
                states.count()
            ));
            states.thin(fitting.max(1));
        }
        let asked = states.count();
        let signed = request.of != OF_ACTIVATIONS;
        let taken = if signed {
            let rows = LayerRows::attributions(self, &request, &states, tell, cancel)?;
            states = States::of(&rows.states);
            rows
        } else {
            LayerRows::activations(self, &request, &states, tell, cancel)?
        };
        if taken.states.is_empty() {
            let why = format!("none of {asked} states has an answer for {:?}", request.of);
            return Err(Error::NoFeatures { layer: request.layer, why });
        }
        let places = taken.states.len() * taken.places();
        let most = taken.channels().min(places);
        if request.factors > most {
            notes.push(format!(
                "{} features were asked for; {} channels at {places} places have no more than {most}",
                request.factors,
                taken.channels()
            ));
            request.factors = most;
        }
        tell("finding directions", 0.0);
        let of = if signed { FactorsOf::Signed } else { FactorsOf::Activations };
        let fitted = taken.every(places.div_ceil(FITTED_PLACES));
        let params = NmfParams { factors: request.factors, ..NmfParams::default() };
        let factors = Factors::find(Points::new(&fitted, taken.channels())?, of, &params)?;
        cancel.check()?;
        tell("finding directions", 0.5);
        let shares = shares(&factors, &taken, of)?;
        let held = if signed { LayerRows::activations(self, &request, &states, tell, cancel)? } else { taken };
        tell("looking for what shows them", 0.0);
        let shown = shown::shown(&factors, &held, cancel)?;
        let peaks = Peaks::find(&factors, &held, cancel)?;
        tell("looking for what shows them", 1.0);
        if held.channels() == width && width > 1 && one.shape.len() > 1 {
            notes.push(format!("the layer has shape {:?}, in which no places are known: each state is one", one.shape));
        }
        Ok(LayerFeatures {
            id,
            observation: observation_of(&checkpoint)?,
            checkpoint,
            shape: held.shape.clone(),
            states: held.states.len(),
            left_out: asked - held.states.len(),
            notes,
            factors,
            shares,
            shown,
            peaks,
            request,
        })
    }
}

fn check_limits(request: &FeaturesRequest) -> Result<()> {
    let within = |what: &str, limit: usize, found: usize| {
        if (1..=limit).contains(&found) {
            return Ok(());
        }
        if found == 0 {
            return Err(Error::BadParam {
                field: "features".to_owned(),
                param: what.to_owned(),
                expected: format!("1 to {limit}"),
                found: "0".to_owned(),
            });
        }
        Err(Error::TooLarge { what: what.to_owned(), limit: limit as u64, found: found as u64 })
    };
    within("states of features (FEATURE_STATES_MAX)", FEATURE_STATES_MAX, request.states)?;
    within("features of a layer (FEATURES_MAX)", FEATURES_MAX, request.factors)
}

/// Of all that the features hold, positive and negative alike, the share of each.
fn shares(factors: &Factors, rows: &LayerRows, of: FactorsOf) -> Result<Vec<f64>> {
    let mut strengths = vec![0.0_f64; factors.count()];
    for state in 0..rows.states.len() {
        for row in factors.project(Points::new(rows.state(state), rows.channels())?, of)?.shares.chunks(factors.count())
        {
            strengths.iter_mut().zip(row).for_each(|(sum, share)| *sum += f64::from(share.abs()));
        }
    }
    let whole: f64 = strengths.iter().sum();
    Ok(strengths.into_iter().map(|strength| if whole > 0.0 { strength / whole } else { 0.0 }).collect())
}
