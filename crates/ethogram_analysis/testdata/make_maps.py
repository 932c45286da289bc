# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6"]
# ///
"""Cuts what layouts and factorisations are held to out of the project's reference data: `uv run make_maps.py DATA`.

DATA holds `rollouts/AGENT/seedNNN.npz` (episodes of agents that other people trained) and `analysis/embedding-*.npz`,
`analysis/nmf-*.npz` with their `.meta.json`: what umap-learn (15 neighbours, min_dist 0.1, seed 42), openTSNE (perplexity 30) and
scikit-learn (PCA; NMF with six components from nndsvd) made of them, and how good that is. Only the inputs and the measures of
quality are kept, and the principal components, which have one answer.
"""

import json
import pathlib
import sys

import numpy as np

HERE = pathlib.Path(__file__).parent
INPUTS = {"lunarlander-dqn-seed000-obs": "obs", "pong-a3c-80M-seed000-hx_in": "hx_in"}


def maps(data: pathlib.Path) -> dict:
    cases = {}
    for name, key in INPUTS.items():
        meta = json.loads((data / f"analysis/embedding-{name}.meta.json").read_text())
        reference = np.load(data / f"analysis/embedding-{name}.npz")
        points = np.load(data / meta["rollout"])[key][reference["steps"]].astype("<f4")
        points = points.reshape(len(points), -1)
        points.tofile(HERE / f"{name}.f32")
        cases[name] = {"width": points.shape[1], "quality": meta["quality"], "pca": reference["pca"].tolist()}
    return cases


def factors(data: pathlib.Path) -> dict:
    name = "nmf-pong-a3c-80M-seed000"
    meta = json.loads((data / f"analysis/{name}.meta.json").read_text())
    reference = np.load(data / f"analysis/{name}.npz")
    rows = np.maximum(reference["activations"], 0).transpose(0, 2, 3, 1).reshape(-1, 32).astype("<f4")
    rows.tofile(HERE / f"{name}.f32")
    return {
        "file": name,
        "width": 32,
        "relative_error": meta["results"]["nndsvd"]["relative_error"],
        "parts": reference["H"].tolist(),
    }


if __name__ == "__main__":
    data = pathlib.Path(sys.argv[1])
    golden = {"maps": maps(data), "nmf": factors(data)}
    (HERE / "maps.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
