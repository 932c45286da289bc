"""Plays a recorded episode again from its seed and actions, and compares everything that was recorded: `replay`."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ethogram.errors import EthogramError
from ethogram.reader import EpisodeView, RunView, open_run
from ethogram.remade import Make, make_env
from ethogram.run import Run

DIFFERENCES_MAX = 20
"""So many differences of a replay are told."""


@dataclass(frozen=True)
class Difference:
    """Where a replay is not what was recorded.

    Attributes:
        step: Of the episode.
        field: `observation`, `reward`, `terminated`, `truncated`, `frame` or `length`.
        recorded: What was recorded there; for pictures, the hash.
        replayed: What came this time.
    """

    step: int
    field: str
    recorded: Any
    replayed: Any


@dataclass(frozen=True)
class Replayed:
    """What came of playing an episode again.

    Attributes:
        steps: Actions taken.
        frames: Pictures compared.
        frame_hashes: Of each picture this time, in their order.
        differences: The first of them; none when everything that was compared was the same to the bit.
        unread: Why the recorded pictures were not compared, where there are some that could not be read at once.
    """

    steps: int
    frames: int
    frame_hashes: list[str] = field(repr=False)
    differences: list[Difference]
    unread: str | None = None

    @property
    def exact(self) -> bool:
        """Whether everything recorded was compared, and came again to the bit."""
        return not self.differences and self.unread is None


def replay(run: RunView | Run | str | os.PathLike[str], episode: int, env: Make | None = None) -> Replayed:
    """Play a recorded episode again from its seed and actions, and compare every observation, reward, flag and picture.

    Args:
        run: Where it lies.
        episode: Its index.
        env: How to make the environment, where it cannot be made from its id and settings alone.

    Raises:
        EthogramError: It has no seed, or no recorded actions, or the environment had wrappers that only `env` knows.
    """
    view = opened(run)
    past = Past(view, episode)
    made = make_env(env, view, pictures=past.frames is not None)
    differences: list[Difference] = []
    hashes: list[str] = []

    def differs(step: int, name: str, recorded: Any, replayed: Any) -> None:
        if len(differences) < DIFFERENCES_MAX:
            differences.append(Difference(step, name, recorded, replayed))

    def look(step: int, observation: Any) -> None:
        for name, expected in past.observations(step):
            found = part_of(observation, name)
            if not alike(found, expected):
                differs(step, name, expected, found)
        if past.frames is not None and past.frames_valid[step]:
            hashes.append(frame_hash(made.render()))
            if hashes[-1] != frame_hash(past.frames[step]):
                differs(step, "frame", frame_hash(past.frames[step]), hashes[-1])

    try:
        observation, _ = made.reset(seed=past.seed)
        look(0, observation)
        taken = 0
        for step in range(past.length):
            observation, reward, terminated, truncated, _ = made.step(past.action(made, step))
            taken += 1
            outcome = (float(reward), bool(terminated), bool(truncated))
            for name, came, was in zip(("reward", "terminated", "truncated"), outcome, past.outcome(step), strict=True):
                if came != was and not (came != came and was != was):
                    differs(step, name, was, came)
            look(step + 1, observation)
            if (terminated or truncated) and step + 1 < past.length:
                differs(step, "length", past.length, step + 1)
                break
    finally:
        made.close()
    return Replayed(taken, len(hashes), hashes, differences, past.unread)


def alike(found: Any, expected: Any) -> bool:
    """Whether two values are the same to the bit; a number that is none is like another."""
    return np.array_equal(np.asarray(found), expected, equal_nan=np.asarray(found).dtype.kind == "f")


def frame_hash(pixels: Any) -> str:
    """32 hex digits of a picture: of its shape and its bytes."""
    array = np.ascontiguousarray(pixels)
    return hashlib.blake2b(str(array.shape).encode() + array.tobytes(), digest_size=16).hexdigest()


class Past:
    """A recorded episode, as what is needed to play it again."""

    def __init__(self, view: RunView, index: int) -> None:
        self.episode: EpisodeView = view.episode(index)
        row = self.episode.row
        self.length = int(row["length"])
        self.checkpoint: int | None = row.get("checkpoint")
        if row.get("seed") is None:
            raise EthogramError(
                f"episode {index}: expected the seed that it was reset with, found none; pass seed= to every reset"
            )
        self.seed = int(row["seed"])
        fields = self.episode.fields
        self._actions = {name: self._field(name) for name in fields if name.split("/")[0] == "action"}
        if not self._actions and self.length:
            raise EthogramError(f"episode {index}: expected recorded actions, found none; record it with its steps")
        self._seen = {name: self.episode.field(name) for name in fields if name.split("/")[0] == "observation"}
        self._values = {name: column.numpy() for name, column in self._seen.items()}
        has_frames = "frame" in fields
        self.frames: Any = None
        self.frames_valid = np.zeros(0, bool)
        self.unread: str | None = None
        if has_frames:
            try:
                column = self.episode.field("frame")
                self.frames, self.frames_valid = np.ma.getdata(column.numpy()), column.valid
            except EthogramError as error:
                # Larger than one answer may be.
                self.unread = str(error)
        self._outcome = [self._field(name) for name in ("reward", "terminated", "truncated")] if self.length else []

    def _field(self, name: str) -> Any:
        return np.ma.getdata(self.episode.field(name).numpy())

    def observations(self, step: int) -> Iterator[tuple[str, Any]]:
        """What was observed, part by part."""
        for name, column in self._seen.items():
            if step < len(column) and column.valid[step]:
                yield name, np.ma.getdata(self._values[name])[step]

    def outcome(self, step: int) -> tuple[float, bool, bool]:
        """Reward and flags."""
        reward, terminated, truncated = (values[step] for values in self._outcome)
        return float(reward), bool(terminated), bool(truncated)

    def action(self, env: Any, step: int) -> Any:
        """What was done, as the environment takes it."""
        return _rebuilt(env.action_space, "action", {name: values[step] for name, values in self._actions.items()})


def _rebuilt(space: Any, name: str, parts: dict[str, Any]) -> Any:
    from ethogram.space import _kind, escape

    kind = _kind(space)
    if kind == "Dict":
        return {key: _rebuilt(part, f"{name}/{escape(str(key))}", parts) for key, part in space.spaces.items()}
    if kind == "Tuple":
        return tuple(_rebuilt(part, f"{name}/{at}", parts) for at, part in enumerate(space.spaces))
    value = parts[name]
    if kind == "Discrete":
        return int(value)
    return value if kind == "Text" else np.asarray(value, space.dtype).reshape(space.shape)


def part_of(observation: Any, name: str) -> Any:
    """A part of a nested observation, by the name of its field."""
    for key in name.split("/")[1:]:
        key = key.replace("%2F", "/").replace("%25", "%")
        observation = observation[int(key)] if isinstance(observation, tuple) else observation[key]
    return observation


def opened(run: RunView | Run | str | os.PathLike[str]) -> RunView:
    """A run for reading, however it is given."""
    return run if isinstance(run, RunView) else open_run(run)
