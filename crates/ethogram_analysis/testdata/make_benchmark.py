# /// script
# requires-python = ">=3.11"
# dependencies = ["rliable==1.2.0", "arch==7.2.0", "scipy==1.17.1", "numpy==2.4.6", "pandas==2.3.3"]
# ///
"""Benchmark statistics as rliable computes them: `uv run make_benchmark.py`, or with these versions installed.

Scores are made by a seeded generator: human-normalised ones with a long tail, and returns with many ties. Intervals are of 50,000
repetitions (2,000 for profiles, curves by point), so they carry the noise of a bootstrap.
"""

import json
import pathlib

import numpy as np
from rliable import library, metrics

HERE = pathlib.Path(__file__).parent
THRESHOLDS = np.linspace(0.0, 3.0, 13)


def sets() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    random = np.random.default_rng(21)
    level = random.lognormal(mean=-0.3, sigma=1.0, size=26)
    tailed = [np.round(level * random.lognormal(shift, 0.35, size=(5, 26)), 6) for shift in (0.15, 0.0)]
    ties = [np.round(random.normal(shift, 1.0, size=(runs, 4))) / 2 for shift, runs in ((1.5, 10), (1.0, 7))]
    return {"26 tasks, 5 runs": tuple(tailed), "4 tasks with ties, 10 and 7 runs": tuple(ties)}


def aggregates(scores: np.ndarray) -> np.ndarray:
    return np.array(
        [
            metrics.aggregate_iqm(scores),
            metrics.aggregate_median(scores),
            metrics.aggregate_mean(scores),
            metrics.aggregate_optimality_gap(scores),
        ]
    )


def of_algorithm(scores: np.ndarray) -> dict:
    np.random.seed(5)
    points, intervals = library.get_interval_estimates({"x": scores}, aggregates, reps=50_000)
    made = {"scores": scores.tolist(), "aggregates": points["x"].tolist(), "intervals": intervals["x"].T.tolist()}
    for name, of_runs in {"runs": True, "tasks": False}.items():
        shares, bands = library.create_performance_profile({"x": scores}, THRESHOLDS, of_runs, reps=2000)
        made[f"profile_{name}"] = {"share": shares["x"].tolist(), "interval": bands["x"].T.tolist()}
    return made


def main() -> None:
    cases = {}
    for name, (x, y) in sets().items():
        np.random.seed(6)
        found = library.get_interval_estimates(
            {"xy": [x, y]}, lambda x, y: np.array([metrics.probability_of_improvement(x, y)]), reps=2_000
        )
        improvement = {"value": float(found[0]["xy"][0]), "interval": found[1]["xy"][:, 0].tolist()}
        # Three points of a curve: scores that grow.
        curve = np.stack([x * share for share in (0.2, 0.6, 1.0)], axis=-1)
        iqm = lambda scores: np.array([metrics.aggregate_iqm(scores[..., at]) for at in range(3)])  # noqa: E731
        points, bands = library.get_interval_estimates({"x": curve}, iqm, reps=20_000)
        cases[name] = {
            "x": of_algorithm(x),
            "y": of_algorithm(y),
            "improvement": improvement,
            "curve": {"share": [0.2, 0.6, 1.0], "iqm": points["x"].tolist(), "interval": bands["x"].T.tolist()},
        }
    meaning = (
        "scores: runs by tasks; aggregates: IQM, median, mean, optimality gap at 1; intervals: low and high of 95 %"
    )
    made = {"meaning": meaning, "rliable": "1.2.0", "thresholds": THRESHOLDS.tolist(), "cases": cases}
    (HERE / "benchmark.json").write_text(json.dumps(made) + "\n")


if __name__ == "__main__":
    main()
