"""The peer of the bench `nmf`.

`nmf.py rows FIXTURE WIDTH FILE` writes what is taken apart, when it is not there. `nmf.py FILE WIDTH FACTORS` takes it
apart by scikit-learn and prints the seconds, the relative error and the rounds.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
from sklearn.decomposition import NMF

TIMES = 100


def write(fixture: str, width: int, path: Path) -> None:
    """The fixture a hundred times, each row as strong as it happens: not a row is there twice."""
    rows = np.tile(np.fromfile(fixture, "<f4").reshape(-1, width), (TIMES, 1))
    strength = np.random.default_rng(7).uniform(0.5, 1.5, (len(rows), 1)).astype("<f4")
    (rows * strength).tofile(path)


def main() -> None:
    if sys.argv[1] == "rows":
        fixture, width, path = sys.argv[2], int(sys.argv[3]), Path(sys.argv[4])
        if not path.exists():
            write(fixture, width, path)
        return
    path, width, factors = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    x = np.fromfile(path, "<f4").reshape(-1, width)
    begun = time.perf_counter()
    model = NMF(factors, init="nndsvd", solver="cd", tol=1e-4, max_iter=200, random_state=0)
    weights = model.fit_transform(x)
    secs = time.perf_counter() - begun
    rest, whole = 0.0, 0.0
    for some in np.array_split(np.arange(len(x)), 50):
        rest += ((x[some].astype(float) - weights[some].astype(float) @ model.components_) ** 2).sum()
        whole += (x[some].astype(float) ** 2).sum()
    print(json.dumps({"secs": secs, "error": (rest / whole) ** 0.5, "rounds": model.n_iter_}), flush=True)


if __name__ == "__main__":
    main()
