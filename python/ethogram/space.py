"""Observation and action spaces: as the store describes them, and the arrays that lie in a value of them.

Spaces are recognised by the names of their classes, so that Gymnasium is never imported here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ethogram.errors import UnsupportedValueError

BOUNDS_MAX = 4096
"""Bounds of a box are written one an element up to this many elements; beyond it, if they differ, as infinite."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One array (or text) within a space: what is stored as one field.

    Attributes:
        name: Parts joined by `/` under the root, for example `observation/camera/0`.
        path: Keys and indices that lead to it.
        dtype: NumPy's name of the element type, or `None` for text.
        shape: Lengths of the axes.
    """

    name: str
    path: tuple[str | int, ...]
    dtype: str | None
    shape: tuple[int, ...]

    def pick(self, value: Any) -> Any:
        """Follow the path into a value of the space."""
        for key in self.path:
            value = value[key]
        return value


def describe(space: Any, stack_axis: int | None = None) -> dict[str, Any]:
    """Describe a Gymnasium space as `run.json` holds it.

    Args:
        space: A Box, Discrete, MultiDiscrete, MultiBinary, Dict, Tuple or Text, nested as deep as 16.
        stack_axis: Which axis of a box at the top is a stack of frames.

    Raises:
        UnsupportedValueError: A part is of another kind.
    """
    kind = _kind(space)
    if kind == "Box":
        shape = [int(n) for n in space.shape]
        box = {"type": "box", "shape": shape, "dtype": str(space.dtype)}
        box |= {"low": _bounds(space.low), "high": _bounds(space.high)}
        return box if stack_axis is None else box | {"stack_axis": stack_axis}
    if kind == "Discrete":
        return {"type": "discrete", "n": int(space.n), "start": int(space.start), "dtype": str(space.dtype)}
    if kind == "MultiDiscrete":
        nvec = [int(n) for n in space.nvec.reshape(-1)]
        first = getattr(space, "start", None)
        if first is not None and first.any():
            # Choices are counted from 0 where they are matched with logits: such ones are whole numbers within bounds.
            bounds = {"low": _bounds_of(first), "high": _bounds_of(first + space.nvec - 1)}
            return {"type": "box", "shape": list(space.shape), "dtype": str(space.dtype), **bounds}
        return {"type": "multi_discrete", "nvec": nvec, "shape": list(space.shape), "dtype": str(space.dtype)}
    if kind == "MultiBinary":
        return {"type": "multi_binary", "shape": list(space.shape)}
    if kind == "Text":
        return {"type": "text", "max_length": int(space.max_length)}
    if kind == "Dict":
        return {"type": "dict", "spaces": [[str(key), describe(part)] for key, part in space.spaces.items()]}
    return {"type": "tuple", "spaces": [describe(part) for part in space.spaces]}


def box(low: Any, high: Any, shape: Sequence[int], dtype: str = "float32") -> dict[str, Any]:
    """Describe an array in bounds, where there is no Gymnasium space to ask.

    Args:
        low: Smallest value: one number, or one an element.
        high: Largest value, likewise.
        shape: Lengths of the axes.
        dtype: NumPy's name of the element type.
    """
    return {
        "type": "box",
        "shape": [int(n) for n in shape],
        "dtype": dtype,
        "low": _bounds_of(low),
        "high": _bounds_of(high),
    }


def discrete(n: int, *, start: int = 0) -> dict[str, Any]:
    """Describe one of `n` integers from `start`."""
    return {"type": "discrete", "n": int(n), "start": int(start), "dtype": "int64"}


def seen_space(fields: dict[str, Any], root: str) -> dict[str, Any] | None:
    """The space of what a step holds of `root`, as far as the values show it; of parts a dict."""
    parts = {field: value for field, value in fields.items() if field.split("/")[0] == root}
    if set(parts) == {root}:
        return _seen_box(parts[root])
    nested: dict[str, Any] = {}
    for field, value in parts.items():
        *path, last = field.split("/")[1:]
        at = nested
        for key in path:
            at = at.setdefault(key, {})
        at[last] = value

    def described(part: Any) -> dict[str, Any]:
        if not isinstance(part, dict):
            return _seen_box(part)
        named = [[key.replace("%2F", "/").replace("%25", "%"), described(inner)] for key, inner in part.items()]
        return {"type": "dict", "spaces": named}

    return described(nested) if nested else None


def _seen_box(value: Any) -> dict[str, Any]:
    pixels = str(value.dtype) == "uint8"
    return box(0.0 if pixels else float("-inf"), 255.0 if pixels else float("inf"), value.shape, str(value.dtype))


def leaves(space: Any, root: str) -> list[Leaf]:
    """List the arrays that lie in a value of `space`, depth first, named from `root` down.

    Raises:
        UnsupportedValueError: A part is of a kind that `describe` refuses.
    """
    found: list[Leaf] = []
    _collect(space, root, (), found)
    return found


def _collect(space: Any, name: str, path: tuple[str | int, ...], found: list[Leaf]) -> None:
    kind = _kind(space)
    if kind == "Dict":
        for key, part in space.spaces.items():
            _collect(part, f"{name}/{escape(str(key))}", (*path, key), found)
    elif kind == "Tuple":
        for index, part in enumerate(space.spaces):
            _collect(part, f"{name}/{index}", (*path, index), found)
    elif kind == "Text":
        found.append(Leaf(name, path, None, ()))
    else:
        shape = () if kind == "Discrete" else tuple(int(n) for n in space.shape)
        found.append(Leaf(name, path, str(space.dtype), shape))


_KINDS = ("Box", "Discrete", "MultiDiscrete", "MultiBinary", "Dict", "Tuple", "Text")


def _kind(space: Any) -> str:
    for base in type(space).__mro__:
        if base.__name__ in _KINDS:
            return base.__name__
    raise UnsupportedValueError(
        f"a space of type {type(space).__name__} cannot be described; expected one of {', '.join(_KINDS)}"
    )


def _bounds(bounds: Any) -> list[float | None]:
    """One entry an element, or one for all; infinite bounds are `None`."""
    flat = bounds.reshape(-1)
    if flat.size == 0:
        return []
    if bool((flat == flat[0]).all()):
        return [_bound(flat[0])]
    if flat.size > BOUNDS_MAX:
        return [None]
    return [_bound(value) for value in flat]


def _bounds_of(given: Any) -> list[float | None]:
    if hasattr(given, "reshape"):
        return _bounds(given)
    return [_bound(value) for value in given] if isinstance(given, Sequence) else [_bound(given)]


def _bound(value: Any) -> float | None:
    number = float(value)
    return number if math.isfinite(number) else None


def escape(key: str) -> str:
    """Write `/` and `%` so that paths stay unambiguous, as the store does."""
    return key.replace("%", "%25").replace("/", "%2F")


def stack_axis(env: Any) -> int | None:
    """Which axis of the observation is a stack of frames: 0 under a frame-stacking wrapper of Gymnasium."""
    seen = 0
    while env is not None and seen < 64:
        if type(env).__name__ in ("FrameStackObservation", "FrameStack"):
            return 0
        env, seen = env.__dict__.get("env"), seen + 1
    return None


def action_meanings(env: Any) -> list[str]:
    """One name an action, where the environment has them (`get_action_meanings`, as Atari's does); else none."""
    getter = getattr(getattr(env, "unwrapped", env), "get_action_meanings", None)
    if getter is None:
        return []
    names: Sequence[Any] = getter()
    return [str(name) for name in names]
