import numpy as np
import pytest

from ethogram import maps
from ethogram.errors import ShapeError


@pytest.fixture(scope="module")
def clouds() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(3)
    label = np.repeat(np.arange(3), 80)
    points = random.normal(size=(240, 10))
    points[:, 0] += 20 * label
    return points, label


def test_pca_is_the_singular_value_decomposition(clouds):
    points, _ = clouds
    found = maps.pca(points, 3)
    centered = points - points.mean(0)
    _, singular, directions = np.linalg.svd(centered, full_matrices=False)
    expected = centered @ directions[:3].T
    signs = np.sign((expected * found.positions).sum(0))
    np.testing.assert_allclose(found.positions * signs, expected, atol=1e-3)
    np.testing.assert_allclose(found.variance_ratio, (singular**2 / (singular**2).sum())[:3], rtol=1e-4)


def test_labels_draw_their_points_together():
    points = np.random.default_rng(5).normal(size=(200, 6))
    labels = np.array(["left", "right"] * 100)

    def alike(layout):
        distance = np.linalg.norm(layout[:, None] - layout[None], axis=-1)
        np.fill_diagonal(distance, np.inf)
        return (labels[np.argsort(distance, axis=1)[:, :10]] == labels[:, None]).mean()

    assert alike(maps.umap(points)) < 0.65
    assert alike(maps.umap(points, labels=labels)) > 0.9
    some = [label if row % 4 else None for row, label in enumerate(labels.tolist())]
    assert alike(maps.umap(points, labels=some)) > alike(maps.umap(points))
    with pytest.raises(ShapeError, match="labels"):
        maps.umap(points, labels=labels[:9])
    with pytest.raises(ShapeError, match="0 to 1"):
        maps.umap(points, labels=labels, label_weight=2.0)


@pytest.mark.parametrize("layout", [lambda x: maps.umap(x, seed=4), lambda x: maps.tsne(x, perplexity=15, rounds=200)])
def test_layouts_keep_clouds_apart(clouds, layout):
    points, label = clouds
    found = layout(points)
    assert found.shape == (240, 2) and found.dtype == np.float32
    distance = np.linalg.norm(found[:, None] - found[None], axis=-1)
    np.fill_diagonal(distance, np.inf)
    assert (label[distance.argmin(1)] == label).mean() > 0.99
    assert maps.trustworthiness(points, found) > 0.9
    assert maps.neighbor_recall(points, found) > maps.neighbor_recall(
        points, np.random.default_rng(0).normal(size=(240, 2))
    )


def test_the_same_seed_gives_the_same_layout_and_pictures_are_points(clouds):
    points, _ = clouds
    pictures = points.reshape(240, 2, 5)
    np.testing.assert_array_equal(maps.umap(points, rounds=20, seed=1), maps.umap(pictures, rounds=20, seed=1))
    assert not np.array_equal(maps.umap(points, rounds=20, seed=1), maps.umap(points, rounds=20, seed=2))


def test_nmf_takes_rows_apart():
    random = np.random.default_rng(5)
    x = np.maximum(random.normal(size=(60, 3)), 0) @ np.maximum(random.normal(size=(3, 12)), 0)
    found = maps.nmf(x, 3, rounds=2000, tolerance=1e-7)
    assert found.weights.shape == (60, 3) and found.parts.shape == (3, 12)
    assert found.weights.min() >= 0 and found.parts.min() >= 0
    assert found.relative_error < 0.01
    error = np.linalg.norm(x - found.weights @ found.parts) / np.linalg.norm(x)
    assert found.relative_error == pytest.approx(error, rel=1e-2, abs=1e-5)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: maps.umap(np.zeros((5, 3))), "neighbors"),
        (lambda: maps.tsne(np.zeros((50, 3))), "perplexity"),
        (lambda: maps.pca(np.full((5, 3), np.nan)), "finite"),
        (lambda: maps.nmf(-np.ones((5, 3)), 2), "below 0"),
        (lambda: maps.umap(np.zeros(5)), "two axes"),
        (lambda: maps.umap(np.zeros((50, 3)), metric="manhattan"), "euclidean or cosine"),
    ],
)
def test_what_has_no_answer_is_said(call, text):
    with pytest.raises(ShapeError, match=text):
        call()
