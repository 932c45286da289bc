"""What a run leaves behind when its process ends, is told to end, or forks."""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
import weakref
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ethogram.run import Run

_runs: weakref.WeakSet[Run] = weakref.WeakSet()
_strong: dict[int, Run] = {}
_previous: Any = None
_ready = False


def watch(run: Run) -> None:
    """See to it that `run` is finished at exit, flushed or finished at SIGTERM, and left alone in forked children."""
    global _ready
    if not _ready:
        _ready = True
        atexit.register(_at_exit)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=_after_fork)
    _strong[id(run)] = run
    _runs.add(run)
    _handle_sigterm()


def forget(run: Run) -> None:
    """The run is finished: nothing is left to do for it but to leave it alone in a fork."""
    _strong.pop(id(run), None)


def _handle_sigterm() -> None:
    """Install our handler before the one that is there, unless signals are ignored or not ours to handle."""
    global _previous
    if threading.current_thread() is not threading.main_thread():
        return
    current = signal.getsignal(signal.SIGTERM)
    if current is _on_sigterm or current is None or current == signal.SIG_IGN:
        return
    _previous = current
    signal.signal(signal.SIGTERM, _on_sigterm)


def _on_sigterm(number: int, frame: FrameType | None) -> None:
    """Flush and pass on to the previous handler; where that is the system's, finish the runs and die of the signal."""
    if callable(_previous):
        # It may only note a wish to stop, and go on training: the runs stay open.
        for run in list(_strong.values()):
            run.flush()
        _previous(number, frame)
        return
    _finish_all("crashed")
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGTERM)


def _at_exit() -> None:
    uncaught = getattr(sys, "last_value", None)
    died = uncaught is not None and not hasattr(sys, "ps1") and not isinstance(uncaught, KeyboardInterrupt)
    _finish_all("crashed" if died else "finished")


def _finish_all(state: Any) -> None:
    for run in list(_strong.values()):
        try:
            run.finish(state)
        except Exception as error:  # a strict run must not keep the others from being finished
            print(f"ethogram: could not finish {run!r}: {error}", file=sys.stderr)


def _after_fork() -> None:
    """In the child: the writers' threads were not copied and their locks may be held for ever."""
    for run in list(_runs):
        run._forget()
    _strong.clear()
