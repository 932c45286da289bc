"""Published agents that lie in this repository, and numbers about them that others computed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

import ethogram as eg

ROOT = Path(__file__).parents[2]
MODELS = ROOT / "demo/sources/models"
NUMBERS = ROOT / "crates/ethogram_model/testdata/attributions"

LUNAR_LANDER = MODELS / "lunarlander-dqn.onnx"
LUNAR_LANDER_PPO = MODELS / "lunarlander-ppo.onnx"
BREAKOUT = MODELS / "breakout-a3c-80M.onnx"


class Golden:
    """Arrays that captum and PyTorch computed, and the network that they are of."""

    def __init__(self, name: str) -> None:
        about = json.loads((NUMBERS / f"{name}.json").read_text())
        numbers = np.fromfile(NUMBERS / f"{name}.bin", "<f4")
        self.arrays = {
            array["name"]: numbers[array["offset"] :][: int(np.prod(array["shape"]))].reshape(array["shape"])
            for array in about["arrays"]
        }
        self.model = eg.Model(MODELS / about["model"])
        self.inputs = {port.name: self.arrays[port.name] for port in self.model.inputs}

    def __getitem__(self, name: str) -> np.ndarray:
        return self.arrays[name]


def worst(found: np.ndarray, expected: np.ndarray) -> float:
    """Largest difference, relative to the largest number of `expected`."""
    assert found.shape == expected.shape, (found.shape, expected.shape)
    return float(np.abs(found - expected).max() / np.abs(expected).max())


def lander_observations(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.5, (count, 8)).astype(np.float32)


def log_lander(run: eg.Run, steps: int = 24, **step: Any) -> np.ndarray:
    """A checkpoint and an episode of `steps` steps that it acted in. Returns the observations."""
    run.checkpoint(
        LUNAR_LANDER, global_step=100, name="best", signature=eg.signature(observation="obs", q_values="q_values")
    )
    observations = lander_observations(steps + 1)
    q_values = eg.Model(LUNAR_LANDER)({"obs": observations})["q_values"]
    with run.episode() as episode:
        for t in range(steps):
            action = int(q_values[t].argmax()) if t % 3 else 1
            episode.step(observation=observations[t], action=action, reward=1.0, q_values=q_values[t], **step)
        episode.end(observation=observations[steps])
    return observations
