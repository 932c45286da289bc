"""Logs one run of odd and of many values, and forty short runs of four configurations. Usage: log_curves.py ROOT."""

import math
import sys

import ethogram as eg

POINTS = 4000
ODD = {3: math.nan, 5: math.inf, 7: -math.inf, 8: math.nan, 11: 0.0, 12: -2.5}


def odd(step: int) -> float:
    """Twenty values, six of which no logarithm shows."""
    return ODD.get(step, 10.0 ** (step / 5))


run = eg.init(project="curves", name="odd", root=sys.argv[1], when_full="block", config={"seed": 0})
for index in range(40):
    episode = run.episode(global_step=index * 100)
    for t in range(4):
        episode.step(observation=[float(t)], action=0, reward=float(index))
    episode.end(observation=[4.0], terminated=True)
for step in range(POINTS):
    row = {"losses/value_loss": math.sin(step / 40) * 3 + (step * 7919 % 13) / 6}
    if step < 20:
        row["train/approx_kl"] = odd(step)
    if step < 200:
        row["train/spiky"] = 1e6 if step == 100 else float(step)
    run.log(row, global_step=step)
run.finish()

for index in range(40):
    seed = eg.init(
        project="many", name=f"v{index % 4}-s{index}", root=sys.argv[1], when_full="block", config={"v": index % 4}
    )
    for step in range(5):
        seed.log({"losses/td": float(index % 4) + step}, global_step=step)
    seed.finish()
