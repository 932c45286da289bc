"""Files that RLlib writes for offline learning: Parquet of the new API stack, JSON of the old one.

Parquet holds an episode a row (`output_write_episodes=True`) or a step a row; a line of JSON is a `SampleBatch`.
Columns that were packed (`output_compress_columns`) are pickles, which are read by a reader that calls nothing.
"""

from __future__ import annotations

import base64
import binascii
import io
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ethogram import inert, lz4_frames
from ethogram.conversion import WHY
from ethogram.errors import CorruptError, EthogramError
from ethogram.rllib_agents import pieces_in
from ethogram.rllib_steps import Piece, fields_of, said
from ethogram.space import discrete

FILES_MAX = 100_000
"""Most files of a folder."""

LINE_BYTES_MAX = 1024**3
"""Longest line of JSON."""

PACKED_BYTES_MAX = 1024**3
"""Most bytes that a packed value unpacks to."""

_BATCH = 1_024
_FRAME = "ARROW:extension:name"
_NOT_SAID = frozenset((
    "obs", "new_obs", "actions", "rewards", "terminateds", "truncateds", "dones", "eps_id", "agent_id", "module_id",
    "infos", "t", "type", "unroll_id", "agent_index", "prev_actions", "prev_rewards", "seq_lens", "value_targets",
    "env_id", "count",
))  # fmt: skip


def files_of(path: Path) -> list[Path]:
    """Files of episodes: the one that is given, or those in the folder and below; empty where there are none."""
    if path.is_file():
        found = [path] if path.suffix in (".parquet", ".json") else []
    elif path.is_dir():
        all_ = (file for end in ("parquet", "json") for file in path.rglob(f"*.{end}"))
        found = sorted(itertools.islice(all_, FILES_MAX + 1))
        if len(found) > FILES_MAX:
            raise CorruptError(f"{path}: expected at most {FILES_MAX} files")
    else:
        found = []
    kept = [file for file in found if file.suffix == ".parquet" or _is_batches(file)]
    return kept if kept and (kept[0].suffix == ".json" or _holds(kept[0])) else []


def pieces_of(files: list[Path], allow_pickle: bool) -> Iterator[Piece]:
    """All steps, in the order of the files.

    Raises:
        CorruptError: A file is not what it says.
        EthogramError: A package is needed, or a column is packed and `allow_pickle` was not said.
    """
    for path in files:
        yield from _batches(path, allow_pickle) if path.suffix == ".json" else _tables(path, allow_pickle)


def _is_batches(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(64)
    return head.startswith((b'{"type": "SampleBatch"', b'{"type": "MultiAgentBatch"'))


def _holds(path: Path) -> bool:
    """Whether a table holds episodes or steps of RLlib."""
    names = _open(path).schema_arrow.names
    return names == ["item"] or {"obs", "actions", "rewards"} <= set(names)


def _open(path: Path) -> Any:
    try:
        import pyarrow.parquet as pq
    except ImportError as error:
        raise EthogramError(f"{path.name}: a table in Parquet is read with pyarrow; pip install pyarrow") from error
    try:
        return pq.ParquetFile(path)
    except (OSError, ValueError) as error:
        raise CorruptError(f"{path.name}: expected a table in Parquet: {error}") from error


def _tables(path: Path, allow_pickle: bool) -> Iterator[Piece]:
    table = _open(path)
    count = 0
    try:
        for batch in table.iter_batches(_BATCH):
            if table.schema_arrow.names == ["item"]:
                for item in batch.column(0):
                    yield from pieces_in(item.as_py(), f"{path.name}, row {count}")
                    count += 1
                continue
            fields = zip(table.schema_arrow, batch.columns, strict=True)
            columns = {field.name: _column(field, column, path.name) for field, column in fields}
            yield from _steps(columns, batch.num_rows, path.name, allow_pickle)
    except (OSError, ValueError, TypeError, LookupError, AttributeError, RuntimeError) as error:
        if isinstance(error, EthogramError):
            raise
        raise CorruptError(f"{path.name}: expected episodes of RLlib: {error}") from error


def _column(field: Any, column: Any, name: str) -> list[Any]:
    """The rows of a column of Arrow; tensors of Ray have their shape."""
    import numpy as np
    import pyarrow as pa

    told = {key.decode(): value for key, value in (field.metadata or {}).items()}
    kind = told.get(_FRAME, b"").decode()
    if kind.startswith("ray.data.arrow_tensor"):
        shape = json.loads(told["ARROW:extension:metadata"])
        values = column.flatten().to_numpy(zero_copy_only=False)
        return list(values.reshape(len(column), *shape))
    if kind.startswith("ray.data.arrow_variable_shaped_tensor"):
        return [
            None if row is None else np.asarray(row["data"]).reshape(row["shape"]) for row in column.to_pylist()
        ]  # fmt: skip
    if kind:
        raise CorruptError(f"{name}: column {field.name!r} is of the kind {kind}, which is not read")
    if pa.types.is_struct(field.type):
        parts = {
            field.type.field(at).name: _column(field.type.field(at), column.field(at), name)
            for at in range(field.type.num_fields)
        }
        return [{key: rows[at] for key, rows in parts.items()} for at in range(len(column))]
    if pa.types.is_floating(field.type) or pa.types.is_integer(field.type):
        if column.null_count:
            return [None if row is None else np.asarray(row) for row in column.to_pylist()]
        return list(column.to_numpy(zero_copy_only=False))
    return list(column.to_pylist())


def _batches(path: Path, allow_pickle: bool) -> Iterator[Piece]:
    with path.open("rb") as file:
        for number in itertools.count(1):
            line = file.readline(LINE_BYTES_MAX + 1)
            if not line:
                return
            name = f"{path.name}, line {number}"
            if len(line) > LINE_BYTES_MAX:
                raise CorruptError(f"{name}: expected at most {LINE_BYTES_MAX} bytes")
            try:
                batch = json.loads(line)
                yield from _batch(batch, name, allow_pickle)
            except (ValueError, TypeError, LookupError, AttributeError, RecursionError, OverflowError) as error:
                if isinstance(error, EthogramError):
                    raise
                raise CorruptError(f"{name}: expected a SampleBatch: {error}") from error


def _batch(batch: dict[str, Any], name: str, allow_pickle: bool) -> Iterator[Piece]:
    is_of_several = batch["type"] != "SampleBatch"
    for policy, part in batch["policy_batches"].items() if is_of_several else [("", batch)]:
        where = f"{name}, policy {policy!r}" if is_of_several else name
        columns = {
            key: _listed(_unpacked(value, where, key, allow_pickle)) for key, value in part.items() if key != "type"
        }
        for piece in _steps(columns, len(columns["rewards"]), where, allow_pickle):
            if " " in piece.episode and is_of_several:
                # `eps_id`, then `agent_index`; without both nothing says who acted.
                piece.match, _, piece.agent = piece.episode.partition(" ")
            yield piece


def _listed(value: Any) -> Any:
    """Rows of a column, those of numbers as arrays."""
    import numpy as np

    if isinstance(value, dict):
        parts = {key: _listed(part) for key, part in value.items()}
        return [dict(zip(parts, row, strict=True)) for row in zip(*parts.values(), strict=True)]
    if isinstance(value, list) and value and isinstance(value[0], list | int | float):
        array = np.asarray(value)
        is_picture = array.ndim > 3 and array.dtype.kind == "i" and array.min() >= 0 and array.max() <= 255
        return list(array.astype(np.uint8) if is_picture else array)
    return list(value) if hasattr(value, "dtype") else value


def _steps(columns: dict[str, list[Any]], count: int, name: str, allow_pickle: bool) -> Iterator[Piece]:
    """Steps that follow each other, one piece an episode."""
    for needed in ("obs", "actions", "rewards"):
        if len(columns.get(needed) or ()) != count:
            raise CorruptError(f"{name}: expected {count} rows of {needed!r}, found {len(columns.get(needed) or ())}")
    begin = 0
    for at in range(count):
        is_end = any(_true(columns, key, at) for key in ("terminateds", "truncateds", "dones"))
        if is_end or at + 1 == count or _id(columns, at) != _id(columns, at + 1):
            yield _piece(columns, range(begin, at + 1), name, allow_pickle)
            begin = at + 1


def _piece(columns: dict[str, list[Any]], steps: range, name: str, allow_pickle: bool) -> Piece:
    def of(key: str, at: int) -> Any:
        return _unpacked(columns[key][at], name, key, allow_pickle)

    extra = [key for key in columns if key not in _NOT_SAID]
    logits = columns.get("action_dist_inputs")
    action = fields_of("action", of("actions", steps[0]))
    # No space is told: whole numbers beside as many parameters as there are choices.
    is_choice = set(action) == {"action"} and action["action"].dtype.kind in "iu" and action["action"].ndim == 0
    width = 0 if logits is None else len(_unpacked(logits[steps[0]], name, "action_dist_inputs", allow_pickle))
    told: dict[str, Any] | None = discrete(width) if is_choice and width else None
    if told is None and set(action) == {"action"} and action["action"].dtype.kind == "f":
        told = {"type": "box", "shape": list(action["action"].shape)}
    rows = [
        fields_of("observation", of("obs", at))
        | fields_of("action", of("actions", at))
        | said({key: of(key, at) for key in extra}, told)
        for at in steps
    ]
    last = steps[-1]
    has_next = last < len(columns.get("new_obs") or ())
    flags = "terminateds" if columns.get("terminateds") else "dones"
    return Piece(
        _id(columns, last), rows, [float(columns["rewards"][at]) for at in steps],
        fields_of("observation", of("new_obs", last)) if has_next else {}, _true(columns, flags, last),
        _true(columns, "truncateds", last), int(columns["t"][steps[0]]) if columns.get("t") else 0,
        {"action": told if is_choice else None, "observation": None},
        times=[int(columns["t"][at]) for at in steps] if columns.get("t") else [],
    )  # fmt: skip


def _id(columns: dict[str, list[Any]], at: int) -> str:
    parts = [str(columns[key][at]) for key in ("eps_id", "agent_index") if columns.get(key)]
    return " ".join(parts)


def _true(columns: dict[str, list[Any]], key: str, at: int) -> bool:
    return bool(columns[key][at]) if columns.get(key) else False


def _unpacked(value: Any, name: str, key: str, allow_pickle: bool) -> Any:
    """What RLlib packed: a pickle, compressed by LZ4, as base64. Other values as they are."""
    if not isinstance(value, str) or key in ("eps_id", "agent_id", "module_id"):
        return value
    if not allow_pickle:
        raise EthogramError(f"{name}: column {key!r} is packed: {WHY}")
    where = f"{name}, {key}"
    try:
        data = lz4_frames.unpacked(base64.b64decode(value, validate=True), PACKED_BYTES_MAX, where)
    except binascii.Error as error:
        raise CorruptError(f"{where}: expected a packed value as base64: {error}") from error
    return inert.read(io.BytesIO(data), where)
