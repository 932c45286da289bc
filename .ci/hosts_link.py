"""A long, narrow link for `.ci/test-hosts`: a relay that passes on what TCP connections say, later and more slowly.

It has no packets, so it loses none. Of a lost one it has what TCP makes of it for those who talk: the connection says
nothing for a while, and then goes on. What only shows below that (how much TCP dares to send at once, connections that
are never made because all their first packets are lost, a browser that hears of a card without a cable) it does not
show.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
from collections.abc import Coroutine
from contextlib import AbstractContextManager
from typing import Any

CHUNK_BYTES = 4096
CHUNKS_WAITING_MAX = 16
"""Chunks of one connection that wait in the link: what a router holds."""


class Link:
    """A relay that listens on `here` and connects to `there`, both in a namespace.

    Args:
        namespace: What makes a thread's sockets belong to it.
        here: Where to listen.
        there: Where to connect to.
        delay_secs: One way; a connection takes twice as long before anything is said.
        bytes_per_sec: Of all connections together, each way.
        stalls: Of a chunk, how likely a connection says nothing for 1 to 3 s before it.
    """

    def __init__(
        self,
        namespace: AbstractContextManager[None],
        here: tuple[str, int],
        there: tuple[str, int],
        *,
        delay_secs: float = 0.1,
        bytes_per_sec: float = 125_000,
        stalls: float = 0.01,
    ) -> None:
        self.here, self.there = here, there
        self.delay_secs, self.bytes_per_sec, self.stalls = delay_secs, bytes_per_sec, stalls
        self.passed, self.stalled, self.connections = 0, 0, 0
        self._random = random.Random(7)
        self._free = {"up": 0.0, "down": 0.0}
        self._loop = asyncio.new_event_loop()
        self._whole = asyncio.Event()
        ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(namespace, ready), daemon=True)
        self._thread.start()
        if not ready.wait(10):
            raise SystemExit(f"test-hosts: the link does not listen on {here}")

    def cut(self) -> None:
        """From now on nothing passes, and nobody is told."""
        self._loop.call_soon_threadsafe(self._whole.clear)

    def mend(self) -> None:
        """What waited passes, and what comes."""
        self._loop.call_soon_threadsafe(self._whole.set)

    def end(self) -> None:
        """Close all that is open."""

        def stop() -> None:
            for task in asyncio.all_tasks(self._loop):
                task.cancel()
            # After they have ended.
            self._loop.call_later(0.1, self._loop.stop)

        self._loop.call_soon_threadsafe(stop)
        self._thread.join(10)

    def _serve(self, namespace: AbstractContextManager[None], ready: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        with namespace:
            self._whole.set()
            self._loop.run_until_complete(asyncio.start_server(self._accept, *self.here))
            self._loop.call_soon(ready.set)
            self._loop.run_forever()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        await self._whole.wait()
        await asyncio.sleep(2 * self.delay_secs)
        try:
            beyond, to_beyond = await asyncio.open_connection(*self.there)
        except OSError:
            writer.transport.abort()
            return
        ways = [self._pass("up", reader, to_beyond), self._pass("down", beyond, writer)]
        if not await all_or_none(*(half for way in ways for half in way)):
            # One end broke off: so does the other.
            writer.transport.abort()
            to_beyond.transport.abort()
        for end in (writer, to_beyond):
            end.close()

    def _pass(
        self, way: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> tuple[Coroutine[Any, Any, None], Coroutine[Any, Any, None]]:
        waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(CHUNKS_WAITING_MAX)
        return self._take(way, reader, waiting), self._send(waiting, writer)

    async def _take(self, way: str, reader: asyncio.StreamReader, waiting: asyncio.Queue[tuple[float, bytes]]) -> None:
        due = 0.0
        while chunk := await reader.read(CHUNK_BYTES):
            now = self._loop.time()
            self._free[way] = max(self._free[way], now) + len(chunk) / self.bytes_per_sec
            # In order: what follows a stall waits for it.
            due = max(due, self._free[way] + self.delay_secs)
            if self._random.random() < self.stalls:
                self.stalled += 1
                due += self._random.uniform(1, 3)
            await waiting.put((due, chunk))
        await waiting.put((due, b""))

    async def _send(self, waiting: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter) -> None:
        while True:
            due, chunk = await waiting.get()
            await asyncio.sleep(due - self._loop.time())
            await self._whole.wait()
            if not chunk:
                with contextlib.suppress(OSError):
                    writer.write_eof()
                return
            writer.write(chunk)
            await writer.drain()
            self.passed += len(chunk)


async def all_or_none(*work: Coroutine[Any, Any, None]) -> bool:
    """Do all of it; if one part breaks off, so do the others, and that is told."""
    parts = [asyncio.ensure_future(part) for part in work]
    try:
        await asyncio.gather(*parts)
    except OSError:
        return False
    finally:
        for part in parts:
            part.cancel()
    return True
