"""D-1: a script of DRLVis logs by its twelve functions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import ethogram as eg
from ethogram import drlvis


@pytest.fixture
def run(tmp_path: Path) -> Iterator[eg.Run]:
    run = drlvis.create_logger(tmp_path / "logs" / "cartpole")
    yield run
    run.finish()


def reopened(run: eg.Run) -> eg.RunView:
    run.finish()
    return eg.open(run)


def test_row_d1_all_twelve_functions_arrive(run: eg.Run) -> None:
    random = np.random.default_rng(0)
    drlvis.log_action_meanings(["left", "right"])
    chances = np.array([[0.25, 0.75], [0.5, 0.5], [1.0, 0.0]])
    frames = random.integers(0, 256, (3, 40, 40, 3), np.uint8)
    for step in range(3):
        drlvis.log_frame(frames[step], 4, step)
        drlvis.log_action_probs(chances[step], 4, step)
        drlvis.log_weights(np.full((2, 3), step, np.float32), step, 4)
        drlvis.log_custom_timestep_scalar(step + 0.5, step, 4, "reward")
    drlvis.log_episode_return(4.5, 4)
    drlvis.log_action_divergence(np.array([[0.5, 0.5]]), np.array([[0.25, 0.75], [0.25, 0.75]]), 4)
    drlvis.log_action_distribution([0, 1, 1, 1], 4)
    drlvis.log_custom_episode_scalar(7, 4, "epsilon")
    drlvis.log_custom_distribution([2.5, 2.5, 3.0], "speeds", 4)
    states = random.normal(size=(40, 4)).astype(np.float32)
    logits = random.normal(size=(40, 2))
    drlvis.log_experiment_random_states(states, logits, [-1] * 4, [1] * 4, 4, apply_softmax=True)

    view = reopened(run)
    assert view.info["name"] == "cartpole"
    assert view.info["env"]["action_meanings"] == ["left", "right"]
    episode = view.episode(4)
    np.testing.assert_array_equal(episode.frames(), frames)
    np.testing.assert_array_equal(episode.field("action_probabilities").numpy(), chances)
    np.testing.assert_array_equal(episode.field("weights").numpy()[:, 0, 0], [0, 1, 2])
    assert episode.field("reward").numpy().tolist() == [0.5, 1.5, 2.5]
    assert view.scalars("episode_return")["value"].numpy().tolist() == [4.5]
    assert view.scalars("episode_return")["step"].numpy().tolist() == [4]
    assert view.scalars("epsilon")["value"].numpy().tolist() == [7]
    divergence = 0.5 * np.log2(0.5 / 0.25) + 0.5 * np.log2(0.5 / 0.75)
    assert view.scalars("action_divergence")["value"].numpy()[0] == pytest.approx(divergence)
    found, counts = view.tensors("action_distribution")[0].numpy()
    assert (found.tolist(), counts.tolist()) == ([0, 1], [1, 3])
    found, counts = view.tensors("speeds")[0].numpy()
    assert (found.tolist(), counts.tolist()) == ([2.5, 3.0], [2, 1])
    odds = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    assert view.tensors("random_states/layout")[0].numpy().shape == (40, 2)
    assert view.tensors("random_states/action")[0].numpy().tolist() == logits.argmax(1).tolist()
    entropy = -(odds * np.log(odds)).sum(1)
    np.testing.assert_allclose(view.tensors("random_states/entropy")[0].numpy(), entropy, rtol=1e-6)
    np.testing.assert_array_equal(view.tensors("random_states/states")[0].numpy(), states)
    assert view.tensors("random_states/bounds")[0].numpy().tolist() == [[-1] * 4, [1] * 4]


def test_a_probability_of_zero_makes_no_nan(run: eg.Run) -> None:
    drlvis.log_action_divergence([0.0, 1.0], [[0.5, 0.5]], 1)
    assert reopened(run).scalars("action_divergence")["value"].numpy().tolist() == [1.0]


def test_without_a_logger_it_is_said_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drlvis, "_run", None)
    with pytest.raises(eg.EthogramError, match="call create_logger"):
        drlvis.log_episode_return(1.0, 0)
