"""Stand-ins of modules of PyTorch: they are asked what a module says, and the training does not notice."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from typing import Any

import numpy as np

from ethogram.live_module import bare, evaluating
from ethogram.nested import leaves


@contextmanager
def stand_in(module: Any) -> Iterator[Any]:
    """A module that says in evaluation mode what `module` says. Afterwards `module` and all chances are as they were.

    It has the weights of the module itself, and copies of its buffers and of all else that asking may change. What
    cannot be copied is asked itself, and put back: then the contents of objects other than tensors, arrays, lists,
    dicts and sets stay as they came.
    """
    module = bare(module)
    with _same_chances():
        asked = _copied(module)
        with nullcontext() if asked is not None else _put_back(module):
            asked = module if asked is None else asked
            with evaluating(asked):
                yield asked


@contextmanager
def as_before(module: Any) -> Iterator[None]:
    """What a module holds, and all chances, are afterwards as before, as far as `stand_in` says."""
    with _same_chances(), _put_back(module):
        yield


@contextmanager
def _same_chances() -> Iterator[None]:
    """Random states of PyTorch, NumPy and Python are afterwards as before."""
    import torch

    with ExitStack() as stack:
        stack.callback(random.setstate, random.getstate())
        stack.callback(np.random.set_state, np.random.get_state())
        stack.callback(torch.set_rng_state, torch.get_rng_state())
        for name in ("cuda", "xpu"):
            device = getattr(torch, name, None)
            # A device that is not in use has no state yet, and to ask for one would begin its use.
            if device is not None and device.is_initialized():
                stack.callback(device.set_rng_state_all, device.get_rng_state_all())
        if torch.backends.mps.is_available():
            stack.callback(torch.mps.set_rng_state, torch.mps.get_rng_state())
        yield


@contextmanager
def _put_back(module: Any) -> Iterator[None]:
    """Attributes and buffers of all parts are afterwards as before."""
    with ExitStack() as stack:
        for part in module.modules():
            attributes = vars(part)
            for value in [attributes, *attributes.values(), *attributes["_buffers"].values()]:
                _keep(stack, value)
        yield


def _copied(module: Any) -> Any:
    """A copy that shares the weights, and what a network holds but does not ask; `None` where there can be none."""
    from torch.nn.parameter import UninitializedParameter

    own: dict[int, Any] = {
        id(weight): weight for weight in module.parameters() if not isinstance(weight, UninitializedParameter)
    }
    try:
        for part in module.modules():
            for _, value in leaves(vars(part), []):
                if _is_tensor(value) and not value.is_leaf:
                    # PyTorch copies no tensor that was computed from others.
                    own[id(value)] = value.detach().clone()
                elif hasattr(value, "step") and (hasattr(value, "action_space") or hasattr(value, "zero_grad")):
                    # Environments and optimisers.
                    own[id(value)] = value
        return copy.deepcopy(module, own)
    except Exception:
        return None


def _keep(stack: ExitStack, value: Any) -> None:
    if _is_tensor(value):
        stack.callback(_write_tensor, value, value.detach().clone())
    elif isinstance(value, np.ndarray):
        stack.callback(np.copyto, value, value.copy())
    elif isinstance(value, dict | set):
        stack.callback(value.update, value.copy())
        stack.callback(value.clear)
    elif isinstance(value, list):
        stack.callback(value.__setitem__, slice(None), value.copy())


def _write_tensor(tensor: Any, before: Any) -> None:
    import torch

    if not torch.equal(tensor, before):
        # By its data: gradients of a pass that used it are still to come.
        with torch.inference_mode(tensor.is_inference()):
            if tensor.shape == before.shape:
                tensor.data.copy_(before)
            else:
                tensor.data = before


def _is_tensor(value: Any) -> bool:
    import torch

    return isinstance(value, torch.Tensor)
