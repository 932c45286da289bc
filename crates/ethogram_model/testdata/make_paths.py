"""Integrated gradients by so many points that kinks no longer matter, of the published agent with the most of them.

    pip install torch==2.15.0 captum==0.9.0 onnx==1.23.2 numpy==2.4.6
    python make_paths.py

captum's middle points in float64, 100,000 on each way from zero: a kink moves a share by no more than a hundred thousandth of what the
gradient changes there. Writes `attributions/lunarlander-dqn-rest-seed000.bin` and `.json` as `make_attributions.py` does.
"""

from pathlib import Path

import numpy as np
import onnx
import torch
from captum.attr import IntegratedGradients
from make_attributions import write
from onnx import numpy_helper
from torch import nn

DEMO = Path(__file__).parents[3] / "demo/sources"
AGENT = "lunarlander-dqn"
POINTS = 100_000
# Of the episode's states: two in flight, and four of the lander at rest on the ground, where the way from zero has hundreds of kinks.
SHARES = (0.1, 0.4, 0.85, 0.9, 0.95, 1.0)


def network() -> nn.Module:
    """The agent in float64."""
    graph = onnx.load(DEMO / "models" / f"{AGENT}.onnx").graph
    weights = {
        tensor.name: torch.tensor(numpy_helper.to_array(tensor).astype(np.float64)) for tensor in graph.initializer
    }
    layers = nn.Sequential(nn.Linear(8, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 4)).double()
    layers.load_state_dict({name.removeprefix("net."): values for name, values in weights.items()})
    return layers


def main() -> None:
    """Explains each output at each state."""
    torch.set_num_threads(1)
    episode = np.load(DEMO / "rollouts" / AGENT / "seed000.npz")
    last = len(episode["action"]) - 1
    obs = episode["obs"][[round(share * last) for share in SHARES]].astype(np.float32)
    arrays = {"obs": obs}
    method = IntegratedGradients(network())
    for entry in range(4):
        rows = [
            method.attribute(
                torch.tensor(row, dtype=torch.float64)[None],
                target=entry,
                n_steps=POINTS,
                method="riemann_middle",
                internal_batch_size=5_000,
            )
            for row in obs
        ]
        arrays[f"q{entry}__ig_many"] = torch.cat(rows).numpy()
    write(f"{AGENT}-rest-seed000", AGENT, arrays)


if __name__ == "__main__":
    main()
