"""`eg.analysis`: closed forms, and the same numbers as the derived fields of a run."""

from __future__ import annotations

import math

import numpy as np
import pytest
from conftest import reopened

import ethogram as eg
from ethogram.errors import ShapeError


def test_gae_and_td_error_are_those_of_a_run(run: eg.Run) -> None:
    random = np.random.default_rng(0)
    rewards, values = random.normal(size=6), random.normal(size=7)
    with run.episode() as episode:
        for t in range(6):
            episode.step(observation=np.zeros(2), action=0, reward=rewards[t], value=values[t], truncated=t == 5)
    terminated, truncated = [False] * 6, [False] * 5 + [True]
    field = reopened(run).episode(0).field("advantage", gamma=0.9, lambda_=0.8).numpy()
    found = eg.analysis.gae(rewards, values[:6], terminated, truncated, gamma=0.9, lam=0.8)
    assert np.allclose(found[:5], field[:5], atol=1e-6)
    assert np.isnan(found[5]), "without the value of what follows the last row is only a bootstrap"
    found = eg.analysis.td_error(rewards, values[:6], terminated, truncated, values[6], gamma=0.9)
    assert np.allclose(found, rewards + 0.9 * values[1:] - values[:6])
    whole = eg.analysis.gae(rewards, values[:6], [False] * 5 + [True], [False] * 6, gamma=1.0, lam=1.0)
    assert np.allclose(whole, np.cumsum(rewards[::-1])[::-1] - values[:6])


def test_what_is_missing_stays_missing() -> None:
    rewards = np.ma.MaskedArray([1.0, 1.0, 1.0], [False, True, False])
    found = eg.analysis.gae(rewards, [0.0, 0.0, None], [False, False, True], [False] * 3)
    assert np.isnan(found).all()
    with pytest.raises(ShapeError, match="values has 2 rows, expected 3"):
        eg.analysis.gae([0.0] * 3, [0.0] * 2, [False] * 3, [False] * 3)
    with pytest.raises(ShapeError, match="gamma expected 0 to 1, found 2"):
        eg.analysis.gae([0.0], [0.0], [True], [False], gamma=2.0)
    with pytest.raises(ShapeError, match="one axis of steps"):
        eg.analysis.gae(np.zeros((2, 2)), [0.0] * 2, [False] * 2, [False] * 2)


def test_entropy_and_divergences_have_their_closed_forms() -> None:
    assert math.isclose(eg.analysis.entropy([1.0, 1.0, 1.0]), math.log(3))
    assert eg.analysis.entropy(np.zeros((4, 5, 2))).shape == (4, 5)
    p, q = np.array([[0.5, 0.5], [1.0, 0.0]]), np.array([[0.25, 0.75], [0.5, 0.5]])
    expected = [0.5 * math.log(2) + 0.5 * math.log(2 / 3), math.log(2)]
    assert np.allclose(eg.analysis.kl(p, q, of="probabilities"), expected)
    assert np.allclose(eg.analysis.kl(np.log(p[:1]), np.log(q[:1])), expected[:1])
    assert np.allclose(eg.analysis.js(p, q, of="probabilities"), eg.analysis.js(q, p, of="probabilities"))
    assert math.isclose(eg.analysis.js([1.0, 0.0], [0.0, 1.0], of="probabilities"), math.log(2))
    with pytest.raises(ShapeError, match=r"q: expected shape \[2, 2\]"):
        eg.analysis.kl(p, q[:1])
    with pytest.raises(ShapeError, match="expected logits or probabilities"):
        eg.analysis.kl(p, q, of="odds")


def test_what_is_no_axis_of_steps_is_named() -> None:
    with pytest.raises(ShapeError, match=r"truncated: expected one axis of steps, found 0\.0"):
        eg.analysis.gae([0.0], [0.0], [True], 0.0)
    with pytest.raises(ShapeError, match=r"terminated: expected one axis of steps, found shape \[1, 1\]"):
        eg.analysis.td_error([0.0], [0.0], [[True]], [False])
    with pytest.raises(ShapeError, match=r"rewards: expected one axis of steps, found 1"):
        eg.analysis.gae(1, [0.0], [True], [False])
