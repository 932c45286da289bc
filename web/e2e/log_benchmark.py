"""Logs two algorithms on two Atari games with three seeds each, returns chosen so that numbers are known. Usage: log_benchmark.py ROOT."""

import sys

import ethogram as eg

EPISODES = 4
LENGTH = 10
# Chance and people: Pong -20.7 and 14.6, Breakout 1.7 and 30.5. Human-normalised: see the test.
RETURNS = {
    ("dqn", "ALE/Pong-v5"): [-20.7, -3.05, 14.6],
    ("dqn", "ALE/Breakout-v5"): [1.7, 16.1, 30.5],
    ("ppo", "ALE/Pong-v5"): [14.6, 14.6, 14.6],
    ("ppo", "ALE/Breakout-v5"): [30.5, 44.9, 59.3],
}


def train(algorithm: str, game: str, seed: int, last: float) -> None:
    """One run whose return grows to `last`: every episode after the first is scored."""
    config = {"algo": algorithm, "env_id": game, "seed": seed, "learning_rate": 1e-4 if algorithm == "dqn" else 2.5e-4}
    run = eg.init(project="atari", name=f"{algorithm}-{seed}", root=sys.argv[1], when_full="block", config=config)
    for index in range(EPISODES):
        start = index * LENGTH
        episode = run.episode(global_step=start)
        for t in range(LENGTH):
            episode.step(observation=[float(t)], action=t % 2, reward=last / LENGTH)
        episode.end(observation=[float(LENGTH)], terminated=True)
        run.log({"losses/td": 1.0 / (index + 1)}, global_step=start + LENGTH)
    run.finish()


for (algorithm, game), returns in RETURNS.items():
    for seed, last in enumerate(returns):
        train(algorithm, game, seed, last)
