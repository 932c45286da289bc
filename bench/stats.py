"""Times statistics of benchmarks, ours and rliable's by turns. Usage: stats.py REPS. Prints JSON, a line a measure."""

import json
import sys
import time
from collections.abc import Callable

import ethogram as eg
import numpy as np
from rliable import library, metrics

REPS = int(sys.argv[1])
# As many as on the Atari benchmark: 57 games with ten seeds each.
RUNS, TASKS = 10, 57
# Mann and Whitney's statistic by SciPy takes a millisecond a game; rliable's own notebooks take so many as well.
PAIR_REPS = min(REPS, 2_000)


def seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def all_four(scores: np.ndarray) -> np.ndarray:
    return np.array(
        [
            metrics.aggregate_iqm(scores),
            metrics.aggregate_median(scores),
            metrics.aggregate_mean(scores),
            metrics.aggregate_optimality_gap(scores),
        ]
    )


def main() -> None:
    random = np.random.default_rng(7)
    x, y = random.lognormal(size=(2, RUNS, TASKS))
    thresholds = np.linspace(0, 8, 81)
    works = {
        "IQM": (
            lambda: eg.stats.interval(x, "iqm", reps=REPS),
            lambda: library.get_interval_estimates({"x": x}, lambda s: np.array([metrics.aggregate_iqm(s)]), reps=REPS),
        ),
        "four aggregates": (
            lambda: [eg.stats.interval(x, name, reps=REPS) for name in ("iqm", "median", "mean", "optimality_gap")],
            lambda: library.get_interval_estimates({"x": x}, all_four, reps=REPS),
        ),
        "profile of 81 thresholds": (
            lambda: eg.stats.performance_profile(x, thresholds, reps=PAIR_REPS),
            lambda: library.create_performance_profile({"x": x}, thresholds, reps=PAIR_REPS),
        ),
        "probability of improvement": (
            lambda: eg.stats.probability_of_improvement(x, y, reps=PAIR_REPS),
            lambda: library.get_interval_estimates(
                {"xy": [x, y]}, lambda a, b: np.array([metrics.probability_of_improvement(a, b)]), reps=PAIR_REPS
            ),
        ),
    }
    for name, (ours, peer) in works.items():
        print(json.dumps({"name": name, "ours": seconds(ours), "peer": seconds(peer)}), flush=True)


if __name__ == "__main__":
    main()
