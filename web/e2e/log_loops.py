"""Logs a run with an agent that walks on and one that runs in a circle, and curves with planted faults.

Usage: log_loops.py ROOT.
"""

import random
import sys

import ethogram as eg
import numpy as np

run = eg.init(project="events", name="planted", root=sys.argv[1], when_full="block")
for index, looping in enumerate((False, True)):
    chance = random.Random(index)
    episode = run.episode(global_step=index * 240)
    place = 0.0
    for t in range(240):
        place = float(t % 4) if looping else place + chance.random()
        picture = np.zeros((32, 32, 3), np.uint8)
        picture[int(place * 7) % 30 :][:3] = (200, 120, 40)
        sure = 0.9 if looping else 0.5
        episode.step(
            observation=np.array([place, np.sin(place)], np.float32),
            frame=picture,
            action=t % 4 if looping else chance.randrange(4),
            reward=float(t % 4 == 3) if looping else float(chance.random() < 0.1),
            value=40.0 if t == 50 else 1.0,
            action_probabilities=np.array([sure, 1 - sure, 0, 0], np.float32),
        )
    episode.end(observation=np.zeros(2, np.float32), terminated=True)
for step in range(100):
    run.log(
        {
            "losses/entropy": 1.0 if step < 40 else 0.001,
            "losses/approx_kl": 2.0 if step == 60 else 0.01,
            "losses/old_approx_kl": 0.01,
        },
        global_step=step * 10,
    )
run.finish()
