"""What a first run says: where it lies, and how it is seen."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import shlex
import sys
from pathlib import Path

from ethogram import console

_told: set[Path] = set()


def greet(folder: Path, root: Path) -> None:
    """Say on stderr where a run lies and what to type to see it, once for each `root` in a process.

    Nothing is said in processes that others began (`multiprocessing`, ranks of a distributed training but the first,
    workers of Ray), and nothing that goes wrong here reaches the training.

    Args:
        folder: Of the run.
        root: Where its project lies.
    """
    with contextlib.suppress(Exception):
        if root in _told or is_worker():
            return
        _told.add(root)
        stream = console.inner(sys.stderr)
        if stream is not None:
            stream.write(f"ethogram: the run lies in {_shown(folder)}; see it with `ethogram serve {_shown(root)}`\n")
            stream.flush()


def is_worker() -> bool:
    """Whether another process of the same training is the one that people look at."""
    if multiprocessing.parent_process() is not None:
        return True
    # As torchrun, Lightning and others number their processes.
    if os.environ.get("RANK", "0") != "0":
        return True
    # Ray runs this file in its workers.
    return bool(sys.argv) and Path(sys.argv[0]).name == "default_worker.py"


def _shown(path: Path) -> str:
    """As a shell takes it, from the working directory where it lies below."""
    with contextlib.suppress(ValueError, OSError):
        path = path.relative_to(Path.cwd())
    return shlex.quote(str(path))
