"""One run with two recorded episodes, of the first of which the script says something."""

import sys

import ethogram as eg
import numpy as np

with eg.init(project="notes", name="digger", root=sys.argv[1], tags=["baseline"], notes="what the script\nsaid") as run:
    for number in range(2):
        with run.episode(seed=number) as episode:
            if number == 0:
                episode.note(title="it digs", description="a <b>tunnel</b>", tags=["tunnel"])
                episode.hotspot("first tunnel", note="<img src=x onerror=alert(1)>", start=20, end=40)
            for t in range(100):
                frame = np.zeros((64, 64), np.uint8)
                frame[t % 64] = 255
                episode.step(frame=frame, action=t % 3, reward=float(t % 10 == 0), value=np.sin(t / 9))
