"""Every policy of Stable-Baselines3 that `run.checkpoint` takes says as a network what it says itself."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
import sb3_contrib
import stable_baselines3 as sb3
import torch
from gymnasium import spaces
from stable_baselines3.common.vec_env import DummyVecEnv, VecFrameStack, VecNormalize

import ethogram as eg
from ethogram import export
from ethogram.integrations.adapted import adapted
from ethogram.integrations.sb3_policy import Layout

TOLERANCE = 1e-5
SMALL = {"net_arch": [16, 16]}


class Drawn(gymnasium.Env):
    """Observations drawn from any space."""

    def __init__(self, observation: spaces.Space, action: spaces.Space) -> None:
        self.observation_space, self.action_space = observation, action

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict]:
        super().reset(seed=seed)
        self.observation_space.seed(seed)
        return self.observation_space.sample(), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict]:
        return self.observation_space.sample(), 0.0, False, False, {}


BOX = spaces.Box(-2, 2, (5,), np.float32)
PICTURE = spaces.Box(0, 255, (40, 36, 3), np.uint8)
NESTED = spaces.Dict({"camera": PICTURE, "speed": spaces.Box(-1, 1, (3,), np.float32), "gear": spaces.Discrete(4)})
STEER = spaces.Box(np.array([-2, 0], np.float32), np.array([2, 5], np.float32))


def venv(observation: spaces.Space, action: spaces.Space) -> DummyVecEnv:
    return DummyVecEnv([lambda: Drawn(observation, action)])


def normalized() -> VecNormalize:
    env = VecNormalize(venv(BOX, STEER), clip_obs=1.5)
    env.reset()
    for _ in range(50):
        env.step(np.array([STEER.sample()]))
    return env


def off() -> dict[str, Any]:
    """Settings of algorithms with a buffer; anew each time, for some write into them."""
    return {"policy_kwargs": dict(SMALL), "buffer_size": 10, "device": "cpu"}


ON: dict[str, Any] = {"device": "cpu", "n_steps": 8}
MAKERS: dict[str, Callable[[], Any]] = {
    "ppo": lambda: sb3.PPO("MlpPolicy", venv(BOX, spaces.Discrete(3)), **ON, policy_kwargs=dict(SMALL)),
    "ppo_discrete_observation": lambda: sb3.PPO("MlpPolicy", venv(spaces.Discrete(7), spaces.Discrete(3)), **ON),
    "ppo_choices": lambda: sb3.PPO(
        "MlpPolicy", venv(spaces.MultiDiscrete([3, 4]), spaces.MultiDiscrete([2, 3])), **ON
    ),
    "ppo_pictures": lambda: sb3.PPO("CnnPolicy", venv(PICTURE, spaces.Discrete(3)), **ON),
    "ppo_stack": lambda: sb3.PPO(
        "CnnPolicy", VecFrameStack(venv(spaces.Box(0, 255, (40, 36, 1), np.uint8), spaces.Discrete(3)), 4), **ON
    ),
    "ppo_dict": lambda: sb3.PPO("MultiInputPolicy", venv(NESTED, spaces.Discrete(3)), **ON),
    "ppo_normalized": lambda: sb3.PPO("MlpPolicy", normalized(), **ON),
    "ppo_sde": lambda: sb3.PPO("MlpPolicy", venv(BOX, STEER), use_sde=True, **ON),
    "a2c": lambda: sb3.A2C("MlpPolicy", venv(BOX, STEER), **ON),
    "a2c_switches": lambda: sb3.A2C("MlpPolicy", venv(BOX, spaces.MultiBinary(4)), **ON),
    "dqn": lambda: sb3.DQN("MlpPolicy", venv(BOX, spaces.Discrete(3)), **off()),
    "dqn_pictures": lambda: sb3.DQN("CnnPolicy", venv(PICTURE, spaces.Discrete(3)), buffer_size=10, device="cpu"),
    "sac": lambda: sb3.SAC("MlpPolicy", venv(BOX, STEER), **off()),
    "td3": lambda: sb3.TD3("MlpPolicy", venv(BOX, STEER), **off()),
    "ddpg": lambda: sb3.DDPG("MlpPolicy", venv(BOX, STEER), **off()),
    "qrdqn": lambda: sb3_contrib.QRDQN("MlpPolicy", venv(BOX, spaces.Discrete(3)), **off()),
    "tqc": lambda: sb3_contrib.TQC("MlpPolicy", venv(BOX, STEER), **off()),
    "trpo": lambda: sb3_contrib.TRPO("MlpPolicy", venv(BOX, spaces.Discrete(3)), **ON),
    "recurrent_ppo": lambda: sb3_contrib.RecurrentPPO("MlpLstmPolicy", venv(BOX, spaces.Discrete(3)), **ON),
    "recurrent_ppo_shared": lambda: sb3_contrib.RecurrentPPO(
        "MlpLstmPolicy", venv(BOX, STEER), **ON,
        policy_kwargs={"shared_lstm": True, "enable_critic_lstm": False, "lstm_hidden_size": 8},
    ),
    "recurrent_ppo_no_critic": lambda: sb3_contrib.RecurrentPPO(
        "MlpLstmPolicy", venv(BOX, spaces.Discrete(3)), **ON,
        policy_kwargs={"enable_critic_lstm": False, "lstm_hidden_size": 8},
    ),
}  # fmt: skip


def own(model: Any, batch: Any, states: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What the policy says by its own methods, of a batch as the policy receives it."""
    policy = model.policy
    policy.set_training_mode(False)
    observation, _ = policy.obs_to_tensor(batch)
    with torch.no_grad():
        if hasattr(policy, "quantile_net"):
            return {"quantiles": policy.quantile_net(observation).numpy()}
        if hasattr(policy, "q_net"):
            return {"q_values": policy.q_net(observation).numpy()}
        if hasattr(policy, "actor"):
            mean = (
                policy.actor(observation, True)
                if model.__class__.__name__ in ("SAC", "TQC")
                else policy.actor(observation)
            )
            said = model.critic(observation, mean)
            if model.__class__.__name__ == "TQC":
                value = said.mean(dim=(1, 2))[:, None]
            else:
                value = torch.cat(said, 1).min(1, keepdim=True)[0]
            return {"action_mean": policy.unscale_action(mean.numpy()), "value": value.numpy()}
        if states:
            given = {name: torch.as_tensor(state) for name, state in states.items()}
            actor = (given["h"], given["c"])
            critic = (given["h_critic"], given["c_critic"]) if "h_critic" in given else actor
            starts = torch.zeros(len(next(iter(states.values()))[0]))
            distribution, after = policy.get_distribution(observation, actor, starts)
            value = policy.predict_values(observation, critic, starts)
            said = {"h_next": after[0].numpy(), "c_next": after[1].numpy()}
        else:
            distribution, value, said = policy.get_distribution(observation), policy.predict_values(observation), {}
        said["value"] = value.numpy()
        inner = distribution.distribution
        if isinstance(inner, list):
            said["log_probabilities"] = np.concatenate([part.logits.numpy() for part in inner], 1)
        elif isinstance(inner, torch.distributions.Normal):
            said |= {"action_mean": inner.mean.numpy(), "log_std": np.log(inner.stddev.numpy())}
        elif isinstance(inner, torch.distributions.Categorical):
            said["log_probabilities"] = inner.logits.numpy()
        else:
            said["logits"] = inner.logits.numpy()
        return said


def prepared(recorded: np.ndarray, steps: list[dict[str, Any]]) -> np.ndarray:
    """The signature's steps in NumPy, written down here once more."""
    rows = np.asarray(recorded)
    for step in steps:
        match step["op"]:
            case "shift":
                rows = rows + np.reshape(step["by"], rows.shape[1:] if np.ndim(step["by"]) else ())
            case "scale":
                rows = rows * np.reshape(step["by"], rows.shape[1:] if np.ndim(step["by"]) else ())
            case "clip":
                rows = np.clip(rows, step["low"], step["high"])
            case "transpose":
                rows = np.transpose(rows, [0, *(axis + 1 for axis in step["axes"])])
            case "one_hot":
                rows = np.eye(step["count"])[rows.reshape(-1)]
            case other:
                raise AssertionError(other)
    return rows.astype(np.float32)


@pytest.mark.parametrize("name", MAKERS)
def test_row_b16_an_exported_policy_says_what_the_policy_says(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The older exporter is fast; the newer one is tried below.
    monkeypatch.setenv("ETHOGRAM_EXPORTER", "torchscript")
    torch.manual_seed(3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        model = MAKERS[name]()
    found_policy = adapted(model, None)
    assert found_policy is not None
    signature = found_policy.signature
    # Exported here, for a process of its own each would take minutes together.
    pickled, target = tmp_path / "module.pickle", tmp_path / "module.onnx"
    pickled.write_bytes(pickle.dumps((found_policy.module, found_policy.example, signature)))
    export.main(str(pickled), str(target))
    network = eg.Model(target)
    # What the environment shows; what the policy receives of it, by the library's own wrappers.
    layout = Layout(model)
    env = model.get_env()
    own_space = env.unwrapped.envs[0].observation_space
    own_space.seed(5)
    rows = [own_space.sample() for _ in range(3)]
    dict_space = isinstance(own_space, spaces.Dict)
    raw: Any = {key: np.stack([row[key] for row in rows]) for key in rows[0]} if dict_space else np.stack(rows)
    if name == "ppo_stack":
        raw = np.random.default_rng(5).integers(0, 256, (3, 40, 36, 4), dtype=np.uint8)
    received = raw
    if model.get_vec_normalize_env() is not None:
        received = model.get_vec_normalize_env().normalize_obs(raw)
    inputs = {}
    for key, described in signature["inputs"].items():
        if described["role"] == "observation":
            part = raw[key] if dict_space else raw
            inputs[key] = prepared(part, described.get("preprocessing", []))
            assert described["field"] == ("observation/" + key if dict_space else "observation")
    # As Stable-Baselines3 moves the channels first.
    if any(layout.transposed(key) for key in layout.parts):
        vec = next(w for w in layout.wrappers if type(w).__name__ == "VecTransposeImage")
        received = vec.transpose_observations(raw)
    states = {}
    for key, described in signature["inputs"].items():
        if described["role"] == "state":
            lstm = model.policy.lstm_actor
            shape = (lstm.num_layers, 3, lstm.hidden_size)
            states[key] = np.random.default_rng(len(key)).normal(size=shape).astype(np.float32)
    found = network({**inputs, **states})
    expected = own(model, received, states)
    if "log_probabilities" in expected:
        logits = found["logits"].astype(np.float64)
        nvec = getattr(model.action_space, "nvec", [logits.shape[1]])
        parts = np.split(logits, np.cumsum(nvec)[:-1], 1)
        normal = [part - np.log(np.exp(part).sum(1, keepdims=True)) for part in parts]
        found["log_probabilities"] = np.concatenate(normal, 1)
    roles = {output for output, told in signature["outputs"].items() if told["role"] != "state"}
    assert roles <= set(found)
    for output, values in expected.items():
        scale = np.maximum(1.0, np.abs(values))
        assert (np.abs(found[output] - values) / scale).max() <= TOLERANCE, output


@pytest.mark.parametrize("exporter", ["dynamo", "torchscript"])
def test_a_checkpoint_of_an_algorithm_needs_nothing_else(
    exporter: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ETHOGRAM_EXPORTER", exporter)
    model = MAKERS["ppo_pictures"]()
    with eg.init("tests", root=tmp_path, strict=True, capture_code=False) as run:
        run.checkpoint(model, global_step=7)
    checkpoint = eg.open(run).checkpoint()
    assert checkpoint.global_step == 7
    assert checkpoint.signature == {
        "inputs": {
            "obs": {
                "role": "observation",
                "field": "observation",
                "preprocessing": [{"op": "transpose", "axes": [2, 0, 1]}, {"op": "scale", "by": 1 / 255}],
            }
        },
        "outputs": {"logits": {"role": "logits"}, "value": {"role": "value"}},
    }
    assert checkpoint.model(np.zeros((2, 3, 40, 36), np.float32))["value"].shape == (2, 1)
