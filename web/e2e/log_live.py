"""A training loop that does what it is told, one line of standard input at a time.

Commands are `log STEP VALUE`, `episode RETURN` and `finish`; `open`, `steps N` (with pictures), `numbers N` (without) and `close` for
an episode that goes on meanwhile. Each is answered by a line with the time at which the call returned.
"""

import sys
import time

import ethogram as eg
import numpy as np


def picture(step: int) -> np.ndarray:
    """A ball over a court, 210x160: as many colours and as much motion as an Atari game has."""
    frame = np.zeros((210, 160, 3), np.uint8)
    frame[20:40] = np.repeat(np.arange(0, 160, 8, dtype=np.uint8), 8)[:, None]
    frame[190:194, (step * 3) % 140 : (step * 3) % 140 + 16] = (200, 72, 72)
    frame[60 + (step * 2) % 120 :, :][:4, (step * 5) % 150 : (step * 5) % 150 + 4] = (236, 236, 236)
    return frame


run = eg.init(project="live", name="live-run", root=sys.argv[1], when_full="block", config={"learning_rate": 0.001})
print("ready", time.time(), flush=True)
step = 0
going = None
at = 0
for line in sys.stdin:
    command, *arguments = line.split()
    if command == "log":
        step = int(arguments[0])
        run.log({"losses/td": float(arguments[1])}, global_step=step)
    elif command == "episode":
        episode = run.episode(global_step=step)
        for t in range(20):
            episode.step(observation=[float(t), 0.0], action=t % 2, reward=float(arguments[0]) / 20)
        episode.end(observation=[20.0, 0.0], terminated=True)
    elif command == "open":
        going, at = run.episode(seed=7), 0
    elif command == "steps":
        for _ in range(int(arguments[0])):
            going.step(frame=picture(at), action=at % 4, reward=float(at % 50 == 0), value=np.sin(at / 40))
            at += 1
    elif command == "numbers":
        for _ in range(int(arguments[0])):
            going.step(observation=[at / 1e5, np.sin(at / 40)], action=at % 4, reward=0.25, value=np.cos(at / 40))
            at += 1
    elif command == "close":
        going.step(frame=picture(at), action=0, reward=1.0, terminated=True)
        going.end()
    elif command == "finish":
        run.finish()
    print("done", time.time(), flush=True)
