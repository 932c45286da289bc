"""Logs two runs to be told of in a report: `log_report.py FOLDER`.

Each has a curve of 3,000 points with one it lost, and two recorded episodes of 100 steps: row `step % 40` of a frame is white. Of the first
episode the script says something that is no markup. The second has the larger return.
"""

import math
import sys

import ethogram as eg
import numpy as np

STEPS, POINTS = 100, 3_000
EVIL = "</script><img src=x onerror=alert(1)>"

for seed in range(2):
    with eg.init(
        root=sys.argv[1],
        project="reports",
        name=f"digger-{seed}",
        notes=f"what the script said {EVIL}",
        tags=["baseline"],
        config={"seed": seed},
        when_full="block",
        capture_code=False,
    ) as run:
        for number in range(2):
            with run.episode(seed=number) as episode:
                if number == 0:
                    episode.note(title="it digs", description=EVIL, tags=["tunnel"])
                    episode.hotspot("first tunnel", note="from here on", start=20, end=40)
                for t in range(STEPS):
                    frame = np.zeros((40, 60, 3), np.uint8)
                    frame[t % 40] = 255
                    frame[:, : 6 * (number + 1), 1] = 200
                    episode.step(
                        frame=frame,
                        action=t % 3,
                        reward=float(t % 10 == 0) + number,
                        value=math.sin(t / 9) if t != 50 else math.nan,
                        action_probabilities=np.array([0.5, 0.3, 0.2], np.float32),
                        observation=np.array([t, -t, t / 2], np.float32),
                    )
        for step in range(POINTS):
            lost = math.nan if step == 1_500 else seed + math.sin(step / 100)
            run.log({"losses/td": lost, "charts/sps": 100.0 + seed}, global_step=step)
