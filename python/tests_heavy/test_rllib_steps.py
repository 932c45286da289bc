"""RLlib's callback writes steps as env runners take them: cut episodes whole, several agents, frames."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
import ray
from ray.rllib.algorithms.ppo import PPOConfig
from ray.rllib.algorithms.sac import SACConfig
from ray.rllib.core.rl_module.default_model_config import DefaultModelConfig
from ray.rllib.env.multi_agent_env import MultiAgentEnv

import ethogram as eg
from ethogram.integrations.rllib import ethogram_callbacks

LENGTH = 9


class Duel(MultiAgentEnv):
    """Two agents; the second acts at every other step. Observations count the steps of the environment."""

    def __init__(self, config: Any = None) -> None:
        super().__init__()
        self.t = 0
        self.possible_agents = self.agents = ["first", "second"]
        self.observation_spaces = {name: gymnasium.spaces.Box(-1, 99, (3,), np.float32) for name in self.agents}
        self.action_spaces = {name: gymnasium.spaces.Discrete(2) for name in self.agents}

    def seen(self) -> dict[str, Any]:
        names = ["first", "second"] if self.t % 2 == 0 else ["first"]
        return {name: np.array([self.t, name == "first", 0], np.float32) for name in names}

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, Any]:
        self.t = 0
        return self.seen(), {}

    def step(self, action_dict: dict[str, Any]) -> tuple[Any, ...]:
        self.t += 1
        over = self.t >= LENGTH
        seen = {name: np.full(3, self.t, np.float32) for name in self.agents} if over else self.seen()
        rewards = {name: 1.0 if name == "first" else 2.0 for name in action_dict}
        return seen, {name: rewards.get(name, 0.0) for name in seen}, {"__all__": over}, {"__all__": False}, {}


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    ray.init(num_cpus=3, include_dashboard=False, ignore_reinit_error=True, log_to_driver=False)
    yield
    ray.shutdown()


def trained(config: Any) -> dict[str, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        if isinstance(config, PPOConfig):
            config = config.training(train_batch_size=300, minibatch_size=100, num_epochs=1)
        algorithm = config.debugging(seed=1, log_level="ERROR").build_algo()
        try:
            return dict(algorithm.train())
        finally:
            algorithm.stop()


@pytest.mark.parametrize("runners", [0, 2])
def test_episodes_that_are_cut_between_rollouts_are_recorded_whole(
    tmp_path: Path, runners: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    run = eg.init("rllib", root=tmp_path, capture_code=False)
    config = (
        PPOConfig()
        .environment("CartPole-v1", env_config={"render_mode": "rgb_array"})
        # Rollouts of seven steps cut every episode.
        .env_runners(num_env_runners=runners, num_envs_per_env_runner=2, rollout_fragment_length=7)
        .callbacks(ethogram_callbacks(run, record=eg.every(2), checkpoint_every=1))
    )
    result = trained(config)
    run.finish()
    view = eg.open(run)
    kept = view.checkpoint(int(result["num_env_steps_sampled_lifetime"]))
    assert [port.name for port in kept.model.outputs] == ["logits", "value"]
    first = view.checkpoint(0).model
    env = view.info["env"]
    assert (env["id"], env["num_envs"], env["action_meanings"]) == ("CartPole-v1", 2, ["push left", "push right"])
    assert env["observation_names"][0] == "cart position"
    table = view.episodes().numpy()
    # What is still open at the end of the training ended as unknown.
    ended = table["end"] != "unknown"
    over = ended & (table["end"] == "terminated")
    assert over.sum() == result["env_runners"]["num_episodes_lifetime"]
    assert table["length"][over].sum() <= result["num_env_steps_sampled_lifetime"]
    np.testing.assert_array_equal(table["length"][over], table["episode_return"][over])
    recorded = table["episode"][over & table["recorded"].astype(bool)]
    assert 2 <= len(recorded) < over.sum()
    for index in recorded[:4]:
        episode = view.episode(int(index))
        length = episode.row["length"]
        assert length == episode.row["episode_return"]
        assert episode.field("frame").numpy().shape == (length + 1, 400, 600, 3)
        assert episode.field("observation").valid.all()
        assert episode.field("logits").numpy().shape == (length + 1, 2)
        # All of it was played with the weights before the first step of learning.
        given = episode.field("observation").numpy()[:length]
        said = first({first.inputs[0].name: given})["logits"]
        np.testing.assert_allclose(episode.field("logits").numpy()[:length], said, rtol=1e-4, atol=1e-5)
        # The pole falls where the observation says: each step acts on what was seen before it.
        seen = episode.field("observation").numpy()
        np.testing.assert_allclose(seen[1:, 0], seen[:-1, 0] + 0.02 * seen[:-1, 1], atol=1e-6)
        pushed = np.sign(seen[1:, 1] - seen[:-1, 1])
        np.testing.assert_array_equal(pushed, 2 * episode.field("action").numpy()[:length] - 1)


@pytest.mark.parametrize("shared", [True, False])
def test_memory_is_recorded_as_it_was_before_each_step(tmp_path: Path, shared: bool) -> None:
    run = eg.init("rllib", root=tmp_path, capture_code=False)
    memory = DefaultModelConfig(use_lstm=True, lstm_cell_size=6, max_seq_len=5, vf_share_layers=shared)
    config = (
        PPOConfig()
        .environment("CartPole-v1")
        # Rollouts of seven steps cut every episode; the memory goes on.
        .env_runners(num_env_runners=0, num_envs_per_env_runner=2, rollout_fragment_length=7)
        .rl_module(model_config=memory)
        .callbacks(ethogram_callbacks(run, record=eg.every(1), checkpoint_every=1))
    )
    trained(config)
    run.finish()
    view = eg.open(run)
    model = view.checkpoint(0).model
    parts = ["h", "c"] if shared else ["actor_h", "actor_c", "critic_h", "critic_c"]
    assert [port.name for port in model.inputs] == ["obs", *parts]
    for index in range(4):
        episode = view.episode(index)
        length = episode.row["length"]
        state = {name: episode.field(f"recurrent_state/{name}").numpy()[:length] for name in parts}
        assert not state[parts[0]][0].any()
        assert state[parts[0]][1:].any(axis=1).all()
        found = model({"obs": episode.field("observation").numpy()[:length], **state})
        np.testing.assert_allclose(found["logits"], episode.field("logits").numpy()[:length], rtol=1e-4, atol=1e-5)
        for name in parts:
            np.testing.assert_allclose(found[f"{name}_next"][:-1], state[name][1:], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("algorithm", [PPOConfig, SACConfig])
def test_actions_are_those_that_the_environment_got(tmp_path: Path, algorithm: Any) -> None:
    run = eg.init("rllib", root=tmp_path, capture_code=False)
    config = (
        algorithm()
        .environment("Pendulum-v1", env_config={"g": 9.0, "max_episode_steps": 40})
        .env_runners(num_env_runners=0, rollout_fragment_length=60)
        .callbacks(ethogram_callbacks(run, record=eg.every(1), checkpoint_every=1))
    )
    trained(config)
    run.finish()
    view = eg.open(run)
    episode = view.episode(0)
    assert episode.row["length"] == 40
    _, sin, speed = episode.field("observation").numpy().T
    action = episode.field("action").numpy()[:40, 0]
    # Pendulum's own law: mass and length are 1, a step is 0.05 s.
    law = speed[:-1] + (1.5 * 9.0 * sin[:-1] + 3.0 * action) * 0.05
    np.testing.assert_allclose(speed[1:], np.clip(law, -8, 8), atol=1e-4)
    assert 1.0 < abs(action).max() <= 2.0
    # The network says what was logged, and the environment is made again as it was.
    kept = view.checkpoint(0).model
    said = kept({kept.inputs[0].name: episode.field("observation").numpy()[:40]})
    np.testing.assert_allclose(episode.field("action_mean").numpy()[:40], said["action_mean"], rtol=1e-4, atol=1e-5)
    again = eg.open(eg.rollout(view, episodes=1, root=tmp_path))
    assert again.episode(0).row["length"] == 40
    assert again.info["system"]["env_spec"]["kwargs"]["g"] == 9.0


def test_environments_in_processes_of_their_own_are_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    run = eg.init("rllib", root=tmp_path, capture_code=False)
    config = (
        PPOConfig()
        .environment("CartPole-v1", env_config={"render_mode": "rgb_array"})
        .env_runners(num_env_runners=0, num_envs_per_env_runner=2, gym_env_vectorize_mode="async")
        .callbacks(ethogram_callbacks(run, record=eg.every(4)))
    )
    trained(config)
    run.finish()
    view = eg.open(run)
    assert view.info["env"]["num_envs"] == 2
    episode = view.episode(0)
    frames = episode.field("frame").numpy()
    assert frames.shape == (episode.row["length"] + 1, 400, 600, 3)
    # Each picture is drawn with the cart where the observation has it.
    seen = episode.field("observation").numpy()
    for step in (0, episode.row["length"] // 2):
        black = np.argwhere((frames[step] == 0).all(-1))[:, 1]
        assert abs(np.median(black) - (300 + seen[step, 0] * 600 / 4.8)) < 3


def test_each_agent_has_an_episode_of_its_own(tmp_path: Path) -> None:
    run = eg.init("rllib", root=tmp_path, capture_code=False)
    config = (
        PPOConfig()
        .environment(Duel)
        .multi_agent(
            policies={"one", "two"}, policy_mapping_fn=lambda agent, *_, **__: "one" if agent == "first" else "two"
        )
        .env_runners(num_env_runners=0, rollout_fragment_length=50)
        .callbacks(ethogram_callbacks(run, record=eg.every(2)))
    )
    trained(config)
    run.finish()
    view = eg.open(run)
    assert view.info["env"]["agents"] == ["first", "second"]
    table = view.episodes().numpy()
    over = table["end"] == "terminated"
    matches: dict[str, list[int]] = {}
    for place in np.flatnonzero(over):
        matches.setdefault(view.episode(int(table["episode"][place])).row["extra"]["match"], []).append(place)
    assert len(matches) > 10
    for places in matches.values():
        assert sorted(table["agent"][places]) == ["first", "second"]
        assert len(set(table["recorded"][places])) == 1
    first = over & (table["agent"] == "first")
    assert set(table["length"][first]) == {LENGTH}
    assert set(table["length"][over & ~first]) == {(LENGTH + 1) // 2}
    assert set(table["episode_return"][first]) == {LENGTH * 1.0}
    recorded = view.episode(int(table["episode"][over & ~first & table["recorded"].astype(bool)][0]))
    seen = recorded.field("observation").numpy()[:, 0]
    assert seen.tolist() == [0, 2, 4, 6, 8, 9]
    assert recorded.field("logits").numpy().shape == (6, 2)


def test_env_runners_that_do_not_see_the_run_go_on(tmp_path: Path) -> None:
    run = eg.init("rllib", root=tmp_path, capture_code=False)
    callbacks = ethogram_callbacks(run, record=eg.always)
    callbacks.root = str(tmp_path / "elsewhere")
    config = PPOConfig().environment("CartPole-v1").env_runners(num_env_runners=1).callbacks(callbacks)
    result = trained(config)
    run.finish()
    assert result["num_env_steps_sampled_lifetime"] >= 300
    assert len(eg.open(run).episodes()["length"]) == 0
