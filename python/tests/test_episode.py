"""Episodes recorded by hand, and D-1: each of the 12 functions of DRLVis's logger has one call here."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from conftest import reopened, rows

import ethogram as eg


def test_an_episode_by_hand(run: eg.Run) -> None:
    with run.episode(seed=3, env_index=2) as episode:
        for t in range(4):
            episode.annotate(value=t / 2)
            episode.step(observation=[float(t), 0.0], action=t, reward=1.0, terminated=t == 3)
        episode.end(observation=[4.0, 0.0], env_return=4.0)
    view = reopened(run)
    row = view.episode(0).row
    assert (row["seed"], row["env_index"], row["end"], row["length"], row["env_return"]) == (3, 2, "terminated", 4, 4.0)
    assert view.episode(0).field("observation").numpy()[:, 0].tolist() == [0, 1, 2, 3, 4]
    assert view.episode(0).field("action").valid.tolist() == [True] * 4 + [False]


def test_a_batch_axis_of_one_is_left_out_as_an_environment_leaves_it_out(run: eg.Run) -> None:
    with run.episode() as episode:
        for _ in range(2):
            episode.annotate(logits=np.array([[0.5, 1.5, 2.5]]), value=np.array([[0.25]]), of_mine=np.zeros((1, 2)))
            episode.step(q_values=[1.0, 2.0, 3.0], action=1, reward=1.0)
        episode.end(value=np.array([0.75]))
    kept = reopened(run).episode(0)
    assert kept.field("logits").numpy()[:2].tolist() == [[0.5, 1.5, 2.5]] * 2
    assert kept.field("q_values").numpy()[:2].tolist() == [[1.0, 2.0, 3.0]] * 2
    assert kept.field("value").numpy().tolist() == [0.25, 0.25, 0.75]
    assert kept.field("of_mine").numpy().shape[1:] == (1, 2)
    assert run._said == {"logits": 3, "value": 1, "q_values": 3}


def test_an_episode_left_open_is_cut(run: eg.Run) -> None:
    with run.episode() as episode:
        episode.step(observation=[1.0], reward=2.0)
    row = reopened(run).episode(0).row
    assert (row["end"], row["episode_return"]) == ("truncated", 2.0)


def test_many_episodes_are_not_held(run: eg.Run) -> None:
    for _ in range(50):
        with run.episode() as episode:
            episode.step(reward=1.0, terminated=True)
    assert not run._recorders
    assert [row["end"] for row in rows(reopened(run).episodes())] == ["terminated"] * 50


def test_steps_may_come_late_and_by_hand(run: eg.Run) -> None:
    with run.episode() as episode:
        for _ in range(3):
            episode.step(reward=0.0)
    run.log({"advantage_seen": 0.5, "note": "later"}, episode=0, step=1)
    found = reopened(run).episode(0)
    column = found.field("advantage_seen")
    assert (column.valid.tolist(), column.numpy()[1]) == ([False, True, False], 0.5)
    assert found.field("note").numpy().tolist() == [None, "later", None]
    assert found.field("reward").valid.all()


@pytest.mark.parametrize("place", [{"step": 1}, {"episode": -1, "step": 1}, {"episode": 0, "step": -1}])
def test_a_step_needs_its_episode(run: eg.Run, place: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="expected"):
        run.log({"a": 1.0}, **place)


def test_row_d1_each_function_of_the_seed_has_one_call(root: Any) -> None:
    random = np.random.default_rng(0)
    frame = random.integers(0, 255, (84, 84, 3), np.uint8)
    probabilities = np.array([0.25, 0.5, 0.25], np.float32)
    weights = random.normal(size=(8, 3)).astype(np.float32)
    states = random.normal(size=(20, 4))
    predicted = random.dirichlet(np.ones(3), size=20)
    actions = np.array([0, 1, 1, 2, 1])
    values = np.array([0.5, 0.5, 2.0])

    run = eg.init("seed", root=root, strict=True, capture_code=False)  # create_logger
    run.log({"episode_return": 21.0}, episode=4)  # log_episode_return
    run.log({"frame": frame}, episode=4, step=7)  # log_frame
    run.log({"action_divergence": 0.125}, episode=4)  # log_action_divergence
    run.log({"action_probabilities": probabilities}, episode=4, step=7)  # log_action_probs
    run.log({"random_states": {"states": states, "predicted": predicted}}, episode=4)  # log_experiment_random_states
    run.log({"actions": eg.Distribution(actions)}, episode=4)  # log_action_distribution
    run.log({"weights": weights}, episode=4, step=7)  # log_weights
    run.log({"action_meanings": "NOOP LEFT RIGHT"}, global_step=0)  # log_action_meanings
    run.log({"lives": 3.0}, episode=4)  # log_custom_episode_scalar
    run.log({"reward": -1.0}, episode=4, step=7)  # log_custom_timestep_scalar
    run.log({"weights_seen": eg.Distribution(values)}, episode=4)  # log_custom_distribution

    view = reopened(run)
    for tag, expected in {"episode_return": 21.0, "action_divergence": 0.125, "lives": 3.0}.items():
        points = view.scalars(tag)
        assert (points["step"].numpy().tolist(), points["value"].numpy().tolist()) == ([4], [expected])
    for tag, expected in {"random_states/states": states, "random_states/predicted": predicted}.items():
        np.testing.assert_array_equal(view.tensors(tag)[0].numpy(), expected, strict=True)
    assert view.tensors("actions")[0].numpy().tolist() == [[0, 1, 2], [1, 3, 1]]
    assert view.tensors("weights_seen")[0].numpy().tolist() == [[0.5, 2.0], [2, 1]]
    assert view.tensors("action_meanings")[0].text() == "NOOP LEFT RIGHT"
    episode = view.episode(4)
    for name, value in {
        "frame": frame,
        "action_probabilities": probabilities,
        "weights": weights,
        "reward": -1.0,
    }.items():
        column = episode.field(name)
        np.testing.assert_array_equal(column.numpy()[column.valid][-1], value)


def test_agents_may_be_numbered_and_steps_be_floats(run: eg.Run) -> None:
    with run.episode(agent=3, global_step=1e6) as episode:  # type: ignore[arg-type]
        episode.step(reward=1.0, terminated=True)
    row = reopened(run).episode(0).row
    assert (row["agent"], row["global_step"]) == ("3", 1_000_000)


def test_faults_of_an_episode_by_hand_do_not_reach_the_loop(loose: eg.Run) -> None:
    with warnings.catch_warnings(record=True):
        with loose.episode(seed=2**64, extra=5) as episode:  # type: ignore[arg-type]
            episode.note(tags=5)  # type: ignore[arg-type]
            episode.hotspot(start="first")  # type: ignore[arg-type]
            episode.step(observation=[1.0], reward=1.0, terminated=True)
            episode.end(env_return="much")  # type: ignore[arg-type]
        assert loose.past_episode(episode_return="much", length=1, global_step=0) is None  # type: ignore[arg-type]
        assert loose.past_episode(episode_return=3, length=1, global_step=0, seed=2**64) == 1
    assert loose.faults == {"seed": 2, "extra": 1, "record": 4}
    assert [row["episode_return"] for row in rows(reopened(loose).episodes())] == [1.0, 3.0]
