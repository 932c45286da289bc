"""What a policy says of the observation that ends an episode is annotated too, so that truncated episodes bootstrap."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import pytest
from conftest import reopened, rows
from environments import Counter
from gymnasium.vector import AutoresetMode, SyncVectorEnv

import ethogram as eg

ENVS = 3
GAMMA, LAMBDA = 0.9, 0.8


def truncating() -> gymnasium.Env:
    return Counter(truncates=True)


def value_of(observations: Any) -> np.ndarray:
    """A value that is a function of what is seen, so that a slip by one step or environment shows."""
    seen = np.asarray(observations, np.float32)
    return seen[..., 0] * 100 + seen[..., 1] + np.float32(0.5)


def check(view: eg.RunView, least: int) -> None:
    """Every ended episode has the value of each observation, the final one too, and advantages that bootstrap."""
    ended = [row for row in rows(view.episodes()) if row["end"] == "truncated" and "reset_early" not in row["extra"]]
    assert len(ended) >= least
    for row in ended:
        episode, length = view.episode(row["episode"]), row["length"]
        values = episode.field("value")
        assert values.dtype == "float32"
        assert values.valid.tolist() == [True] * (length + 1)
        np.testing.assert_array_equal(values.numpy(), value_of(episode.field("observation").numpy()))
        assert episode.field("value_twice").numpy().shape == (length + 1, 2)
        expected = eg.analysis.gae(
            episode.field("reward").numpy()[:length],
            values.numpy()[:length],
            terminated=[False] * length,
            truncated=[False] * (length - 1) + [True],
            final_value=float(values.numpy()[length]),
            gamma=GAMMA,
            lam=LAMBDA,
        )
        found = episode.field("advantage", gamma=GAMMA, lambda_=LAMBDA).numpy()[:length]
        np.testing.assert_allclose(found, expected, rtol=1e-5)


def annotations(observations: Any) -> dict[str, Any]:
    value = value_of(observations)
    return {"value": value, "value_twice": np.stack([value, value], -1), "greedy": value > 0}


def test_next_step_annotates_it_by_itself(run: eg.Run) -> None:
    env = eg.record(SyncVectorEnv([truncating] * ENVS, autoreset_mode=AutoresetMode.NEXT_STEP), run, schedule=eg.always)
    observations, _ = env.reset(seed=3)
    for _ in range(40):
        env.annotate(**annotations(observations))
        observations, *_ = env.step(np.zeros(ENVS, np.int64))
    env.annotate(**annotations(observations))
    check(reopened(run), 15)


def test_same_step_says_it_of_the_final_observations(run: eg.Run) -> None:
    env = eg.record(SyncVectorEnv([truncating] * ENVS, autoreset_mode=AutoresetMode.SAME_STEP), run, schedule=eg.always)
    observations, _ = env.reset(seed=3)
    for step in range(40):
        env.annotate(**annotations(observations))
        observations, _, _, truncated, infos = env.step(np.zeros(ENVS, np.int64))
        if step % 2 and truncated.any():
            # A batch: rows of environments that go on are not looked at.
            seen = [infos["final_obs"][i] if truncated[i] else [np.nan, np.nan] for i in range(ENVS)]
            env.annotate_final(**annotations(np.array(seen, np.float32)))
        for index in np.flatnonzero(truncated):
            if step % 2 == 0:
                env.annotate_final(index, **annotations(infos["final_obs"][index]))
    check(reopened(run), 15)


def test_disabled_says_it_between_the_end_and_the_reset(run: eg.Run) -> None:
    env = eg.record(SyncVectorEnv([truncating] * ENVS, autoreset_mode=AutoresetMode.DISABLED), run, schedule=eg.always)
    observations, _ = env.reset(seed=3)
    for step in range(40):
        env.annotate(**annotations(observations))
        observations, _, _, truncated, _ = env.step(np.zeros(ENVS, np.int64))
        if truncated.any():
            (env.annotate if step % 2 else env.annotate_final)(**annotations(observations))
            observations, _ = env.reset(options={"reset_mask": truncated})
    check(reopened(run), 15)


@pytest.mark.parametrize("explicit", [False, True])
def test_one_environment_says_it_before_the_reset(run: eg.Run, explicit: bool) -> None:
    env = eg.record(truncating(), run, schedule=eg.always)
    observation, _ = env.reset(seed=3)
    for _ in range(40):
        env.annotate(**annotations(observation))
        observation, _, _, truncated, _ = env.step(0)
        if truncated:
            (env.annotate_final if explicit else env.annotate)(**annotations(observation))
            observation, _ = env.reset()
    env.close()
    check(reopened(run), 8)


def test_torch_like_tensors_numbers_and_texts_keep_their_type(run: eg.Run) -> None:
    env = eg.record(truncating(), run, schedule=eg.always)
    env.reset(seed=3)
    truncated, count = False, 0
    while not truncated:
        env.annotate(value=1.5, head=3, note="on the way", picked=True)
        *_, truncated, _ = env.step(0)
        count += 1
    env.annotate(value=2, head=np.int32(4), note="over", picked=np.False_)
    episode = reopened(run).episode(0)
    assert episode.field("value").numpy().tolist() == [1.5] * count + [2.0]
    assert episode.field("head").numpy().tolist() == [3] * count + [4]
    assert episode.field("note").numpy().tolist() == ["on the way"] * count + ["over"]
    assert episode.field("picked").numpy().tolist() == [True] * count + [False]


def test_nothing_is_written_where_no_recorded_episode_ended(run: eg.Run) -> None:
    chosen = eg.predicate(lambda start: start.env_index == 1)
    env = eg.record(SyncVectorEnv([truncating] * ENVS, autoreset_mode=AutoresetMode.SAME_STEP), run, schedule=chosen)
    observations, _ = env.reset(seed=3)
    env.annotate_final(**annotations(observations))
    for _ in range(20):
        observations, *_ = env.step(np.zeros(ENVS, np.int64))
        env.annotate_final(**annotations(observations))
    view = reopened(run)
    for row in rows(view.episodes()):
        fields = view.episode(row["episode"]).fields
        assert ("value" in fields) == (row["env_index"] == 1 and row["end"] == "truncated")


def test_a_batch_of_another_length_is_refused(run: eg.Run) -> None:
    env = eg.record(SyncVectorEnv([truncating] * ENVS, autoreset_mode=AutoresetMode.SAME_STEP), run, schedule=eg.always)
    env.reset(seed=3)
    with pytest.raises(ValueError, match=r"field .value.: expected a first axis of 3, one row an environment"):
        for _ in range(10):
            env.step(np.zeros(ENVS, np.int64))
            env.annotate_final(value=np.zeros(2))
