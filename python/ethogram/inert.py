"""Reading other people's pickles without running what they name.

A pickle is a small program, and Python's own reader calls whatever function it names. The reader here knows the
opcodes and calls nothing: it makes builtin values and NumPy arrays by itself, keeps a few classes of known tools as
inert records, and refuses every other name.
"""

from __future__ import annotations

import pickletools
import re
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from ethogram.errors import CorruptError
from ethogram.inert_values import (
    MADE,
    NESTING_MAX,
    Array,
    Kind,
    Named,
    Record,
    array_of,
    count_of,
    dtype_of,
    key_of,
    pairs_of,
    shape_of,
)

FILE_BYTES_MAX = 64 * 1024**3
"""A larger file is not read."""

_RECORDS = re.compile(r"rld\.\w+(?:\.\w+)*|joblib\.numpy_pickle")
_MARK = object()


class Stream:
    """A file that is read from its start, and never beyond its end.

    Attributes:
        name: Of the file, for what is told.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        self.name, self._file = name, file
        end = file.seek(0, 2)
        file.seek(0)
        if end > FILE_BYTES_MAX:
            raise CorruptError(f"{name}: expected at most {FILE_BYTES_MAX} bytes, found {end}")
        self._left = end

    def read(self, count: int) -> bytes:
        """Read `count` bytes; fewer at the end, as `pickletools` expects."""
        found = self._file.read(max(0, min(count, self._left)))
        self._left -= len(found)
        return found

    def readline(self) -> bytes:
        """Read up to the end of a line."""
        found = self._file.readline()
        self._left -= len(found)
        return found


def read(file: BinaryIO, name: str) -> Any:
    """Read one pickle, or what joblib dumped without compression.

    Args:
        file: Opened for bytes; can seek.
        name: What to call it where something is wrong.

    Returns:
        Builtin values, arrays, and a `Record` for each object of a known class.

    Raises:
        CorruptError: It is no pickle, or names something that is not read. Nothing that it names was run.
    """
    stream = Stream(file, name)
    start = file.read(2)
    file.seek(0)
    if start in (b"\x1f\x8b", b"BZ", b"\xfd7") or start[:1] == b"\x78":
        raise CorruptError(f"{name}: expected a pickle, found compressed data; decompress it first")
    try:
        found = _Machine(stream).run()
        return _Settled().value(found)
    except CorruptError:
        raise
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError, MemoryError, RecursionError) as error:
        raise CorruptError(f"{name}: expected a whole pickle, found one that cannot be read ({error})") from error


class _Settled:
    """Puts finished arrays where they were begun. Each part is looked at once, however often it is shared."""

    def __init__(self) -> None:
        self._done: dict[int, Any] = {}

    def value(self, value: Any, depth: int = 0) -> Any:
        if not isinstance(value, Array | Kind | Record | dict | list | tuple):
            return value
        if id(value) in self._done:
            return self._done[id(value)]
        if depth > NESTING_MAX:
            raise CorruptError(f"expected containers nested at most {NESTING_MAX} deep, found more")
        found: Any = value
        match value:
            case Array():
                found = self.value(value.values, depth + 1)
            case Kind():
                found = None
            case dict():
                found = {key: self.value(entry, depth + 1) for key, entry in value.items()}
            case list() | tuple():
                found = type(value)(self.value(entry, depth + 1) for entry in value)
            case Record():
                value.state = {name: self.value(entry, depth + 1) for name, entry in value.state.items()}
        self._done[id(value)] = found
        return found


class _Machine:
    """Does what the opcodes say, as far as they make values."""

    def __init__(self, stream: Stream, depth: int = 0) -> None:
        self._stream, self._depth = stream, depth
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}

    def run(self) -> Any:
        if self._depth > 2:
            raise CorruptError(f"{self._stream.name}: expected no pickle within a pickle within a pickle, found one")
        for opcode, argument, _ in _opcodes(self._stream):
            name = opcode.name
            if name == "STOP":
                break
            if name in _LITERALS:
                self._stack.append(argument)
            elif (do := _ACTIONS.get(name)) is not None:
                do(self, argument)
            else:
                raise CorruptError(f"{self._stream.name}: expected a pickle of plain values, found the opcode {name}")
        return self._stack.pop()

    def _since_mark(self) -> list[Any]:
        at = len(self._stack) - 1
        while self._stack[at] is not _MARK:
            at -= 1
            if at < 0:
                raise CorruptError(f"{self._stream.name}: expected a mark, found none")
        found = self._stack[at + 1 :]
        del self._stack[at:]
        return found

    def _put(self, at: int | None) -> None:
        self._memo[len(self._memo) if at is None else at] = self._stack[-1]

    def _into(self, kind: type) -> Any:
        if not isinstance(self._stack[-1], kind):
            raise CorruptError(
                f"{self._stream.name}: expected a {kind.__name__}, found {type(self._stack[-1]).__name__}"
            )
        return self._stack[-1]

    def _extend(self, entries: list[Any]) -> None:
        self._into(list).extend(entries)

    def _update(self, entries: list[Any]) -> None:
        self._into(dict).update(pairs_of(entries))

    def _name(self, module: Any, name: Any) -> None:
        self._stack.append(Named(str(module), str(name)))

    def _global(self, argument: Any) -> None:
        module, _, name = str(argument).partition(" ")
        self._name(module, name)

    def _stack_global(self, _: Any) -> None:
        name, module = self._stack.pop(), self._stack.pop()
        self._name(module, name)

    def _new(self, count: int) -> None:
        """NEWOBJ and NEWOBJ_EX: an object of a class without a call of its constructor."""
        parts = [self._stack.pop() for _ in range(count)]
        self._stack.append(self._record(parts[-1]))

    def _instance(self, named: Any) -> None:
        self._stack.append(self._record(named))

    def _record(self, named: Any) -> Record:
        if isinstance(named, Named) and _RECORDS.fullmatch(named.module):
            return Record(named.name)
        raise self._refused(named)

    def _refused(self, named: Any) -> CorruptError:
        return CorruptError(
            f"{self._stream.name}: expected arrays, builtin values and classes of rld, found {named}, "
            "which is not read; nothing of the file was run"
        )

    def _reduce(self, _: Any) -> None:
        arguments, named = self._stack.pop(), self._stack.pop()
        if not isinstance(named, Named) or not isinstance(arguments, tuple):
            raise self._refused(named)
        module = named.module.replace("numpy._core", "numpy.core").replace("__builtin__", "builtins")
        make = MADE.get(f"{module.replace('copy_reg', 'copyreg')}.{named.name}")
        if make is not None:
            self._stack.append(make(*arguments))
        elif named.name == "_reconstructor" and module in ("copyreg", "copy_reg"):
            self._instance(arguments[0])
        else:
            raise self._refused(named)

    def _build(self, _: Any) -> None:
        state, target = self._stack.pop(), self._stack[-1]
        match target:
            case Kind():
                target.order = str(state[1])
            case Array():
                _, shape, kind, fortran, data = state if len(state) == 5 else (1, *state)
                target.values = list(data) if isinstance(data, list) else array_of(data, kind, shape, bool(fortran))
            case Record():
                slots: Any = None
                if isinstance(state, tuple) and len(state) == 2:
                    state, slots = state
                for part in (state, slots):
                    target.state |= {str(name): value for name, value in (part or {}).items()}
                if target.kind == "NumpyArrayWrapper":
                    self._stack[-1] = self._following(target)
            case _:
                raise self._refused(type(target).__name__)

    def _following(self, wrapper: Record) -> Array:
        """The array whose bytes joblib writes behind what describes it."""
        kind, shape = wrapper.get("dtype"), shape_of(wrapper.get("shape"))
        if not isinstance(kind, Kind):
            raise CorruptError(f"{self._stream.name}: expected an array's type, found {type(kind).__name__}")
        if kind.code.lstrip("<>=|").startswith("O"):
            found = _Machine(self._stream, self._depth + 1).run()
            return found if isinstance(found, Array) else Array(found)
        if wrapper.get("numpy_array_alignment_bytes") is not None:
            self._exactly(self._exactly(1)[0])
        data = self._exactly(count_of(shape) * dtype_of(kind).itemsize)
        return Array(array_of(data, kind, shape, wrapper.get("order") == "F"))

    def _exactly(self, count: int) -> bytes:
        found = self._stream.read(count)
        if len(found) != count:
            raise CorruptError(f"{self._stream.name}: expected {count} more bytes, found {len(found)}")
        return found


def _opcodes(stream: Stream) -> Iterator[tuple[Any, Any, int | None]]:
    # Opcodes are read one by one, so that the stream stands behind the last: there joblib puts the bytes of arrays.
    return pickletools.genops(stream)  # type: ignore[arg-type]


_LITERALS = frozenset(
    (
        *("INT", "LONG", "LONG1", "LONG4", "BININT", "BININT1", "BININT2", "FLOAT", "BINFLOAT"),
        *("STRING", "BINSTRING", "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"),
        *("UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"),
    )
)
"""Opcodes that push what is written behind them."""

_ACTIONS: dict[str, Callable[[_Machine, Any], Any]] = {
    "PROTO": lambda machine, version: None,
    "FRAME": lambda machine, length: None,
    "NONE": lambda machine, _: machine._stack.append(None),
    "NEWTRUE": lambda machine, _: machine._stack.append(True),
    "NEWFALSE": lambda machine, _: machine._stack.append(False),
    "MARK": lambda machine, _: machine._stack.append(_MARK),
    "POP": lambda machine, _: machine._stack.pop(),
    "POP_MARK": lambda machine, _: machine._since_mark(),
    "DUP": lambda machine, _: machine._stack.append(machine._stack[-1]),
    "EMPTY_LIST": lambda machine, _: machine._stack.append([]),
    "EMPTY_TUPLE": lambda machine, _: machine._stack.append(()),
    "EMPTY_DICT": lambda machine, _: machine._stack.append({}),
    "EMPTY_SET": lambda machine, _: machine._stack.append(set()),
    "LIST": lambda machine, _: machine._stack.append(machine._since_mark()),
    "TUPLE": lambda machine, _: machine._stack.append(tuple(machine._since_mark())),
    "TUPLE1": lambda machine, _: _last(machine, 1),
    "TUPLE2": lambda machine, _: _last(machine, 2),
    "TUPLE3": lambda machine, _: _last(machine, 3),
    "DICT": lambda machine, _: machine._stack.append(pairs_of(machine._since_mark())),
    "FROZENSET": lambda machine, _: machine._stack.append(frozenset(map(key_of, machine._since_mark()))),
    "ADDITEMS": lambda machine, _: _added(machine),
    "APPEND": lambda machine, _: machine._extend([machine._stack.pop()]),
    "APPENDS": lambda machine, _: _marked(machine, machine._extend),
    "SETITEM": lambda machine, _: machine._update([machine._stack.pop(), machine._stack.pop()][::-1]),
    "SETITEMS": lambda machine, _: _marked(machine, machine._update),
    "PUT": lambda machine, at: machine._put(at),
    "BINPUT": lambda machine, at: machine._put(at),
    "LONG_BINPUT": lambda machine, at: machine._put(at),
    "MEMOIZE": lambda machine, _: machine._put(None),
    "GET": lambda machine, at: machine._stack.append(machine._memo[at]),
    "BINGET": lambda machine, at: machine._stack.append(machine._memo[at]),
    "LONG_BINGET": lambda machine, at: machine._stack.append(machine._memo[at]),
    "GLOBAL": _Machine._global,
    "STACK_GLOBAL": _Machine._stack_global,
    "REDUCE": _Machine._reduce,
    "BUILD": _Machine._build,
    "NEWOBJ": lambda machine, _: machine._new(2),
    "NEWOBJ_EX": lambda machine, _: machine._new(3),
    "OBJ": lambda machine, _: machine._instance(machine._since_mark()[0]),
}


def _last(machine: _Machine, count: int) -> None:
    found = tuple(machine._stack[-count:])
    del machine._stack[-count:]
    machine._stack.append(found)


def _marked(machine: _Machine, take: Callable[[list[Any]], None]) -> None:
    entries = machine._since_mark()
    take(entries)


def _added(machine: _Machine) -> None:
    entries = machine._since_mark()
    machine._into(set).update(map(key_of, entries))
