"""What RLlib keeps of a step, as fields: observations and actions by their parts, and what the policy said."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ethogram.errors import CorruptError
from ethogram.naming import plain
from ethogram.space import escape

PARTS_MAX = 1_024
"""Most parts of an observation or action."""

_DEPTH_MAX = 16
_SAID = {
    "vf_preds": "value",
    "qf_preds": "q_values",
    "q_values": "q_values",
    "action_logp": "action_log_probability",
    "advantages": "advantage",
}


@dataclass
class Piece:
    """Steps that follow each other in one episode.

    Attributes:
        episode: Which, as RLlib calls it; empty where it does not say.
        rows: Fields of each step.
        rewards: A number a step.
        final: What was observed after the last step; empty where that is not told.
        terminated: The task ended with the last step.
        truncated: It was cut after the last step.
        first: Steps that the episode had before.
        spaces: Of observation and action, where they are told.
        agent: Who acted, where there are several; else empty.
        match: What the agents' episodes of one reset share, as RLlib calls it; empty where there is one agent.
        times: Steps of the environment before each row, where they are told.
    """

    episode: str
    rows: list[dict[str, Any]]
    rewards: list[float]
    final: dict[str, Any]
    terminated: bool
    truncated: bool
    first: int
    spaces: dict[str, dict[str, Any] | None]
    agent: str = ""
    match: str = ""
    times: list[int] = field(default_factory=list)


def fields_of(name: str, value: Any, depth: int = 0) -> dict[str, Any]:
    """A value of a space by field: one array, or one a part of a dict or tuple.

    Raises:
        CorruptError: It holds something else than numbers.
    """
    import numpy as np

    parts: list[tuple[str, Any]] | None = None
    if isinstance(value, dict):
        parts = [(escape(str(key)), part) for key, part in value.items()]
    elif isinstance(value, list | tuple) and any(isinstance(part, dict | list | tuple | np.ndarray) for part in value):
        parts = [(str(at), part) for at, part in enumerate(value)]
    if parts is not None:
        if depth > _DEPTH_MAX or not 0 < len(parts) <= PARTS_MAX:
            raise CorruptError(f"{name}: expected 1 to {PARTS_MAX} parts nested at most {_DEPTH_MAX} deep")
        found: dict[str, Any] = {}
        for key, part in parts:
            found |= fields_of(f"{name}/{key}", part, depth + 1)
        if len(found) > PARTS_MAX:
            raise CorruptError(f"{name}: expected at most {PARTS_MAX} parts, found {len(found)}")
        return found
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        raise CorruptError(f"{name}: expected numbers, found {value!r:.80}")
    return {name: array}


def said(outputs: dict[str, Any], action_space: dict[str, Any] | None) -> dict[str, Any]:
    """What the policy said of a step.

    Parameters of its distribution are logits where actions are choices, mean and log standard deviation where they are
    a box with half as many numbers. What has no name here is `rllib/NAME`.
    """
    import numpy as np

    found: dict[str, Any] = {}
    for key, value in outputs.items():
        if value is None or isinstance(value, str | dict | list) or not hasattr(value, "dtype"):
            continue
        array = np.asarray(value)
        if array.dtype.kind not in "biuf":
            continue
        if key == "action_dist_inputs":
            found |= _distribution(array, action_space)
        elif key in _SAID:
            found[_SAID[key]] = array
        else:
            found[f"rllib/{plain(key)}"] = array
    return found


def _distribution(inputs: Any, action_space: dict[str, Any] | None) -> dict[str, Any]:
    import math

    kind = action_space.get("type") if action_space else None
    if kind in ("discrete", "multi_discrete", "multi_binary"):
        return {"logits": inputs}
    if kind == "box" and action_space and inputs.shape[-1:] == (2 * math.prod(action_space["shape"]),):
        half = inputs.shape[-1] // 2
        return {"action_mean": inputs[..., :half], "action_log_std": inputs[..., half:]}
    return {"rllib/action_dist_inputs": inputs}
