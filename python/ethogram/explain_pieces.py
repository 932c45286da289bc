"""The rows of `eg.explain`, some at a time: so that how far it is can be told, and what is done is kept."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

from ethogram import _native
from ethogram.errors import EthogramError, NotFoundError, ShapeError
from ethogram.live_module import array_of
from ethogram.model import Attribution, attribution_from_raw
from ethogram.reader import open_run
from ethogram.run import written_into

if TYPE_CHECKING:
    import numpy
    import numpy.typing

    from ethogram.run import Run

    Floats = numpy.typing.NDArray[numpy.float32]

BATCHES_A_PIECE = 4
"""So many batches go through the module, at least, before it is told how far it is."""
POOLED = frozenset({"expected_gradients"})
"""Methods that compare each row with rows drawn from many: from all that are explained, unless others are given."""


class Asked(Protocol):
    """A module as a function of one of its values."""

    at: Any
    """The rows that are explained."""
    weights: list[list[tuple[int, float]]]
    """For every row the entries that are explained, with what each counts."""

    def ask(self, points: bytes, of: list[int], seeds: bytes | None) -> tuple[bytes, bytes]:
        """Outputs at `points`, which share all else with the rows `of`, and with `seeds` the gradients."""


class Pieces:
    """A question about a module, asked of some of its rows at a time.

    Args:
        asked: The module.
        method: Name of a method.
        settings: Its settings, as texts.
        baseline: Numbers to compare with: one row for all, or a row each; of `POOLED` methods the rows to draw from.
        batch: Rows that go through the module at once.
    """

    def __init__(self, asked: Asked, method: str, settings: Mapping[str, str], baseline: Any, batch: int) -> None:
        self._asked, self._method, self._settings, self._batch = asked, method, dict(settings), batch
        self._baseline = None if baseline is None else array_of(baseline)
        self._points = self._rows = 0

    def __len__(self) -> int:
        return len(self._asked.at)

    def of(self, rows: Sequence[int]) -> Attribution:
        """What the method finds for these rows."""

        def ask(points: bytes, of: list[int], seeds: bytes | None) -> tuple[bytes, bytes]:
            self._points += len(of)
            return self._asked.ask(points, [rows[row] for row in of], seeds)

        self._rows += len(rows)
        at, weights = self._asked.at[list(rows)], [self._asked.weights[row] for row in rows]
        raw = _native.explain_function(
            ask, at, weights, self._method, self._settings, self._baseline_of(rows), self._batch
        )
        return attribution_from_raw(raw)

    def split(self, rows: Sequence[int]) -> list[Sequence[int]]:
        """The rows that are to be asked about together, once some of them were asked about alone.

        By the points that each of these took, and not by the clock: equal questions are asked in equal batches.
        """
        size = max(1, BATCHES_A_PIECE * self._batch * max(1, self._rows) // max(1, self._points))
        return [rows[start : start + size] for start in range(0, len(rows), size)]

    @property
    def begins_alone(self) -> bool:
        """Whether there is a first row that goes alone."""
        return len(self) > 1

    def _baseline_of(self, rows: Sequence[int]) -> Any:
        if self._method in POOLED:
            # The same draws for every piece, so that it does not matter which rows go together.
            return self._asked.at if self._baseline is None else self._baseline
        if self._baseline is None:
            return None
        import numpy as np

        baseline = np.asarray(self._baseline, dtype=np.float32)
        is_a_row_each = baseline.ndim == self._asked.at.ndim and len(baseline) == len(self) > 1
        return baseline[list(rows)] if is_a_row_each else baseline


class Written:
    """The field of an episode that the numbers are written into."""

    def __init__(self, run: Run, episode: int, name: str, first: int) -> None:
        self._run, self.episode, self.name, self.first = written_into(run), episode, name, first

    def check(self, count: int) -> None:
        """Sees to it that the episode has so many steps from the first on: numbers beyond them were of nothing."""
        if self.first < 0:
            raise ShapeError(f"first: expected a step of the episode from 0 on, found {self.first}")
        self.flush()
        if self._run.folder is None:
            return
        episodes = open_run(self._run.folder).episodes()
        known = episodes["episode"].numpy().tolist() if episodes.rows else []
        if self.episode not in known:
            there = f"it has {known[0]} to {known[-1]}" if known else "it has none"
            raise NotFoundError(f"episode: the run has no episode {self.episode}; {there}")
        at = known.index(self.episode)
        length, is_open = int(episodes["length"].numpy()[at]), episodes["end"][at] == "open"
        # One more than its steps: the last observation is of none.
        if not is_open and self.first + count > length + 1:
            raise ShapeError(
                f"inputs: expected at most {length + 1} rows, the observations of episode {self.episode}, "
                f"found {count} from step {self.first} on"
            )

    def write(self, rows: Sequence[int], values: Floats) -> None:
        """Logs the numbers of some rows."""
        for row, value in zip(rows, values, strict=True):
            self._run.log({self.name: value}, episode=self.episode, step=self.first + row)

    def flush(self) -> None:
        """Sees to it that they are on the disk."""
        self._run.flush()

    def read(self, count: int) -> dict[int, Floats]:
        """Numbers that are there already, by row."""
        self.flush()
        if self._run.folder is None:
            return {}
        episode = open_run(self._run.folder).episode(self.episode)
        if self.name not in episode.fields:
            return {}
        field = episode.field(self.name)
        steps = range(self.first, min(self.first + count, len(field)))
        values, valid = field.numpy(), field.valid
        return {step - self.first: values[step] for step in steps if valid[step]}


def explain_pieces(
    pieces: Pieces,
    written: Written | None,
    *,
    resume: bool,
    progress: bool | Callable[[int, int], object] | None,
) -> Attribution:
    """Asks about all rows, writes what is found, and tells how far it is."""
    count = len(pieces)
    if written is not None:
        written.check(count)
    kept = written.read(count) if resume and written is not None else {}
    found = _Found(count)
    with _Told(progress, count) as told:
        try:
            left = [row for row in range(count) if row not in kept]
            # Some that are kept are asked about again: they show the shapes, and whether the question is the same.
            there = sorted(kept)
            again = sorted({there[0], there[len(there) // 2], there[-1]}) if kept else []
            ahead = again or (left[:1] if pieces.begins_alone else [])
            if ahead:
                first = pieces.of(ahead)
                found.put(ahead, first)
                if kept and written is not None:
                    for row, fresh in zip(ahead, first.values, strict=True):
                        _check(fresh, kept[row], written, row)
                    found.keep(kept)
                elif written is not None:
                    written.write(ahead, first.values)
                told.advance(len(kept) or 1, len(kept))
                left = [row for row in left if row not in ahead]
            for rows in pieces.split(left) if ahead and pieces.begins_alone else [left] if left else []:
                part = pieces.of(rows)
                found.put(rows, part)
                if written is not None:
                    written.write(rows, part.values)
                told.advance(len(rows), 0)
        except BaseException as error:
            if written is not None and told.done:
                written.flush()
                where = f"episode {written.episode} has {told.done} of {count} rows as {written.name!r}"
                error.add_note(f"explain: {where}; the same call with resume=True goes on from there")
            raise
    return found.all()


def _check(fresh: Floats, kept: Floats, written: Written, row: int) -> None:
    import numpy as np

    scale = float(np.abs(fresh).max(initial=0.0))
    if fresh.shape != kept.shape or not np.allclose(kept, fresh, rtol=1e-3, atol=1e-4 * scale):
        raise EthogramError(
            f"resume: step {written.first + row} of episode {written.episode} has other numbers as {written.name!r} "
            "than this question gives; expected the same module, target and settings; leave resume out to replace them"
        )


class _Found:
    """What is known of each row so far."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._parts: list[tuple[Sequence[int], Attribution]] = []
        self._kept: Mapping[int, Floats] = {}

    def put(self, rows: Sequence[int], part: Attribution) -> None:
        self._parts.append((rows, part))

    def keep(self, kept: Mapping[int, Floats]) -> None:
        self._kept = kept

    def all(self) -> Attribution:
        if len(self._parts) == 1 and len(self._parts[0][0]) == self._count:
            return self._parts[0][1]
        import numpy as np

        def joined(of: Callable[[Attribution], Floats]) -> Floats:
            one = of(self._parts[0][1])
            whole = np.full((self._count, *one.shape[1:]), np.nan, dtype=np.float32)
            for rows, part in self._parts:
                whole[list(rows)] = of(part)
            return whole

        def some(of: Callable[[Attribution], Floats | None]) -> Floats | None:
            return None if of(self._parts[0][1]) is None else joined(lambda part: of(part))  # type: ignore[arg-type,return-value]

        values = joined(lambda part: part.values)
        for row, kept in self._kept.items():
            values[row] = kept
        at_input = joined(lambda part: part.at_input)
        return Attribution(values, at_input, some(lambda part: part.at_baseline), some(lambda p: p.completeness_error))


class _Told(AbstractContextManager["_Told"]):
    """Who hears how far it is."""

    def __init__(self, progress: bool | Callable[[int, int], object] | None, count: int) -> None:
        self.done, self._count = 0, count
        self._function = progress if callable(progress) else None
        drawn = progress is True or (progress is None and sys.stderr is not None and sys.stderr.isatty())
        self._bar = _native.Progress(count) if drawn and count > 1 else None

    def advance(self, rows: int, kept: int) -> None:
        self.done += rows
        if self._bar is not None:
            self._bar.advance(rows, kept)
        if self._function is not None:
            self._function(self.done, self._count)

    def __exit__(self, *_error: object) -> None:
        if self._bar is not None:
            self._bar.finish()
