"""Points of a projector's folder as steps of episodes: what is mapped, coloured and shown by the page States."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ethogram.description import describe
from ethogram.naming import free, plain
from ethogram.pictures import enlarged
from ethogram.projector import Embedding, Sprite, placed, read_embeddings
from ethogram.space import discrete

if TYPE_CHECKING:
    from ethogram.conversion import Conversion
    from ethogram.projector_metadata import Column
    from ethogram.run import Run

RESERVED = ("action", "reward", "terminated", "truncated", "frame")
"""Names that mean something else in an episode; a tensor of such a name is called `tensor/NAME`, as is `layer/…`."""


def action_names(embeddings: list[Embedding]) -> list[str]:
    """The words of a column that is called `action`, where all have the same; they name the actions of the run."""
    found = [column.names for each in embeddings for column in each.columns if column.name == "action"]
    return found[0] if found and all(names == found[0] for names in found) else []


def converted(config: Path, asked: Conversion) -> Run:
    """A run of all that a configuration names.

    Raises:
        CorruptError: A file is missing, lies outside the folder, is over a limit or not what it is said to be.
    """
    found = read_embeddings(config)
    meanings = action_names(found)
    described = describe(
        asked.env or "projector",
        action_space=discrete(len(meanings)) if meanings else None,
        action_meanings=meanings,
    )
    with asked.begin("projector", config.absolute().parent.name, described=described) as run:
        write(found, run)
    return run


def write(embeddings: list[Embedding], run: Run) -> None:
    """Log each tensor as a field. Tensors that share metadata and sprite are of the same points: of one episode."""
    meanings = action_names(embeddings)
    together: dict[Any, list[Embedding]] = {}
    for at, each in enumerate(embeddings):
        told = _torch(each.name)
        key = (len(each.values), *each.shared, told and told[1]) if any(each.shared) else at
        together.setdefault(key, []).append(each)
    for some in together.values():
        _episode(some, meanings, run)


def _episode(embeddings: list[Embedding], meanings: list[str], run: Run) -> None:
    first = embeddings[0]
    points = len(first.values)
    sources: dict[str, Callable[[int], Any]] = {}
    told: dict[str, Any] = {"tensors": {}, "words": {}}
    for each in embeddings:
        named = _torch(each.name)
        name = free(_tensor_name(each.name if named is None else named[0]), sources)
        sources[name] = each.values.__getitem__
        told["tensors"][name] = each.name
        for number, view in enumerate(each.bookmarks, 1):
            label = plain(str(view.get("label") or number))
            for kind, rows in placed(view, points).items():
                sources[free(f"bookmarks/{label}/{plain(kind)}", sources)] = _where(rows)
            chosen = _selected(view, points)
            if chosen:
                sources[free(f"bookmarks/{label}/selected", sources)] = _within(chosen)
    for column in first.columns:
        _say(column, meanings, sources, told["words"])
    if first.sprite is not None:
        sources["frame"] = _pictures(first.sprite)
    named = _torch(first.name)
    extra = {"projector": {key: part for key, part in told.items() if part}}
    episode = run.episode(global_step=0 if named is None else named[1], extra=extra)
    for at in range(points):
        row = {name: source(at) for name, source in sources.items()}
        run.log({name: value for name, value in row.items() if value is not None}, episode=episode.index, step=at)
    # Points were not rewarded: an episode of steps whose rewards are missing.
    episode._recorder.outcome(0, episode_return=float("nan"), length=points, end="unknown")


def _say(column: Column, meanings: list[str], sources: dict[str, Callable[[int], Any]], told: dict[str, Any]) -> None:
    """A column as numbers, truths or texts; words are numbered beside, so that points can be coloured by them."""
    name = free(f"metadata/{plain(column.name)}", sources)
    values = column.values
    if column.name == "action" and (column.names == meanings or not column.names):
        sources["action"] = _numbered(values, meanings) if column.names else values.__getitem__
    if values and all(isinstance(value, bool) for value in values if value is not None):
        sources[name] = lambda at: None if values[at] is None else _truth(bool(values[at]))
        return
    sources[name] = values.__getitem__
    if column.names:
        told[name] = column.names
        sources[free(f"{name}/index", sources)] = _numbered(values, column.names)


def _numbered(values: list[Any], names: list[str]) -> Callable[[int], Any]:
    numbers = {name: at for at, name in enumerate(names)}
    return lambda at: numbers.get(values[at])


def _truth(value: bool) -> Any:
    """As a field of truths: a bare one would be logged as a number."""
    import numpy as np

    return np.array([value])


def _where(rows: Any) -> Callable[[int], Any]:
    """Places of a bookmark; a point that it left out has none."""
    return lambda at: None if (rows[at] != rows[at]).all() else rows[at]


def _within(chosen: set[int]) -> Callable[[int], Any]:
    return lambda at: _truth(at in chosen)


def _selected(view: dict[str, Any], points: int) -> set[int]:
    rows = view.get("selectedPoints")
    return {row for row in rows if isinstance(row, int) and 0 <= row < points} if isinstance(rows, list) else set()


def _pictures(sprite: Sprite) -> Callable[[int], Any]:
    """Tiles in colour."""
    import numpy as np

    def tile(at: int) -> Any:
        pixels = sprite.of(at)
        return enlarged(np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else np.ascontiguousarray(pixels))

    return tile


def _torch(name: str) -> tuple[str, int] | None:
    """Tag and step of a tensor that PyTorch's `add_embedding` named `TAG:00042`."""
    match = re.fullmatch(r"(.+):(\d{5,15})", name)
    return None if match is None else (match[1], int(match[2]))


def _tensor_name(name: str) -> str:
    found = plain(name)
    return f"tensor/{found}" if found in RESERVED or found.startswith("layer/") else found
