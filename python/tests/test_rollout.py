"""B-16, U-1, N-3: a saved policy plays, a recorded episode is played again to the bit, and goes on differently."""

from __future__ import annotations

import sys
import types
import uuid
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from conftest import rows
from environments import NESTED, Counter, Sampled

import ethogram as eg
from ethogram import rollout_command
from ethogram.player import Player, prepare

LIMIT = 30


def cartpole_network(gain: float) -> bytes:
    """Q-values of CartPole: pushes to where the pole leans (gain above 0) or away (below)."""
    from networks import linear

    weight = np.array([[0, 0], [0, 0], [-1, 1], [-0.5, 0.5]], np.float32) * gain
    return linear(weight)


def network_signature() -> dict[str, Any]:
    return eg.signature(observation="x", q_values="y")


@pytest.fixture
def played(root: Path) -> eg.RunView:
    with eg.init("tests", root=root, strict=True, capture_code=False) as run:
        env = gymnasium.make("CartPole-v1", render_mode="rgb_array", max_episode_steps=LIMIT)
        env = eg.record(env, run, schedule=eg.always)
        run.checkpoint(cartpole_network(1.0), global_step=0, name="leans", signature=network_signature())
        run.checkpoint(cartpole_network(-1.0), global_step=5, name="falls", signature=network_signature())
        for seed in (7, 8):
            observation, _ = env.reset(seed=seed)
            done = False
            while not done:
                observation, _, terminated, truncated, _ = env.step(int(observation[2] > 0))
                done = terminated or truncated
    return eg.open(run)


def test_row_b16_a_checkpoint_plays_its_environment(played: eg.RunView, root: Path) -> None:
    run = eg.rollout(f"{played.folder}@leans", episodes=2, seed=3, root=root)
    view = eg.open(run)
    assert [row["seed"] for row in rows(view.episodes())] == [3, 4]
    assert all(row["evaluation"] and row["recorded"] for row in rows(view.episodes()))
    episode = view.episode(0)
    observations = episode.field("observation").numpy()
    q_values = view.checkpoint().model(observations)["y"]
    length = episode.row["length"]
    np.testing.assert_allclose(episode.field("q_values").numpy()[:length], q_values[:length], atol=1e-6)
    assert episode.field("action").numpy()[:length].tolist() == q_values[:length].argmax(1).tolist()
    assert episode.field("greedy").numpy()[:length].all()
    assert episode.frames().shape[0] == length + 1
    again = eg.open(eg.rollout(f"{played.folder}@leans", episodes=2, seed=3, root=root))
    np.testing.assert_array_equal(again.episode(1).frames(), view.episode(1).frames())


def test_a_run_or_a_checkpoint_of_one_needs_no_environment(played: eg.RunView, root: Path) -> None:
    for given, name in ((played, "falls"), (played.checkpoint("leans"), "leans")):
        view = eg.open(eg.rollout(given, episodes=1, seed=3, root=root))
        assert view.info["env"]["id"] == "CartPole-v1"
        assert view.info["config"]["run"] == played.info["id"]
        assert view.checkpoint().name == name


def test_row_n3_a_replay_is_the_same_to_the_bit(played: eg.RunView) -> None:
    for index in (0, 1):
        found = eg.replay(played, index)
        assert found.exact
        assert found.steps == played.episode(index).row["length"]
        assert found.frames == len(found.frame_hashes) == found.steps + 1
        assert len(set(found.frame_hashes)) > 1


def test_row_n3_a_replay_that_differs_says_where(played: eg.RunView) -> None:
    class Windy(gymnasium.Wrapper):
        def step(self, action: Any) -> Any:
            observation, *rest = self.env.step(action)
            self.env.unwrapped.state = (*self.env.unwrapped.state[:3], self.env.unwrapped.state[3] + 1e-3)
            return observation, *rest

    found = eg.replay(
        played, 0, lambda: Windy(gymnasium.make("CartPole-v1", render_mode="rgb_array", max_episode_steps=LIMIT))
    )
    assert not found.exact
    # The wind is felt one step after it blew.
    assert found.differences[0].step == 2
    assert found.differences[0].field == "observation"


def test_row_n3_a_fork_goes_on_differently_beside_the_original(played: eg.RunView) -> None:
    before = played.episode(0)
    at = 6
    index = eg.fork(played, 0, at, action=[1, 1, 1], checkpoint="leans")
    view = eg.open(played.folder)
    forked = view.episode(index)
    length = forked.row["length"]
    np.testing.assert_array_equal(
        forked.field("observation").numpy()[: at + 1], before.field("observation").numpy()[: at + 1]
    )
    np.testing.assert_array_equal(forked.frames()[: at + 1], before.frames()[: at + 1])
    actions = forked.field("action").numpy()[:length]
    assert actions[:at].tolist() == before.field("action").numpy()[:at].tolist()
    assert actions[at : at + 3].tolist() == [1, 1, 1]
    # From there on the policy plays.
    q_values = view.checkpoint("leans").model(forked.field("observation").numpy())["y"]
    assert actions[at + 3 :].tolist() == q_values[at + 3 : length].argmax(1).tolist()
    told = {"actions": [1, 1, 1], "checkpoint": "leans", "episode": 0, "step": 6}
    assert forked.row["extra"]["fork"] == told
    assert forked.row["evaluation"]
    assert view.status["state"] == "finished"
    assert eg.replay(view, index).exact, "a fork can be played again, too"


def test_an_observation_without_all_its_numbers_can_be_forked(root: Path) -> None:
    class Blind(gymnasium.ObservationWrapper):
        def observation(self, observation: Any) -> Any:
            return np.where(np.arange(4) == 1, np.nan, observation).astype(np.float32)

    def make() -> Any:
        return Blind(gymnasium.make("CartPole-v1"))

    with eg.init("tests", root=root, strict=True, capture_code=False) as run:
        env = eg.record(make(), run, schedule=eg.always)
        env.reset(seed=1)
        for _ in range(4):
            env.step(1)
        env.close()
    assert eg.replay(run, 0, make).exact
    index = eg.fork(run, 0, 3, action=0, env=make)
    assert eg.open(run).episode(index).row["length"] == 4


def test_another_checkpoint_goes_on(played: eg.RunView) -> None:
    falls = played.episode(eg.fork(played, 0, 3, checkpoint="falls")).row["length"]
    leans = played.episode(eg.fork(played, 0, 3, checkpoint="leans")).row["length"]
    assert falls < leans


def test_without_a_checkpoint_a_fork_ends_with_the_given_actions(root: Path) -> None:
    with eg.init("tests", root=root, strict=True, capture_code=False) as run:
        env = eg.record(gymnasium.make("CartPole-v1"), run, schedule=eg.always)
        env.reset(seed=1)
        for _ in range(5):
            env.step(1)
        env.close()
    index = eg.fork(run, 0, 2, action=[0, 0])
    assert eg.open(run).episode(index).row["length"] == 4
    with pytest.raises(eg.EthogramError, match="expected an action or a checkpoint"):
        eg.fork(run, 0, 2)
    with pytest.raises(eg.EthogramError, match="expected a step from 0 to 4, found 9"):
        eg.fork(run, 0, 9, action=1)


def test_nested_spaces_are_played_again(root: Path) -> None:
    with eg.init("tests", root=root, strict=True, capture_code=False) as run:
        env = eg.record(Sampled(NESTED, NESTED), run, schedule=eg.always)
        env.action_space.seed(2)
        env.reset(seed=4)
        done = False
        while not done:
            *_, done, _, _ = env.step(env.action_space.sample())
    assert eg.replay(run, 0, lambda: Sampled(NESTED, NESTED)).exact


def test_what_cannot_be_played_again_is_said(root: Path) -> None:
    with eg.init("tests", root=root, strict=True, capture_code=False) as run:
        env = eg.record(gymnasium.wrappers.RescaleObservation(Counter(), 0, 1), run, schedule=eg.always)
        env.reset()
        env.step(1)
        env.close()
    with pytest.raises(eg.EthogramError, match="expected the seed that it was reset with"):
        eg.replay(run, 0)


def test_secret_settings_of_an_environment_are_not_kept_and_must_be_brought(root: Path) -> None:
    secret = uuid.uuid4().hex

    def make(api_key: str, cfg: dict[str, Any], size: int) -> gymnasium.Env:
        return Counter()

    gymnasium.register("ethogram-tests/Secretive-v0", make)
    settings = {"api_key": secret, "cfg": {"password": secret, "depth": 1}, "size": 3}
    with eg.init("tests", root=root, strict=True, capture_code=False) as run:
        env = eg.record(gymnasium.make("ethogram-tests/Secretive-v0", **settings), run, schedule=eg.always)
        env.reset(seed=1)
        env.step(1)
    info = eg.open(run).info
    hidden = {"api_key": "[hidden]", "cfg": {"password": "[hidden]", "depth": 1}, "size": 3}
    assert info["system"]["env_spec"]["kwargs"] == hidden
    assert secret not in str(info)
    with pytest.raises(eg.EthogramError, match="settings that are secret, which the run cannot make again"):
        eg.replay(run, 0)


def test_strange_wrappers_must_be_brought(root: Path) -> None:
    with eg.init("tests", root=root, strict=True, capture_code=False) as run:
        inner = gymnasium.wrappers.TransformReward(gymnasium.make("CartPole-v1"), lambda reward: reward * 2)
        env = eg.record(inner, run, schedule=eg.always)
        env.reset(seed=1)
        env.step(1)
        env.close()
    with pytest.raises(eg.EthogramError, match="CartPole-v1 was wrapped in TransformReward"):
        eg.replay(run, 0)


@pytest.mark.parametrize(
    ("fields", "space", "greedy", "expected"),
    [
        ({"logits": [0.0, 9.0, 1.0]}, gymnasium.spaces.Discrete(3, start=5), True, 6),
        ({"logits": [0.0, 9.0, 1.0, 3.0, 0.0]}, gymnasium.spaces.MultiDiscrete([3, 2]), True, [1, 0]),
        ({"logits": [-9.0, 9.0]}, gymnasium.spaces.MultiBinary(2), True, [0, 1]),
        ({"action_mean": [0.5, 9.0]}, gymnasium.spaces.Box(-1, 1, (2,)), True, [0.5, 1.0]),
        ({"quantiles": [[0.0, 1.0], [0.0, 3.0]]}, gymnasium.spaces.Discrete(2), False, 1),
        ({"q_heads": [[0.0, 1.0], [5.0, 1.0], [0.0, 1.0]]}, gymnasium.spaces.Discrete(2), False, 1),
        ({"atoms": [0.0, 1.0], "atom_probabilities": [[0.2, 0.8], [0.9, 0.1]]}, gymnasium.spaces.Discrete(2), False, 0),
    ],
)
def test_every_kind_of_policy_chooses(fields: Any, space: Any, greedy: bool, expected: Any) -> None:
    class Said:
        inputs = ()

        def __call__(self, inputs: Any) -> Any:
            return {name: np.asarray(value, np.float32)[None] for name, value in fields.items()}

    signature = eg.signature(observation="x", **{name: name for name in fields})
    player = Player(Said(), signature, space, greedy=greedy)  # type: ignore[arg-type]
    player.begin(1)
    action, _ = player.act(np.zeros(1))
    assert np.asarray(action).tolist() == expected
    assert space.contains(action)


def test_drawn_actions_have_the_policys_chances() -> None:
    class Said:
        inputs = ()

        def __call__(self, inputs: Any) -> Any:
            return {"logits": np.log(np.array([[0.2, 0.8]], np.float32))}

    player = Player(Said(), eg.signature(observation="x", logits="logits"), gymnasium.spaces.Discrete(2))  # type: ignore[arg-type]
    player.begin(1)
    drawn = [player.act(np.zeros(1))[0] for _ in range(2000)]
    assert abs(np.mean(drawn) - 0.8) < 0.03


def test_observations_are_prepared_as_the_signature_says() -> None:
    picture = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    steps = [{"op": "transpose", "axes": [2, 0, 1]}, {"op": "scale", "by": 1 / 255}, {"op": "unsqueeze", "axis": 0}]
    np.testing.assert_allclose(prepare(picture, steps), picture.transpose(2, 0, 1)[None] / 255, rtol=1e-6)
    steps = [{"op": "shift", "by": [1, 2]}, {"op": "clip", "low": 0, "high": 3}, {"op": "flatten"}]
    assert prepare(np.array([-5.0, 9.0]), steps).tolist() == [0, 3]
    assert prepare(np.array(2), [{"op": "one_hot", "count": 4}]).tolist() == [0, 0, 1, 0]
    with pytest.raises(eg.EthogramError, match="found 'blur'"):
        prepare(picture, [{"op": "blur"}])


def test_what_cannot_be_played_is_told_before_it_is(
    played: eg.RunView, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def said(*options: str) -> str:
        assert rollout_command.main([str(played.folder), "--root", str(root), *options]) == 2
        return capsys.readouterr().err

    assert "env: expected an id that Gymnasium knows, found 'Nope-v0'" in said("--env", "Nope-v0")
    assert "environments has no function 'nope' either" in said("--env", "environments:nope")
    assert "episodes: expected at least 1, found 0" in said("--episodes", "0")
    assert "action: expected a whole number from 0 to 1, found 7" in said("--fork", "0:3", "--action", "7")
    assert "action: expected a whole number from 0 to 1, found [0.5]" in said("--fork", "0:3", "--action", "[0.5]")
    played.refresh()
    assert len(rows(played.episodes())) == 2, "no fork was begun"
    with eg.init(root=root) as empty:
        empty.log({"loss": 1.0}, global_step=0)
    with pytest.raises(eg.EthogramError, match=r"no checkpoint in this run; run\.checkpoint"):
        eg.open(empty).checkpoint()


def test_files_of_stable_baselines3_are_told_how_they_play(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tmp_path / "model.zip"
    model.write_bytes(b"no archive")

    class Broken:
        @staticmethod
        def load(_path: str, device: str) -> None:
            raise ValueError(f"not a zip file, on {device}")

    def said(*options: str) -> str:
        assert rollout_command.main([str(model), "--root", str(root), "--env", "CartPole-v1", *options]) == 2
        return capsys.readouterr().err

    assert "a model that Stable-Baselines3 saved is played by --sb3 PPO" in said()
    assert "expected --allow-pickle beside it" in said("--sb3", "PPO")
    for library in ("stable_baselines3", "sb3_contrib"):
        monkeypatch.setitem(sys.modules, library, None)
    missing = said("--sb3", "PPO", "--allow-pickle")
    assert "found 'PPO'; not installed: stable_baselines3, sb3_contrib (pip install" in missing
    monkeypatch.setitem(sys.modules, "stable_baselines3", types.SimpleNamespace(PPO=Broken))
    assert "model.zip: expected a model that PPO saved: not a zip file" in said("--sb3", "PPO", "--allow-pickle")
    assert "found 'PPQ'; not installed: sb3_contrib" in said("--sb3", "PPQ", "--allow-pickle")


def test_the_command_plays_replays_and_forks(
    played: eg.RunView, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert rollout_command.main([f"{played.folder}@leans", "--episodes", "2", "--root", str(root)]) == 0
    said = capsys.readouterr().out
    assert "2 episodes, mean return 30" in said
    assert rollout_command.main([f"{played.folder}@leans", "--episodes", "1", "--root", str(root)]) == 0
    assert "1 episode, mean return 30" in capsys.readouterr().out
    assert rollout_command.main([str(played.folder), "--replay", "1"]) == 0
    assert "the same to the bit" in capsys.readouterr().out
    assert rollout_command.main([f"{played.folder}@falls", "--fork", "0:4", "--action", "1"]) == 0
    assert "episode 2: return" in capsys.readouterr().out
    assert rollout_command.main([str(played.folder), "--fork", "4"]) == 2
    assert "expected EPISODE:STEP" in capsys.readouterr().err
    assert rollout_command.main(["nothing/here"]) == 2
