# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6", "scikit-learn==1.9.1", "umap-learn==0.5.12"]
# ///
"""What umap-learn makes of labelled states, and how good it is: `uv run make_supervised.py`.

The states are `lunarlander-dqn-seed000-obs.f32`, the labels the actions that the agent took there, read from the episode of the demo that
the states were cut out of. Written are the labels, and of layouts with 15 neighbours, min_dist 0.1 and several seeds the mean of the
trustworthiness (12 neighbours) and of the share of the 15 nearest in the layout that have a point's label, at several `target_weight`s.
"""

import json
import pathlib

import numpy as np
import umap
from sklearn.manifold import trustworthiness
from sklearn.neighbors import NearestNeighbors

HERE = pathlib.Path(__file__).parent
EPISODE = HERE.parents[2] / "demo/sources/rollouts/lunarlander-dqn/seed000.npz"
SEEDS = range(3)


def labels(points: np.ndarray) -> np.ndarray:
    with np.load(EPISODE) as episode:
        seen, actions = episode["obs"].astype("<f4"), episode["action"]
    known = {row.tobytes(): int(action) for row, action in zip(seen, actions, strict=True)}
    return np.array([known[row.tobytes()] for row in points])


def quality(points: np.ndarray, layout: np.ndarray, label: np.ndarray) -> tuple[float, float]:
    near = NearestNeighbors(n_neighbors=16).fit(layout).kneighbors(layout, return_distance=False)[:, 1:]
    return trustworthiness(points, layout, n_neighbors=12), float((label[near] == label[:, None]).mean())


def main() -> None:
    points = np.fromfile(HERE / "lunarlander-dqn-seed000-obs.f32", "<f4").reshape(-1, 8)
    label = labels(points)
    cases = {}
    for weight in (None, 0.2, 0.5, 0.9):
        found = []
        for seed in SEEDS:
            settings = {"n_neighbors": 15, "min_dist": 0.1, "random_state": seed}
            if weight is not None:
                settings["target_weight"] = weight
            layout = umap.UMAP(**settings).fit_transform(points, None if weight is None else label)
            found.append(quality(points, layout, label))
        trust, same = np.mean(found, axis=0)
        cases["none" if weight is None else str(weight)] = {"trustworthiness_k12": trust, "same_label_k15": same}
    golden = {"labels": label.tolist(), "umap_learn": cases}
    (HERE / "supervised.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
