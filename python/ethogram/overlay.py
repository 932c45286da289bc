"""Overlays of one's own: a function of the picture of a step, whose answer is kept as a field and shown in Replay."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ethogram.errors import BadNameError, NotFoundError, OptionError, ShapeError
from ethogram.run import Run, init

if TYPE_CHECKING:
    import numpy.typing

    from ethogram.reader import EpisodeView, RunView

    Values = numpy.typing.NDArray[Any]

WARM, COLD = (213, 94, 0), (0, 114, 178)
"""Colours of what is above zero and below, as in the web app."""


def overlay(
    run: Run | RunView | str | os.PathLike[str],
    episode: int | Iterable[int] | None,
    draw: Callable[..., Any],
    *,
    name: str | None = None,
    picture: str = "frame",
    fields: Sequence[str] = (),
    opacity: float = 0.6,
) -> str:
    """Draw something of one's own over the pictures of recorded episodes, and keep it with them.

    `draw(picture, **fields)` is asked at every step and answers with one of

    - heat H×W (or coarser: a picture's side must be a multiple of its own): any number for each place, NaN for none.
      It is kept as `overlay/NAME`, and laid over the picture as `overlay/NAME/picture`: warm above zero, cold below,
      one scale for the episode;
    - a picture H×W×3 of bytes: kept as `overlay/NAME`;
    - a picture H×W×4 of bytes: laid over by its last plane, and kept as `overlay/NAME`;
    - `None`: nothing at this step.

    Replay has these fields among its pictures. Drawn again, they replace those before.

    Args:
        run: Where the episodes lie.
        episode: Its index, or several; all that were recorded when left out (`None`).
        draw: Your function.
        name: Of the overlay; the function's when left out.
        picture: The field of pictures: H×W×3 or H×W×1 of bytes.
        fields: What else the function is given of a step, by name, for example `["q_values"]`; `/` becomes `_`. `None`
            where nothing was logged.
        opacity: Of the strongest heat, 0 to 1.

    Returns:
        The name of the field.

    Raises:
        NotFoundError: There is no such episode, picture or field.
        ShapeError: The function answered with something else, or with other shapes at other steps; nothing of the
            episode is kept then.

    Example:
        def brightness(picture):
            return picture.mean(axis=2) - 128.0

        eg.overlay(run, 3, brightness)
    """
    from ethogram.replays import opened

    view = opened(run)
    label = str(name or getattr(draw, "__name__", ""))
    if not label.isidentifier():
        raise BadNameError(f"overlay: expected a name of letters, digits and _, found {label!r}; pass name=")
    if not 0 <= opacity <= 1:
        raise OptionError(f"opacity: expected 0 to 1, found {opacity}")
    chosen = _chosen(view, episode)
    field = f"overlay/{label}"
    state = view.status["state"]
    mine = isinstance(run, Run) and run.folder is not None and state == "running"
    target: Run | None = run if mine and isinstance(run, Run) else None
    try:
        for one in chosen:
            drawn = _drawn(one, draw, field, picture, fields, opacity)
            if target is None:
                target = init(
                    resume=view.folder, strict=True, capture_code=False, capture_console=False, capture_system=False
                )
            for step, values in drawn:
                target.log(values, episode=one.index, step=step)
    finally:
        if target is not None and not mine:
            target.finish("crashed" if state == "crashed" else "finished")
    return field


def _chosen(view: RunView, episode: int | Iterable[int] | None) -> list[EpisodeView]:
    if episode is None:
        table = view.episodes()
        found = table["episode"].numpy()[table["recorded"].numpy().astype(bool)].tolist() if table.rows else []
        if not found:
            raise NotFoundError("overlay: expected a recorded episode, found none; record with eg.record")
        return [view.episode(index) for index in found]
    return [view.episode(int(index)) for index in ([episode] if isinstance(episode, int) else episode)]


def _drawn(
    episode: EpisodeView, draw: Callable[..., Any], field: str, picture: str, fields: Sequence[str], opacity: float
) -> list[tuple[int, dict[str, Values]]]:
    """What is to be logged at each step."""
    import numpy as np

    column = episode.field(picture)
    if column.dtype != "uint8" or len(column.shape) != 3 or column.shape[2] not in (1, 3):
        raise ShapeError(
            f"{picture}: expected pictures HxWx3 or HxWx1 of uint8, found {column.dtype} {list(column.shape)}"
        )
    pictures, there = column.numpy(), column.valid
    beside = {name: episode.field(name) for name in fields}
    rows = {name.replace("/", "_"): (values.numpy(), values.valid) for name, values in beside.items()}
    answers: list[tuple[int, Values]] = []
    for step in np.flatnonzero(there).tolist():
        # Fields other than observations have no row for what was seen at last.
        given = {
            name: values[step] if step < len(valid) and valid[step] else None for name, (values, valid) in rows.items()
        }
        answer = draw(np.array(pictures[step]), **given)
        if answer is not None:
            answers.append((step, _answer(answer, column.shape, f"{field}, episode {episode.index}, step {step}")))
    shapes = {(values.shape, values.dtype.str) for _, values in answers}
    if len(shapes) > 1:
        raise ShapeError(f"{field}, episode {episode.index}: expected one shape and type, found {sorted(shapes)}")
    heat = [values for _, values in answers if values.ndim == 2]
    largest = max((float(np.nanmax(np.abs(one), initial=0.0, where=np.isfinite(one))) for one in heat), default=0.0)
    found = []
    for step, values in answers:
        below = pictures[step]
        if values.ndim == 2:
            found.append((step, {field: values, f"{field}/picture": _warmed(below, values, largest, opacity)}))
        else:
            found.append((step, {field: _laid(below, values)}))
    return found


def _answer(answer: Any, shape: tuple[int, ...], place: str) -> Values:
    """The function's answer as heat or a picture that fits."""
    import numpy as np

    found = np.asarray(answer.detach().cpu() if hasattr(answer, "detach") else answer)
    sides = found.shape[:2]
    if found.dtype == np.uint8 and found.ndim == 3 and found.shape[2] in (3, 4) and sides == shape[:2]:
        return found
    grid = found.ndim == 2 and found.dtype.kind in "biuf" and 0 not in sides
    if grid and not any(whole % part for whole, part in zip(shape, sides, strict=False)):
        return found.astype(np.float32)
    size = "x".join(map(str, shape[:2]))
    raise ShapeError(
        f"{place}: expected heat of {size} (or a coarser grid that divides it), or uint8 of {size}x3 or {size}x4, "
        f"found {found.dtype} {list(found.shape)}"
    )


def _laid(below: Values, above: Values) -> Values:
    import numpy as np

    if above.shape[2] == 3:
        return above
    share = above[..., 3:].astype(np.float32) / 255
    return np.rint(below * (1 - share) + above[..., :3] * share).astype(np.uint8)


def _warmed(below: Values, heat: Values, largest: float, opacity: float) -> Values:
    """The picture with heat over it: grey beneath, as strong as the heat is."""
    import numpy as np

    grid = np.kron(heat, np.ones((below.shape[0] // heat.shape[0], below.shape[1] // heat.shape[1]), np.float32))
    strength = np.nan_to_num(grid / (largest or 1.0), nan=0.0, posinf=1.0, neginf=-1.0)[..., None]
    colour = np.where(strength > 0, np.array(WARM, np.float32), np.array(COLD, np.float32))
    share = np.abs(np.clip(strength, -1, 1)) * opacity
    return np.rint(below * (1 - share) + colour * share).astype(np.uint8)
