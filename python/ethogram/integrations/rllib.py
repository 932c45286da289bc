"""RLlib: one callback class keeps results, episodes and what the policy said.

    from ethogram.integrations.rllib import ethogram_callbacks

    callbacks = ethogram_callbacks(record=eg.every(20), checkpoint_every=20_000)
    config = PPOConfig().environment("CartPole-v1").callbacks(callbacks)

Results are logged by the driver; episodes, step by step as they are played, by the env runners that play them, each a
writer of the same run. Of several agents each has an episode of its own. For RLlib's new API stack.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
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
        checkpoint_every: Environment steps between checkpoints of an algorithm that `Run.checkpoint` takes, from
            before the first step on. Left out, none are kept.
        project: Of the run that is made.
        root: Where the run that is made lies; env runners must see its folder under the same path.
    """
    if run is None:
        run = init(project, root=root)
    made = run

    class EthogramCallbacks(RLlibCallback):  # type: ignore[misc, unused-ignore] # not installed where types are checked
        """Writes a training by RLlib into one run."""

        run_id = made.id
        # Its folder is made with the first value; env runners find it then.
        where = str(made.folder or made.id)
        root = str(made._root)
        schedule = staticmethod(record)
        _checkpoint_due = checkpoint_every or 0
        _writer: Run | None = None
        _recorder: StepRecorder | None = None
        _is_lost = False

        def on_algorithm_init(self, *, algorithm: Any, **_: Any) -> None:
            """Write the configuration, and what the environment is like."""
            driver = _driver_run(self.run_id)
            if driver is not None:
                driver.update_config(settings(algorithm.config))
                try:
                    rllib_environment.describe(driver, algorithm)
                except Exception as error:
                    driver._settle("environment", error)
                driver.log({"rllib/iteration": 0.0}, global_step=0)
                driver.flush()
                if checkpoint_every is not None:
                    driver.checkpoint(algorithm, global_step=0)

        def on_train_result(self, *, algorithm: Any, result: Mapping[str, Any], **_: Any) -> None:
            """Log the numbers of a result."""
            driver = _driver_run(self.run_id)
            if driver is None:
                return
            step = _steps_of(result)
            driver.log(flat(result), global_step=step)
            if checkpoint_every is not None and step >= type(self)._checkpoint_due:
                type(self)._checkpoint_due = step + checkpoint_every
                driver.checkpoint(algorithm, global_step=step)

        def on_episode_start(
            self, *, episode: Any, env_runner: Any = None, env: Any = None, env_index: int = 0, **_: Any
        ) -> None:
            """Begin an episode, and its steps where the schedule says so."""
            self._record(lambda recorder: recorder.begin(episode, env, env_index, env_runner))

        def on_episode_step(self, *, episode: Any, env_runner: Any = None, env: Any = None, **_: Any) -> None:
            """Write the step that was just taken."""
            self._record(lambda recorder: recorder.step(episode, env, env_runner))

        def on_episode_end(self, *, episode: Any, env: Any = None, **_: Any) -> None:
            """End an episode."""
            self._record(lambda recorder: recorder.end(episode))

        def _record(self, act: Callable[[StepRecorder], None]) -> None:
            """Write what happened. A fault is told once and never ends the env runner, without which RLlib goes on."""
            kind = type(self)
            if kind._is_lost:
                return
            try:
                writer = self._writer_here()
            except Exception as error:
                kind._is_lost = True
                print(f"ethogram: episodes of this env runner are not kept: {error}", file=sys.stderr)
                return
            try:
                if kind._recorder is None:
                    kind._recorder = StepRecorder(writer, self.schedule)
                act(kind._recorder)
            except Exception as error:
                writer._settle("rllib", error)

        def _writer_here(self) -> Run:
            """The run in this process: the driver's own, or a writer that continues it."""
            here = _driver_run(self.run_id)
            if here is not None:
                return here
            if type(self)._writer is None:
                type(self)._writer = init(
                    resume=self.where, root=self.root, capture_console=False, capture_system=False, quiet=True
                )
            writer = type(self)._writer
            assert writer is not None
            return writer

    _driver[made.id] = made
    return EthogramCallbacks


_driver: dict[str, Run] = {}
"""Runs of this process, by their ids: env runners in it write through them."""


def _driver_run(run_id: str) -> Run | None:
    return _driver.get(run_id)


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
