"""Logs runs that a page may stumble over: odd names, one-step episodes, no pictures, nothing recorded, and thirty recordings.

Usage: log_odd_runs.py ROOT.
"""

import sys

import ethogram as eg
import numpy as np


def picture(step: int, episode: int) -> np.ndarray:
    """A ball over a court, 84x84."""
    frame = np.zeros((84, 84, 3), np.uint8)
    frame[78:80, (step * 3 + episode * 7) % 70 :][:, :14] = (200, 72, 72)
    frame[10 + (step * 2) % 60 :, :][:3, (step * 5) % 80 :][:, :3] = (236, 236, 236)
    return frame


def start(name: str, **more: object) -> eg.Run:
    """A run of one project and no environment, so that all are shown together."""
    return eg.init(project="odd", name=name, root=sys.argv[1], when_full="block", **more)


run = start("none")
run.log({"losses/td": 1.0}, global_step=10)
run.finish()

run = start("plain", config={"lr": 1e-4, "net": {"width": 64}})
for index in range(2):
    episode = run.episode(global_step=index * 40)
    for t in range(40):
        episode.step(
            observation=[np.sin(t / 5), np.cos(t / 5)], action=(t // (3 + index)) % 2, reward=float(t % 10 == 9)
        )
    episode.end(observation=[0.0, 0.0], terminated=True)
run.finish()

run = start("thirty", config={"lr": 1e-3, "net": {"width": 64}})
for index in range(30):
    episode = run.episode(global_step=index * 1000, seed=index)
    for t in range(100):
        episode.step(frame=picture(t, index), action=t % 4, reward=float(t % 20 == 0))
    episode.end(terminated=True)
run.finish()

run = start("🐍 <b>bold</b><img src=x onerror=alert(1)>", config={"lr": 1e-2, "tag": "<script>"}, tags=["a&b", "<i>"])
episode = run.episode(global_step=0)
episode.step(frame=picture(0, 0), action=0, reward=1.0)
episode.end(terminated=True)
run.finish()
