"""Published agents that lie in this repository, and numbers about them that others computed."""

from __future__ import annotations

import json
from collections.abc import Iterator
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


def published_agents(states: int) -> Iterator[tuple[str, eg.Model, dict[str, np.ndarray]]]:
    """Every agent of the demo, with what it received at so many steps of one of its episodes."""
    for path in sorted(MODELS.glob("*.onnx")):
        episode = np.load(min((ROOT / "demo/sources/rollouts" / path.stem).glob("*.npz")))
        steps = np.linspace(0, len(episode["action"]) - 1, states).astype(int)
        if "a3c" in path.stem:
            frame = episode["obs_u8"][steps].astype(np.float32)[:, None] / np.float32(255)
            inputs = {"frame": frame, "hx": episode["hx_in"][steps]}
        else:
            inputs = {"obs": episode["obs"][steps].astype(np.float32)}
        yield path.stem, eg.Model(path), inputs


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


def linear(weight: np.ndarray) -> bytes:
    """An ONNX file of one matrix product, `y = x @ weight`, written by hand: x is [batch, D], y is [batch, A]."""
    return layered(weight)


def layered(*weights: np.ndarray) -> bytes:
    """The same of one product after the other: layers are called `h0`, `h1`, …, and the last is the output `y`."""

    def field(number: int, value: bytes | int) -> bytes:
        if isinstance(value, int):
            return _varint(number << 3) + _varint(value)
        return _varint(number << 3 | 2) + _varint(len(value)) + value

    def port(name: str, width: int) -> bytes:
        axes = field(1, field(2, b"batch")) + field(1, field(1, width))
        return field(1, name.encode()) + field(2, field(1, field(1, 1) + field(2, axes)))

    graph, tensors, given = b"", b"", b"x"
    for at, weight in enumerate(weights):
        rows, columns = weight.shape
        name, made = f"w{at}".encode(), b"y" if at == len(weights) - 1 else f"h{at}".encode()
        tensor = field(1, rows) + field(1, columns) + field(2, 1) + field(8, name)
        tensors += field(5, tensor + field(9, np.ascontiguousarray(weight, "<f4").tobytes()))
        node = field(1, given) + field(1, name) + field(2, made) + field(3, b"product" + name) + field(4, b"MatMul")
        graph, given = graph + field(1, node), made
    graph += field(2, b"linear") + tensors
    graph += field(11, port("x", weights[0].shape[0])) + field(12, port("y", weights[-1].shape[1]))
    return field(1, 8) + field(7, graph) + field(8, field(2, 17))


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])
