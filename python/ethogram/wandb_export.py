"""Tables that people export from W&B: the CSV of a chart, and `run.history()` as CSV or Parquet.

A chart's CSV has a column for the steps, then `RUN - METRIC`, `RUN - METRIC__MIN`, `RUN - METRIC__MAX` for each run;
a history has a line a call of `log`, with `_step` and `_timestamp` beside what was logged.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ethogram.errors import CorruptError, EthogramError
from ethogram.naming import plain

if TYPE_CHECKING:
    from ethogram.conversion import Conversion
    from ethogram.run import Run

FILE_BYTES_MAX = 2 * 1024**3
"""A larger table is not read."""

COLUMNS_MAX = 8_192
"""Most columns."""

ROWS_MAX = 10_000_000
"""Most lines."""

CELL_CHARACTERS_MAX = 16 * 1024**2
"""Longest text of a cell."""

RUNS_MAX = 1_000
"""Most runs of a chart."""

_EXTREMES = ("__MIN", "__MAX")
_NUMBER = re.compile(r"\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?\s*|\s*[-+]?(?i:nan|inf|infinity)\s*")
_TRUTHS = {"true": 1.0, "false": 0.0}


@dataclass
class Exported:
    """What a table tells of one run.

    Attributes:
        name: Of the run; empty where the table does not say.
        points: Values by tag, at each step that has some: step, seconds since 1970, values.
        left_out: Columns that hold no numbers.
    """

    name: str
    points: Iterator[tuple[int, float | None, dict[str, float]]]
    left_out: list[str] = field(default_factory=list)


def runs_of(path: Path) -> list[Exported] | None:
    """The runs of a table; `None` where it is no export of W&B.

    Raises:
        CorruptError: It is one, but over a limit or without steps.
    """
    if not path.is_file() or path.suffix.lower() not in (".csv", ".parquet"):
        return None
    if path.suffix.lower() == ".parquet":
        return _parquet(path)
    names = next(_lines(path), [])
    if "_step" in names:
        return [_history(path.stem, names, _cells(path))]
    heads = [_head(name) for name in names[1:]]
    if not heads or not any(heads):
        return None
    if re.search(r"\btime\b", names[0], re.IGNORECASE):
        raise CorruptError(f"{path.name}: expected steps in the first column, found {names[0]!r}; export it over Step")
    runs: dict[str, list[tuple[int, str]]] = {}
    for at, head in enumerate(heads, 1):
        if head is not None:
            runs.setdefault(head[0], []).append((at, plain(head[1])))
    if len(runs) > RUNS_MAX:
        raise CorruptError(f"{path.name}: expected at most {RUNS_MAX} runs, found {len(runs)}")
    return [Exported(run, _chart(path, columns)) for run, columns in runs.items()]


def converted(told: Exported, asked: Conversion) -> Run:
    """A run of what a table tells of it.

    Raises:
        CorruptError: The table is no CSV or Parquet, or a row has no step. What came before it is kept.
    """
    with asked.begin("wandb_export", told.name, project="wandb") as run:
        for step, seconds, values in told.points:
            run.log(values, global_step=step, time=seconds)
        if told.left_out:
            run.log({"wandb/left_out": f"columns without numbers: {', '.join(told.left_out)}"}, global_step=0)
    return run


def _head(name: str) -> tuple[str, str] | None:
    """Run and metric of a column; of names that have ` - ` themselves, the last part is the metric."""
    run, dash, metric = name.rpartition(" - ")
    return (run, metric) if dash and metric else None


def _chart(path: Path, columns: list[tuple[int, str]]) -> Iterator[tuple[int, float | None, dict[str, float]]]:
    tags = dict(columns)
    for line, cells in enumerate(_cells(path), 2):
        found = {tag: value for at, tag in columns if (value := number(_at(cells, at))) is not None}
        # Smallest and largest of a step say nothing where they are the value.
        for tag in tags.values():
            if tag.endswith(_EXTREMES) and found.get(tag) == found.get(tag[:-5]) and tag[:-5] in found:
                del found[tag]
        if found:
            yield _step(_at(cells, 0), f"{path.name}, line {line}"), None, found


def _history(name: str, names: list[str], rows: Iterator[list[Any]]) -> Exported:
    exported = Exported(name, iter(()))
    kept = [(at, plain(tag)) for at, tag in enumerate(names) if tag and not tag.startswith("_")]
    own, time = names.index("_step"), names.index("_timestamp") if "_timestamp" in names else None
    left: set[str] = set()

    def points() -> Iterator[tuple[int, float | None, dict[str, float]]]:
        from ethogram.wandb_run import step_of

        for line, cells in enumerate(rows, 2):
            found: dict[str, float] = {}
            for at, tag in kept:
                cell = _at(cells, at)
                value = number(cell)
                if value is not None:
                    found[tag] = value
                elif cell not in (None, "") and tag not in left:
                    left.add(tag)
                    exported.left_out.append(tag)
            seconds = None if time is None else number(_at(cells, time))
            step, column = step_of(found, None)
            if column is not None:
                del found[column]
            if found:
                yield step if step is not None else _step(_at(cells, own), f"{name}, line {line}"), seconds, found

    exported.points = points()
    return exported


def _parquet(path: Path) -> list[Exported] | None:
    try:
        import pyarrow.parquet as pq
    except ImportError as error:
        raise EthogramError(f"{path.name}: a table in Parquet is read with pyarrow; pip install pyarrow") from error
    _small(path)
    try:
        file = pq.ParquetFile(path)
        names = file.schema_arrow.names
        if "_step" not in names:
            return None
        if len(names) > COLUMNS_MAX or file.metadata.num_rows > ROWS_MAX:
            raise CorruptError(f"{path.name}: expected at most {COLUMNS_MAX} columns and {ROWS_MAX} rows")
    except (OSError, ValueError) as error:
        raise CorruptError(f"{path.name}: expected a table in Parquet: {error}") from error

    def rows() -> Iterator[list[Any]]:
        try:
            for batch in file.iter_batches(4_096):
                yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)
        except (OSError, ValueError) as error:
            raise CorruptError(f"{path.name}: expected a table in Parquet: {error}") from error

    return [_history(path.stem, names, rows())]


def _lines(path: Path) -> Iterator[list[str]]:
    _small(path)
    csv.field_size_limit(CELL_CHARACTERS_MAX)
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        try:
            for count, cells in enumerate(csv.reader(file)):
                if len(cells) > COLUMNS_MAX or count > ROWS_MAX:
                    raise CorruptError(f"{path.name}: expected at most {COLUMNS_MAX} columns and {ROWS_MAX} lines")
                if cells:
                    yield cells
        except csv.Error as error:
            raise CorruptError(f"{path.name}: expected a table as CSV: {error}") from error


def _cells(path: Path) -> Iterator[list[str]]:
    lines = _lines(path)
    next(lines, None)
    return lines


def _small(path: Path) -> None:
    if path.stat().st_size > FILE_BYTES_MAX:
        raise CorruptError(f"{path.name}: expected at most {FILE_BYTES_MAX} bytes")


def _step(cell: Any, where: str) -> int:
    found = number(cell)
    if found is None or not math.isfinite(found) or found != int(found):
        raise CorruptError(f"{where}: expected a step, found {str(cell)[:80]!r}")
    return int(found)


def number(cell: Any) -> float | None:
    """A number, also as text; `None` for what is empty or no number."""
    if isinstance(cell, str):
        return float(cell) if _NUMBER.fullmatch(cell) else _TRUTHS.get(cell.lower())
    return float(cell) if isinstance(cell, int | float) else None


def _at(cells: list[Any], at: int) -> Any:
    return cells[at] if at < len(cells) else None
