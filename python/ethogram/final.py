"""What a policy says of the observation that ended an episode: known only after the episode's rows are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ethogram.live_module import array_of

if TYPE_CHECKING:
    from ethogram.run import Run


class FinalRows:
    """Rows of the final observations of the episodes that ended in the last step, still open for annotations.

    A row is written late, as a field of one step may be; its episode is complete without it.

    Attributes:
        ended: For each slot whose recorded episode just ended, the episode and the index of its final row.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self.ended: dict[int, tuple[int, int]] = {}

    def learn(self, name: str) -> None:
        """Remember that a field is annotated in this run."""
        self._run._said.setdefault(name, None)

    def put(self, slot: int, name: str, value: Any) -> None:
        """Write a field of the final row of a slot; nothing where no recorded episode just ended there."""
        place = self.ended.get(slot)
        if place is None or value is None:
            return
        if not isinstance(value, str):
            try:
                value = _array(value)
            except Exception as error:
                self._run._settle(name, error)
                return
        self._run.log({name: value}, episode=place[0], step=place[1])

    def put_rows(self, name: str, batch: Any, count: int) -> None:
        """The same for a batch of one row an environment."""
        if not self.ended or batch is None:
            return
        try:
            rows = _array(batch)
        except Exception as error:
            self._run._settle(name, error)
            return
        if rows.shape[:1] != (count,):
            from ethogram.errors import ShapeError

            text = (
                f"field {name!r}: expected a first axis of {count}, one row an environment, "
                f"found shape {list(rows.shape)}"
            )
            self._run._settle(name, ShapeError(text))
            return
        for slot in self.ended:
            self.put(slot, name, rows[slot])


def _array(value: Any) -> Any:
    """In NumPy; a number has no axes."""
    return np.array(array_of(value))
