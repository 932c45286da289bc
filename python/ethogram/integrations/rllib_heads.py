"""Heads of RLlib's modules, from observations as the environment made them. Layers are shared with the module."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from ethogram.integrations import rllib_memory
from ethogram.integrations.rllib_actions import ActionUnits


class Policy(nn.Module):  # type: ignore[misc, unused-ignore] # PyTorch may not be installed
    """What a policy's distribution is made of, in units of the environment, and the value where the module has one.

    Attributes:
        discrete: Whether it says logits.
        valued: Whether it says a value.
    """

    def __init__(self, module: Any, discrete: bool, valued: bool, units: ActionUnits) -> None:
        super().__init__()
        self.module, self.discrete, self.valued = module, discrete, valued
        self.scale = Scale(units)

    def forward(self, obs: Any) -> dict[str, Any]:
        batch = {"obs": obs}
        said = self.said(self.module.forward_inference(batch)["action_dist_inputs"])
        return {**said, "value": self.module.compute_values(batch)} if self.valued else said

    def said(self, numbers: Any) -> dict[str, Any]:
        """The distribution, of the module's numbers."""
        if self.discrete:
            return {"logits": numbers}
        mean, log_std = numbers.chunk(2, -1)
        return {"action_mean": self.scale(mean), "log_std": self.scale.deviation(log_std)}


class Remembering(nn.Module):  # type: ignore[misc, unused-ignore]
    """The same of a policy with memory, one step at a time.

    Attributes:
        begun: The memory before the first step, 1×(layers · width) a part.
    """

    def __init__(self, policy: Policy) -> None:
        super().__init__()
        self.policy, self._state = policy, policy.module.get_initial_state()
        rows = [(name, torch.as_tensor(part)) for name, part in rllib_memory.parts(self._state)]
        self._shapes = [tuple(part.shape) for _, part in rows]
        self.begun = {name: part.reshape(1, -1).to(torch.float32) for name, part in rows}

    def forward(self, obs: Any, memory: dict[str, Any]) -> dict[str, Any]:
        shaped = (part.reshape(-1, *shape) for part, shape in zip(memory.values(), self._shapes, strict=True))
        batch = {"obs": obs.unsqueeze(1), "state_in": rllib_memory.nested(self._state, shaped)}
        found = self.policy.module.forward_inference(dict(batch))
        said = self.policy.said(found["action_dist_inputs"].squeeze(1))
        if self.policy.valued:
            said["value"] = self.policy.module.compute_values(dict(batch)).squeeze(1)
        following = dict(rllib_memory.parts(found["state_out"]))
        return {**said, **{f"{name}_next": following[name].flatten(1) for name in memory}}


class Squashed(nn.Module):  # type: ignore[misc, unused-ignore]
    """SAC: the action without noise, in units of the environment, and the smaller of what the critics say of it.

    RLlib's own play without exploration leaves the hyperbolic tangent out; here the middle action has it, as those
    that are drawn have.
    """

    def __init__(self, module: Any, units: ActionUnits) -> None:
        super().__init__()
        self.module, self.valued = module, getattr(module, "qf", None) is not None
        self.scale = Scale(units)

    def forward(self, obs: Any) -> dict[str, Any]:
        mean = torch.tanh(self.module.forward_inference({"obs": obs})["action_dist_inputs"].chunk(2, -1)[0])
        said = {"action_mean": self.scale(mean)}
        if self.valued:
            said["value"] = self.module.compute_q_values({"obs": obs, "actions": mean})
        return said


class Chances(nn.Module):  # type: ignore[misc, unused-ignore]
    """SAC of actions to choose from: logits, and of each action the smaller of what the critics say."""

    def __init__(self, module: Any) -> None:
        super().__init__()
        self.module, self.valued = module, getattr(module, "qf", None) is not None

    def forward(self, obs: Any) -> dict[str, Any]:
        said = {"logits": self.module.forward_inference({"obs": obs})["action_dist_inputs"]}
        if self.valued:
            said["q_values"] = self.module.compute_q_values({"obs": obs}, squeeze=False)
        return said


class Scale(nn.Module):  # type: ignore[misc, unused-ignore]
    """From −1 to 1 to the bounds of the environment's actions, where RLlib does so."""

    def __init__(self, units: ActionUnits) -> None:
        super().__init__()
        self.bounded = units.low is not None
        low, span = (units.low, units.span) if self.bounded else ([0.0], [2.0])
        self.register_buffer("low", torch.as_tensor(low), persistent=False)
        self.register_buffer("reach", torch.as_tensor(span) / 2, persistent=False)

    def forward(self, mean: Any) -> Any:
        return self.low.to(mean.device) + (mean + 1.0) * self.reach.to(mean.device) if self.bounded else mean

    def deviation(self, log_std: Any) -> Any:
        """The logarithm of a deviation, scaled as means are."""
        return log_std + self.reach.to(log_std.device).log() if self.bounded else log_std


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
