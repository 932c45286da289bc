"""Makes action_divergence.json: DRLVis's action divergence, by its own formula, of two made-up episodes.

Usage: make_action_divergence.py > action_divergence.json, with NumPy 2.
"""

import json

import numpy as np

rng = np.random.default_rng(7)
previous = rng.dirichlet([1, 2, 3, 1], size=9)
current = rng.dirichlet([2, 1, 1, 4], size=6)
prior = previous.mean(0)
prior = prior + 1e-4
prior = prior / prior.sum()
per_step = (current * np.log2(current / prior)).sum(1)
print(
    json.dumps(
        {
            "previous": previous.tolist(),
            "current": current.tolist(),
            "per_step": per_step.tolist(),
            "sum": float(per_step.sum()),
        }
    )
)
