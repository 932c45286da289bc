"""How far shares of integrated gradients are from adding up, and from the truth where it is known.

    python bench/completeness.py [--states 64] [--steps 500] [--rules gauss_legendre adaptive_trapezoid]

Of the published agents of the demo. The completeness error is a share of the larger of the two ends (1 where both are
smaller). The error of the entries is the largest of a question as a share of its largest entry, against the same
network in float64: exact between its kinks (the agents of ReLUs, Lunar Lander's DQN and Mountain Car's), or by 2,000
points of Gauss and Legendre (the PPO agents, of tanh). Needs `ethogram`, numpy and onnx.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

sys.path.insert(0, str(Path(__file__).parents[1] / "python/tests"))

from networks import MODELS, published_agents

Layers = list[tuple[np.ndarray, np.ndarray]]
GAUSS = np.polynomial.legendre.leggauss(2_000)


def main() -> None:
    """Prints a line for every agent, output and rule."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--states", type=int, default=64)
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--rules", nargs="+", default=["gauss_legendre", "riemann_middle", "adaptive_trapezoid"])
    asked = parser.parse_args()
    print("agent · output · rule: completeness worst, median, above 1e-3 · entries worst, 90th of 100, median")
    for name, model, inputs in published_agents(asked.states):
        is_atari = "a3c" in name
        if is_atari:
            rows = np.linspace(0, asked.states - 1, min(8, asked.states)).astype(int)
            inputs = {key: values[rows] for key, values in inputs.items()}
        for output in (port.name for port in model.outputs if port.name not in {"hx_next", "quantiles"}):
            entries = model(inputs)[output].reshape(len(next(iter(inputs.values()))), -1).shape[1]
            columns = range(min(entries, 2) if is_atari else entries)
            truths = [None if is_atari else truth(name, output, column, inputs["obs"]) for column in columns]
            for rule in asked.rules:
                sums, shares = [], []
                for column, expected in zip(columns, truths, strict=True):
                    settings = {"target": (output, column), "steps": asked.steps, "rule": rule}
                    found = model.attribute(inputs, **settings)
                    ends = np.maximum(np.abs(found.at_input), np.abs(found.at_baseline))
                    sums.append(np.abs(found.completeness_error) / np.maximum(1, ends))
                    if expected is not None:
                        wrong = np.abs(found.values - expected).max(axis=1)
                        shares.append(wrong / np.maximum(np.abs(expected).max(axis=1), 1e-9))
                of_sum = np.concatenate(sums)
                text = f"{of_sum.max():.1e}, {np.median(of_sum):.1e}, {(of_sum > 1e-3).sum()} of {of_sum.size}"
                if shares:
                    of = np.concatenate(shares)
                    text += f" · {of.max():.1e}, {np.quantile(of, 0.9):.1e}, {np.median(of):.1e}"
                print(f"{name} · {output} · {rule}: {text}", flush=True)


def truth(name: str, output: str, column: int, inputs: np.ndarray) -> np.ndarray:
    """Integrated gradients from zero of each row, in float64."""
    layers, is_relu = layers_of(name, output, column)
    integral: Callable[[Layers, np.ndarray], np.ndarray] = between_kinks if is_relu else by_gauss
    return np.stack([integral(layers, row.astype(np.float64)) for row in inputs])


def layers_of(name: str, output: str, column: int) -> tuple[Layers, bool]:
    """Weights and offsets of both hidden layers and of the entry that is explained, and whether they are of ReLUs."""
    graph = onnx.load(MODELS / f"{name}.onnx").graph
    weights = {tensor.name: numpy_helper.to_array(tensor).astype(np.float64) for tensor in graph.initializer}
    is_relu = "net.0.weight" in weights
    body = "net" if is_relu else "vf" if output == "value" else "pi"
    last = "net.4" if is_relu else f"{body}_out"
    weight, offset = weights[f"{last}.weight"], weights[f"{last}.bias"]
    if "qrdqn" in name:  # The mean of 25 quantiles of 3 actions each.
        weight, offset = weight.reshape(25, 3, -1).mean(0), offset.reshape(25, 3).mean(0)
    hidden = [(weights[f"{body}.{at}.weight"], weights[f"{body}.{at}.bias"]) for at in (0, 2)]
    return [*hidden, (weight[column], offset[column])], is_relu


def between_kinks(layers: Layers, x: np.ndarray) -> np.ndarray:
    """Exact: the gradient between two kinks, times how far they are apart."""
    (first, offset), (second, offset_second), (last, _) = layers
    speed = first @ x
    with np.errstate(divide="ignore", invalid="ignore"):
        kinks = -offset / speed
    places = np.unique(np.concatenate([[0, 1], kinks[(kinks > 0) & (kinks < 1)]]))
    seen = np.maximum(offset + places[:, None] * speed, 0) @ second.T + offset_second
    piece, unit = np.nonzero(seen[:-1] * seen[1:] < 0)
    before, after = seen[piece, unit], seen[piece + 1, unit]
    more = places[piece] + before / (before - after) * (places[piece + 1] - places[piece])
    places = np.unique(np.concatenate([places, more]))
    hidden = offset + ((places[1:] + places[:-1]) / 2)[:, None] * speed
    active = np.maximum(hidden, 0) @ second.T + offset_second > 0
    gradients = ((active * last) @ second) * (hidden > 0)
    return np.diff(places) @ gradients @ first * x


def by_gauss(layers: Layers, x: np.ndarray) -> np.ndarray:
    """Of tanh, whose integral 2,000 points give to float64's rounding."""
    (first, offset), (second, offset_second), (last, _) = layers
    places, counts = GAUSS
    active = np.tanh(offset + ((places + 1) / 2)[:, None] * (first @ x))
    deeper = np.tanh(active @ second.T + offset_second)
    gradients = (((1 - deeper**2) * last) @ second) * (1 - active**2)
    return counts / 2 @ gradients @ first * x


if __name__ == "__main__":
    main()
