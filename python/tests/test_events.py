"""Events that are found by themselves, and the health of training."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from conftest import reopened

import ethogram as eg
from ethogram.errors import ShapeError


def walk(run: eg.Run, *, looping: bool, steps: int = 200, seed: int = 0) -> None:
    """An agent on a circle: it runs in it for ever, or goes about at random."""
    chance = random.Random(seed)
    with run.episode() as episode:
        place = 0.0
        for t in range(steps):
            action = t % 4 if looping else chance.randrange(4)
            place = float(t % 4) if looping else place + chance.random()
            reward = float(t % 4 == 3) if looping else float(chance.random() < 0.1)
            episode.step(
                observation=np.array([place, math.sin(place)], np.float32),
                action=action,
                reward=reward,
                value=1.0 if t != 50 else 40.0,
                action_probabilities=np.array([0.7, 0.1, 0.1, 0.1], np.float32),
                terminated=t == steps - 1,
            )


def test_row_b12_a_looping_agent_is_told_and_another_is_not(run: eg.Run) -> None:
    walk(run, looping=True)
    walk(run, looping=False, seed=1)
    view = reopened(run)
    loops = view.events("loop", "state_revisits", "cyclic_reward", "one_reward_source")
    assert {event.kind for event in loops} == {"loop", "state_revisits", "cyclic_reward", "one_reward_source"}
    assert {event.episode for event in loops} == {0}
    loop = next(event for event in loops if event.kind == "loop")
    assert (loop.start, loop.end, loop.numbers["period"]) == (0, 200, 4)
    assert loop.score == 1
    assert "4 steps long, 50.0 times" in loop.evidence
    assert view.episode(1).events("loop") == []


def test_row_u4_bookmarks_are_one_an_episode_and_sign(run: eg.Run) -> None:
    walk(run, looping=False)
    walk(run, looping=False, seed=1)
    view = reopened(run)
    for kind, pick, sign in (("high_advantage", np.nanargmax, 1), ("low_advantage", np.nanargmin, -1)):
        events = view.events(kind)
        assert sorted(event.episode for event in events) == [0, 1]
        for event in events:
            advantage = view.episode(event.episode).field("advantage").numpy()
            assert event.step == pick(advantage)
            assert event.value == pytest.approx(advantage[event.step])
            assert event.value * sign > 0
    assert view.events("low_advantage")[0].step == 50


def test_row_d3_action_divergence_of_two_episodes(run: eg.Run) -> None:
    walk(run, looping=False)
    walk(run, looping=False, seed=1)
    view = reopened(run)
    assert "action_divergence" not in view.episode(0).derived
    assert "action_divergence" in view.episode(1).derived
    found = view.episode(1).field("action_divergence", direction="symmetric", base="e").numpy()
    assert np.nanmax(np.abs(found)) < 1e-3


def test_health_names_the_rule_the_step_and_the_numbers(run: eg.Run) -> None:
    for step in range(100):
        run.log({"losses/entropy": 1.0 if step < 40 else 0.001, "losses/approx_kl": 0.01}, global_step=step * 10)
    view = reopened(run)
    findings = view.health()
    assert [(one.rule, one.tag, one.step) for one in findings] == [("entropy_collapse", "losses/entropy", 400)]
    assert findings[0].numbers["first"] == pytest.approx(1.0)
    assert view.health(entropy_share=0.0001) == []


def test_unknown_kinds_and_settings_are_named(run: eg.Run) -> None:
    walk(run, looping=False)
    view = reopened(run)
    with pytest.raises(ShapeError, match="some of loop"):
        view.events("lop")
    with pytest.raises(ShapeError, match="one of gamma"):
        view.events("loop", shares=1)
    with pytest.raises(ShapeError, match="one of explosion"):
        view.health(explode=1)
