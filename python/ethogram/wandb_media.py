"""Media that W&B keeps as files beside the log of an offline run, or in it."""

from __future__ import annotations

import json
import math
import wave
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ethogram import values
from ethogram.errors import CorruptError
from ethogram.pictures import picture

PICTURE_BYTES_MAX = 256 * 1024**2
"""A larger picture is not read."""

FILM_BYTES_MAX = 128 * 1024**2
"""A larger film is not taken along (docs/format.md)."""

TABLE_BYTES_MAX = 64 * 1024**2
"""A larger table is not read."""

SOUND_BYTES_MAX = 16 * 1024**2
"""A larger sound is not read."""

COUNT_MAX = 1_024
"""Most pictures or films of one value."""


@dataclass
class Film:
    """A film that was logged.

    Attributes:
        name: Under which it was logged.
        path: The file.
        caption: What it shows.
    """

    name: str
    path: Path
    caption: str


@dataclass
class Media:
    """The files of a run, and what became of what was logged of them.

    Attributes:
        root: The folder that paths start from.
        films: Those that were logged at the step that is read.
        left_out: What could not be taken along, and how often.
    """

    root: Path
    films: list[Film] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)

    def read(self, name: str, value: dict[str, Any]) -> dict[str, Any]:
        """What to log of a value that has a `_type`. Films are added to `films`.

        Raises:
            CorruptError: A file is not what it says, over a limit, or outside of the run's folder.
        """
        found: Any
        match value.get("_type"):
            case "histogram":
                found = _histogram(value)
            case "image-file":
                found = self._picture(value)
            case "images/separated":
                paths, captions = _listed(value, "filenames"), value.get("captions")
                told = captions if isinstance(captions, list) else []
                parts = {
                    _part(name, at, len(paths)): self._picture({"path": path, "caption": _at(told, at)})
                    for at, path in enumerate(paths)
                }
                return {part: picture for part, picture in parts.items() if picture is not None}
            case "video-file":
                self._film(name, value)
                return {}
            case "videos":
                videos = _listed(value, "videos")
                for at, video in enumerate(videos):
                    self._film(_part(name, at, len(videos)), video if isinstance(video, dict) else {})
                return {}
            case "table-file":
                return self._table(name, value)
            case "audio-file":
                found = self._sound(name, value)
            case "object3D-file":
                found = self._points(name, value)
            case "html-file":
                file = self._file(value, TABLE_BYTES_MAX)
                found = None if file is None else values.Text(file.read_text(encoding="utf-8", errors="replace"))
            case other:
                path = value.get("path")
                self.left_out[f"{name}: values of the kind {other!r}" + (f", {path}" if path else "")] += 1
                return {}
        return {} if found is None else {name: found}

    def _file(self, value: dict[str, Any], most: int) -> Path | None:
        """The file of a value; `None` where it is not in the folder any more."""
        told = value.get("path")
        if not isinstance(told, str) or not told:
            self.left_out["files that lie in artifacts"] += 1
            return None
        # The folder of files may be no link itself.
        root = self.root.parent.resolve() / self.root.name
        path = (root / told).resolve()
        if not path.is_relative_to(root):
            raise CorruptError(f"{told!r}: expected a file of the run, found one outside of its folder")
        if not path.is_file():
            self.left_out["files that are not there"] += 1
            return None
        if path.stat().st_size > most:
            raise CorruptError(f"{told}: expected at most {most} bytes, found {path.stat().st_size}")
        return path

    def _picture(self, value: dict[str, Any]) -> values.Image | None:
        path = self._file(value, PICTURE_BYTES_MAX)
        if path is None:
            return None
        caption = value.get("caption")
        return values.Image(picture(path.read_bytes(), path.name), caption if isinstance(caption, str) else "")

    def _film(self, name: str, value: dict[str, Any]) -> None:
        path = self._file(value, FILM_BYTES_MAX)
        if path is None:
            return
        if path.suffix.lower() not in (".mp4", ".gif"):
            self.left_out[f"{name}: films that are neither mp4 nor gif"] += 1
            return
        caption = value.get("caption")
        self.films.append(Film(name, path, caption if isinstance(caption, str) else ""))

    def _sound(self, name: str, value: dict[str, Any]) -> values.Tensor | None:
        """Samples by channels from −1 to 1, of a WAV file of 16 bits a sample, as W&B writes what it is given."""
        path = self._file(value, SOUND_BYTES_MAX)
        if path is None:
            return None
        try:
            with wave.open(str(path), "rb") as sound:
                channels, width, rate = sound.getnchannels(), sound.getsampwidth(), sound.getframerate()
                data = sound.readframes(sound.getnframes())
        except (wave.Error, EOFError):
            width = 0
        if width != 2:
            self.left_out[f"{name}: sounds that are no WAV of 16 bits, {value['path']}"] += 1
            return None
        samples = np.frombuffer(data[: len(data) // (2 * channels) * 2 * channels], "<i2").reshape(-1, channels)
        caption = value.get("caption")
        told = {"sample_rate": rate, "caption": caption if isinstance(caption, str) else ""}
        return values.Tensor(samples.astype(np.float32) / 32768, told)

    def _points(self, name: str, value: dict[str, Any]) -> values.Tensor | None:
        """Points in space, a row each: x, y, z, and what else was given."""
        path = self._file(value, TABLE_BYTES_MAX)
        if path is None:
            return None
        points = None
        if path.name.endswith(".pts.json"):
            try:
                points = numbers_of(json.loads(path.read_bytes()))
            except (ValueError, RecursionError):
                points = None
        if points is None or points.ndim != 2:
            self.left_out[f"{name}: 3-D objects that are no points, {value['path']}"] += 1
            return None
        return values.Tensor(points)

    def _table(self, name: str, value: dict[str, Any]) -> dict[str, Any]:
        """As Markdown; where all cells are numbers also as an array of rows by columns."""
        path = self._file(value, TABLE_BYTES_MAX)
        if path is None:
            return {}
        try:
            told = json.loads(path.read_bytes())
            columns, rows = told["columns"], told["data"]
            lines = [columns, ["---"] * len(columns), *rows]
            text = values.Text("\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines))
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise CorruptError(f"{path.name}: expected a table of columns and data: {error}") from error
        cells = numbers_of(rows)
        if cells is None or cells.ndim != 2:
            return {name: text}
        return {name: text, f"{name}/values": values.Tensor(cells, {"columns": list(map(str, columns))})}


def numbers_of(value: Any) -> np.ndarray[Any, Any] | None:
    """A list of numbers, or of lists of as many, as an array; `None` for any other and for an empty one."""
    try:
        found = np.asarray(value)
    except ValueError:
        return None
    return found.astype(np.float64) if found.size > 0 and found.dtype.kind in "iuf" else None


def _histogram(value: dict[str, Any]) -> values.Histogram | None:
    counts, edges = value.get("values"), value.get("bins")
    packed = value.get("packedBins")
    if edges is None and isinstance(packed, dict) and isinstance(counts, list):
        edges = [packed["min"] + at * packed["size"] for at in range(len(counts) + 1)]
    if not (_numbers(counts) and _numbers(edges)):
        raise CorruptError(f"expected a histogram of values and bins, found {str(value)[:80]!r}")
    return values.Histogram(counts, edges)


def _numbers(found: Any) -> bool:
    return isinstance(found, list) and all(isinstance(one, int | float) and math.isfinite(one) for one in found)


def _listed(value: dict[str, Any], name: str) -> list[Any]:
    found = value.get(name)
    if not isinstance(found, list) or len(found) > COUNT_MAX:
        raise CorruptError(f"expected at most {COUNT_MAX} {name}, found {str(found)[:80]!r}")
    return found


def _part(name: str, at: int, count: int) -> str:
    return name if count == 1 else f"{name}/{at}"


def _at(told: list[Any], at: int) -> Any:
    return told[at] if at < len(told) else None


def _cell(value: Any) -> str:
    """A cell of a table; of media the file."""
    if isinstance(value, dict) and "path" in value:
        value = value["path"]
    text = value if isinstance(value, str) else json.dumps(value)
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")
