"""Logs a run of several agents: two matches of three that leave one after the other. Usage: log_agents.py ROOT."""

import sys
from typing import Any

import ethogram as eg
import numpy as np
from gymnasium import spaces
from pettingzoo import ParallelEnv

LIVES = {"scout": 20, "guard": 40, "carrier": 60}


class Patrol(ParallelEnv):
    """Agent *i* walks at its own speed and leaves after its life; all see the same court."""

    metadata = {"name": "patrol_v0"}
    render_mode = "rgb_array"
    possible_agents = list(LIVES)

    def observation_space(self, agent: str) -> spaces.Space:
        return spaces.Box(-1, 99, (2,), np.float32)

    def action_space(self, agent: str) -> spaces.Space:
        return spaces.Discrete(4)

    def _seen(self) -> dict[str, np.ndarray]:
        return {agent: np.array([index, self.t], np.float32) for index, agent in enumerate(self.possible_agents)}

    def reset(self, seed: Any = None, options: Any = None) -> Any:
        self.agents, self.t = list(LIVES), 0
        return self._seen(), {agent: {} for agent in LIVES}

    def step(self, actions: dict[str, int]) -> Any:
        self.t += 1
        acting = self.agents
        over = {agent: self.t >= LIVES[agent] for agent in acting}
        self.agents = [agent for agent in acting if not over[agent]]
        seen = {agent: self._seen()[agent] for agent in acting}
        return (
            seen,
            {agent: float(self.t % 7 == 0) for agent in acting},
            over,
            dict.fromkeys(acting, False),
            {agent: {} for agent in acting},
        )

    def render(self) -> np.ndarray:
        court = np.zeros((64, 64, 3), np.uint8)
        for index in range(len(self.agents)):
            court[8 + 16 * index :, :][:8, (self.t * (index + 1)) % 56 :][:, :8, index] = 220
        return court


run = eg.init(project="agents", name="patrol", root=sys.argv[1], when_full="block")
env = eg.record(Patrol(), run, schedule=eg.always)
for match in range(2):
    env.reset(seed=match)
    while env.agents:
        env.step({agent: (env.t + index) % 4 for index, agent in enumerate(env.agents)})
run.finish()
