"""The peer of the bench `video`: the same film with matplotlib and moviepy.

`video.py RUN EPISODE STEPS WIDTH HEIGHT OUT [overlay]` reads the episode with our SDK and films it as people do: one
figure whose artists are given new data for every frame, its pixels handed to moviepy, which pipes them into the ffmpeg
that it brings. Prints a line of JSON with the seconds of drawing and encoding alone: neither imports nor reading are
counted.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import ethogram as eg
import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import numpy as np
from moviepy import VideoClip

FPS = 30
DPI = 100


def film(run: str, episode: int, steps: int, width: int, height: int, out: Path, overlay: bool) -> float:
    view = eg.open(run)
    names = view.info["env"]["action_meanings"]
    recorded = view.episode(episode)
    pictures = np.asarray(recorded.field("observation" if overlay else "frame").numpy()[:steps])
    numbers = np.asarray(recorded.field("action_probabilities").numpy()[:steps])
    actions = np.asarray(recorded.field("action").numpy()[:steps])
    rewards = np.nan_to_num(np.asarray(recorded.field("reward").numpy()[:steps], dtype=float))
    returns = np.cumsum(rewards)
    # What ours lays over it, too: the peer is not asked to compute attributions, nor to colour them.
    heat = None
    if overlay:
        heat = coloured(recorded.field("attribution/saliency", target="action").numpy()[:steps])

    figure = plt.figure(figsize=(width / DPI, height / DPI), dpi=DPI)
    grid = figure.add_gridspec(1, 2, width_ratios=(1.3, 1))
    left, right = figure.add_subplot(grid[0]), figure.add_subplot(grid[1])
    left.axis("off")
    image = left.imshow(pictures[0], cmap="gray" if overlay else None, interpolation="nearest", vmin=0, vmax=255)
    laid = left.imshow(heat[0], interpolation="nearest") if heat is not None else None
    bars = right.barh(range(len(names)), numbers[0])
    right.set_yticks(range(len(names)), names)
    right.set_xlim(0, 1)
    right.invert_yaxis()
    texts = [right.text(1.0, i, "", va="center", ha="right") for i in range(len(names))]

    def draw(seconds: float) -> Any:
        t = min(steps - 1, round(seconds * FPS))
        image.set_data(pictures[t])
        if laid is not None and heat is not None:
            laid.set_data(heat[t])
        for i, (bar, text) in enumerate(zip(bars, texts, strict=True)):
            bar.set_width(numbers[t, i])
            bar.set_edgecolor("black" if i == actions[t] else "none")
            text.set_text(f"{numbers[t, i]:.3f}")
        right.set_title(f"step {t}  reward {rewards[t]:g}  return {returns[t]:g}")
        figure.canvas.draw()
        return np.asarray(figure.canvas.buffer_rgba())[..., :3]

    began = time.perf_counter()
    clip = VideoClip(draw, duration=steps / FPS)
    clip.write_videofile(str(out), fps=FPS, codec="libx264", audio=False, logger=None)
    return time.perf_counter() - began


def coloured(heat: Any) -> Any:
    """T x H x W x 4 bytes: warm above zero, cold below, clear where weak; scales of their own leave 2 % of each out."""
    heat = heat.sum(axis=1)
    magnitudes = np.sort(np.abs(heat).reshape(len(heat), -1), axis=1)
    sums = np.cumsum(magnitudes, axis=1)
    reach = magnitudes[np.arange(len(heat)), np.argmax(sums >= 0.98 * sums[:, -1:], axis=1)]
    scaled = np.clip(heat / np.maximum(reach, 1e-12)[:, None, None], -1, 1)
    colours = matplotlib.colormaps["seismic"](scaled / 2 + 0.5, bytes=True)
    colours[..., 3] = np.sqrt(np.abs(scaled)) * 255
    return colours


if __name__ == "__main__":
    run, episode, steps, width, height, out, *rest = sys.argv[1:]
    seconds = film(run, int(episode), int(steps), int(width), int(height), Path(out), bool(rest))
    print(json.dumps({"secs": seconds, "bytes": Path(out).stat().st_size}))
