"""`ethogram convert`: makes a run of what other tools keep, mostly as pickles. Also `python -m ethogram.convert`.

These formats are read in Python alone, and only when asked for twice: the core of Ethogram opens no pickle.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from ethogram.conversion import WHY, Conversion
from ethogram.errors import EthogramError, NotFoundError
from ethogram.run import Run

if TYPE_CHECKING:
    from ethogram.reader import AxisName, RunView


def convert(
    source: str | os.PathLike[str],
    root: str | os.PathLike[str] = "runs",
    *,
    allow_pickle: bool = False,
    env: str | None = None,
    project: str | None = None,
    name: str | None = None,
) -> Run:
    """Make a run of what other tools keep: rollouts of RLlib and rld, artefacts of Understanding RL Vision, and more.

    Args:
        source: A shelf (`rllib rollout --use-shelve`; its name, or one of its files), a pickle of `rllib rollout`, an
            `.rld` file, or `NAME.trajectories.jd`, `NAME.observations.jd`, `NAME.metadata.jd` (one of them, or their
            folder); or what is no pickle: a log folder of the TensorBoard plug-in `agent` or of DRLVis, a dataset of
            Minari in HDF5 (its folder or `main_data.hdf5`), a GIF of Bootstrapped DQN with its text, a folder of
            TensorBoard's projector, an offline run of W&B with its media, a table that was exported from W&B, a folder
            or file of RLlib's offline output.
        root: Where runs lie.
        allow_pickle: Must be said for all that are pickles; nothing that a file names is run even then.
        env: Name of the environment, where the file has none, for example `CartPole-v1`.
        project: Of the run; the format's name when left out.
        name: Of the run; the file's name when left out.

    Returns:
        The run, finished; of several the first.

    Raises:
        NotFoundError: There is nothing that is read.
        CorruptError: A file is not what it says; the text names file and entry. What was read before it is kept as a
            crashed run.
        EthogramError: `allow_pickle` was not said.
    """
    return convert_all(source, root, allow_pickle=allow_pickle, env=env, project=project, name=name)[0]


def convert_all(
    source: str | os.PathLike[str],
    root: str | os.PathLike[str] = "runs",
    *,
    allow_pickle: bool = False,
    env: str | None = None,
    project: str | None = None,
    name: str | None = None,
) -> list[Run]:
    """Make all runs of a source, which are several where a table of W&B tells of several. See `convert`."""
    from ethogram import projected, projector, rllib_output, rllib_run, wandb_export, wandb_log, wandb_run

    path = Path(source)
    asked = Conversion(path, root, env, project, name)
    if (config := projector.config_of(path)) is not None:
        return [projected.converted(config, asked)]
    if (log := wandb_log.log_of(path)) is not None:
        return [wandb_run.converted(log, asked)]
    if (tables := wandb_export.runs_of(path)) is not None:
        return [wandb_export.converted(table, asked) for table in tables]
    if files := rllib_output.files_of(path):
        return [rllib_run.converted(files, asked, allow_pickle)]
    return [_other(asked, allow_pickle)]


def _other(asked: Conversion, allow_pickle: bool) -> Run:
    from ethogram import bdqn_run, clarity_run, drlvis_run, minari_run, rld_run, tensorboard_agent_run
    from ethogram.bdqn_clips import clip_of
    from ethogram.drlvis_logs import imported
    from ethogram.minari_hdf5 import dataset_of
    from ethogram.rl_clarity import artefacts_of
    from ethogram.rld_rollouts import shelf_of
    from ethogram.tensorboard_agent import episodes_of

    path = asked.source
    if (dataset := dataset_of(path)) is not None:
        return minari_run.converted(dataset, asked)
    if (clip := clip_of(path)) is not None:
        return bdqn_run.converted(clip, asked)
    if played := episodes_of(path):
        # Pictures and JSON: nothing of it can run.
        return tensorboard_agent_run.converted(played, asked)
    logged = imported(path) if path.is_dir() else None
    if logged is not None:
        view, kept = logged
        with kept:
            return drlvis_run.converted(view, asked)
    shelf = shelf_of(path)
    if shelf is None and not path.exists():
        raise NotFoundError(f"{path}: expected a file or a folder, found nothing")
    stem = artefacts_of(path) if shelf is None else None
    if stem is None and shelf is None and path.is_dir():
        raise NotFoundError(
            f"{path}: expected logs of DRLVis or the TensorBoard plug-in agent, files of the projector, an offline run "
            "of W&B, output of RLlib, or files as NAME.trajectories.jd, found none; `ethogram import` reads other logs"
        )
    if not allow_pickle:
        raise EthogramError(f"{path.name}: {WHY}")
    if stem is not None:
        return clarity_run.converted(path if path.is_dir() else path.parent, stem, asked)
    return rld_run.converted(asked)


def main(arguments: Sequence[str]) -> int:
    """Run the command and return its exit status: 0, or 2 when it cannot be done."""
    given = _parser().parse_args(arguments)
    try:
        runs = convert_all(
            given.source, given.root, allow_pickle=given.allow_pickle, env=given.env, project=given.project,
            name=given.name,
        )  # fmt: skip
        from ethogram.reader import open_run

        views = [open_run(run) for run in runs]
    except (EthogramError, OSError) as error:
        print(f"ethogram convert: {error}", file=sys.stderr)
        return 2
    for view in views:
        print(f"{_kept(view)}: {view.folder}")
    return 0


def _kept(view: RunView) -> str:
    """What a run holds, in words: its episodes, else what was logged beside them."""
    table = view.episodes()
    if table.rows:
        steps = int(table["length"].numpy().sum())
        return f"{_counted(table.rows, 'episode')} of {_counted(steps, 'step')}"
    points: int = sum(view.scalars(tag, cast("AxisName", axis)).rows for axis, tag in view._reader.scalar_tags())
    curves = f"{_counted(len(view.tags), 'curve')} of {_counted(points, 'point')}"
    others = len(view.tensor_tags)
    return f"no episodes, {curves}" + (f", {others} of arrays, pictures or texts" if others else "")


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ethogram convert",
        description="Make a run of what other tools kept: pickles of RLlib, rld and Understanding RL Vision, "
        "Minari's HDF5, clips of Bootstrapped DQN, logs of DRLVis and of the TensorBoard plug-in agent, folders of "
        "TensorBoard's projector, offline runs and exported tables of W&B, offline output of RLlib.",
    )
    parser.add_argument(
        "source",
        metavar="SRC",
        help="a shelf, a pickle of `rllib rollout`, an .rld, .jd, .hdf5, .wandb, .csv, .parquet or .json file, "
        "a .gif with its .txt, a log folder",
    )
    parser.add_argument("root", metavar="DST", nargs="?", default="runs", help="the folder of runs; `runs` if left out")
    parser.add_argument(
        "--allow-pickle", action="store_true", help="read them, by a reader that calls nothing that a file names"
    )
    parser.add_argument("--env", metavar="ID", help="name of the environment, where the file has none")
    parser.add_argument("--project", help="of the new run; the format's name if left out")
    parser.add_argument("--name", help="of the new run; the file's name if left out")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
