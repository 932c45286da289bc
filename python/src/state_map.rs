//! Maps of a run's states from Python: the native half of `RunView.map`.

use std::collections::BTreeMap;
use std::sync::Arc;

use ethogram_query::{MapLayout, MapNews, MapRequest, MapSource, Metric};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use serde_json::json;

use crate::fault::ShapeError;
use crate::interrupt::interruptible;
use crate::reader::{RunView, from_query};

/// Numbers, one byte a point that says whether it was logged, and what whole numbers stand for.
type RawField<'py> = (Bound<'py, PyBytes>, Bound<'py, PyBytes>, Option<Vec<String>>);

/// A map whose points lie where they belong.
#[pyclass(frozen, module = "ethogram._native")]
pub struct StateMap {
    map: Arc<ethogram_query::StateMap>,
    layout: Arc<MapLayout>,
}

#[pymethods]
impl StateMap {
    /// What it is, as JSON.
    fn about(&self) -> String {
        let left_out = self.map.left_out().iter().map(|out| json!({"why": out.why, "count": out.count}));
        json!({
            "of": self.map.of(),
            "width": self.map.width(),
            "steps": self.map.steps(),
            "left_out": left_out.collect::<Vec<_>>(),
            "notes": self.map.notes(),
            "supervised_by": self.map.supervised_by(),
            "method": self.layout.method,
            "dims": self.layout.dims,
            "variance_ratio": self.layout.variance_ratio,
        })
        .to_string()
    }

    /// Episode and step of each point, as `int64`.
    fn places<'py>(&self, py: Python<'py>) -> (Bound<'py, PyBytes>, Bound<'py, PyBytes>) {
        let places = self.map.places();
        let whole = |number: fn(&ethogram_query::MapPlace) -> u64| -> Vec<u8> {
            places.iter().flat_map(|place| (number(place) as i64).to_le_bytes()).collect()
        };
        (PyBytes::new(py, &whole(|place| place.episode)), PyBytes::new(py, &whole(|place| place.step)))
    }

    /// Where each point lies, `float32`.
    fn layout<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        floats(py, &self.layout.positions)
    }

    /// What points were laid out by, `float32`.
    fn points<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        floats(py, self.map.values())
    }

    /// The nearest points in the original space, and how far they are.
    fn neighbors(&self, py: Python<'_>, point: usize, count: usize, metric: &str) -> PyResult<Vec<(usize, f64)>> {
        let metric = match metric {
            "euclidean" => Metric::Euclidean,
            "cosine" => Metric::Cosine,
            _ => return Err(ShapeError::new_err(format!("metric expected euclidean or cosine, found {metric:?}"))),
        };
        py.detach(|| self.map.neighbors(point, count, metric)).map_err(|error| from_query(&error))
    }
}

/// Reads steps of a run and lays them out. See [`ethogram_query::MapRequest`].
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "what Python hands over, by position")]
pub fn lay_out(
    py: Python<'_>,
    view: &RunView,
    of: String,
    method: String,
    dims: usize,
    points: usize,
    episodes: Option<Vec<u64>>,
    checkpoint: Option<i64>,
    samples: Option<String>,
    settings: BTreeMap<String, String>,
    supervised_by: Option<String>,
) -> PyResult<StateMap> {
    let source = MapSource { run: view.run.id().clone(), episodes, checkpoint, samples };
    let request =
        MapRequest { sources: vec![source], of, points, method, dims, settings, supervised_by, align_to: None };
    let found = interruptible(py, |cancel| {
        let goes_on = || cancel.check().is_ok();
        let plan = view.workbench.plan_map(&request)?;
        let map = view.workbench.read_map(plan, cancel, &mut |_| goes_on())?;
        let layout = map.lay_out(&|_: MapNews<'_>| goes_on())?;
        Ok::<_, ethogram_query::Error>(StateMap { map, layout })
    })?;
    found.map_err(|error| from_query(&error))
}

/// A number of every point, `float64`, one byte a point that says whether it was logged, and what whole numbers stand for.
#[pyfunction]
pub fn map_field<'py>(py: Python<'py>, view: &RunView, map: &StateMap, name: &str) -> PyResult<RawField<'py>> {
    let field = py.detach(|| view.workbench.map_field(&map.map, name)).map_err(|error| from_query(&error))?;
    let numbers: Vec<u8> = field.values.iter().flat_map(|value| value.unwrap_or(f64::NAN).to_le_bytes()).collect();
    let valid: Vec<u8> = field.values.iter().map(|value| u8::from(value.is_some())).collect();
    Ok((PyBytes::new(py, &numbers), PyBytes::new(py, &valid), field.names))
}

fn floats<'py>(py: Python<'py>, values: &[f32]) -> Bound<'py, PyBytes> {
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    PyBytes::new(py, &bytes)
}
