"""B-16: policies of Keras and TensorFlow become checkpoints in one call, and say what they say in the training."""

from __future__ import annotations

import sys
from typing import Any

import gymnasium
import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

import ethogram as eg

ROWS = np.random.default_rng(4).standard_normal((5, 4)).astype(np.float32)


def kept(run: eg.Run, source: Any, **options: Any) -> Any:
    run.checkpoint(source, global_step=3, **options)
    run.finish()
    return eg.open(run).checkpoint(3)


def recorded(run: eg.Run, **said: Any) -> None:
    """One step of CartPole, and what a policy said of it."""
    env = eg.record(gymnasium.make("CartPole-v1"), run)
    env.reset(seed=1)
    env.annotate(**said)
    env.step(0)


def body() -> Any:
    return keras.Sequential([keras.Input((4,)), layers.Dense(8, "tanh", name="body"), layers.Dense(2, name="head")])


def test_row_b16_a_model_of_keras_that_says_what_was_annotated(run: eg.Run) -> None:
    model = body()
    recorded(run, q_values=model(ROWS[:1]).numpy()[0])
    checkpoint = kept(run, model)
    assert checkpoint.signature["outputs"] == {"q_values": {"role": "q_values"}}
    np.testing.assert_allclose(checkpoint.model({"observation": ROWS})["q_values"], model(ROWS), rtol=1e-5, atol=1e-6)
    assert any("body" in layer.name for layer in checkpoint.model.layers)


def test_row_b16_outputs_that_are_called_by_their_roles_need_nothing_else(run: eg.Run) -> None:
    given = keras.Input((4,))
    x = layers.Dropout(0.5)(layers.Dense(8, "gelu")(given))
    model = keras.Model(given, [layers.Dense(2, name="logits")(x), layers.Dense(1, name="value")(x)])
    recorded(run)
    found = kept(run, model).model({"observation": ROWS})
    for name, expected in zip(("logits", "value"), model(ROWS, training=False), strict=True):
        np.testing.assert_allclose(found[name], expected, rtol=1e-4, atol=1e-6)


def test_row_b16_a_subclass_that_returns_a_dict(run: eg.Run) -> None:
    class Agent(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.actor, self.critic = layers.Dense(2), layers.Dense(1)

        def call(self, inputs: Any) -> Any:
            return {"value": self.critic(inputs), "logits": self.actor(inputs)}

    model = Agent()
    recorded(run)
    found, said = kept(run, model).model({"observation": ROWS}), model(ROWS)
    for name in ("logits", "value"):
        np.testing.assert_allclose(found[name], said[name], rtol=1e-5, atol=1e-6)


def test_row_b16_a_function_of_tensorflow(run: eg.Run) -> None:
    weights = tf.Variable(np.random.default_rng(2).standard_normal((4, 2)).astype(np.float32))

    @tf.function
    def policy(observation: Any) -> Any:
        return {"logits": tf.matmul(observation, weights)}

    recorded(run)
    found = kept(run, policy).model({"observation": ROWS})["logits"]
    np.testing.assert_allclose(found, ROWS @ weights.numpy(), rtol=1e-5, atol=1e-6)


def test_row_b16_weights_are_those_of_the_call(run: eg.Run) -> None:
    model = body()
    recorded(run, logits=np.zeros(2, np.float32))
    run.checkpoint(model, global_step=1)
    before = model(ROWS).numpy()
    model.layers[-1].kernel.assign(model.layers[-1].kernel * 0)
    run.checkpoint(model, global_step=2)
    run.finish()
    view = eg.open(run)
    np.testing.assert_allclose(view.checkpoint(1).model({"observation": ROWS})["logits"], before, rtol=1e-5, atol=1e-6)
    after = view.checkpoint(2).model({"observation": ROWS})["logits"]
    np.testing.assert_allclose(after, model(ROWS), rtol=1e-5, atol=1e-6)


def test_row_b16_nothing_of_the_model_is_run_or_changed(run: eg.Run) -> None:
    ran = []

    class Counting(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.head, self.calls = layers.Dense(2), self.add_weight(shape=(), name="calls", trainable=False)

        def call(self, inputs: Any) -> Any:
            if tf.executing_eagerly():
                ran.append(1)
            return {"logits": self.head(inputs)}

    model = Counting()
    model(ROWS)
    recorded(run)
    ran.clear()
    found = kept(run, model).model({"observation": ROWS})["logits"]
    assert ran == []
    np.testing.assert_allclose(found, model(ROWS)["logits"], rtol=1e-5, atol=1e-6)


def test_row_b16_a_model_that_was_never_called(run: eg.Run) -> None:
    class Fresh(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.head = layers.Dense(2)

        def call(self, inputs: Any) -> Any:
            return {"logits": self.head(inputs)}

    model = Fresh()
    recorded(run)
    found = kept(run, model).model({"observation": ROWS})["logits"]
    np.testing.assert_allclose(found, model(ROWS)["logits"], rtol=1e-5, atol=1e-6)


def test_row_b16_several_inputs_and_a_memory_with_a_signature(run: eg.Run) -> None:
    observation, state = keras.Input((4,)), keras.Input((6,))
    y, after = layers.GRUCell(6)(observation, [state])
    model = keras.Model([observation, state], [layers.Dense(2)(y), after[0]])
    signature = eg.signature(observation="obs", state={"h": "h_next"}, logits="logits")
    signature["outputs"] = {name: signature["outputs"][name] for name in ("logits", "h_next")}
    memory = np.random.default_rng(5).standard_normal((5, 6)).astype(np.float32)
    found = kept(run, model, signature=signature, example=(ROWS[:1], memory[:1])).model({"obs": ROWS, "h": memory})
    for name, expected in zip(("logits", "h_next"), model([ROWS, memory]), strict=True):
        np.testing.assert_allclose(found[name], expected, rtol=1e-4, atol=1e-6)


def test_what_is_missing_is_told(run: eg.Run, monkeypatch: pytest.MonkeyPatch) -> None:
    model = body()
    with pytest.raises(eg.EthogramError, match="expected example="):
        run.checkpoint(model, global_step=1)
    with pytest.raises(eg.EthogramError, match=r"does not take a batch of one observation, float32 \[1, 7\]"):
        run.checkpoint(model, global_step=1, example=np.zeros((1, 7), np.float32))
    monkeypatch.setitem(sys.modules, "tf2onnx", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(eg.EthogramError, match="exported by the package tf2onnx; install it"):
        run.checkpoint(model, global_step=1, example=ROWS[:1], signature=eg.signature(observation="x", logits="y"))
