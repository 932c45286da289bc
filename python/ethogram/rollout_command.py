"""`ethogram rollout`: plays episodes with a saved policy, plays a recorded one again, or lets it go on differently."""

from __future__ import annotations

import argparse
import ast
import importlib
import json
import os
import pickle
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ethogram.ablation import Ablation, read_ablation
from ethogram.errors import EthogramError
from ethogram.outcomes import outcome_pairs, outcome_text
from ethogram.reader import CheckpointView, RunView, open_run
from ethogram.remade import Make
from ethogram.replays import replay
from ethogram.rollouts import find_checkpoint, fork, rollout


def main(arguments: Sequence[str]) -> int:
    """Run the command and return its exit status: 0, 1 when a replay differs, 2 when it cannot be done."""
    given = _parser().parse_args(arguments)
    # Functions of the working directory can make environments, as with `python -m`.
    sys.path.insert(0, os.getcwd())
    try:
        env = _env(given.env)
        if given.sb3 is not None:
            given.checkpoint = _loaded(given)
        elif given.checkpoint.endswith(".zip") and Path(given.checkpoint).is_file():
            raise EthogramError(
                f"{given.checkpoint}: expected a run; a model that Stable-Baselines3 saved is played by --sb3 PPO (or "
                "whatever it is) --allow-pickle --env ID"
            )
        if given.replay is not None:
            return _replay(given, env)
        if given.fork is not None:
            return _fork(given, env)
        without = None if given.without is None else ablation_of(given)
        run = rollout(
            given.checkpoint, env, episodes=given.episodes, seed=given.seed, greedy=given.greedy, root=given.root,
            project=given.project, without=without, compare=given.compare,
        )  # fmt: skip
    except (EthogramError, ImportError, OSError) as error:
        print(f"ethogram rollout: {error}", file=sys.stderr)
        return 2
    view = open_run(run)
    if without is not None and given.compare:
        return _compared(view, without)
    table = view.episodes().numpy()
    for index, length, total, end in zip(
        table["episode"], table["length"], table["episode_return"], table["end"], strict=True
    ):
        print(f"episode {index}: return {total:g}, {length} steps, {end}")
    count = len(table["episode"])
    noun = "episode" if count == 1 else "episodes"
    print(f"{count} {noun}, mean return {table['episode_return'].mean():g}: {run.folder}")
    return 0


def _compared(view: RunView, without: Ablation) -> int:
    pairs = outcome_pairs(view)
    kept = view.info["id"]
    print(f"without {without.title}:")
    print(outcome_text(pairs))
    print(f"{2 * len(pairs)} episodes: {view.folder}")
    print(
        f"side by side: ethogram serve {view.folder.parent}, then "
        f"#/compare?of={kept}:{pairs[0].before.episode},{kept}:{pairs[0].after.episode}"
    )
    return 0


def ablation_of(given: argparse.Namespace) -> Ablation:
    """What `--without` names: features of a file, or of the checkpoint's run, found as `ethogram features` finds them.

    Raises:
        EthogramError: There are no such features.
    """
    file, colon, rest = given.without.rpartition(":")
    if colon and file.endswith(".json"):
        return read_ablation(file, _indices(rest))
    if given.sb3 is not None:
        raise EthogramError("--without: expected FILE.json:3 beside --sb3, as `ethogram features RUN --json` prints it")
    view, checkpoint = find_checkpoint(given.checkpoint, given.root)
    if set(given.without) <= set("0123456789,"):
        found = view.features(
            given.layer, given.factors, of=given.of, states=given.states, checkpoint=checkpoint.global_step,
            episodes=None if given.of_episodes is None else _episodes(given.of_episodes, view),
        )  # fmt: skip
        return found.ablation(_indices(given.without))
    return _named(view, checkpoint, given)


def _named(view: RunView, checkpoint: CheckpointView, given: argparse.Namespace) -> Ablation:
    """A feature by the name that somebody gave it in the web app: the name's place says how it was found."""
    notes = view.folder / "meta" / "notes.json"
    try:
        labels = json.loads(notes.read_text(encoding="utf-8")).get("features") or []
    except (OSError, ValueError):
        labels = []
    own = [label for label in labels if label["checkpoint"] == checkpoint.global_step and label.get("name")]
    for label in own:
        if label["name"] == given.without:
            found = view.features(
                label["layer"], label["factors"], of=label["of"], states=given.states, checkpoint=label["checkpoint"],
                episodes=None if given.of_episodes is None else _episodes(given.of_episodes, view),
            )  # fmt: skip
            return found.ablation([label["index"]])
    known = ", ".join(repr(label["name"]) for label in own) or "none"
    raise EthogramError(
        f"--without: expected indices of features, as 3 or 0,3, FILE.json:3, or a name that one was given "
        f"(there are {known}), found {given.without!r}"
    )


def _indices(text: str) -> list[int]:
    parts = text.split(",")
    if not all(part.isdecimal() for part in parts):
        raise EthogramError(f"--without: expected indices of features, as 3 or 0,3, found {text!r}")
    return [int(part) for part in parts]


def _episodes(text: str, view: RunView) -> list[int]:
    """Recorded episodes of a list as `ethogram features --episodes` takes it: 3, 0..10 (0 to 9), 42.., with commas."""
    table = view.episodes().numpy()
    recorded = [int(one) for one in table["episode"][table["recorded"]]]
    chosen: set[int] = set()
    for part in text.split(","):
        found = re.fullmatch(r"(\d+)(?:(\.\.)(\d*))?", part.strip())
        if found is None:
            raise EthogramError(f"--of-episodes: expected 3, 0..10 or 42.., several with commas, found {text!r}")
        first, dots, end = found.groups()
        if dots is None:
            chosen.add(int(first))
        else:
            chosen.update(one for one in recorded if one >= int(first) and (not end or one < int(end)))
    return sorted(chosen)


def _replay(given: argparse.Namespace, env: Make | None) -> int:
    view = open_run(given.checkpoint.rpartition("@")[0] or given.checkpoint, given.root)
    found = replay(view, given.replay, env)
    for difference in found.differences:
        print(
            f"step {difference.step}: {difference.field} was {difference.recorded}, now {difference.replayed}",
            file=sys.stderr,
        )
    if found.unread is not None:
        print(f"pictures were not compared: {found.unread}", file=sys.stderr)
    said = "the same to the bit" if found.exact else "not all the same"
    print(f"episode {given.replay}: {found.steps} steps and {found.frames} pictures played again, {said}")
    return 0 if found.exact else 1


def _fork(given: argparse.Namespace, env: Make | None) -> int:
    episode, colon, step = given.fork.partition(":")
    if not (colon and episode.isdecimal() and step.isdecimal()):
        raise EthogramError(f"--fork: expected EPISODE:STEP, as 3:17, found {given.fork!r}")
    at = given.checkpoint.rpartition("@")[0]
    checkpoint = None
    if at:
        view, checkpoint = find_checkpoint(given.checkpoint, given.root)
    else:
        view = open_run(given.checkpoint, given.root)
    action = None if given.action is None else _value(given.action)
    index = fork(
        view,
        int(episode),
        int(step),
        action=action,
        checkpoint=checkpoint,
        env=env,
        seed=given.seed,
        greedy=given.greedy,
        without=None if given.without is None else ablation_of(given),
    )
    row = view.episode(index).row
    before = view.episode(int(episode)).row
    print(
        f"episode {index}: return {row['episode_return']:g} in {row['length']} steps, {row['end']} "
        f"(episode {episode}: {before['episode_return']:g} in {before['length']}): {view.folder}"
    )
    return 0


def _loaded(given: argparse.Namespace) -> Any:
    """A model that Stable-Baselines3 or sb3-contrib saved. Loading it runs code that the file names."""
    if not given.allow_pickle:
        raise EthogramError(
            "--sb3: expected --allow-pickle beside it: loading such a file runs code that the file names"
        )
    missing = []
    for library in ("stable_baselines3", "sb3_contrib"):
        try:
            found = getattr(importlib.import_module(library), given.sb3, None)
        except ImportError:
            missing.append(library)
            continue
        if found is not None and hasattr(found, "load"):
            try:
                return found.load(given.checkpoint, device="cpu")
            except (ValueError, AssertionError, KeyError, pickle.UnpicklingError) as error:
                raise EthogramError(f"{given.checkpoint}: expected a model that {given.sb3} saved: {error}") from error
    there = f"; not installed: {', '.join(missing)} (pip install stable-baselines3 sb3-contrib)" if missing else ""
    raise EthogramError(f"--sb3: expected an algorithm, as PPO, found {given.sb3!r}{there}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ethogram rollout", description="Play episodes with a saved policy, and record them step by step."
    )
    parser.add_argument(
        "checkpoint",
        metavar="RUN[@CHECKPOINT]",
        help="a run (its folder, its id under --root, the beginning of that, or its name), and the global step or name "
        "of a checkpoint, the last if left out; with --sb3 a file",
    )
    parser.add_argument("--env", help="an id of Gymnasium's, or MODULE:FUNCTION; as the run describes it if left out")
    parser.add_argument("--episodes", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0, help="of the first reset; the next ones count up")
    parser.add_argument("--greedy", action="store_true", help="take the likeliest action rather than draw one")
    parser.add_argument("--root", default="runs", help="where runs lie")
    parser.add_argument("--project", help="of the new run; rollouts if left out")
    parser.add_argument(
        "--sb3", metavar="ALGORITHM", help="the file is one that Stable-Baselines3 saved, as PPO or DQN"
    )
    parser.add_argument("--allow-pickle", action="store_true", help="load it, which runs code that the file names")
    parser.add_argument(
        "--without",
        metavar="FEATURES",
        help="act without these features: their indices as `ethogram features` prints them, as 3 or 0,3; "
        "FILE.json:3 of what it printed with --json; or the name that one was given in the web app",
    )
    parser.add_argument("--compare", action="store_true", help="play each episode as the policy is, too, and compare")
    parser.add_argument("--layer", help="of --without; the one to begin with if left out")
    parser.add_argument(
        "--of",
        metavar="TARGET",
        help="of --without: activations, or a target, as value; as `ethogram features` has it if left out",
    )
    parser.add_argument("--factors", type=int, default=8, help="of --without: into how many features")
    parser.add_argument("--states", type=int, default=1_024, help="of --without: most states that are looked at")
    parser.add_argument(
        "--of-episodes",
        metavar="LIST",
        help="of --without: episodes that features are found in, as 3, 0..10 or 42.., with commas; all if left out",
    )
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument(
        "--replay", type=int, metavar="EPISODE", help="play it again from its seed and actions, and compare"
    )
    kind.add_argument(
        "--fork", metavar="EPISODE:STEP", help="let it go on differently from a step on, beside the original"
    )
    parser.add_argument(
        "--action", help="what to do at the step of the fork, as 1 or [0.5, -1]; as (0, 1, 1) for several steps"
    )
    return parser


def _env(text: str | None) -> Make | None:
    """An id stays one; MODULE:FUNCTION is imported, unless Gymnasium knows it as MODULE:ID."""
    if text is None or ":" not in text:
        return text
    module, _, name = text.partition(":")
    found: Any = getattr(importlib.import_module(module), name, None)
    return found if callable(found) else text


def _value(text: str) -> Any:
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError) as error:
        raise EthogramError(f"--action: expected a number or a list of numbers, found {text!r}") from error
    # A tuple is one action a step; a list is one action of several numbers.
    return list(value) if isinstance(value, tuple) else [value] if isinstance(value, list) else value
