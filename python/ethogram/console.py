"""What a script prints, kept beside what it logs: `sys.stdout` and `sys.stderr` are copied, bounded, secrets hidden."""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, TextIO

from ethogram import capture

if TYPE_CHECKING:
    from ethogram.run import Run

BYTES_MAX = 4 * 1024 * 1024
"""So much of each stream is kept from its start; of what comes after it only the end."""

TAIL_MAX = 64 * 1024
"""So much of the end is kept beyond `BYTES_MAX`."""

LINE_MAX = 8 * 1024
"""A line is cut here."""

CHUNK_SECS = 5.0
"""Text is written at most this often, when something is printed."""


class Console:
    """Copies both streams into a run from now on, as texts `console/stdout` and `console/stderr`.

    Their steps are milliseconds since 1970 on the axis `sample`. Of a line that was overwritten, as progress bars do,
    the last state is kept.
    """

    def __init__(self, run: Run) -> None:
        self._streams = [_Stream(run, name) for name in ("stdout", "stderr")]
        for stream in self._streams:
            setattr(sys, stream.name, stream)

    def end(self) -> None:
        """Write what is left and give the streams back."""
        for stream in self._streams:
            stream.leave()
            if getattr(sys, stream.name) is stream:
                setattr(sys, stream.name, stream.inner)


def inner(stream: Any) -> Any:
    """The stream behind those that copy it: what is said there is in no run."""
    while isinstance(stream, _Stream):
        stream = stream.inner
    return stream


class _Stream:
    """A stream that says everything twice: to the one before it, and to a run."""

    def __init__(self, run: Run, name: str) -> None:
        self.name, self.inner = name, getattr(sys, name)
        self._run: Run | None = run
        self._lock, self._pid = threading.RLock(), os.getpid()
        self._line = ""
        self._waiting: list[str] = []
        self._kept, self._tail, self._skipped = 0, "", 0
        self._written, self._step = time.monotonic(), 0
        self._busy = False

    def write(self, text: str) -> int:
        count = self.inner.write(text)
        # In a forked child the lock may be held for ever, and nothing is written.
        if self._run is not None and os.getpid() == self._pid:
            with self._lock:
                # What the run itself says while it writes is not kept: it would write for ever.
                if not self._busy:
                    self._busy = True
                    try:
                        self._take(str(text))
                        if self._waiting and time.monotonic() - self._written >= CHUNK_SECS:
                            self._put()
                    except Exception:  # printing must go on
                        self._run = None
                    finally:
                        self._busy = False
        return int(count) if isinstance(count, int) else len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def __iter__(self) -> Any:
        return iter(self.inner)

    def leave(self) -> None:
        """Write what is left; from now on the text is only passed on."""
        if os.getpid() != self._pid:
            return
        with self._lock:
            self._busy = True
            try:
                if self._run is not None:
                    if self._line:
                        self._keep(self._line)
                    if self._skipped:
                        self._waiting.append(f"[{self._skipped} characters are not kept]\n{self._tail}")
                    self._put()
            except Exception:  # the run ends in any case
                pass
            finally:
                self._run, self._busy = None, False

    def _take(self, text: str) -> None:
        *whole, self._line = (self._line + text).split("\n")
        # A line without an end may go on for ever.
        self._line = self._line.rpartition("\r")[2][:LINE_MAX]
        for line in whole:
            self._keep(line.removesuffix("\r").rpartition("\r")[2][:LINE_MAX] + "\n")

    def _keep(self, line: str) -> None:
        line = capture.hide_assignments(line)
        if self._kept < BYTES_MAX:
            self._kept += len(line)
            self._waiting.append(line)
        else:
            self._tail = (self._tail + line)[-TAIL_MAX:]
            self._skipped += len(line)

    def _put(self) -> None:
        run = self._run
        # Nothing is written before the run has begun: it would not know its environment.
        if run is None or run.folder is None or not self._waiting:
            return
        text, self._waiting = "".join(self._waiting), []
        self._written = time.monotonic()
        self._step = max(self._step + 1, int(time.time() * 1000))
        run._tensor("sample", f"console/{self.name}", self._step, "text", text.encode(errors="replace"), "{}")


def _is_text(stream: TextIO | None) -> bool:
    return stream is not None and hasattr(stream, "write")


def can_copy() -> bool:
    """Whether there are streams to copy."""
    return _is_text(sys.stdout) and _is_text(sys.stderr)
