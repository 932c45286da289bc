# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6"]
# ///
"""Histograms as NumPy counts them: `uv run make_histogram.py`, or with NumPy 2.4.6 installed.

The values are chosen to sit on and beside the edges, where implementations differ.
"""

import json
import pathlib

import numpy as np

HERE = pathlib.Path(__file__).parent


def cases() -> dict:
    random = np.random.default_rng(7)
    edges = np.linspace(-0.3, 0.7, 11)
    return {
        "normal": (random.normal(size=400), 64, None),
        "float32 weights": (random.normal(scale=0.05, size=400).astype(np.float32).astype(np.float64), 33, None),
        "on the edges": (np.concatenate([edges, np.nextafter(edges, -1), np.nextafter(edges, 1)]), 10, (-0.3, 0.7)),
        "tenths": (np.arange(0, 101) / 10, 100, None),
        "one value": (np.full(5, 3.25), 7, None),
        "outside": (random.uniform(-2, 2, size=200), 16, (-1.0, 1.0)),
        "large": (random.uniform(1e15, 1e15 + 1e6, size=200), 50, None),
        "tiny": (random.uniform(0, 1e-300, size=200), 50, None),
        "whole numbers": (random.integers(0, 18, size=300).astype(np.float64), 18, None),
    }


def main() -> None:
    made = {}
    for name, (values, bins, within) in cases().items():
        counts, edges = np.histogram(values, bins=bins, range=within)
        made[name] = {
            "values": values.tolist(),
            "bins": bins,
            "range": list(within) if within else None,
            "counts": counts.tolist(),
            "edges": edges.tolist(),
        }
    meaning = "counts and edges of numpy.histogram(values, bins, range)"
    text = json.dumps({"meaning": meaning, "numpy": np.__version__, "cases": made}, indent=0)
    (HERE / "histogram.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
