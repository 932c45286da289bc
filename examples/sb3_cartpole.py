"""PPO of Stable-Baselines3, watched by one callback: `python examples/sb3_cartpole.py`, then `ethogram serve runs`.

Needs `pip install stable-baselines3`. `--env LunarLander-v3` works too, with `gymnasium[box2d]`.
"""

from __future__ import annotations

import argparse

import ethogram as eg
from ethogram.integrations.stable_baselines3 import EthogramCallback
from stable_baselines3 import PPO
from stable_baselines3.common.env_util import make_vec_env


def main() -> None:
    """Train as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--env", default="CartPole-v1")
    parser.add_argument("--steps", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    env = make_vec_env(args.env, n_envs=4, seed=args.seed, env_kwargs={"render_mode": "rgb_array"})
    model = PPO("MlpPolicy", env, n_steps=256, seed=args.seed, verbose=1)
    callback = EthogramCallback(record=eg.every(25), checkpoint_every=10_000, project="sb3")
    model.learn(args.steps, callback=callback)


if __name__ == "__main__":
    main()
