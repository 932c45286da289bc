"""B-8: overlays of one's own, as a function and as a viewer in the browser."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import reopened

import ethogram as eg
from ethogram.errors import BadNameError, NotFoundError, OptionError, ShapeError

CHECKOUT = Path(__file__).parents[2]


def picture(episode: int, step: int) -> np.ndarray:
    drawn = np.full((16, 24, 3), 40 + 10 * step, np.uint8)
    drawn[4:8, 6:10] = 200 + episode
    return drawn


def played(run: eg.Run) -> eg.Run:
    for index in range(2):
        with run.episode() as episode:
            for step in range(4):
                episode.step(frame=picture(index, step), action=step % 2, reward=1.0, terminated=step == 3)
            episode.end(frame=picture(index, 4))
    return run


def test_row_b8_the_documented_overlay_runs_and_is_shown(run: eg.Run) -> None:
    played(run).finish()
    page = (CHECKOUT / "docs" / "overlays.md").read_text(encoding="utf-8")
    [code] = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    exec(compile(code, "docs/overlays.md", "exec"), {"folder": run.folder, "np": np})
    view = eg.open(run.folder or "")
    assert view.status["state"] == "finished"
    episode = view.episode(0)
    heat = episode.field("overlay/brightness")
    expected = np.stack([picture(0, step).mean(axis=2) / 127.5 - 1 for step in range(5)])
    np.testing.assert_allclose(heat.numpy(), expected, rtol=1e-6)
    # Bright places are warm, dark ones cold, the strongest by the opacity.
    drawn = episode.field("overlay/brightness/picture").numpy()
    assert drawn.shape == (5, 16, 24, 3) and drawn.dtype == np.uint8
    largest = np.abs(expected).max()
    share = 0.6 * np.abs(expected[0, 0, 0]) / largest
    np.testing.assert_array_equal(drawn[0, 0, 0], np.rint(40 * (1 - share) + np.array([0, 114, 178]) * share))
    assert drawn[0, 5, 7, 0] > drawn[0, 5, 7, 2]
    assert "overlay/brightness" not in view.episode(1).fields
    for index in range(2):
        cross = view.episode(index).field("overlay/crosshair").numpy()
        np.testing.assert_array_equal(cross[0, 0, 0], picture(index, 0)[0, 0])
        over = np.rint(picture(index, 1)[8, 0] * (55 / 255) + np.array([0, 158, 115]) * (200 / 255))
        np.testing.assert_array_equal(cross[1, 8, 0], over)


def test_row_b8_the_template_viewer_asks_for_what_the_page_logs(run: eg.Run) -> None:
    folder = CHECKOUT / "examples" / "plugins" / "overlay"
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["module"] == "viewer.js"
    field = re.search(r"const FIELD = '(.*?)'", (folder / "viewer.js").read_text(encoding="utf-8"))
    assert field is not None and manifest["fields"] == ["frame", field[1]]
    played(run)

    def brightness(picture: Any) -> Any:
        return picture.mean(axis=2)

    assert eg.overlay(run, 0, brightness) == field[1]
    fields = reopened(run).episode(0).fields
    assert set(manifest["fields"]) <= set(fields)


def test_an_overlay_draws_into_a_run_that_is_still_written_and_over_itself(run: eg.Run) -> None:
    played(run)
    for value in (1.0, -2.0):
        eg.overlay(run, [1], lambda picture, value=value: np.full((4, 6), value), name="grid")
    column = reopened(run).episode(1).field("overlay/grid")
    assert column.shape == (4, 6) and (column.numpy() == -2.0).all()


def test_steps_without_an_answer_are_missing_and_fields_come_with_the_step(run: eg.Run) -> None:
    played(run)
    seen: list[Any] = []

    def odd(picture: Any, action: Any) -> Any:
        seen.append(None if action is None else int(action))
        return np.full((16, 24), np.nan) if action == 1 else None

    eg.overlay(run, 0, odd, fields=["action"])
    assert seen == [0, 1, 0, 1, None]
    episode = reopened(run).episode(0)
    assert episode.field("overlay/odd").valid.tolist()[:4] == [False, True, False, True]
    # NaN is no heat: the picture is as it was.
    np.testing.assert_array_equal(episode.field("overlay/odd/picture").numpy()[1], picture(0, 1))


def test_what_does_not_fit_is_told_with_its_place_and_nothing_is_kept(run: eg.Run) -> None:
    played(run)
    with pytest.raises(ShapeError, match=r"overlay/wrong, episode 0, step 0: expected heat of 16x24.*\[5, 5\]"):
        eg.overlay(run, 0, lambda picture: np.zeros((5, 5)), name="wrong")
    turns = iter([np.zeros((16, 24)), np.zeros((8, 12))])
    with pytest.raises(ShapeError, match="expected one shape"):
        eg.overlay(run, 0, lambda picture: next(turns, None), name="wrong")
    with pytest.raises(ShapeError, match="action: expected pictures"):
        eg.overlay(run, 0, lambda picture: picture, name="wrong", picture="action")
    with pytest.raises(BadNameError):
        eg.overlay(run, 0, lambda picture: picture)
    with pytest.raises(OptionError):
        eg.overlay(run, 0, lambda picture: picture, name="wrong", opacity=2.0)
    with pytest.raises(NotFoundError):
        eg.overlay(run, 7, lambda picture: picture, name="wrong")
    assert not [name for name in reopened(run).episode(0).fields if name.startswith("overlay")]
