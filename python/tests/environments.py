"""Environments that are simple enough to know what must be recorded of them."""

from __future__ import annotations

import copy
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces


class Counter(gymnasium.Env):
    """Observation, reward and end are functions of the seed and the steps taken.

    An episode of seed-drawn length; `observation` is (episode, step), the reward of step t is t + 1.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 10}

    def __init__(self, render_mode: str | None = None, longest: int = 6, truncates: bool = False) -> None:
        self.observation_space = spaces.Box(-1, 1e6, (2,), np.float32)
        self.action_space = spaces.Discrete(5)
        self.render_mode, self.longest, self.truncates = render_mode, longest, truncates
        self.episode = -1

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[np.ndarray, dict]:
        super().reset(seed=seed)
        self.episode += 1
        self.t = 0
        self.length = int(self.np_random.integers(1, self.longest + 1))
        # One array changed in place, as some environments do: the recorder must copy.
        self.observation = np.array([self.episode, 0], np.float32)
        return self.observation, {}

    def step(self, action: Any) -> tuple[np.ndarray, float, bool, bool, dict]:
        self.t += 1
        self.observation[1] = self.t
        over = self.t >= self.length
        return self.observation, float(self.t), over and not self.truncates, over and self.truncates, {}

    def render(self) -> np.ndarray:
        frame = np.zeros((32, 32, 3), np.uint8)
        frame[0, 0] = (self.episode % 256, self.t, 7)
        return frame

    def get_action_meanings(self) -> list[str]:
        return ["NOOP", "UP", "DOWN", "LEFT", "RIGHT"]


class Sampled(gymnasium.Env):
    """Observations and episode lengths drawn at random from any space."""

    def __init__(self, observation_space: spaces.Space, action_space: spaces.Space | None = None) -> None:
        # Copies, for a space draws from a generator of its own.
        self.observation_space = copy.deepcopy(observation_space)
        self.action_space = copy.deepcopy(action_space or spaces.Discrete(2))

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict]:
        super().reset(seed=seed)
        if seed is not None:
            self.observation_space.seed(seed)
        self.left = int(self.np_random.integers(1, 8))
        return self.observation_space.sample(), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict]:
        self.left -= 1
        return self.observation_space.sample(), float(self.np_random.normal()), self.left <= 0, False, {}


NESTED = spaces.Dict(
    {
        "position": spaces.Box(-1, 1, (3,), np.float32),
        "inventory": spaces.Tuple((spaces.Discrete(4), spaces.MultiBinary(5))),
        "count": spaces.MultiDiscrete([3, 4]),
    }
)
