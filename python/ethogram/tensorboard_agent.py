"""Folders of the TensorBoard plug-in `agent`: frames and saliency maps as PNG, rewards and actions as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ethogram import png
from ethogram.errors import CorruptError

if TYPE_CHECKING:
    import numpy.typing

    Values = numpy.typing.NDArray[Any]

FILE_BYTES_MAX = 256 * 1024**2
"""A larger file of an episode is not read."""

STEPS_MAX = 10_000_000
"""Most steps of an episode."""

LIVE = "_LIVE__"
"""How the folder of an episode begins that was still played."""

_NAME = re.compile(rf"(?:{LIVE})?(?P<of>.+)-(?P<start>\d{{1,12}}(?:\.\d+)?)-ep(?P<episode>\d{{1,12}})")


@dataclass
class Recorded:
    """An episode as the plug-in wrote it.

    Attributes:
        of: Environment and tag, which the plug-in writes as one word.
        number: Which episode of its run.
        start: When the run began, in seconds since 1970.
        live: Whether it was not over.
        told: `metadata.json`.
        folder: Where it lies.
    """

    of: str
    number: int
    start: float
    live: bool
    told: dict[str, Any]
    folder: Path

    @property
    def rewards(self) -> list[float | None]:
        """A number a step."""
        return self._numbers("rewards")

    @property
    def actions(self) -> list[float | None]:
        """A number a step."""
        return self._numbers("actions")

    def pictures(self, kind: str) -> dict[int, Path]:
        """The pictures of `renders` or `saliency`, by step."""
        folder = self.folder / kind
        paths = sorted(folder.glob("*.png")) if folder.is_dir() else []
        found = {int(path.stem): path for path in paths if path.stem.isdecimal() and int(path.stem) < STEPS_MAX}
        # Maps may have names of their own: then their order counts.
        return found if len(found) == len(paths) else dict(enumerate(paths))

    @property
    def map(self) -> Path | None:
        """A picture of t-SNE, if somebody put one there."""
        path = self.folder / "tsne.png"
        return path if path.is_file() else None

    def _numbers(self, key: str) -> list[float | None]:
        given = self.told.get(key) or []
        if not isinstance(given, list) or len(given) > STEPS_MAX:
            raise CorruptError(
                f"{self.folder.name}/metadata.json, {key}: expected a list, found {type(given).__name__}"
            )
        wrong = next((at for at, value in enumerate(given) if not isinstance(value, int | float | None)), None)
        if wrong is not None:
            raise CorruptError(
                f"{self.folder.name}/metadata.json, {key}, step {wrong}: expected a number, found {given[wrong]!r:.60}"
            )
        return given


def episodes_of(path: Path) -> list[Recorded]:
    """The episodes in a log folder, its `plugins/agent`, or one of their folders, in the order they were played.

    Raises:
        CorruptError: A `metadata.json` is none.
    """
    if not path.is_dir():
        return []
    own = _NAME.fullmatch(path.name)
    inner = path / "plugins" / "agent"
    folders = [path] if own else sorted((inner if inner.is_dir() else path).iterdir())
    found = []
    for folder in folders:
        match = _NAME.fullmatch(folder.name)
        if match and ((folder / "renders").is_dir() or (folder / "metadata.json").is_file()):
            live = folder.name.startswith(LIVE)
            start = float(match["start"])
            found.append(Recorded(match["of"], int(match["episode"]), start, live, _told(folder), folder))
    return sorted(found, key=lambda each: (each.of, each.start, each.number))


def read_picture(path: Path) -> Values:
    """A picture H×W×1 or H×W×3.

    Raises:
        CorruptError: It is none.
    """
    name = "/".join(path.parts[-3:])
    if path.stat().st_size > FILE_BYTES_MAX:
        raise CorruptError(f"{name}: expected at most {FILE_BYTES_MAX} bytes, found {path.stat().st_size}")
    return png.decoded(path.read_bytes(), name)


def steps_of(episode: Recorded) -> Iterator[dict[str, Any]]:
    """What is logged of each step: `reward`, and `action`, `frame` and `saliency` where they are."""
    rewards, actions = episode.rewards, episode.actions
    frames, maps = episode.pictures("renders"), episode.pictures("saliency")
    last = max((len(rewards), len(actions), *(at + 1 for at in frames), *(at + 1 for at in maps)), default=0)
    for at in range(last):
        fields: dict[str, Any] = {"reward": rewards[at] if at < len(rewards) else None}
        if at < len(actions) and actions[at] is not None:
            fields["action"] = actions[at]
        fields |= {name: read_picture(some[at]) for name, some in (("frame", frames), ("saliency", maps)) if at in some}
        yield fields


def _told(folder: Path) -> dict[str, Any]:
    path = folder / "metadata.json"
    if not path.is_file():
        return {}
    if path.stat().st_size > FILE_BYTES_MAX:
        raise CorruptError(f"{folder.name}/metadata.json: expected at most {FILE_BYTES_MAX} bytes")
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise CorruptError(f"{folder.name}/metadata.json: expected JSON, found {error}") from error
    if not isinstance(found, dict):
        raise CorruptError(f"{folder.name}/metadata.json: expected an object, found {type(found).__name__}")
    return found
