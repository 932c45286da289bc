"""Logs a thousand runs of a few episodes: seeds of a few configurations in groups. Usage: log_many_runs.py ROOT [RUNS]."""

import sys

import ethogram as eg

RUNS = int(sys.argv[2]) if len(sys.argv) > 2 else 1000

for index in range(RUNS):
    lr = 10.0 ** -(2 + index % 3)
    run = eg.init(
        project="many",
        name=f"run-{index:04d}",
        group=f"lr-{index % 3}",
        root=sys.argv[1],
        when_full="block",
        tags=["even" if index % 2 == 0 else "odd"],
        config={"lr": lr, "seed": index // 3, "net": {"width": 64}, "algorithm": "dqn"},
    )
    episode = run.episode(global_step=0)
    episode.step(observation=[0.0], action=0, reward=float(index % 3 + index // 3 % 2))
    episode.end(observation=[1.0], terminated=True)
    run.finish()
