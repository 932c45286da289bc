"""RLlib: one callback class keeps results, episodes and what the policy said.

    from ethogram.integrations.rllib import ethogram_callbacks

    callbacks = ethogram_callbacks(record=eg.every(20), checkpoint_every=20_000)
    config = PPOConfig().environment("CartPole-v1").callbacks(callbacks)

Results are logged by the driver; episodes, step by step as they are played, by the env runners that play them, each a
writer of the same run. Of several agents each has an episode of its own. For RLlib's new API stack.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.callbacks.callbacks import RLlibCallback

from ethogram.integrations import rllib_environment
from ethogram.integrations.rllib_recorder import StepRecorder
from ethogram.run import Run, init
from ethogram.schedule import Schedule, capped_cubic

STEPS = "num_env_steps_sampled_lifetime"
"""How RLlib calls the environment steps of a result."""

DEPTH_MAX = 8
"""Deeper parts of a result are left out."""


def ethogram_callbacks(
    run: Run | None = None,
    *,
    record: Schedule = capped_cubic,
    checkpoint_every: int | None = None,
    project: str = "rllib",
    root: str | os.PathLike[str] = "runs",
) -> type[RLlibCallback]:
    """Make the class that `AlgorithmConfig.callbacks` takes.

    Args:
        run: Where it goes; left out, one is made, with the algorithm's settings as its configuration.
        record: Which episodes are recorded step by step, see `ethogram.schedule`. Asked in the env runners, so that it
            must be a function that can be sent there.
        checkpoint_every: Environment steps between checkpoints of an algorithm that `Run.checkpoint` takes, from the
            first result on. Left out, none are kept.
        project: Of the run that is made.
        root: Where runs lie; env runners must see the same folder.
    """
    if run is None:
        run = init(project, root=root)
    # The folder is made now: env runners continue the run, and its settings are written with the first value.
    made = run

    class EthogramCallbacks(RLlibCallback):  # type: ignore[misc, unused-ignore] # not installed where types are checked
        """Writes a training by RLlib into one run."""

        folder = str(made.folder or Path(root).absolute() / made.project / made.id)
        schedule = staticmethod(record)
        _checkpoint_due = 0
        _writer: Run | None = None
        _recorder: StepRecorder | None = None

        def on_algorithm_init(self, *, algorithm: Any, **_: Any) -> None:
            """Write the configuration, and what the environment is like."""
            driver = _driver_run(self.folder)
            if driver is not None:
                driver.update_config(settings(algorithm.config))
                try:
                    rllib_environment.describe(driver, algorithm)
                except Exception as error:
                    driver._settle("environment", error)
                driver.log({"rllib/iteration": 0.0}, global_step=0)
                driver.flush()

        def on_train_result(self, *, algorithm: Any, result: Mapping[str, Any], **_: Any) -> None:
            """Log the numbers of a result."""
            driver = _driver_run(self.folder)
            if driver is None:
                return
            step = _steps_of(result)
            driver.log(flat(result), global_step=step)
            if checkpoint_every is not None and step >= type(self)._checkpoint_due:
                type(self)._checkpoint_due = step + checkpoint_every
                driver.checkpoint(algorithm, global_step=step)

        def on_episode_start(self, *, episode: Any, env: Any = None, env_index: int = 0, **_: Any) -> None:
            """Begin an episode, and its steps where the schedule says so."""
            try:
                self._recorder_here().begin(episode, env, env_index)
            except Exception as error:
                self._writer_here()._settle("rllib", error)

        def on_episode_step(self, *, episode: Any, env: Any = None, **_: Any) -> None:
            """Write the step that was just taken."""
            try:
                self._recorder_here().step(episode, env)
            except Exception as error:
                self._writer_here()._settle("rllib", error)

        def on_episode_end(self, *, episode: Any, env: Any = None, **_: Any) -> None:
            """End an episode."""
            try:
                self._recorder_here().end(episode)
            except Exception as error:
                self._writer_here()._settle("rllib", error)

        def _recorder_here(self) -> StepRecorder:
            """What is under way in the environments of this process."""
            if type(self)._recorder is None:
                type(self)._recorder = StepRecorder(self._writer_here(), self.schedule)
            recorder = type(self)._recorder
            assert recorder is not None
            return recorder

        def _writer_here(self) -> Run:
            """The run in this process: the driver's own, or a writer that continues it."""
            here = _driver_run(self.folder)
            if here is not None:
                return here
            if type(self)._writer is None:
                type(self)._writer = init(resume=self.folder, capture_console=False, capture_system=False, quiet=True)
            writer = type(self)._writer
            assert writer is not None
            return writer

    _driver[EthogramCallbacks.folder] = made
    return EthogramCallbacks


_driver: dict[str, Run] = {}
"""Runs of this process, by their folders: env runners in it write through them."""


def _driver_run(folder: str) -> Run | None:
    return _driver.get(folder)


def settings(config: AlgorithmConfig) -> dict[str, Any]:
    """The settings of an algorithm, as configuration: its plain values."""
    return {
        "algorithm": type(config).__name__.removesuffix("Config"),
        **{
            name: value
            for name, value in sorted(config.to_dict().items())
            if value is None or isinstance(value, bool | int | float | str)
        },
    }


def flat(result: Mapping[str, Any], prefix: str = "", depth: int = 0) -> dict[str, float]:
    """The numbers of a nested result, by their paths; `config` and all else that is no number is left out."""
    found: dict[str, float] = {}
    for name, value in result.items():
        path = f"{prefix}/{name}" if prefix else str(name)
        if isinstance(value, Mapping):
            if path != "config" and depth < DEPTH_MAX:
                found |= flat(value, path, depth + 1)
        elif isinstance(value, bool):
            continue
        elif isinstance(value, int | float | np.number):
            found[path] = float(value)
    return found


def _steps_of(result: Mapping[str, Any]) -> int:
    found = result.get(STEPS)
    if found is None:
        found = (result.get("env_runners") or {}).get(STEPS, result.get("timesteps_total", 0))
    return int(found or 0)
