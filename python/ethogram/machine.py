"""How busy the machine is while a run trains: CPU, memory, graphics cards, steps a second. A slow thread of its own."""

from __future__ import annotations

import contextlib
import ctypes
import os
import threading
import time
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ethogram.run import Run

INTERVAL_SECS = 15.0
"""How often a run is told how the machine is, unless it is said otherwise; the first time after as long."""

CARDS_MAX = 16
"""So many graphics cards are looked at."""


class Sampler:
    """Logs `system/…` every few seconds. A run that nothing was logged into yet is left alone.

    Args:
        run: Where the numbers go, at the global step of the moment.
        interval_secs: How often.
    """

    def __init__(self, run: Run, interval_secs: float) -> None:
        self._run, self._interval = weakref.ref(run), interval_secs
        self._ended = threading.Event()
        self._usage = Usage()
        self._thread = threading.Thread(target=self._work, name="ethogram-machine", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Stop; a sample that is being taken is waited for."""
        self._ended.set()
        if self._thread is not threading.current_thread() and self._thread.is_alive():
            self._thread.join(timeout=2.0)

    def _work(self) -> None:
        pid, steps, at = os.getpid(), None, time.monotonic()
        while not self._ended.wait(self._interval):
            run = self._run()
            if run is None or os.getpid() != pid:
                return
            try:
                if run.folder is None or run.global_step == 0:
                    continue
                now, done = time.monotonic(), run.global_step
                found = self._usage.read()
                if steps is not None and done >= steps:
                    found["sps"] = (done - steps) / (now - at)
                steps, at = done, now
                if not self._ended.is_set():
                    run.log({f"system/{name}": value for name, value in found.items()})
            except Exception:  # never worth a training
                return
            finally:
                del run


class Usage:
    """Reads what the system says of its use. What it does not say is left out."""

    def __init__(self) -> None:
        self._machine = _machine_ticks()
        self._process = (time.process_time(), time.monotonic())
        self._cards: _Nvml | None = None
        self._looked = False

    def read(self) -> dict[str, float]:
        """Numbers by name, over the time since the last call: shares in percent, memory in bytes."""
        found: dict[str, float] = {}
        machine = _machine_ticks()
        if machine and self._machine and machine[1] > self._machine[1]:
            busy, all_ticks = machine[0] - self._machine[0], machine[1] - self._machine[1]
            found["cpu_percent"] = 100.0 * busy / all_ticks
        self._machine = machine
        process = (time.process_time(), time.monotonic())
        if process[1] > self._process[1]:
            # Of one processor: four that are busy are 400.
            found["process_cpu_percent"] = 100.0 * (process[0] - self._process[0]) / (process[1] - self._process[1])
        self._process = process
        found |= _memory()
        if not self._looked:
            self._looked = True
            with contextlib.suppress(OSError, AttributeError, RuntimeError):
                self._cards = _Nvml()
        if self._cards is not None:
            found |= self._cards.read()
        return found


class _Nvml:
    """NVIDIA's management library, by its C interface: nothing needs to be installed."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL("libnvidia-ml.so.1")
        if self._library.nvmlInit_v2() != 0:
            raise RuntimeError("NVML does not start")
        count = ctypes.c_uint()
        self._library.nvmlDeviceGetCount_v2(ctypes.byref(count))
        self._cards = []
        for index in range(min(count.value, CARDS_MAX)):
            card = ctypes.c_void_p()
            if self._library.nvmlDeviceGetHandleByIndex_v2(index, ctypes.byref(card)) == 0:
                self._cards.append((index, card))

    def read(self) -> dict[str, float]:
        found: dict[str, float] = {}
        for index, card in self._cards:
            use, memory = (ctypes.c_uint * 2)(), (ctypes.c_ulonglong * 3)()
            number = ctypes.c_uint()
            if self._library.nvmlDeviceGetUtilizationRates(card, use) == 0:
                found[f"gpu{index}/percent"] = float(use[0])
            if self._library.nvmlDeviceGetMemoryInfo(card, memory) == 0:
                found[f"gpu{index}/memory_bytes"] = float(memory[2])
                found[f"gpu{index}/memory_total_bytes"] = float(memory[0])
            if self._library.nvmlDeviceGetTemperature(card, 0, ctypes.byref(number)) == 0:
                found[f"gpu{index}/celsius"] = float(number.value)
            if self._library.nvmlDeviceGetPowerUsage(card, ctypes.byref(number)) == 0:
                found[f"gpu{index}/watts"] = number.value / 1000.0
        return found


def _machine_ticks() -> tuple[int, int] | None:
    """Busy and all ticks of all processors so far."""
    try:
        ticks = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    except (OSError, ValueError):
        return None
    return sum(ticks) - ticks[3] - ticks[4], sum(ticks)


def _memory() -> dict[str, float]:
    found: dict[str, float] = {}
    with contextlib.suppress(OSError, ValueError, IndexError, KeyError):
        lines: dict[str, Any] = {}
        for line in Path("/proc/meminfo").read_text().splitlines():
            name, _, rest = line.partition(":")
            lines[name] = rest.split()
        kib = {name: int(lines[name][0]) for name in ("MemTotal", "MemAvailable")}
        found["memory_bytes"] = 1024.0 * (kib["MemTotal"] - kib["MemAvailable"])
    with contextlib.suppress(OSError, ValueError, IndexError):
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        found["process_memory_bytes"] = float(pages * os.sysconf("SC_PAGE_SIZE"))
    return found
