"""SBX, which is Stable-Baselines3 in JAX: its algorithms are recorded by the same callback and kept in one call."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
import sbx

import ethogram as eg
from ethogram.integrations.stable_baselines3 import EthogramCallback

ALGORITHMS = {
    "ppo": ("PPO", "CartPole-v1", {"n_steps": 64, "batch_size": 32, "n_epochs": 1}, {"logits", "value"}),
    "ppo, continuous": (
        "PPO", "Pendulum-v1", {"n_steps": 64, "batch_size": 32, "n_epochs": 1}, {"action_mean", "log_std", "value"}
    ),
    "dqn": ("DQN", "CartPole-v1", {"learning_starts": 50}, {"q_values"}),
    "sac": ("SAC", "Pendulum-v1", {"learning_starts": 50}, {"action_mean", "value"}),
    "td3": ("TD3", "Pendulum-v1", {"learning_starts": 50}, {"action_mean", "value"}),
    "tqc": ("TQC", "Pendulum-v1", {"learning_starts": 50}, {"action_mean", "value"}),
    "crossq": ("CrossQ", "Pendulum-v1", {"learning_starts": 50}, {"action_mean", "value"}),
}  # fmt: skip
FIELDS = {"log_std": "action_log_std"}


def short(name: str) -> Any:
    return gymnasium.make(name, max_episode_steps=20)


@pytest.mark.parametrize("which", ALGORITHMS)
def test_an_algorithm_is_recorded_and_kept(which: str, run: eg.Run) -> None:
    name, env, settings, roles = ALGORITHMS[which]
    model = getattr(sbx, name)("MlpPolicy", short(env), seed=3, **settings)
    # Nothing is learned after the last rollout, so that its words are those of the weights that are kept.
    model.learn(64 if name == "PPO" else 40, callback=EthogramCallback(run, record=eg.always))
    if name != "PPO":
        run.checkpoint(model, global_step=1_000)
    else:
        before = sbx.PPO("MlpPolicy", short(env), seed=3, **settings)
        run.checkpoint(before, global_step=1_000)
    run.finish()
    view = eg.open(run)
    kept = view.checkpoint(1_000).model
    episode = view.episode(1)
    seen = episode.field("observation").numpy()[:-1]
    said = kept({kept.inputs[0].name: seen})
    assert set(said) == roles
    for role in roles:
        recorded = episode.field(FIELDS.get(role, role)).numpy()[: len(seen)]
        np.testing.assert_allclose(said[role].reshape(recorded.shape), recorded, rtol=1e-4, atol=1e-5, err_msg=role)
    if name in ("SAC", "TD3", "TQC", "CrossQ"):
        likeliest, _ = model.predict(seen, deterministic=True)
        np.testing.assert_allclose(said["action_mean"], likeliest, rtol=1e-4, atol=1e-5)
        squashed = model.policy.scale_action(likeliest)
        if name != "TQC":
            critics = model.policy.qf_state
            held = {"batch_stats": critics.batch_stats} if name == "CrossQ" else {}
            weights = critics.params if "params" in critics.params else {"params": critics.params}
            expected = np.asarray(critics.apply_fn({**weights, **held}, seen, squashed)).min(0)[:, 0]
            np.testing.assert_allclose(said["value"], expected, rtol=1e-4, atol=1e-5)


def test_what_is_recorded_is_of_the_weights_of_the_moment(run: eg.Run) -> None:
    """Learning puts other weights in their place."""
    model = sbx.PPO("MlpPolicy", short("CartPole-v1"), seed=3, n_steps=64, batch_size=32, learning_rate=0.05)
    model.learn(128, callback=EthogramCallback(run, record=eg.always, checkpoint_every=64))
    run.finish()
    view = eg.open(run)
    table = view.episodes().numpy()
    last = view.episode(int(table["episode"][table["global_step"] >= 64][0]))
    seen = last.field("observation").numpy()[:-1]
    recorded = last.field("logits").numpy()[: len(seen)]
    off = {step: np.abs(view.checkpoint(step).model({"obs": seen})["logits"] - recorded).max() for step in (0, 64)}
    assert off[64] < 1e-4 < 1e-2 < off[0], off


def test_critics_that_draw_chances_say_no_value(run: eg.Run) -> None:
    settings = {"dropout_rate": 0.1, "net_arch": [16]}
    model = sbx.SAC("MlpPolicy", short("Pendulum-v1"), policy_kwargs=settings, learning_starts=50)
    run.checkpoint(model, global_step=0)
    run.finish()
    assert [port.name for port in eg.open(run).checkpoint(0).model.outputs] == ["action_mean"]


def test_pictures_are_explained_as_the_environment_made_them(run: eg.Run) -> None:
    class Pictures(gymnasium.Env[Any, Any]):
        observation_space = gymnasium.spaces.Box(0, 255, (40, 44, 3), np.uint8)
        action_space = gymnasium.spaces.Discrete(3)

        def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
            super().reset(seed=seed)
            return self.np_random.integers(0, 256, (40, 44, 3), np.uint8), {}

        def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
            return self.np_random.integers(0, 256, (40, 44, 3), np.uint8), 1.0, False, False, {}

    env = gymnasium.wrappers.TimeLimit(Pictures(), 8)
    model = sbx.PPO("CnnPolicy", env, n_steps=16, batch_size=16, n_epochs=1, seed=1)
    run.checkpoint(model, global_step=0)
    run.finish()
    kept = eg.open(run).checkpoint(0)
    assert kept.signature is not None
    (given,) = kept.signature["inputs"].values()
    assert given["preprocessing"] == [{"op": "transpose", "axes": [2, 0, 1]}]
    rows = np.random.default_rng(2).integers(0, 256, (2, 3, 40, 44), np.uint8)
    found = kept.model({kept.model.inputs[0].name: rows})
    expected = model.policy.actor_state.apply_fn(model.policy.actor_state.params, rows)
    np.testing.assert_allclose(found["logits"], expected.logits, rtol=1e-4, atol=1e-5)


def test_what_is_not_taken_is_told_and_recorded_all_the_same(tmp_path: Path) -> None:
    with (
        pytest.warns(eg.EthogramWarning, match="found Discrete and Discrete"),
        eg.init("tests", root=tmp_path, capture_code=False) as run,
    ):
        lake = gymnasium.make("FrozenLake-v1")
        sbx.DQN("MlpPolicy", lake, learning_starts=50).learn(40, callback=EthogramCallback(run, record=eg.always))
    view = eg.open(run)
    assert len(view.episodes()["length"]) > 1
    assert "observation" in view.episode(0).fields
