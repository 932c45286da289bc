"""Which episodes are recorded step by step. All episodes get a row; a schedule says which also get their steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(slots=True)
class EpisodeStart:
    """An episode that is about to begin.

    Attributes:
        index: How many episodes this recorder began before it, over all its environments.
        episode: Its index in the run.
        env_index: Which of the environments side by side.
        global_step: Environment steps of the whole run so far.
        evaluation: Whether it is evaluation rather than training.
        seed: The seed given to reset, if any.
        agent: Which agent of a multi-agent environment.
    """

    index: int
    episode: int
    env_index: int
    global_step: int
    evaluation: bool
    seed: int | None
    agent: str | None = None


Schedule: TypeAlias = Callable[[EpisodeStart], bool]


def every(n: int) -> Schedule:
    """Record the first episode and every n-th after it.

    Raises:
        ValueError: `n` is less than 1.
    """
    if n < 1:
        raise ValueError(f"every(n) needs n of at least 1, found {n}; use schedule=never to record no steps")
    return lambda start: start.index % n == 0


def capped_cubic(start: EpisodeStart) -> bool:
    """Record episodes 0, 1, 8, 27, … 729, then every 1,000th, as Gymnasium's video recorder does."""
    if start.index >= 1000:
        return start.index % 1000 == 0
    root: int = round(start.index ** (1 / 3))
    return root**3 == start.index


def evaluation_only(start: EpisodeStart) -> bool:
    """Record all evaluation episodes and no others."""
    return start.evaluation


def always(start: EpisodeStart) -> bool:
    """Record every episode."""
    return True


def never(start: EpisodeStart) -> bool:
    """Record no steps; every episode still gets its row."""
    return False


def predicate(function: Callable[[EpisodeStart], bool]) -> Schedule:
    """Record the episodes for which `function` is true.

    Args:
        function: Asked once at each reset. If it raises, the episode is not recorded and the error is told once.

    Example:
        >>> late = predicate(lambda start: start.global_step > 100_000 and start.env_index == 0)
    """
    return lambda start: bool(function(start))
