# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6", "pandas==3.1.1", "statsmodels==0.14.6"]
# ///
"""Trends as other people compute them: `uv run make_trend.py`, or with these versions installed.

Polynomials are `numpy.polyfit` over the index of the sample, local lines `statsmodels`' lowess without robustness iterations, medians
pandas' centred rolling ones. Null stands for NaN.
"""

import json
import math
import pathlib
import warnings

import numpy as np
import pandas as pd
from statsmodels.nonparametric.smoothers_lowess import lowess

HERE = pathlib.Path(__file__).parent


def cases() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    random = np.random.default_rng(11)
    episodes = np.arange(400.0)
    # Returns as Pong's: from -21 to 21.
    pong = np.clip(
        np.round(-21 + 42 / (1 + np.exp(-(episodes - 220) / 40)) + random.normal(scale=3, size=400)), -21, 21
    )
    gaps = pong.copy()
    gaps[random.random(400) < 0.2] = np.nan
    steps = np.sort(random.uniform(0, 5e6, size=250))
    return {
        "pong": (episodes, pong),
        "pong with gaps": (episodes, gaps),
        "global steps": (steps, np.sin(steps / 1e6) * 40 + random.normal(size=250)),
        "seven points": (np.arange(7.0), np.array([1.0, -3.0, 2.5, 8.0, 4.0, -6.0, 0.5])),
        "six points": (np.arange(6.0), np.array([1.0, -3.0, 2.5, 8.0, 4.0, -6.0])),
        "four points": (np.arange(4.0), np.array([1.0, -3.0, 2.5, 8.0])),
    }


def polynomial(places: np.ndarray, y: np.ndarray, degree: int, at: np.ndarray) -> np.ndarray:
    finite = np.isfinite(y)
    with warnings.catch_warnings():
        # Fewer points than coefficients: of the solutions, which agree at the points, the one of least norm.
        warnings.simplefilter("ignore", np.exceptions.RankWarning)
        return np.polyval(np.polyfit(places[finite], y[finite], degree), at)


def listed(values: np.ndarray) -> list[float | None]:
    return [None if math.isnan(value) else value for value in values.tolist()]


def main() -> None:
    made = {}
    for name, (x, y) in cases().items():
        index = np.arange(len(y), dtype=float)
        finite = np.isfinite(y)
        case = {"x": x.tolist(), "y": listed(y)}
        case["polynomial_5"] = listed(polynomial(index, y, 5, index))
        case["polynomial_2"] = listed(polynomial(index, y, 2, index))
        case["rolling_median_21"] = listed(pd.Series(y).rolling(21, center=True, min_periods=1).median().to_numpy())
        case["rolling_median_4"] = listed(pd.Series(y).rolling(4, center=True, min_periods=1).median().to_numpy())
        if len(y) > 6:
            case["linear"] = listed(polynomial(x, y, 1, x))
            for span in (0.1, 0.3) if len(y) > 100 else ():
                case[f"loess_{span}"] = lowess(y[finite], x[finite], frac=span, it=0, delta=0.0).T[1].tolist()
        made[name] = case
    meaning = "Heights of trends at every row; those of loess at the rows with a finite y alone."
    text = json.dumps({"meaning": meaning, "numpy": np.__version__, "cases": made}, indent=0)
    (HERE / "trend.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
