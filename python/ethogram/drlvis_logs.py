"""Event files that DRLVis wrote, as its logger in `ethogram.drlvis` would have logged them.

The core reads the events (`ethogram import`); here they get the meaning that DRLVis gives to its tags.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ethogram import values
from ethogram.errors import CorruptError
from ethogram.reader import RunView, open_run

if TYPE_CHECKING:
    import numpy.typing

    from ethogram.run import Run

    Values = numpy.typing.NDArray[Any]

COUNT_MAX = 10_000_000
"""A distribution of more samples is kept as values and counts."""

NAMES = {
    "episode-rewards": "episode_return",
    "action-divergences": "action_divergence",
    "action_distributions": "action_distribution",
}
"""Tags of DRLVis, and what `ethogram.drlvis` calls them."""

MEANINGS = "action_meanings_"
"""The tag of the names of the actions."""

_OF_STEP = re.compile(r"(?P<name>.+)-e(?P<episode>\d{1,12})")
_TENSORS = (
    ("frame", re.compile(r"episode(?P<episode>\d{1,12})")),
    ("action_probabilities", re.compile(r"e(?P<episode>\d{1,12})")),
    ("weights", re.compile(r"weights-episode-(?P<episode>\d{1,12})")),
    ("random_states/bounds", re.compile(r"experiment-episode-(?P<episode>\d{1,12})-bounds")),
    ("random_states", re.compile(r"experiment-episode-(?P<episode>\d{1,12})")),
    ("random_states/states", re.compile(r"random-state-ep-(?P<episode>\d{1,12})")),
)


def imported(folder: Path) -> tuple[RunView, tempfile.TemporaryDirectory[str]] | None:
    """The events of a folder as a run that lives as long as its temporary folder; `None` where DRLVis wrote none."""
    if not any("tfevents" in path.name for path in folder.iterdir()):
        return None
    kept = tempfile.TemporaryDirectory(prefix="ethogram-drlvis-")
    command = [sys.executable, "-m", "ethogram", "import", str(folder), kept.name]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = sorted(Path(kept.name).glob("*/*/run.json"))
    if done.returncode or not found:
        kept.cleanup()
        raise CorruptError(f"{folder.name}: expected event files, found {done.stderr.strip() or 'none that is read'}")
    view = open_run(found[0].parent)
    tags = {*view.tags, *view.tensor_tags}
    if not any(tag in NAMES or tag == MEANINGS or _meaning(tag) for tag in tags):
        kept.cleanup()
        return None
    return view, kept


def meanings(view: RunView) -> list[str]:
    """Names of the actions, where they were logged."""
    if MEANINGS not in view.tensor_tags:
        return []
    return [name for name in view.tensors(MEANINGS)[-1].text().split("\n") if name]


def write(view: RunView, run: Run) -> None:
    """Log all that DRLVis logged."""
    for tag in view.tags:
        _scalar(view, run, tag)
    pictures: dict[int, list[tuple[int, Values]]] = {}
    for tag in view.tensor_tags:
        if tag == MEANINGS:
            continue
        name, episode = _meaning(tag) or (NAMES.get(tag, tag), None)
        for row in view.tensors(tag):
            if episode is None:
                if row.kind == "tensor":
                    run.log({name: _distribution(row.numpy(), tag)}, episode=row.step)
            elif name == "random_states":
                run.log(dict(_experiment(row.numpy(), tag)), episode=episode)
            elif name == "random_states/bounds":
                run.log({name: values.Tensor(row.numpy())}, episode=episode)
            elif name == "random_states/states":
                pictures.setdefault(episode, []).append((row.step, row.numpy()))
            else:
                run.log({name: row.numpy()}, episode=episode, step=row.step)
    import numpy as np

    for episode, rows in pictures.items():
        rows.sort(key=lambda row: row[0])
        run.log({"random_states/states": values.Tensor(np.stack([row for _, row in rows]))}, episode=episode)


def _scalar(view: RunView, run: Run, tag: str) -> None:
    table = view.scalars(tag)
    points = zip(table["step"].numpy().tolist(), table["value"].numpy().tolist(), strict=True)
    match = _OF_STEP.fullmatch(tag)
    for step, value in points:
        if match:
            run.log({match["name"]: value}, episode=int(match["episode"]), step=step)
        else:
            run.log({NAMES.get(tag, tag): value}, episode=step)


def _meaning(tag: str) -> tuple[str, int] | None:
    for name, pattern in _TENSORS:
        match = pattern.fullmatch(tag)
        if match:
            return name, int(match["episode"])
    return None


def _experiment(rows: Values, tag: str) -> Iterator[tuple[str, Any]]:
    """Columns x, y, greedy action, entropy, and the state's own numbers; two zeros stand for states of pictures."""
    if rows.ndim != 2 or rows.shape[1] < 4:
        raise CorruptError(f"{tag}: expected states by 4 numbers or more, found shape {list(rows.shape)}")
    yield "random_states/layout", values.Tensor(rows[:, :2])
    yield "random_states/action", values.Tensor(rows[:, 2].astype("int64"))
    yield "random_states/entropy", values.Tensor(rows[:, 3])
    if rows.shape[1] > 4 and rows[:, 4:].any():
        yield "random_states/states", values.Tensor(rows[:, 4:])


def _distribution(rows: Values, tag: str) -> Any:
    """Values and how often each came."""
    import numpy as np

    if rows.ndim != 2 or rows.shape[1] != 2:
        return values.Tensor(rows)
    counts = rows[:, 1]
    if (counts < 0).any() or not np.isfinite(counts).all() or counts.sum() > COUNT_MAX:
        return values.Tensor(rows)
    return values.Distribution(np.repeat(rows[:, 0], counts.astype(np.int64)))
