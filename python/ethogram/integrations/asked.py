"""What the networks of Stable-Baselines3 and SBX say of the observations that a training acts on."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

import numpy as np

from ethogram.integrations import sbx_policy
from ethogram.integrations.sb3_policy import Layout
from ethogram.jax_function import JaxFunction
from ethogram.live_module import evaluating
from ethogram.stand_in import as_before

REMEMBERING_NOTHING = {"torch", "stable_baselines3", "sb3_contrib", "ethogram"}
"""Libraries whose layers draw no chances in evaluation mode, and are as before when they were asked."""


class Heads(Protocol):
    """A network whose outputs have roles.

    Attributes:
        states: How many parts its memory has.
    """

    states: int

    def ask(self, layout: Layout, received: Any, memory: Sequence[Any]) -> dict[str, Any]:
        """Outputs by role, each an array of a row an environment, for a batch that the policy received."""


def heads_of(network: Any, model: Any) -> Heads:
    """The heads of the policy of an algorithm, adapted; they say what it says with the weights of the moment."""
    return JaxHeads(network, model.policy) if isinstance(network, JaxFunction) else TorchHeads(network, model.device)


class TorchHeads:
    """A module of PyTorch, on the device of the training."""

    def __init__(self, module: Any, device: Any) -> None:
        self._module, self._device = module.to(device), device
        libraries = {type(part).__module__.split(".")[0] for part in module.modules()}
        # Of people's own layers nobody knows what they draw and remember.
        self._around: Callable[[Any], AbstractContextManager[Any]] = (
            as_before if libraries - REMEMBERING_NOTHING else nullcontext
        )
        self.states = int(getattr(module, "states", 0))

    def ask(self, layout: Layout, received: Any, memory: Sequence[Any]) -> dict[str, Any]:
        """See `Heads`."""
        import torch

        with self._around(self._module), evaluating(self._module), torch.no_grad():
            given = [torch.as_tensor(state, device=self._device) for state in memory]
            said = self._module(layout.tensors(received, self._device), *given)
        return {name: value.cpu().numpy() for name, value in said.items()}


class JaxHeads:
    """What SBX's networks say, compiled once for all weights: learning makes new ones, and changes none."""

    states = 0

    def __init__(self, function: JaxFunction, policy: Any) -> None:
        import jax

        assert isinstance(function.call, functools.partial)
        self._said, self._policy = jax.jit(function.call.func), policy

    def ask(self, layout: Layout, received: Any, memory: Sequence[Any]) -> dict[str, Any]:
        """See `Heads`."""
        said = self._said(sbx_policy.weights(self._policy), np.asarray(received))
        return {name: np.asarray(value) for name, value in said.items()}
