"""Networks of Flax, Equinox and plain JAX by jax2onnx: values as ONNX Runtime and JAX have them, gradients as JAX."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import onnxruntime
import pytest
from jax2onnx import to_onnx
from jax_networks import NETWORKS, Network

import ethogram as eg

ROWS = [1, 7]


def near(found: Any, expected: Any, tolerance: float) -> None:
    """Equal but for so much of the largest."""
    found, expected = np.asarray(found, np.float64), np.asarray(expected, np.float64)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * max(1e-3, np.abs(expected).max(initial=0)))


def exported(network: Network, folder: Path) -> bytes:
    """The file, with rows of any number."""
    given = network.inputs(2)
    file = folder / "network.onnx"
    to_onnx(
        network.function,
        inputs=[jax.ShapeDtypeStruct(("B", *one.shape[1:]), one.dtype) for one in given],
        input_names=[f"input_{place}" for place in range(len(given))],
        return_mode="file",
        output_path=str(file),
    )
    return file.read_bytes()


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_is_that_of_onnx_runtime_and_jax(name: str, tmp_path: Path) -> None:
    network = NETWORKS[name]
    file = exported(network, tmp_path)
    model, session = eg.Model(file), onnxruntime.InferenceSession(file)
    for rows in ROWS:
        given = network.inputs(rows)
        feeds = {f"input_{place}": one for place, one in enumerate(given)}
        found = model(feeds)
        for port, expected in zip(session.get_outputs(), session.run(None, feeds), strict=True):
            near(found[port.name], expected, 1e-4)
        for port, expected in zip(model.outputs, jax.tree.leaves(network.function(*given)), strict=True):
            near(found[port.name], expected, 3e-4)
        if not network.below:
            explained(network, model, given, feeds)


def explained(network: Network, model: eg.Model, given: list[Any], feeds: dict[str, Any]) -> None:
    """The second number of the first output by every input: gradient times input."""

    def second(*inputs: Any) -> Any:
        first = jax.tree.leaves(network.function(*inputs))[0]
        return jnp.sum(first.reshape(first.shape[0], -1)[:, 1])

    slopes = jax.grad(second, argnums=tuple(range(len(given))))(*given)
    for place, (one, slope) in enumerate(zip(given, slopes, strict=True)):
        shares = model.attribute(
            feeds, target=(model.outputs[0].name, 1), wrt=f"input_{place}", method="gradient_times_input"
        ).values
        near(shares, slope * one, 3e-4)
