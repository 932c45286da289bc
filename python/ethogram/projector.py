"""Folders that TensorBoard's projector shows: `projector_config.pbtxt` and what it names.

That is what `visualize_embeddings`, PyTorch's `add_embedding` and `ethogram embed --projector` write.

**Source** `tensorboard/plugins/projector/projector_config.proto`, `projector_plugin.py`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ethogram import text_protobuf
from ethogram.errors import CorruptError, EthogramError
from ethogram.projector_metadata import Column, columns_of

if TYPE_CHECKING:
    import numpy.typing

    Values = numpy.typing.NDArray[Any]

CONFIG = "projector_config.pbtxt"
CONFIG_BYTES_MAX = 4 * 1024**2
"""A longer configuration is not read."""

EMBEDDINGS_MAX = 256
"""Most tensors of a folder."""

ROWS_MAX = 1_000_000
"""Most points of a tensor."""

WIDTH_MAX = 65_536
"""Most numbers a point."""

TENSOR_BYTES_MAX = 2 * 1024**3
"""A longer file of numbers is not read."""

VALUES_MAX = 256 * 1024**2
"""Most numbers of a tensor, and of all of a folder: 1 GiB."""

METADATA_BYTES_MAX = 256 * 1024**2
"""Longer metadata are not read."""

SPRITE_BYTES_MAX = 256 * 1024**2
"""A longer picture is not read; of how many pixels it may be says `ethogram.png`."""

BOOKMARKS_BYTES_MAX = 256 * 1024**2
"""Longer bookmarks are not read."""

_PLUGIN = Path("plugins") / "org_tensorflow_tensorboard_projector"
_TEXT = (".tsv", ".txt", ".csv")


@dataclass
class Sprite:
    """Small pictures, one a point, side by side in a large one.

    Attributes:
        pixels: The large one, H×W×1 or H×W×3.
        tile: Height and width of a small one.
    """

    pixels: Values
    tile: tuple[int, int]

    @property
    def tiles(self) -> int:
        """How many there is room for."""
        height, width = self.tile
        return int(self.pixels.shape[0] // height) * int(self.pixels.shape[1] // width)

    def of(self, point: int) -> Values:
        """The picture of a point: they follow each other row after row."""
        height, width = self.tile
        row, column = divmod(point, self.pixels.shape[1] // width)
        return self.pixels[row * height : (row + 1) * height, column * width : (column + 1) * width]


@dataclass
class Embedding:
    """A tensor and what is said of its points.

    Attributes:
        name: As in the configuration.
        values: A row a point, in single precision.
        columns: Metadata, a value a point.
        sprite: What the points look like.
        bookmarks: Views of it that somebody kept.
        shared: Files of metadata and sprite; tensors that have the same are of the same points.
    """

    name: str
    values: Values
    columns: list[Column]
    sprite: Sprite | None
    bookmarks: list[dict[str, Any]]
    shared: tuple[str, ...] = field(default=())


def config_of(path: Path) -> Path | None:
    """The configuration of a folder, or the file itself; `None` where there is none."""
    if path.name == CONFIG and path.is_file():
        return path
    found = (path / CONFIG, path / _PLUGIN / CONFIG)
    return next((config for config in found if config.is_file()), None)


def read_embeddings(config: Path) -> list[Embedding]:
    """All that a configuration names.

    Raises:
        CorruptError: A file is missing, lies outside the folder, is over a limit or not what it is said to be.
    """
    text = _bytes(config, CONFIG_BYTES_MAX).decode(errors="replace")
    entries = text_protobuf.parsed(text, config.name).get("embeddings", [])
    if not 0 < len(entries) <= EMBEDDINGS_MAX:
        raise CorruptError(f"{config.name}: expected 1 to {EMBEDDINGS_MAX} embeddings, found {len(entries)}")
    folder = _Folder(config.parent)
    found: list[Embedding] = []
    for entry in entries:
        found.append(_embedding(folder, entry, config.name))
        if sum(each.values.size for each in found) > VALUES_MAX:
            raise CorruptError(f"{config.name}: expected at most {VALUES_MAX} numbers of all tensors")
    return found


class _Folder:
    """What a configuration names, each file read once."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._sprites: dict[str, Values] = {}

    def file(self, name: str, what: str) -> Path:
        found = (self._root / name).resolve()
        # As TensorBoard: a configuration names no file of the machine.
        if not found.is_relative_to(self._root):
            raise CorruptError(f"{CONFIG}: {what} {name!r} lies outside the folder; copy it beside the configuration")
        if not found.is_file():
            raise CorruptError(f"{CONFIG}: {what} {name!r} is not there")
        return found

    def sprite(self, name: str) -> Values:
        if name not in self._sprites:
            from ethogram.pictures import picture

            path = self.file(name, "the sprite")
            self._sprites[name] = picture(_bytes(path, SPRITE_BYTES_MAX), path.name)
        return self._sprites[name]


def _embedding(folder: _Folder, entry: Any, config: str) -> Embedding:
    if not isinstance(entry, dict):
        raise CorruptError(f"{config}: expected embeddings that are messages, found {entry!r}")
    name, path = _one(entry, "tensor_name"), _one(entry, "tensor_path")
    if not path:
        raise CorruptError(
            f"{config}: {name!r} has no tensor_path; its numbers lie in a checkpoint of TensorFlow, which is not read"
        )
    values = read_tensor(folder.file(path, "the tensor"), _numbers(entry, "tensor_shape"))
    metadata, columns = _one(entry, "metadata_path"), []
    if metadata:
        file = folder.file(metadata, "the metadata")
        columns = columns_of(_bytes(file, METADATA_BYTES_MAX).decode(errors="replace"), len(values), file.name)
    sprite, picture = None, ""
    for told in entry.get("sprite", []):
        picture = _one(told, "image_path") if isinstance(told, dict) else ""
        if picture:
            sprite = _sprite(folder, told, picture, len(values))
    bookmarks = _one(entry, "bookmarks_path")
    views = [] if not bookmarks else _bookmarks(folder.file(bookmarks, "the file of bookmarks"))
    return Embedding(name or Path(path).stem, values, columns, sprite, views, (metadata, picture))


def _sprite(folder: _Folder, told: Any, path: str, points: int) -> Sprite:
    sides = _numbers(told, "single_image_dim")
    pixels = folder.sprite(path)
    if len(sides) != 2 or not (0 < sides[0] <= pixels.shape[1] and 0 < sides[1] <= pixels.shape[0]):
        raise CorruptError(
            f"{path}: expected single_image_dim of a width and a height within {pixels.shape[1]} by "
            f"{pixels.shape[0]}, found {sides}"
        )
    sprite = Sprite(pixels, (sides[1], sides[0]))
    if sprite.tiles < points:
        raise CorruptError(f"{path}: expected {points} pictures of {sides}, found room for {sprite.tiles}")
    return sprite


def read_tensor(path: Path, shape: Sequence[int]) -> Values:
    """Numbers of points: a line a point, told apart by tabs; or as they are in memory, of the shape that is told.

    The shape counts for the latter only, as in TensorBoard.

    Raises:
        CorruptError: It is neither; the text says where.
    """
    import numpy as np

    rows, width = (shape[0], shape[1]) if len(shape) == 2 else (0, 0)
    size = path.stat().st_size
    if size > TENSOR_BYTES_MAX:
        raise CorruptError(f"{path.name}: expected at most {TENSOR_BYTES_MAX} bytes, found {size}")
    is_raw = size > 0 and size == 4 * rows * width
    if is_raw and path.suffix.lower() not in _TEXT:
        return _bounded(np.fromfile(path, "<f4").reshape(rows, width), path.name)
    try:
        return _table(path)
    except UnicodeDecodeError as error:
        if is_raw:
            return _bounded(np.fromfile(path, "<f4").reshape(rows, width), path.name)
        told = f"{4 * rows * width} of {list(shape)}" if rows and width else "those of a tensor_shape of two numbers"
        raise CorruptError(
            f"{path.name}: expected lines of numbers, or bytes of 32-bit floats: {told}, found {size} bytes"
        ) from error


def _table(path: Path) -> Values:
    import numpy as np

    found: list[Values] = []
    count = 0
    with path.open(encoding="utf-8", newline="") as lines:
        for number, line in enumerate(lines, 1):
            cells = line.rstrip("\r\n")
            if not cells:
                continue
            try:
                row = np.array(cells.split("\t"), np.float32)
            except ValueError as error:
                raise CorruptError(f"{path.name}, line {number}: expected numbers and tabs: {error}") from error
            if found and len(row) != len(found[0]):
                raise CorruptError(f"{path.name}, line {number}: expected {len(found[0])} numbers, found {len(row)}")
            count += len(row)
            if len(found) == ROWS_MAX or len(row) > WIDTH_MAX or count > VALUES_MAX:
                raise CorruptError(
                    f"{path.name}, line {number}: expected at most {ROWS_MAX} points of {WIDTH_MAX} numbers, and "
                    f"{VALUES_MAX} numbers of all"
                )
            found.append(row)
    if not found:
        raise CorruptError(f"{path.name}: expected a line of numbers a point, found none")
    return np.stack(found)


def _bounded(values: Values, name: str) -> Values:
    rows, width = values.shape
    if rows > ROWS_MAX or width > WIDTH_MAX or rows * width > VALUES_MAX:
        raise CorruptError(
            f"{name}: expected at most {ROWS_MAX} points of {WIDTH_MAX} numbers, and {VALUES_MAX} numbers of all, "
            f"found {rows} of {width}"
        )
    return values


def _bookmarks(path: Path) -> list[dict[str, Any]]:
    try:
        found = json.loads(_bytes(path, BOOKMARKS_BYTES_MAX))
    except (ValueError, RecursionError) as error:
        raise CorruptError(f"{path.name}: expected bookmarks as JSON: {error}") from error
    if not isinstance(found, list) or not all(isinstance(view, dict) for view in found):
        raise CorruptError(f"{path.name}: expected a list of bookmarks")
    return found


def placed(view: dict[str, Any], points: int) -> dict[str, Values]:
    """Where a bookmark has the points: by kind of projection, a row a point, NaN where it has none."""
    import numpy as np

    found: dict[str, Values] = {}
    rows = view.get("projections")
    for at, row in enumerate(rows[:points] if isinstance(rows, list) else []):
        for key, value in row.items() if isinstance(row, dict) else ():
            kind, _, axis = str(key).rpartition("-")
            if not kind or axis not in ("0", "1", "2") or not isinstance(value, int | float):
                continue
            if math.isfinite(value):
                found.setdefault(kind, np.full((points, 3), np.nan, np.float32))[at, int(axis)] = value
    return found


def _one(entry: Any, name: str) -> str:
    values = entry.get(name, [])
    return values[-1] if values and isinstance(values[-1], str) else ""


def _numbers(entry: Any, name: str) -> list[int]:
    values = entry.get(name, [])
    if not all(isinstance(value, str) and value.isdecimal() and len(value) < 16 for value in values):
        raise CorruptError(f"{CONFIG}: expected {name} of whole numbers, found {values!r:.80}")
    return [int(value) for value in values]


def _bytes(path: Path, most: int) -> bytes:
    size = path.stat().st_size
    if size > most:
        raise CorruptError(f"{path.name}: expected at most {most} bytes, found {size}")
    try:
        return path.read_bytes()
    except OSError as error:
        raise EthogramError(f"{path}: {error.strerror}") from error
