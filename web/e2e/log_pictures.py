"""Logs a run for every kind of picture, and one without any: `log_pictures.py FOLDER`. The kind is the name of the run.

Pixels follow from step and place by the rules below, so that a test in another language can say what must be on the screen.
"""

import sys

import ethogram as eg
import numpy as np

STEPS = 6
ROWS, COLUMNS = 36, 48


def grey(step: int, plane: int = 0) -> np.ndarray:
    """Pixel (x, y) is 3x + 2y + 10·step + 40·plane."""
    y, x = np.mgrid[0:ROWS, 0:COLUMNS]
    return ((3 * x + 2 * y + 10 * step + 40 * plane) % 256).astype(np.uint8)


def rgb(step: int) -> np.ndarray:
    """Red is 7x, green is 9y, blue is 20·step."""
    y, x = np.mgrid[0:ROWS, 0:COLUMNS]
    return np.stack([7 * x % 256, 9 * y % 256, np.full_like(x, 20 * step)], axis=-1).astype(np.uint8)


def rgba(step: int) -> np.ndarray:
    """The same; the left half is opaque, the right half is not there at all."""
    alpha = np.where(np.arange(COLUMNS) < COLUMNS // 2, 255, 0).astype(np.uint8)
    return np.dstack([rgb(step), np.broadcast_to(alpha, (ROWS, COLUMNS))])


def stack(step: int) -> np.ndarray:
    return np.stack([grey(step, plane) for plane in range(4)])


KINDS = {
    "grey": ("frame", grey),
    "rgb": ("frame", rgb),
    "rgba": ("frame", rgba),
    "channels_first": ("observation", lambda step: np.ascontiguousarray(rgb(step).transpose(2, 0, 1))),
    "stack_first": ("observation", stack),
    "stack_last": ("observation", lambda step: np.ascontiguousarray(stack(step).transpose(1, 2, 0))),
    "float": ("observation", lambda step: grey(step).astype(np.float32) / 255 * 4 - 2),
    "one_pixel": ("frame", lambda step: np.full((1, 1, 3), 40 * step, np.uint8)),
    "large": ("frame", lambda step: np.kron(rgb(step), np.ones((60, 80, 1), np.uint8))),
}

for kind, (field, picture) in KINDS.items():
    run = eg.init(project="pictures", name=kind, root=sys.argv[1], when_full="block")
    with run.episode() as episode:
        for step in range(STEPS):
            signals = {
                "action": step % 3,
                "reward": float(step == 2),
                "value": step / 2,
                "truncated": step == STEPS - 1,
            }
            episode.step(**{field: picture(step)}, **signals)
    run.finish()

run = eg.init(project="pictures", name="numbers", root=sys.argv[1], when_full="block")
for length in (200, 150, 120):
    with run.episode(seed=length) as episode:
        for step in range(length):
            episode.step(action=step % 3, reward=float(step in (50, 110)), terminated=step == length - 1)
run.finish()
