"""What a run leaves behind when its process ends, is told to end, or forks."""

from __future__ import annotations

import atexit
import contextlib
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
_waiting = threading.local()
"""Which signals waited before the fork that a thread is in."""


def watch(run: Run) -> None:
    """See to it that `run` is finished at exit, flushed or finished at SIGTERM, and left alone in forked children."""
    global _ready
    if not _ready:
        _ready = True
        atexit.register(_at_exit)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(
                before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child
            )
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


def _before_fork() -> None:
    """Let SIGTERM wait: what reaches a child before it is ready Python forgets, where there is a handler as ours."""
    _waiting.mask = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])


def _after_fork_in_parent() -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, _waiting.mask)


def _after_fork_in_child() -> None:
    """The writers' threads were not copied, and their locks may be held for ever: no run is touched here."""
    if signal.getsignal(signal.SIGTERM) is _on_sigterm:
        signal.signal(signal.SIGTERM, _previous)
    signal.pthread_sigmask(signal.SIG_SETMASK, _waiting.mask)
    runs = list(_runs)
    for run in runs:
        run._forget()
    _strong.clear()
    _close_inherited([os.path.realpath(run.folder) for run in runs if run.folder is not None])


def _close_inherited(folders: list[str]) -> None:
    """Close what the parent writes of these runs: a lock lives for as long as anybody has its file open, a child too.

    The writer that has them open is never dropped here, so that nobody closes them a second time.
    """
    if not folders or not os.path.isdir("/proc/self/fd"):  # other systems do not say what a file is called
        return
    ours = tuple(os.path.join(folder, part) for folder in folders for part in ("w-", "claims/"))
    for number in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            if os.readlink(f"/proc/self/fd/{number}").startswith(ours) and _is_for_writing(number):
                os.close(int(number))


def _is_for_writing(number: str) -> bool:
    with open(f"/proc/self/fdinfo/{number}") as lines:
        flags = next((line for line in lines if line.startswith("flags:")), "flags: 0")
    return int(flags.split()[1], 8) & os.O_ACCMODE != os.O_RDONLY
