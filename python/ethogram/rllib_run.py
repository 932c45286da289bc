"""Offline output of RLlib as a run: each of its episodes a recorded one."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ethogram.description import describe
from ethogram.errors import CorruptError
from ethogram.rllib_output import pieces_of
from ethogram.rllib_steps import Piece
from ethogram.space import seen_space

if TYPE_CHECKING:
    from ethogram.conversion import Conversion
    from ethogram.episode import Episode
    from ethogram.run import Run

OPEN_MAX = 4_096
"""Episodes that may be under way at once; of more the oldest counts as given up."""


def converted(files: list[Path], asked: Conversion, allow_pickle: bool) -> Run:
    """A run of all episodes of some files. Raises as `pieces_of` does; what came before is kept."""
    pieces = pieces_of(files, allow_pickle)
    first = next((piece for piece in pieces if piece.rows), None)
    if first is None:
        raise CorruptError(f"{asked.source}: expected an episode with a step, found none")
    described = describe(
        asked.env or _named(files[0], asked.source),
        observation_space=first.spaces["observation"] or seen_space(first.rows[0], "observation"),
        action_space=first.spaces["action"],
    )
    with asked.begin("rllib", asked.source.absolute().name, described=described) as run:
        write(itertools.chain([first], pieces), run)
    return run


def write(pieces: Iterator[Piece], run: Run) -> None:
    """Record them. Pieces of one episode go on where the one before ended."""
    begun: dict[str, _Begun] = {}
    for piece in pieces:
        if not piece.rows:
            continue
        under_way = begun.pop(piece.episode, None) if piece.episode else None
        if under_way is None:
            told = {"begins": "in the middle of an episode", "first": piece.first} if piece.first else {}
            named = {"id": piece.episode} if piece.episode else {}
            under_way = _Begun(run.episode(extra={"rllib": named | told} if named or told else None), run)
        under_way.add(piece)
        if piece.terminated or piece.truncated:
            under_way.episode.end(**piece.final)
        elif piece.episode:
            begun[piece.episode] = under_way
            if len(begun) > OPEN_MAX:
                begun.pop(next(iter(begun))).leave()
        else:
            under_way.leave()
    for under_way in begun.values():
        under_way.leave()


class _Begun:
    """An episode of which more may come."""

    def __init__(self, episode: Episode, run: Run) -> None:
        self.episode, self._run = episode, run
        self._return, self._length = 0.0, 0
        self._final: dict[str, Any] = {}

    def add(self, piece: Piece) -> None:
        last = len(piece.rows) - 1
        for at, (row, reward) in enumerate(zip(piece.rows, piece.rewards, strict=True)):
            self.episode.step(
                reward=reward, terminated=piece.terminated and at == last, truncated=piece.truncated and at == last,
                **row,
            )  # fmt: skip
        self._return += sum(piece.rewards)
        self._length += len(piece.rows)
        self._final = piece.final

    def leave(self) -> None:
        """Nothing says how it ended."""
        if self._final:
            self._run.log(self._final, episode=self.episode.index, step=self._length)
        self.episode._recorder.outcome(0, episode_return=self._return, length=self._length, end="unknown")


def _named(file: Path, source: Path) -> str:
    """RLlib writes into a folder that is called like the environment, and in it into one a worker."""
    folder = file.absolute().parent
    return folder.parent.name if folder.name.startswith("run-") else source.absolute().stem
