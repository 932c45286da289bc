"""What was asked of `ethogram convert`, and how a run that is made of other tools' files begins."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ethogram.run import Run, init

WHY = (
    "these files are pickles. A pickle names functions, and Python's own reader calls them, so that opening a "
    "stranger's file can run anything. The reader here calls nothing: it makes numbers, texts and arrays by itself, "
    "and refuses a file that names anything else. Pass --allow-pickle (allow_pickle=True) if that is what you want"
)
"""Why pickles must be asked for."""


@dataclass(frozen=True)
class Conversion:
    """A source, and what was said of the run that is made of it.

    Attributes:
        source: The file or folder as it was given.
        root: Where runs lie.
        env: Name of the environment; `None` where it was not said, as all that follow.
        project: Of the run.
        name: Of the run.
    """

    source: Path
    root: str | os.PathLike[str]
    env: str | None
    project: str | None
    name: str | None

    def begin(
        self,
        format: str,
        title: str,
        *,
        config: Mapping[str, Any] | None = None,
        described: Mapping[str, Any] | None = None,
        project: str = "",
        tags: Sequence[str] = (),
        group: str = "",
        notes: str = "",
        gamma: float | None = None,
    ) -> Run:
        """The run. What was said wins over what the source says; a fault raises, and nothing is dropped.

        Args:
            format: Of the source.
            title: The run's name, as the source has it.
            config: Hyper-parameters.
            described: The environment, as `ethogram.describe` gives it.
            project: Of the run; the format where the source does not say.
            tags: Free words.
            group: Runs to be averaged.
            notes: Free text.
            gamma: The discount, where the source says it.
        """
        told = {"source": {"format": format, "file": self.source.absolute().name}} | dict(config or {})
        return init(
            self.project or project or format, name=self.name or title, config=told, root=self.root,
            tags=["converted", *tags], group=group or None, notes=notes, strict=True, env=described, gamma=gamma,
            when_full="block", capture_code=False, capture_console=False, capture_system=False,
            quiet=True,
        )  # fmt: skip
