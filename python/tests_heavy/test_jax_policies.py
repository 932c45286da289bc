"""Policies of Flax, Equinox, distrax and plain JAX become checkpoints in one call, while training goes on."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import distrax
import equinox
import flax.linen as nn
import gymnasium
import jax
import jax.numpy as jnp
import numpy as np
import onnx
import optax
import pytest
from flax import nnx
from flax.training.train_state import TrainState

import ethogram as eg


class ActorCritic(nn.Module):
    """As PureJaxRL has it: a distribution and the value."""

    continuous: bool = False

    @nn.compact
    def __call__(self, x: Any) -> Any:
        hidden = nn.tanh(nn.Dense(16)(x))
        numbers = nn.Dense(2)(hidden)
        value = jnp.squeeze(nn.Dense(1)(nn.tanh(nn.Dense(16)(x))), axis=-1)
        if not self.continuous:
            return distrax.Categorical(logits=numbers), value
        log_std = self.param("log_std", nn.initializers.constant(-0.5), (2,))
        return distrax.MultivariateNormalDiag(numbers, jnp.exp(log_std)), value


class QNetwork(nn.Module):
    """As CleanRL's DQN in JAX has it."""

    actions: int

    @nn.compact
    def __call__(self, x: Any) -> Any:
        return nn.Dense(self.actions)(nn.relu(nn.Dense(16)(x)))


class Atoms(nn.Module):
    """As CleanRL's C51 in JAX has it: chances of 11 returns an action."""

    @nn.compact
    def __call__(self, x: Any) -> Any:
        return nn.softmax(nn.Dense(2 * 11)(nn.relu(nn.Dense(16)(x))).reshape((x.shape[0], 2, 11)), axis=-1)


class Actor(nn.Module):
    """As CleanRL's TD3 in JAX has it."""

    @nn.compact
    def __call__(self, x: Any) -> Any:
        return nn.tanh(nn.Dense(1)(nn.relu(nn.Dense(16)(x)))) * 2


class AtomsState(TrainState):
    """With the returns at which chances lie."""

    atoms: Any = None


class TargetState(TrainState):
    """With weights that are followed slowly."""

    target_params: Any = None


class Drops(nnx.Module):
    """In training it draws chances and learns statistics."""

    def __init__(self) -> None:
        rngs = nnx.Rngs(1)
        self.one, self.two = nnx.Linear(4, 8, rngs=rngs), nnx.Linear(8, 2, rngs=rngs)
        self.norm, self.drop = nnx.BatchNorm(8, rngs=rngs), nnx.Dropout(0.5, rngs=rngs)

    def __call__(self, x: Any) -> Any:
        return self.two(self.drop(nnx.relu(self.norm(self.one(x)))))


OBSERVATION = jnp.zeros((1, 4))


def variables(network: nn.Module) -> Any:
    return network.init(jax.random.key(3), OBSERVATION)


def state_of(network: nn.Module, params: Any, kind: Any = TrainState, **more: Any) -> TrainState:
    return kind.create(apply_fn=network.apply, params=params, tx=optax.adam(1e-3), **more)


def played(run: eg.Run, env: str = "CartPole-v1", **said: Any) -> None:
    """An episode in which the policy said that."""
    recorded = eg.record(gymnasium.make(env), run, schedule=eg.always)
    recorded.reset(seed=0)
    ended = False
    while not ended:
        if said:
            recorded.annotate(**said)
        _, _, terminated, truncated, _ = recorded.step(recorded.action_space.sample())
        ended = terminated or truncated


def model_of(run: eg.Run, step: int = 7) -> eg.Model:
    run.finish()
    folder = run.folder
    assert folder is not None
    return eg.open(folder).checkpoint(step).model


def observations(rows: int, width: int = 4) -> np.ndarray[Any, Any]:
    return np.random.default_rng(rows).standard_normal((rows, width)).astype(np.float32)


def agrees(model: eg.Model, policy: Callable[[Any], dict[str, Any]], width: int = 4) -> None:
    """For any number of rows."""
    for rows in (1, 5):
        given = observations(rows, width)
        found, expected = model({"observation": given}), policy(given)
        assert set(found) == set(expected)
        for role, numbers in expected.items():
            np.testing.assert_allclose(found[role], numbers, rtol=1e-4, atol=1e-5)


def categorical(network: nn.Module, params: Any) -> Callable[[Any], dict[str, Any]]:
    def said(given: Any) -> dict[str, Any]:
        chances, value = network.apply(params, given)
        return {"logits": chances.logits, "value": value}

    return said


def test_row_b16_an_actor_and_critic_of_purejaxrl_need_nothing_else(run: eg.Run) -> None:
    played(run)
    network = ActorCritic()
    params = variables(network)
    run.checkpoint(state_of(network, params), global_step=7)
    agrees(model_of(run), categorical(network, params))


def test_a_state_made_with_the_weights_alone_is_taken(run: eg.Run) -> None:
    played(run)
    network = ActorCritic()
    params = variables(network)
    run.checkpoint(state_of(network, params["params"]), global_step=7)
    agrees(model_of(run), categorical(network, params))


@pytest.mark.parametrize("way", ["partial", "function", "compiled", "bound"])
def test_a_function_of_the_observation_is_taken(run: eg.Run, way: str) -> None:
    played(run)
    network = ActorCritic()
    params = variables(network)
    policy: Any = {
        "partial": lambda: functools.partial(network.apply, params),
        "function": lambda: lambda observation: network.apply(params, observation),
        "compiled": lambda: jax.jit(lambda observation: network.apply(params, observation)),
        "bound": lambda: network.bind(params),
    }[way]()
    run.checkpoint(policy, global_step=7)
    agrees(model_of(run), categorical(network, params))


def test_a_gaussian_is_a_mean_and_the_log_of_its_deviation(run: eg.Run) -> None:
    played(run)
    network = ActorCritic(continuous=True)
    params = variables(network)
    run.checkpoint(state_of(network, params), global_step=7)

    def said(given: Any) -> dict[str, Any]:
        normal, value = network.apply(params, given)
        return {"action_mean": normal.loc, "log_std": jnp.log(normal.scale_diag), "value": value}

    agrees(model_of(run), said)


def test_a_squashed_gaussian_is_its_squashed_mean(run: eg.Run) -> None:
    played(run)
    matrix = jnp.asarray(observations(4, 2))

    def policy(given: Any) -> Any:
        normal = distrax.MultivariateNormalDiag(given @ matrix, jnp.ones((given.shape[0], 2)))
        return distrax.Transformed(normal, distrax.Block(distrax.Tanh(), 1))

    run.checkpoint(policy, global_step=7)
    agrees(model_of(run), lambda given: {"action_mean": jnp.tanh(given @ matrix)})


def test_row_b16_a_dqn_of_cleanrl_in_jax_needs_nothing_else(run: eg.Run) -> None:
    played(run)
    network = QNetwork(2)
    params = variables(network)
    run.checkpoint(state_of(network, params, TargetState, target_params=params), global_step=7)
    agrees(model_of(run), lambda given: {"q_values": network.apply(params, given)})


def test_row_b16_a_c51_of_cleanrl_in_jax_needs_nothing_else(run: eg.Run) -> None:
    played(run)
    network, atoms = Atoms(), jnp.linspace(-5, 5, 11)
    params = variables(network)
    run.checkpoint(state_of(network, params, AtomsState, atoms=atoms), global_step=7)
    agrees(model_of(run), lambda given: {"atom_probabilities": network.apply(params, given), "atoms": atoms})


def test_row_b16_a_td3_of_cleanrl_in_jax_needs_nothing_else(run: eg.Run) -> None:
    played(run, "Pendulum-v1")
    network = Actor()
    params = network.init(jax.random.key(3), jnp.zeros((1, 3)))
    run.checkpoint(state_of(network, params, TargetState, target_params=params), global_step=7)
    agrees(model_of(run), lambda given: {"action_mean": network.apply(params, given)}, width=3)


def test_a_state_without_a_function_is_told(run: eg.Run) -> None:
    state = TrainState.create(apply_fn=None, params={}, tx=optax.adam(1e-3))
    with pytest.raises(eg.EthogramError, match="TrainState has no apply_fn; give a function of the observation"):
        run.checkpoint(state, global_step=1)


def test_a_module_in_training_mode_is_looked_at_in_evaluation_mode(run: eg.Run) -> None:
    played(run, logits=np.zeros(2, np.float32))
    module = Drops()
    before = [
        np.array(array) for kind in (nnx.Param, nnx.BatchStat) for array in jax.tree.leaves(nnx.state(module, kind))
    ]
    run.checkpoint(module, global_step=7)
    after = [
        np.array(array) for kind in (nnx.Param, nnx.BatchStat) for array in jax.tree.leaves(nnx.state(module, kind))
    ]
    assert len(before) == 8
    jax.tree.map(np.testing.assert_array_equal, before, after)
    assert not module.drop.deterministic
    assert not module.norm.use_running_average
    still = nnx.clone(module)
    still.eval()
    agrees(model_of(run), lambda given: {"logits": still(given)})


def test_a_module_of_equinox_takes_a_row_at_a_time(run: eg.Run) -> None:
    played(run, q_values=np.zeros(2, np.float32))
    module = equinox.nn.MLP(4, 2, 8, 2, key=jax.random.key(0))
    run.checkpoint(module, global_step=7)
    agrees(model_of(run), lambda given: {"q_values": jax.vmap(module)(given)})


def test_a_signature_names_what_a_recurrent_function_takes_and_returns(run: eg.Run) -> None:
    cell, head = nnx.GRUCell(4, 6, rngs=nnx.Rngs(0)), nnx.Linear(6, 3, rngs=nnx.Rngs(1))

    def policy(observation: Any, memory: Any) -> Any:
        after, hidden = cell(memory, observation)
        return head(hidden), after

    signature = eg.signature(observation="obs", state={"h": "h_next"}, logits="logits")
    example = (np.zeros((1, 4), np.float32), np.zeros((1, 6), np.float32))
    run.checkpoint(policy, global_step=7, example=example, signature=signature)
    model = model_of(run)
    given, memory = observations(5), observations(5, 6)
    found, (logits, after) = model({"obs": given, "h": memory}), policy(given, memory)
    np.testing.assert_allclose(found["logits"], logits, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found["h_next"], after, rtol=1e-4, atol=1e-5)


def test_weights_and_layers_are_called_as_the_training_calls_them(run: eg.Run) -> None:
    played(run)
    network = ActorCritic()
    # Biases begin as zeros, which the exporter writes once for all layers of one width.
    params = jax.tree.map(lambda array: array + jnp.arange(array.size).reshape(array.shape), variables(network))
    params["params"]["Dense_3"]["bias"] -= 1
    run.checkpoint(state_of(network, params), global_step=7)
    run.finish()
    view = eg.open(run)
    file = onnx.load_from_string(view.checkpoint(7).read())
    named = {one.name: onnx.numpy_helper.to_array(one) for one in file.graph.initializer if "/" in one.name}
    assert set(named) == {f"Dense_{layer}/{part}" for layer in range(4) for part in ("kernel", "bias")}
    for name, array in named.items():
        layer, part = name.split("/")
        np.testing.assert_array_equal(array, params["params"][layer][part])
    assert any(layer.name.startswith("Dense_0/") for layer in view.checkpoint(7).model.layers)


def test_training_goes_on_with_its_own_weights(run: eg.Run) -> None:
    """What is kept are the weights of the call, though their buffers are given away the moment after."""
    played(run)
    network = ActorCritic()
    params = variables(network)
    kept = jax.tree.map(np.array, params)
    run.checkpoint(state_of(network, params), global_step=7)
    jax.tree.map(lambda array: array.delete(), params)
    agrees(model_of(run), categorical(network, kept))


def test_nothing_is_guessed(run: eg.Run) -> None:
    with pytest.raises(eg.EthogramError, match=r"expected example=, an observation batch of one"):
        run.checkpoint(lambda observation: observation * 2, global_step=1)
    played(run)
    network = QNetwork(5)
    with pytest.raises(eg.EthogramError, match=r"what QNetwork takes and returns; write run\.checkpoint"):
        run.checkpoint(state_of(network, variables(network)), global_step=1)


def test_a_module_without_its_weights_is_told(run: eg.Run) -> None:
    with pytest.raises(eg.EthogramError, match=r"QNetwork is a module of Flax without its weights; give network\.bind"):
        run.checkpoint(QNetwork(2), global_step=1)


def test_what_does_not_take_the_observation_is_told(run: eg.Run) -> None:
    played(run)
    matrix = jnp.zeros((3, 2))
    with pytest.raises(
        eg.EthogramError, match=r"no function of JAX that takes a batch of one observation, float32 \[1, 4\]"
    ):
        run.checkpoint(lambda observation: observation @ matrix, global_step=1)


def test_a_policy_in_jax_plays(tmp_path: Path) -> None:
    network = ActorCritic()
    state = state_of(network, variables(network))
    played_run = eg.rollout(state, "CartPole-v1", episodes=1, seed=1, root=tmp_path)
    view = eg.open(played_run)
    episode = view.episode(0)
    found = episode.field("logits").numpy()
    expected = network.apply(state.params, episode.field("observation").numpy())[0].logits
    assert len(found) > 5
    # Of the last observation nothing was decided.
    np.testing.assert_allclose(found[:-1], expected[: len(found) - 1], rtol=1e-4, atol=1e-5)
