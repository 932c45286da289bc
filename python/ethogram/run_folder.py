"""Where runs lie: a run by its folder, its id or its name."""

from __future__ import annotations

import difflib
import json
from pathlib import Path

from ethogram.errors import NotFoundError


def find_run(run: str, root: Path, *, by_name: bool = False) -> Path:
    """Find a run by its folder, or by its id under the projects of `root`.

    Args:
        run: Which.
        root: Where projects lie.
        by_name: Also by the beginning of its id, or by its name.

    Raises:
        NotFoundError: There is none, or several.
    """
    for folder in (Path(run), root / run):
        if (folder / "run.json").is_file():
            return folder.absolute()
    found = [folder for folder in root.glob(f"*/{run}") if (folder / "run.json").is_file()] if _plain(run) else []
    if not found and by_name and run:
        found = [path.parent for path in sorted(root.glob("*/*/run.json")) if _is_called(path, run)]
    if len(found) > 1:
        some = ", ".join(folder.name for folder in found[:5]) + (", …" if len(found) > 5 else "")
        raise NotFoundError(f"expected one run {run!r}, found {len(found)} under {root}; give more of the id: {some}")
    if not found:
        what = "the id or the name" if by_name else "the id"
        there = "" if root.is_dir() else ", which is no folder"
        like = _like(run, root) if by_name else ""
        raise NotFoundError(
            f"no run {run!r}{like}: expected a folder with run.json, or {what} of a run under {root}{there}"
        )
    return found[0].absolute()


def _is_called(path: Path, run: str) -> bool:
    """Whether the run of this `run.json` has that name, or an id that begins so."""
    return path.parent.name.upper().startswith(run.upper()) or _name(path) == run


def _like(run: str, root: Path) -> str:
    """Names of runs that are like what was typed, to follow it in an error; empty where there are none."""
    names = [name for path in sorted(root.glob("*/*/run.json"), reverse=True) if (name := _name(path))]
    near = [name for name in names if run and run.lower() in name.lower()]
    near = list(dict.fromkeys(near or difflib.get_close_matches(run, names)))[:3]
    return f" (did you mean {' or '.join(map(repr, near))}?)" if near else ""


def _name(path: Path) -> str | None:
    """What the run of this `run.json` is called; `None` where it does not say."""
    try:
        return str(json.loads(path.read_bytes())["name"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _plain(run: str) -> bool:
    """Whether `run` may stand in a glob as it is."""
    return run.isalnum()
