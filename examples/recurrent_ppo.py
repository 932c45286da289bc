"""A policy with a memory on a CartPole that hides its velocities: `python examples/recurrent_ppo.py`.

Needs `pip install sb3-contrib`. The LSTM's state before every step is recorded, so that Replay explains what the policy
did out of its memory, too.
"""

from __future__ import annotations

import argparse
from typing import Any

import ethogram as eg
import gymnasium
import numpy as np
from ethogram.integrations.stable_baselines3 import EthogramCallback
from sb3_contrib import RecurrentPPO
from stable_baselines3.common.env_util import make_vec_env


class OnlyPositions(gymnasium.ObservationWrapper):
    """The cart's position and the pole's angle: how fast they change must be remembered."""

    def __init__(self, env: gymnasium.Env) -> None:
        super().__init__(env)
        low, high = env.observation_space.low[[0, 2]], env.observation_space.high[[0, 2]]
        self.observation_space = gymnasium.spaces.Box(low, high, dtype=np.float32)

    def observation(self, observation: Any) -> Any:
        return observation[[0, 2]]


def main() -> None:
    """Train as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=60_000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    settings = {"render_mode": "rgb_array"}
    env = make_vec_env("CartPole-v1", 4, args.seed, wrapper_class=OnlyPositions, env_kwargs=settings)
    model = RecurrentPPO(
        "MlpLstmPolicy", env, n_steps=128, seed=args.seed, verbose=1, policy_kwargs={"lstm_hidden_size": 64}
    )
    callback = EthogramCallback(record=eg.every(25), checkpoint_every=10_000, project="recurrent")
    model.learn(args.steps, callback=callback)


if __name__ == "__main__":
    main()
