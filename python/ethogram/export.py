"""Exports one module of PyTorch to ONNX: `python -m ethogram.export MODULE.pickle TARGET.onnx`.

The pickle was written a moment ago by `ethogram.checkpoint.Exporter` of the same user; nothing else calls this.
"""

from __future__ import annotations

import importlib.util
import inspect
import os
import pickle
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ethogram.nested import leaves, mapped, named

CHOSEN = "ETHOGRAM_EXPORTER"
"""Environment variable that allows one exporter alone: `dynamo` (newer, needs onnxscript) or `torchscript`."""


def main(source: str, target: str) -> None:
    """Load the module, its example and its signature, and write the ONNX beside them."""
    import torch

    module, example, signature = pickle.loads(Path(source).read_bytes())
    arguments = example if isinstance(example, tuple) else (example,)
    dtype = widened(torch, module.cpu().eval())
    arguments = mapped(arguments, lambda leaf: fitting(torch.as_tensor(leaf).cpu(), dtype))
    inputs = leaves(arguments, parameters_of(module, len(arguments)))
    with torch.no_grad():
        outputs = leaves(module(*arguments), [])
    input_names = named("input", inputs, signature.get("inputs", {}))
    output_names = named("output", outputs, signature.get("outputs", {}))

    class Flat(torch.nn.Module):  # type: ignore[misc, unused-ignore] # PyTorch may not be installed
        """The module with its inputs and outputs in a row, whatever they are nested in: both exporters take that."""

        def __init__(self) -> None:
            super().__init__()
            self.module = module

        def forward(self, *flat: Any) -> Any:
            given = iter(flat)
            said = self.module(*mapped(arguments, lambda _: next(given)))
            return tuple(leaf for _, leaf in leaves(said, []))

    tensors = [leaf for _, leaf in inputs]
    roles = [signature.get("inputs", {}).get(name, {}).get("role") for name in input_names]
    axes = [batch_axis(leaf, role, tensors[0]) for leaf, role in zip(tensors, roles, strict=True)]
    failures = []
    for options in attempts(torch, tensors, axes, input_names, output_names):
        try:
            torch.onnx.export(Flat(), f=target, **options)
            return
        except Exception as error:
            failures.append(f"{type(error).__name__}: {error}".strip().splitlines()[0])
    raise RuntimeError(" / ".join(dict.fromkeys(failures)))


def widened(torch: Any, module: Any) -> Any:
    """The type of the module's weights; single precision where it was half: that holds the same weights.

    Observations are recorded in single precision or less, and the engine computes in it.
    """
    floats = [weight.dtype for weight in module.parameters() if weight.is_floating_point()]
    if not floats:
        return None
    if torch.float16 in floats or torch.bfloat16 in floats:
        module.float()
        return torch.float32
    return floats[0]


def fitting(leaf: Any, dtype: Any) -> Any:
    """An input of the type that the weights have, where it is of another type of floats."""
    return leaf.to(dtype) if dtype is not None and leaf.is_floating_point() else leaf


def attempts(
    torch: Any, tensors: list[Any], axes: list[int | None], inputs: list[str], outputs: list[str]
) -> Iterator[dict[str, Any]]:
    """Ways to export, the best first: batches of any size before those of the example's, the newer exporter first."""
    names = {"input_names": inputs, "output_names": outputs}
    exporters = [True, False] if importlib.util.find_spec("onnxscript") else [False]
    if chosen := os.environ.get(CHOSEN):
        exporters = [chosen == "dynamo"]
    if any(axis is not None for axis in axes):
        # An exporter takes an axis of length one for one that is always so.
        pairs = zip(tensors, axes, strict=True)
        several = tuple(leaf if axis is None else torch.cat([leaf, leaf], axis) for leaf, axis in pairs)
        marked = [None if axis is None else {axis: "batch"} for axis in axes]
        for dynamo in exporters:
            if dynamo:
                any_size = torch.export.Dim.DYNAMIC
                shapes = tuple(None if axis is None else {axis: any_size} for axis in axes)
                free = {"dynamic_shapes": {"flat": shapes}, "external_data": False}
            else:
                free = {"dynamic_axes": {name: mark for name, mark in zip(inputs, marked, strict=True) if mark}}
            yield {"args": several, "dynamo": dynamo, **names, **free}
    for dynamo in exporters:
        yield {"args": tuple(tensors), "dynamo": dynamo, **names, **({"external_data": False} if dynamo else {})}


def batch_axis(leaf: Any, role: str | None, first: Any) -> int | None:
    """Which axis of an input counts the batch: the first, but the second in the memory of recurrent layers."""
    if leaf.ndim == 0 or first.ndim == 0:
        return None
    axis = 1 if role == "state" and leaf.ndim == 3 else 0
    return axis if leaf.shape[axis] == first.shape[0] else None


def parameters_of(module: Any, count: int) -> list[str]:
    """Names of the first parameters of `forward`."""
    names = list(inspect.signature(module.forward).parameters)
    return names[:count] + [f"input_{at}" for at in range(len(names), count)]


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
