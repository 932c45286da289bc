"""What the networks of Stable-Baselines3 and SBX say of the observations that a training acts on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from ethogram.integrations.sb3_policy import Layout
from ethogram.jax_function import JaxFunction


class Heads(Protocol):
    """A network whose outputs have roles.

    Attributes:
        states: How many parts its memory has.
    """

    states: int

    def ask(self, layout: Layout, received: Any, memory: Sequence[Any]) -> dict[str, Any]:
        """Outputs by role, each an array of a row an environment, for a batch that the policy received."""


def heads_of(network: Any, device: Any) -> Heads:
    """The heads of an adapted policy."""
    return JaxHeads(network) if isinstance(network, JaxFunction) else TorchHeads(network, device)


class TorchHeads:
    """A module of PyTorch, on the device of the training."""

    def __init__(self, module: Any, device: Any) -> None:
        self._module, self._device = module.to(device), device
        self.states = int(getattr(module, "states", 0))

    def ask(self, layout: Layout, received: Any, memory: Sequence[Any]) -> dict[str, Any]:
        """See `Heads`."""
        import torch

        with torch.no_grad():
            given = [torch.as_tensor(state, device=self._device) for state in memory]
            said = self._module(layout.tensors(received, self._device), *given)
        return {name: value.cpu().numpy() for name, value in said.items()}


class JaxHeads:
    """A function of JAX, compiled."""

    states = 0

    def __init__(self, function: JaxFunction) -> None:
        import jax

        self._function = jax.jit(function)

    def ask(self, layout: Layout, received: Any, memory: Sequence[Any]) -> dict[str, Any]:
        """See `Heads`."""
        return {name: np.asarray(value) for name, value in self._function(np.asarray(received)).items()}
