"""A dataset of Minari as a run."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ethogram.description import describe
from ethogram.errors import CorruptError
from ethogram.minari_hdf5 import read_episodes, read_metadata, space_of

if TYPE_CHECKING:
    from ethogram.conversion import Conversion
    from ethogram.run import Run


def converted(path: Path, asked: Conversion) -> Run:
    """A run of all episodes of a dataset. Raises as `read_episodes` does; what came before is kept."""
    told = read_metadata(path)
    spec = json.loads(told.get("env_spec") or "null") or {}
    described = describe(
        asked.env or str(spec.get("id") or "minari"),
        observation_space=space_of(told.get("observation_space")),
        action_space=space_of(told.get("action_space")),
    )
    kept = ("dataset_id", "algorithm_name", "author", "minari_version", "code_permalink", "description")
    config = {"source": {"format": "minari", "file": path.name}} | {key: told[key] for key in kept if told.get(key)}
    episodes = read_episodes(path, told)
    first = next(episodes, None)
    if first is None:
        raise CorruptError(f"{path}: expected an episode, found none")
    title = str(told.get("dataset_id") or path.stem)
    with asked.begin("minari", title, config=config, described=described) as run:
        for played in itertools.chain([first], episodes):
            with run.episode(seed=played.seed) as episode:
                for at in range(played.steps):
                    episode.step(
                        reward=float(played.rewards[at]), terminated=bool(played.terminated[at]),
                        truncated=bool(played.truncated[at]),
                        **{field: _one(rows[at]) for field, rows in played.fields.items()},
                    )  # fmt: skip
                last = {field: _one(rows[-1]) for field, rows in played.fields.items() if len(rows) > played.steps}
                episode.end(**last)
    return run


def _one(value: Any) -> Any:
    """One row of a field: arrays of texts hold Python's."""
    return str(value) if isinstance(value, str) else value
