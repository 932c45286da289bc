"""What vector environments say beside their observations.

Gymnasium's say a dict of batches, in which `_name` tells which environments said `name`. Its `DictInfoToList`, and
environments of others, say a dict an environment; they may also do so for `final_info` alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ethogram.tape import reported_return


def final_observation(infos: Any, slot: int) -> Any:
    """The observation that ended the episode of a slot; `None` where nothing says it.

    That of a dict or tuple space may come whole, one an environment, or as its parts, each a batch.
    """
    if isinstance(infos, Mapping):
        final = infos.get("final_obs")
        return None if final is None else _row(final, slot)
    info = _info_of(infos, slot)
    return info.get("final_obs") if info is not None else None


def final_return(infos: Any, slot: int) -> float | None:
    """The return that a statistics wrapper said, around the vector environment or around its parts."""
    found = _return_in(infos, slot)
    if found is not None:
        return found
    if isinstance(infos, Mapping):
        return _return_in(infos.get("final_info"), slot)
    info = _info_of(infos, slot)
    return reported_return(info.get("final_info")) if info is not None else None


def _return_in(infos: Any, slot: int) -> float | None:
    if not isinstance(infos, Mapping):
        return reported_return(_info_of(infos, slot))
    mask = infos.get("_episode")
    try:
        return float(infos["episode"]["r"][slot]) if mask is not None and mask[slot] else None
    except (IndexError, KeyError, TypeError, ValueError):
        return None


def _info_of(infos: Any, slot: int) -> Mapping[str, Any] | None:
    try:
        info = infos[slot]
    except (IndexError, KeyError, TypeError):
        return None
    return info if isinstance(info, Mapping) else None


def _row(batch: Any, slot: int) -> Any:
    if isinstance(batch, Mapping):
        return {key: _row(part, slot) for key, part in batch.items()}
    if isinstance(batch, tuple):
        return tuple(_row(part, slot) for part in batch)
    return batch[slot]
