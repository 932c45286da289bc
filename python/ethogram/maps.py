"""Points in many dimensions laid out in few, and rows taken apart: what a network sees and thinks, as pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from ethogram import _native
from ethogram.errors import ShapeError

if TYPE_CHECKING:
    import numpy
    import numpy.typing

    Floats = numpy.typing.NDArray[numpy.float32]

Metric = Literal["euclidean", "cosine"]
"""How far two points are apart."""


class Factors(NamedTuple):
    """What `nmf` found: `x ≈ weights @ parts`."""

    weights: Floats
    """N by K, how much of each part a row has; none below 0."""
    parts: Floats
    """K by D, the parts; none below 0."""
    relative_error: float
    """Frobenius length of `x - weights @ parts`, of that of `x`."""


class Components(NamedTuple):
    """What `pca` found."""

    positions: Floats
    """N by dims, where each point lies along the components."""
    variance_ratio: tuple[float, ...]
    """Share of each component in the variance of all coordinates."""


def pca(x: Any, dims: int = 2) -> Components:
    """Principal components, after Hotelling (1933).

    Args:
        x: N×… finite numbers, a point a row; axes after the first are taken as one.
        dims: Components, at most as many as coordinates.

    Raises:
        ShapeError: A number is not finite, or there are fewer than two points or too few coordinates.
    """
    points, width = _points(x)
    positions, ratio = _native.pca(points, width, dims)
    return Components(_array(positions, dims), tuple(ratio))


def umap(
    x: Any,
    *,
    n_neighbors: int = 15,
    min_dist: float = 0.1,
    dims: int = 2,
    rounds: int | None = None,
    metric: Metric = "euclidean",
    seed: int = 0,
    labels: Any = None,
    label_weight: float = 0.5,
) -> Floats:
    """Uniform manifold approximation and projection, after McInnes, Healy and Melville (2018).

    Args:
        x: N×… finite numbers, a point a row; axes after the first are taken as one.
        n_neighbors: Points, each counted to its own, that are a point's surroundings: few show detail, many the whole.
        min_dist: How near points may lie to each other in the layout.
        dims: 1 to 3.
        rounds: 500 for up to 10,000 points and 200 for more when left out.
        metric: How far points are apart.
        seed: The same seed gives the same layout, on any number of threads.
        labels: N hashable values that take part in the layout, `None` where one is not known: points of one label are
            drawn together, of others apart. Left out, points alone say where they lie.
        label_weight: How much labels count, 0 to 1: umap-learn's `target_weight`.

    Returns:
        N×dims float32.

    Raises:
        ShapeError: A number is not finite, there are fewer points than neighbours, or not as many labels as points.
    """
    points, width = _points(x)
    known = None if labels is None else _labels(labels)
    found = _native.umap(points, width, n_neighbors, min_dist, dims, rounds, metric, seed, known, label_weight)
    return _array(found, dims)


def tsne(
    x: Any,
    *,
    perplexity: float = 30.0,
    dims: int = 2,
    rounds: int = 500,
    metric: Metric = "euclidean",
    seed: int = 0,
) -> Floats:
    """t-distributed stochastic neighbour embedding, after van der Maaten and Hinton (2008), done as by openTSNE.

    Args:
        x: N×… finite numbers, a point a row; axes after the first are taken as one.
        perplexity: About how many neighbours count for a point; below a third of N.
        dims: 1 to 3.
        rounds: After the 250 early ones.
        metric: How far points are apart.
        seed: Breaks ties where points are the same.

    Returns:
        N×dims float32.

    Raises:
        ShapeError: A number is not finite, or there are not more points than three times the perplexity.
    """
    points, width = _points(x)
    return _array(_native.tsne(points, width, perplexity, dims, rounds, metric, seed), dims)


def nmf(x: Any, k: int, *, rounds: int = 200, tolerance: float = 1e-4) -> Factors:
    """Rows as sums of `k` parts, none negative, by coordinate descent from singular vectors; nothing is left to chance.

    Source: Cichocki and Phan (2009); Boutsidis and Gallopoulos (2008) for the beginning.

    Args:
        x: N×… numbers from 0 up; axes after the first are taken as one.
        k: Parts, at most as many as rows and as coordinates.
        rounds: Most rounds.
        tolerance: Ends when a round changes so little, of what the first changed.

    Raises:
        ShapeError: A number is negative or not finite, or `k` is too large.
    """
    points, width = _points(x)
    weights, parts, error = _native.nmf(points, width, k, rounds, tolerance)
    return Factors(_array(weights, k), _array(parts, width), error)


def trustworthiness(x: Any, layout: Any, *, n_neighbors: int = 12) -> float:
    """How far the neighbours in a layout are neighbours in truth, 0 to 1, after Venna and Kaski (2001).

    Raises:
        ShapeError: The layout has other rows, or `n_neighbors` is not below half of them.
    """
    return _quality(x, layout, n_neighbors)[0]


def neighbor_recall(x: Any, layout: Any, *, n_neighbors: int = 15) -> float:
    """Share of each point's nearest that are among its nearest in the layout, 0 to 1. Raises as `trustworthiness`."""
    return _quality(x, layout, n_neighbors)[1]


def _quality(x: Any, layout: Any, n_neighbors: int) -> tuple[float, float]:
    points, width = _points(x)
    places, dims = _points(layout)
    return _native.layout_quality(points, width, places, dims, n_neighbors)


def _labels(labels: Any) -> list[int | None]:
    listed = labels.tolist() if hasattr(labels, "tolist") else list(labels)
    known: dict[Any, int] = {}
    return [None if label is None else known.setdefault(label, len(known)) for label in listed]


def _points(x: Any) -> tuple[bytes, int]:
    import numpy

    array = numpy.asarray(x, dtype="<f4")
    if array.ndim < 2 or array.shape[0] == 0:
        message = f"points expected at least one row and two axes, found shape {array.shape}"
        raise ShapeError(message)
    array = array.reshape(array.shape[0], -1)
    return array.tobytes(), array.shape[1]


def _array(values: bytes, width: int) -> Floats:
    import numpy

    return numpy.frombuffer(values, dtype="<f4").astype(numpy.float32).reshape(-1, width)
