"""What pickles of other tools are made of: arrays, builtin values, and records of a few classes."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ethogram.errors import CorruptError

if TYPE_CHECKING:
    import numpy.typing

    Values = numpy.typing.NDArray[Any]

NESTING_MAX = 64
"""Deepest containers that are looked into."""

_DTYPE = re.compile(r"[<>=|]?(?:[?bBhHiIlLqQefdO]|[biuf]\d{1,2}|[SU]\d{1,6}|O8)")


@dataclass
class Named:
    """A class or function that a pickle names. It is a name and nothing else."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(eq=False)
class Record:
    """What a pickle says of an object of a known class: the class's name and the attributes."""

    kind: str
    state: dict[str, Any] = field(default_factory=dict)

    def get(self, name: str, default: Any = None) -> Any:
        """An attribute, or `default` where the object has none."""
        return self.state.get(name, default)


@dataclass(eq=False)
class Kind:
    """An element type while it is put together."""

    code: str
    order: str = "="


@dataclass(eq=False)
class Array:
    """An array while it is put together."""

    values: Any = None


def pairs_of(entries: list[Any]) -> dict[Any, Any]:
    """A dict of keys and values in turn."""
    return {key_of(key): value for key, value in zip(entries[::2], entries[1::2], strict=True)}


def key_of(key: Any) -> Any:
    """A key of a dict, where it may be one. Raises `CorruptError`."""
    key = key.values if isinstance(key, Array) else key
    if not isinstance(key, Hashable) or isinstance(key, Named | Record):
        raise CorruptError(f"expected a key that is a number or a text, found {type(key).__name__}")
    return key


def dtype_of(kind: Any) -> Any:
    """The element type of numbers or texts, and of nothing else. Raises `CorruptError`."""
    import numpy as np

    code = kind.code if isinstance(kind, Kind) else ""
    if not _DTYPE.fullmatch(code) or "O" in code:
        raise CorruptError(f"expected an array of numbers or texts, found one of type {code or type(kind).__name__!r}")
    found = np.dtype(code)
    return found.newbyteorder("<" if kind.order == "<" else ">" if kind.order == ">" else "=")


def shape_of(shape: Any) -> tuple[int, ...]:
    """Lengths of axes, none of them negative. Raises `CorruptError`."""
    lengths = tuple(shape) if isinstance(shape, tuple | list) else (shape,)
    if not all(isinstance(length, int) and length >= 0 for length in lengths):
        raise CorruptError(f"expected the shape of an array, found {lengths!r:.80}")
    return lengths


def count_of(shape: tuple[int, ...]) -> int:
    """How many elements there are."""
    count = 1
    for length in shape:
        count *= length
    return count


def array_of(data: Any, kind: Any, shape: Any, fortran: bool) -> Values:
    """An array of exactly these bytes. Raises `CorruptError`."""
    import numpy as np

    raw = data.encode("latin-1") if isinstance(data, str) else data
    dtype, lengths = dtype_of(kind), shape_of(shape)
    if not isinstance(raw, bytes | bytearray) or len(raw) != count_of(lengths) * dtype.itemsize:
        found = f"{len(raw)} bytes" if isinstance(raw, bytes | bytearray) else type(raw).__name__
        raise CorruptError(f"an array of {list(lengths)} {dtype}: expected that many numbers, found {found}")
    flat = np.frombuffer(raw, dtype) if raw else np.empty(0, dtype)
    return flat.astype(dtype.newbyteorder("="), copy=False).reshape(lengths, order="F" if fortran else "C")


def _scalar(kind: Any, data: Any = b"") -> Any:
    return array_of(data, kind, (), False)[()]


def _buffer(data: Any, kind: Any, shape: Any, order: Any = "C") -> Array:
    return Array(array_of(data, kind, shape, order == "F"))


def _encoded(text: Any, encoding: Any = "latin1") -> bytes:
    if encoding not in ("latin1", "latin-1", "utf-8", "utf8", "ascii"):
        raise CorruptError(f"expected bytes as latin-1 or utf-8, found {encoding!r:.40}")
    return str(text).encode(encoding)


def _moment(*parts: Any) -> Any:
    if parts and isinstance(parts[0], str):
        parts = (parts[0].encode("latin-1"), *parts[1:])
    return datetime.datetime(*parts[:1]) if isinstance(parts[0], bytes) else datetime.datetime(*parts[:7])


MADE: dict[str, Callable[..., Any]] = {
    "numpy.core.multiarray._reconstruct": lambda *_: Array(),
    "numpy.core.multiarray.scalar": _scalar,
    "numpy.core.numeric._frombuffer": _buffer,
    "numpy.dtype": lambda code, *_: Kind(str(code)),
    "collections.OrderedDict": lambda pairs=(): {key_of(pair[0]): pair[1] for pair in pairs},
    "_codecs.encode": _encoded,
    "builtins.bytes": lambda *_: b"",
    "builtins.bytearray": lambda *parts: _encoded(*parts) if parts else b"",
    "builtins.set": lambda entries=(): set(map(key_of, entries)),
    "builtins.frozenset": lambda entries=(): frozenset(map(key_of, entries)),
    "datetime.datetime": _moment,
}
"""What is made of a function that a pickle calls, instead of calling it."""
