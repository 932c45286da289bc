"""Things that a number or a bare array cannot say: wrap a value to log it as what it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Tensor:
    """An array that is kept as it is, even if it has one element only (a bare array of one element is a scalar).

    Attributes:
        array: Anything that `Run.log` takes for an array.
        meta: Anything JSON can hold, kept beside it.
    """

    array: Any
    meta: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Distribution:
    """Many numbers of which the distribution matters: rewards of a batch, actions chosen.

    At most `bins` distinct values are counted exactly; more are counted in `bins` bins of equal width.
    Numbers that are not finite are left out of the bins and counted in `meta` as `not_finite`.

    Attributes:
        samples: An array of any shape, or a sequence of numbers.
        bins: How many bins, 1 to 4,096.
    """

    samples: Any
    bins: int = 64


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts over bins that the caller has made.

    Attributes:
        counts: K counts.
        edges: K + 1 edges of the bins, ascending.
    """

    counts: Sequence[float] | Any
    edges: Sequence[float] | Any


@dataclass(frozen=True, slots=True)
class Image:
    """A picture.

    Attributes:
        pixels: H×W or H×W×C with 1, 3 or 4 channels; `uint8`, or floats from 0 to 1. Pictures of Pillow work too.
        caption: What it shows.
    """

    pixels: Any
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """A text; a bare string is one as well."""

    text: str
