# /// script
# requires-python = ">=3.11"
# dependencies = ["scikit-learn==1.7.2", "scipy==1.16.3", "numpy==2.3.5"]
# ///
"""Parameter importance as scikit-learn computes it: `uv run make_importance.py`, or with these versions installed.

A made-up sweep: the learning rate and the optimizer decide, the width a little, a dropout that not every run has, and a setting that does
nothing. Words are columns of 0 and 1 whose importances are added; a run without a word has a column for that, too.

One tree with large leaves has one answer. A forest has chance in it: what is kept is the mean over seeds, and the deviation between them.
"""

import json
import pathlib

import numpy as np
from scipy import stats
from sklearn.ensemble import RandomForestRegressor
from sklearn.tree import DecisionTreeRegressor

HERE = pathlib.Path(__file__).parent
RUNS, LEAF, TREES, SEEDS = 120, 8, 200, 30
WORDS = ["adam", "rmsprop", "sgd"]


def sweep() -> tuple[dict[str, list], np.ndarray]:
    random = np.random.default_rng(13)
    rate = np.round(10 ** random.uniform(-4, -1, RUNS), 6)
    width = random.choice([32, 64, 128, 256], RUNS)
    dropout = np.where(random.random(RUNS) < 0.2, np.nan, np.round(random.uniform(0, 0.5, RUNS), 4))
    idle = np.round(random.uniform(0, 1, RUNS), 4)
    word = random.integers(0, 4, RUNS)
    outcome = -((np.log10(rate) + 2.5) ** 2) + np.array([1.0, 0.3, -1.0, 0.0])[word] + 0.2 * np.log2(width / 32)
    outcome += np.where(np.isnan(dropout), -0.6, dropout) + random.normal(0, 0.15, RUNS)
    words = [WORDS[at] if at < 3 else None for at in word]
    columns = {
        "lr": rate.tolist(),
        "width": [float(value) for value in width],
        "dropout": [None if np.isnan(value) else float(value) for value in dropout],
        "idle": idle.tolist(),
        "optimizer": words,
    }
    return columns, np.round(outcome, 6)


def numbers(values: list) -> np.ndarray:
    return np.array([np.nan if value is None else value for value in values])


columns, outcome = sweep()
numeric = [name for name in columns if name != "optimizer"]
one_hot = [[float(value == word) for value in columns["optimizer"]] for word in [*WORDS, None]]
x = np.column_stack([*(numbers(columns[name]) for name in numeric), *one_hot])


def shares(model: DecisionTreeRegressor | RandomForestRegressor) -> list[float]:
    found = model.feature_importances_
    return [*found[: len(numeric)].tolist(), float(found[len(numeric) :].sum())]


tree = DecisionTreeRegressor(min_samples_leaf=LEAF, random_state=0).fit(x, outcome)
forests = [
    RandomForestRegressor(TREES, oob_score=True, random_state=seed, n_jobs=2).fit(x, outcome) for seed in range(SEEDS)
]
of_forests = np.array([[*shares(forest), forest.oob_score_] for forest in forests])
there = {name: ~np.isnan(numbers(columns[name])) for name in numeric}
golden = {
    "columns": columns,
    "outcome": outcome.tolist(),
    "leaf": LEAF,
    "tree": shares(tree),
    "trees": TREES,
    "forest": {"mean": of_forests.mean(axis=0).tolist(), "sd": of_forests.std(axis=0, ddof=1).tolist()},
    "correlation": {
        name: [
            float(stats.pearsonr(numbers(columns[name])[there[name]], outcome[there[name]]).statistic),
            float(stats.spearmanr(numbers(columns[name])[there[name]], outcome[there[name]]).statistic),
        ]
        for name in numeric
    },
}
(HERE / "importance.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
