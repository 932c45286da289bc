"""Logs runs for panels: one with fields of every kind and odd names, one with returns only. Usage: log_panels.py ROOT.

Prints the histogram of the last weights as NumPy counts it.
"""

import json
import sys

import ethogram as eg
import numpy as np

WEIGHTS = 1_000_000
ROWS = 6
TAGS = [
    "train/clip-fraction",
    "rewards/mean reward",
    "a b/c:d, e",
    "emoji 🤖/值",
    "<img src=x onerror=alert(1)>",
    "shaped-reward",
]

rng = np.random.default_rng(3)


def start(name: str) -> eg.Run:
    """A run of the project of the tests."""
    return eg.init(
        project="panels", name=name, root=sys.argv[1], when_full="block", config={"lr": 0.01, "net": {"width": 64}}
    )


def everything() -> None:
    """Fields of every kind."""
    run = start("everything")
    for step in range(0, 1000, 10):
        run.log({tag: np.sin(step / 100) + i for i, tag in enumerate(TAGS)}, global_step=step)
    for row in range(ROWS):
        weights = rng.normal(scale=0.02 + 0.01 * row, size=WEIGHTS).astype(np.float32)
        ratios = eg.Distribution(rng.normal(1.0, 0.1 + 0.02 * row, size=4000))
        run.log({"net/weights-1M": weights, "net/bias": rng.normal(size=24), "ratios": ratios}, global_step=row * 100)
    for index in range(12):
        episode = run.episode(global_step=index * 80, extra={"level": index % 3})
        for t in range(20 + index):
            episode.step(
                observation=[float(t), 0.0], action=t % 2, reward=float(index % 5) / 10, value=float(np.cos(t / 5))
            )
        episode.end(observation=[0.0, 0.0], terminated=True)
    run.finish()
    values = weights.astype(np.float64)
    counts, edges = np.histogram(values, bins=32)
    print(
        json.dumps(
            {
                "counts": counts.tolist(),
                "edges": edges.tolist(),
                "low": float(values.min()),
                "high": float(values.max()),
            }
        )
    )


def returns_only() -> None:
    """Episodes of which nothing but the return and the length is known."""
    run = start("returns-only")
    for index in range(40):
        run.past_episode(episode_return=float(index), length=10, global_step=index * 10)
    run.finish()


returns_only()
everything()
