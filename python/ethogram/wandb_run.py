"""An offline run of W&B as a run: numbers, texts, histograms, pictures, tables, and films as episodes."""

from __future__ import annotations

import contextlib
import math
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ethogram.description import describe
from ethogram.naming import plain
from ethogram.pictures import enlarged, frames
from ethogram.values import Tensor
from ethogram.wandb_artifacts import listed, read_artifacts
from ethogram.wandb_log import read_about, read_history
from ethogram.wandb_media import Film, Media, numbers_of

if TYPE_CHECKING:
    from ethogram.conversion import Conversion
    from ethogram.run import Run

STEP_COLUMNS = ("global_step", "total_timesteps", "env_steps", "env_step")
"""Columns that say at which environment step a row is; W&B's own `_step` counts calls of `log`."""

_OWN = ("_step", "_timestamp", "_runtime")
_DEPTH_MAX = 16
_NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def converted(log: Path, asked: Conversion) -> Run:
    """A run of the file of an offline run and the media beside it. Raises as `write` does."""
    about = read_about(log)
    named = (about.config.get(key) for key in ("env_id", "env", "env_name"))
    env = asked.env or next((name for name in named if isinstance(name, str)), None)
    begun = asked.begin(
        "wandb", about.name or log.stem, config=about.config, described=None if env is None else describe(env),
        project=about.project, tags=about.tags, group=about.group, notes=about.notes,
    )  # fmt: skip
    with begun as run:
        write(log, run)
    return run


def write(log: Path, run: Run) -> None:
    """Log all that `log` holds.

    Raises:
        CorruptError: The file is damaged, or a media file is not what it says. What came before it is kept.
    """
    media = Media(log.parent / "files")
    kept: list[tuple[int, float | None, Film]] = []
    for own, values in read_history(log):
        row = dict(flat(values))
        step, column = step_of(row, own)
        if step is None:
            continue
        seconds = number(row.get("_timestamp"))
        found: dict[str, Any] = {}
        for name, value in row.items():
            if name in _OWN or name == column:
                continue
            if isinstance(value, dict):
                found |= media.read(name, value)
            elif (plain := number(value)) is not None:
                found[name] = plain
            elif isinstance(value, str):
                found[name] = value
            elif isinstance(value, list) and (array := numbers_of(value)) is not None:
                found[name] = Tensor(array)
            elif value is not None:
                media.left_out[f"{name}: lists of other values than numbers"] += 1
        if found:
            run.log(found, global_step=step, time=seconds)
        kept.extend((step, seconds, film) for film in media.films)
        media.films.clear()
    media.left_out.update(f"{name}: {why}" for name, why in _films(kept, run))
    artifacts = read_artifacts(log)
    if artifacts:
        run.log({"wandb/artifacts": listed(artifacts)}, global_step=0)
    media.left_out.update(
        f"artifact {each.name} ({each.kind}): its files lie outside of the run's folder, see wandb/artifacts"
        for each in artifacts
    )
    if media.left_out:
        told = [f"{what} ({count} times)" for what, count in sorted(media.left_out.items())]
        run.log({"wandb/left_out": "\n".join(told)}, global_step=0)


def _films(films: list[tuple[int, float | None, Film]], run: Run) -> list[tuple[str, str]]:
    """Each is an episode of its own, for W&B does not say which it shows: a GIF by its pictures, an mp4 as it is.

    Returns:
        Names of those that could not be attached, and why.
    """
    with tempfile.TemporaryDirectory(prefix="ethogram-wandb-") as folder:
        for step, seconds, film in films:
            told = {"wandb": {"name": film.name, "caption": film.caption, "file": film.path.name}}
            if film.path.suffix.lower() == ".gif":
                episode = run.episode(global_step=step, extra=told)
                length = 0
                for frame in frames(film.path.read_bytes(), film.path.name):
                    run.log({"frame": enlarged(frame)}, episode=episode.index, step=length)
                    length += 1
                episode._recorder.outcome(0, episode_return=math.nan, length=length, end="unknown")
                index = episode.index
            else:
                index = run.past_episode(
                    episode_return=math.nan, length=0, global_step=step, started=seconds, ended=seconds, extra=told
                )
                if index is not None:
                    _place(film.path, Path(folder, f"{film.path.stem}-episode-{index}.mp4"))
        return run._attach_films(folder, evaluation=None, since_us=0)[1]


def _place(path: Path, target: Path) -> None:
    with contextlib.suppress(OSError):
        os.link(path, target)
        return
    shutil.copyfile(path, target)


def flat(values: dict[str, Any], prefix: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Nested values by name, their parts joined by `.`; what has a `_type` is one value."""
    for name, value in values.items():
        if isinstance(value, dict) and "_type" not in value and depth < _DEPTH_MAX:
            yield from flat(value, f"{prefix}{name}.", depth + 1)
        else:
            yield plain(f"{prefix}{name}"), value


def step_of(row: dict[str, Any], own: int | None) -> tuple[int | None, str | None]:
    """The step of a row, and the column that says it, where one of `STEP_COLUMNS` does."""
    for column in STEP_COLUMNS:
        found = number(row.get(column))
        if found is not None and math.isfinite(found):
            return int(found), column
    found = number(row.get("_step"))
    return (int(found) if found is not None and math.isfinite(found) else own), None


def number(value: Any) -> float | None:
    """A number as JSON has it; NaN and infinities are words there."""
    if isinstance(value, str):
        return _NOT_FINITE.get(value)
    try:
        return float(value) if isinstance(value, int | float) else None
    except OverflowError:
        return None
