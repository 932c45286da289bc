"""Films that `gymnasium.wrappers.RecordVideo` made, attached to the episodes of a run that they show.

A film is copied into the run when the run ends, or when `Run.attach_films` says so, and plays in Replay where the
episode has no pictures of its own. Its name says what it shows: `…-episode-N.mp4` or `…-step-N.mp4`, counted in the
first environment since the run began.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ethogram import _native
from ethogram.errors import EthogramError

if TYPE_CHECKING:
    from ethogram.run import Run


class Films:
    """The folders in which films of one run are made."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._since_us = _native.now_us()
        self._folders: dict[Path, bool | None] = {}

    def watch(self, folder: str | os.PathLike[str], evaluation: bool | None = None) -> None:
        """Look into `folder` when the run ends. It need not be there yet."""
        self._folders.setdefault(Path(folder).absolute(), evaluation)

    def watch_env(self, env: Any, evaluation: bool | None) -> None:
        """Look where a `RecordVideo` around `env`, or around the first environment in it, keeps its films."""
        from ethogram import description

        first: Iterable[Any] = description.parts(env)[:1] if hasattr(env, "num_envs") else ()
        for whole in (env, *first):
            for wrapper in description.wrappers(whole):
                folder = getattr(wrapper, "video_folder", None) if type(wrapper).__name__ == "RecordVideo" else None
                if isinstance(folder, str | os.PathLike):
                    self.watch(folder, evaluation)

    def attach(self) -> int:
        """Attach what lies in the folders; how many films are attached now that were not."""
        return sum(
            self.attach_from(folder, evaluation) for folder, evaluation in self._folders.items() if folder.is_dir()
        )

    def attach_from(self, folder: str | os.PathLike[str], evaluation: bool | None = None) -> int:
        """Attach the films in one folder. What cannot be attached is told, and counted in `Run.faults`."""
        count, left = self._run._attach_films(folder, evaluation=evaluation, since_us=self._since_us)
        for name, why in left:
            self._run._settle("films", EthogramError(f"the film {name} was not attached: {why}"))
        return count
