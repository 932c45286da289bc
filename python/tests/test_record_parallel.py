"""Environments of several agents: an episode an agent, in the order in which they leave."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from conftest import reopened, rows
from gymnasium import spaces
from pettingzoo import ParallelEnv

import ethogram as eg


class Leaving(ParallelEnv):
    """Agent *i* leaves after `lives[i]` steps; its observation is (agent, step), its reward the step it answers."""

    metadata = {"name": "leaving_v0"}

    def __init__(self, lives: dict[str, int], render_mode: str | None = None, differ: bool = False) -> None:
        self.lives, self.render_mode, self.differ = lives, render_mode, differ
        self.possible_agents = list(lives)

    def observation_space(self, agent: str) -> spaces.Space:
        return spaces.Box(-1, 99, (2 + self.differ * self.possible_agents.index(agent),), np.float32)

    def action_space(self, agent: str) -> spaces.Space:
        return spaces.Discrete(9)

    def observe(self, agent: str) -> np.ndarray:
        seen = np.zeros(self.observation_space(agent).shape, np.float32)
        seen[:2] = (self.possible_agents.index(agent), self.t)
        return seen

    def reset(self, seed: Any = None, options: Any = None) -> Any:
        self.agents, self.t = list(self.possible_agents), 0
        return {agent: self.observe(agent) for agent in self.agents}, {agent: {} for agent in self.agents}

    def step(self, actions: dict[str, int]) -> Any:
        assert set(actions) == set(self.agents)
        self.t += 1
        acting = self.agents
        over = {agent: self.t >= self.lives[agent] for agent in acting}
        self.agents = [agent for agent in acting if not over[agent]]
        observations = {agent: self.observe(agent) for agent in acting}
        return (
            observations,
            {agent: float(self.t) for agent in acting},
            over,
            dict.fromkeys(acting, False),
            {agent: {} for agent in acting},
        )

    def render(self) -> np.ndarray:
        return np.full((32, 32, 3), self.t, np.uint8)


def play(env: Any, matches: int) -> None:
    for match in range(matches):
        observations, _ = env.reset(seed=match)
        while env.agents:
            env.annotate(value={agent: float(observations[agent][1]) for agent in env.agents})
            observations, *_ = env.step({agent: index for index, agent in enumerate(env.agents)})


def test_each_agent_has_an_episode(run: eg.Run) -> None:
    lives = {"fast": 2, "slow": 4}
    env = eg.record(Leaving(lives, "rgb_array"), run, schedule=eg.every(2))
    play(env, 3)
    view = reopened(run)
    found = rows(view.episodes())
    assert [(row["agent"], row["length"], row["end"], row["recorded"], row["seed"]) for row in found] == [
        (agent, lives[agent], "terminated", match != 1, match) for match in range(3) for agent in lives
    ]
    assert [row["extra"] for row in found] == [f'{{"match":{index // 2}}}' for index in range(6)]
    assert [row["episode_return"] for row in found] == [3.0, 10.0] * 3
    # A step of all agents is one global step.
    assert run.global_step == 3 * max(lives.values())
    for row in found:
        if not row["recorded"]:
            assert view.episode(row["episode"]).fields == []
            continue
        episode, length = view.episode(row["episode"]), row["length"]
        seen = episode.field("observation").numpy()
        index = list(lives).index(row["agent"])
        assert seen.tolist() == [[index, t] for t in range(length + 1)]
        assert episode.field("value").numpy()[:length].tolist() == list(range(length))
        assert episode.frames()[:, 0, 0, 0].tolist() == list(range(length + 1))
    # Once `fast` is gone, `slow` is the first of those left.
    assert view.episode(1).field("action").numpy()[:4].tolist() == [1, 1, 0, 0]
    assert view.info["env"]["agents"] == ["fast", "slow"]
    assert view.info["env"]["id"] == "leaving_v0"


@pytest.mark.parametrize("explicit", [True, False])
def test_the_final_observation_of_an_agent_is_annotated(run: eg.Run, explicit: bool) -> None:
    lives = {"fast": 2, "slow": 4}
    env = eg.record(Leaving(lives), run, schedule=eg.every(2))
    for match in range(3):
        observations, _ = env.reset(seed=match)
        while env.agents:
            env.annotate(value={agent: np.float32(observations[agent][1]) for agent in env.agents})
            observations, *_ = env.step(dict.fromkeys(env.agents, 0))
            gone = {agent: float(seen[1]) for agent, seen in observations.items() if agent not in env.agents}
            (env.annotate_final if explicit else env.annotate)(value=gone)
            env.annotate_final(value=dict.fromkeys(env.agents, -1.0), other={"nobody": 0})
    view = reopened(run)
    for row in rows(view.episodes()):
        if row["recorded"]:
            values = view.episode(row["episode"]).field("value")
            assert values.dtype == "float32"
            assert values.valid.tolist() == [True] * (row["length"] + 1)
            assert values.numpy().tolist() == list(range(row["length"] + 1))


def test_agents_of_different_spaces_have_fields_of_their_own(run: eg.Run) -> None:
    play(eg.record(Leaving({"a": 1, "b": 2}, differ=True), run, schedule=eg.always), 1)
    view = reopened(run)
    assert view.episode(0).field("observation/a").shape == (2,)
    assert view.episode(1).field("observation/b").shape == (3,)
    assert view.info["env"]["observation_space"]["type"] == "dict"


@pytest.mark.parametrize("value", [None, 1.0])
def test_what_is_not_said_by_agent_is_told(loose: eg.Run, value: Any) -> None:
    env = eg.record(Leaving({"a": 2}), loose, schedule=eg.always)
    env.reset(seed=2**64)
    with pytest.warns(eg.EthogramWarning, match="field 'value': expected a mapping from agents to values"):
        env.annotate(value=value, greedy={"a": 1})
    env.step({"a": 0})
    assert loose.faults == {"seed": 1, "value": 1}
    assert reopened(loose).episode(0).field("greedy").numpy()[0] == 1


def test_an_agent_that_nobody_named_does_not_reach_the_loop(loose: eg.Run) -> None:
    class Born(Leaving):
        def step(self, actions: dict[str, int]) -> Any:
            observations, rewards, *rest = super().step(actions)
            return (observations, rewards | {"born": 1.0}, *rest)

    env = eg.record(Born({"a": 3}), loose, schedule=eg.always)
    env.reset(seed=1)
    with pytest.warns(eg.EthogramWarning, match="recording failed: KeyError: 'born'"):
        env.step({"a": 0})
    with pytest.warns(eg.EthogramWarning, match="KeyError: 'nobody'"):
        env.note_episode("nobody", title="x")


def test_turn_based_environments_are_pointed_to_the_adapter(run: eg.Run) -> None:
    from pettingzoo.utils import parallel_to_aec

    with pytest.raises(TypeError, match="aec_to_parallel"):
        eg.record(parallel_to_aec(Leaving({"a": 1})), run)
