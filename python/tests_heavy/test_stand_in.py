"""Looking at a policy for a checkpoint changes nothing of it, nor what it would have drawn by chance."""

from __future__ import annotations

import copy
import random
import threading
from typing import Any

import numpy as np
import pytest
import stable_baselines3 as sb3
import torch
from torch import nn

import ethogram as eg
from ethogram.integrations.adapted import adapted
from ethogram.stand_in import stand_in

OBSERVATION = np.zeros((1, 4), np.float32)

ENV = {
    "observation_space": {"type": "box", "shape": [4], "dtype": "float32"},
    "action_space": {"type": "discrete", "n": 2},
}


class Stateful(nn.Module):
    """Draws chances and remembers, in every way that a module can."""

    def __init__(self, named: bool) -> None:
        super().__init__()
        self.named, self.layer, self.norm, self.drop = named, nn.Linear(4, 2), nn.BatchNorm1d(4), nn.Dropout(0.5)
        self.register_buffer("h", torch.ones(8, 2))
        self.register_buffer("count", torch.zeros(()))
        self.calls, self.seen, self.rows, self.said = 0, [], np.zeros(3), {}
        self.last: Any = None
        self.generator = np.random.default_rng(3)

    def forward(self, observation: torch.Tensor) -> Any:
        logits = self.layer(self.drop(self.norm(observation)))
        action = torch.distributions.Categorical(logits=logits).sample()
        logits = logits + 0.1 * torch.randn(logits.shape) + float(self.generator.normal() + random.random())
        self.h = logits.detach()
        self.count += 1
        self.calls += 1
        self.seen.append(action)
        self.rows += np.random.normal()
        self.last = self.said["logits"] = logits
        return {"logits": logits} if self.named else logits


class Held(Stateful):
    """One that cannot be copied."""

    def __init__(self, named: bool) -> None:
        super().__init__(named)
        self.lock, self.generator = threading.Lock(), np.random


def state_of(module: Stateful) -> Any:
    generator = module.generator.bit_generator.state if isinstance(module.generator, np.random.Generator) else None
    said = {name: value.tolist() for name, value in module.said.items()}
    return copy.deepcopy(
        {
            "tensors": {name: value.tolist() for name, value in module.state_dict().items()},
            "plain": (module.calls, len(module.seen), module.rows.tolist(), said),
            "last": None if module.last is None else module.last.tolist(),
            "training": [part.training for part in module.modules()],
            "chances": (torch.get_rng_state().tolist(), random.getstate(), str(np.random.get_state()), generator),
        }
    )


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("kind", [Stateful, Held])
@pytest.mark.parametrize("asked_before", [True, False])
def test_a_module_is_as_it_was(kind: type[Stateful], named: bool, asked_before: bool) -> None:
    torch.manual_seed(0)
    policy = kind(named)
    policy.norm.eval()
    if asked_before:
        policy(torch.ones(8, 4))
    buffer, last, before = policy.h, policy.last, state_of(policy)
    found = adapted(policy, ENV, OBSERVATION, {"logits": 2})
    assert found is not None
    assert list(found.signature["outputs"]) == ["logits"]
    assert state_of(policy) == before
    assert found.module is policy and policy.h is buffer and policy.last is last


def test_an_agent_that_draws_its_actions_draws_the_same_after_a_checkpoint(run: eg.Run) -> None:
    policy, rows = Stateful(named=True), torch.ones(8, 4)

    def actions(kept: bool) -> list[Any]:
        torch.manual_seed(5)
        if kept:
            run.checkpoint(policy, example=OBSERVATION, global_step=1)
        return [torch.distributions.Categorical(logits=policy.layer(rows)).sample().tolist() for _ in range(4)]

    assert actions(kept=True) == actions(kept=False)


def test_gradients_of_a_pass_before_a_checkpoint_are_still_to_be_had() -> None:
    policy = Held(named=True)
    loss = policy(torch.ones(8, 4))["logits"].sum()
    assert adapted(policy, ENV, OBSERVATION) is not None
    loss.backward()
    assert policy.layer.weight.grad is not None


def test_the_weights_are_not_copied_to_be_looked_at() -> None:
    policy = Stateful(named=True)
    with stand_in(policy) as asked:
        assert asked is not policy and asked.layer.weight is policy.layer.weight and asked.h is not policy.h


def test_a_policy_of_stable_baselines3_stays_in_training(run: eg.Run) -> None:
    model = sb3.PPO("MlpPolicy", "CartPole-v1", seed=3, device="cpu")
    model.policy.train()
    run.checkpoint(model, global_step=1)
    assert all(part.training for part in model.policy.modules())
