"""Evaluations as Bootstrapped DQN (`run_bootstrap.py`) keeps them: a GIF, and beside it a text.

The text has a line a step: `action, reward, life_lost, terminal`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ethogram.errors import CorruptError, EthogramError

SIDECAR_BYTES_MAX = 256 * 1024**2
"""A larger text is not read."""

STEPS_MAX = 1_000_000
"""Most lines of it."""

_NAME = re.compile(r"(?P<of>.*?)_?step(?P<step>\d{1,12})_r(?P<score>-?\d{1,9})(?:_.*)?")


@dataclass
class Line:
    """What stands of one step."""

    action: int
    reward: float
    life_lost: bool
    terminal: bool


@dataclass
class Clip:
    """An evaluation.

    Attributes:
        of: What the name says was played; empty where it does not.
        global_step: When in training, as the name says.
        lines: A step each.
        film: The GIF; `None` where there is none.
    """

    of: str
    global_step: int
    lines: list[Line]
    film: Path | None


def clip_of(path: Path) -> Clip | None:
    """The clip that a text or a GIF belongs to; `None` where it is no sidecar."""
    text = path.with_suffix(".txt")
    if path.suffix.lower() not in (".txt", ".gif") or not text.is_file():
        return None
    if text.stat().st_size > SIDECAR_BYTES_MAX:
        raise CorruptError(f"{text}: expected at most {SIDECAR_BYTES_MAX} bytes")
    lines = []
    for number, row in enumerate(text.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        if not row.strip():
            continue
        line = _line(row)
        if line is None:
            if number == 1:
                # Some other text, or a line of names.
                if [cell.strip() for cell in row.split(",")] != ["action", "reward", "life_lost", "terminal"]:
                    return None
                continue
            raise CorruptError(
                f"{text.name}, line {number}: expected action, reward, life_lost, terminal, found {row[:80]!r}"
            )
        lines.append(line)
        if len(lines) > STEPS_MAX:
            raise CorruptError(f"{text.name}: expected at most {STEPS_MAX} lines")
    if not lines:
        return None
    named = _NAME.fullmatch(text.stem)
    film = path.with_suffix(".gif")
    return Clip(
        named["of"] if named else "", int(named["step"]) if named else 0, lines, film if film.is_file() else None
    )


def frames_of(film: Path) -> Iterator[Any]:
    """The frames of a GIF, H×W×3."""
    import numpy as np

    try:
        from PIL import Image, ImageSequence
    except ImportError as error:
        raise EthogramError(f"{film.name}: a GIF is read with Pillow; pip install pillow") from error
    try:
        with Image.open(film) as pictures:
            for picture in ImageSequence.Iterator(pictures):
                yield np.asarray(picture.convert("RGB"))
    except OSError as error:
        raise CorruptError(f"{film}: expected a GIF: {error}") from error


def _line(row: str) -> Line | None:
    cells = [cell.strip() for cell in row.strip().strip("[]()").split(",")]
    if len(cells) != 4:
        return None
    try:
        return Line(int(float(cells[0])), float(cells[1]), _truth(cells[2]), _truth(cells[3]))
    except ValueError:
        return None


def _truth(text: str) -> bool:
    return {"true": True, "false": False}[text.lower()] if text.lower() in ("true", "false") else float(text) != 0
