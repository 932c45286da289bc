# /// script
# requires-python = ">=3.11"
# dependencies = ["scikit-learn==1.7.2", "scipy==1.16.3", "numpy==2.3.5"]
# ///
"""Parameter importance as scikit-learn computes it: `uv run make_importance.py`, or with these versions installed.

A made-up sweep: the learning rate and the optimizer decide, the width a little, a dropout that not every run has, and a setting that does
nothing. Words are columns of 0 and 1 whose importances are added; a run without a word has a column for that, too.

One tree with large leaves has one answer. A forest has chance in it: what is kept is the mean over seeds, and the deviation between them.

Importance by permutation is `permutation_importance`, of the settings as they are, so that a word is shuffled as one. Of the tree it is of
R² of all runs, with the orders in which they were shuffled; of forests it is of R² out of bag, which is given to it as the score.
"""

import json
import pathlib

import numpy as np
from scipy import stats
from sklearn.ensemble import RandomForestRegressor
from sklearn.inspection import permutation_importance
from sklearn.metrics import r2_score
from sklearn.tree import DecisionTreeRegressor

HERE = pathlib.Path(__file__).parent
RUNS, LEAF, TREES, SEEDS, SHUFFLES = 120, 8, 200, 30, 10
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
codes = [float(WORDS.index(value)) if value else 3.0 for value in columns["optimizer"]]
raw = np.column_stack([*(numbers(columns[name]) for name in numeric), codes])


def coded(settings: np.ndarray) -> np.ndarray:
    """The last column, of words, as a column of 0 and 1 for each of them."""
    return np.column_stack([settings[:, :-1], settings[:, -1:] == np.arange(4)])


def shares(model: DecisionTreeRegressor | RandomForestRegressor) -> list[float]:
    found = model.feature_importances_
    return [*found[: len(numeric)].tolist(), float(found[len(numeric) :].sum())]


def of_all(model: DecisionTreeRegressor, settings: np.ndarray, outcome: np.ndarray) -> float:
    return r2_score(outcome, model.predict(coded(settings)))


def out_of_bag(model: RandomForestRegressor, settings: np.ndarray, outcome: np.ndarray) -> float:
    """R² of what the trees say of runs that they were not grown of; of a forest's own settings it is its `oob_score_`."""
    x, said, trees = coded(settings).astype(np.float32), np.zeros(RUNS), np.zeros(RUNS)
    for tree, drawn in zip(model.estimators_, model.estimators_samples_, strict=True):
        unseen = np.setdiff1d(np.arange(RUNS), drawn)
        said[unseen] += tree.predict(x[unseen])
        trees[unseen] += 1
    return r2_score(outcome, said / trees)


def orders_of(seed: int) -> np.ndarray:
    """How `permutation_importance` of this seed shuffles each column: each time it shuffles what it had shuffled before."""
    random = np.random.RandomState(np.random.RandomState(seed).randint(np.iinfo(np.int32).max + 1))
    indices, order, orders = np.arange(RUNS), np.arange(RUNS), []
    for _ in range(SHUFFLES):
        random.shuffle(indices)
        order = order[indices]
        orders.append(order)
    return np.array(orders)


def shuffled(model, score, seed: int):
    return permutation_importance(model, raw, outcome, scoring=score, n_repeats=SHUFFLES, random_state=seed)


x = coded(raw)
tree = DecisionTreeRegressor(min_samples_leaf=LEAF, random_state=0).fit(x, outcome)
of_tree, orders = shuffled(tree, of_all, 7), orders_of(7)
again = raw.copy()
again[:, 0] = raw[orders[-1], 0]
assert of_all(tree, raw, outcome) - of_all(tree, again, outcome) == of_tree.importances[0, -1], (
    "other orders than scikit-learn's"
)

forests = [
    RandomForestRegressor(TREES, oob_score=True, random_state=seed, n_jobs=2).fit(x, outcome) for seed in range(SEEDS)
]
assert np.allclose([out_of_bag(forest, raw, outcome) for forest in forests], [forest.oob_score_ for forest in forests])
of_forests = np.array([[*shares(forest), forest.oob_score_] for forest in forests])
falls = [shuffled(forest, out_of_bag, seed).importances for seed, forest in enumerate(forests)]
of_falls = np.array([[*found.mean(axis=1), *found.std(axis=1, ddof=1)] for found in falls])
there = {name: ~np.isnan(numbers(columns[name])) for name in numeric}
golden = {
    "columns": columns,
    "outcome": outcome.tolist(),
    "leaf": LEAF,
    "tree": shares(tree),
    "shuffled_tree": {
        "explained": of_all(tree, raw, outcome),
        "orders": orders.tolist(),
        "falls": of_tree.importances.tolist(),
        "mean": of_tree.importances_mean.tolist(),
        "sd": of_tree.importances.std(axis=1, ddof=1).tolist(),
    },
    "trees": TREES,
    "shuffles": SHUFFLES,
    "falls": {"mean": of_falls.mean(axis=0).tolist(), "sd": of_falls.std(axis=0, ddof=1).tolist()},
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
