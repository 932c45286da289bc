"""What Understanding RL Vision keeps beside a checkpoint, as a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ethogram.description import describe
from ethogram.errors import CorruptError
from ethogram.rl_clarity import combination, read_artefacts
from ethogram.space import discrete, seen_space

if TYPE_CHECKING:
    from ethogram.conversion import Conversion
    from ethogram.rl_clarity import Artefacts, Piece
    from ethogram.run import Run


_CHUNK = 1_000


def converted(folder: Path, stem: str, asked: Conversion) -> Run:
    """A run of what lies beside a checkpoint, and of its graph. Raises as `read_artefacts` does."""
    found = read_artefacts(folder, stem)
    metadata = found.metadata
    combos = metadata.get("action_combos")
    meanings = [combination(keys) for keys in combos] if isinstance(combos, list | tuple) else []
    pieces = found.pieces()
    first = next(pieces, None)
    shown = {field: rows[0] for field, rows in (first.fields if first else found.observations).items()}
    if not shown:
        raise CorruptError(f"{stem}: expected trajectories or observations beside it, found neither")
    config: dict[str, Any] = {"source": {"format": "rl_clarity", "file": stem}}
    config |= {key: value for key, value in metadata.items() if key != "action_combos" and value is not None}
    gamma = metadata.get("gae_gamma")
    described = describe(
        asked.env or str(metadata.get("env_name") or "rl_clarity"),
        observation_space=seen_space(shown, "observation"),
        action_space=discrete(len(meanings)) if meanings else None,
        action_meanings=meanings,
    )
    begun = asked.begin(
        "rl_clarity", stem, config=config, described=described,
        gamma=float(gamma) if isinstance(gamma, int | float) else None,
    )  # fmt: skip
    with begun as run:
        while first is not None:
            _played(run, first)
            first = next(pieces, None)
        _sample(run, found)
        if found.model is not None:
            run.checkpoint(found.model, name=stem, format="tensorflow_graph")
    return run


def _played(run: Run, piece: Piece) -> None:
    told = None if piece.whole else {"begins": "in the middle of an episode"}
    with run.episode(env_index=piece.env_index, extra=told) as episode:
        last = len(piece.rewards) - 1
        for at, reward in enumerate(piece.rewards):
            fields = {field: rows[at] for field, rows in piece.fields.items()}
            episode.step(reward=float(reward), terminated=piece.ended and at == last, **fields)


def _sample(run: Run, found: Artefacts) -> None:
    """Observations that belong to no episode lie on the axis of samples, as those of `ethogram.probe` do."""
    meta = json.dumps({"from": "dataset", "seed": None, "global_step": run.global_step})
    for field, values in found.observations.items():
        for start in range(0, len(values), _CHUNK):
            chunk = np.ascontiguousarray(values[start : start + _CHUNK])
            run._tensor("sample", f"samples/observations/{field}", start, "tensor", chunk, meta)
