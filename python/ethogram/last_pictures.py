"""The last picture of an episode where a vector environment resets its parts within the step that ends one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np


class LastPictures:
    """Draws each part right before it is reset within a step. Works for parts in this process alone.

    The vector environment calls `reset` of a part when its episode is over, after which the end of the episode can no
    longer be drawn. So that method of each part is replaced, on the object alone, by one that draws first.
    """

    def __init__(self, parts: Sequence[Any], draw: Callable[[int], Any]) -> None:
        self._parts = list(parts)
        self._draw = draw
        self._drawn: dict[int, Any] = {}
        self._stepping = False
        for slot, part in enumerate(self._parts):
            part.reset = self._drawn_before(slot, part.reset)

    @contextmanager
    def within_step(self) -> Iterator[None]:
        """What is reset in here ended an episode; any other reset is the training loop's own."""
        self._drawn.clear()
        self._stepping = True
        try:
            yield
        finally:
            self._stepping = False

    def take(self, slot: int) -> Any:
        """The picture at the end of the episode that ended in the last step; `None` when there is none."""
        return self._drawn.pop(slot, None)

    def leave(self) -> None:
        """Give the parts back as they were."""
        for part in self._parts:
            vars(part).pop("reset", None)
        self._parts.clear()

    def _drawn_before(self, slot: int, reset: Callable[..., Any]) -> Callable[..., Any]:
        def draw_and_reset(*args: Any, **kwargs: Any) -> Any:
            if self._stepping:
                picture = self._draw(slot)
                if picture is not None:
                    # A copy: an environment may draw into the same memory again.
                    self._drawn[slot] = np.array(picture)
            return reset(*args, **kwargs)

        return draw_and_reset
