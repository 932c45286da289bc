"""Shelves and pickles of RLlib's `rollout`, and files of rld, as a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ethogram.description import describe
from ethogram.errors import CorruptError
from ethogram.rld_rollouts import observed, read_rollout
from ethogram.space import seen_space

if TYPE_CHECKING:
    from ethogram.conversion import Conversion
    from ethogram.rld_rollouts import Trajectory
    from ethogram.run import Run


def converted(asked: Conversion) -> Run:
    """A run of all episodes of a shelf or file. Raises as `read_rollout` does; what came before is kept."""
    path = asked.source
    found = read_rollout(path)
    first = next(found.trajectories, None)
    while first is not None and not first.steps:
        first = next(found.trajectories, None)
    if first is None:
        raise CorruptError(f"{path.name}: expected an episode with a step, found none")
    fields = first.steps[0].fields
    config = {"source": {"format": found.format, "file": path.name}} | {
        key: value
        for key, value in (("title", found.title), ("description", found.description), ("at", found.recorded_at))
        if value
    }
    described = describe(asked.env or found.env or found.format, observation_space=seen_space(fields, "observation"))
    with asked.begin(found.format, found.title or path.name, config=config, described=described) as run:
        _write(run, first)
        for trajectory in found.trajectories:
            if trajectory.steps:
                _write(run, trajectory)
    return run


def _write(run: Run, trajectory: Trajectory) -> None:
    with run.episode() as episode:
        for step in trajectory.steps:
            episode.step(reward=step.reward, terminated=step.terminated, truncated=step.truncated, **step.fields)
        last = trajectory.steps[-1].next
        episode.end(**(observed(last) if last is not None else {}))
        if trajectory.title or trajectory.description:
            episode.note(title=trajectory.title, description=trajectory.description)
        for start, end, title in trajectory.hotspots:
            episode.hotspot(title, start=start, end=end)
