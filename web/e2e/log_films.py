"""Logs one run with an episode to be filmed: `log_films.py FOLDER`.

Pixel (x, y) of a frame has red 4·step, green 60 in the left half and 220 in the right, blue 90. Of four Q-values the first is the
step, the others are 0, 44 and 22: over steps 5 to 44 the axis reaches from 0 to 44.
"""

import sys

import ethogram as eg
import numpy as np
from ethogram import space

STEPS, ROWS, COLUMNS = 60, 36, 48

env = eg.describe(
    "Films-v0", fps=20, action_space=space.discrete(4), action_meanings=["NOOP", "UP", "DOWN", "a <b>bold</b> name"]
)
with (
    eg.init(root=sys.argv[1], project="films", name="films", env=env, strict=True, capture_code=False) as run,
    run.episode() as episode,
):
    for step in range(STEPS):
        frame = np.empty((ROWS, COLUMNS, 3), np.uint8)
        frame[..., 0], frame[..., 2] = 4 * step, 90
        frame[:, : COLUMNS // 2, 1], frame[:, COLUMNS // 2 :, 1] = 60, 220
        episode.step(
            frame=frame,
            action=step % 4,
            reward=float(step % 3 == 1),
            q_values=np.array([step, 0, 44, 22], np.float32),
            greedy=step % 5 != 0,
        )
