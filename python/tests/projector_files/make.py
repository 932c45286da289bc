"""Writes the folders beside it as TensorBoard and PyTorch write what the projector shows.

    pip install tensorboard==2.21.0 torch==2.15.0 pillow==12.3.0 numpy==2.4.6 && python make.py

`tensorboard` holds what `visualize_embeddings` writes for tensors as text and as bytes, `torch` what `add_embedding`
does at two steps. Numbers follow a rule that tests repeat: see `points` and `tile`.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
WORDS = ["zero", "one", "two"]
POINTS = 10


def points(rows: int, width: int, step: int = 0) -> np.ndarray[Any, Any]:
    """Thirds, which no text of few digits holds."""
    return (np.arange(rows * width, dtype=np.float32).reshape(rows, width) - 7 + step) / np.float32(3)


def tile(point: int, height: int, width: int) -> np.ndarray[Any, Any]:
    """What a point looks like: rows darken downwards, and each point has its own blue."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[..., 0] = np.linspace(255, 0, height, dtype=np.uint8)[:, None]
    pixels[..., 1] = np.arange(width, dtype=np.uint8)
    pixels[..., 2] = 20 * point
    return pixels


def by_tensorboard(folder: Path) -> None:
    from PIL import Image
    from tensorboard.plugins import projector

    folder.mkdir()
    text, raw = points(POINTS, 4), points(6, 3)
    np.savetxt(folder / "digits.tsv", text, delimiter="\t", fmt="%.9g")
    raw.tofile(folder / "words.bytes")
    rows = [f"{WORDS[at % 3]}\t{at / 4}\t{at if at != 4 else ''}" for at in range(POINTS)]
    (folder / "digits metadata.tsv").write_text("\n".join(["label\tconfidence\tindex", *rows]) + "\n")
    (folder / "words.txt").write_text("\n".join(["the", "of", "and", "", 'to "be"', "é"]) + "\n")
    sheet = Image.new("RGB", (4 * 24, 3 * 20))
    for at in range(POINTS):
        sheet.paste(Image.fromarray(tile(at, 20, 24)), (at % 4 * 24, at // 4 * 20))
    sheet.save(folder / "digits.png")
    places = [{"tsne-0": at / 2, "tsne-1": -at, "tsne-2": 0.25} if at != 3 else {} for at in range(POINTS)]
    view = {"label": "two clouds", "selectedProjection": "tsne", "selectedPoints": [1, 2], "projections": places}
    (folder / "views.json").write_text(json.dumps([view]))

    config = projector.ProjectorConfig()
    digits = config.embeddings.add()
    digits.tensor_name, digits.tensor_path = "digits", "digits.tsv"
    digits.metadata_path, digits.bookmarks_path = "digits metadata.tsv", "views.json"
    digits.sprite.image_path = "digits.png"
    digits.sprite.single_image_dim.extend([24, 20])
    words = config.embeddings.add()
    words.tensor_name, words.tensor_path, words.metadata_path = "wörter\t2", "words.bytes", "words.txt"
    words.tensor_shape.extend(raw.shape)
    projector.visualize_embeddings(str(folder), config)


def by_torch(folder: Path) -> None:
    import torch
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(str(folder)) as writer:
        for step in (5, 10):
            pictures = np.stack([tile(at, 12, 12) for at in range(5)]).transpose(0, 3, 1, 2) / 255
            rows = [[WORDS[at % 3], at % 2 == 0] for at in range(5)]
            writer.add_embedding(
                torch.from_numpy(points(5, 3, step)), metadata=rows, metadata_header=["label", "even"],
                label_img=torch.from_numpy(pictures), global_step=step, tag="layer",
            )  # fmt: skip
        writer.add_embedding(torch.from_numpy(points(4, 2)), metadata=[*WORDS, "3"], global_step=10, tag="plain")
    for events in folder.glob("events.*"):
        events.unlink()


if __name__ == "__main__":
    for name, make in (("tensorboard", by_tensorboard), ("torch", by_torch)):
        shutil.rmtree(HERE / name, ignore_errors=True)
        make(HERE / name)
