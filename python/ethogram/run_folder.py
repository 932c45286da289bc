"""Where runs lie: a run by its folder, its id or its name."""

from __future__ import annotations

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
        raise NotFoundError(f"no run {run!r}: expected a folder with run.json, or {what} of a run under {root}")
    return found[0].absolute()


def _is_called(path: Path, run: str) -> bool:
    """Whether the run of this `run.json` has that name, or an id that begins so."""
    if path.parent.name.upper().startswith(run.upper()):
        return True
    try:
        return bool(json.loads(path.read_bytes())["name"] == run)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _plain(run: str) -> bool:
    """Whether `run` may stand in a glob as it is."""
    return run.isalnum()
