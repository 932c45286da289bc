"""R-17: what a script says of an episode."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import pytest
from conftest import reopened

import ethogram as eg


def said(view: eg.RunView, episode: int = 0) -> Any:
    return view.episode(episode).row["extra"].get("notes")


def test_row_r17_an_episode_has_title_description_tags_and_hotspots(run: eg.Run) -> None:
    with run.episode(extra={"level": "easy"}) as episode:
        episode.note(title="the  tunnel\n", tags=["loop"])
        for t in range(6):
            if t == 2:
                episode.hotspot("here")
            episode.step(action=t, reward=1.0)
        episode.hotspot("through", note="two\nlines", start=3, end=5)
        episode.note(description="it digs\nand digs", tags=["loop", "odd"])
    view = reopened(run)
    assert said(view) == {
        "title": "the tunnel",
        "tags": ["loop", "odd"],
        "hotspots": [
            {"from": 2, "to": 2, "title": "here", "note": ""},
            {"from": 3, "to": 5, "title": "through", "note": "two\nlines"},
        ],
        "description": "it digs\nand digs",
    }, "R-17"
    assert view.episode(0).row["extra"]["level"] == "easy"


def test_an_episode_may_be_spoken_of_after_its_end(run: eg.Run) -> None:
    episode = run.episode()
    episode.step(reward=1.0, terminated=True)
    episode.end()
    episode.note(title="short", tags="one")
    row = reopened(run).episode(0).row
    assert (row["extra"]["notes"], row["end"], row["episode_return"]) == (
        {"title": "short", "tags": ["one"]},
        "terminated",
        1.0,
    )


def test_a_recorded_environment_speaks_of_its_newest_episode(run: eg.Run) -> None:
    env = eg.record(gymnasium.make("CartPole-v1"), run, schedule=eg.always)
    env.note_episode(title="before any")
    env.reset(seed=0)
    env.step(0)
    env.hotspot("second")
    env.note_episode(title="first episode")
    env.reset(seed=1)
    env.note_episode(tags=["x"])
    env.close()
    view = reopened(run)
    spot = {"from": 1, "to": 1, "title": "second", "note": ""}
    assert said(view, 0) == {"title": "first episode", "hotspots": [spot]}
    assert said(view, 1) == {"tags": ["x"]}
    assert view.episodes().rows == 2


def test_environments_side_by_side_are_told_apart(run: eg.Run) -> None:
    env = eg.record(gymnasium.make_vec("CartPole-v1", 2), run, schedule=eg.always)
    env.reset(seed=0)
    env.note_episode(1, title="right")
    env.step(np.array([0, 1]))
    env.hotspot(0, "left")
    env.close()
    view = reopened(run)
    assert said(view, 0) == {"hotspots": [{"from": 1, "to": 1, "title": "left", "note": ""}]}
    assert said(view, 1) == {"title": "right"}


def test_what_is_too_long_is_cut_and_told(loose: eg.Run) -> None:
    with loose.episode() as episode:
        with pytest.warns(eg.EthogramWarning, match="over the limit of 200"):
            episode.note(title="x" * 300)
        with pytest.warns(eg.EthogramWarning, match="expected 0 <= start <= end"):
            episode.hotspot("backwards", start=5, end=2)
        for _ in range(1_001):
            episode.hotspot("many", start=1)
    view = reopened(loose)
    assert len(said(view)["title"]) == 200
    assert len(said(view)["hotspots"]) == 1_000
    assert loose.faults["hotspot"] == 1
    assert loose.faults["notes"] == 2


def test_a_run_that_is_switched_off_says_nothing(root: Any) -> None:
    with eg.init("tests", root=root, mode="disabled") as run, run.episode() as episode:
        episode.note(title="x")
        episode.hotspot("y")
    assert not root.exists()
