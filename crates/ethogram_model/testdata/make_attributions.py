"""Cuts reference attributions to the few rows that the tests compare with.

The references were computed with captum 0.9.0 and torch 2.15.0 on published agents (demo/README.md); this script only cuts them.

    python make_attributions.py FOLDER    # has attributions/NAME.npz and rollouts/AGENT/seedNNN.npz

Writes `attributions/NAME.bin` (float32, little-endian, one array after the other) and `attributions/NAME.json` (what they are).
"""

import json
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent / "attributions"
# Name, rows kept.
ATARI = {"breakout-a3c-80M-seed000": [1, 4], "pong-a3c-80M-seed000": [2]}
VECTOR = {"lunarlander-dqn-seed000": 5, "cartpole-ppo-seed001": 5, "lunarlandercontinuous-ppo-seed000": 5}
DROPPED = ("ig_gausslegendre_500", "input_x_gradient", "blurred_frame")


def main(folder: Path) -> None:
    """Cuts every file."""
    for name, rows in {**ATARI, **{name: list(range(count)) for name, count in VECTOR.items()}}.items():
        reference = np.load(folder / "attributions" / f"{name}.npz")
        agent, _, seed = name.rpartition("-")
        rollout = np.load(folder / "rollouts" / agent / f"{seed}.npz")
        steps = reference["steps"][rows]
        arrays: dict[str, np.ndarray] = {}
        if name in ATARI:
            arrays["frame"] = rollout["obs_u8"][steps].astype(np.float32)[:, None] / np.float32(255)
            arrays["hx"] = rollout["hx_in"][steps]
            arrays["action"] = rollout["action"][steps].astype(np.float32)
            arrays["logits"] = rollout["logits"][steps]
        else:
            arrays["obs"] = reference["obs"][rows]
        for key in reference.files:
            if "__" in key and not key.endswith(DROPPED):
                arrays[key] = reference[key][rows]
        write(name, agent, arrays)


def write(name: str, agent: str, arrays: dict[str, np.ndarray]) -> None:
    """Writes one file of numbers and its description."""
    described, body, offset = [], b"", 0
    for key, array in arrays.items():
        data = np.ascontiguousarray(array, dtype="<f4")
        described.append({"name": key, "shape": list(data.shape), "offset": offset})
        body += data.tobytes()
        offset += data.size
    HERE.mkdir(exist_ok=True)
    (HERE / f"{name}.bin").write_bytes(body)
    text = json.dumps({"model": f"{agent}.onnx", "arrays": described}, indent=1)
    (HERE / f"{name}.json").write_text(text + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
