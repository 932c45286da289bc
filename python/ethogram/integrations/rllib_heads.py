"""Heads of RLlib's modules, from observations as the environment made them. Layers are shared with the module."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode


class Policy(nn.Module):  # type: ignore[misc, unused-ignore] # PyTorch may not be installed
    """What a policy's distribution is made of, and the value where the module has one.

    Attributes:
        discrete: Whether it says logits.
        valued: Whether it says a value.
    """

    def __init__(self, module: Any, discrete: bool, valued: bool) -> None:
        super().__init__()
        self.module, self.discrete, self.valued = module, discrete, valued

    def forward(self, obs: Any) -> dict[str, Any]:
        batch = {"obs": obs}
        numbers = self.module.forward_inference(batch)["action_dist_inputs"]
        if self.discrete:
            said = {"logits": numbers}
        else:
            mean, log_std = numbers.chunk(2, -1)
            said = {"action_mean": mean, "log_std": log_std}
        return {**said, "value": self.module.compute_values(batch)} if self.valued else said


class Values(nn.Module):  # type: ignore[misc, unused-ignore]
    """Q-values, or where returns are distributions the chances of each, B×A×K, and where they lie, K."""

    def __init__(self, module: Any) -> None:
        super().__init__()
        self.module = module

    def forward(self, obs: Any) -> dict[str, Any]:
        with _Means():
            found = self.module.compute_q_values({"obs": obs})
        if "qf_probs" in found:
            return {"atom_probabilities": found["qf_probs"], "atoms": found["atoms"]}
        return {"q_values": found["qf_preds"]}


class _Means(TorchFunctionMode):  # type: ignore[misc, unused-ignore]
    """The mean of those advantages that are numbers is taken, which no exporter knows; here all are numbers."""

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if function is torch.nan_to_num:
            return args[0]
        return (torch.mean if function is torch.Tensor.nanmean else function)(*args, **(kwargs or {}))
