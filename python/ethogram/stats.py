"""Algorithms compared over tasks and seeds, with what other seeds could have made of it.

After Agarwal et al. (2021), "Deep reinforcement learning at the edge of the statistical precipice"; numbers agree with
their library rliable. Scores of an algorithm are runs by tasks; one axis is runs of one task. A score that is masked
(`numpy.ma`) or `None` was never made and is left out, so tasks may have different numbers of runs; NaN is a score, and
what it is part of is NaN.

Every function that takes the scores of one algorithm takes a dict of several as well, `{name: scores}`, and gives a
dict.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar

from ethogram import _native
from ethogram.errors import ShapeError

if TYPE_CHECKING:
    import numpy
    import numpy.typing

    Floats = numpy.typing.NDArray[numpy.float64]

Statistic = Literal["iqm", "median", "mean", "optimality_gap"]
"""How scores of all tasks become one number."""

_Found = TypeVar("_Found")
_Tasks = list[list[float]]


class Estimate(NamedTuple):
    """A number, and where it could have been with other seeds."""

    value: float
    """Of the scores as they are."""
    low: float | None
    """Low end of the interval; `None` without one: no task has two runs, or a score is not finite."""
    high: float | None
    """High end of the interval."""

    def _repr_html_(self) -> str | None:
        from ethogram import notebook

        return notebook.estimate(self)


class Profile(NamedTuple):
    """A performance profile: arrays of equal length."""

    threshold: Floats
    """Scores, as asked for."""
    share: Floats
    """Share of runs, or of tasks, above each."""
    low: Floats
    """Low end of the interval of each; NaN without one."""
    high: Floats
    """High end of the interval of each; NaN without one."""

    def _repr_html_(self) -> str | None:
        from ethogram import notebook

        return notebook.profile(self)


class Curve(NamedTuple):
    """A statistic along training: arrays of equal length."""

    value: Floats
    """The statistic at each point; NaN where nobody has a score."""
    low: Floats
    """Low end of the interval of each; NaN without one."""
    high: Floats
    """High end of the interval of each; NaN without one."""

    def _repr_html_(self) -> str | None:
        from ethogram import notebook

        return notebook.curve(self)


def iqm(scores: Any) -> Any:
    """The interquartile mean: of all scores without the lowest and the highest quarter, `⌊n/4⌋` each.

    Raises:
        ShapeError: There is no score, or there are more than two axes.
    """
    return _each(scores, lambda one: _native.score_statistic(_tasks(one), "iqm", 0.0))


def median(scores: Any) -> Any:
    """The median over tasks of the mean of each. Raises as `iqm`."""
    return _each(scores, lambda one: _native.score_statistic(_tasks(one), "median", 0.0))


def mean(scores: Any) -> Any:
    """The mean over tasks of the mean of each. Raises as `iqm`."""
    return _each(scores, lambda one: _native.score_statistic(_tasks(one), "mean", 0.0))


def optimality_gap(scores: Any, *, target: float = 1.0) -> Any:
    """By how much runs fall short of `target`: `target − mean(min(score, target))`. Less is better. Raises as `iqm`."""
    return _each(scores, lambda one: _native.score_statistic(_tasks(one), "optimality_gap", target))


def interval(
    scores: Any,
    statistic: Statistic | Callable[..., Any] = "iqm",
    *,
    reps: int = 50_000,
    seed: int = 0,
    level: float = 0.95,
    target: float = 1.0,
) -> Any:
    """A statistic with its percentile interval by the stratified bootstrap.

    Runs of each task are drawn anew with replacement, `reps` times.

    Args:
        scores: Runs by tasks, or `{name: scores}`.
        statistic: Its name, or the function of this module.
        reps: Repetitions, at most a million.
        seed: The same seed gives the same bits, on any number of threads.
        level: Share of repetitions inside of the interval.
        target: Of the optimality gap.

    Returns:
        An `Estimate`, or a dict of them.

    Raises:
        ShapeError: There is no score, there are more than two axes, or a number is out of its bounds.
    """
    name, draws = _name(statistic), (reps, seed, level)
    return _each(scores, lambda one: _estimate(_native.score_interval(_tasks(one), name, target, draws)))


def difference(
    x: Any,
    y: Any,
    statistic: Statistic | Callable[..., Any] = "iqm",
    *,
    reps: int = 50_000,
    seed: int = 0,
    level: float = 0.95,
    target: float = 1.0,
) -> Estimate:
    """The statistic of `x` less that of `y`, their runs drawn independently. Arguments as in `interval`.

    Raises:
        ShapeError: They have different numbers of tasks, or as in `interval`.
    """
    draws, less, more = (reps, seed, level), _tasks(x), _tasks(y)
    if len(less) != len(more):
        raise ShapeError(f"y: expected {len(less)} tasks, as many as x, found {len(more)}")
    return _estimate(_native.score_difference(less, more, _name(statistic), target, draws))


def probability_of_improvement(x: Any, y: Any, *, reps: int = 50_000, seed: int = 0, level: float = 0.95) -> Estimate:
    """How likely a run of `x` beats one of `y`: the mean over tasks of `P(x > y) + ½ P(x = y)`, after Mann and Whitney.

    Tasks that one of them lacks are left out. Arguments as in `interval`.

    Raises:
        ShapeError: They have different numbers of tasks, or as in `interval`.
    """
    return _estimate(_native.score_improvement(_tasks(x), _tasks(y), (reps, seed, level)))


def performance_profile(
    scores: Any,
    thresholds: Any,
    *,
    of: Literal["runs", "tasks"] = "runs",
    reps: int = 2_000,
    seed: int = 0,
    level: float = 0.95,
) -> Any:
    """The share of runs, or of tasks by their mean, that score more than each threshold.

    Args:
        scores: Runs by tasks, or `{name: scores}`.
        thresholds: Numbers.
        of: Whether runs or tasks are counted.
        reps: Repetitions of the bootstrap.
        seed: The same seed gives the same bits.
        level: Share of repetitions inside of the interval.

    Returns:
        A `Profile`, or a dict of them.

    Raises:
        ShapeError: As in `interval`, or there are too many thresholds for so many repetitions.
    """
    import numpy as np

    if of not in ("runs", "tasks"):
        raise ShapeError(f"of: expected runs or tasks, found {of!r}")
    places = np.asarray(thresholds, dtype=np.float64).ravel()

    def one(scores: Any) -> Profile:
        share, ends = _native.score_profile(_tasks(scores), places.tolist(), of == "tasks", (reps, seed, level))
        band = np.array(ends if ends is not None else [[np.nan, np.nan]] * len(places), dtype=np.float64).reshape(-1, 2)
        return Profile(places, np.array(share, dtype=np.float64), band[:, 0], band[:, 1])

    return _each(scores, one)


def efficiency_curve(
    scores: Any,
    statistic: Statistic | Callable[..., Any] = "iqm",
    *,
    reps: int = 2_000,
    seed: int = 0,
    level: float = 0.95,
    target: float = 1.0,
) -> Any:
    """A statistic along training. Runs are drawn anew at each point by itself, so the band is of points.

    Args:
        scores: Runs by tasks by points, or `{name: scores}`.
        statistic: As in `interval`, like the rest.
        reps: Repetitions at each point.
        seed: The same seed gives the same bits.
        level: Share of repetitions inside of the interval.
        target: Of the optimality gap.

    Returns:
        A `Curve`, or a dict of them.

    Raises:
        ShapeError: There are not three axes, or a number is out of its bounds.
    """
    import numpy as np

    name = _name(statistic)

    def one(scores: Any) -> Curve:
        values, gone = _numbers(scores)
        if values.ndim != 3:
            raise ShapeError(f"scores: expected runs by tasks by points, found shape {list(values.shape)}")
        points = [_sorted(values[..., at], gone[..., at]) for at in range(values.shape[2])]
        found = _native.score_curve(points, name, target, (reps, seed, level))
        missing = (np.nan, None)
        pairs = [missing if point is None else point for point in found]
        ends = [[np.nan, np.nan] if between is None else between for _, between in pairs]
        band = np.array(ends, dtype=np.float64).reshape(-1, 2)
        return Curve(np.array([value for value, _ in pairs], dtype=np.float64), band[:, 0], band[:, 1])

    return _each(scores, one)


def human_normalized(scores: Any, games: Any) -> Any:
    """0 at the score of chance and 1 at that of a person, for each of the 57 Atari games; after Wang et al. (2016).

    Args:
        scores: Runs by games, or `{name: scores}`.
        games: One environment's id a column, as Gymnasium writes it or without what is around the name: `ALE/Pong-v5`.

    Returns:
        A masked array of the same shape, or a dict of them.

    Raises:
        ShapeError: A game is not one of the 57, or there are not as many as columns.
    """
    import numpy as np

    table = {name: (random, human) for name, random, human in _native.atari_games()}
    known = [_native.atari_name(game) for game in games]
    unknown = [game for game, name in zip(games, known, strict=True) if name is None]
    if unknown:
        raise ShapeError(f"games: expected Atari games with scores of people, found {unknown[0]!r}")
    random, human = np.array([table[name] for name in known if name is not None], dtype=np.float64).reshape(-1, 2).T

    def one(scores: Any) -> Any:
        values, gone = _numbers(scores)
        if values.ndim != 2 or values.shape[1] != len(known):
            raise ShapeError(f"scores: expected runs by {len(known)} games, found shape {list(values.shape)}")
        return np.ma.MaskedArray((values - random) / (human - random), mask=gone)

    return _each(scores, one)


def _each(scores: Any, of: Callable[[Any], _Found]) -> Any:
    if isinstance(scores, Mapping):
        return {name: of(one) for name, one in scores.items()}
    return of(scores)


def _estimate(found: tuple[float, list[float] | None]) -> Estimate:
    value, ends = found
    return Estimate(value, None, None) if ends is None else Estimate(value, ends[0], ends[1])


def _name(statistic: Any) -> str:
    return statistic if isinstance(statistic, str) else getattr(statistic, "__name__", repr(statistic))


def _numbers(scores: Any) -> tuple[Floats, numpy.typing.NDArray[numpy.bool_]]:
    import numpy as np

    if isinstance(scores, np.ma.MaskedArray):
        gone = np.ma.getmaskarray(scores)
        return np.where(gone, np.nan, np.ma.getdata(scores)).astype(np.float64), gone
    try:
        array = np.asarray(scores)
        missing: Any = None
        gone = np.equal(array, missing) if array.dtype == object else np.zeros(array.shape, dtype=bool)
        return np.where(gone, np.nan, array).astype(np.float64), gone.astype(bool)
    except (TypeError, ValueError) as error:
        raise ShapeError(
            f"scores: expected numbers, runs by tasks, with None where a run is missing: {error}"
        ) from None


def _tasks(scores: Any) -> _Tasks:
    values, gone = _numbers(scores)
    if values.ndim == 1:
        values, gone = values[:, None], gone[:, None]
    if values.ndim != 2:
        raise ShapeError(f"scores: expected runs by tasks, found shape {list(values.shape)}")
    return _sorted(values, gone)


def _sorted(values: Floats, gone: Any) -> _Tasks:
    return [column[~missing].tolist() for column, missing in zip(values.T, gone.T, strict=True)]
