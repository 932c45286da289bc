"""What Understanding RL Vision keeps beside a checkpoint: trajectories, observations, metadata, a graph."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ethogram import inert
from ethogram.errors import CorruptError, NotFoundError

if TYPE_CHECKING:
    import numpy.typing

    Values = numpy.typing.NDArray[Any]

PARTS = ("metadata", "trajectories", "observations")
"""Kinds of `.jd` files that are read; `CHECKPOINT.model.pb` is the network."""

MODEL_BYTES_MAX = 2 * 1024**3
"""A larger graph is not kept."""

_NAME = re.compile(r"(?P<stem>.+)\.(?:(?:metadata|trajectories|observations)\.jd|model\.pb)")


@dataclass
class Piece:
    """What one environment did between two resets, or between a reset and an end of the sampling.

    Attributes:
        env_index: Which of the environments side by side.
        fields: Rows of each field: `observation`, `action`, and `frame` where it was kept.
        rewards: One a step.
        whole: Whether its first step is the first of its episode.
        ended: Whether its last step is the last of its episode.
    """

    env_index: int
    fields: dict[str, Values]
    rewards: Values
    whole: bool
    ended: bool


@dataclass
class Artefacts:
    """The files of one checkpoint.

    Attributes:
        stem: Their common name.
        metadata: `env_name`, `action_combos`, `gae_gamma`, `gae_lambda`, names of the graph's outputs.
        observations: Decorrelated ones, N×H×W×C, by field; empty where there are none.
        model: The frozen graph of TensorFlow.
    """

    stem: str
    metadata: dict[str, Any]
    observations: dict[str, Values]
    model: bytes | None
    _trajectories: dict[str, Values]

    def pieces(self) -> Iterator[Piece]:
        """The trajectories, cut where an episode begins."""
        import numpy as np

        rows = self._trajectories
        if not rows:
            return
        firsts = rows["firsts"]
        fields = {
            name: rows[key]
            for name, key in (("observation", "observations"), ("action", "actions"), ("frame", "observations_full"))
            if key in rows
        }
        for index in range(len(firsts)):
            starts = sorted({0, *np.flatnonzero(firsts[index]).tolist()})
            ends = [*starts[1:], firsts.shape[1]]
            for start, end in zip(starts, ends, strict=True):
                yield Piece(
                    index,
                    {name: values[index, start:end] for name, values in fields.items()},
                    rows["rewards"][index, start:end],
                    whole=bool(firsts[index, start]),
                    ended=end < firsts.shape[1] or bool(rows["last"][index]),
                )


def artefacts_of(path: Path) -> str | None:
    """The common name of the files at `path`: one of them, or the folder that they lie in; else `None`."""
    if path.is_dir():
        stems = sorted({match["stem"] for file in path.iterdir() if (match := _NAME.fullmatch(file.name))})
        if len(stems) > 1:
            raise NotFoundError(
                f"{path.name}: expected the files of one checkpoint, found {', '.join(stems)}; name one of its files"
            )
        return stems[0] if stems else None
    match = _NAME.fullmatch(path.name)
    return match["stem"] if match else None


def read_artefacts(folder: Path, stem: str) -> Artefacts:
    """Read the files of one checkpoint, as many as there are.

    Raises:
        CorruptError: A file is not what its name says.
    """
    found = {part: _dumped(folder / f"{stem}.{part}.jd") for part in PARTS}
    metadata = found["metadata"] or {}
    if not isinstance(metadata, dict):
        raise CorruptError(f"{stem}.metadata.jd: expected a dict, found {type(metadata).__name__}")
    graph = folder / f"{stem}.model.pb"
    model = None
    if graph.is_file():
        if graph.stat().st_size > MODEL_BYTES_MAX:
            raise CorruptError(f"{graph.name}: expected at most {MODEL_BYTES_MAX} bytes, found {graph.stat().st_size}")
        model = graph.read_bytes()
    return Artefacts(
        stem,
        metadata,
        _observations(found["observations"], f"{stem}.observations.jd"),
        model,
        _trajectories(found["trajectories"], f"{stem}.trajectories.jd"),
    )


def combination(keys: Any) -> str:
    """How an action of pressed keys is called: `RIGHT+UP`, or `noop` for none."""
    return "+".join(str(key) for key in keys) or "noop" if isinstance(keys, list | tuple) else str(keys)


def _dumped(path: Path) -> Any:
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return inert.read(file, path.name)


def _observations(found: Any, name: str) -> dict[str, Values]:
    if found is None:
        return {}
    # Older files hold the array alone.
    given = found if isinstance(found, dict) else {"observations": found}
    fields = {"observation": _array(given, "observations", name, 2)}
    if "observations_full" in given:
        fields["frame"] = _array(given, "observations_full", name, 2)
    lengths = {len(values) for values in fields.values()}
    if len(lengths) > 1:
        raise CorruptError(f"{name}: expected as many observations_full as observations, found {sorted(lengths)}")
    return fields


def _trajectories(found: Any, name: str) -> dict[str, Values]:
    import numpy as np

    if found is None:
        return {}
    if not isinstance(found, dict):
        raise CorruptError(f"{name}: expected a dict of arrays, found {type(found).__name__}")
    rows = {"observations": _array(found, "observations", name, 3), "actions": _array(found, "actions", name, 2)}
    rows["rewards"] = _array(found, "rewards", name, 2)
    if "observations_full" in found:
        rows["observations_full"] = _array(found, "observations_full", name, 3)
    if "firsts" in found:
        rows["firsts"] = _array(found, "firsts", name, 2).astype(bool)
        last = np.zeros(len(rows["firsts"]), dtype=bool)
    else:
        # Older files say which step ends an episode; the next one is the first of another.
        dones = _array(found, "dones", name, 2).astype(bool)
        rows["firsts"] = np.concatenate([np.zeros((len(dones), 1), dtype=bool), dones[:, :-1]], axis=1)
        last = dones[:, -1]
    lengths = {values.shape[:2] for values in rows.values()}
    if len(lengths) > 1:
        raise CorruptError(f"{name}: expected arrays of the same environments and steps, found {sorted(lengths)}")
    return rows | {"last": last}


def _array(given: dict[str, Any], key: str, name: str, axes: int) -> Values:
    import numpy as np

    found = given.get(key)
    if not isinstance(found, np.ndarray) or found.ndim < axes or found.dtype.kind not in "biuf" or 0 in found.shape[:2]:
        shape = f"{found.dtype} of shape {list(found.shape)}" if isinstance(found, np.ndarray) else type(found).__name__
        raise CorruptError(f"{name}, {key}: expected numbers on {axes} axes or more, found {shape}")
    return found
