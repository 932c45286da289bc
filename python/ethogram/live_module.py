"""Modules of PyTorch as a training has them: compiled, wrapped, in training mode, on any device, in any type."""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import Any

WRAPPERS_MAX = 8
"""So many wrappers around a module are looked through."""

COMPILED = "_orig_mod."
"""What `torch.compile` puts into the names of submodules."""


def bare(module: Any) -> Any:
    """The module within `torch.compile`, `DataParallel` and `DistributedDataParallel`, which gives the same numbers."""
    for _ in range(WRAPPERS_MAX):
        kind = type(module)
        if kind.__name__ == "OptimizedModule" and hasattr(module, "_orig_mod"):
            module = module._orig_mod
        elif kind.__name__ in ("DataParallel", "DistributedDataParallel") and kind.__module__.startswith("torch.nn."):
            module = module.module
        else:
            break
    return module


def owner(function: Any) -> Any:
    """The module that a callable asks: itself, or that of a bound method or of a `functools.partial`."""
    for _ in range(WRAPPERS_MAX):
        if isinstance(function, functools.partial):
            function = function.func
        elif not hasattr(function, "named_modules") and getattr(function, "__self__", None) is not None:
            function = function.__self__
        else:
            break
    return bare(function)


def tensors(module: Any) -> Iterator[Any]:
    """Its weights, then its buffers; none of what is no module."""
    if hasattr(module, "named_modules"):
        yield from module.parameters()
        yield from module.buffers()


@contextmanager
def evaluating(module: Any) -> Iterator[None]:
    """In evaluation mode, and then every submodule as it was.

    Without dropout, and batch normalisation neither mixes rows nor learns from them.
    """
    parts = [part for part in module.modules() if part.training] if hasattr(module, "named_modules") else []
    # Not by `eval()`: modules that freeze some of their parts say something else by it.
    for part in parts:
        part.training = False
    try:
        yield
    finally:
        for part in parts:
            part.training = True


def eagerly() -> AbstractContextManager[Any]:
    """Without what was compiled: code compiled before passes over hooks, and would be made anew for every batch."""
    if "torch._dynamo" not in sys.modules:
        return nullcontext()
    import torch

    entered: AbstractContextManager[Any] = torch.compiler.set_stance("force_eager")
    return entered


class Surroundings:
    """What of the calling thread decides how a module computes: `torch.autocast`, and the device of new tensors.

    Threads begin without. `no_grad` and `inference_mode` of the caller count nowhere: they would leave no gradients.
    """

    def __init__(self, torch: Any) -> None:
        self._torch = torch
        self._elsewhere = torch.get_default_device().type != "cpu"
        self._cast = torch.is_autocast_cache_enabled()
        self._types: dict[str, Any] = {}
        for kind in {"cpu", getattr(torch.accelerator.current_accelerator(), "type", "cpu")}:
            if torch.amp.is_autocast_available(kind) and torch.is_autocast_enabled(kind):
                self._types[kind] = torch.get_autocast_dtype(kind)

    @contextmanager
    def around(self, device: Any) -> Iterator[None]:
        """The same in this thread, for a module on `device`."""
        with ExitStack() as stack:
            stack.enter_context(self._torch.inference_mode(False))
            if self._elsewhere:
                stack.enter_context(self._torch.device(device))
            for kind, dtype in self._types.items():
                stack.enter_context(self._torch.autocast(kind, dtype=dtype, cache_enabled=self._cast))
            yield


def at_device(torch: Any, device: Any) -> AbstractContextManager[Any]:
    """With `device` as the one that a thread is at: kernels of people's own are launched there."""
    if device.type == "cpu" or device.index is None:
        return nullcontext()
    entered: AbstractContextManager[Any] = getattr(torch.get_device_module(device), "device", nullcontext)(device)
    return entered


def array_of(value: Any) -> Any:
    """The numbers of a tensor of any device and type, or of what else NumPy takes, in NumPy."""
    import numpy as np

    if not hasattr(value, "detach"):
        return np.asarray(value)
    near = value.detach().cpu()
    # NumPy has no bfloat16.
    return np.asarray(near.float() if str(near.dtype) == "torch.bfloat16" else near)
