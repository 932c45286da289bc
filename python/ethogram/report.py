"""Static reports: runs, curves and episodes as one HTML file that needs no server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from ethogram.errors import EthogramError, EthogramWarning, OptionError

if TYPE_CHECKING:
    from ethogram.reader import RunView
    from ethogram.run import Run

    Source: TypeAlias = RunView | Run | str | os.PathLike[str]


def report(
    runs: Source | Iterable[Source],
    path: str | os.PathLike[str] = "report.html",
    *,
    episodes: Iterable[int | str] | None = None,
    steps: tuple[int | None, int | None] | None = None,
    tags: Iterable[str] = (),
    methods: Iterable[str] = (),
    targets: Iterable[str] = (),
    layers: Iterable[str] = (),
    features: int | None = None,
    features_layer: str | None = None,
    features_of: str = "activations",
    title: str = "",
    note: str = "",
) -> Path:
    """Write runs, curves, episodes, explanations and notes as one HTML file, with the web app's own pages.

    Whoever opens it scrubs through the episodes and sees where the policy looked, without a server, without a network.
    `docs/report.md` says what is in the file and what is not. The work is that of the command `ethogram report`, in a
    process of its own.

    Args:
        runs: One or several; folders of runs too.
        path: The file; its name ends in `.html`. What was there is replaced once the whole report was made.
        episodes: Of each run: indices, `"best"` (the largest return), `"last"`; the best one when left out, and none
            where this is empty.
        steps: First step of each episode and the one behind the last; `None` for the episode's own ends.
        tags: Patterns of scalars, in which `*` stands for anything; all when left out.
        methods: That explain every step, for example `"saliency"`; `docs/methods` tells what each shows.
        targets: What is explained, for example `"action"` or `"value"`.
        layers: Hidden layers that are explained, or `"recommended"`; the observation when left out.
        features: Takes a layer apart into so many.
        features_layer: Which one; the recommended one when left out.
        features_of: `"activations"`, or what the layer says for a target.
        title: The heading; the names of the runs when left out.
        note: Text at the beginning, shown as it is.

    Returns:
        The file.

    Warns:
        EthogramWarning: What was asked for and is not in the file, a sentence each; its home page says it too.

    Raises:
        OptionError: The arguments do not go together.
        EthogramError: It could not be made; the text says why and what to do.

    Example:
        eg.report(run, "pong.html", episodes=["best", 3], methods=["saliency"], targets=["action"])
    """
    file = Path(path)
    folders = [_folder(run) for run in _several(runs)]
    if not folders:
        raise OptionError("runs: expected at least one run, found none")
    chosen = None if episodes is None else [str(episode) for episode in episodes]
    command = [sys.executable, "-m", "ethogram", "report", "--json", f"--output={file}"]
    command += ["--no-episodes"] if chosen == [] else [f"--episode={episode}" for episode in chosen or ()]
    if steps is not None:
        first, end = ("" if step is None else step for step in steps)
        command.append(f"--steps={first}..{end}")
    for option, values in (("tag", tags), ("method", methods), ("target", targets), ("layer", layers)):
        command += [f"--{option}={value}" for value in values]
    if features is not None:
        command += [f"--features={features}", f"--features-of={features_of}"]
        command += [] if features_layer is None else [f"--features-layer={features_layer}"]
    command += [f"--title={title}"] if title else []
    command += [f"--note={note}"] if note else []
    done = subprocess.run(
        [*command, "--", *folders], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        said = done.stderr.partition("\n\nFor more information")[0].strip().removeprefix("error: ")
        raise EthogramError(f"report: {said or f'the command ended with status {done.returncode}'}")
    for sentence in json.loads(done.stdout)["left_out"]:
        warnings.warn(f"report: not in it: {sentence}", EthogramWarning, stacklevel=2)
    return file


def _several(runs: Any) -> Iterable[Any]:
    return [runs] if isinstance(runs, str | os.PathLike) or hasattr(runs, "folder") else runs


def _folder(run: Any) -> str:
    """Where a run lies; of one that is written, what was logged so far is on disk then."""
    if hasattr(run, "flush"):
        run.flush()
    folder = run if isinstance(run, str | os.PathLike) else getattr(run, "folder", None)
    if folder is None:
        raise OptionError(f"runs: expected runs or their folders, found {type(run).__name__}")
    return str(Path(folder).absolute())
