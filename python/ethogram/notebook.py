"""How runs, episodes, fields, maps and statistics look in a notebook: HTML that is escaped and bounded.

Nothing here raises: where something cannot be drawn the answer is `None`, and a notebook shows the plain text.
"""

from __future__ import annotations

import base64
import datetime
import functools
import html
import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from ethogram import drawing

if TYPE_CHECKING:
    from ethogram.column import Column, Table
    from ethogram.layer_features import LayerFeatures
    from ethogram.reader import EpisodeView, RunView
    from ethogram.state_map import StateMap
    from ethogram.stats import Curve, Estimate, Profile
    from ethogram.study import Study

ROWS_MAX = 10
"""Rows of a table that are shown; of more, the first and the last."""

COLUMNS_MAX = 16
"""Columns of a table that are shown."""

TEXT_MAX = 200
"""Longest text of a cell."""

PICTURES = 6
"""Frames of an episode that are shown, picked evenly."""

_Shown = TypeVar("_Shown")


def _safe(draw: Callable[[_Shown], str | None]) -> Callable[[_Shown], str | None]:
    """A notebook shows the plain text instead of an error."""

    @functools.wraps(draw)
    def drawn(what: _Shown) -> str | None:
        try:
            return draw(what)
        except Exception:
            return None

    return drawn


@_safe
def run(view: RunView) -> str | None:
    """A run: what it is, how it stands, and its returns."""
    info, status, table = view.info, view.status, view.episodes()
    told: list[tuple[str, Any]] = [("project", info["project"]), ("id", info["id"]), ("state", status["state"])]
    told.append(("begun", datetime.datetime.fromtimestamp(info["created_us"] / 1e6).isoformat(" ", "minutes")))
    if info.get("env"):
        told.append(("environment", info["env"]["id"]))
    told.append(("episodes", f"{table.rows}, {int(table['recorded'].numpy().sum()) if table.rows else 0} recorded"))
    curve = ""
    if table.rows:
        returns = table["episode_return"].numpy().astype(float)
        told.append(("return of the last 10", _number(_mean(returns[-10:]))))
        curve = drawing.curve(returns, "returns of its episodes")
    told.append(("scalars", ", ".join(_some(view.tags))))
    told.append(("folder", view.folder))
    return _titled(info["name"], _pairs(told) + curve)


@_safe
def episode(view: EpisodeView) -> str | None:
    """An episode: its row, its rewards, and some of its frames."""
    row = view.row
    told = [(name, row.get(name)) for name in ("length", "episode_return", "end", "seed", "global_step")]
    told.append(("fields", ", ".join(_some(view.fields))))
    told.append(("derived", ", ".join(_some(view.derived))))
    pictures = ""
    for name in ("frame", "observation"):
        if name in view.fields:
            pictures = _pictures(view.field(name))
            break
    curve = ""
    if "reward" in view.fields:
        curve = drawing.curve(view.field("reward").numpy().astype(float), "reward of each step")
    return _titled(f"Episode {view.index}", _pairs(told) + curve + pictures)


@_safe
def column(of: Column) -> str | None:
    """A field: its type, what it holds, and a curve or pictures of it."""
    told: list[tuple[str, Any]] = [("type", of.dtype or "text"), ("shape", " by ".join(map(str, (len(of), *of.shape))))]
    missing = int((~of.valid).sum())
    if missing:
        told.append(("missing", missing))
    if of.dtype is None:
        shown = [text for text in of.numpy()[:ROWS_MAX] if text is not None]
        return _titled(of.name, _pairs([*told, *enumerate(shown)]))
    rows = of.numpy()
    import numpy as np

    finite = np.ma.masked_invalid(rows.astype(float)).compressed() if rows.size and rows.dtype.kind != "b" else rows
    if finite.size and rows.dtype.kind != "b":
        lowest, mean, highest = finite.min(), finite.mean(), finite.max()
        told.append(("lowest, mean, highest", ", ".join(map(_number, (lowest, mean, highest)))))
    drawn = ""
    if not of.shape and len(of):
        drawn = drawing.curve(np.ma.filled(np.ma.asarray(rows).astype(float), np.nan), of.name)
    return _titled(of.name, _pairs(told) + drawn + _pictures(of))


@_safe
def table(of: Table) -> str | None:
    """A table: its first and last rows."""
    names = list(of)[:COLUMNS_MAX]
    half = ROWS_MAX // 2
    rows = list(range(of.rows)) if of.rows <= ROWS_MAX else [*range(half), None, *range(of.rows - half, of.rows)]
    columns = {name: (of[name].numpy(), of[name].valid) for name in names}
    lines = []
    for at in rows:
        if at is None:
            lines.append(["…"] * len(names))
            continue
        cells = [(values[at] if valid[at] else None) for values, valid in columns.values()]
        lines.append([_cell(value) for value in cells])
    more = f", {len(of) - len(names)} more columns" if len(of) > len(names) else ""
    return _grid(names, lines) + f"<p>{of.rows} rows{more}</p>"


@_safe
def state_map(of: StateMap) -> str | None:
    """A map: its points."""
    told: list[tuple[str, Any]] = [("by", of.of), ("method", of.method), ("points", f"{len(of)} of {of.steps} steps")]
    told += [("left out", f"{each['count']}: {each['why']}") for each in of.left_out[:ROWS_MAX]]
    told += [("note", note) for note in of.notes[:ROWS_MAX]]
    return _titled("Map of states", _pairs(told) + drawing.points(of.layout[:, :2], of.episode))


@_safe
def layer_features(of: LayerFeatures) -> str | None:
    """Features of a layer: the share and colour of each, and where it is strongest."""
    labels = of.labels
    lines = []
    for index, (share, colour) in enumerate(zip(of.shares, of.colours, strict=True)):
        strongest = sorted(of.thumbnails(index), key=lambda seen: -seen.strength)[:4]
        name = labels[index].name if index in labels else ""
        places = "  ".join(f"{seen.episode}:{seen.step}" for seen in strongest)
        lines.append([str(index), name, f"{100 * share:.1f} %", colour, places])
    told = [
        ("layer", of.layer),
        ("of", of.of),
        ("states", of.states),
        ("in no feature", f"{100 * of.relative_error:.1f} %"),
    ]
    told += [("note", note) for note in of.notes[:ROWS_MAX]]
    head = ["feature", "label", "share", "colour", "strongest at (episode:step)"]
    return _titled("Features", _pairs(told) + _grid(head, lines))


@_safe
def study(of: Study) -> str | None:
    """A study: its run, its features, and what was found."""
    events = [[event.kind, f"{event.episode}:{event.step}", event.evidence] for event in of.events[:ROWS_MAX]]
    found = [[finding.rule, finding.evidence] for finding in of.health[:ROWS_MAX]]
    parts = [run(of.run), None if of.features is None else layer_features(of.features)]
    parts.append(_titled("Events", _grid(["kind", "episode:step", "why"], events)) if events else None)
    parts.append(_titled("Health", _grid(["rule", "why"], found)) if found else None)
    parts.append(_titled("Notes", _pairs(enumerate(of.notes))) if of.notes else None)
    return "".join(part for part in parts if part)


@_safe
def estimate(of: Estimate) -> str | None:
    """A number with its interval."""
    between = "" if of.low is None or of.high is None else f" ({_number(of.low)} to {_number(of.high)})"
    return f"<b>{_number(of.value)}</b>{between}"


@_safe
def profile(of: Profile) -> str | None:
    """A performance profile with its band."""
    return drawing.band(of.threshold, of.share, of.low, of.high, "share of runs that score more")


@_safe
def curve(of: Curve) -> str | None:
    """A statistic along training with its band."""
    return drawing.band(range(len(of.value)), of.value, of.low, of.high, "statistic along training")


def _pictures(of: Column) -> str:
    """Some rows as pictures, where they are: H×W×3 or H×W×1 of bytes."""
    if of.dtype != "uint8" or len(of.shape) != 3 or of.shape[-1] not in (1, 3) or min(of.shape[:2]) < 8:
        return ""
    rows, valid = of.numpy(), of.valid
    there = [at for at in range(len(of)) if valid[at]]
    picked = (
        there if len(there) <= PICTURES else [there[at * (len(there) - 1) // (PICTURES - 1)] for at in range(PICTURES)]
    )
    drawn = []
    for at in picked:
        text = base64.b64encode(drawing.picture(rows[at])).decode()
        style = "image-rendering:pixelated;height:96px;margin:2px"
        drawn.append(f'<img src="data:image/png;base64,{text}" alt="step {at}" title="step {at}" style="{style}">')
    return f"<div>{''.join(drawn)}</div>" if drawn else ""


def _titled(title: Any, body: str) -> str:
    return f"<div><b>{_text(title)}</b>{body}</div>"


def _pairs(pairs: Iterable[tuple[Any, Any]]) -> str:
    lines = "".join(
        f'<tr><th style="text-align:left">{_text(name)}</th><td style="text-align:left">{_text(_cell(value))}</td></tr>'
        for name, value in pairs
    )
    return f"<table>{lines}</table>"


def _grid(names: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{_text(name)}</th>" for name in names)
    body = "".join(f"<tr>{''.join(f'<td>{_text(cell)}</td>' for cell in line)}</tr>" for line in lines)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if hasattr(value, "shape") and value.shape:
        return f"{value.dtype} {list(value.shape)}"
    if isinstance(value, float) or getattr(getattr(value, "dtype", None), "kind", "") == "f":
        return _number(float(value))
    return str(value)


def _number(value: float) -> str:
    return "NaN" if math.isnan(value) else f"{value:.6g}"


def _mean(values: Any) -> float:
    return float(values.mean()) if len(values) else math.nan


def _some(names: Sequence[str]) -> list[str]:
    return [*names[:ROWS_MAX], f"and {len(names) - ROWS_MAX} more"] if len(names) > ROWS_MAX else list(names)


def _text(value: Any) -> str:
    text = str(value)
    return html.escape(text if len(text) <= TEXT_MAX else text[: TEXT_MAX - 1] + "…", quote=True)
