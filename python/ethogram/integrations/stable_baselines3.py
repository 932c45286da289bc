"""Stable-Baselines3 and sb3-contrib: one callback keeps scalars, episodes, what the policy said, and checkpoints.

    from ethogram.integrations.stable_baselines3 import EthogramCallback

    model = PPO("MlpPolicy", "CartPole-v1", seed=1)
    model.learn(100_000, callback=EthogramCallback(record=eg.every(20), checkpoint_every=20_000))

Nothing in training changes: the callback draws no random number, wraps no environment, and asks the policy without
sampling. The same seeds give the same numbers with it and without.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import HParam, Image, KVWriter

from ethogram import values
from ethogram.integrations.sb3_recorder import StepRecorder
from ethogram.integrations.skipped import Skipped
from ethogram.record import Frames
from ethogram.run import Run, init
from ethogram.schedule import Schedule, capped_cubic


class EthogramOutputFormat(KVWriter):  # type: ignore[misc, unused-ignore] # not installed where types are checked
    """A format of Stable-Baselines3's logger that writes into a run. `EthogramCallback` adds it by itself.

    Attributes:
        skipped: How often each kind of value came that has no meaning here.
    """

    def __init__(self, run: Run) -> None:
        self.run, self.skipped = run, Skipped("stable_baselines3")

    def write(self, key_values: dict[str, Any], key_excluded: dict[str, Any], step: int = 0) -> None:
        """Log what a `dump` of the logger brings, but what it says is not for `ethogram`."""
        logged: dict[str, Any] = {}
        for key, value in key_values.items():
            if "ethogram" in (key_excluded.get(key) or ()):
                continue
            if isinstance(value, HParam):
                if not self.run.update_config(value.hparam_dict):
                    self.skipped.tell("HParam", "the configuration is written with the first value; log it before")
            elif isinstance(value, Image):
                logged[key] = values.Image(_channels_last(value))
            elif type(value).__name__ in ("Video", "Figure"):
                self.skipped.tell(type(value).__name__, "episodes are recorded step by step instead")
            else:
                logged[key] = values.Distribution(value) if getattr(value, "ndim", 0) else value
        self.run.log(logged, global_step=step)

    def close(self) -> None:
        """The run goes on: it belongs to who made it."""


class EthogramCallback(BaseCallback):  # type: ignore[misc, unused-ignore]
    """Writes a training by Stable-Baselines3 into a run.

    Every episode gets a row; those that `record` chooses have all their steps: observation, action, raw reward, flags,
    frame, and what the policy said (logits or Gaussian and value, Q-values, quantiles, recurrent state).

    Args:
        run: Where it goes; left out, one is made at the start of training, with the algorithm's settings as its
            configuration. It ends with the process, or by `callback.run.finish()`.
        record: Which episodes are recorded step by step, see `ethogram.schedule`.
        checkpoint_every: Environment steps between checkpoints; the first is kept before training, the last at its end.
            `None` keeps none.
        frames: As of `ethogram.record`: `auto` renders where the environments' `render_mode` is `rgb_array`.
        project: Of the run that is made.
        verbose: As of every callback of Stable-Baselines3.
    """

    def __init__(
        self,
        run: Run | None = None,
        *,
        record: Schedule = capped_cubic,
        checkpoint_every: int | None = None,
        frames: Frames = "auto",
        project: str | None = None,
        verbose: int = 0,
    ) -> None:
        super().__init__(verbose)
        self.run = run
        self._schedule, self._every, self._frames, self._project = record, checkpoint_every, frames, project
        self._recorder: StepRecorder | None = None
        self._format: EthogramOutputFormat | None = None
        self._checkpoint_at: int | None = None

    def _on_training_start(self) -> None:
        if self.run is None:
            self.run = init(self._project or type(self.model).__name__.lower(), config=settings(self.model))
        elif not self.run.config:
            self.run.update_config(settings(self.model))
        try:
            self._recorder = StepRecorder(self.run, self.model, schedule=self._schedule, frames=self._frames)
            if self.num_timesteps:
                self.run.log({}, global_step=self.num_timesteps)
            self._recorder.begin()
        except Exception as error:
            self._recorder = None
            self.run._settle("stable_baselines3", error)
        self._format = EthogramOutputFormat(self.run)
        self.model.logger.output_formats.append(self._format)

    def _on_rollout_start(self) -> None:
        due = self._checkpoint_at is None or self.num_timesteps - self._checkpoint_at >= (self._every or 0)
        if self._every is not None and due:
            self._keep()

    def _on_step(self) -> bool:
        if self._recorder is not None and self.run is not None:
            try:
                self._recorder.step(self.locals)
            except Exception as error:
                self.run._settle("stable_baselines3", error)
        return True

    def _on_training_end(self) -> None:
        if self._every is not None and self._checkpoint_at != self.num_timesteps:
            self._keep()
        if self._recorder is not None:
            self._recorder.leave()
        formats = self.model.logger.output_formats
        if self._format in formats:
            formats.remove(self._format)
        if self.run is not None:
            self.run.flush()

    def _keep(self) -> None:
        self._checkpoint_at = self.num_timesteps
        if self.run is not None:
            self.run.checkpoint(self.model, global_step=self.num_timesteps)


def settings(model: Any) -> dict[str, Any]:
    """The settings of an algorithm, as configuration: plain values of its attributes."""
    found: dict[str, Any] = {"algorithm": type(model).__name__, "policy": type(model.policy).__name__}
    for name, value in sorted(vars(model).items()):
        if name.startswith("_") or name in ("num_timesteps", "start_time", "verbose", "tensorboard_log"):
            continue
        plain = value is None or isinstance(value, bool | int | float | str | np.number)
        if plain or name in ("policy_kwargs", "train_freq", "device"):
            found[name] = value if plain else str(value) if name == "device" else value
    if "learning_rate" not in found and callable(getattr(model, "lr_schedule", None)):
        found["learning_rate"] = float(model.lr_schedule(1.0))
    clip = getattr(model, "clip_range", None)
    if callable(clip):
        found["clip_range"] = float(clip(1.0))
    return found


def _channels_last(image: Image) -> Any:
    """H×W or H×W×C of a picture of the logger, whose axes are named by letters."""
    pixels = image.image.detach().cpu().numpy() if hasattr(image.image, "detach") else np.asarray(image.image)
    wanted = [axis for axis in "HWC" if axis in image.dataformats]
    return np.transpose(pixels, [image.dataformats.index(axis) for axis in wanted])
