"""Small drawings for notebooks: curves, bands and points as SVG, pictures as PNG. Bounded, whatever is drawn."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

from ethogram import png

if TYPE_CHECKING:
    import numpy.typing

    Values = numpy.typing.NDArray[Any]

WIDTH, HEIGHT = 480, 96
"""Of a curve, in CSS pixels."""

BUCKETS = 240
"""A curve of more values is drawn as the mean, and from lowest to highest, of so many buckets."""

POINTS_MAX = 2_000
"""Points that are drawn; of more, so many picked evenly."""

SIDE_MAX = 512
"""Longest side of a picture; a larger one is thinned out."""

_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")


def curve(values: Any, title: str) -> str:
    """Values one after another; gaps where they are missing."""
    import numpy as np

    values = np.asarray(values, dtype=float)
    count = min(len(values), BUCKETS)
    if not count or not np.isfinite(values).any():
        return ""
    edges = np.arange(count + 1) * len(values) // count
    lows, means, highs = (np.full(count, np.nan) for _ in range(3))
    for at in range(count):
        some = values[edges[at] : edges[at + 1]]
        some = some[np.isfinite(some)]
        if some.size:
            lows[at], means[at], highs[at] = some.min(), some.mean(), some.max()
    told = f", means of {count} parts" if count < len(values) else ""
    return band(edges[:-1], means, lows, highs, title + told)


def band(places: Any, values: Any, lows: Any, highs: Any, title: str) -> str:
    """A curve and what lies between two others. At most `BUCKETS` points of each are drawn."""
    import numpy as np

    x, *rows = (np.asarray(row, dtype=float) for row in (places, values, lows, highs))
    picked = np.arange(min(len(x), BUCKETS)) * len(x) // max(1, min(len(x), BUCKETS))
    x, (y, low, high) = x[picked], [row[picked] for row in rows]
    there = np.isfinite(x) & np.isfinite(y)
    if not there.any():
        return ""
    seen = np.concatenate([row[there & np.isfinite(row)] for row in (y, low, high)])
    across, up = _Scale(x[there], WIDTH), _Scale(seen, HEIGHT)
    line = " ".join(
        f"{'M' if at == 0 or not there[at - 1] else 'L'}{across(x[at]):.1f},{HEIGHT - up(y[at]):.1f}"
        for at in np.flatnonzero(there)
    )
    between = there & np.isfinite(low) & np.isfinite(high)
    ends = " ".join(
        f"M{across(x[at]):.1f},{HEIGHT - up(low[at]):.1f}V{HEIGHT - up(high[at]):.1f}"
        for at in np.flatnonzero(between)
        if high[at] > low[at]
    )
    wide = max(1.0, WIDTH / max(1, len(x)))
    body = f'<path d="{ends}" stroke="{_COLOURS[0]}" stroke-opacity=".35" stroke-width="{wide:.1f}" fill="none"/>'
    body += f'<path d="{line}" stroke="{_COLOURS[0]}" stroke-width="1.5" stroke-linecap="round" fill="none"/>'
    return _svg(body, WIDTH, HEIGHT, f"{title}: {seen.min():.6g} to {seen.max():.6g}")


def points(layout: Any, groups: Any) -> str:
    """Points of a map, coloured by group."""
    import numpy as np

    places, groups = np.asarray(layout, dtype=float), np.asarray(groups)
    there = np.flatnonzero(np.isfinite(places).all(axis=1))
    picked = there[np.arange(min(len(there), POINTS_MAX)) * len(there) // max(1, min(len(there), POINTS_MAX))]
    if not len(picked):
        return ""
    side = 3 * HEIGHT
    across, up = _Scale(places[picked, 0], side), _Scale(places[picked, 1], side)
    drawn = "".join(
        f'<circle cx="{across(places[at, 0]):.1f}" cy="{side - up(places[at, 1]):.1f}" r="1.5" '
        f'fill="{_COLOURS[int(groups[at]) % len(_COLOURS)]}"/>'
        for at in picked
    )
    return _svg(drawn, side, side, f"{len(picked)} of {len(places)} points, coloured by episode")


def picture(pixels: Values) -> bytes:
    """A picture H×W×1 or H×W×3 of bytes as a PNG."""
    step = -(-max(pixels.shape[:2]) // SIDE_MAX)
    return png.encoded(pixels[::step, ::step])


class _Scale:
    """Brings values into `size` pixels, with two of margin."""

    def __init__(self, values: Any, size: int) -> None:
        self._low, high = float(values.min()), float(values.max())
        self._by = (size - 4) / (high - self._low) if high > self._low else 0.0
        self._at = 2.0 if self._by else size / 2

    def __call__(self, value: Any) -> float:
        return self._at + (float(value) - self._low) * self._by


def _svg(body: str, width: int, height: int, title: str) -> str:
    said = html.escape(title, quote=True)
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    return f'<div><svg {size} role="img" aria-label="{said}"><title>{said}</title>{body}</svg><br>{said}</div>'
