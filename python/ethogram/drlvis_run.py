"""Event files of DRLVis as a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ethogram import drlvis_logs
from ethogram.description import describe
from ethogram.space import discrete

if TYPE_CHECKING:
    from ethogram.conversion import Conversion
    from ethogram.reader import RunView
    from ethogram.run import Run


def converted(view: RunView, asked: Conversion) -> Run:
    """A run of what DRLVis logged, in the words of `ethogram.drlvis`."""
    names = drlvis_logs.meanings(view)
    described = describe(
        asked.env or "drlvis", action_space=discrete(len(names)) if names else None, action_meanings=names
    )
    with asked.begin("drlvis", asked.source.name, described=described) as run:
        drlvis_logs.write(view, run)
    return run
