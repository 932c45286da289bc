"""Films that `gymnasium.wrappers.RecordVideo` made, attached to the episodes of a run that they show.

A film is copied into the run soon after its episode has ended, at the latest when the run ends or when
`Run.attach_films` says so, and plays in Replay where the episode has no pictures of its own. Its name says what it
shows: `…-episode-N.mp4` or `…-step-N.mp4`, counted in the first environment since the run began.
"""

from __future__ import annotations

import os
import sys
import threading
import time
import weakref
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ethogram import _native
from ethogram.errors import EthogramError

if TYPE_CHECKING:
    from ethogram.run import Run

INTERVAL_SECS = 1.0
"""How often folders are looked at while the run is written; only what changed is read."""

PATIENCE_SECS = 300.0
"""A folder in which films wait for their episodes is looked at again after twice as long each time, up to so long."""

STEPS_MAX = 4096
"""Most global steps that are remembered; then every second one is forgotten."""

RECORDERS = ("RecordVideo", "VecVideoRecorder")
"""Wrappers that make films: Gymnasium's, and that of Stable-Baselines3."""

LOOKS = 1_000
"""So many calls of `render` are asked who makes them, or until it is a `RecordVideo`."""

FRAMES_MAX = 16
"""So far up the callers of `render` a `RecordVideo` is looked for: one frame a wrapper."""


@dataclass
class _Folder:
    """A folder in which films are made."""

    evaluation: bool | None
    changed_ns: int = 0
    """When it last changed, of what was looked at."""
    waits_secs: float = 0.0
    """How long to wait before what waits in it is looked at again; 0 where nothing does."""
    due: float = 0.0


class Films:
    """The folders in which films of one run are made."""

    def __init__(self, run: Run) -> None:
        self._run = weakref.ref(run)
        self._since_us = _native.now_us()
        self._folders: dict[Path, _Folder] = {}
        self._steps: list[tuple[int, int]] = []
        self._told: set[str] = set()
        self._lock = threading.Lock()
        self._watcher: _Watcher | None = None

    def watch(self, folder: str | os.PathLike[str], evaluation: bool | None = None) -> None:
        """Look into `folder` now and then, and when the run ends. It need not be there yet."""
        self._folders.setdefault(Path(folder).absolute(), _Folder(evaluation))
        run = self._run()
        if self._watcher is None and run is not None and not run.disabled:
            self._watcher = _Watcher(self)

    def watch_env(self, env: Any, evaluation: bool | None) -> None:
        """Look where a `RecordVideo` around `env`, or around the first environment in it, keeps its films."""
        from ethogram import description

        first: Iterable[Any] = description.parts(env)[:1] if hasattr(env, "num_envs") else ()
        for whole in (env, *first):
            for wrapper in description.wrappers(whole):
                self.watch_wrapper(wrapper, evaluation)

    def watch_wrapper(self, wrapper: Any, evaluation: bool | None) -> bool:
        """Look where `wrapper` keeps its films; does it make any?"""
        folder = getattr(wrapper, "video_folder", None) if type(wrapper).__name__ in RECORDERS else None
        if not isinstance(folder, str | os.PathLike):
            return False
        self.watch(folder, evaluation)
        return True

    def attach(self) -> int:
        """Attach what lies in the folders; how many films are attached now that were not."""
        return sum(
            self.attach_from(folder, told.evaluation) for folder, told in self._folders.items() if folder.is_dir()
        )

    def attach_from(self, folder: str | os.PathLike[str], evaluation: bool | None = None) -> int:
        """Attach the films in one folder. What cannot be attached is told, and counted in `Run.faults`."""
        return self._attach_from(folder, evaluation, live=False)[0]

    def _attach_from(self, folder: str | os.PathLike[str], evaluation: bool | None, *, live: bool) -> tuple[int, int]:
        """How many are attached now, and how many wait for their end or that of their episode."""
        run = self._run()
        if run is None:
            return 0, 0
        with self._lock:
            count, left, waiting = run._attach_films(
                folder, evaluation=evaluation, since_us=self._since_us, live=live, steps=self._steps
            )
            for name, why in left:
                if name not in self._told:
                    # A strict run raises, here for nobody; the end of the run does it again.
                    run._settle("films", EthogramError(f"the film {name} was not attached: {why}"))
                    self._told.add(name)
        return count, waiting

    def look(self) -> None:
        """Remember where the run is, and attach what was finished since the last time."""
        run = self._run()
        if run is None or run.folder is None:
            return
        self._remember(run.global_step)
        now = time.monotonic()
        for folder, told in list(self._folders.items()):
            try:
                changed_ns = folder.stat().st_mtime_ns
            except OSError:
                continue
            is_changed = changed_ns != told.changed_ns
            if not is_changed and not (told.waits_secs and now >= told.due):
                continue
            told.changed_ns = changed_ns
            attached, waiting = self._attach_from(folder, told.evaluation, live=True)
            again = INTERVAL_SECS if is_changed or attached else min(2 * told.waits_secs, PATIENCE_SECS)
            told.waits_secs = again if waiting else 0.0
            told.due = now + told.waits_secs

    def _remember(self, global_step: int) -> None:
        if self._steps and self._steps[-1][1] == global_step:
            return
        self._steps.append((_native.now_us(), global_step))
        if len(self._steps) > STEPS_MAX:
            del self._steps[1::2]

    def end(self) -> None:
        """Look no more by itself; a film that is being attached is waited for."""
        if self._watcher is not None:
            self._watcher.end()


class FilmMakers:
    """Finds a `RecordVideo` around an environment that is recorded: it calls `render`."""

    def __init__(self, films: Films) -> None:
        self._films, self._looks = films, LOOKS

    def look(self, evaluation: bool | None) -> None:
        """Called by `render`: watch the folder of a `RecordVideo` among its callers."""
        if self._looks == 0:
            return
        self._looks -= 1
        frame = sys._getframe(2)
        for _ in range(FRAMES_MAX):
            if self._films.watch_wrapper(frame.f_locals.get("self"), evaluation):
                self._looks = 0
                return
            if frame.f_back is None:
                return
            frame = frame.f_back


class _Watcher:
    """A slow thread that looks for films while the training goes on."""

    def __init__(self, films: Films) -> None:
        self._films = weakref.ref(films)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, name="ethogram-films", daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._ended.set()
        if self._thread is not threading.current_thread() and self._thread.is_alive():
            self._thread.join(timeout=10.0)

    def _work(self) -> None:
        pid = os.getpid()
        while not self._ended.wait(INTERVAL_SECS):
            films = self._films()
            if films is None or os.getpid() != pid:
                return
            try:
                films.look()
            except Exception:  # the end of the run looks again, and tells
                return
            finally:
                del films
