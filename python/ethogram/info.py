"""What `run.json` says of a run, in the types that it has there. What cannot be brought into them is left out."""

from __future__ import annotations

import enum
import json
import math
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ethogram import capture, space
from ethogram.errors import EthogramError

if TYPE_CHECKING:
    from ethogram.run import Run


def gathered(run: Run, members: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
    """Ask for each member, and bring it into its type. One that fails is left out, which is told.

    Args:
        run: Whose faults these are.
        members: What gives each member of `run.json`.
    """
    info: dict[str, Any] = {}
    for name, member in members.items():
        try:
            given = member()
            if name == "env":
                info[name] = None if given is None else _taken(run, "env.", given, _OF_ENV)
            else:
                info |= _taken(run, "", {name: given}, _OF_RUN)
        except Exception as error:
            run._settle("info", _left_out(name, error))
    return info


def accepted(run: Run, info: dict[str, Any], create: Callable[[str], str]) -> str:
    """Call `create` with the info as JSON; a member because of which it refuses is left out, which is told.

    Raises:
        EthogramError: It refuses for another reason.
    """
    try:
        return create(json.dumps(info))
    except EthogramError as error:
        # Those of the disk and of names have kinds of their own.
        if type(error) is not EthogramError:
            raise
        for name, rest in _without_one(info):
            try:
                created = create(json.dumps(rest))
            except EthogramError:
                continue
            run._settle("info", _left_out(name, error))
            return created
        raise


def _taken(
    run: Run, prefix: str, given: Mapping[str, Any], kinds: Mapping[str, Callable[[Any], Any]]
) -> dict[str, Any]:
    taken: dict[str, Any] = {}
    for name, part in given.items():
        try:
            taken[str(name)] = None if part is None else kinds.get(name, _plain)(part)
        except Exception as error:
            run._settle("info", _left_out(f"{prefix}{name}", error))
    return taken


def _without_one(info: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The info without each of the members that a run can do without, the smallest first."""
    env = info.get("env") or {}
    for name in env:
        yield f"env.{name}", info | {"env": {key: part for key, part in env.items() if key != name}}
    for name in ("env", "config", "system", "code"):
        yield name, {key: part for key, part in info.items() if key != name}


def _left_out(name: str, error: Exception) -> EthogramError:
    return EthogramError(f"{name}: cannot be written into run.json, which says nothing of it: {error}")


def _plain(given: Any) -> Any:
    return capture.jsonable(given, hide=False)


def _text(given: Any) -> str:
    if isinstance(given, str):
        return capture.whole_text(given)
    return capture.whole_text(given.name if isinstance(given, enum.Enum) else str(given))


def _texts(given: Any) -> list[str]:
    return [_text(part) for part in given]


def _number(given: Any) -> float:
    number = float(given)
    if not math.isfinite(number):
        raise ValueError(f"expected a finite number, found {number}")
    return number


def _groups(given: Any) -> list[dict[str, Any]]:
    return [{"name": _text(group["name"]), "actions": [int(action) for action in group["actions"]]} for group in given]


def _space(given: Any) -> Any:
    """A space as docs/format.md writes it."""
    return _space_part(given if isinstance(given, Mapping) else space.describe(given))


def _space_part(given: Any) -> Any:
    """A part of a space: numbers of NumPy are plain ones, and bounds that are not finite are missing."""
    if hasattr(given, "tolist"):
        given = given.tolist()
    if isinstance(given, Mapping):
        return {str(name): _space_part(part) for name, part in given.items()}
    if isinstance(given, list | tuple):
        return [_space_part(part) for part in given]
    if isinstance(given, float):
        return float(given) if math.isfinite(given) else None
    return given if given is None or isinstance(given, int) else _text(given)


_OF_RUN: dict[str, Callable[[Any], Any]] = {
    "name": _text,
    "project": _text,
    "group": _text,
    "tags": _texts,
    "notes": _text,
    "config": capture.jsonable,
    "command": _texts,
    "gamma": _number,
}

_OF_ENV: dict[str, Callable[[Any], Any]] = {
    "id": _text,
    "observation_space": _space,
    "action_space": _space,
    "action_meanings": _texts,
    "action_glyphs": _texts,
    "action_groups": _groups,
    "observation_names": _texts,
    "observation_units": _texts,
    "fps": _number,
    "num_envs": int,
    "agents": _texts,
}
