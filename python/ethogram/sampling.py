"""What a policy sees: trajectories, and observations far apart, played once and kept.

**Source** Hilton et al. (2020), "Understanding RL Vision", whose tool samples both before it explains a network.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ethogram import description, space
from ethogram.errors import OptionError
from ethogram.player import Player
from ethogram.reader import CheckpointView, RunView, open_run
from ethogram.remade import Make, make_env, spec_of
from ethogram.rollouts import exported, find_checkpoint
from ethogram.run import Run, init

if TYPE_CHECKING:
    from ethogram.rollouts import Exported

SAMPLES = "decorrelated"
"""Name of the observations that lie far apart."""

VERSION = 1
"""Changes when the same question is answered by other numbers."""

ENVIRONMENTS_MAX = 4_096
"""Most trajectories, and most environments that observations are taken from."""


def sample(
    checkpoint: CheckpointView | str | os.PathLike[str] | Any,
    env: Make | None = None,
    *,
    trajectories: int = 8,
    steps: int = 512,
    observations: int = 4_096,
    environments: int = 32,
    every: int = 128,
    seed: int = 0,
    greedy: bool = False,
    root: str | os.PathLike[str] = "runs",
    project: str = "samples",
    resample: bool = False,
) -> RunView:
    """Play a policy, and keep trajectories step by step and observations that have little to do with each other.

    Trajectories become recorded episodes: each of `steps` steps, over as many episodes as that takes, the last of them
    cut. Observations are taken every `every` steps in each of `environments` environments, and lie on the `sample`
    axis as `samples/decorrelated/observation`, with what the policy said of them beside it:
    `run.map(samples="decorrelated")`.

    What is asked for has a name: a hash of the network, its signature, the environment and all numbers here. A run of
    that name that is whole is given again, and no step of an environment is taken. One that was interrupted goes on
    after the last whole episode, and after the last environment whose observations were all taken, to the same numbers.

    Args:
        checkpoint: As `ethogram.rollout` takes it.
        env: What to play; the environment of the checkpoint's run when left out. A function that makes one counts by
            the id, settings and spaces of what it makes.
        trajectories: How many.
        steps: Of each.
        observations: How many, a multiple of `environments`; 0 for none.
        environments: That they are taken from.
        every: Steps between two of an environment.
        seed: Every reset has a seed that follows from it, and is recorded; actions are drawn from it, too.
        greedy: Take the likeliest action rather than draw one.
        root: Where runs lie.
        project: Of the run.
        resample: Play again where it was played before, into a new run.

    Returns:
        The run.

    Raises:
        NotFoundError: There is no such checkpoint.
        OptionError: A number that it cannot be.
        EthogramError: Nothing says what to play, or what the network's outputs mean.
    """
    numbers = {"trajectories": trajectories, "steps": steps, "observations": observations, "every": every}
    for name, number in (numbers | {"environments": environments}).items():
        if number < (0 if name in ("trajectories", "observations") else 1):
            raise OptionError(f"{name}: expected 1 or more, found {number}")
    if max(trajectories, environments) > ENVIRONMENTS_MAX:
        raise OptionError(f"trajectories, environments: expected at most {ENVIRONMENTS_MAX}, found more")
    if observations % environments:
        raise OptionError(f"observations: expected a multiple of {environments} environments, found {observations}")
    source = None
    if isinstance(checkpoint, str | os.PathLike):
        source, checkpoint = find_checkpoint(checkpoint, root)
    inner = make_env(env, source)
    run = None
    try:
        if not isinstance(checkpoint, CheckpointView):
            checkpoint = exported(checkpoint, inner)
        asked = numbers | {"environments": environments, "seed": seed, "greedy": greedy}
        key = _key(checkpoint, inner, asked)
        before = None if resample else _found(Path(root) / project, key)
        if before is not None and _whole(before, numbers, environments):
            return before
        if before is not None:
            run = init(resume=before.folder, capture_code=False)
        else:
            told = {"sample": asked | {"key": key}, "checkpoint": checkpoint.name}
            run = init(project, name=f"samples of {checkpoint.name}", config=told, root=root, tags=["samples"])
        player = Player(checkpoint.model, checkpoint.signature, inner.action_space, greedy=greedy)
        if before is None:
            _described(run, inner)
            run.checkpoint(
                checkpoint.read(),
                global_step=checkpoint.global_step,
                name=checkpoint.name,
                signature=checkpoint.signature,
            )
        for index in range(trajectories):
            _trajectory(run, inner, player, index, _parts(before, index), steps, seed)
        taken = set() if before is None else _taken(before, observations // environments)
        for index in range(environments if observations else 0):
            if index not in taken:
                _observations(run, inner, player, index, observations // environments, every, seed)
    except BaseException:
        if run is not None:
            run.finish("crashed")
        raise
    finally:
        inner.close()
    run.finish()
    return open_run(run)


def _key(checkpoint: CheckpointView | Exported, env: Any, asked: dict[str, Any]) -> str:
    """Names all that the answer comes from."""
    told = {
        "version": VERSION,
        "network": hashlib.sha256(checkpoint.read()).hexdigest(),
        "signature": checkpoint.signature,
        "env": [description.env_id(env), spec_of(env)],
        "spaces": [space.describe(env.observation_space), space.describe(env.action_space)],
        "asked": asked,
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()[:32]


def _found(project: Path, key: str) -> RunView | None:
    """The newest run of this name."""
    for path in sorted(project.glob("*/run.json"), reverse=True):
        try:
            config = json.loads(path.read_text(encoding="utf-8")).get("config") or {}
        except (OSError, ValueError):
            continue
        if isinstance(config, dict) and (config.get("sample") or {}).get("key") == key:
            return open_run(path.parent)
    return None


def _whole(view: RunView, numbers: dict[str, int], environments: int) -> bool:
    played = all(sum(_parts(view, index)) >= numbers["steps"] for index in range(numbers["trajectories"]))
    apart = numbers["observations"] // environments
    return played and (not apart or _taken(view, apart) >= set(range(environments)))


def _parts(view: RunView | None, trajectory: int) -> list[int]:
    """Lengths of the whole episodes that a trajectory has already, in order."""
    if view is None:
        return []
    found: dict[int, int] = {}
    table = view.episodes()
    for index in table["episode"].numpy().tolist() if table.rows else []:
        row = view.episode(index).row
        extra = row.get("extra") or {}
        told = extra.get("sample") or {}
        # One that was interrupted is played again.
        whole = row["end"] in ("terminated", "truncated", "both") and not extra.get("reset_early")
        if whole and told.get("trajectory") == trajectory:
            found[told["part"]] = int(row["length"])
    lengths: list[int] = []
    while len(lengths) in found:
        lengths.append(found[len(lengths)])
    return lengths


def _taken(view: RunView, apart: int) -> set[int]:
    """Environments of which all observations are there: the last field that is written of each tells."""
    tags = [tag for tag in view.tensor_tags if tag.startswith(f"samples/{SAMPLES}/observation")]
    if not tags:
        return set()
    return {tensor.step // apart for tensor in view.tensors(max(tags), "sample")}


def _described(run: Run, env: Any) -> None:
    named = description.Named([], [], [], [], {}, None)
    described = description.describe_env(
        env, run, named, observation_space=env.observation_space, action_space=env.action_space
    )
    run._describe_env(described)


def _seed(seed: int, *of: int) -> int:
    """A seed for a reset, that differs wherever anything differs."""
    return int(np.random.SeedSequence([seed, *of]).generate_state(1)[0]) & 0x7FFF_FFFF


def _trajectory(run: Run, env: Any, player: Player, index: int, before: list[int], steps: int, seed: int) -> None:
    """Play episodes until there are as many steps. Each begins with a seed of its own, so that any may be the first."""
    leaves = space.leaves(env.observation_space, "observation")
    acts = space.leaves(env.action_space, "action")
    taken, part = sum(before), len(before)
    while taken < steps:
        start = _seed(seed, 0, index, part)
        observation, _ = env.reset(seed=start)
        player.begin([seed, 0, index, part])
        told = {"sample": {"trajectory": index, "part": part}}
        episode = run.episode(seed=start, env_index=index, evaluation=True, extra=told)
        ended = False
        while not ended:
            action, said = player.act(observation)
            fields = {leaf.name: leaf.pick(observation) for leaf in leaves} | _pictured(env)
            fields |= {leaf.name: leaf.pick(action) for leaf in acts} | said
            observation, reward, terminated, truncated, _ = env.step(action)
            taken += 1
            cut = taken >= steps and not terminated
            episode.step(reward=float(reward), terminated=bool(terminated), truncated=bool(truncated or cut), **fields)
            ended = bool(terminated or truncated or cut)
        # What the policy says of the last observation, so that the value of what was cut is known.
        _, said = player.act(observation)
        said.pop("greedy", None)
        after = {} if terminated else said
        episode.end(**{leaf.name: leaf.pick(observation) for leaf in leaves}, **_pictured(env), **after)
        part += 1


def _observations(run: Run, env: Any, player: Player, index: int, count: int, every: int, seed: int) -> None:
    """Take observations that are `every` steps apart, and write them when there are all of them."""
    leaves = space.leaves(env.observation_space, "observation")
    rows: dict[str, list[Any]] = {}
    part = 0
    observation = None
    for at in range(count * every):
        if observation is None:
            observation, _ = env.reset(seed=_seed(seed, 1, index, part))
            player.begin([seed, 1, index, part])
            part += 1
        action, said = player.act(observation)
        if (at + 1) % every == 0:
            said.pop("greedy", None)
            seen = {leaf.name: leaf.pick(observation) for leaf in leaves}
            for name, value in (said | {"action": action} | seen).items():
                if not isinstance(value, str):
                    rows.setdefault(name, []).append(np.array(value))
        observation, _, terminated, truncated, _ = env.step(action)
        if terminated or truncated:
            observation = None
    meta = json.dumps({"global_step": run.global_step, "from": "rollout", "seed": seed})
    # Observations come last, in the order of their names: `_taken` goes by them.
    for name in sorted(rows, key=lambda name: (name.startswith("observation"), name)):
        run._tensor("sample", f"samples/{SAMPLES}/{name}", index * count, "tensor", np.stack(rows[name]), meta)


def _pictured(env: Any) -> dict[str, Any]:
    if env.render_mode != "rgb_array":
        return {}
    picture = env.render()
    return {} if picture is None else {"frame": np.asarray(picture)}
