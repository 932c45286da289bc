"""Networks of Keras and TensorFlow by both exporters: values as ONNX Runtime and TensorFlow, gradients too."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnxruntime
import pytest
import tensorflow as tf
import tf2onnx
from keras_networks import HOLDS_ARRAYS, LEFT_BY_TF2ONNX, NETWORKS, Network, varied

import ethogram as eg

OPSETS = [13, 15, 18]
ROWS = [1, 7]


def near(found: Any, expected: Any, tolerance: float) -> None:
    """Equal but for so much of the largest."""
    found, expected = np.asarray(found, np.float64), np.asarray(expected, np.float64)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * max(1e-3, np.abs(expected).max(initial=0)))


def called(model: Any, given: list[Any]) -> list[Any]:
    """What it says, in the order of its outputs."""
    if not isinstance(model, keras.Model):
        return [model(*given)]
    said = model(given if len(given) > 1 else given[0], training=False)
    return list(said) if isinstance(said, list | tuple) else [said]


def made(network: Network) -> Any:
    model = network.make()
    called(model, [tf.constant(one) for one in network.inputs(2)])
    return varied(model)


def by_keras(model: Any, network: Network, folder: Path) -> bytes:
    file = folder / "network.onnx"
    with contextlib.redirect_stdout(io.StringIO()):
        model.export(str(file), format="onnx", verbose=False)
    return file.read_bytes()


def by_tf2onnx(model: Any, network: Network, opset: int) -> bytes:
    kinds = [
        tf.TensorSpec((None, *one.shape[1:]), one.dtype, name=f"input_{place}")
        for place, one in enumerate(network.inputs(1))
    ]
    function = tf.function(lambda *given: called(model, list(given)))
    proto, _ = tf2onnx.convert.from_function(function, input_signature=kinds, opset=opset)
    return bytes(proto.SerializeToString())


def compared(network: Network, model: Any, file: bytes, *, standard: bool) -> None:
    """Outputs as ONNX Runtime and TensorFlow have them; gradient times input of the second number as TensorFlow."""
    engine = eg.Model(file)
    names = [port.name for port in engine.inputs]
    for rows in ROWS:
        given = network.inputs(rows)
        feeds = dict(zip(names, given, strict=True))
        found = engine(feeds)
        if standard:
            session = onnxruntime.InferenceSession(file)
            for port, expected in zip(session.get_outputs(), session.run(None, feeds), strict=True):
                near(found[port.name], expected, 1e-4)
        said = called(model, [tf.constant(one) for one in given])
        for port, expected in zip(engine.outputs, said, strict=True):
            near(found[port.name], expected, network.tolerance)
        if network.below:
            continue
        inputs = [tf.Variable(one) for one in given]
        with tf.GradientTape() as tape:
            first = called(model, [tf.convert_to_tensor(one) for one in inputs])[0]
            second = tf.reduce_sum(tf.reshape(first, (rows, -1))[:, 1])
        slopes = tape.gradient(second, inputs, unconnected_gradients="zero")
        for name, one, slope in zip(names, given, slopes, strict=True):
            shares = engine.attribute(
                feeds, target=(engine.outputs[0].name, 1), wrt=name, method="gradient_times_input"
            ).values
            near(shares, slope.numpy() * one, network.tolerance)


@pytest.mark.parametrize("name", [name for name in NETWORKS if name != HOLDS_ARRAYS])
def test_a_network_is_that_of_onnx_runtime_and_tensorflow(name: str, tmp_path: Path) -> None:
    network = NETWORKS[name]
    model = made(network)
    for opset in OPSETS:
        compared(network, model, by_tf2onnx(model, network, opset), standard=name not in LEFT_BY_TF2ONNX)


@pytest.mark.parametrize("name", [name for name in NETWORKS if name not in (HOLDS_ARRAYS, "module of TensorFlow")])
def test_what_keras_exports_is_what_keras_computes(name: str, tmp_path: Path) -> None:
    network = NETWORKS[name]
    model = made(network)
    compared(network, model, by_keras(model, network, tmp_path), standard=name not in LEFT_BY_TF2ONNX)


@pytest.mark.parametrize("name", NETWORKS)
def test_what_a_checkpoint_keeps_is_what_tensorflow_computes(run: eg.Run, name: str) -> None:
    network = NETWORKS[name]
    model = made(network)
    example = tuple(network.inputs(1))
    run.checkpoint(model, global_step=1, example=example)
    run.finish()
    file = eg.open(run).checkpoint(1).read()
    compared(network, model, file, standard=name not in LEFT_BY_TF2ONNX)
