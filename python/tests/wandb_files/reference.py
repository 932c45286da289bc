"""Writes `converted.json`: what `ethogram convert` makes of the runs beside it, and what serving them shows.

python reference.py
"""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np

import ethogram as eg

HERE = Path(__file__).parent
RUNS = ("offline-run", "more-media")
OWN = ("wandb/left_out", "wandb/artifacts", "episode_return", "episode_length")
"""What the conversion adds."""


def described(run: eg.RunView) -> dict[str, Any]:
    """All that a run holds, arrays by their checksums."""
    scalars = {
        tag: [
            [step, repr(value)]
            for step, value in zip(*(rows(run.scalars(tag), name) for name in ("step", "value")), strict=True)
        ]
        for tag in run.tags if tag not in OWN
    }  # fmt: skip
    tensors = {
        tag: [
            {"step": one.step, "kind": one.kind, "array": _array(one.numpy()), "meta": one.meta}
            for one in run.tensors(tag)
        ]
        for tag in run.tensor_tags if tag not in OWN
    }  # fmt: skip
    episodes = []
    for index in rows(run.episodes(), "episode"):
        episode = run.episode(index)
        row = episode.row
        extra = dict(row["extra"])
        film = extra.pop("video_blob", None)
        told = {name: row[name] for name in ("episode", "global_step", "length", "recorded", "end")}
        fields = {name: _array(episode.field(name).numpy()) for name in episode.fields} if row["recorded"] else {}
        episodes.append(
            told | {"extra": extra, "fields": fields, "film": None if film is None else zlib.crc32(run.blob(film))}
        )
    return {"scalars": scalars, "tensors": tensors, "episodes": episodes}


def rows(table: Any, name: str) -> list[Any]:
    """A column of a table."""
    return table[name].numpy().tolist()


def _array(array: np.ndarray[Any, Any]) -> dict[str, Any]:
    crc = zlib.crc32(np.ascontiguousarray(array).tobytes())
    return {"dtype": str(array.dtype), "shape": list(array.shape), "crc32": crc}


def main() -> None:
    import tempfile

    from ethogram.convert import convert

    with tempfile.TemporaryDirectory() as root:
        told = {name: described(eg.open(convert(HERE / name, root))) for name in RUNS}
    (HERE / "converted.json").write_text(json.dumps(told, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
