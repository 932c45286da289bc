"""Small policies of JAX and of Keras as their exporters write them, with reference numbers by JAX's and TensorFlow's own gradients.

    pip install -r exports.txt
    python make_exports.py

Writes `policies/NAME.onnx`, and `policies/NAME.bin` with `policies/NAME.json` as `make_policies.py` does. Weights are random, of a fixed seed.
"""

import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

HERE = Path(__file__).parent / "policies"
ROWS = 4


def write(name: str, arrays: Mapping[str, np.ndarray]) -> None:
    """Writes reference numbers and what they are."""
    described, body, offset = [], b"", 0
    for key, value in arrays.items():
        data = np.ascontiguousarray(value, dtype="<f4")
        described.append({"name": key, "shape": list(data.shape), "offset": offset})
        body += data.tobytes()
        offset += data.size
    (HERE / f"{name}.bin").write_bytes(body)
    (HERE / f"{name}.json").write_text(json.dumps({"model": f"{name}.onnx", "arrays": described}, indent=1) + "\n")


def noise(*shape: int) -> np.ndarray:
    """Numbers of a fixed seed."""
    return np.random.default_rng(len(shape)).standard_normal(shape).astype(np.float32)


def jax_policies() -> None:
    """Flax networks by jax2onnx."""
    import jax
    import jax.numpy as jnp
    from flax import nnx
    from jax2onnx import onnx_function, to_onnx

    rngs = nnx.Rngs(3)

    class Sees(nnx.Module):
        """Pictures with the channels last, as JAX has them."""

        def __init__(self) -> None:
            self.one = nnx.Conv(2, 4, (3, 3), strides=2, rngs=rngs)
            self.two = nnx.Conv(4, 6, (3, 3), padding="VALID", rngs=rngs)
            self.body = nnx.Linear(6 * 16, 10, rngs=rngs)
            self.norm = nnx.LayerNorm(10, rngs=rngs)
            self.logits = nnx.Linear(10, 3, rngs=rngs)
            self.value = nnx.Linear(10, 1, rngs=rngs)

        def __call__(self, frame):
            x = nnx.max_pool(nnx.relu(self.one(frame)), window_shape=(2, 2), strides=(1, 1), padding="SAME")
            x = nnx.silu(self.two(x))
            x = nnx.gelu(self.norm(self.body(x.reshape(x.shape[0], -1))))
            return self.logits(x), self.value(x)

    class Remembers(nnx.Module):
        """A cell of GRU."""

        def __init__(self) -> None:
            self.cell = nnx.GRUCell(5, 6, rngs=rngs)
            self.q = nnx.Linear(6, 4, rngs=rngs)

        def __call__(self, obs, hx):
            after, x = self.cell(hx, obs)
            return self.q(x), after

    class Attends(nnx.Module):
        """Six things looked at together."""

        def __init__(self) -> None:
            self.enter = nnx.Linear(5, 8, rngs=rngs)
            self.look = nnx.MultiHeadAttention(2, 8, decode=False, rngs=rngs)
            self.logits = nnx.Linear(8, 3, rngs=rngs)

        def __call__(self, things):
            x = jnp.tanh(self.enter(things))
            return self.logits(jnp.mean(x + self.look(x), axis=1))

    @onnx_function
    class Block(nnx.Module):
        """A part that the exporter writes as a function of the file."""

        def __init__(self) -> None:
            self.body = nnx.Linear(8, 8, rngs=rngs)
            self.norm = nnx.LayerNorm(8, rngs=rngs)

        def __call__(self, x):
            return x + nnx.gelu(self.norm(self.body(x)))

    class Calls(nnx.Module):
        """Two such parts, one after the other."""

        def __init__(self) -> None:
            self.enter = nnx.Linear(5, 8, rngs=rngs)
            self.blocks = nnx.List([Block(), Block()])
            self.logits = nnx.Linear(8, 3, rngs=rngs)

        def __call__(self, obs):
            x = self.enter(obs)
            for block in self.blocks:
                x = block(x)
            return self.logits(x)

    cases: list[tuple[str, Callable, dict[str, np.ndarray], list[str]]] = [
        ("jax-sees", Sees(), {"frame": noise(ROWS, 12, 12, 2)}, ["logits", "value"]),
        ("jax-remembers", Remembers(), {"obs": noise(ROWS, 5), "hx": noise(ROWS, 6)}, ["q", "hx_next"]),
        ("jax-attends", Attends(), {"things": noise(ROWS, 6, 5)}, ["logits"]),
        ("jax-calls", Calls(), {"obs": noise(ROWS, 5)}, ["logits"]),
    ]
    for name, network, inputs, outputs in cases:
        shapes = [("B", *value.shape[1:]) for value in inputs.values()]
        to_onnx(
            network, inputs=shapes, model_name=name, return_mode="file", output_path=str(HERE / f"{name}.onnx"),
            input_names=list(inputs), output_names=outputs,
        )  # fmt: skip
        found = network(*inputs.values())
        found = found if isinstance(found, tuple) else (found,)

        def first(*given, network=network):
            result = network(*given)
            return (result[0] if isinstance(result, tuple) else result)[:, 1].sum()

        slopes = jax.grad(first, argnums=tuple(range(len(inputs))))(*inputs.values())
        arrays = dict(inputs) | dict(zip(outputs, found, strict=True))
        arrays |= {f"one__d_{key}": slope for key, slope in zip(inputs, slopes, strict=True)}
        write(name, {key: np.asarray(value) for key, value in arrays.items()})


def keras_policies() -> None:
    """Keras networks by their own export."""
    import keras
    import tensorflow as tf
    from keras import layers
    from onnxruntime import InferenceSession

    keras.utils.set_random_seed(3)

    frame = keras.Input((12, 12, 2), name="frame")
    x = layers.Conv2D(4, 3, strides=2, padding="same", activation="relu")(frame)
    x = layers.SeparableConv2D(6, 3, activation="elu")(layers.BatchNormalization()(x))
    x = layers.Dense(10, activation="tanh")(layers.Flatten()(layers.MaxPooling2D(2)(x)))
    sees = keras.Model(frame, layers.Dense(3, name="logits")(x))

    obs = keras.Input((7, 5), name="obs")
    x = layers.LSTM(5)(layers.LSTM(6, return_sequences=True)(obs))
    remembers = keras.Model(obs, layers.Dense(4, name="q")(x))
    # A GRU is exported as a loop.
    loops = keras.Model(obs, layers.Dense(4, name="q")(layers.GRU(5)(obs)))

    things = keras.Input((6, 5), name="things")
    x = layers.Dense(8)(things)
    x = layers.LayerNormalization()(x + layers.MultiHeadAttention(2, 4)(x, x))
    attends = keras.Model(things, layers.Dense(3, name="logits")(layers.GlobalAveragePooling1D()(x)))

    # Three loops, one of which goes backwards.
    both = layers.Bidirectional(layers.GRU(3, return_sequences=True))(obs)
    loops_both = keras.Model(obs, layers.Dense(4, name="q")(layers.SimpleRNN(4)(both)))

    cases = [
        ("keras-sees", sees), ("keras-remembers", remembers), ("keras-attends", attends), ("keras-loops", loops),
        ("keras-loops-both", loops_both),
    ]  # fmt: skip
    for name, network in cases:
        given = noise(ROWS, *network.inputs[0].shape[1:])
        watched = tf.constant(given)
        with tf.GradientTape() as tape:
            tape.watch(watched)
            found = network(watched, training=False)
            number = tf.reduce_sum(found[:, 1])
        # Keras exports what was called once.
        network.export(str(HERE / f"{name}.onnx"), format="onnx", verbose=False)
        key = network.inputs[0].name
        # Two programs of others agree on what the file means.
        session = InferenceSession(HERE / f"{name}.onnx")
        [again] = session.run(None, {session.get_inputs()[0].name: given})
        assert np.abs(again - found.numpy()).max() < 1e-5, name
        write(name, {key: given, "result": found.numpy(), f"one__d_{key}": tape.gradient(number, watched).numpy()})


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    which = sys.argv[1:] or ["jax", "keras"]
    if "jax" in which:
        jax_policies()
    if "keras" in which:
        keras_policies()
