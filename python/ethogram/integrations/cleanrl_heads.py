"""Heads of agents in the manner of CleanRL, from preprocessed observations. Layers are shared with the agent."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn


class OnPolicy(nn.Module):  # type: ignore[misc, unused-ignore] # PyTorch may not be installed
    """PPO: `actor` and `critic`, behind `network` and `lstm` where there are such.

    Attributes:
        discrete: Whether it says logits.
    """

    def __init__(self, agent: Any) -> None:
        super().__init__()
        self.network = getattr(agent, "network", nn.Identity())
        self.lstm = getattr(agent, "lstm", None)
        self.discrete = hasattr(agent, "actor")
        self.actor = agent.actor if self.discrete else agent.actor_mean
        self.critic = agent.critic
        self.log_std = None if self.discrete else agent.actor_logstd

    def forward(self, obs: Any, h: Any = None, c: Any = None) -> dict[str, Any]:
        hidden, memory = self.network(obs), {}
        if self.lstm is not None:
            said, (memory["h_next"], memory["c_next"]) = self.lstm(hidden.unsqueeze(0), (h, c))
            hidden = said.squeeze(0)
        said, value = self.actor(hidden), self.critic(hidden)
        if self.discrete:
            return {"logits": said, "value": value, **memory}
        return {"action_mean": said, "log_std": self.log_std + torch.zeros_like(said), "value": value, **memory}


class Atoms(nn.Module):  # type: ignore[misc, unused-ignore]
    """C51: the logits of the atoms, B×A×K, and where they lie, K."""

    def __init__(self, agent: Any, probe: Any) -> None:
        super().__init__()
        self.network, self.shape = agent.network, (int(agent.n), int(agent.n_atoms))
        self.register_buffer("atoms", agent.atoms.detach().clone())
        # Atari's agent divides within `get_action` alone: bytes are always divided.
        self.divide = not probe.dtype.is_floating_point and probe.ndim == 4

    def forward(self, obs: Any) -> dict[str, Any]:
        obs = obs.float() / 255.0 if self.divide else obs
        said = self.network(obs).reshape(-1, *self.shape)
        # An output that depends on no input would lose its name.
        return {"atom_logits": said, "atoms": self.atoms + said[0, 0] * 0.0}


class Squashed(nn.Module):  # type: ignore[misc, unused-ignore]
    """SAC's actor: the action without noise, in units of the environment."""

    def __init__(self, actor: Any) -> None:
        super().__init__()
        self.actor = actor

    def forward(self, obs: Any) -> dict[str, Any]:
        mean, _ = self.actor(obs)
        return {"action_mean": torch.tanh(mean) * self.actor.action_scale + self.actor.action_bias}
