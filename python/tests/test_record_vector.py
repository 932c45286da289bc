"""A-1, B-4: environments side by side are recorded as each would have played alone, in every autoreset mode."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np
import pytest
from conftest import reopened, rows
from environments import NESTED, Counter, Sampled
from gymnasium.vector import AutoresetMode, SyncVectorEnv

import ethogram as eg
from ethogram import space

ENVS = 3
STEPS = 60
SEED = 11
MODES = list(AutoresetMode)


def counter() -> gymnasium.Env:
    return Counter(render_mode="rgb_array")


def cartpole() -> gymnasium.Env:
    return gymnasium.make("CartPole-v1", max_episode_steps=15)


def nested() -> gymnasium.Env:
    return Sampled(NESTED, NESTED)


MAKERS = [counter, cartpole, nested]
Episode = dict[str, Any]


def flat(env: gymnasium.Env, observation: Any, of: str = "observation") -> dict[str, Any]:
    """The parts of an observation or action by the names of their fields, copied."""
    described = env.observation_space if of == "observation" else env.action_space
    return {leaf.name: np.array(leaf.pick(observation)) for leaf in space.leaves(described, of)}


def alone(make: Callable[[], gymnasium.Env], index: int, actions: list[Any], mode: AutoresetMode) -> list[Episode]:
    """The episodes that one environment plays by itself with the actions it is given.

    Resets cost a step of the vector environment in the mode `next_step` and, as we call it here, in `disabled`:
    the action of that step is not used.
    """
    env = make()
    episodes: list[Episode] = []
    waiting = False

    def begin(seed: int | None) -> None:
        observation, _ = env.reset(seed=seed)
        episodes.append(
            {"seed": seed, "observations": [flat(env, observation)], "actions": [], "rewards": [], "end": "open"}
        )

    begin(SEED + index)
    for action in actions:
        if waiting:
            begin(None)
            waiting = False
            continue
        observation, reward, terminated, truncated, _ = env.step(action)
        now = episodes[-1]
        now["actions"].append(flat(env, action, "action"))
        now["rewards"].append(float(reward))
        now["observations"].append(flat(env, observation))
        if terminated or truncated:
            now["end"] = "both" if terminated and truncated else "terminated" if terminated else "truncated"
            if mode is AutoresetMode.SAME_STEP:
                begin(None)
            else:
                waiting = True
    return episodes


def batches(env: gymnasium.Env, seed: int) -> tuple[list[list[Any]], gymnasium.spaces.Space]:
    """One action a step and environment, the same for the vector environment and for each alone."""
    env.action_space.seed(seed)
    return [[env.action_space.sample() for _ in range(ENVS)] for _ in range(STEPS)], env.action_space


def batched(of: gymnasium.spaces.Space, actions: list[Any]) -> Any:
    out = gymnasium.vector.utils.create_empty_array(of, n=len(actions))
    return gymnasium.vector.utils.concatenate(of, actions, out)


def play(vector: Any, action_space: gymnasium.spaces.Space, actions: list[list[Any]], mode: AutoresetMode) -> None:
    """Play all actions. In the mode `disabled`, what ended is reset, which takes the place of a step of all."""
    vector.reset(seed=SEED)
    ended = np.zeros(ENVS, bool)
    for step in actions:
        if mode is AutoresetMode.DISABLED and ended.any():
            vector.reset(options={"reset_mask": ended.copy()})
            ended[:] = False
            continue
        _, _, terminated, truncated, _ = vector.step(batched(action_space, step))
        ended = terminated | truncated


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.value)
@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_row_b4_side_by_side_is_as_alone(run: eg.Run, make: Callable[[], gymnasium.Env], mode: AutoresetMode) -> None:
    actions, action_space = batches(make(), seed=5)
    vector = SyncVectorEnv([make] * ENVS, autoreset_mode=mode)
    recorded = eg.record(vector, run, schedule=eg.always, frames=None)
    play(recorded, action_space, actions, mode)
    if mode is AutoresetMode.DISABLED:
        used = used_when_all_wait(make, actions)
        expected = {index: alone_with_waits(make, index, actions, used) for index in range(ENVS)}
    else:
        expected = {index: alone(make, index, [step[index] for step in actions], mode) for index in range(ENVS)}
    view = reopened(run)
    found = rows(view.episodes())
    assert sum(len(episodes) for episodes in expected.values()) == len(found)
    for index, episodes in expected.items():
        mine = [row for row in found if row["env_index"] == index]
        assert [row["end"] for row in mine] == [episode["end"] for episode in episodes]
        assert [row["seed"] for row in mine] == [episode["seed"] for episode in episodes]
        assert [row["length"] for row in mine] == [len(episode["rewards"]) for episode in episodes]
        assert [row["episode_return"] for row in mine] == pytest.approx([sum(e["rewards"]) for e in episodes], abs=0)
        for row, episode in zip(mine, episodes, strict=True):
            check_steps(view.episode(row["episode"]), episode)


def check_steps(found: eg.EpisodeView, expected: Episode) -> None:
    length = len(expected["rewards"])
    for name in expected["observations"][0]:
        values = [observation[name] for observation in expected["observations"]]
        np.testing.assert_array_equal(found.field(name).numpy(), np.stack(values))
        assert found.field(name).valid.all()
    if length == 0:
        assert "reward" not in found.fields
        return
    for name in expected["actions"][0]:
        values = [action[name] for action in expected["actions"]]
        np.testing.assert_array_equal(found.field(name).numpy()[:length], np.stack(values))
    assert found.field("reward").numpy()[:length].tolist() == expected["rewards"]
    terminated, truncated = found.field("terminated").numpy(), found.field("truncated").numpy()
    assert not terminated[: length - 1].any()
    assert not truncated[: length - 1].any()
    assert bool(terminated[length - 1]) == (expected["end"] in ("terminated", "both"))
    assert bool(truncated[length - 1]) == (expected["end"] in ("truncated", "both"))
    # The final observation is a row of its own, in which all else is missing.
    assert found.field("reward").valid.tolist() == [True] * length + [False]


def used_when_all_wait(make: Callable[[], gymnasium.Env], actions: list[list[Any]]) -> list[list[int] | None]:
    """Of each step, which environments are reset in it (`None`: it is a step for all), as `play` does it."""
    envs = [make() for _ in range(ENVS)]
    for index, env in enumerate(envs):
        env.reset(seed=SEED + index)
    plan: list[list[int] | None] = []
    ended: list[int] = []
    for step in actions:
        if ended:
            plan.append(ended)
            for index in ended:
                envs[index].reset()
            ended = []
            continue
        plan.append(None)
        outcomes = [env.step(action) for env, action in zip(envs, step, strict=True)]
        ended = [index for index, outcome in enumerate(outcomes) if outcome[2] or outcome[3]]
    return plan


def alone_with_waits(
    make: Callable[[], gymnasium.Env], index: int, actions: list[list[Any]], plan: list[list[int] | None]
) -> list[Episode]:
    """As `alone`, for an environment that stands still while others are reset."""
    env = make()
    observation, _ = env.reset(seed=SEED + index)
    episodes: list[Episode] = []

    def begin(observation: Any, seed: int | None) -> None:
        first = [flat(env, observation)]
        episodes.append({"seed": seed, "observations": first, "actions": [], "rewards": [], "end": "open"})

    begin(observation, SEED + index)
    for step, resets in zip(actions, plan, strict=True):
        if resets is not None:
            if index in resets:
                begin(env.reset()[0], None)
            continue
        observation, reward, terminated, truncated, _ = env.step(step[index])
        now = episodes[-1]
        now["actions"].append(flat(env, step[index], "action"))
        now["rewards"].append(float(reward))
        now["observations"].append(flat(env, observation))
        if terminated or truncated:
            now["end"] = "both" if terminated and truncated else "terminated" if terminated else "truncated"
    return episodes


@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP], ids=lambda mode: mode.value)
def test_annotations_and_frames_lie_at_their_steps(run: eg.Run, mode: AutoresetMode) -> None:
    vector = SyncVectorEnv([counter] * ENVS, autoreset_mode=mode)
    env = eg.record(vector, run, schedule=eg.predicate(lambda start: start.env_index == 1))
    observations, _ = env.reset(seed=SEED)
    assert env.recording == [False, True, False]
    for _ in range(30):
        # What the policy says is a function of what it sees, so that a slip by one step shows.
        env.annotate(value=observations[:, 0] * 100 + observations[:, 1])
        observations, *_ = env.step(np.array([1, 2, 3]))
    view = reopened(run)
    recorded = [row for row in rows(view.episodes()) if row["recorded"]]
    assert {row["env_index"] for row in recorded} == {1}
    assert len(recorded) > 3
    for row in recorded[:-1]:
        episode = view.episode(row["episode"])
        seen = episode.field("observation").numpy()
        length = row["length"]
        assert episode.field("value").numpy()[:length].tolist() == (seen[:length, 0] * 100 + seen[:length, 1]).tolist()
        assert episode.field("action").numpy()[:length].tolist() == [2] * length
        frames = episode.field("frame")
        # In the mode `same_step` too: the last picture is drawn before the part is reset within the step.
        assert frames.valid.tolist() == [True] * (length + 1)
        np.testing.assert_array_equal(frames.numpy()[:, 0, 0, :2], seen)
    env.close()
    assert all("reset" not in vars(part) for part in vector.envs), "the parts are given back as they were"


@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP], ids=lambda mode: mode.value)
@pytest.mark.parametrize("around", ["parts", "vector"])
def test_the_environments_own_return_is_kept(run: eg.Run, mode: AutoresetMode, around: str) -> None:
    statistics = gymnasium.wrappers.RecordEpisodeStatistics
    make = (lambda: statistics(counter())) if around == "parts" else counter
    vector: Any = SyncVectorEnv([make] * ENVS, autoreset_mode=mode)
    if around == "vector":
        vector = gymnasium.wrappers.vector.RecordEpisodeStatistics(vector)
    env = eg.record(vector, run, schedule=eg.never)
    env.reset(seed=SEED)
    for _ in range(30):
        env.step(np.zeros(ENVS, np.int64))
    ended = [row for row in rows(reopened(run).episodes()) if row["end"] != "open"]
    assert len(ended) > 10
    assert [row["env_return"] for row in ended] == [row["episode_return"] for row in ended]


def test_steps_of_all_environments_count(run: eg.Run) -> None:
    env = eg.record(SyncVectorEnv([counter] * ENVS), run, schedule=eg.never)
    env.reset(seed=SEED)
    for _ in range(20):
        env.step(np.zeros(ENVS, np.int64))
    total = sum(row["length"] for row in rows(reopened(run).episodes()))
    assert run.global_step == total < 20 * ENVS


def test_annotations_of_another_length_are_refused(run: eg.Run) -> None:
    env = eg.record(SyncVectorEnv([counter] * ENVS), run, schedule=eg.always)
    env.reset(seed=SEED)
    with pytest.raises(
        ValueError, match=r'field "value": expected a first axis of 3, one row an environment, found shape \[2\]'
    ):
        env.annotate(value=np.zeros(2))


def test_an_environment_that_does_not_say_its_mode_is_told(loose: eg.Run) -> None:
    vector = SyncVectorEnv([counter] * ENVS)
    del vector.metadata["autoreset_mode"]
    with pytest.warns(eg.EthogramWarning, match="next_step is assumed"):
        eg.record(vector, loose)


def test_the_run_describes_the_environments(run: eg.Run) -> None:
    eg.record(gymnasium.make_vec("CartPole-v1", num_envs=2), run).reset(seed=1)
    env = reopened(run).info["env"]
    assert (env["id"], env["num_envs"], env["fps"]) == ("CartPole-v1", 2, 50.0)
    assert env["action_space"] == {"type": "discrete", "n": 2, "start": 0, "dtype": "int64"}
    assert env["observation_space"]["shape"] == [4]


def test_environments_in_other_processes(run: eg.Run) -> None:
    vector = gymnasium.vector.AsyncVectorEnv([counter] * 2, autoreset_mode=AutoresetMode.SAME_STEP)
    env = eg.record(vector, run, schedule=eg.always)
    env.reset(seed=SEED)
    for _ in range(10):
        env.step(np.zeros(2, np.int64))
    env.close()
    view = reopened(run)
    for row in rows(view.episodes()):
        if row["end"] != "open":
            steps = view.episode(row["episode"]).field("observation").numpy()[:, 1]
            assert steps.tolist() == list(range(row["length"] + 1))


@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP], ids=lambda mode: mode.value)
def test_infos_may_be_a_dict_an_environment(run: eg.Run, mode: AutoresetMode) -> None:
    statistics = gymnasium.wrappers.vector.RecordEpisodeStatistics(SyncVectorEnv([counter] * ENVS, autoreset_mode=mode))
    env = eg.record(gymnasium.wrappers.vector.DictInfoToList(statistics), run, schedule=eg.always)
    actions, action_space = batches(counter(), seed=5)
    play(env, action_space, actions, mode)
    check_whole(reopened(run))


def check_whole(view: eg.RunView) -> None:
    """Episodes that ended have their final observations, and the return that the environment said."""
    ended = [row for row in rows(view.episodes()) if row["end"] != "open"]
    assert len(ended) > 5
    for row in ended:
        steps = view.episode(row["episode"]).field("observation").numpy()[:, 1]
        assert steps.tolist() == list(range(row["length"] + 1))
    assert [row["env_return"] for row in ended] == [row["episode_return"] for row in ended]


class Retold(gymnasium.vector.VectorWrapper):
    """Says its infos in another form."""

    def __init__(self, env: Any, retell: Callable[[dict[str, Any]], Any]) -> None:
        super().__init__(env)
        self.retell = retell

    def step(self, actions: Any) -> Any:
        *rest, infos = self.env.step(actions)
        return (*rest, self.retell(infos))


def test_final_infos_may_be_a_dict_an_environment(run: eg.Run) -> None:
    def retell(infos: dict[str, Any]) -> dict[str, Any]:
        if "final_info" in infos:
            told = np.full(ENVS, None, dtype=object)
            for slot in np.flatnonzero(infos["_final_info"]):
                told[slot] = {"episode": {"r": infos["final_info"]["episode"]["r"][slot]}}
            infos["final_info"] = told
        return infos

    parts = [lambda: gymnasium.wrappers.RecordEpisodeStatistics(counter())] * ENVS
    vector = SyncVectorEnv(parts, autoreset_mode=AutoresetMode.SAME_STEP)
    env = eg.record(Retold(vector, retell), run, schedule=eg.always)
    actions, action_space = batches(counter(), seed=5)
    play(env, action_space, actions, AutoresetMode.SAME_STEP)
    check_whole(reopened(run))


def test_final_observations_may_be_parts_of_batches(run: eg.Run) -> None:
    def retell(infos: dict[str, Any]) -> dict[str, Any]:
        if "final_obs" in infos:
            batch = gymnasium.vector.utils.create_empty_array(NESTED, n=ENVS)
            whole = [row if row is not None else NESTED.sample() for row in infos["final_obs"]]
            told.append((infos["_final_obs"], whole))
            infos["final_obs"] = gymnasium.vector.utils.concatenate(NESTED, whole, batch)
        return infos

    told: list[Any] = []
    vector = SyncVectorEnv([nested] * ENVS, autoreset_mode=AutoresetMode.SAME_STEP)
    env = eg.record(Retold(vector, retell), run, schedule=eg.always)
    actions, action_space = batches(nested(), seed=5)
    play(env, action_space, actions, AutoresetMode.SAME_STEP)
    view = reopened(run)
    ended = [row for row in rows(view.episodes()) if row["end"] != "open"]
    for slot in range(ENVS):
        finals = [flat(nested(), whole[slot]) for mask, whole in told if mask[slot]]
        mine = [row for row in ended if row["env_index"] == slot]
        for row, final in zip(mine, finals, strict=True):
            for name, value in final.items():
                assert view.episode(row["episode"]).field(name).numpy()[-1].tolist() == value.tolist()


def test_what_infos_cannot_be_read_is_not_raised(loose: eg.Run) -> None:
    said: list[Any] = [None, 3, [None] * ENVS, {"final_info": 5, "_episode": 1}, {"final_obs": 7}, [{}]]
    vector = SyncVectorEnv([counter] * ENVS, autoreset_mode=AutoresetMode.SAME_STEP)
    env = eg.record(Retold(vector, lambda _: said[len(taken) % len(said)]), loose, schedule=eg.always)
    env.reset(seed=SEED)
    taken: list[int] = []
    with warnings.catch_warnings(record=True):
        for step in range(STEPS):
            taken.append(step)
            env.step(np.zeros(ENVS, np.int64))
    # An episode of which the final observation is not known ends all the same.
    ended = [row for row in rows(reopened(loose).episodes()) if row["end"] != "open"]
    assert len(ended) > 10
    assert [row["end"] for row in ended] == ["terminated"] * len(ended)
    assert sum(row["length"] for row in ended) <= STEPS * ENVS


class Seeded(gymnasium.vector.VectorWrapper):
    """Takes any seed."""

    def reset(self, *, seed: Any = None, options: Any = None) -> Any:
        return self.env.reset(seed=int(seed) if hasattr(seed, "dtype") else None, options=options)


def test_seeds_may_be_of_numpy(run: eg.Run) -> None:
    env = eg.record(Seeded(SyncVectorEnv([counter] * ENVS)), run)
    env.reset(seed=np.int64(3))
    assert [row["seed"] for row in rows(reopened(run).episodes())] == [3, 4, 5]


def test_a_seed_that_is_too_large_is_told_once(loose: eg.Run) -> None:
    env = eg.record(SyncVectorEnv([counter] * ENVS), loose, schedule=eg.always)
    with pytest.warns(eg.EthogramWarning, match="over the limit of 63 bits") as told:
        env.reset(seed=2**63 - 1)
    assert (len(told), loose.faults) == (1, {"seed": ENVS - 1})
    env.step(np.zeros(ENVS, np.int64))
    assert [row["seed"] for row in rows(reopened(loose).episodes())] == [2**63 - 1, None, None]


def test_a_last_picture_that_is_none_does_not_reach_the_loop(loose: eg.Run) -> None:
    class Ragged(Counter):
        def render(self) -> Any:
            return [[1], [2, 3]]

    parts = [lambda: Ragged("rgb_array")] * ENVS
    env = eg.record(SyncVectorEnv(parts, autoreset_mode=AutoresetMode.SAME_STEP), loose, schedule=eg.always)
    with warnings.catch_warnings(record=True):
        env.reset(seed=SEED)
        for _ in range(20):
            env.step(np.zeros(ENVS, np.int64))
    assert loose.faults["record"] > 0
    assert len(reopened(loose).episodes()["episode"]) > 10
