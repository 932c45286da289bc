"""Seeds of resets, as far as an episode keeps them."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from ethogram.errors import EthogramError

if TYPE_CHECKING:
    from ethogram.run import Run

SEED_BITS = 63
"""A seed of more bits is not kept; Gymnasium takes any."""


def kept_seed(run: Run, seed: Any) -> int | None:
    """The seed as an episode keeps it; `None`, told once, where it is no integer or too large."""
    if seed is None:
        return None
    try:
        number = operator.index(seed)
    except TypeError:
        run._settle("seed", EthogramError(f"seed: expected an integer, found {type(seed).__name__}; it is not kept"))
        return None
    if -(1 << SEED_BITS) <= number < 1 << SEED_BITS:
        return number
    run._settle("seed", EthogramError(f"seed: {number} is over the limit of {SEED_BITS} bits; it is not kept"))
    return None


def seed_of_part(seed: Any, slot: int) -> Any:
    """The seed of one of the environments side by side: an integer counts up, a list has one each.

    Where it is neither, the seed itself.
    """
    if seed is None:
        return None
    try:
        return operator.index(seed) + slot
    except TypeError:
        pass
    try:
        return seed[slot]
    except (IndexError, KeyError, TypeError):
        return seed
