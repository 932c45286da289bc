"""Plain modules of a training loop of one's own, kept in one call: what they say is known from `env.annotate`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
import torch
from torch import nn

import ethogram as eg


class Twofold(nn.Module):
    """A policy and a value from one body."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.policy, self.value = nn.Linear(4, 8), nn.Linear(8, 2), nn.Linear(8, 1)

    def forward(self, observation: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        hidden = self.body(observation).tanh()
        return self.policy(hidden), self.value(hidden)


def sequential() -> nn.Module:
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2))


def played(run: eg.Run, **said: Any) -> Any:
    """An episode of CartPole in which the policy said that."""
    env = eg.record(gymnasium.make("CartPole-v1"), run, schedule=eg.always)
    observation, _ = env.reset(seed=0)
    ended = False
    while not ended:
        env.annotate(**said)
        observation, _, terminated, truncated, _ = env.step(0)
        ended = terminated or truncated
    return observation


@pytest.mark.parametrize(
    ("module", "said", "roles"),
    [
        (sequential, ("logits",), ("logits",)),
        (sequential, ("q_values", "value"), ("q_values",)),
        (Twofold, ("logits", "value"), ("logits", "value")),
    ],
)
def test_what_was_annotated_says_what_a_module_returns(
    run: eg.Run, module: Any, said: tuple[str, ...], roles: tuple[str, ...]
) -> None:
    torch.manual_seed(1)
    policy = module()
    observation = played(run, **{role: np.zeros(1 if role == "value" else 2, np.float32) for role in said})
    run.checkpoint(policy, global_step=7)
    assert run.folder is not None
    folder: Path = run.folder
    run.finish()
    model = eg.open(folder).checkpoint(7).model
    assert [port.name for port in model.outputs] == list(roles)
    found = model({"observation": observation[None]})
    with torch.no_grad():
        expected = policy(torch.as_tensor(observation[None]))
    for role, value in zip(roles, expected if isinstance(expected, tuple) else (expected,), strict=True):
        np.testing.assert_allclose(found[role], value.numpy(), rtol=1e-5, atol=1e-6)


def test_what_a_loop_that_counts_by_itself_said_is_known_as_well(run: eg.Run) -> None:
    torch.manual_seed(1)
    policy, observation = Twofold(), np.array([[0.1, -0.2, 0.3, 0.0]], np.float32)
    with run.episode() as episode:
        with torch.no_grad():
            logits, value = policy(torch.as_tensor(observation))
        episode.step(observation=observation[0], action=0, reward=1.0, logits=logits, value=value)
    run.checkpoint(policy, example=observation, global_step=7)
    assert run.folder is not None
    folder: Path = run.folder
    run.finish()
    assert eg.open(folder).episode(0).field("logits").numpy()[0].tolist() == logits[0].tolist()
    found = eg.open(folder).checkpoint(7).model({"observation": observation})
    assert sorted(found) == ["logits", "value"]
    np.testing.assert_allclose(found["logits"], logits.numpy(), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found["value"], value.numpy(), rtol=1e-5, atol=1e-6)


def test_looking_at_a_module_neither_draws_chances_nor_learns(run: eg.Run) -> None:
    played(run, logits=np.zeros(2, np.float32))
    torch.manual_seed(1)
    policy = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 2)).train()
    before, chances = {name: value.clone() for name, value in policy.state_dict().items()}, torch.get_rng_state()
    run.checkpoint(policy, global_step=7)
    assert all(part.training for part in policy.modules())
    assert all(torch.equal(value, before[name]) for name, value in policy.state_dict().items())
    assert torch.equal(torch.get_rng_state(), chances)


def test_nothing_is_guessed(run: eg.Run) -> None:
    played(run, logits=np.zeros(2, np.float32), q_values=np.zeros(2, np.float32))
    with pytest.raises(
        eg.EthogramError, match=r"Sequential takes and returns; write run\.checkpoint\(module, example="
    ):
        run.checkpoint(sequential(), global_step=1)


def test_an_example_is_not_asked_for_where_the_environment_gives_one(run: eg.Run) -> None:
    played(run, anything=1.0)
    run.checkpoint(sequential(), global_step=1, signature=eg.signature(observation="observation", q_values="q"))
    assert run.folder is not None
    folder: Path = run.folder
    run.finish()
    assert [port.name for port in eg.open(folder).checkpoint(1).model.outputs] == ["q"]


def test_an_example_in_double_precision_is_taken(run: eg.Run) -> None:
    signature = eg.signature(observation="observation", q_values="q")
    run.checkpoint(sequential(), global_step=1, example=np.zeros((1, 4)), signature=signature)
    run.log({"a": 1.0}, global_step=1)
    assert run.folder is not None
    folder: Path = run.folder
    run.finish()
    assert [port.dtype for port in eg.open(folder).checkpoint(1).model.inputs] == ["float32"]
