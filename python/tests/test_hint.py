"""A-10: the environment that gives the answer away."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import pytest

import ethogram as eg


class Pictures(gymnasium.Env[Any, Any]):
    """Grey pictures of one shape."""

    action_space = gymnasium.spaces.Discrete(3)

    def __init__(self, *shape: int) -> None:
        self.observation_space = gymnasium.spaces.Box(0, 255, shape, np.uint8)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        return np.full(self.observation_space.shape or (), 9, np.uint8), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        return np.full(self.observation_space.shape or (), action, np.uint8), 0.0, False, False, {}


@pytest.mark.parametrize(
    ("shape", "at"), [((6, 7), (0, 2)), ((6, 7, 3), (0, 2)), ((4, 6, 7), (slice(None), 0, 2))], ids=str
)
def test_row_a10_the_experts_action_is_one_bright_pixel(shape: tuple[int, ...], at: Any) -> None:
    env = eg.HintPixel(Pictures(*shape), lambda picture: 2)
    picture, _ = env.reset()
    expected = np.full(shape, 9, np.uint8)
    expected[at] = 255
    assert (picture == expected).all()
    assert sorted(np.flatnonzero(picture == 255)) == sorted(env.elements[2])
    assert picture.dtype == np.uint8


def test_row_a10_the_expert_sees_no_hint_and_places_may_be_chosen() -> None:
    seen: list[int] = []

    def expert(picture: Any) -> int:
        seen.append(int(picture.max()))
        return int(picture[3, 3])

    env = eg.HintPixel(Pictures(6, 7), expert, places=[(5, 0), (5, 1), (5, 2)], value=77)
    env.reset = lambda **_: None  # type: ignore[method-assign, assignment]
    picture, *_ = env.step(1)
    assert seen == [1]
    assert (picture[5, 1], int((picture == 77).sum())) == (77, 1)


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="HxW"):
        eg.HintPixel(Pictures(6), lambda picture: 0)
    with pytest.raises(ValueError, match="3 places within 6x7"):
        eg.HintPixel(Pictures(6, 7), lambda picture: 0, places=[(0, 0), (6, 0), (1, 1)])
    with pytest.raises(AttributeError, match="no attribute"):
        _ = eg.Hint
