"""R-4: spaces as the store describes them, and the arrays within their values."""

from __future__ import annotations

import numpy as np
import pytest
from gymnasium import spaces

from ethogram import space
from ethogram.errors import UnsupportedValueError

TEXT = {"type": "text", "max_length": 3}


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (
            spaces.Box(np.array([0, -np.inf], np.float32), np.array([1, np.inf], np.float32)),
            {"type": "box", "shape": [2], "dtype": "float32", "low": [0.0, None], "high": [1.0, None]},
        ),
        (
            spaces.Box(0, 255, (84, 84, 4), np.uint8),
            {"type": "box", "shape": [84, 84, 4], "dtype": "uint8", "low": [0.0], "high": [255.0]},
        ),
        (spaces.Discrete(3, start=-1), {"type": "discrete", "n": 3, "start": -1, "dtype": "int64"}),
        (
            spaces.MultiDiscrete([[4, 3], [2, 9]]),
            {"type": "multi_discrete", "nvec": [4, 3, 2, 9], "shape": [2, 2], "dtype": "int64"},
        ),
        (spaces.MultiBinary((2, 3)), {"type": "multi_binary", "shape": [2, 3]}),
        (spaces.Text(3), TEXT),
        (
            spaces.Dict({"a": spaces.Discrete(2), "b": spaces.Tuple((spaces.Text(3), spaces.MultiBinary(1)))}),
            {
                "type": "dict",
                "spaces": [
                    ["a", {"type": "discrete", "n": 2, "start": 0, "dtype": "int64"}],
                    ["b", {"type": "tuple", "spaces": [TEXT, {"type": "multi_binary", "shape": [1]}]}],
                ],
            },
        ),
    ],
)
def test_row_r4_a_space_is_described_as_the_store_has_it(of: spaces.Space, expected: dict[str, object]) -> None:
    assert space.describe(of) == expected


def test_row_r4_leaves_are_named_by_their_path() -> None:
    nested = spaces.Dict({"a/b": spaces.MultiBinary(3), "t": spaces.Tuple((spaces.Text(8), spaces.Discrete(2)))})
    found = space.leaves(nested, "observation")
    assert [(leaf.name, leaf.dtype, leaf.shape) for leaf in found] == [
        ("observation/a%2Fb", "int8", (3,)),
        ("observation/t/0", None, ()),
        ("observation/t/1", "int64", ()),
    ]
    value = nested.sample()
    assert [leaf.pick(value) is not None for leaf in found] == [True] * 3
    assert found[2].pick(value) == value["t"][1]


def test_a_space_of_another_kind_is_named() -> None:
    with pytest.raises(UnsupportedValueError, match="Sequence cannot be described"):
        space.describe(spaces.Sequence(spaces.Discrete(2)))


def test_a_frame_stack_is_found_under_other_wrappers() -> None:
    import gymnasium

    stacked = gymnasium.wrappers.FrameStackObservation(gymnasium.make("CartPole-v1"), 4)
    outer = gymnasium.wrappers.RecordEpisodeStatistics(stacked)
    assert space.stack_axis(outer) == 0
    assert space.stack_axis(gymnasium.make("CartPole-v1")) is None


def test_choices_that_begin_elsewhere_than_at_zero_are_numbers_within_bounds() -> None:
    gymnasium = pytest.importorskip("gymnasium")
    described = space.describe(gymnasium.spaces.MultiDiscrete([3, 2], start=[1, 5]))
    assert described == {"type": "box", "shape": [2], "dtype": "int64", "low": [1.0, 5.0], "high": [3.0, 6.0]}
    assert space.describe(gymnasium.spaces.MultiDiscrete([3, 2]))["type"] == "multi_discrete"
