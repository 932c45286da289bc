"""Points of the bench `embed`, the peers that lay them out, and the judge of both.

`embed.py points FILE` writes 60,000 states of 256 numbers. `embed.py umap|tsne FILE LAYOUT` lays them out by umap-learn
or openTSNE and prints the seconds that it took. `embed.py judge FILE LAYOUT …` prints how far the neighbours of each
layout can be trusted.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

ROWS, WIDTH = 60_000, 256
AGENTS = ["breakout-a3c-40M", "breakout-a3c-80M", "pong-a3c-40M", "pong-a3c-80M"]
ROLLOUTS = Path(__file__).parents[1] / "demo/sources/rollouts"
# Of the deviation of each number.
NOISE = 0.02
# Points whose neighbours are looked at, evenly over all; their ranks are among all points.
JUDGED = 2_000
TRUST, RECALL = 12, 15


def points() -> np.ndarray:
    """Memories of four agents of the demo at their 9,001 steps, and places on the way to the next, with noise."""
    random = np.random.default_rng(7)
    episodes = []
    for agent in AGENTS:
        with np.load(ROLLOUTS / agent / "seed000.npz") as episode:
            episodes.append(episode["hx_in"].astype(np.float64))
    steps = sum(len(episode) - 1 for episode in episodes)
    found = []
    for episode in episodes:
        rows = -(-ROWS * (len(episode) - 1) // steps)
        at = np.sort(random.uniform(0, len(episode) - 1, rows))
        before = np.minimum(at.astype(int), len(episode) - 2)
        share = (at - before)[:, None]
        way = (1 - share) * episode[before] + share * episode[before + 1]
        found.append(way + NOISE * episode.std(axis=0) * random.standard_normal(way.shape))
    return np.concatenate(found)[:ROWS].astype("<f4")


def read(path: str, width: int = WIDTH) -> np.ndarray:
    return np.fromfile(path, "<f4").reshape(-1, width)


def by_umap() -> Callable[[np.ndarray], np.ndarray]:
    import umap

    return lambda x: umap.UMAP(n_neighbors=15, min_dist=0.1).fit_transform(x)


def by_tsne() -> Callable[[np.ndarray], np.ndarray]:
    import openTSNE

    return lambda x: np.asarray(openTSNE.TSNE(perplexity=30, n_jobs=-1, random_state=0).fit(x))


def lay_out(method: str, path: str, to: str) -> None:
    x = read(path)
    run = {"umap": by_umap, "tsne": by_tsne}[method]()
    # What is compiled at the first call, and read, is not counted.
    run(x[::12])
    begun = time.perf_counter()
    layout = run(x)
    secs = time.perf_counter() - begun
    np.asarray(layout, dtype="<f4").tofile(to)
    print(json.dumps({"secs": secs}), flush=True)


def nearest(x: np.ndarray, rows: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the nearest of some rows, and the squared distances of all from them, infinite of themselves."""
    norms = (x**2).sum(axis=1)
    squared = norms[rows][:, None] + norms[None] - 2 * x[rows] @ x.T
    squared[np.arange(len(rows)), rows] = np.inf
    some = np.argpartition(squared, count, axis=1)[:, :count]
    return some, squared


def judge(path: str, layouts: list[str]) -> None:
    x = read(path).astype(np.float64)
    x -= x.mean(axis=0)
    judged = np.linspace(0, len(x) - 1, JUDGED).astype(int)
    maps = [read(layout, 2).astype(np.float64) for layout in layouts]
    costs, kept = np.zeros(len(maps)), np.zeros(len(maps))
    for rows in np.array_split(judged, 20):
        near, squared = nearest(x, rows, RECALL)
        for at, places in enumerate(maps):
            shown, _ = nearest(places, rows, RECALL)
            kept[at] += sum(len(np.intersect1d(a, b)) for a, b in zip(near, shown, strict=True))
            shown, _ = nearest(places, rows, TRUST)
            distance = np.take_along_axis(squared, shown, axis=1)
            for one in range(TRUST):
                rank = (squared < distance[:, one : one + 1]).sum(axis=1) + 1
                costs[at] += np.maximum(rank - TRUST, 0).sum()
    n, k = len(x), TRUST
    trust = 1 - costs * 2 / (JUDGED * k * (2 * n - 3 * k - 1))
    for layout, one, of in zip(layouts, trust, kept / (JUDGED * RECALL), strict=True):
        print(json.dumps({"layout": layout, "trustworthiness": one, "recall": of}), flush=True)


def main() -> None:
    what, path, *rest = sys.argv[1:]
    if what == "points":
        points().tofile(path)
    elif what == "judge":
        judge(path, rest)
    else:
        lay_out(what, path, rest[0])


if __name__ == "__main__":
    main()
