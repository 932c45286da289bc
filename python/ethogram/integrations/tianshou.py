"""Tianshou: its logger's interface, writing into a run.

from ethogram.integrations.tianshou import EthogramLogger

logger = EthogramLogger(eg.init("tianshou", config=vars(args)))
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from tianshou.utils.logger.logger_base import BaseLogger

from ethogram import values
from ethogram.reader import open_run
from ethogram.run import Run

COUNTERS = ("save/epoch", "save/env_step", "save/update_step")
"""What a training is resumed by."""


class EthogramLogger(BaseLogger):  # type: ignore[misc, unused-ignore] # not installed where types are checked
    """Takes what every logger of Tianshou takes.

    Numbers of training and tests lie at environment steps, those of updates at updates (`update/…`), as Tianshou counts
    them.

    Args:
        run: Where it goes.
        **intervals: As of Tianshou's `BaseLogger`: `training_interval=`, `update_interval=`, …
    """

    def __init__(self, run: Run, **intervals: Any) -> None:
        super().__init__(**intervals)
        self.run = run

    def prepare_dict_for_logging(self, log_data: Mapping[str, Any]) -> dict[str, Any]:
        """Numbers by their paths; arrays are left out unless `exclude_arrays=False`."""
        found: dict[str, Any] = {}

        def walk(node: Mapping[str, Any], prefix: str) -> None:
            for name, value in node.items():
                path = f"{prefix}/{name}" if prefix else str(name)
                if isinstance(value, Mapping):
                    walk(value, path)
                elif isinstance(value, int | float | np.number) and not isinstance(value, bool):
                    found[path] = value
                elif isinstance(value, np.ndarray) and not self.exclude_arrays and value.size:
                    found[path] = values.Distribution(value)

        walk(log_data, "")
        return found

    def write(self, step_type: str, step: int, data: Mapping[str, Any]) -> None:
        """Log what was prepared; `step_type` is `training/env_step` and the like."""
        scope = step_type.partition("/")[0]
        self.run.log({f"{scope}/{name}": value for name, value in data.items()}, global_step=step)

    def finalize(self) -> None:
        """The run goes on: it belongs to who made it."""
        self.run.flush()

    def save_data(
        self,
        epoch: int,
        env_step: int,
        update_step: int,
        save_checkpoint_fn: Callable[[int, int, int], str] | None = None,
    ) -> None:
        """Let the training save what it resumes from, and keep how far it was."""
        if save_checkpoint_fn is not None:
            save_checkpoint_fn(epoch, env_step, update_step)
        self.run.log(dict(zip(COUNTERS, (epoch, env_step, update_step), strict=True)), global_step=env_step)

    def restore_data(self) -> tuple[int, int, int]:
        """How far the run was: epoch, environment steps, updates; zeros for a new one."""
        # A resumed run is opened for writing with the first thing logged.
        known = self.run._resumed if self.run.folder is None else self.run
        if known is None:
            return 0, 0, 0
        view = open_run(known)
        if any(tag not in view.tags for tag in COUNTERS):
            return 0, 0, 0
        epoch, env_step, update_step = (int(view.scalars(tag)["value"].numpy()[-1]) for tag in COUNTERS)
        return epoch, env_step, update_step

    @staticmethod
    def restore_logged_data(log_path: str) -> dict[str, Any]:
        """The numbers of a run, by their names: arrays of steps and values."""
        view = open_run(log_path)
        return {
            tag: {name: view.scalars(tag)[name].numpy() for name in ("step", "value")}
            for tag in view.tags
            if not tag.startswith("system/")
        }
