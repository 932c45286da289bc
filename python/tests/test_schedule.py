"""A-1, B-4: which episodes are recorded."""

from __future__ import annotations

import pytest

import ethogram as eg


def chosen(schedule: object, episodes: int, **known: object) -> list[int]:
    start = {"env_index": 0, "global_step": 0, "evaluation": False, "seed": None} | known
    return [i for i in range(episodes) if schedule(eg.EpisodeStart(index=i, episode=i, **start))]  # type: ignore


@pytest.mark.parametrize(
    ("schedule", "episodes", "expected"),
    [
        (eg.every(10), 35, [0, 10, 20, 30]),
        (eg.every(1), 3, [0, 1, 2]),
        (eg.capped_cubic, 1001, [0, 1, 8, 27, 64, 125, 216, 343, 512, 729, 1000]),
        (eg.always, 3, [0, 1, 2]),
        (eg.never, 3, []),
        (eg.evaluation_only, 3, []),
        (eg.predicate(lambda start: start.index in (2, 3)), 5, [2, 3]),
    ],
)
def test_a_schedule_chooses(schedule: object, episodes: int, expected: list[int]) -> None:
    assert chosen(schedule, episodes) == expected


def test_evaluation_only_chooses_evaluation() -> None:
    assert chosen(eg.evaluation_only, 2, evaluation=True) == [0, 1]


def test_every_refuses_less_than_one() -> None:
    with pytest.raises(ValueError, match=r"n of at least 1, found 0"):
        eg.every(0)
