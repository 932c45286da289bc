"""Writes `mountaincar_qrdqn.json`: quantiles of a published QR-DQN agent at some steps, and what NumPy makes of them.

`python crates/ethogram_query/testdata/make_mountaincar_qrdqn.py`, with NumPy 2.4.6. The agent and its licence: demo/README.md.
"""

import json
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
ROLLOUT = HERE.parents[2] / "demo" / "sources" / "rollouts" / "mountaincar-qrdqn" / "seed000.npz"
STEPS = [0, 1, 30, 63, 99]
# The lowest 2 of 25 quantiles: the share of 8 % of which the tail is a plain mean.
LOWEST = 2


def main() -> None:
    with np.load(ROLLOUT) as stored:
        quantiles = stored["quantiles"][STEPS]
        q_values = stored["q_values"][STEPS]
    exact = quantiles.astype(np.float64)
    lowest = np.sort(exact, axis=1)[:, :LOWEST]
    golden = {
        "steps": STEPS,
        "alpha": LOWEST / quantiles.shape[1],
        "quantiles": quantiles.tolist(),
        "q_values": q_values.tolist(),
        "q_mean": exact.mean(axis=1).tolist(),
        "return_std": exact.std(axis=1).tolist(),
        "cvar": lowest.mean(axis=1).tolist(),
    }
    (HERE / "mountaincar_qrdqn.json").write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
