"""Pictures in files of other tools: PNG without help, other kinds with `pip install pillow`."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ethogram import png
from ethogram.errors import CorruptError, EthogramError

if TYPE_CHECKING:
    import numpy.typing

    Values = numpy.typing.NDArray[Any]

FRAMES_MAX = 100_000
"""Most pictures of a film."""

FRAME_VALUES_MIN = 1_024
"""Bytes that a picture of a step has at least, so that it is kept as one (docs/format.md)."""

FILM_PIXELS_MAX = 4 * 1024**3
"""Most pixels of all pictures of a film."""

_KINDS = ("PNG", "JPEG", "GIF", "BMP", "WEBP")


def picture(data: bytes, name: str) -> Values:
    """The picture in a file, H×W×1 or H×W×3; opacity is left out.

    Args:
        data: The file.
        name: What to call it where something is wrong.

    Raises:
        CorruptError: It is no picture, or one of more than `png.PIXELS_MAX` pixels.
        EthogramError: It needs Pillow, which is not installed.
    """
    if data.startswith(b"\x89PNG") and len(data) > 28 and data[24] == 8 and not data[28]:
        return png.decoded(data, name)
    return next(frames(data, name))


def frames(data: bytes, name: str) -> Iterator[Values]:
    """The pictures of a film, H×W×3 each. Raises as `picture` does."""
    import numpy as np

    try:
        from PIL import Image, ImageSequence
    except ImportError as error:
        raise EthogramError(
            f"{name}: pictures that are no plain PNG are read with Pillow; pip install pillow"
        ) from error
    try:
        with Image.open(io.BytesIO(data), formats=_KINDS) as film:
            if film.width * film.height > png.PIXELS_MAX:
                raise CorruptError(
                    f"{name}: expected at most {png.PIXELS_MAX} pixels, found {film.width} by {film.height}"
                )
            for count, frame in enumerate(ImageSequence.Iterator(film)):
                if count >= FRAMES_MAX or (count + 1) * film.width * film.height > FILM_PIXELS_MAX:
                    raise CorruptError(f"{name}: expected at most {FRAMES_MAX} pictures of {FILM_PIXELS_MAX} pixels")
                yield np.asarray(frame.convert("RGB"))
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise CorruptError(f"{name}: expected a picture: {error}") from error


def enlarged(frame: Values) -> Values:
    """A small picture with each pixel repeated, so that it is kept as one; others as they are."""
    by = 1
    while frame.size * by * by < FRAME_VALUES_MIN:
        by += 1
    return frame if by == 1 else frame.repeat(by, axis=0).repeat(by, axis=1)
