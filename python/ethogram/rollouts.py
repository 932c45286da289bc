"""Runs saved policies and records what they do: `rollout`; lets an episode go on differently from a step: `fork`."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ethogram import schedule, space
from ethogram.ablation import Ablation, ablated, ablations_of
from ethogram.checkpoint import copied, export_in_process
from ethogram.errors import EthogramError, NotFoundError, OptionError, UnsupportedValueError
from ethogram.integrations.adapted import adapted
from ethogram.model import Model
from ethogram.player import Player
from ethogram.reader import CheckpointView, RunView, open_run
from ethogram.record import record
from ethogram.remade import Make, make_env
from ethogram.replays import Past, alike, opened, part_of
from ethogram.run import Run, init

LOOKS_MAX = 100
"""So often a reader looks for an episode that was written a moment ago."""

STEPS_MAX = 100_000
"""An episode played here that has no end is cut after this many steps."""


def rollout(
    checkpoint: CheckpointView | RunView | Run | str | os.PathLike[str] | Any,
    env: Make | None = None,
    *,
    episodes: int = 5,
    seed: int = 0,
    greedy: bool = False,
    run: Run | None = None,
    root: str | os.PathLike[str] = "runs",
    project: str | None = None,
    steps_max: int = STEPS_MAX,
    without: Ablation | Sequence[Ablation] | None = None,
    compare: bool = False,
) -> Run:
    """Play episodes with a saved policy, and record them step by step, with what the policy says.

    Args:
        checkpoint: A checkpoint of a run (`eg.open(run).checkpoint()`), or `RUN` or `RUN@WHICH` as text, where `WHICH`
            is its global step or name; the last when left out, as of a run itself. Or a policy that `Run.checkpoint`
            takes by itself, as `PPO.load("model.zip")` or an agent of CleanRL's manner with its weights: it is exported
            first, and plays as what is then kept.
        env: What to play; the environment of the checkpoint's run when left out.
        episodes: How many.
        seed: Of the first episode's reset; the next ones count up. Actions are drawn from it, too.
        greedy: Take the likeliest action rather than draw one.
        run: Where they go; a run of their own when left out, which is finished.
        root: Where runs lie.
        project: Of the run that is made; `rollouts` when left out.
        steps_max: Cut an episode after so many steps.
        without: Features that the policy is to act without, for example `found.ablation([3])` of
            `found = view.features(…)`; the run's configuration and `extra` of each episode say which. The network
            without them is the run's checkpoint. The field `decides_otherwise` says at each step whether the policy as
            it is would have chosen another action there.
        compare: Play each episode twice, as the policy is and without; `eg.outcome_pairs` compares them. The network
            without is then kept as of one step later than the other.

    Returns:
        The run.

    Raises:
        NotFoundError: There is no such checkpoint, or the network has no such layer.
        EthogramError: Nothing says what to play, or what the network's outputs mean.
    """
    ablations = ablations_of(without)
    described, titles = [one.described() for one in ablations], " and ".join(one.title for one in ablations)
    if episodes < 1:
        raise OptionError(f"episodes: expected at least 1, found {episodes}")
    if compare and not ablations:
        raise OptionError("compare: expected without= beside it, found nothing to act without")
    source = None
    if isinstance(checkpoint, str | os.PathLike):
        source, checkpoint = find_checkpoint(checkpoint, root)
    if isinstance(checkpoint, RunView | Run):
        checkpoint = opened(checkpoint).checkpoint()
    if isinstance(checkpoint, CheckpointView):
        source = checkpoint.run
    inner = make_env(env, source)
    try:
        if not isinstance(checkpoint, CheckpointView):
            checkpoint = exported(checkpoint, inner)
        acting = _acting(checkpoint, ablations, titles, compare=compare)
        mine = run is None
        if run is None:
            told = {"checkpoint": checkpoint.name, "episodes": episodes, "seed": seed, "greedy": greedy}
            if source is not None:
                told["run"] = source.info["id"]
            name = f"rollout of {checkpoint.name}"
            if ablations:
                told["without"] = described
                name += f" without {titles}"
            run = init(project or "rollouts", name=name, config=told, root=root, tags=["rollout"])
        recorded = record(inner, run, schedule=schedule.always, evaluation=True)
        for one in acting:
            # Each is in force in the episodes that it plays.
            run.checkpoint(one.read(), global_step=one.global_step, name=one.name, signature=one.signature)
            beside = checkpoint.model if ablations and one is not checkpoint else None
            player = Player(one.model, one.signature, inner.action_space, greedy=greedy, beside=beside)
            for index in range(episodes):
                observation, _ = recorded.reset(seed=seed + index)
                if beside is not None:
                    recorded.note_episode(title=f"without {titles}", tags=["without"])
                    recorded._recorder.tag(0, json.dumps({"without": described, "pair": index}))
                elif compare:
                    recorded.note_episode(title="as it is", tags=["as it is"])
                    recorded._recorder.tag(0, json.dumps({"pair": index}))
                # The same seed draws the same actions, as long as the policies say the same.
                player.begin([seed, index])
                _play(recorded, player, observation, steps_max)
    finally:
        inner.close()
    if mine:
        run.finish()
    return run


@dataclass(frozen=True)
class Exported:
    """A policy that was exported to be played; reads as a checkpoint of a run does."""

    data: bytes
    signature: dict[str, Any]
    name: str
    global_step: int

    @cached_property
    def model(self) -> Model:
        """The network."""
        return Model(self.data)

    def read(self) -> bytes:
        """ONNX."""
        return self.data


def _acting(
    checkpoint: CheckpointView | Exported, ablations: Sequence[Ablation], titles: str, *, compare: bool
) -> list[CheckpointView | Exported]:
    """Who plays, one after the other."""
    if not ablations:
        return [checkpoint]
    # Of two checkpoints at one step of the training one would be lost.
    edited = _without(checkpoint, ablations, titles, checkpoint.global_step + int(compare))
    return [checkpoint, edited] if compare else [edited]


def _without(
    checkpoint: CheckpointView | Exported, ablations: Sequence[Ablation], titles: str, global_step: int
) -> Exported:
    """The policy without some features."""
    return Exported(
        ablated(checkpoint.read(), ablations),
        checkpoint.signature or {},
        f"{checkpoint.name} without {titles}",
        global_step,
    )


def exported(policy: Any, env: Any) -> Exported:
    """Export a policy now, in a process of its own.

    Raises:
        UnsupportedValueError: It is none that `Run.checkpoint` takes without a signature.
    """
    described = {
        "observation_space": space.describe(env.observation_space),
        "action_space": space.describe(env.action_space),
    }
    found = adapted(policy, described)
    if found is None:
        raise UnsupportedValueError(
            "rollout: expected a checkpoint, or a policy that run.checkpoint takes by itself, "
            f"found {type(policy).__name__}"
        )
    with tempfile.TemporaryDirectory(prefix="ethogram-export-") as folder:
        data = export_in_process(copied(found.module, found.example, found.signature), Path(folder))
    step = getattr(policy, "num_timesteps", 0)
    return Exported(data, found.signature, type(policy).__name__, int(step) if isinstance(step, int) else 0)


def fork(
    run: RunView | Run | str | os.PathLike[str],
    episode: int,
    step: int,
    *,
    action: Any = None,
    checkpoint: CheckpointView | str | int | None = None,
    env: Make | None = None,
    seed: int = 0,
    greedy: bool = False,
    steps_max: int = STEPS_MAX,
    without: Ablation | Sequence[Ablation] | None = None,
) -> int:
    """Let a recorded episode go on differently from a step on, and record it beside the original.

    Up to `step` it is played again from its seed and actions, and every observation must be as recorded. Then `action`
    is taken, if there is one, and a policy goes on: `checkpoint`, else that in force in the episode, else the last.

    Args:
        run: Where the episode lies; the fork becomes an episode of it.
        episode: Its index.
        step: The first step that may differ.
        action: What to do there; a list is what to do there and in the following steps.
        checkpoint: Who goes on: a checkpoint, or the name or global step of one of the run.
        env: How to make the environment, where it cannot be made from its id and settings alone.
        seed: Actions of the policy are drawn from it.
        greedy: Take the likeliest action rather than draw one.
        steps_max: Cut the episode after so many steps.
        without: Features that whoever goes on is to act without, as in `rollout`; `decides_otherwise`
            says at each step whether the policy as it is would have chosen another action there.

    Returns:
        The index of the new episode. Its `extra` says what it is a fork of.

    Raises:
        OptionError: The environment has no such action.
        EthogramError: The episode cannot be played again exactly up to `step`.
    """
    view = opened(run)
    past = Past(view, episode)
    if not 0 <= step <= past.length - 1:
        raise EthogramError(f"fork: expected a step from 0 to {past.length - 1}, found {step}")
    others = list(action) if isinstance(action, list) else [] if action is None else [action]
    made = make_env(env, view, pictures=past.frames is not None or past.unread is not None)
    for other in others:
        _check_action(made, other)
    chosen = _who_goes_on(view, past, checkpoint)
    if chosen is None and not others:
        made.close()
        raise EthogramError("fork: expected an action or a checkpoint, and the run has none; pass action=")
    ablations = ablations_of(without)
    titles = " and ".join(one.title for one in ablations)
    if ablations and chosen is None:
        made.close()
        raise OptionError("without: expected a checkpoint that is to act without, and the run has none")
    player = None
    if chosen is not None:
        acting = _without(chosen, ablations, titles, chosen.global_step) if ablations else chosen
        beside = chosen.model if ablations else None
        player = Player(acting.model, acting.signature, made.action_space, greedy=greedy, beside=beside)
    state = view.status["state"]
    mine = isinstance(run, Run) and run.folder is not None and state == "running"
    target = run if mine and isinstance(run, Run) else init(resume=view.folder, capture_code=False, quiet=True)
    try:
        recorded = record(made, target, schedule=schedule.always, evaluation=True)
        observation, _ = recorded.reset(seed=past.seed)
        told: dict[str, Any] = {"episode": episode, "step": step}
        if others:
            told["actions"] = [np.asarray(other).tolist() for other in others]
        if chosen is not None:
            told["checkpoint"] = chosen.name
        if ablations:
            told["without"] = [one.described() for one in ablations]
        title = f"fork of episode {episode} at step {step}" + (f" without {titles}" if ablations else "")
        recorded.note_episode(title=title, tags=["fork", *(["without"] if ablations else [])])
        recorded._recorder.tag(0, json.dumps({"fork": told}))
        index = int(recorded.episode)
        if player is not None:
            player.begin([seed, episode, step])
        for at in range(step):
            _same(past, at, observation)
            if player is not None:
                recorded.annotate(**_said(player, observation))
            observation, *_ = recorded.step(past.action(made, at))
        _same(past, step, observation)
        _play(recorded, player, observation, steps_max - step, others)
    finally:
        made.close()
        if not mine:
            target.finish("crashed" if state == "crashed" else "finished")
    _wait_for(view, index)
    return index


def _check_action(env: Any, action: Any) -> None:
    """Whether the environment knows it; before anything is played, for what it raises itself says nothing of where."""
    space = env.action_space
    found = np.asarray(action)
    if hasattr(space, "start") and hasattr(space, "n"):
        first, last = int(space.start), int(space.start) + int(space.n) - 1
        fits = found.shape == () and found.dtype.kind in "biu" and first <= int(found) <= last
        expected = f"a whole number from {first} to {last}"
    elif hasattr(space, "low") and space.shape is not None:
        fits, expected = found.shape == tuple(space.shape), f"numbers of shape {list(space.shape)}"
    else:
        return
    if not fits:
        env.close()
        raise OptionError(f"action: expected {expected}, found {found.tolist()}")


def find_checkpoint(
    text: str | os.PathLike[str], root: str | os.PathLike[str] = "runs"
) -> tuple[RunView, CheckpointView]:
    """Find `RUN` or `RUN@WHICH`.

    Raises:
        NotFoundError: There is no such run, or no such checkpoint of it.
    """
    name, at, which = os.fspath(text).rpartition("@")
    if not at:
        name, which = which, ""
    view = open_run(name, root)
    return view, view.checkpoint(which or None)


def _wait_for(view: RunView, index: int) -> None:
    """Look until the new episode is found: it was written by another writer of the run."""
    for _ in range(LOOKS_MAX):
        view.refresh()
        if index in view.episodes()["episode"].numpy():
            return
        time.sleep(0.05)


def _who_goes_on(view: RunView, past: Past, given: CheckpointView | str | int | None) -> CheckpointView | None:
    if isinstance(given, CheckpointView):
        return given
    if given is not None:
        return view.checkpoint(given)
    try:
        return view.checkpoint(past.checkpoint)
    except NotFoundError:
        return None


def _said(player: Player, observation: Any) -> dict[str, Any]:
    _, fields = player.act(observation)
    # Whether that was greedy is of an action that is not taken.
    fields.pop("greedy", None)
    return fields


def _play(env: Any, player: Player | None, observation: Any, steps_max: int, first: Sequence[Any] = ()) -> None:
    """Play to the end: the given actions first, then the policy's. Without one it ends with the given actions."""
    for at in range(steps_max):
        if player is None and at >= len(first):
            return
        if player is not None:
            action, fields = player.act(observation)
            if at < len(first):
                fields.pop("greedy", None)
            env.annotate(**fields)
        if at < len(first):
            action = first[at]
        observation, _, terminated, truncated, _ = env.step(action)
        if terminated or truncated:
            if player is not None and not terminated:
                env.annotate_final(**_said(player, observation))
            return


def _same(past: Past, step: int, observation: Any) -> None:
    for name, expected in past.observations(step):
        if not alike(part_of(observation, name), expected):
            raise EthogramError(
                f"fork: {name} of step {step} is not what was recorded; this environment does not play it again"
            )
