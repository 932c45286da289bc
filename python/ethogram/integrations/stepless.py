"""Values that other tools' writers are given without a step: each call is a point of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ethogram.run import Run


class Numbered:
    """Logs into a run, with a step or without.

    Without one, values have the run's global step, or where their names have a point there or later, the step after it.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._newest: dict[str, int] = {}

    def log(self, logged: Mapping[str, Any], step: Any, time: float | None = None) -> None:
        """Log values at one step; `time` in seconds since 1970, of now if left out."""
        if step is None:
            step = self._log_next(logged, time)
        else:
            self._run.log(logged, global_step=step, time=time)
        try:
            newest = int(step)
        except (TypeError, ValueError, OverflowError):
            # The run has told that this is no step.
            return
        for name in logged:
            self._newest[name] = newest

    def _log_next(self, logged: Mapping[str, Any], time: float | None) -> int:
        now = self._run.global_step
        step = max([now, *(self._newest[name] + 1 for name in logged if name in self._newest)])
        self._run.log(logged, global_step=step, time=time)
        if step != now:
            # No environment took the steps that are counted here.
            self._run.log({}, global_step=now)
        return step
