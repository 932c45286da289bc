"""B-16: algorithms and modules of RLlib's new API stack become checkpoints in one call."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import ray
import torch
from ray.rllib.algorithms.dqn import DQNConfig
from ray.rllib.algorithms.ppo import PPOConfig
from ray.rllib.algorithms.sac import SACConfig
from ray.rllib.core.rl_module.default_model_config import DefaultModelConfig
from ray.rllib.utils.spaces import space_utils

import ethogram as eg
from ethogram.integrations.adapted import adapted

PENDULUM_TORQUE = 2.0
"""Actions of Pendulum go from minus to plus so much."""

CRITICS = ("actor", "critic")
"""Who has a memory where the two share no layers."""

ATOMS = {"num_atoms": 11, "v_min": 0.0, "v_max": 100.0}


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    ray.init(num_cpus=1, include_dashboard=False, ignore_reinit_error=True, log_to_driver=False)
    yield
    ray.shutdown()


def built(config: Any, env: str, **training: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        described = config().environment(env).env_runners(num_env_runners=0).training(**training)
        return described.debugging(seed=1, log_level="ERROR").build_algo()


def expected(module: Any, rows: np.ndarray[Any, Any]) -> dict[str, Any]:
    batch = {"obs": torch.as_tensor(rows)}
    with torch.no_grad():
        if hasattr(module, "compute_q_values"):
            said = module.compute_q_values(batch)
            if "qf_probs" in said:
                return {"atom_probabilities": said["qf_probs"], "atoms": said["atoms"]}
            return {"q_values": said["qf_preds"]}
        numbers, value = module.forward_inference(batch)["action_dist_inputs"], module.compute_values(batch)
    if type(module.action_space).__name__ == "Discrete":
        return {"logits": numbers, "value": value}
    mean, log_std = numbers.chunk(2, -1)
    # RLlib's last connector makes -1 to 1 the bounds of the environment's actions; no mean is beyond them here.
    mean = space_utils.unsquash_action(mean.numpy(), module.action_space)
    return {"action_mean": mean, "log_std": log_std + np.log(PENDULUM_TORQUE), "value": value}


def middle(module: Any, rows: np.ndarray[Any, Any]) -> dict[str, Any]:
    """What RLlib's distribution of SAC makes of its mean, and what its critics say of that."""
    batch = {"obs": torch.as_tensor(rows)}
    with torch.no_grad():
        numbers = module.forward_inference(batch)["action_dist_inputs"]
        if type(module.action_space).__name__ == "Discrete":
            return {"logits": numbers, "q_values": module.compute_q_values(batch)}
        drawn = module.get_inference_action_dist_cls().from_logits(numbers)
        mean = drawn._squash(drawn.loc)
        value = module.compute_q_values({**batch, "actions": mean})
    return {"action_mean": space_utils.unsquash_action(mean.numpy(), module.action_space), "value": value}


@pytest.mark.parametrize(
    ("config", "env", "training"),
    [
        (PPOConfig, "CartPole-v1", {}),
        (PPOConfig, "Pendulum-v1", {}),
        (DQNConfig, "CartPole-v1", {}),
        (DQNConfig, "CartPole-v1", {"dueling": False}),
        (DQNConfig, "CartPole-v1", ATOMS),
    ],
)
def test_row_b16_an_algorithm_of_rllib_needs_nothing_else(
    run: eg.Run, config: Any, env: str, training: dict[str, Any]
) -> None:
    algorithm = built(config, env, **training)
    try:
        run.checkpoint(algorithm, global_step=7)
        run.finish()
        model = eg.open(run).checkpoint(7).model
        module = algorithm.learner_group._learner.module["default_policy"]
        rows = np.random.default_rng(2).standard_normal((3, *module.observation_space.shape)).astype(np.float32)
        found, said = model({"obs": rows}), expected(module, rows)
        assert set(found) == set(said)
        for role, numbers in said.items():
            np.testing.assert_allclose(found[role], numbers, rtol=1e-4, atol=1e-5, err_msg=role)
    finally:
        algorithm.stop()


@pytest.mark.parametrize("env", ["Pendulum-v1", "CartPole-v1"])
@pytest.mark.parametrize("shared", [True, False])
def test_row_b16_a_policy_with_memory_of_rllib_needs_nothing_else(run: eg.Run, env: str, shared: bool) -> None:
    memory = DefaultModelConfig(use_lstm=True, lstm_cell_size=6, max_seq_len=5, vf_share_layers=shared)
    config = PPOConfig().rl_module(model_config=memory)
    algorithm = built(lambda: config, env)
    try:
        run.checkpoint(algorithm, global_step=7)
        run.finish()
        model = eg.open(run).checkpoint(7).model
        module = algorithm.learner_group._learner.module["default_policy"]
        draw = np.random.default_rng(2)
        rows = draw.standard_normal((3, *module.observation_space.shape)).astype(np.float32)
        parts = ["h", "c"] if shared else ["actor_h", "actor_c", "critic_h", "critic_c"]
        state = {name: draw.standard_normal((3, 6)).astype(np.float32) for name in parts}
        given = {name: torch.as_tensor(part)[:, None] for name, part in state.items()}
        nested = given if shared else {who: {"h": given[f"{who}_h"], "c": given[f"{who}_c"]} for who in CRITICS}
        batch = {"obs": torch.as_tensor(rows)[:, None], "state_in": nested}
        with torch.no_grad():
            said, value = module.forward_inference(dict(batch)), module.compute_values(dict(batch))
        found = model({"obs": rows, **state})
        numbers = said["action_dist_inputs"][:, 0].numpy()
        if env == "CartPole-v1":
            np.testing.assert_allclose(found["logits"], numbers, rtol=1e-4, atol=1e-5)
        else:
            mean = space_utils.unsquash_action(numbers[:, :1], module.action_space)
            np.testing.assert_allclose(found["action_mean"], mean, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(found["value"], value[:, 0].numpy(), rtol=1e-4, atol=1e-5)
        following = (
            said["state_out"]
            if shared
            else {f"{who}_{n}": p for who in CRITICS for n, p in said["state_out"][who].items()}
        )
        for name in parts:
            np.testing.assert_allclose(found[f"{name}_next"], following[name][:, 0].numpy(), rtol=1e-4, atol=1e-5)
    finally:
        algorithm.stop()


@pytest.mark.parametrize("env", ["Pendulum-v1", "CartPole-v1"])
@pytest.mark.parametrize("twin_q", [True, False])
def test_row_b16_sac_of_rllib_needs_nothing_else(run: eg.Run, env: str, twin_q: bool) -> None:
    algorithm = built(SACConfig, env, twin_q=twin_q)
    try:
        run.checkpoint(algorithm, global_step=7)
        run.finish()
        model = eg.open(run).checkpoint(7).model
        module = algorithm.learner_group._learner.module["default_policy"]
        rows = np.random.default_rng(2).standard_normal((3, *module.observation_space.shape)).astype(np.float32)
        found, said = model({"obs": rows}), middle(module, rows)
        assert set(found) == set(said)
        for role, numbers in said.items():
            np.testing.assert_allclose(found[role], numbers, rtol=1e-4, atol=1e-5, err_msg=role)
    finally:
        algorithm.stop()


def test_actions_that_are_not_scaled_stay_as_they_are(run: eg.Run) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        config = PPOConfig().environment("Pendulum-v1", normalize_actions=False).env_runners(num_env_runners=0)
        algorithm = config.debugging(seed=1, log_level="ERROR").build_algo()
    try:
        run.checkpoint(algorithm, global_step=7)
        run.finish()
        module = algorithm.get_module()
        rows = np.random.default_rng(2).standard_normal((3, 3)).astype(np.float32)
        with torch.no_grad():
            mean = module.forward_inference({"obs": torch.as_tensor(rows)})["action_dist_inputs"][:, :1]
        found = eg.open(run).checkpoint(7).model({"obs": rows})["action_mean"]
        np.testing.assert_allclose(found, mean, rtol=1e-4, atol=1e-5)
    finally:
        algorithm.stop()


def test_looking_at_a_module_changes_nothing_of_it() -> None:
    algorithm = built(PPOConfig, "CartPole-v1")
    module = algorithm.get_module()
    algorithm.stop()

    class Drawing(type(module)):  # type: ignore[misc] # RLlib chooses it
        asked = 0

        def forward_inference(self, batch: Any, **kwargs: Any) -> Any:
            self.asked += 1
            torch.rand(1)
            return super().forward_inference(batch, **kwargs)

    module.__class__ = Drawing
    module.train()
    before = torch.get_rng_state()
    found = adapted(module, None)
    assert found is not None
    assert "logits" in found.signature["outputs"]
    assert found.module.module is module
    assert module.asked == 0
    assert torch.equal(torch.get_rng_state(), before)
    assert all(part.training for part in module.modules())
