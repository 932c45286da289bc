"""Episodes that RLlib's `rollout` command and rld wrote: shelves, pickles and `.rld` files."""

from __future__ import annotations

import dbm
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ethogram import inert
from ethogram.errors import CorruptError
from ethogram.inert_values import Record
from ethogram.space import escape

STEPS_MAX = 10_000_000
"""Most steps of an episode."""

FIELDS_MAX = 1024
"""Most parts of an observation or action."""

ENTRY_BYTES_MAX = 8 * 1024**3
"""Largest episode of a shelf, in bytes."""

SHELF_SUFFIXES = (".dat", ".bak", ".dir", ".db")
"""What the databases of Python add to a shelf's name."""


@dataclass
class Step:
    """A step as it was written.

    Attributes:
        fields: What is logged of it, by name.
        reward: What came back.
        terminated: The task ended with it.
        truncated: It was cut from outside after it.
        next: What was observed afterwards, where the file says.
    """

    fields: dict[str, Any]
    reward: float
    terminated: bool
    truncated: bool
    next: Any = None


@dataclass
class Trajectory:
    """An episode as it was written."""

    steps: list[Step]
    title: str | None = None
    description: str | None = None
    hotspots: list[tuple[int, int, str]] = field(default_factory=list)


@dataclass
class Rollout:
    """A file of episodes.

    Attributes:
        format: `rld`, `ray_shelve` or `ray_pickle`.
        env: Name of the environment, where the file has one.
        title: Likewise.
        description: Likewise.
        recorded_at: When it was recorded, as ISO 8601.
        trajectories: Read one by one.
    """

    format: str
    trajectories: Iterator[Trajectory]
    env: str | None = None
    title: str | None = None
    description: str | None = None
    recorded_at: str | None = None


def shelf_of(path: Path) -> Path | None:
    """The name under which Python opens a shelf, of which `path` is the name or one of the files; else `None`."""
    for candidate in (path, path.with_suffix("") if path.suffix in SHELF_SUFFIXES else path):
        # What `whichdb` cannot place is "", what is not there `None`.
        if not candidate.is_dir() and dbm.whichdb(str(candidate)):
            return candidate
    return None


def read_rollout(path: Path) -> Rollout:
    """Open a shelf of RLlib's, a pickle of RLlib's or an `.rld` file.

    Raises:
        CorruptError: It is none of these.
    """
    shelf = shelf_of(path)
    if shelf is not None:
        return Rollout("ray_shelve", _shelved(shelf))
    with path.open("rb") as file:
        found = inert.read(file, path.name)
    if isinstance(found, Record) and found.kind == "Rollout":
        moment = found.get("recorded_at")
        return Rollout(
            "rld",
            (_trajectory(each, path.name, index) for index, each in enumerate(_listed(found.get("trajectories")))),
            env=_text(found.get("env")),
            title=_text(found.get("title")),
            description=_text(found.get("description")),
            recorded_at=moment.isoformat() if hasattr(moment, "isoformat") else None,
        )
    if isinstance(found, list) and all(isinstance(each, list) for each in found):
        return Rollout("ray_pickle", (_rolled(each, path.name, index) for index, each in enumerate(found)))
    raise CorruptError(
        f"{path.name}: expected a Rollout of rld or a list of RLlib's episodes, found {type(found).__name__}"
    )


def _shelved(path: Path) -> Iterator[Trajectory]:
    try:
        with dbm.open(str(path), "r") as shelf:
            for index in range(len(shelf.keys())):
                # Keys are "0", "1", … and, once it was closed, "num_episodes".
                entry = shelf.get(str(index).encode())
                if entry is None:
                    return
                if len(entry) > ENTRY_BYTES_MAX:
                    raise CorruptError(
                        f"{path.name}: expected episodes of at most {ENTRY_BYTES_MAX} bytes, found {len(entry)}"
                    )
                yield _rolled(inert.read(io.BytesIO(entry), f"{path.name}, episode {index}"), path.name, index)
    except (ValueError, SyntaxError, MemoryError, *dbm.error) as error:
        raise CorruptError(f"{path.name}: expected a shelf, found one that cannot be read ({error})") from error


def _rolled(steps: Any, name: str, index: int) -> Trajectory:
    """RLlib's steps: observation, action, next observation, reward, done, and info if asked for.

    From 2.2 on it is terminated and truncated instead of done.
    """
    found = []
    for at, step in enumerate(_listed(steps)):
        if not isinstance(step, list | tuple) or not 5 <= len(step) <= 7:
            raise CorruptError(f"{name}, episode {index}, step {at}: expected 5 to 7 entries, found {_said(step)}")
        observation, action, following, reward, done, *rest = step
        info = rest.pop() if rest and isinstance(rest[-1], dict) else {}
        cut = bool(rest[0]) if rest else _cut(info)
        found.append(
            Step(
                _fields("observation", observation) | _fields("action", action),
                _number(reward, name, index, at),
                bool(done) and not (cut and not rest),
                cut,
                following,
            )
        )
    return Trajectory(found)


def _trajectory(of: Any, name: str, index: int) -> Trajectory:
    if not isinstance(of, Record) or of.kind != "Trajectory":
        raise CorruptError(f"{name}, episode {index}: expected a Trajectory of rld, found {_said(of)}")
    found = []
    for at, step in enumerate(_listed(of.get("timesteps"))):
        if not isinstance(step, Record):
            raise CorruptError(f"{name}, episode {index}, step {at}: expected a Timestep, found {_said(step)}")
        cut = _cut(step.get("info"))
        fields = _fields("observation", step.get("obs")) | _fields("action", step.get("action"))
        fields |= _attributions(step.get("attributations"))
        done = bool(step.get("done"))
        found.append(Step(fields, _number(step.get("reward"), name, index, at), done and not cut, cut))
    spots = [each for each in _listed(of.get("hotspots") or []) if isinstance(each, Record)]
    hotspots = [(int(spot.get("start")), int(spot.get("end")), _text(spot.get("title")) or "") for spot in spots]
    return Trajectory(found, _text(of.get("title")), _text(of.get("description")), hotspots)


def _attributions(of: Any) -> dict[str, Any]:
    """What rld computed: of the action that was picked, and of the likeliest ones, one row each.

    An attribution has the observation's structure; of an action in parts there is one for each part.
    """
    if not isinstance(of, Record):
        return {}
    found = _attribution("rld/picked", [of.get("picked")], single=True)
    return found | _attribution("rld/top", _listed(of.get("top") or []))


def _attribution(name: str, rows: list[Any], *, single: bool = False) -> dict[str, Any]:
    import numpy as np

    columns: dict[str, list[Any]] = {}
    for row in rows:
        if not isinstance(row, Record):
            continue
        values = _fields(f"{name}/action", row.get("action")) | {f"{name}/probability": np.float64(row.get("prob"))}
        for what in ("raw", "normalized"):
            given = row.get(what)
            if isinstance(given, list | tuple):
                parts = [_fields(f"{name}/{what}", part) for part in given]
                values |= {key: np.stack([part[key] for part in parts]) for key in (parts[0] if parts else ())}
            elif given is not None:
                values |= _fields(f"{name}/{what}", given)
        for key, value in values.items():
            columns.setdefault(key, []).append(value)
    # Actions in parts may have been explained by some of their parts only; those are left out.
    whole = {key: some for key, some in columns.items() if len({np.shape(value) for value in some}) == 1}
    return {key: some[0] if single else np.stack(some) for key, some in whole.items()}


def _fields(name: str, value: Any) -> dict[str, Any]:
    """A value of a space by field: one array, or one a part of a dict or tuple."""
    import numpy as np

    parts: list[tuple[Any, Any]] | None = None
    if isinstance(value, dict):
        parts = [(escape(str(key)), part) for key, part in value.items()]
    elif isinstance(value, list | tuple) and any(isinstance(part, dict | list | tuple | np.ndarray) for part in value):
        parts = list(enumerate(value))
    if parts is not None:
        found: dict[str, Any] = {}
        for key, part in parts:
            found |= _fields(f"{name}/{key}", part)
            if len(found) > FIELDS_MAX:
                raise CorruptError(f"{name}: expected at most {FIELDS_MAX} parts, found more")
        # Parts without parts would be looked at without end, and no space has them.
        if not found:
            raise CorruptError(f"{name}: expected a part, found none")
        return found
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        raise CorruptError(f"{name}: expected numbers, found {_said(value)}")
    return {name: array}


def observed(value: Any) -> dict[str, Any]:
    """The fields of an observation."""
    return _fields("observation", value)


def _cut(info: Any) -> bool:
    return isinstance(info, dict) and bool(info.get("TimeLimit.truncated", False))


def _number(value: Any, name: str, index: int, at: int) -> float:
    try:
        return math.nan if value is None else float(value)
    except (TypeError, ValueError) as error:
        raise CorruptError(
            f"{name}, episode {index}, step {at}: expected a reward, found {_said(value)}; "
            "episodes of several agents are not read"
        ) from error


def _listed(value: Any) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise CorruptError(f"expected a list, found {_said(value)}")
    if len(value) > STEPS_MAX:
        raise CorruptError(f"expected at most {STEPS_MAX} entries, found {len(value)}")
    return list(value)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _said(value: Any) -> str:
    return f"{type(value).__name__} of {len(value)}" if hasattr(value, "__len__") else type(value).__name__
