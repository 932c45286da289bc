//! Images that excite a feature most, made by gradient ascent.

use std::sync::Arc;

use ethogram_model::{ASCENT_STEPS_MAX, Ascent, Cancel};
use ethogram_store::{Dtype, FieldInfo};

use super::peaks::unit;
use super::{LayerFeatures, Seen, Told};
use crate::explanation::{Climbing, Exciting, Goal, Picture, Search};
use crate::{Error, Result, RunHandle};

/// Most images of one answer.
pub const FEATURE_IMAGES_MAX: usize = 64;

/// What is to be said with every such image.
pub const IMAGES_WARNING: &str = "made by gradient ascent: a network that saw few kinds of observations answers to patterns that none of them has, \
    so these need not look like any state; the strongest states are the better witnesses (Hilton et al. 2020)";

/// What is done while the ascent runs, for people.
pub const DRAWING: &str = "drawing what excites";

/// Asks for images.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FeatureImagesRequest {
    /// Of which features, by index; of all when left out.
    pub factors: Option<Vec<usize>>,
    /// Where in the layer.
    pub place: ImagePlace,
    /// Steps of the ascent, at most [`ASCENT_STEPS_MAX`].
    pub steps: usize,
    /// The same images for the same seed.
    pub seed: u64,
}

/// Where in the layer a feature is to be strong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ImagePlace {
    /// In the middle.
    #[default]
    Centre,
    /// On the average over all places.
    Everywhere,
    /// At this row and column.
    At(usize, usize),
    /// At each place, an image each: of more than [`FEATURE_IMAGES_MAX`] at so many as are spread evenly.
    Each,
}

impl Default for FeatureImagesRequest {
    fn default() -> Self {
        let Ascent { steps, seed, .. } = Ascent::default();
        Self { factors: None, place: ImagePlace::Centre, steps, seed }
    }
}

/// What features would like to see.
#[derive(Clone, Debug)]
pub struct FeatureImages {
    /// What was asked.
    pub request: FeatureImagesRequest,
    /// The observation that they are of.
    pub field: FieldInfo,
    /// Where their bounds come from, for people.
    pub bounds: &'static str,
    /// What is to be said of them, for people.
    pub notes: Vec<String>,
    /// Feature after feature; of one, place after place.
    pub images: Vec<FeatureImage>,
}

/// An image that excites a feature.
#[derive(Clone, Debug, PartialEq)]
pub struct FeatureImage {
    /// Which feature.
    pub factor: usize,
    /// Row and column of the layer; `None` for all places.
    pub place: Option<(usize, usize)>,
    /// As the environment would have given it. **Shape**: the field's.
    pub values: Vec<f32>,
    /// How far the layer's channels there reach along the feature's direction, of length 1.
    pub excitation: f32,
    /// The same at the beginning and after each step of the ascent, before numbers were made whole; never less than before.
    pub curve: Vec<f32>,
    /// The state that was looked at with the most of the same, and how much that is.
    pub strongest: Seen,
}

/// Images on their way.
pub struct ImagesSoFar<'a> {
    /// What of the ascent is done, from 0 to 1.
    pub share: f64,
    /// The observation that they are of.
    pub field: &'a FieldInfo,
    climbing: &'a Climbing<'a>,
    /// Row and column of the layer of each, `None` for all places, and which feature it is of.
    pub wanted: Vec<(usize, Option<(usize, usize)>)>,
}

impl ImagesSoFar<'_> {
    /// As [`FeatureImage::values`], image after image.
    pub fn values(&self) -> impl Iterator<Item = Vec<f32>> {
        self.climbing.rows()
    }

    /// As [`FeatureImage::curve`], image after image; anew from the step on at which one is begun at a state.
    pub fn curves(&self) -> impl Iterator<Item = &[f32]> {
        self.climbing.curves()
    }
}

impl FeatureImages {
    /// An image as pixels of red, green and blue, and how many are in a row; planes of a stack side by side. Of numbers without bytes the
    /// smallest is black and the largest white. `None` for observations that are no pictures.
    pub fn pixels(&self, at: usize) -> Option<(Vec<u8>, usize)> {
        let picture = Picture::of(&self.field)?;
        let values = &self.images.get(at)?.values;
        let finite = || values.iter().copied().filter(|value| value.is_finite());
        let (low, high) = match self.field.dtype {
            Some(Dtype::Uint8) => (0.0, 255.0),
            _ => (finite().fold(f32::INFINITY, f32::min), finite().fold(f32::NEG_INFINITY, f32::max)),
        };
        let byte = |value: f32| if high > low { (255.0 * (value - low) / (high - low)).round() as u8 } else { 0 };
        let mut pixels = Vec::with_capacity(3 * values.len());
        for y in 0..picture.height {
            for (plane, x) in (0..picture.planes).flat_map(|plane| (0..picture.width).map(move |x| (plane, x))) {
                let own: Vec<u8> = picture.elements(plane, y, x).map(|element| byte(values[element])).collect();
                let grey = own.len() < 3;
                pixels.extend((0..3).map(|channel| own[if grey { 0 } else { channel }]));
            }
        }
        Some((pixels, picture.planes * picture.width))
    }
}

impl RunHandle {
    /// Looks for images. Those found lately are given again.
    ///
    /// # Errors
    /// [`Error::BadParam`] for features or places that there are not, [`Error::TooLarge`] beyond the named limits,
    /// [`Error::Unexplained`] for a signature whose steps cannot be undone.
    pub fn feature_images(
        &self,
        features: &LayerFeatures,
        request: &FeatureImagesRequest,
        tell: &mut Told<'_>,
        cancel: &Cancel,
    ) -> Result<Arc<FeatureImages>> {
        self.watched_feature_images(features, request, &mut |so_far| tell(DRAWING, so_far.share), cancel)
    }

    /// The same; `watch` sees them after each step of the ascent.
    ///
    /// # Errors
    /// As [`RunHandle::feature_images`].
    pub fn watched_feature_images(
        &self,
        features: &LayerFeatures,
        request: &FeatureImagesRequest,
        watch: &mut dyn FnMut(&ImagesSoFar<'_>),
        cancel: &Cancel,
    ) -> Result<Arc<FeatureImages>> {
        if request.steps == 0 {
            return Err(wrong("steps", format!("1 to {ASCENT_STEPS_MAX}"), "0".to_owned()));
        }
        if request.steps > ASCENT_STEPS_MAX {
            let (what, found) = ("steps of an ascent (ASCENT_STEPS_MAX)".to_owned(), request.steps as u64);
            return Err(Error::TooLarge { what, limit: ASCENT_STEPS_MAX as u64, found });
        }
        let wanted = features.wanted(request)?;
        if let Some(known) = self.known_features().images(&features.id, request) {
            return Ok(known);
        }
        let goals: Vec<Goal> = wanted.iter().map(|&(factor, place)| features.goal(factor, place)).collect();
        let ascent = Ascent { steps: request.steps, seed: request.seed, ..Ascent::default() };
        let episode = features.peaks.of(0, None).episode;
        let search = Search { layer: &features.request.layer, goals: &goals, ascent, episode };
        let mut told = |climbing: &Climbing<'_>| {
            let wanted = wanted.iter().map(|&(factor, place)| (factor, features.row_column(place))).collect();
            watch(&ImagesSoFar { share: climbing.share, field: climbing.field, climbing, wanted });
        };
        let found = self.exciting(&features.checkpoint, &search, &mut told, cancel)?;
        let made = Arc::new(features.images(request, &wanted, found));
        self.known_features().put_images(&features.id, Arc::clone(&made));
        Ok(made)
    }
}

/// A feature and a place of the layer; all places without one.
type Wanted = (usize, Option<usize>);

impl LayerFeatures {
    fn wanted(&self, request: &FeatureImagesRequest) -> Result<Vec<Wanted>> {
        let (count, (rows, columns)) = (self.factors.count(), self.grid());
        let factors = request.factors.clone().unwrap_or_else(|| (0..count).collect());
        if factors.is_empty() || factors.iter().any(|&factor| factor >= count) {
            let found = factors.iter().find(|&&factor| factor >= count);
            let found = found.map_or_else(|| "none".to_owned(), ToString::to_string);
            return Err(wrong("factors", format!("one or more of 0 to {}", count - 1), found));
        }
        let places: Vec<Option<usize>> = match request.place {
            ImagePlace::Centre => vec![Some(rows / 2 * columns + columns / 2)],
            ImagePlace::Everywhere => vec![None],
            ImagePlace::At(row, column) if row < rows && column < columns => vec![Some(row * columns + column)],
            ImagePlace::At(row, column) => {
                return Err(wrong(
                    "place",
                    format!("a row below {rows} and a column below {columns}"),
                    format!("{row}, {column}"),
                ));
            }
            ImagePlace::Each => spread(rows, columns).into_iter().map(Some).collect(),
        };
        let images = factors.len().saturating_mul(places.len());
        if images > FEATURE_IMAGES_MAX {
            let what = "images of features (FEATURE_IMAGES_MAX)".to_owned();
            return Err(Error::TooLarge { what, limit: FEATURE_IMAGES_MAX as u64, found: images as u64 });
        }
        Ok(factors.into_iter().flat_map(|factor| places.iter().map(move |&place| (factor, place))).collect())
    }

    /// **Source**: lucid's `direction_neuron`, and `direction` for all places.
    fn goal(&self, factor: usize, place: Option<usize>) -> Goal {
        let (rows, columns) = self.grid();
        let places = rows * columns;
        let direction = unit(self.factors.direction(factor));
        let entry = |channel: usize, place: usize| channel * places + place;
        let weights = direction.iter().enumerate().filter(|(_, d)| **d > 0.0);
        let weights = match place {
            Some(place) => weights.map(|(channel, d)| (entry(channel, place), *d as f32)).collect(),
            None => weights
                .flat_map(|(channel, d)| {
                    (0..places).map(move |place| (entry(channel, place), (d / places as f64) as f32))
                })
                .collect(),
        };
        let peak = self.peaks.of(factor, place);
        // The same feature and place have the same noise in every list.
        let name = (factor * (places + 1) + place.map_or(0, |place| place + 1)) as u64;
        Goal { weights, at: (peak.episode, peak.step), name }
    }

    fn row_column(&self, place: Option<usize>) -> Option<(usize, usize)> {
        let (_, columns) = self.grid();
        place.map(|place| (place / columns, place % columns))
    }

    fn images(&self, request: &FeatureImagesRequest, wanted: &[Wanted], found: Exciting) -> FeatureImages {
        let from_state = found.from_state.iter().filter(|from| **from).count();
        let mut notes = vec![IMAGES_WARNING.to_owned()];
        if from_state > 0 {
            notes.push(format!(
                "noise leads to less than a real state for {from_state} of {}: these were begun at the strongest state",
                wanted.len()
            ));
        }
        let made = found.rows.into_iter().zip(found.values).zip(found.curves);
        let images = wanted.iter().zip(made).map(|(&(factor, place), ((values, excitation), curve))| FeatureImage {
            factor,
            place: self.row_column(place),
            values,
            excitation,
            curve,
            strongest: self.peaks.of(factor, place),
        });
        FeatureImages {
            request: request.clone(),
            field: found.field,
            bounds: found.bounds,
            notes,
            images: images.collect(),
        }
    }
}

/// Every place, or as many rows and columns spread evenly as fit.
fn spread(rows: usize, columns: usize) -> Vec<usize> {
    let (mut down, mut across) = (rows, columns);
    while down * across > FEATURE_IMAGES_MAX {
        if down >= across { down -= 1 } else { across -= 1 }
    }
    let at = |index: usize, of: usize, all: usize| (2 * index + 1) * all / (2 * of);
    (0..down).flat_map(|y| (0..across).map(move |x| at(y, down, rows) * columns + at(x, across, columns))).collect()
}

fn wrong(param: &str, expected: String, found: String) -> Error {
    Error::BadParam { field: "feature images".to_owned(), param: param.to_owned(), expected, found }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_all_or_spread_evenly() {
        assert_eq!(spread(2, 3), [0, 1, 2, 3, 4, 5]);
        assert_eq!(spread(1, 1), [0]);
        let many = spread(20, 30);
        assert_eq!(many.len(), 64);
        let (first, last) = (many[0], many[63]);
        assert_eq!((first / 30, first % 30, last / 30, last % 30), (1, 1, 18, 28));
    }
}
