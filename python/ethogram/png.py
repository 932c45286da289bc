"""Pictures of bytes as PNG files and back, as far as tools write frames: 8 bits a number, not interlaced.

**Source** Portable Network Graphics (PNG) Specification, W3C, 2003, sections 9 (filters) and 11 (chunks).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ethogram.errors import CorruptError

if TYPE_CHECKING:
    import numpy.typing

    Values = numpy.typing.NDArray[Any]

PIXELS_MAX = 64 * 1024**2
"""A picture of more pixels is not read."""

_START = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def encoded(pixels: Values) -> bytes:
    """A picture H×W×1 or H×W×3 of bytes as a file."""
    import numpy as np

    height, width, channels = pixels.shape
    flat = np.ascontiguousarray(pixels).reshape(height, width * channels)
    # Each line begins with the filter that it was sent through: none.
    lines = np.concatenate([np.zeros((height, 1), np.uint8), flat], axis=1).tobytes()
    header = struct.pack(">IIBBBBB", width, height, 8, 2 if channels == 3 else 0, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(lines, 6)), (b"IEND", b""))
    return _START + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )


def decoded(data: bytes, name: str) -> Values:
    """The picture in a file, H×W×1 or H×W×3; opacity is left out.

    Args:
        data: The file.
        name: What to call it where something is wrong.

    Raises:
        CorruptError: It is no PNG, or one of 16 bits, of few bits or interlaced.
    """
    import numpy as np

    if not data.startswith(_START):
        raise CorruptError(f"{name}: expected a PNG, found something else")
    head = palette = b""
    packed = bytearray()
    for kind, part in _chunks(data, name):
        if kind == b"IHDR":
            head = part
        elif kind == b"PLTE":
            palette = part
        elif kind == b"IDAT":
            packed += part
    if len(head) != 13:
        raise CorruptError(f"{name}: expected a header of 13 bytes, found {len(head)}")
    width, height, bits, colour, _, _, interlaced = struct.unpack(">IIBBBBB", head)
    if bits != 8 or colour not in _CHANNELS or interlaced:
        raise CorruptError(f"{name}: expected 8 bits a number, not interlaced, found {bits} bits of kind {colour}")
    if not 0 < width * height <= PIXELS_MAX:
        raise CorruptError(f"{name}: expected at most {PIXELS_MAX} pixels, found {width} by {height}")
    channels = _CHANNELS[colour]
    size = height * (width * channels + 1)
    try:
        lines = zlib.decompressobj().decompress(bytes(packed), size)
    except zlib.error as error:
        raise CorruptError(f"{name}: expected packed pixels, found {error}") from error
    if len(lines) != size:
        raise CorruptError(f"{name}: expected {size} bytes of pixels, found {len(lines)}")
    rows = np.frombuffer(lines, np.uint8).reshape(height, -1)
    pixels = _unfiltered(rows[:, 0], rows[:, 1:], channels, name).reshape(height, width, channels)
    if colour == 3:
        colours = np.frombuffer(palette[: len(palette) // 3 * 3], np.uint8).reshape(-1, 3)
        if int(pixels.max()) >= len(colours):
            raise CorruptError(f"{name}: expected a palette of more than {int(pixels.max())}, found {len(colours)}")
        return colours[pixels[..., 0]]
    return pixels[..., : 1 if channels < 3 else 3]


def _chunks(data: bytes, name: str) -> Iterator[tuple[bytes, bytes]]:
    at = len(_START)
    while at + 12 <= len(data):
        [length] = struct.unpack_from(">I", data, at)
        kind, part = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        if len(part) != length or data[at + 8 + length : at + 12 + length] != struct.pack(
            ">I", zlib.crc32(kind + part)
        ):
            raise CorruptError(f"{name}: expected a whole chunk {kind!r}, found one that is cut or changed")
        yield kind, part
        at += 12 + length
        if kind == b"IEND":
            return
    raise CorruptError(f"{name}: expected an end, found none")


def _unfiltered(filters: Values, rows: Values, step: int, name: str) -> Values:
    """Undo what was subtracted from each byte: those to the left, above, or both."""
    import numpy as np

    height, width = rows.shape
    found = np.zeros((height, width), np.uint8)
    above = np.zeros(width, np.uint8)
    for at in range(height):
        match int(filters[at]):
            case 0:
                found[at] = rows[at]
            case 1:
                # Sums that wrap around at 256, each plane by itself.
                found[at] = np.cumsum(rows[at].reshape(-1, step), axis=0, dtype=np.uint8).reshape(-1)
            case 2:
                found[at] = rows[at] + above
            case 3 | 4 as kind:
                found[at] = _by_both(kind, rows[at].tolist(), above.tolist(), step)
            case other:
                raise CorruptError(f"{name}: expected a filter from 0 to 4, found {other}")
        above = found[at]
    return found


def _by_both(kind: int, row: list[int], above: list[int], step: int) -> list[int]:
    found: list[int] = []
    for at, value in enumerate(row):
        left, up = (found[at - step] if at >= step else 0), above[at]
        if kind == 3:
            guess = (left + up) // 2
        else:
            corner = above[at - step] if at >= step else 0
            far = left + up - corner
            guess = min((left, up, corner), key=lambda one: abs(far - one))
        found.append((value + guess) & 255)
    return found
