"""Networks as people write them, by both exporters: values as ONNX Runtime has them, gradients as PyTorch has them."""

from __future__ import annotations

import io
import warnings
from typing import Any

import networks
import numpy as np
import onnxruntime
import pytest
import torch

import ethogram as eg

EXPORTERS = [("script", 11), ("script", 17), ("dynamo", 18), ("dynamo", 23)]
"""And opsets."""
UNWRITABLE = {
    ("activation CELU", "script", 11),
    ("attention", "script", 11),
    ("causal attention", "script", 11),
    ("gated transformer", "script", 11),
    ("root mean square norm", "script", 11),
    ("root mean square norm", "script", 17),
    ("transformer layer", "script", 11),
    ("weight and spectral norm", "script", 11),
    ("weight and spectral norm", "script", 17),
}
"""What an exporter has no operators for, as it says."""
ROWS = [1, 7]
STEPS = 64
"""Points of the paths of integrated gradients."""

CASES = [(name, *how) for name in networks.all_networks() for how in EXPORTERS if (name, *how) not in UNWRITABLE]


@pytest.fixture(scope="module", autouse=True)
def plain_pytorch() -> None:
    """One thread, and attention without the one operator of PyTorch's own that no exporter writes."""
    torch.set_num_threads(1)
    torch.backends.mha.set_fastpath_enabled(False)


def exported(network: networks.Network, exporter: str, opset: int) -> bytes:
    given = network.inputs(3, torch.Generator().manual_seed(3))
    names = [f"input_{place}" for place in range(len(given))]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if exporter == "script":
            file = io.BytesIO()
            axes = {name: {0: "batch"} for name in names}
            torch.onnx.export(
                network.module, given, file, dynamo=False, opset_version=opset, input_names=names, dynamic_axes=axes
            )
            return file.getvalue()
        batch = tuple({0: torch.export.Dim("batch")} for _ in given)
        # `Does` takes its inputs as one parameter of any length.
        shapes = (batch,) if isinstance(network.module, networks.Does) else batch
        program = torch.onnx.export(
            network.module,
            given,
            dynamo=True,
            opset_version=opset,
            input_names=names,
            dynamic_shapes=shapes,
            verbose=False,
        )
        assert program is not None
        return program.model_proto.SerializeToString()


def near(found: Any, expected: Any, tolerance: float) -> None:
    """Equal but for so much of the largest."""
    found, expected = np.asarray(found, np.float64), np.asarray(expected, np.float64)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * max(1e-3, np.abs(expected).max(initial=0)))


def first_output(module: torch.nn.Module, given: list[torch.Tensor]) -> torch.Tensor:
    leaves: list[torch.Tensor] = torch.utils._pytree.tree_leaves(module(*given))
    return leaves[0]


@pytest.mark.parametrize(("name", "exporter", "opset"), CASES)
def test_a_network_is_that_of_onnx_runtime_and_pytorch(name: str, exporter: str, opset: int) -> None:
    network = networks.all_networks()[name]
    module = network.module.eval().requires_grad_(False)
    file = exported(network, exporter, opset)
    model, session = eg.Model(file), onnxruntime.InferenceSession(file)
    taken = [port.name for port in session.get_inputs()]
    for rows in ROWS:
        given = network.inputs(rows, torch.Generator().manual_seed(rows))
        feeds = {f"input_{place}": one.numpy() for place, one in enumerate(given) if f"input_{place}" in taken}
        found = model(feeds)
        for port, expected in zip(session.get_outputs(), session.run(None, feeds), strict=True):
            near(found[port.name], expected, 1e-4)
        near(found[model.outputs[0].name], first_output(module, list(given)).numpy(), 3e-4)
        explained(network, model, given, feeds, path=rows > 1)
        if network.layer is not None:
            hidden(network, model, given, feeds)


def explained(
    network: networks.Network, model: eg.Model, given: tuple[torch.Tensor, ...], feeds: dict[str, Any], path: bool
) -> None:
    """The second number of the first output by every input of floats: gradient times input, and along a path."""
    target = (model.outputs[0].name, 1)

    def gradient(at: list[torch.Tensor], place: int) -> torch.Tensor:
        leaf = at[place].clone().requires_grad_(True)
        output = first_output(network.module, [*at[:place], leaf, *at[place + 1 :]])
        (found,) = torch.autograd.grad(output.reshape(len(leaf), -1)[:, 1].sum(), [leaf])
        return found

    for place, one in enumerate(given):
        if one.dtype != torch.float32:
            continue
        name = f"input_{place}"
        shares = model.attribute(feeds, target=target, wrt=name, method="gradient_times_input").values
        near(shares, gradient(list(given), place) * one, 3e-4)
        if path and place == 0:
            points = [one * ((at + 0.5) / STEPS) for at in range(STEPS)]
            mean = sum(gradient([point, *given[1:]], 0) for point in points) / STEPS
            shares = model.attribute(
                feeds, target=target, wrt=name, method="integrated_gradients", baseline="zero", steps=STEPS,
                rule="riemann_middle",
            ).values  # fmt: skip
            near(shares, mean * one, 1e-3)


def hidden(network: networks.Network, model: eg.Model, given: tuple[torch.Tensor, ...], feeds: dict[str, Any]) -> None:
    """A hidden layer: its numbers, and its shares of the second number of the first output."""
    kept: list[torch.Tensor] = []

    def keep(_module: Any, _inputs: Any, output: torch.Tensor) -> torch.Tensor:
        kept.append(output.detach().requires_grad_(True))
        return kept[-1]

    part = network.module.get_submodule(network.layer or "")
    handle = part.register_forward_hook(keep)
    output = first_output(network.module, list(given))
    handle.remove()
    (gradient,) = torch.autograd.grad(output.reshape(len(given[0]), -1)[:, 1].sum(), kept)
    numbers = kept[0].detach().numpy()
    layers = [layer.name for layer in model.layers if layer.shape == numbers.shape[1:]]
    same = [name for name in layers if np.allclose(model.activations(feeds, [name])[name], numbers, atol=1e-4)]
    assert same, f"none of {layers} has the numbers of {network.layer}"
    shares = model.attribute(
        feeds, target=(model.outputs[0].name, 1), wrt=same[0], method="gradient_times_input"
    ).values
    near(shares, gradient.numpy() * numbers, 3e-4)
