"""Episodes that RLlib's new API stack writes (`output_write_episodes=True`): states of `SingleAgentEpisode`.

**Source** `ray/rllib/env/single_agent_episode.py`, `infinite_lookback_buffer.py`, `ray/rllib/utils/serialization.py`.
"""

from __future__ import annotations

import base64
import binascii
import io
import zlib
from typing import Any

from ethogram import space
from ethogram.errors import CorruptError
from ethogram.msgpack_values import Pickled
from ethogram.rllib_steps import Piece, fields_of, said

BOUNDS_BYTES_MAX = 64 * 1024**2
"""Bounds of a space that unpack to more are taken for infinite."""

_DEPTH_MAX = 16


def piece_of(state: dict[str, Any], name: str) -> Piece:
    """The episode, or the part of one, in a state.

    Raises:
        CorruptError: It is no state of an episode of one agent.
    """
    observations, actions = _rows(state, "observations", name), _rows(state, "actions", name)
    rewards = _rows(state, "rewards", name)
    steps = len(rewards)
    if len(actions) != steps or len(observations) != steps + 1:
        raise CorruptError(
            f"{name}: expected an observation more than the {steps} rewards, and as many actions, "
            f"found {len(observations)} and {len(actions)}"
        )
    told = {"action": space_of(state.get("_action_space")), "observation": space_of(state.get("_observation_space"))}
    outputs = state.get("extra_model_outputs") or {}
    extra = {key: _rows(outputs, key, name) for key in outputs if outputs[key]}
    if len(extra.get("actions_for_env", ())) == steps:
        actions = extra.pop("actions_for_env")
    rows = [
        fields_of("observation", observations[at])
        | fields_of("action", actions[at])
        | said({key: values[at] for key, values in extra.items() if at < len(values)}, told["action"])
        for at in range(steps)
    ]
    return Piece(
        str(state.get("id_")), rows, [float(reward) for reward in rewards],
        fields_of("observation", observations[steps]), bool(state.get("is_terminated")),
        bool(state.get("is_truncated")), int(state.get("t_started") or 0), told,
    )  # fmt: skip


def _rows(state: Any, part: str, name: str) -> list[Any]:
    """The values of a buffer, without those of the steps before that it looks back at."""
    buffer = state.get(part)
    data = buffer.get("data") if isinstance(buffer, dict) else None
    back = buffer.get("lookback", 0) if isinstance(buffer, dict) else 0
    if isinstance(data, Pickled) or data is None or not isinstance(back, int) or back < 0:
        raise CorruptError(f"{name}: expected {part} in a buffer, found {data!r:.80}")
    return (data if isinstance(data, list) else _unstacked(data, name, 0))[back:]


def _unstacked(data: Any, name: str, depth: int) -> list[Any]:
    """Rows of arrays that were stacked; of dicts of them, dicts."""
    if isinstance(data, dict) and depth < _DEPTH_MAX:
        parts = {key: _unstacked(part, name, depth + 1) for key, part in data.items()}
        counts = {len(part) for part in parts.values()}
        if len(counts) == 1:
            return [{key: part[at] for key, part in parts.items()} for at in range(counts.pop())]
    elif hasattr(data, "shape") and data.shape:
        return list(data)
    raise CorruptError(f"{name}: expected rows of numbers, found {data!r:.80}")


def space_of(told: Any, depth: int = 0) -> dict[str, Any] | None:
    """A space as RLlib writes it down, as we do; `None` for a kind that is not known."""
    if not isinstance(told, dict) or depth > _DEPTH_MAX:
        return None
    try:
        match told.get("space"):
            case "box":
                low, high = (_bound(told.get(end)) for end in ("low", "high"))
                endless = (-float("inf"), float("inf"))
                low, high = (low, high) if low is not None and high is not None else endless
                return space.box(low, high, told["shape"], _dtype(told["dtype"]))
            case "discrete":
                return space.discrete(told["n"], start=told.get("start", 0))
            case "multi-discrete":
                nvec = _array(told["nvec"])
                if nvec is None:
                    return None
                return {
                    "type": "multi_discrete", "nvec": [int(n) for n in nvec.reshape(-1)], "shape": list(nvec.shape),
                    "dtype": _dtype(told["dtype"]),
                }  # fmt: skip
            case "multi-binary":
                return {"type": "multi_binary", "shape": [int(told["n"])]}
            case "text":
                return {"type": "text", "max_length": int(told["max_length"])}
            case "dict":
                parts = [[str(key), space_of(part, depth + 1)] for key, part in told["spaces"].items()]
                return None if any(part is None for _, part in parts) else {"type": "dict", "spaces": parts}
            case "tuple":
                inner = [space_of(part, depth + 1) for part in told["spaces"]]
                return None if None in inner else {"type": "tuple", "spaces": inner}
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    return None


def _dtype(text: str) -> str:
    import numpy as np

    return str(np.dtype(text))


def _bound(text: Any) -> Any:
    """A bound as one number an element, or one where all are the same."""
    values = _array(text)
    if values is None:
        return None
    flat = [float(value) for value in values.reshape(-1)]
    return flat[0] if len(set(flat)) == 1 else flat


def _array(text: Any) -> Any:
    """An array as RLlib packs those of spaces: base64 of zlib of `.npy`; `None` where it is none of numbers."""
    import numpy as np

    try:
        data = zlib.decompressobj().decompress(base64.b64decode(text), BOUNDS_BYTES_MAX)
        return np.load(io.BytesIO(data), allow_pickle=False)
    except (ValueError, TypeError, OSError, EOFError, zlib.error, binascii.Error):
        return None
