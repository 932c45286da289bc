"""Trains what `demo/trained` holds, by Stable-Baselines3: `python demo/train_benchmark.py FOLDER [SHARE/OF [PROJECT]]`.

Needs the package `ethogram` and `demo/train_benchmark.txt`. Settings are after those of RL Baselines3 Zoo, with fewer
steps and environments, so that all of it takes some 15 minutes of processor time.
`1/2` and `2/2`, at once, do half each.
A run that is there is not made again, whether it ended or was stopped.

Two projects: `benchmark`, three algorithms on three tasks with five seeds each, and `sweep`, PPO on CartPole with
other settings in each run, drawn at random.
"""

import argparse
import json
import random
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ethogram as eg
import stable_baselines3
import torch
from ethogram.integrations.stable_baselines3 import EthogramCallback
from stable_baselines3.common.env_util import make_vec_env

ALGORITHMS = ("PPO", "A2C", "DQN")
STEPS = {"CartPole-v1": 50_000, "Acrobot-v1": 40_000, "LunarLander-v3": 60_000}
SEEDS = range(1, 6)
SWEEP_RUNS = 20
SWEEP_STEPS = 20_000
# Scalars of the training itself are kept about so many times a run.
LOGGED_TIMES = 60

# What differs from the defaults of Stable-Baselines3, by algorithm and task; `envs` is the number of environments.
SETTINGS: dict[tuple[str, str], dict[str, Any]] = {
    ("PPO", "CartPole-v1"): {
        "envs": 8, "n_steps": 32, "batch_size": 256, "gae_lambda": 0.8, "gamma": 0.98, "n_epochs": 20,
        "learning_rate": 1e-3,
    },
    ("PPO", "Acrobot-v1"): {"envs": 8, "n_steps": 128, "gae_lambda": 0.94, "n_epochs": 4},
    ("PPO", "LunarLander-v3"): {
        "envs": 8, "n_steps": 256, "gae_lambda": 0.98, "gamma": 0.999, "n_epochs": 4, "ent_coef": 0.01,
    },
    ("A2C", "CartPole-v1"): {"envs": 8},
    ("A2C", "Acrobot-v1"): {"envs": 8},
    ("A2C", "LunarLander-v3"): {"envs": 8, "gamma": 0.995, "learning_rate": 8.3e-4, "ent_coef": 1e-5},
    ("DQN", "CartPole-v1"): {
        "envs": 1, "learning_rate": 2.3e-3, "batch_size": 64, "buffer_size": 100_000, "learning_starts": 1000,
        "target_update_interval": 10, "train_freq": 256, "gradient_steps": 128, "exploration_fraction": 0.16,
        "exploration_final_eps": 0.04, "policy_kwargs": {"net_arch": [256, 256]},
    },
    ("DQN", "Acrobot-v1"): {
        "envs": 1, "learning_rate": 6.3e-4, "batch_size": 128, "buffer_size": 50_000, "learning_starts": 0,
        "target_update_interval": 250, "train_freq": 8, "exploration_fraction": 0.12, "exploration_final_eps": 0.1,
    },
    ("DQN", "LunarLander-v3"): {
        "envs": 1, "learning_rate": 6.3e-4, "batch_size": 128, "buffer_size": 50_000, "learning_starts": 0,
        "target_update_interval": 250, "train_freq": 8, "gradient_steps": 2, "exploration_fraction": 0.12,
        "exploration_final_eps": 0.1,
    },
}  # fmt: skip
# What a run of the sweep draws one each of.
SWEEP: dict[str, tuple[Any, ...]] = {
    "learning_rate": (3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2),
    "gamma": (0.8, 0.95, 0.98, 0.999),
    "n_steps": (32, 64, 128, 256),
    "n_epochs": (2, 5, 10, 20),
    "ent_coef": (0.0, 0.01, 0.1),
}


@dataclass
class Training:
    """One run to make."""

    project: str
    name: str
    group: str | None
    algorithm: str
    task: str
    steps: int
    seed: int
    settings: dict[str, Any] = field(repr=False)


def benchmark() -> list[Training]:
    """Seed by seed, so that what is there when somebody stops early is as even as it can be."""
    return [
        Training("benchmark", f"{group}-s{seed}", group, algorithm, task, steps, seed, SETTINGS[algorithm, task])
        for seed in SEEDS
        for task, steps in STEPS.items()
        for algorithm in ALGORITHMS
        for group in [f"{algorithm}-{task.partition('-')[0]}".lower()]
    ]


def sweep() -> list[Training]:
    """No two runs are seeds of one configuration, so they share no group."""
    draw = random.Random(1)
    trainings = []
    for at in range(1, SWEEP_RUNS + 1):
        drawn = {name: draw.choice(values) for name, values in SWEEP.items()}
        name = f"ppo-{at:02}-lr{drawn['learning_rate']:g}"
        trainings.append(Training("sweep", name, None, "PPO", "CartPole-v1", SWEEP_STEPS, at, {"envs": 8} | drawn))
    return trainings


def train(root: Path, training: Training) -> None:
    """Makes one run."""
    chosen = dict(training.settings)
    envs = chosen.pop("envs")
    env = make_vec_env(training.task, n_envs=envs, seed=training.seed)
    model = getattr(stable_baselines3, training.algorithm)("MlpPolicy", env, seed=training.seed, device="cpu", **chosen)
    run = eg.init(
        training.project, root=root, name=training.name, group=training.group, tags=["stable-baselines3"], strict=True,
        when_full="block", capture_code=False, capture_console=False, capture_system=False,
    )  # fmt: skip
    between = training.steps // LOGGED_TIMES
    # Iterations of PPO and A2C, episodes of DQN.
    interval = 10 if training.algorithm == "DQN" else max(between // (model.n_steps * envs), 1)
    model.learn(training.steps, callback=EthogramCallback(run, record=eg.never), log_interval=interval)
    run.finish()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("share", nargs="?", default="1/1", metavar="SHARE/OF")
    parser.add_argument("project", nargs="?", choices=("benchmark", "sweep"))
    chosen = parser.parse_args()
    share, of = (int(number) for number in chosen.share.split("/"))
    torch.set_num_threads(1)
    wanted = [training for training in benchmark() + sweep() if chosen.project in (None, training.project)]
    for training in wanted[share - 1 :: of]:
        folder = chosen.folder / training.project
        if any(json.loads(path.read_text())["name"] == training.name for path in folder.glob("*/run.json")):
            continue
        began = time.monotonic()
        train(chosen.folder, training)
        print(f"trained {training.project}/{training.name} in {time.monotonic() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
