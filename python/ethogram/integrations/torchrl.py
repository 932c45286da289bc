"""TorchRL: its logger's interface, writing into a run.

from ethogram.integrations.torchrl import EthogramLogger

logger = EthogramLogger("ppo", config=cfg)
logger.log_scalar("loss", loss, step=frames)
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from torchrl.record.loggers.common import Logger

from ethogram import values
from ethogram.integrations.skipped import Skipped
from ethogram.integrations.stepless import Numbered
from ethogram.run import Run, init


class EthogramLogger(Logger):  # type: ignore[misc, unused-ignore] # not installed where types are checked
    """Takes what every logger of TorchRL takes.

    Args:
        exp_name: The run's name.
        log_dir: Where runs lie; `runs` if left out.
        run: A run to write into; one is made where it is left out.
        **settings: As of `ethogram.init`: `project=`, `config=`, `tags=`.
    """

    def __init__(
        self,
        exp_name: str,
        log_dir: str | os.PathLike[str] | None = None,
        *,
        run: Run | None = None,
        **settings: Any,
    ) -> None:
        self._given, self._settings = run, {"project": "torchrl", **settings}
        self._skipped = Skipped("torchrl")
        self._numbered: Numbered | None = None
        super().__init__(exp_name=exp_name, log_dir=os.fspath(log_dir or "runs"))

    def _create_experiment(self) -> Run:
        if self._given is not None:
            return self._given
        return init(name=self.exp_name, root=self.log_dir, **self._settings)

    @property
    def run(self) -> Run:
        """The run, for `ethogram.record` and all else."""
        found: Run = self.experiment
        return found

    @property
    def skipped(self) -> Mapping[str, int]:
        """How often each call came that has no meaning here."""
        return self._skipped.counts

    def log_scalar(self, name: str, value: float, step: int | None = None) -> None:
        """Log a number; without a step it has the last, or the next where that has one."""
        self._log({name: value}, step)

    def log_video(self, name: str, video: Any, step: int | None = None, **kwargs: Any) -> None:
        """Keep pictures over time as an array: no page plays it; record episodes to see them played."""
        self._log({name: values.Tensor(video, {"axes": "NTCHW", **kwargs})}, step)
        self._skipped.tell("log_video as a film", "it is kept as an array; ethogram.record shows episodes step by step")

    def log_hparams(self, cfg: Any) -> None:
        """Take settings into the configuration, if nothing was logged before."""
        if not isinstance(cfg, Mapping):
            try:
                from omegaconf import OmegaConf

                cfg = OmegaConf.to_container(cfg, resolve=True)
            except ImportError:
                cfg = dict(vars(cfg))
        if not self.run.update_config(cfg):
            self._skipped.tell("log_hparams", "the configuration is written with the first value; call it before")

    def log_histogram(self, name: str, data: Sequence[float], **kwargs: Any) -> None:
        """Log a distribution."""
        self._log({name: values.Distribution(data)}, kwargs.get("step"))

    def log_str(self, name: str, value: str, step: int | None = None) -> None:
        """Log a text."""
        self._log({name: values.Text(value)}, step)

    def __repr__(self) -> str:
        return f"EthogramLogger(experiment={self.experiment!r})"

    def _log(self, logged: dict[str, Any], step: int | None) -> None:
        if self._numbered is None:
            self._numbered = Numbered(self.run)
        self._numbered.log(logged, None if step is None else int(step))
