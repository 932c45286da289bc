"""A run with frames, and the documented overlay over them."""

import sys

import ethogram as eg
import numpy as np

with eg.init("tests", name="overlaid", root=sys.argv[1], strict=True, capture_code=False, capture_system=False) as run:
    with run.episode() as episode:
        for step in range(6):
            frame = np.full((48, 64, 3), 30, np.uint8)
            frame[8:24, 8 * step : 8 * step + 16] = 220
            episode.step(frame=frame, action=step % 2, reward=1.0, terminated=step == 5)
    run.flush()


def brightness(picture: np.ndarray) -> np.ndarray:
    """How bright each place is."""
    return picture.mean(axis=2) / 127.5 - 1


eg.overlay(run.folder, 0, brightness)
