"""The peer of the bench `gae`: what Stable-Baselines3's rollout buffer runs.

`gae.py FOLDER STEPS ENVS` writes a rollout and its advantages, and prints the seconds of one computation, the median of
several.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np

GAMMA, LAMBDA = 0.99, 0.95
REPEATS = 15


class Buffer:
    """The arrays of `RolloutBuffer`, and its `compute_returns_and_advantage` word for word but for PyTorch."""

    def __init__(self, steps: int, envs: int) -> None:
        random = np.random.default_rng(7)
        self.buffer_size, self.gamma, self.gae_lambda = steps, GAMMA, LAMBDA
        self.rewards = random.standard_normal((steps, envs)).astype(np.float32)
        self.values = random.standard_normal((steps, envs)).astype(np.float32)
        self.episode_starts = (random.uniform(size=(steps, envs)) < 0.01).astype(np.float32)
        self.advantages = np.zeros((steps, envs), dtype=np.float32)
        self.last_values = random.standard_normal(envs).astype(np.float32)
        self.dones = random.uniform(size=envs) < 0.01

    def compute_returns_and_advantage(self) -> None:
        last_gae_lam = 0
        for step in reversed(range(self.buffer_size)):
            if step == self.buffer_size - 1:
                next_non_terminal = 1.0 - self.dones.astype(np.float32)
                next_values = self.last_values
            else:
                next_non_terminal = 1.0 - self.episode_starts[step + 1]
                next_values = self.values[step + 1]
            delta = self.rewards[step] + self.gamma * next_values * next_non_terminal - self.values[step]
            last_gae_lam = delta + self.gamma * self.gae_lambda * next_non_terminal * last_gae_lam
            self.advantages[step] = last_gae_lam
        self.returns = self.advantages + self.values


def main() -> None:
    folder, steps, envs = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    buffer = Buffer(steps, envs)
    times = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        buffer.compute_returns_and_advantage()
        times.append(time.perf_counter() - begun)
    # Whether the episode ended with a step is whether the next one begins another.
    ended = np.concatenate([buffer.episode_starts[1:], buffer.dones[None].astype(np.float32)])
    for name, array in {
        "rewards": buffer.rewards,
        "values": buffer.values,
        "ended": ended,
        "last": buffer.last_values,
        "advantages": buffer.advantages,
    }.items():
        array.astype("<f4").tofile(folder / f"{name}.f32")
    print(json.dumps({"secs": float(np.median(times))}), flush=True)


if __name__ == "__main__":
    main()
