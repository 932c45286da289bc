//! Layouts and factors of points from Python: the native half of `ethogram.maps`. Arrays come and go as bytes of little-endian `float32`.

use ethogram_analysis::{
    Labels, Metric, Neighbors, NmfParams, Points, Tsne, TsneParams, Umap, UmapParams, neighbor_recall, nmf, pca,
    trustworthiness,
};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::fault::ShapeError;

/// Rounds between two looks at whether the user wants to stop.
const ROUNDS_AT_ONCE: usize = 5;

/// Positions along the principal components, and the share of each in the variance. See [`ethogram_analysis::pca`].
#[pyfunction(name = "pca")]
pub fn principal<'py>(
    py: Python<'py>,
    points: &[u8],
    width: usize,
    dims: usize,
) -> PyResult<(Bound<'py, PyBytes>, Vec<f64>)> {
    let values = floats(points);
    let found = py.detach(|| pca(Points::new(&values, width)?, dims)).map_err(|error| wrong(&error))?;
    Ok((bytes(py, &found.positions), found.variance_ratio))
}

/// See [`ethogram_analysis::Umap`].
#[pyfunction]
#[pyo3(signature = (points, width, neighbors, min_dist, dims, rounds, metric, seed, labels, label_weight))]
#[expect(clippy::too_many_arguments, reason = "Python passes them by name")]
#[expect(clippy::needless_pass_by_value, reason = "PyO3 makes a list of what Python hands over")]
pub fn umap<'py>(
    py: Python<'py>,
    points: &[u8],
    width: usize,
    neighbors: usize,
    min_dist: f64,
    dims: usize,
    rounds: Option<usize>,
    metric: &str,
    seed: u64,
    labels: Option<Vec<Option<u32>>>,
    label_weight: f64,
) -> PyResult<Bound<'py, PyBytes>> {
    let values = floats(points);
    let params =
        UmapParams { neighbors, min_dist, dims, rounds, metric: metric_named(metric)?, seed, ..Default::default() };
    let made = py.detach(|| {
        let points = Points::new(&values, width)?;
        let Some(labels) = &labels else { return Umap::new(points, &params) };
        let labels = Labels::new(labels, label_weight)?;
        let near = Neighbors::exact(points, params.neighbors.saturating_sub(1), params.metric)?;
        Umap::of_neighbors_and_labels(points, &near, Some(&labels), &params)
    });
    let mut layout = made.map_err(|error| wrong(&error))?;
    while py.detach(|| layout.advance(ROUNDS_AT_ONCE)) {
        py.check_signals()?;
    }
    Ok(bytes(py, layout.positions()))
}

/// The layout, and its divergence. See [`ethogram_analysis::Tsne`].
#[pyfunction]
#[pyo3(signature = (points, width, perplexity, dims, rounds, metric, seed))]
#[expect(clippy::too_many_arguments, reason = "Python passes them by name")]
pub fn tsne<'py>(
    py: Python<'py>,
    points: &[u8],
    width: usize,
    perplexity: f64,
    dims: usize,
    rounds: usize,
    metric: &str,
    seed: u64,
) -> PyResult<Bound<'py, PyBytes>> {
    let values = floats(points);
    let params = TsneParams { perplexity, dims, rounds, metric: metric_named(metric)?, seed };
    let mut layout = py.detach(|| Tsne::new(Points::new(&values, width)?, &params)).map_err(|error| wrong(&error))?;
    while py.detach(|| layout.advance(ROUNDS_AT_ONCE)) {
        py.check_signals()?;
    }
    Ok(bytes(py, layout.positions()))
}

/// Weights, parts and the relative error. See [`ethogram_analysis::nmf`].
#[pyfunction(name = "nmf")]
pub fn factors<'py>(
    py: Python<'py>,
    points: &[u8],
    width: usize,
    factors: usize,
    rounds: usize,
    tolerance: f64,
) -> PyResult<(Bound<'py, PyBytes>, Bound<'py, PyBytes>, f64)> {
    let values = floats(points);
    let params = NmfParams { factors, rounds, tolerance };
    let found = py.detach(|| nmf(Points::new(&values, width)?, &params)).map_err(|error| wrong(&error))?;
    Ok((bytes(py, &found.weights), bytes(py, &found.parts), found.relative_error))
}

/// Trustworthiness and recall of neighbours of a layout. See [`ethogram_analysis::trustworthiness`].
#[pyfunction]
pub fn layout_quality(
    py: Python<'_>,
    points: &[u8],
    width: usize,
    layout: &[u8],
    dims: usize,
    neighbors: usize,
) -> PyResult<(f64, f64)> {
    let (values, places) = (floats(points), floats(layout));
    py.detach(|| {
        let (points, layout) = (Points::new(&values, width)?, Points::new(&places, dims)?);
        Ok((trustworthiness(points, layout, neighbors)?, neighbor_recall(points, layout, neighbors)?))
    })
    .map_err(|error| wrong(&error))
}

fn metric_named(name: &str) -> PyResult<Metric> {
    match name {
        "euclidean" => Ok(Metric::Euclidean),
        "cosine" => Ok(Metric::Cosine),
        _ => Err(ShapeError::new_err(format!("metric expected euclidean or cosine, found {name:?}"))),
    }
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<4>().0.iter().map(|chunk| f32::from_le_bytes(*chunk)).collect()
}

fn bytes<'py>(py: Python<'py>, values: &[f32]) -> Bound<'py, PyBytes> {
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    PyBytes::new(py, &bytes)
}

fn wrong(error: &ethogram_analysis::Error) -> PyErr {
    ShapeError::new_err(error.to_string())
}
