"""Logs a few short runs that differ in their seed, and one of another algorithm. Usage: log_seeds.py ROOT."""

import sys

import ethogram as eg

EPISODES = 5
LENGTH = 10


def train(name: str, seed: int, base: float) -> None:
    """One run whose returns and losses tell its seed."""
    config = {"algorithm": name, "seed": seed, "learning_rate": 0.001}
    run = eg.init(
        project="seeds", name=f"{name}-s{seed}", group=name, root=sys.argv[1], when_full="block", config=config
    )
    for index in range(EPISODES):
        start = index * LENGTH
        episode = run.episode(global_step=start)
        for t in range(LENGTH):
            episode.step(observation=[float(t)], action=t % 2, reward=(base + seed) / LENGTH)
        episode.end(observation=[float(LENGTH)], terminated=True)
        run.log({"losses/td": base + seed}, global_step=start + LENGTH)
    run.finish()


for seed in range(3):
    train("dqn", seed, 1.0)
train("ppo", 0, 20.0)
