"""Metadata of points as TensorBoard's projector has them: a line a point, columns told apart by tabs."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ethogram.errors import CorruptError

COLUMNS_MAX = 256
"""Most columns."""

NAMES_MAX = 4_096
"""Words of a column that are also numbered, at most."""

LABEL = "label"
"""The column of metadata that have one column and no name for it."""

_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?(?i:nan|inf|infinity)")
_WHOLE = 2**53


@dataclass
class Column:
    """What is said of each point.

    Attributes:
        name: Of the column.
        values: A number, truth or text a point; `None` where nothing is said.
        names: The different words in the order in which they come; empty where they are numbers, truths, or too many.
    """

    name: str
    values: list[float | bool | str | None]
    names: list[str]


def columns_of(text: str, points: int, file: str) -> list[Column]:
    """The columns. The first line names them where there is a line more than there are points.

    Raises:
        CorruptError: There are more or fewer lines or cells than expected.
    """
    lines = text.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    rows = [line.removesuffix("\r").split("\t") for line in lines]
    if len(rows) not in (points, points + 1):
        raise CorruptError(
            f"{file}: expected a line for each of {points} points, and one of names at most, found {len(rows)} lines"
        )
    width = max((len(row) for row in rows), default=0)
    if width > COLUMNS_MAX:
        raise CorruptError(f"{file}: expected at most {COLUMNS_MAX} columns, found {width}")
    names = [LABEL] if width == 1 else [f"column {at + 1}" for at in range(width)]
    if len(rows) == points + 1:
        names = [name or names[at] for at, name in enumerate(rows.pop(0))]
    for number, row in enumerate(rows, len(lines) - points + 1):
        if len(row) > len(names):
            raise CorruptError(f"{file}, line {number}: expected {len(names)} cells, found {len(row)}")
    return [
        _column(name, [row[at] if at < len(row) else "" for row in rows])
        for at, name in enumerate(_distinct(names))
    ]  # fmt: skip


def _column(name: str, cells: list[str]) -> Column:
    said = {cell for cell in cells if cell}
    if said and said <= {"true", "false", "True", "False"}:
        return Column(name, [cell in ("true", "True") if cell else None for cell in cells], [])
    if said and all(map(_is_number, said)):
        return Column(name, [float(cell) if cell else None for cell in cells], [])
    words = list(dict.fromkeys(cell for cell in cells if cell))
    return Column(name, [cell or None for cell in cells], words if len(words) <= NAMES_MAX else [])


def _is_number(cell: str) -> bool:
    """Whether a number says the same: long whole numbers are names of something."""
    if _NUMBER.fullmatch(cell) is None:
        return False
    return not cell.lstrip("-+").isdecimal() or abs(int(cell[:40])) <= _WHOLE


def _distinct(names: list[str]) -> list[str]:
    found: list[str] = []
    for name in names:
        once, count = name, 1
        while once in found:
            count += 1
            once = f"{name} ({count})"
        found.append(once)
    return found
