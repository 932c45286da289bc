//! What a layer has learned, from Python: the native half of `RunView.features`.

use std::sync::Arc;

use ethogram_query::{
    Cancel, FeatureImagesRequest, FeatureMapsRequest, FeaturesRequest, ImagePlace, Seen, factor_colours,
};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use serde_json::json;

use crate::fault::NotFoundError;
use crate::interrupt::interruptible;
use crate::progress::Listener;
use crate::reader::{RunView, from_query};

/// Steps, features, rows and columns; one byte a step that says whether there is an answer; maps, residual, totals.
type RawMaps<'py> = ([usize; 4], Bound<'py, PyBytes>, Bound<'py, PyBytes>, Bound<'py, PyBytes>, Bound<'py, PyBytes>);

/// Features of a layer.
#[pyclass(frozen, module = "ethogram._native")]
pub struct LayerFeatures {
    found: Arc<ethogram_query::LayerFeatures>,
}

#[pymethods]
impl LayerFeatures {
    /// What they are, as JSON.
    fn about(&self) -> String {
        let found = &self.found;
        let seen = |seen: &Seen| json!([seen.episode, seen.step, seen.row, seen.column, seen.strength]);
        let colours = factor_colours(found.factors.count());
        json!({
            "layer": found.request.layer,
            "of": found.request.of,
            "shape": found.shape,
            "observation": found.observation,
            "checkpoint": found.checkpoint.global_step,
            "states": found.states,
            "left_out": found.left_out,
            "relative_error": found.factors.relative_error,
            "notes": found.notes,
            "count": found.factors.count(),
            "width": found.factors.width(),
            "shares": found.shares,
            "colours": colours.iter().map(|[r, g, b]| format!("#{r:02x}{g:02x}{b:02x}")).collect::<Vec<_>>(),
            "examples": found.shown.iter().map(|shown| shown.examples.iter().map(|one| one.as_ref().map(seen)).collect()).collect::<Vec<Vec<_>>>(),
            "thumbnails": found.shown.iter().map(|shown| shown.thumbnails.iter().map(seen).collect()).collect::<Vec<Vec<_>>>(),
        })
        .to_string()
    }

    /// A direction of the layer's channels each, `float32`.
    fn directions<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        floats(py, self.found.factors.directions())
    }

    /// What features would like to see: about them as JSON, and the numbers of all.
    #[expect(clippy::too_many_arguments, reason = "what Python hands over, by position")]
    fn images<'py>(
        &self,
        py: Python<'py>,
        view: &RunView,
        factors: Option<Vec<usize>>,
        place: (&str, usize, usize),
        steps: usize,
        seed: u64,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<(String, Bound<'py, PyBytes>)> {
        let place = match place {
            ("everywhere", ..) => ImagePlace::Everywhere,
            ("each", ..) => ImagePlace::Each,
            ("at", row, column) => ImagePlace::At(row, column),
            _ => ImagePlace::Centre,
        };
        let request = FeatureImagesRequest { factors, place, steps, seed };
        let found =
            listening(py, progress, |tell, cancel| view.run.feature_images(&self.found, &request, tell, cancel))?;
        let image = |image: &ethogram_query::FeatureImage| {
            json!({
                "factor": image.factor,
                "place": image.place.map(|(row, column)| [row, column]),
                "excitation": image.excitation,
                "strongest": [image.strongest.episode, image.strongest.step, image.strongest.row, image.strongest.column, image.strongest.strength],
                "curve": image.curve,
            })
        };
        let about = json!({
            "observation": found.field.name,
            "shape": found.field.shape,
            "bounds": found.bounds,
            "notes": found.notes,
            "images": found.images.iter().map(image).collect::<Vec<_>>(),
        });
        let values: Vec<f32> = found.images.iter().flat_map(|image| image.values.iter().copied()).collect();
        Ok((about.to_string(), floats(py, &values)))
    }

    /// How much of each there is at each place of some steps of an episode.
    fn maps<'py>(
        &self,
        py: Python<'py>,
        view: &RunView,
        episode: u64,
        first: u64,
        to: u64,
        of: Option<String>,
    ) -> PyResult<RawMaps<'py>> {
        let request = FeatureMapsRequest { episode, range: first..to, of, checkpoint: None };
        let found = interruptible(py, |cancel| view.run.feature_maps(&self.found, &request, cancel))?
            .map_err(|error| from_query(&error))?;
        let [count, rows, columns] = found.shape;
        let valid: Vec<u8> = found.valid.iter().map(|valid| u8::from(*valid)).collect();
        Ok((
            [found.valid.len(), count, rows, columns],
            PyBytes::new(py, &valid),
            floats(py, &found.maps),
            floats(py, &found.residual),
            floats(py, &found.totals),
        ))
    }
}

/// Finds features. What nobody says is as `RunHandle::usual_features` has it.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "what Python hands over, by position")]
pub fn find_features(
    py: Python<'_>,
    view: &RunView,
    layer: Option<String>,
    of: Option<String>,
    factors: usize,
    states: usize,
    episodes: Option<Vec<u64>>,
    checkpoint: Option<i64>,
    progress: Option<Py<PyAny>>,
) -> PyResult<LayerFeatures> {
    let (layer, of) = match (layer, of) {
        (Some(layer), Some(of)) => (layer, of),
        (layer, of) => {
            let (usual, part) = usual(view, episodes.as_deref(), layer.as_deref())?;
            (usual, of.unwrap_or(part))
        }
    };
    let request = FeaturesRequest { layer, checkpoint, episodes, states, of, factors };
    Ok(LayerFeatures { found: listening(py, progress, |tell, cancel| view.run.features(&request, tell, cancel))? })
}

/// Work whose phases somebody hears of, and that Ctrl-C ends.
fn listening<T: Send>(
    py: Python<'_>,
    progress: Option<Py<PyAny>>,
    work: impl FnOnce(&mut dyn FnMut(&'static str, f64), &Cancel) -> ethogram_query::Result<T> + Send,
) -> PyResult<T> {
    let listener = Listener::new(py, progress);
    let found = interruptible(py, |cancel| work(&mut |phase, share| listener.tell(phase, share, cancel), cancel));
    listener.finish()?;
    found?.map_err(|error| from_query(&error))
}

/// The layer to begin with, unless it is named, and what of it is taken apart.
fn usual(view: &RunView, episodes: Option<&[u64]>, layer: Option<&str>) -> PyResult<(String, String)> {
    let rows = view.run.source().episodes(0..u64::MAX).map_err(|error| crate::fault::from_store(&error))?;
    let first = match episodes {
        Some(episodes) => episodes.first().copied(),
        None => rows.iter().find(|row| row.recorded).map(|row| row.episode),
    };
    let first = first.ok_or_else(|| {
        NotFoundError::new_err(
            "features: expected a recorded episode, found none; record some with eg.record(env, run)",
        )
    })?;
    view.run.usual_features(first, layer).map_err(|error| from_query(&error))
}

fn floats<'py>(py: Python<'py>, values: &[f32]) -> Bound<'py, PyBytes> {
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    PyBytes::new(py, &bytes)
}
