"""A field has one type; no value is changed to fit it, and no field takes others down with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ethogram as eg

gymnasium = pytest.importorskip("gymnasium")


class Walk(gymnasium.Env):  # type: ignore[misc, unused-ignore]
    """Begins at a list of whole numbers, goes on with others; ends after three steps."""

    def __init__(self, size: int = 2, dtype: Any = np.float32) -> None:
        self.observation_space = gymnasium.spaces.Box(-9, 9, (size,), dtype)
        self.action_space = gymnasium.spaces.Box(-1, 1, (1,), np.float32)
        self.size, self.t = size, 0

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self.t = 0
        return [0] * self.size, {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self.t += 1
        return [self.t + 0.5] * self.size, 1.0, self.t == 3, False, {}


def played(run: eg.Run, env: Any, actions: list[Any]) -> None:
    recorded = eg.record(env, run, schedule=eg.always)
    recorded.reset(seed=1)
    for action in actions:
        recorded.step(action)


def test_what_begins_whole_is_not_cut_to_whole_numbers(run: eg.Run) -> None:
    env = eg.record(Walk(), run, schedule=eg.always)
    env.reset()
    for action, epsilon, value in (([0], 1, 0), ([0.5], 0.9, float("nan")), ([-0.25], 0.8, 0.7)):
        env.annotate(epsilon=epsilon, value=value)
        env.step(action)
    run.finish()
    assert not run.faults
    episode = eg.open(run).episode(0)
    assert episode.field("observation").numpy().tolist() == [[0, 0], [1.5, 1.5], [2.5, 2.5], [3.5, 3.5]]
    assert episode.field("observation").dtype == "float32"
    assert episode.field("action").numpy()[:3].tolist() == [[0], [0.5], [-0.25]]
    assert episode.field("epsilon").numpy()[:3].tolist() == [1, 0.9, 0.8]
    np.testing.assert_array_equal(episode.field("value").numpy()[:3], [0, np.nan, 0.7])


def test_a_choice_stays_a_whole_number(run: eg.Run) -> None:
    with run.episode() as episode:
        for t in range(3):
            episode.step(observation=t, action=2 - t, reward=1.0, lives=np.uint8(t), level=t)
    run.finish()
    found = eg.open(run).episode(0)
    dtypes = {name: found.field(name).dtype for name in ("observation", "action", "lives", "level")}
    assert dtypes == {"observation": "int64", "action": "int64", "lives": "uint8", "level": "float64"}
    assert found.field("action").numpy().tolist()[:3] == [2, 1, 0]


def test_what_would_be_changed_is_missing_and_told(loose: eg.Run) -> None:
    with loose.episode() as episode:
        for level in (np.int64(3), np.float64(0.5), np.float64(2.0)):
            episode.step(observation=[1.0], action=0, reward=1.0, level=level)
    loose.finish()
    found = eg.open(loose).episode(0)
    assert found.field("level").arrow().to_pylist()[:3] == [3, None, 2]
    assert found.field("observation").valid[:3].all()
    assert loose.faults == {"level": 1}


def test_episodes_of_one_run_share_the_type_of_a_field(run: eg.Run) -> None:
    for k in range(3):
        with run.episode() as episode:
            for t in range(2):
                value = np.float32(t) if k == 0 else float(t)
                episode.step(observation=[0.5], action=0, reward=1.0, value=value, epsilon=1 if k == 0 else 0.9)
    run.finish()
    assert not run.faults
    for k in range(3):
        found = eg.open(run).episode(k)
        assert found.field("observation").numpy()[:2].tolist() == [[0.5], [0.5]]
        assert found.field("value").dtype == "float32"
        assert found.field("epsilon").numpy()[:2].tolist() == [1 if k == 0 else 0.9] * 2


def test_a_field_of_another_shape_takes_no_others_with_it(loose: eg.Run) -> None:
    played(loose, Walk(2), [[0.5]] * 3)
    played(loose, Walk(3), [[0.25]] * 3)
    played(loose, Walk(2, np.float64), [[0.125]] * 3)
    loose.finish()
    view = eg.open(loose)
    assert view.episode(1).field("reward").numpy()[:3].tolist() == [1.0] * 3
    assert view.episode(1).field("action").numpy()[:3].tolist() == [[0.25]] * 3
    assert "observation" not in view.episode(1).fields
    assert view.episode(2).field("observation").numpy()[1].tolist() == [1.5, 1.5]
    assert set(loose.faults) == {"observation"}


def test_names_that_cannot_be_take_no_others_with_them(loose: eg.Run) -> None:
    env = eg.record(Walk(), loose, schedule=eg.always)
    env.reset()
    env.annotate(**{"": 1.0, "reward": 5.0, "value": 2.0})
    for _ in range(3):
        env.step([0.5])
    loose.finish()
    found = eg.open(loose).episode(0)
    assert found.field("reward").numpy()[:3].tolist() == [1.0] * 3
    assert found.field("value").numpy()[0] == 2.0
    assert sum(loose.faults.values()) == 2


def test_what_is_said_of_the_end_has_the_type_of_the_steps(run: eg.Run) -> None:
    env = eg.record(Walk(), run, schedule=eg.always)
    env.reset()
    for _ in range(3):
        env.annotate(value=0)
        env.step([0.5])
    env.annotate(value=0.75)
    env.reset()
    run.finish()
    assert eg.open(run).episode(0).field("value").numpy().tolist() == [0, 0, 0, 0.75]


def test_steps_before_the_first_reset_are_told_and_change_no_episode(loose: eg.Run) -> None:
    played(loose, Walk(), [[0.5]] * 3)
    inner = Walk()
    inner.reset()
    late = eg.record(inner, loose, schedule=eg.always)
    for _ in range(3):
        late.step([0.5])
    loose.finish()
    view = eg.open(loose)
    row = view.episode(0).row
    assert (row["length"], row["episode_return"], row["seed"], row["recorded"]) == (3, 3.0, 1, True)
    assert view.episodes().rows == 1
    assert loose.faults == {"reset": 3}


def test_a_step_past_the_end_changes_nothing(run: eg.Run) -> None:
    played(run, Walk(), [[0.5]] * 5)
    run.finish()
    row = eg.open(run).episode(0).row
    assert (row["length"], row["episode_return"], row["end"]) == (3, 3.0, "terminated")
    assert not run.faults


def test_a_resumed_run_goes_on_where_its_episodes_ended(tmp_path: Path) -> None:
    run = eg.init("walk", root=tmp_path)
    for _ in range(5):
        played(run, Walk(), [[0.5]] * 3)
    run.finish()
    assert eg.open(run).status["global_step"] == 15
    again = eg.init("walk", root=tmp_path, resume=run.id)
    for _ in range(2):
        played(again, Walk(), [[0.5]] * 3)
    again.finish()
    assert eg.open(again).episodes()["global_step"].numpy().tolist() == [0, 3, 6, 9, 12, 15, 18]
