"""Real pictures for the bench `frames`, and what PNG and WebP make of them.

`frames.py export FOLDER` writes the pictures of each game as raw RGB, `frames.py measure FOLDER GAME HEIGHT WIDTH`
encodes those of one with Pillow. Each prints lines of JSON.
"""

import io
import json
import random
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

SOURCES = Path(__file__).parent.parent / "demo" / "sources" / "rollouts"
FRAMES_MAX = 2_000
DECODED = 200
# Recordings of trained agents; a game's pictures are those of its files in order.
GAMES = {
    "breakout": ["breakout-a3c-40M/seed000", "breakout-a3c-80M/seed000"],
    "pong": ["pong-a3c-40M/seed000"],
    "lunarlander": ["lunarlander-dqn/seed000", "lunarlander-ppo/seed001"],
}
FORMATS: dict[str, dict[str, Any]] = {
    "png": {"format": "PNG"},
    "webp": {"format": "WEBP", "lossless": True, "method": 4},
}


def pictures(name: str) -> Any:
    """All pictures of one recording, T×H×W×3."""
    with np.load(SOURCES / f"{name}.npz") as stored:
        if "frames" in stored.files:
            return np.asarray(stored["frames"])
        return np.asarray(stored["palette"][stored["frames_idx"]])


def export(folder: Path) -> None:
    """Write `GAME.rgb`, the raw pictures one after the other."""
    for game, names in GAMES.items():
        frames = np.concatenate([pictures(name)[:FRAMES_MAX] for name in names])[:FRAMES_MAX]
        frames.tofile(folder / f"{game}.rgb")
        count, height, width, _ = frames.shape
        print(json.dumps({"game": game, "count": count, "height": height, "width": width}))


def measure(folder: Path, game: str, height: int, width: int) -> None:
    """Encode every picture by itself, and decode some in random order."""
    frames = np.fromfile(folder / f"{game}.rgb", np.uint8).reshape(-1, height, width, 3)
    order = random.Random(1).choices(range(len(frames)), k=DECODED)
    for name, options in FORMATS.items():
        files, encode, decode = [], [], []
        for frame in frames:
            began = time.perf_counter()
            file = io.BytesIO()
            Image.fromarray(frame).save(file, **options)
            encode.append(time.perf_counter() - began)
            files.append(file.getvalue())
        for index in order:
            began = time.perf_counter()
            decoded = np.asarray(Image.open(io.BytesIO(files[index])).convert("RGB"))
            decode.append(time.perf_counter() - began)
            assert np.array_equal(decoded, frames[index]), f"{name} lost something of frame {index} of {game}"
        result = {
            "codec": name,
            "bytes": sum(map(len, files)) / len(files),
            "encode_us": statistics.median(encode) * 1e6,
            "decode_us": statistics.median(decode) * 1e6,
        }
        print(json.dumps(result))


if __name__ == "__main__":
    if sys.argv[1] == "export":
        export(Path(sys.argv[2]))
    else:
        measure(Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
