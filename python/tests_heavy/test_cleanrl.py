"""Scripts in the manner of CleanRL change one import, and their agents are exported without saying anything of them."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
import torch
from torch import nn

import ethogram as eg
from ethogram import export
from ethogram.integrations.adapted import adapted
from ethogram.player import prepare
from ethogram.summary import SummaryWriter

BOX = {
    "observation_space": {"type": "box", "shape": [5], "dtype": "float32"},
    "action_space": {"type": "discrete", "n": 3},
}
PICTURE = {
    "observation_space": {"type": "box", "shape": [4, 36, 36], "dtype": "uint8"},
    "action_space": {"type": "discrete", "n": 3},
}
LAST = {
    "observation_space": {"type": "box", "shape": [36, 36, 3], "dtype": "uint8"},
    "action_space": {"type": "discrete", "n": 3},
}


def mlp(outputs: int, inputs: int = 5) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, 16), nn.Tanh(), nn.Linear(16, outputs))


def convolutions(channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, 4, 8, stride=4), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 8 * 8, 16), nn.ReLU()
    )


class Ppo(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.critic, self.actor = mlp(1), mlp(3)

    def get_value(self, x: Any) -> Any:
        return self.critic(x)

    def logits(self, x: Any) -> Any:
        return self.actor(x)


class Continuous(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.critic, self.actor_mean = mlp(1), mlp(2)
        self.actor_logstd = nn.Parameter(torch.full((1, 2), -0.5))

    def get_value(self, x: Any) -> Any:
        return self.critic(x)


class Atari(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.network, self.actor, self.critic = convolutions(4), nn.Linear(16, 3), nn.Linear(16, 1)

    def get_value(self, x: Any) -> Any:
        return self.critic(self.network(x / 255.0))

    def logits(self, x: Any) -> Any:
        return self.actor(self.network(x / 255.0))


class Procgen(Atari):
    def __init__(self) -> None:
        super().__init__()
        self.network = convolutions(3)

    def get_value(self, x: Any) -> Any:
        return self.critic(self.network(x.permute((0, 3, 1, 2)) / 255.0))

    def logits(self, x: Any) -> Any:
        return self.actor(self.network(x.permute((0, 3, 1, 2)) / 255.0))


class Lstm(Atari):
    def __init__(self) -> None:
        super().__init__()
        self.lstm, self.actor, self.critic = nn.LSTM(16, 8), nn.Linear(8, 3), nn.Linear(8, 1)

    def get_states(self, x: Any, state: Any, done: Any) -> Any:
        hidden = self.network(x / 255.0)
        hidden, state = self.lstm(
            hidden.unsqueeze(0), ((1.0 - done).view(1, -1, 1) * state[0], (1.0 - done).view(1, -1, 1) * state[1])
        )
        return torch.flatten(hidden, 0, 1), state

    def get_value(self, x: Any, state: Any, done: Any) -> Any:
        return self.critic(self.get_states(x, state, done)[0])


class QNetwork(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.network = mlp(3)

    def forward(self, x: Any) -> Any:
        return self.network(x)


class Categorical(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.n, self.n_atoms, self.network = 3, 7, mlp(21)
        self.register_buffer("atoms", torch.linspace(-1, 1, 7))

    def get_action(self, x: Any) -> Any:
        pmfs = torch.softmax(self.network(x).view(len(x), self.n, self.n_atoms), dim=2)
        return torch.argmax((pmfs * self.atoms).sum(2), 1), pmfs


class SacActor(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc1, self.fc_mean, self.fc_logstd = nn.Linear(5, 16), nn.Linear(16, 2), nn.Linear(16, 2)
        self.register_buffer("action_scale", torch.tensor([2.0, 3.0]))
        self.register_buffer("action_bias", torch.tensor([0.0, 1.0]))

    def forward(self, x: Any) -> Any:
        hidden = torch.relu(self.fc1(x))
        return self.fc_mean(hidden), torch.tanh(self.fc_logstd(hidden))


def exported(agent: Any, env: Any, folder: Path) -> tuple[eg.Model, Any]:
    found = adapted(agent, env)
    assert found is not None
    (folder / "m.pickle").write_bytes(pickle.dumps((found.module, found.example, found.signature)))
    export.main(str(folder / "m.pickle"), str(folder / "m.onnx"))
    return eg.Model(folder / "m.onnx"), found.signature


@pytest.fixture(autouse=True)
def older_exporter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ETHOGRAM_EXPORTER", "torchscript")
    torch.manual_seed(5)


def batch(env: Any) -> np.ndarray:
    space = env["observation_space"]
    random = np.random.default_rng(1)
    if space["dtype"] == "uint8":
        return random.integers(0, 256, (3, *space["shape"]), np.uint8)
    return random.normal(size=(3, *space["shape"])).astype(np.float32)


def asked(network: eg.Model, signature: Any, rows: np.ndarray, **states: np.ndarray) -> dict[str, np.ndarray]:
    steps = signature["inputs"]["obs"].get("preprocessing", [])
    return network({"obs": np.stack([prepare(row, steps) for row in rows]), **states})


def close(found: np.ndarray, expected: torch.Tensor) -> None:
    np.testing.assert_allclose(found, expected.detach().numpy(), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ("kind", "env", "ops"),
    [(Ppo, BOX, []), (Atari, PICTURE, ["scale"]), (Procgen, LAST, ["transpose", "scale"])],
)
def test_row_b16_agents_of_ppo(kind: Any, env: Any, ops: list[str], tmp_path: Path) -> None:
    agent, rows = kind(), batch(env)
    network, signature = exported(agent, env, tmp_path)
    assert [step["op"] for step in signature["inputs"]["obs"].get("preprocessing", [])] == ops
    said = asked(network, signature, rows)
    tensor = torch.as_tensor(rows).float()
    close(said["value"], agent.get_value(tensor))
    close(said["logits"], agent.logits(tensor))


def test_row_b16_a_continuous_agent(tmp_path: Path) -> None:
    agent, rows = Continuous(), batch(BOX)
    said = asked(*exported(agent, BOX, tmp_path), rows)
    close(said["action_mean"], agent.actor_mean(torch.as_tensor(rows)))
    assert said["log_std"].tolist() == [[-0.5, -0.5]] * 3


def test_row_b16_a_recurrent_agent(tmp_path: Path) -> None:
    agent, rows = Lstm(), batch(PICTURE)
    network, signature = exported(agent, PICTURE, tmp_path)
    states = [np.random.default_rng(at).normal(size=(1, 3, 8)).astype(np.float32) for at in range(2)]
    said = asked(network, signature, rows, h=states[0], c=states[1])
    hidden, after = agent.get_states(torch.as_tensor(rows).float(), tuple(map(torch.as_tensor, states)), torch.zeros(3))
    close(said["logits"], agent.actor(hidden))
    close(said["value"], agent.critic(hidden))
    close(said["h_next"], after[0])


def test_row_b16_agents_that_say_values_and_actions(tmp_path: Path) -> None:
    rows = batch(BOX)
    agent = QNetwork()
    close(asked(*exported(agent, BOX, tmp_path), rows)["q_values"], agent(torch.as_tensor(rows)))
    c51 = Categorical()
    said = asked(*exported(c51, BOX, tmp_path), rows)
    close(
        torch.softmax(torch.as_tensor(said["atom_logits"].copy()), 2).numpy(), c51.get_action(torch.as_tensor(rows))[1]
    )
    close(said["atoms"], c51.atoms)
    sac = SacActor()
    mean, _ = sac(torch.as_tensor(rows))
    found = asked(*exported(sac, BOX, tmp_path), rows)["action_mean"]
    close(found, torch.tanh(mean) * sac.action_scale + sac.action_bias)


def test_an_agent_that_does_something_else_to_observations_is_refused() -> None:
    class Strange(Ppo):
        def get_value(self, x: Any) -> Any:
            return self.critic(x * 3.0)

    with pytest.raises(eg.EthogramError, match="does to observations what is not known"):
        adapted(Strange(), BOX)


def test_a_module_that_names_what_it_says(tmp_path: Path) -> None:
    class Named(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = mlp(3)

        def forward(self, x: Any) -> Any:
            return {"logits": self.layers(x)}

    found = adapted(Named(), BOX)
    assert found is not None
    assert found.signature["outputs"] == {"logits": {"role": "logits"}}
    assert adapted(mlp(3), BOX) is None, "a bare network does not say what its numbers mean"


def test_a_script_of_cleanrls_manner(tmp_path: Path) -> None:
    writer = SummaryWriter(tmp_path / "runs" / "CartPole-v1__ppo__1__1700000000")
    writer.add_text("hyperparameters", "|param|value|\n|-|-|\n|gamma|0.99|\n|seed|1|")
    envs = gymnasium.vector.SyncVectorEnv([lambda: gymnasium.make("CartPole-v1", max_episode_steps=10)] * 2)
    envs = eg.record(envs, writer.run, schedule=eg.always)
    agent = Ppo()
    agent.critic, agent.actor = mlp(1, 4), mlp(2, 4)
    observation, _ = envs.reset(seed=1)
    for step in range(24):
        with torch.no_grad():
            seen = torch.as_tensor(observation)
            logits, value = agent.actor(seen), agent.get_value(seen)
            action = torch.distributions.Categorical(logits=logits).sample()
        envs.annotate(logits=logits, value=value[:, 0])
        observation, *_ = envs.step(action.numpy())
        writer.add_scalar("charts/SPS", step, step)
    writer.run.checkpoint(agent, global_step=48)
    envs.close()
    writer.close()
    view = eg.open(writer.run)
    assert view.info["config"] == {"gamma": 0.99, "seed": 1}
    assert "charts/SPS" in view.tags
    episode = view.episode(0)
    said = view.checkpoint().model(episode.field("observation").numpy())
    np.testing.assert_allclose(said["value"][:, 0], episode.field("value").numpy(), atol=1e-5)
