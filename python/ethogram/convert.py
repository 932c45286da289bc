"""`ethogram convert`: makes a run of what other tools keep, mostly as pickles. Also `python -m ethogram.convert`.

These formats are read in Python alone, and only when asked for twice: the core of Ethogram opens no pickle.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ethogram.conversion import Conversion
from ethogram.description import describe
from ethogram.errors import CorruptError, EthogramError, NotFoundError
from ethogram.run import Run, init

if TYPE_CHECKING:
    from ethogram.bdqn_clips import Clip
    from ethogram.reader import RunView
    from ethogram.rl_clarity import Artefacts, Piece
    from ethogram.rld_rollouts import Trajectory
    from ethogram.tensorboard_agent import Recorded

WHY = (
    "these files are pickles. A pickle names functions, and Python's own reader calls them, so that opening a "
    "stranger's file can run anything. The reader here calls nothing: it makes numbers, texts and arrays by itself, "
    "and refuses a file that names anything else. Pass --allow-pickle (allow_pickle=True) if that is what you want"
)

_CHUNK = 1_000


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
    return [_other(path, root, allow_pickle, env, project, name)]


def _other(path: Path, root: Any, allow_pickle: bool, env: str | None, project: str | None, name: str | None) -> Run:
    from ethogram.bdqn_clips import clip_of
    from ethogram.drlvis_logs import imported
    from ethogram.minari_hdf5 import dataset_of
    from ethogram.rl_clarity import artefacts_of
    from ethogram.rld_rollouts import shelf_of
    from ethogram.tensorboard_agent import episodes_of

    dataset = dataset_of(path)
    if dataset is not None:
        return _minari(dataset, root, env, project, name)
    clip = clip_of(path)
    if clip is not None:
        return _clip(path, clip, root, env, project, name)
    played = episodes_of(path)
    if played:
        # Pictures and JSON: nothing of it can run.
        return _agent(path, played, root, env, project, name)
    logged = imported(path) if path.is_dir() else None
    if logged is not None:
        view, kept = logged
        with kept:
            return _drlvis(path, view, root, env, project, name)
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
        return _clarity(path if path.is_dir() else path.parent, stem, root, env, project, name)
    return _rollout(path, root, env, project, name)


def _begun(root: Any, project: str, name: str, config: dict[str, Any], described: dict[str, Any], gamma: Any) -> Run:
    return init(
        project, name=name, config=config, root=root, tags=["converted"], strict=True, env=described, gamma=gamma,
        when_full="block", capture_code=False, capture_console=False, capture_system=False,
    )  # fmt: skip


def _minari(path: Path, root: Any, env: str | None, project: str | None, name: str | None) -> Run:
    from ethogram.minari_hdf5 import read_episodes, read_metadata, space_of

    told = read_metadata(path)
    spec = json.loads(told.get("env_spec") or "null") or {}
    described = describe(
        env or str(spec.get("id") or "minari"),
        observation_space=space_of(told.get("observation_space")),
        action_space=space_of(told.get("action_space")),
    )
    kept = ("dataset_id", "algorithm_name", "author", "minari_version", "code_permalink", "description")
    config = {"source": {"format": "minari", "file": path.name}} | {key: told[key] for key in kept if told.get(key)}
    episodes = read_episodes(path, told)
    first = next(episodes, None)
    if first is None:
        raise CorruptError(f"{path}: expected an episode, found none")
    title = name or str(told.get("dataset_id") or path.stem)
    with _begun(root, project or "minari", title, config, described, None) as run:
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


def _clip(path: Path, clip: Clip, root: Any, env: str | None, project: str | None, name: str | None) -> Run:
    from ethogram.bdqn_clips import frames_of

    described = describe(env or clip.of or "bdqn", fps=30)
    config = {"source": {"format": "bdqn", "file": path.name}}
    with _begun(root, project or "bdqn", name or path.stem, config, described, None) as run:
        frames = iter(()) if clip.film is None else frames_of(clip.film)
        with run.episode(evaluation=True, global_step=clip.global_step) as episode:
            for line in clip.lines:
                frame = next(frames, None)
                episode.step(
                    action=line.action, reward=line.reward, terminated=line.terminal, life_lost=line.life_lost,
                    **({} if frame is None else {"frame": frame}),
                )  # fmt: skip
                if line.terminal:
                    break
            final = next(frames, None)
            episode.end(**({} if final is None else {"frame": final}))
    return run


def _rollout(path: Path, root: Any, env: str | None, project: str | None, name: str | None) -> Run:
    from ethogram.rld_rollouts import read_rollout

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
    described = describe(env or found.env or found.format, observation_space=_space(fields, "observation"))
    with _begun(root, project or found.format, name or found.title or path.name, config, described, None) as run:
        _write(run, first)
        for trajectory in found.trajectories:
            if trajectory.steps:
                _write(run, trajectory)
    return run


def _write(run: Run, trajectory: Trajectory) -> None:
    from ethogram.rld_rollouts import observed

    with run.episode() as episode:
        for step in trajectory.steps:
            episode.step(reward=step.reward, terminated=step.terminated, truncated=step.truncated, **step.fields)
        last = trajectory.steps[-1].next
        episode.end(**(observed(last) if last is not None else {}))
        if trajectory.title or trajectory.description:
            episode.note(title=trajectory.title, description=trajectory.description)
        for start, end, title in trajectory.hotspots:
            episode.hotspot(title, start=start, end=end)


def _clarity(folder: Path, stem: str, root: Any, env: str | None, project: str | None, name: str | None) -> Run:
    from ethogram.rl_clarity import combination, read_artefacts
    from ethogram.space import discrete

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
        env or str(metadata.get("env_name") or "rl_clarity"),
        observation_space=_space(shown, "observation"),
        action_space=discrete(len(meanings)) if meanings else None,
        action_meanings=meanings,
    )
    begun = _begun(
        root, project or "rl_clarity", name or stem, config, described,
        float(gamma) if isinstance(gamma, int | float) else None,
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


def _agent(
    path: Path, played: list[Recorded], root: Any, env: str | None, project: str | None, name: str | None
) -> Run:
    from ethogram.tensorboard_agent import read_picture, steps_of
    from ethogram.values import Image

    described = describe(env or played[0].of)
    config = {"source": {"format": "tensorboard_agent", "file": path.name}}
    with _begun(root, project or "tensorboard_agent", name or played[0].of, config, described, None) as run:
        for each in played:
            told = {key: each.told[key] for key in ("name", "cumulative_reward", "end_time") if key in each.told}
            episode = run.episode(extra={"tensorboard_agent": told | {"of": each.of, "episode": each.number}})
            total, length = 0.0, 0
            for fields in steps_of(each):
                reward = fields.pop("reward")
                total, length = total + (reward or 0.0), length + 1
                episode.step(reward=float("nan") if reward is None else float(reward), **fields)
            if each.of != played[0].of:
                episode.note(tags=[each.of])
            if each.map is not None and episode.index is not None:
                run.log({"tsne": Image(read_picture(each.map))}, episode=episode.index)
            # An episode that was still played stays open; of the others the plug-in does not say how they ended.
            if not each.live:
                ended = each.told.get("end_time")
                episode._recorder.outcome(
                    0, episode_return=total, length=length, end="unknown",
                    ended_us=int(ended * 1e6) if isinstance(ended, int | float) else None,
                )  # fmt: skip
    return run


def _drlvis(path: Path, view: RunView, root: Any, env: str | None, project: str | None, name: str | None) -> Run:
    from ethogram import drlvis_logs
    from ethogram.space import discrete

    names = drlvis_logs.meanings(view)
    described = describe(env or "drlvis", action_space=discrete(len(names)) if names else None, action_meanings=names)
    config = {"source": {"format": "drlvis", "file": path.name}}
    with _begun(root, project or "drlvis", name or path.name, config, described, None) as run:
        drlvis_logs.write(view, run)
    return run


def _sample(run: Run, found: Artefacts) -> None:
    """Observations that belong to no episode lie on the axis of samples, as those of `ethogram.probe` do."""
    import numpy as np

    meta = json.dumps({"from": "dataset", "seed": None, "global_step": run.global_step})
    for field, values in found.observations.items():
        for start in range(0, len(values), _CHUNK):
            chunk = np.ascontiguousarray(values[start : start + _CHUNK])
            run._tensor("sample", f"samples/observations/{field}", start, "tensor", chunk, meta)


def _space(fields: dict[str, Any], root: str) -> dict[str, Any] | None:
    """The space of an observation, as far as its first value shows it."""
    parts = {field: value for field, value in fields.items() if field.split("/")[0] == root}
    if set(parts) == {root}:
        return _box(parts[root])
    nested: dict[str, Any] = {}
    for field, value in parts.items():
        *path, last = field.split("/")[1:]
        at = nested
        for key in path:
            at = at.setdefault(key, {})
        at[last] = value

    def described(part: Any) -> dict[str, Any]:
        if not isinstance(part, dict):
            return _box(part)
        named = [[key.replace("%2F", "/").replace("%25", "%"), described(inner)] for key, inner in part.items()]
        return {"type": "dict", "spaces": named}

    return described(nested) if nested else None


def _box(value: Any) -> dict[str, Any]:
    from ethogram.space import box

    pixels = str(value.dtype) == "uint8"
    return box(0.0 if pixels else float("-inf"), 255.0 if pixels else float("inf"), value.shape, str(value.dtype))


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
        table = view.episodes()
        steps = int(table["length"].numpy().sum()) if table.rows else 0
        print(f"{table.rows} episodes of {steps} steps: {view.folder}")
    return 0


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
