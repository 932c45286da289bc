"""The callback for Stable-Baselines3: nothing in training changes, and everything of it arrives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
import sb3_contrib
import stable_baselines3 as sb3
import torch
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from stable_baselines3.common.vec_env import VecNormalize

import ethogram as eg
from ethogram.integrations.stable_baselines3 import EthogramCallback


def small() -> dict[str, Any]:
    """Anew each time, for some algorithms write into them."""
    return {"policy_kwargs": {"net_arch": [16]}, "seed": 3, "device": "cpu"}


def cartpole() -> Any:
    kwargs = {"max_episode_steps": 12, "render_mode": "rgb_array"}
    return make_vec_env("CartPole-v1", n_envs=2, env_kwargs=kwargs)


def pendulum() -> Any:
    return VecNormalize(make_vec_env("Pendulum-v1", n_envs=1, env_kwargs={"max_episode_steps": 20}))


def rows(table: eg.Table) -> list[dict[str, Any]]:
    columns = {name: (column.numpy().tolist(), column.valid.tolist()) for name, column in table.items()}
    return [
        {name: values[row] if valid[row] else None for name, (values, valid) in columns.items()}
        for row in range(table.rows)
    ]


ALGORITHMS = {
    "ppo": lambda: sb3.PPO("MlpPolicy", cartpole(), n_steps=16, batch_size=32, n_epochs=1, **small()),
    "dqn": lambda: sb3.DQN("MlpPolicy", cartpole(), learning_starts=20, **small()),
    "sac": lambda: sb3.SAC("MlpPolicy", pendulum(), learning_starts=20, **small()),
    "recurrent_ppo": lambda: sb3_contrib.RecurrentPPO(
        "MlpLstmPolicy", cartpole(), n_steps=16, batch_size=16, n_epochs=1, seed=3, device="cpu"
    ),
}  # fmt: skip


def weights(model: Any) -> list[np.ndarray]:
    return [value.detach().numpy() for value in model.policy.state_dict().values()]


@pytest.mark.parametrize("name", ALGORITHMS)
def test_the_same_seed_learns_the_same_with_the_callback_and_without(name: str, tmp_path: Path) -> None:
    plain = ALGORITHMS[name]().learn(64)
    with eg.init("tests", root=tmp_path, strict=True, capture_code=False) as run:
        watched = ALGORITHMS[name]().learn(64, callback=EthogramCallback(run, record=eg.always))
    for mine, theirs in zip(weights(watched), weights(plain), strict=True):
        np.testing.assert_array_equal(mine, theirs)


class Remembering(BaseFeaturesExtractor):
    """Draws chances and counts what it was asked, of which its features are a function."""

    def __init__(self, space: gymnasium.Space) -> None:
        super().__init__(space, 4)
        self.register_buffer("asked", torch.zeros(()))
        self.calls = 0

    def forward(self, observations: torch.Tensor) -> torch.Tensor:
        self.asked, self.calls = self.asked + 1, self.calls + 1
        return observations + torch.randn(observations.shape) + 0.01 * (self.asked + self.calls)


def test_the_same_seed_learns_the_same_with_features_that_draw_and_remember(tmp_path: Path) -> None:
    def learned(callback: Any) -> Any:
        options = {"features_extractor_class": Remembering, "net_arch": [16]}
        model = sb3.PPO("MlpPolicy", cartpole(), n_steps=16, n_epochs=1, seed=3, device="cpu", policy_kwargs=options)
        return model.learn(64, callback=callback)

    with eg.init("tests", root=tmp_path, strict=True, capture_code=False) as run:
        watched = learned(EthogramCallback(run, record=eg.always))
    for mine, theirs in zip(weights(watched), weights(learned(None)), strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, eg.RunView]:
    torch.manual_seed(0)
    model = ALGORITHMS["ppo"]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ETHOGRAM_EXPORTER", "torchscript")
        with eg.init("tests", root=tmp_path_factory.mktemp("runs"), strict=True, capture_code=False) as run:
            model.learn(96, callback=EthogramCallback(run, record=eg.always, checkpoint_every=64), log_interval=1)
    return model, eg.open(run)


def test_scalars_of_the_logger_arrive(recorded: tuple[Any, eg.RunView]) -> None:
    _, view = recorded
    assert {"train/loss", "train/value_loss", "rollout/ep_rew_mean", "time/fps"} <= set(view.tags)
    assert view.scalars("train/loss")["step"].numpy().tolist() == [64, 96]
    assert view.info["config"]["n_steps"] == 16
    assert view.info["config"]["algorithm"] == "PPO"
    assert view.info["gamma"] == pytest.approx(0.99)
    assert (view.info["env"]["id"], view.info["env"]["num_envs"]) == ("CartPole-v1", 2)


def test_episodes_have_every_step_and_what_the_policy_said(recorded: tuple[Any, eg.RunView]) -> None:
    _, view = recorded
    ended = [row for row in rows(view.episodes()) if row["end"] in ("terminated", "truncated")]
    assert len(ended) >= 4
    assert {row["end"] for row in ended} >= {"truncated"}
    assert sorted(row["seed"] for row in ended if row["seed"] is not None) == [3, 4]
    for row in ended:
        episode, length = view.episode(row["episode"]), row["length"]
        assert row["env_return"] == row["episode_return"] == length
        for field in ("observation", "value", "logits", "frame"):
            assert episode.field(field).valid.tolist() == [True] * (length + 1), field
        assert episode.field("action").numpy()[:length].max() <= 1


def test_a_seeded_episode_is_what_its_environment_plays(recorded: tuple[Any, eg.RunView]) -> None:
    _, view = recorded
    row = next(row for row in rows(view.episodes()) if row["seed"] == 3)
    episode = view.episode(row["episode"])
    env = gymnasium.make("CartPole-v1", max_episode_steps=12, render_mode="rgb_array")
    observation, _ = env.reset(seed=3)
    frames = [env.render()]
    seen = [observation]
    for action in episode.field("action").numpy()[: row["length"]]:
        observation, *_ = env.step(int(action))
        seen.append(observation)
        frames.append(env.render())
    np.testing.assert_array_equal(episode.field("observation").numpy(), np.stack(seen))
    np.testing.assert_array_equal(episode.frames(), np.stack(frames))


def test_only_a_reset_with_a_seed_has_one(tmp_path: Path) -> None:
    env = make_vec_env("CartPole-v1", n_envs=2)
    with eg.init("tests", root=tmp_path, strict=True, capture_code=False) as run:
        model = sb3.PPO("MlpPolicy", env, n_steps=16, batch_size=32, n_epochs=1, **small())
        model.learn(32, callback=EthogramCallback(run, record=eg.always))
        again = int(eg.open(run).episodes().rows)
        model.learn(32, callback=EthogramCallback(run, record=eg.always))
    found = rows(eg.open(run).episodes())
    assert [row["seed"] for row in found[:2]] == [3, 4]
    assert [row["seed"] for row in found[2:]] == [None] * (len(found) - 2) and len(found) > again


def test_an_environment_that_was_reset_before_training_has_no_seed(tmp_path: Path) -> None:
    env = VecNormalize(make_vec_env("Pendulum-v1", n_envs=2))
    with eg.init("tests", root=tmp_path, strict=True, capture_code=False) as run:
        model = sb3.PPO("MlpPolicy", env, n_steps=16, batch_size=32, n_epochs=1, **small())
        env.reset()
        model.learn(32, callback=EthogramCallback(run, record=eg.always))
        env.seed(11)
        model.learn(32, callback=EthogramCallback(run, record=eg.always))
    assert [row["seed"] for row in rows(eg.open(run).episodes())] == [None, None, 11, 12]


def test_row_a20_the_checkpoint_says_what_was_logged(recorded: tuple[Any, eg.RunView]) -> None:
    model, view = recorded
    assert [row["global_step"] for row in rows(view.checkpoints())] == [0, 64, 96]
    # Steps of the first rollout were taken by the weights before training.
    episode = view.episode(0)
    said = view.checkpoint(0).model(episode.field("observation").numpy())
    np.testing.assert_allclose(said["logits"], episode.field("logits").numpy(), atol=1e-5)
    np.testing.assert_allclose(said["value"][:, 0], episode.field("value").numpy(), atol=1e-5)
    last = view.checkpoint().model(episode.field("observation").numpy())["value"][:, 0]
    with torch.no_grad():
        expected = model.policy.predict_values(torch.as_tensor(episode.field("observation").numpy().copy()))
    np.testing.assert_allclose(last, expected[:, 0].numpy(), atol=1e-5)


def test_normalised_observations_are_recorded_as_the_environment_made_them(tmp_path: Path) -> None:
    with eg.init("tests", root=tmp_path, strict=True, capture_code=False) as run:
        ALGORITHMS["sac"]().learn(50, callback=EthogramCallback(run, record=eg.always))
    episode = eg.open(run).episode(0)
    env = gymnasium.make("Pendulum-v1", max_episode_steps=20)
    observation, _ = env.reset(seed=3)
    seen, rewards = [observation], []
    for action in episode.field("action").numpy()[:20]:
        observation, reward, *_ = env.step(action)
        seen.append(observation)
        rewards.append(reward)
    np.testing.assert_allclose(episode.field("observation").numpy()[:20], np.stack(seen)[:20], atol=1e-6)
    np.testing.assert_allclose(episode.field("reward").numpy()[:20], rewards, rtol=1e-5)


def test_a_recurrent_policy_is_explained_with_its_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ETHOGRAM_EXPORTER", "torchscript")
    model = ALGORITHMS["recurrent_ppo"]()
    with eg.init("tests", root=tmp_path, strict=True, capture_code=False) as run:
        model.learn(32, callback=EthogramCallback(run, record=eg.always, checkpoint_every=1000))
    view = eg.open(run)
    episode = view.episode(0)
    memory = episode.field("recurrent_state/h").numpy()
    assert not memory[0].any()
    assert memory[1].any()
    states = {
        name: episode.field(f"recurrent_state/{name}").numpy()[:8].reshape(8, 1, -1).swapaxes(0, 1)
        for name in ("h", "c", "h_critic", "c_critic")
    }
    said = view.checkpoint(0).model({"obs": episode.field("observation").numpy()[:8], **states})
    np.testing.assert_allclose(said["logits"], episode.field("logits").numpy()[:8], atol=1e-5)
    found = episode.field("attribution/saliency", target="action")
    assert found.valid[:8].all()


@pytest.mark.parametrize(
    "critic", [{}, {"shared_lstm": True, "enable_critic_lstm": False}, {"enable_critic_lstm": False}]
)
def test_a_recurrent_policy_says_what_a_truncated_episode_was_still_worth(
    tmp_path: Path, critic: dict[str, bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    model = sb3_contrib.RecurrentPPO(
        "MlpLstmPolicy", make_vec_env("Pendulum-v1", n_envs=2, env_kwargs={"max_episode_steps": 10}), n_steps=16,
        batch_size=16, n_epochs=1, seed=3, device="cpu",
        policy_kwargs={"n_lstm_layers": 2, "lstm_hidden_size": 8, **critic},
    )  # fmt: skip
    asked, told = model.policy.predict_values, []

    def predict_values(obs: Any, states: Any, starts: Any) -> Any:
        value = asked(obs, states, starts)
        # Once a rollout it asks of all environments; of one it does where an episode was cut, to bootstrap from it.
        if obs.shape[0] == 1:
            told.append((obs.numpy().copy(), float(value)))
        return value

    monkeypatch.setattr(model.policy, "predict_values", predict_values)
    with eg.init("tests", root=tmp_path, strict=True, capture_code=False) as run:
        model.learn(64, callback=EthogramCallback(run, record=eg.always))
    view = eg.open(run)
    compared = 0
    for row in rows(view.episodes()):
        if row["end"] != "truncated" or not row["recorded"]:
            continue
        episode = view.episode(row["episode"])
        seen = episode.field("observation").numpy()[row["length"]]
        [worth] = [value for obs, value in told if np.array_equal(obs[0], seen)]
        assert episode.field("value").numpy()[row["length"]] == pytest.approx(worth, abs=1e-6)
        assert episode.field("recurrent_state/h").numpy()[row["length"]].any()
        compared += 1
    assert compared >= 2


def test_a_fault_is_told_and_training_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ethogram.integrations import sb3_recorder

    def broken(self: Any, told: Any) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(sb3_recorder.StepRecorder, "step", broken)
    with eg.init("tests", root=tmp_path, capture_code=False) as run, pytest.warns(eg.EthogramWarning, match="broken"):
        ALGORITHMS["ppo"]().learn(32, callback=EthogramCallback(run))
    assert run.faults["stable_baselines3"] == 16


def test_row_b16_a_saved_model_plays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ethogram import rollout_command

    monkeypatch.setenv("ETHOGRAM_EXPORTER", "torchscript")
    model = ALGORITHMS["dqn"]()
    saved = tmp_path / "model.zip"
    model.save(saved)
    command = [
        str(saved),
        "--sb3",
        "DQN",
        "--env",
        "CartPole-v1",
        "--episodes",
        "2",
        "--seed",
        "3",
        "--root",
        str(tmp_path),
    ]
    assert rollout_command.main(command) == 2, "a file that runs code is not loaded unasked"
    assert rollout_command.main([*command, "--allow-pickle"]) == 0
    (folder,) = (tmp_path / "rollouts").iterdir()
    view = eg.open(folder)
    assert view.episodes().rows == 2
    episode = view.episode(1)
    length = episode.row["length"]
    seen = episode.field("observation").numpy()[:length]
    actions, _ = model.predict(seen, deterministic=True)
    assert episode.field("action").numpy()[:length].tolist() == actions.tolist()
    assert eg.replay(view, 1).exact
