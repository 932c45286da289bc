"""The file of an offline run of W&B, `run-ID.wandb`: a log of LevelDB whose records are Protocol Buffers.

**Source** LevelDB, doc/log_format.md; `wandb/proto/wandb_internal.proto` (`Record`, `HistoryRecord`, `RunRecord`).
"""

from __future__ import annotations

import contextlib
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from ethogram.errors import CorruptError

RECORD_BYTES_MAX = 64 * 1024**2
"""A longer record is not read."""

_HEAD = b":W&B\xe1\xbe\x00"
_BLOCK = 32 * 1024
_FIRST, _LAST, _WHOLE = 2, 4, 1


@dataclass
class About:
    """Who and what a run is.

    Attributes:
        config: Hyper-parameters.
        project: Of the run; empty where it is not told, as all that follow.
        name: For people.
        group: Runs that belong together.
        notes: What was said of it.
        tags: Free words.
    """

    config: dict[str, Any] = field(default_factory=dict)
    project: str = ""
    name: str = ""
    group: str = ""
    notes: str = ""
    tags: list[str] = field(default_factory=list)


def log_of(path: Path) -> Path | None:
    """The file of a run, given it or its folder; `None` where there is none."""
    found = [path] if path.is_file() else sorted(path.glob("run-*.wandb")) if path.is_dir() else []
    kept = [file for file in found if file.name.startswith("run-") and file.suffix == ".wandb"]
    return kept[0] if len(kept) == 1 else None


def read_about(path: Path) -> About:
    """What the file says of the run, up to the first damage: that is told by who reads the history."""
    about = About()
    with contextlib.suppress(CorruptError):
        for number, record in records_of(path):
            with sound(path):
                if number == 5:
                    _configure(record, about)
                elif number == 17:
                    _tell(record, about)
    return about


def read_history(path: Path) -> Iterator[tuple[int | None, dict[str, Any]]]:
    """Each call of `log`: W&B's own step, where the record has one, and the values by name, nested as they were."""
    for number, record in records_of(path):
        if number == 2:
            with sound(path):
                row = _logged(record)
            yield row


def _logged(record: bytes) -> tuple[int | None, dict[str, Any]]:
    step: int | None = None
    values: dict[str, Any] = {}
    for kind, part in fields_of(record):
        if kind == 1 and isinstance(part, bytes):
            _nest(values, *_item(part))
        elif kind == 2 and isinstance(part, bytes):
            step = next((number for kind, number in fields_of(part) if kind == 1 and isinstance(number, int)), 0)
    return step, values


@contextlib.contextmanager
def sound(path: Path) -> Iterator[None]:
    """What is no message within is told as damage of the file."""
    try:
        yield
    except _NotAMessageError as error:
        raise CorruptError(f"{path.name}: expected a record, found {error}") from error


def records_of(path: Path) -> Iterator[tuple[int, bytes]]:
    """The parts of all records by number. What a killed process had begun is left out; damage is an error."""
    with path.open("rb") as file:
        if file.read(len(_HEAD)) != _HEAD:
            raise CorruptError(f"{path.name}: expected a file of W&B, found something else")
        begun: bytearray | None = None
        for at, kind, piece in _pieces(file, path.name):
            if kind in (_WHOLE, _FIRST):
                begun = bytearray()
            if begun is None:
                continue
            begun += piece
            if len(begun) > RECORD_BYTES_MAX:
                raise CorruptError(f"{path.name}, byte {at}: expected records of at most {RECORD_BYTES_MAX} bytes")
            if kind in (_WHOLE, _LAST):
                with sound(path):
                    parts = [(number, part) for number, part in fields_of(bytes(begun)) if isinstance(part, bytes)]
                yield from parts
                begun = None


def _pieces(file: BinaryIO, name: str) -> Iterator[tuple[int, int, bytes]]:
    at = len(_HEAD)
    while True:
        left = _BLOCK - at % _BLOCK
        if left < 7:
            file.read(left)
            at += left
            continue
        head = file.read(7)
        if len(head) < 7:
            return
        length, kind = int.from_bytes(head[4:6], "little"), head[6]
        if not any(head):
            # The rest of the block was filled up, or is not written yet.
            file.read(left - 7)
            at += left
            continue
        piece = file.read(length)
        if len(piece) < length:
            return
        if length > left - 7 or zlib.crc32(piece, zlib.crc32(head[6:7])) != int.from_bytes(head[:4], "little"):
            raise CorruptError(f"{name}, byte {at}: the checksum of a piece differs")
        yield at, kind, piece
        at += 7 + length


def _configure(record: bytes, about: About) -> None:
    for kind, part in fields_of(record):
        if kind == 1 and isinstance(part, bytes):
            names, value = _item(part)
            if names[:1] != ["_wandb"]:
                _nest(about.config, names, value)


def _tell(record: bytes, about: About) -> None:
    for kind, part in fields_of(record):
        if not isinstance(part, bytes):
            continue
        text = part.decode(errors="replace")
        match kind:
            case 3:
                about.project = text
            case 4:
                _configure(part, about)
            case 6:
                about.group = text
            case 8:
                about.name = text
            case 9:
                about.notes = text
            case 10:
                about.tags.append(text)


def _nest(values: dict[str, Any], names: list[str], value: Any) -> None:
    """Put a value where its names lead. Newer versions write a dictionary, and what is told of a file, so."""
    for name in names[:-1]:
        inner = values.setdefault(name, {})
        if not isinstance(inner, dict):
            return
        values = inner
    values[names[-1] if names else ""] = value


def _item(record: bytes) -> tuple[list[str], Any]:
    """Names, of which each but the last is a dictionary's, and the value."""
    names: list[str] = []
    value = None
    for kind, part in fields_of(record):
        if kind in (1, 2) and part and isinstance(part, bytes):
            names.append(part.decode(errors="replace"))
        elif kind == 16 and isinstance(part, bytes):
            try:
                value = json.loads(part)
            except (ValueError, RecursionError):
                value = part.decode(errors="replace")
    return names, value


class _NotAMessageError(ValueError):
    pass


def fields_of(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Numbers and values of the fields of a message; floats as bytes."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        match tag & 7:
            case 0:
                value, at = _varint(data, at)
                yield tag >> 3, value
                continue
            case 1:
                length = 8
            case 2:
                length, at = _varint(data, at)
            case 5:
                length = 4
            case other:
                raise _NotAMessageError(f"a field of kind {other}")
        if at + length > len(data):
            raise _NotAMessageError("a field that is cut")
        yield tag >> 3, data[at : at + length]
        at += length


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            raise _NotAMessageError("a number that is cut")
        value |= (data[at] & 127) << shift
        at += 1
        if data[at - 1] < 128:
            return value, at
    raise _NotAMessageError("a number of more than 10 bytes")
