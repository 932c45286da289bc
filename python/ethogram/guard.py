"""Keeps what goes wrong in recording out of the training loop that is recorded."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

from ethogram.errors import EthogramError

if TYPE_CHECKING:
    from ethogram.run import Run


class Guard:
    """Around all that a recorder does beside the environment: an exception in there is a fault of the run.

    It may be entered again while it is entered. In a strict run exceptions pass as they are.
    """

    __slots__ = ("_run",)

    def __init__(self, run: Run) -> None:
        self._run = run

    def __enter__(self) -> None:
        return

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not isinstance(error, Exception) or self._run.strict:
            return False
        self._run._settle("record", EthogramError(f"recording failed: {type(error).__name__}: {error}"))
        return True
