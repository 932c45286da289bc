"""Calls that other loggers know and that have no meaning here: told once, counted, never raised."""

from __future__ import annotations

import warnings
from collections import Counter

from ethogram.errors import EthogramWarning


class Skipped:
    """How often each kind of thing was left out.

    Attributes:
        counts: By kind.
    """

    def __init__(self, who: str) -> None:
        self.counts: Counter[str] = Counter()
        self._who = who

    def tell(self, kind: str, why: str) -> None:
        """Count one, and warn of the first of its kind."""
        self.counts[kind] += 1
        if self.counts[kind] > 1:
            return
        try:
            warnings.warn(f"{self._who}: {kind} is not kept; {why}", EthogramWarning, stacklevel=4)
        except EthogramWarning:
            # Warnings are errors there; training goes on all the same.
            return
