"""What RLlib's recurrent modules keep from step to step, in rows: one a part (`h`, `c`; `actor_h`, …)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np


def begun(module: Any) -> dict[str, Any]:
    """The memory with which an episode begins, by part; empty without memory. Axes are layers and width."""
    if module is None or not (hasattr(module, "is_stateful") and module.is_stateful()):
        return {}
    return {name: np.asarray(part) for name, part in parts(module.get_initial_state())}


def kept(episode: Any) -> dict[str, Any] | None:
    """The memory after the newest step; None where the module said nothing of it."""
    if "state_out" not in episode.extra_model_outputs:
        return None
    return {name: np.asarray(part) for name, part in parts(episode.get_extra_model_outputs("state_out", -1))}


def fields(memory: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a step, one row a part: what the memory was before it."""
    if len(memory) == 1:
        return {"recurrent_state": next(iter(memory.values())).reshape(-1)}
    return {f"recurrent_state/{name}": part.reshape(-1) for name, part in memory.items()}


def parts(state: Any, within: str = "") -> Iterator[tuple[str, Any]]:
    """Arrays of a nested state, each by the names on the way to it."""
    if isinstance(state, Mapping):
        for name, part in state.items():
            yield from parts(part, f"{within}_{name}" if within else str(name))
    else:
        yield within or "state", state


def nested(state: Any, flat: Iterator[Any]) -> Any:
    """The same nesting with other arrays, in their order."""
    if isinstance(state, Mapping):
        return {name: nested(part, flat) for name, part in state.items()}
    return next(flat)
