"""MessagePack with arrays of NumPy as `msgpack_numpy` writes them. Objects, which are pickles there, are not opened.

**Source** MessagePack specification; `msgpack_numpy.encode`.
"""

from __future__ import annotations

import re
import struct
from typing import Any

from ethogram.errors import CorruptError

DEPTH_MAX = 64
"""Deepest containers within containers."""

_DTYPE = re.compile(r"[<>|=]?[biuf]\d{1,2}")
_NUMBERS = {
    0xCA: ">f", 0xCB: ">d", 0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q",
    0xD0: ">b", 0xD1: ">h", 0xD2: ">i", 0xD3: ">q",
}  # fmt: skip
_PLAIN = {0xC0: None, 0xC2: False, 0xC3: True}
_FIXED_EXTENSIONS = {0xD4: 1, 0xD5: 2, 0xD6: 4, 0xD7: 8, 0xD8: 16}


class Pickled:
    """A value that is a pickle, left as it is."""

    def __repr__(self) -> str:
        return "a pickle"


def unpacked(data: bytes, name: str) -> Any:
    """The value of a message.

    Args:
        data: The message.
        name: What to call it where something is wrong.

    Raises:
        CorruptError: It is none, or nested too deep.
    """
    reader = _Reader(data, name)
    value = reader.value(0)
    if reader.at != len(data):
        raise reader.wrong(f"{len(data)} bytes of one value, found {reader.at}")
    return value


class _Reader:
    def __init__(self, data: bytes, name: str) -> None:
        self.at, self._data, self._name = 0, data, name

    def value(self, depth: int) -> Any:
        if depth > DEPTH_MAX:
            raise self.wrong(f"containers nested at most {DEPTH_MAX} deep")
        kind = self._take(1)[0]
        if kind < 0x80:
            return kind
        if kind >= 0xE0:
            return kind - 256
        if kind in _PLAIN:
            return _PLAIN[kind]
        if kind in _NUMBERS:
            [number] = struct.unpack(_NUMBERS[kind], self._take(struct.calcsize(_NUMBERS[kind])))
            return number
        if kind < 0x90 or kind in (0xDE, 0xDF):
            return self._map(kind & 15 if kind < 0x90 else self._count(2 << (kind - 0xDE)), depth)
        if kind < 0xA0 or kind in (0xDC, 0xDD):
            count = kind & 15 if kind < 0xA0 else self._count(2 << (kind - 0xDC))
            return [self.value(depth + 1) for _ in range(self._bounded(count))]
        if kind < 0xC0 or 0xD9 <= kind <= 0xDB:
            text = self._take(kind & 31 if kind < 0xC0 else self._count(1 << (kind - 0xD9)))
            return text.decode(errors="replace")
        if 0xC4 <= kind <= 0xC6:
            return self._take(self._count(1 << (kind - 0xC4)))
        if 0xC7 <= kind <= 0xC9 or kind in _FIXED_EXTENSIONS:
            count = _FIXED_EXTENSIONS[kind] if kind in _FIXED_EXTENSIONS else self._count(1 << (kind - 0xC7))
            return self._take(count + 1)[1:]
        raise self.wrong(f"a value, found the byte {kind:#x}")

    def _map(self, count: int, depth: int) -> Any:
        found: dict[Any, Any] = {}
        for _ in range(self._bounded(count)):
            key = self.value(depth + 1)
            if not isinstance(key, str | bytes | int | float | bool | None):
                raise self.wrong(f"a key, found {type(key).__name__}")
            found[key] = self.value(depth + 1)
        return self._array(found) if b"nd" in found or b"complex" in found else found

    def _array(self, found: dict[Any, Any]) -> Any:
        import numpy as np

        told, data, shape = found.get(b"type"), found.get(b"data"), found.get(b"shape", [])
        if found.get(b"kind") or b"complex" in found:
            return Pickled()
        if not (isinstance(told, str) and _DTYPE.fullmatch(told) and isinstance(data, bytes)):
            raise self.wrong(f"an array of numbers, found one of {str(told)[:40]!r}")
        try:
            values = np.frombuffer(data, np.dtype(told))
            return values.reshape([int(side) for side in shape]) if found[b"nd"] else values[0]
        except (ValueError, TypeError, IndexError) as error:
            raise self.wrong(f"an array of {str(shape)[:40]}: {error}") from error

    def _count(self, size: int) -> int:
        return int.from_bytes(self._take(size), "big")

    def _bounded(self, count: int) -> int:
        """Each entry has a byte at least."""
        if count > len(self._data) - self.at:
            raise self.wrong(f"{count} entries, found the end")
        return count

    def _take(self, count: int) -> bytes:
        found = self._data[self.at : self.at + count]
        if len(found) < count:
            raise self.wrong(f"{count} bytes, found {len(found)}")
        self.at += count
        return found

    def wrong(self, expected: str) -> CorruptError:
        return CorruptError(f"{self._name}, byte {self.at}: expected {expected}")
