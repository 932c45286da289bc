"""Heads of the policies of Stable-Baselines3, from preprocessed observations. Layers are shared with the policy."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

Leaves = dict[str | None, list[int]]


class OneHot(nn.Module):  # type: ignore[misc, unused-ignore] # PyTorch may not be installed
    """Writes parts of several choices one-hot, as whole numbers they came: those of `MultiDiscrete` spaces."""

    def __init__(self, counts: Leaves) -> None:
        super().__init__()
        self.counts = counts

    def forward(self, observation: Any) -> Any:
        if None in self.counts:
            return self._written(observation, self.counts[None])
        if not self.counts:
            return observation
        return {
            key: self._written(part, self.counts[key]) if key in self.counts else part
            for key, part in observation.items()
        }

    def _written(self, choices: Any, counts: list[int]) -> Any:
        flat = choices.reshape(choices.shape[0], -1)
        columns = [
            (flat[:, at : at + 1] == torch.arange(count, device=flat.device)).float() for at, count in enumerate(counts)
        ]
        return torch.cat(columns, 1)


class Values(nn.Module):  # type: ignore[misc, unused-ignore]
    """DQN: Q-values, B×A. QR-DQN: quantiles, B×N×A."""

    def __init__(self, network: Any, role: str, one_hot: Leaves) -> None:
        super().__init__()
        self.write = OneHot(one_hot)
        self.features, self.role = network.features_extractor, role
        self.layers = network.q_net if role == "q_values" else network.quantile_net
        self.shape = (-1,) if role == "q_values" else (network.n_quantiles, int(network.action_space.n))

    def forward(self, obs: Any) -> dict[str, Any]:
        said = self.layers(self.features(self.write(obs)))
        return {self.role: said if self.role == "q_values" else said.reshape(-1, *self.shape)}


class ActorCritic(nn.Module):  # type: ignore[misc, unused-ignore]
    """SAC, TQC, TD3, DDPG: the action without noise, in units of the environment, and what the critics say of it.

    The value is the smaller of the critics' (TQC: the mean of all quantiles).
    """

    def __init__(self, policy: Any, one_hot: Leaves) -> None:
        super().__init__()
        actor, critic = policy.actor, policy.critic
        self.write = OneHot(one_hot)
        self.features, self.critic_features = actor.features_extractor, critic.features_extractor
        # SAC squashes its mean by a function, TD3 by a layer.
        self.latent, self.mean = getattr(actor, "latent_pi", nn.Identity()), actor.mu
        self.squash = hasattr(actor, "latent_pi") and getattr(actor, "squash_output", True)
        self.critics = nn.ModuleList(critic.q_networks)
        self.quantiles = hasattr(critic, "n_quantiles") or hasattr(critic, "quantiles_total")
        low, high = torch.as_tensor(policy.action_space.low), torch.as_tensor(policy.action_space.high)
        self.register_buffer("low", low.float().cpu(), persistent=False)
        self.register_buffer("span", (high - low).float().cpu(), persistent=False)

    def forward(self, obs: Any) -> dict[str, Any]:
        obs = self.write(obs)
        mean = self.mean(self.latent(self.features(obs)))
        mean = torch.tanh(mean) if self.squash else mean
        given = torch.cat([self.critic_features(obs), mean], 1)
        said = [critic(given) for critic in self.critics]
        value = (
            torch.cat(said, 1).mean(1, keepdim=True) if self.quantiles else torch.cat(said, 1).min(1, keepdim=True)[0]
        )
        low, span = self.low.to(mean.device), self.span.to(mean.device)
        return {"action_mean": low + 0.5 * (mean + 1.0) * span, "value": value}


class OnPolicy(nn.Module):  # type: ignore[misc, unused-ignore]
    """PPO, A2C, TRPO, and their recurrent and masked kin: logits or a Gaussian, and the value.

    Attributes:
        discrete: Whether it says logits.
        states: How many parts its memory has, 0, 2 or 4.
        state_shape: Layers, 1, width.
    """

    def __init__(self, policy: Any, one_hot: Leaves) -> None:
        super().__init__()
        self.write = OneHot(one_hot)
        shared = getattr(policy, "share_features_extractor", True)
        self.features = policy.features_extractor if shared else policy.pi_features_extractor
        self.critic_features = None if shared else policy.vf_features_extractor
        self.layers, self.action, self.value = policy.mlp_extractor, policy.action_net, policy.value_net
        self.lstm, self.critic_lstm = getattr(policy, "lstm_actor", None), getattr(policy, "lstm_critic", None)
        self.critic = getattr(policy, "critic", None) if self.lstm is not None and self.critic_lstm is None else None
        self.states = 0 if self.lstm is None else 4 if self.critic_lstm is not None else 2
        self.state_shape = () if self.lstm is None else (self.lstm.num_layers, 1, self.lstm.hidden_size)
        kind = type(policy.action_dist).__name__
        self.discrete = "Categorical" in kind or "Bernoulli" in kind
        self.state_dependent = kind == "StateDependentNoiseDistribution"
        self.squash = bool(getattr(policy, "squash_output", False))
        if not self.discrete:
            self.log_std = policy.log_std
            if self.state_dependent:
                self.full_std, self.expln = policy.action_dist.full_std, policy.action_dist.use_expln
                self.epsilon = policy.action_dist.epsilon

    def forward(self, obs: Any, h: Any = None, c: Any = None, h_critic: Any = None, c_critic: Any = None) -> Any:
        obs = self.write(obs)
        features = self.features(obs)
        critic_features = features if self.critic_features is None else self.critic_features(obs)
        memory: dict[str, Any] = {}
        if self.lstm is not None:
            said, (memory["h_next"], memory["c_next"]) = self.lstm(features.unsqueeze(0), (h, c))
            features = said.squeeze(0)
            if self.critic_lstm is not None:
                heard, (h_critic, c_critic) = self.critic_lstm(critic_features.unsqueeze(0), (h_critic, c_critic))
                critic_features = heard.squeeze(0)
                memory |= {"h_critic_next": h_critic, "c_critic_next": c_critic}
            else:
                critic_features = features if self.critic is None else self.critic(critic_features)
        latent, critic = self.layers.forward_actor(features), self.layers.forward_critic(critic_features)
        said = self.action(latent)
        value = self.value(critic)
        if self.discrete:
            return {"logits": said, "value": value, **memory}
        mean = torch.tanh(said) if self.squash else said
        return {"action_mean": mean, "log_std": self._log_std(latent, said), "value": value, **memory}

    def _log_std(self, latent: Any, mean: Any) -> Any:
        if not self.state_dependent:
            return self.log_std + torch.zeros_like(mean)
        std = torch.exp(self.log_std)
        if self.expln:
            above = self.log_std * (self.log_std > 0) + 1e-6
            std = std * (self.log_std <= 0) + (torch.log1p(above) + 1.0) * (self.log_std > 0)
        if not self.full_std:
            std = std.expand(latent.shape[1], mean.shape[1])
        return 0.5 * torch.log(torch.matmul(latent**2, std**2) + self.epsilon)
