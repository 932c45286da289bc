"""Offline output of RLlib as a run: each of its episodes a recorded one."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ethogram.description import describe
from ethogram.errors import CorruptError
from ethogram.rllib_cast import Cast, cast_of
from ethogram.rllib_output import pieces_of
from ethogram.rllib_steps import Piece

if TYPE_CHECKING:
    from ethogram.conversion import Conversion
    from ethogram.run import Run

OPEN_MAX = 4_096
"""Episodes that may be under way at once; of more the oldest counts as given up."""

MATCHES_MAX = 1_024
"""Matches of several agents whose agents may come one after another; what comes of older ones begins a new match."""


def converted(files: list[Path], asked: Conversion, allow_pickle: bool) -> Run:
    """A run of all episodes of some files.

    Raises as `pieces_of` does; what came before is kept, of several agents nothing.
    """
    pieces = pieces_of(files, allow_pickle)
    first = next((piece for piece in pieces if piece.rows), None)
    if first is None:
        raise CorruptError(f"{asked.source}: expected an episode with a step, found none")
    # Of several agents the spaces must be known before the first step is named, so that all is read twice.
    cast = cast_of(pieces_of(files, allow_pickle) if first.agent else [first], str(asked.source))
    described = describe(
        asked.env or _named(files[0], asked.source), observation_space=cast.spaces["observation"],
        action_space=cast.spaces["action"], agents=cast.agents,
    )  # fmt: skip
    with asked.begin("rllib", asked.source.absolute().name, described=described) as run:
        write(itertools.chain([first], pieces), run, cast)
    return run


def write(pieces: Iterator[Piece], run: Run, cast: Cast) -> None:
    """Record them. Pieces of one episode go on where the one before ended."""
    begun: dict[str, _Begun] = {}
    matches: dict[str, _Match] = {}
    for piece in pieces:
        if not piece.rows:
            continue
        under_way = begun.pop(piece.episode, None) if piece.episode else None
        if under_way is None:
            under_way = _Begun(piece, run, cast, _match(piece, run, matches))
        under_way.add(piece)
        if piece.terminated or piece.truncated:
            under_way.episode.end(**under_way.final)
        elif piece.episode:
            begun[piece.episode] = under_way
            if len(begun) > OPEN_MAX:
                begun.pop(next(iter(begun))).leave()
        else:
            under_way.leave()
    for under_way in begun.values():
        under_way.leave()


@dataclass
class _Match:
    """What one reset began for several agents."""

    number: int
    global_step: int
    counted: set[int] = field(default_factory=set)
    """Steps of the environment that counted as steps of the run: one does once, however many agents took it."""


def _match(piece: Piece, run: Run, matches: dict[str, _Match]) -> _Match | None:
    if not piece.match:
        return None
    if piece.match not in matches:
        number = 1 + max((each.number for each in matches.values()), default=-1)
        matches[piece.match] = _Match(number, run.global_step)
        if len(matches) > MATCHES_MAX:
            matches.pop(next(iter(matches)))
    return matches[piece.match]


class _Begun:
    """An episode of which more may come."""

    def __init__(self, piece: Piece, run: Run, cast: Cast, match: _Match | None) -> None:
        self._run, self._cast, self._agent, self._match = run, cast, piece.agent, match
        self._return, self._length = 0.0, 0
        self.final: dict[str, Any] = {}
        told: dict[str, Any] = {"id": piece.match or piece.episode} if piece.episode else {}
        if piece.first:
            told |= {"begins": "in the middle of an episode", "first": piece.first}
        extra = ({"rllib": told} if told else {}) | ({"match": match.number} if match else {})
        self.episode = run.episode(
            extra=extra or None, agent=piece.agent or None, global_step=match.global_step if match else None
        )

    def add(self, piece: Piece) -> None:
        last = len(piece.rows) - 1
        times = piece.times or range(piece.first, piece.first + len(piece.rows))
        for at, (row, reward, time) in enumerate(zip(piece.rows, piece.rewards, times, strict=True)):
            self.episode.annotate(**self._cast.named(piece.agent, row))
            if self._match and piece.times:
                self.episode.annotate(**{"rllib/env_t": time})
            self.episode._took(
                reward, piece.terminated and at == last, piece.truncated and at == last, counts=self._counts(time)
            )
        self._return += sum(piece.rewards)
        self._length += len(piece.rows)
        self.final = self._cast.named(piece.agent, piece.final)

    def _counts(self, time: int) -> bool:
        if self._match is None:
            return True
        is_first = time not in self._match.counted
        self._match.counted.add(time)
        return is_first

    def leave(self) -> None:
        """Nothing says how it ended."""
        if self.final:
            self._run.log(self.final, episode=self.episode.index, step=self._length)
        self.episode._recorder.outcome(0, episode_return=self._return, length=self._length, end="unknown")


def _named(file: Path, source: Path) -> str:
    """RLlib writes into a folder that is called like the environment, and in it into one a worker."""
    folder = file.absolute().parent
    return folder.parent.name if folder.name.startswith("run-") else source.absolute().stem
