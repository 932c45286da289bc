"""Datasets of Minari in its HDF5 storage: `data/main_data.hdf5` beside `data/metadata.json`. Needs `pip install h5py`.

Row *t* of `rewards` is what came back for action *t*, and there is one observation more than actions, as everywhere
here. Pictures may be JPEGs, each padded with zeros to the longest of its episode; those need `pip install pillow`.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ethogram.errors import CorruptError, EthogramError
from ethogram.space import escape

EPISODES_MAX = 1_000_000
"""Most episodes of a dataset."""

STEPS_MAX = 10_000_000
"""Most steps of an episode."""

EPISODE_BYTES_MAX = 8 * 1024**3
"""Most bytes of one field of an episode."""

_DEPTH_MAX = 16
_METADATA_BYTES_MAX = 16 * 1024**2


@dataclass
class Played:
    """One episode.

    Attributes:
        seed: What the environment was reset with; `None` where the dataset does not say.
        steps: Taken.
        fields: Observations, actions and infos by field, a row a step; observations have one more.
        rewards: A number a step.
        terminated: Whether the step ended it.
        truncated: Whether it was cut after the step.
    """

    seed: int | None
    steps: int
    fields: dict[str, Any]
    rewards: Any
    terminated: Any
    truncated: Any


def dataset_of(path: Path) -> Path | None:
    """The file of a dataset, given it, the folder that holds it, or the one above that; `None` where there is none."""
    for found in (path, path / "main_data.hdf5", path / "data" / "main_data.hdf5"):
        if found.name.endswith(".hdf5") and found.is_file():
            return found
    return None


def read_metadata(path: Path) -> dict[str, Any]:
    """What stands in `metadata.json` beside the file; empty where that is missing."""
    beside = path.with_name("metadata.json")
    if not beside.is_file():
        return {}
    if beside.stat().st_size > _METADATA_BYTES_MAX:
        raise CorruptError(f"{beside}: expected at most {_METADATA_BYTES_MAX} bytes")
    try:
        told = json.loads(beside.read_text(encoding="utf-8"))
    except ValueError as error:
        raise CorruptError(f"{beside}: expected JSON: {error}") from error
    return told if isinstance(told, dict) else {}


def space_of(text: Any, depth: int = 0) -> dict[str, Any] | None:
    """A space as Minari writes it down, as we do; `None` for a kind that is not known."""
    told = json.loads(text) if isinstance(text, str) else text
    if not isinstance(told, dict) or depth > _DEPTH_MAX:
        return None
    from ethogram import space

    match told.get("type"):
        case "Box":
            return space.box(_bound(told["low"]), _bound(told["high"]), told["shape"], told["dtype"])
        case "Discrete":
            return space.discrete(told["n"], start=told.get("start", 0))
        case "Text":
            return {"type": "text", "max_length": int(told["max_length"])}
        case "Dict":
            parts = [[key, space_of(part, depth + 1)] for key, part in told["subspaces"].items()]
            return None if any(part is None for _, part in parts) else {"type": "dict", "spaces": parts}
        case "Tuple":
            inner = [space_of(part, depth + 1) for part in told["subspaces"]]
            return None if None in inner else {"type": "tuple", "spaces": inner}
        case _:
            return None


def _bound(nested: Any) -> Any:
    """A bound as one number an element, or one where all are the same."""
    found: list[Any] = []
    waiting = [nested]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting.extend(reversed(part))
        else:
            found.append(part)
    return found[0] if len(set(found)) == 1 else found


def read_episodes(path: Path, told: dict[str, Any]) -> Iterator[Played]:
    """The episodes of a dataset, one after the other."""
    try:
        import h5py
    except ImportError as error:
        raise EthogramError(f"{path.name}: a dataset in HDF5 is read with h5py; pip install h5py") from error
    spaces = {name: json.loads(told.get(f"{name}_space") or "null") for name in ("observation", "action")}
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise CorruptError(f"{path}: expected a file of HDF5: {error}") from error
    with file:
        names = [name for name in file if name.startswith("episode_") and name[8:].isdecimal()]
        if len(names) > EPISODES_MAX:
            raise CorruptError(f"{path.name}: expected at most {EPISODES_MAX} episodes, found {len(names)}")
        for name in sorted(names, key=lambda name: int(name[8:])):
            try:
                yield _played(file[name], spaces)
            except (KeyError, OSError, ValueError, TypeError) as error:
                raise CorruptError(f"{path.name}: {name} is no episode of Minari: {error}") from error


def _played(group: Any, spaces: dict[str, Any]) -> Played:
    rewards = _rows(group["rewards"])
    steps = len(rewards)
    if steps > STEPS_MAX:
        raise ValueError(f"it has {steps} steps, over the limit of {STEPS_MAX}")
    fields: dict[str, Any] = {}
    for part, field in (("observations", "observation"), ("actions", "action")):
        _leaves(group[part], field, spaces[field], fields, 0)
    for field, rows in fields.items():
        expected = steps + 1 if field.split("/")[0] == "observation" else steps
        if len(rows) != expected:
            raise ValueError(f"{field} has {len(rows)} rows, expected {expected}")
    seed = group.attrs.get("seed")
    return Played(
        None if seed is None else int(seed), steps, fields, rewards, _rows(group["terminations"]),
        _rows(group["truncations"]),
    )  # fmt: skip


def _leaves(node: Any, name: str, of: Any, fields: dict[str, Any], depth: int) -> None:
    if depth > _DEPTH_MAX:
        raise ValueError(f"{name} is nested deeper than {_DEPTH_MAX}")
    if hasattr(node, "keys"):
        inner = of.get("subspaces") if isinstance(of, dict) else None
        for key in node:
            at = key.removeprefix("_index_")
            part: Any = None
            if isinstance(inner, dict):
                part = inner.get(key)
            elif isinstance(inner, list) and at.isdecimal() and int(at) < len(inner):
                part = inner[int(at)]
            _leaves(node[key], f"{name}/{escape(at if isinstance(inner, list) else key)}", part, fields, depth + 1)
        return
    rows = _rows(node)
    shape = tuple(of["shape"]) if isinstance(of, dict) and of.get("type") == "Box" else ()
    is_packed = rows.dtype.kind == "O" or (str(rows.dtype) == "uint8" and rows.ndim == 2)
    if len(shape) >= 2 and is_packed and rows.shape[1:] != shape:
        rows = _pictures(rows, name, shape)
    fields[name] = rows


def _rows(node: Any) -> Any:
    if node.nbytes > EPISODE_BYTES_MAX:
        raise ValueError(f"{node.name} has {node.nbytes} bytes, over the limit of {EPISODE_BYTES_MAX}")
    if node.dtype.kind != "O":
        return node[()]
    import h5py

    # Texts, or rows of bytes that are not equally long: JPEGs.
    return node[()] if h5py.check_string_dtype(node.dtype) is None else node.asstr()[()]


def _pictures(rows: Any, name: str, shape: tuple[int, ...]) -> Any:
    """JPEGs as pixels."""
    import numpy as np

    try:
        from PIL import Image
    except ImportError as error:
        raise EthogramError(
            f"{name}: pictures of this dataset are JPEGs, read with Pillow; pip install pillow"
        ) from error
    decoded = np.empty((len(rows), *shape), np.uint8)
    for at, row in enumerate(rows):
        with Image.open(io.BytesIO(row.tobytes())) as picture:
            if picture.size != (shape[1], shape[0]):
                raise ValueError(f"{name} at step {at}: expected a picture of {shape}, found {picture.size}")
            decoded[at] = np.asarray(picture).reshape(shape)
    return decoded
