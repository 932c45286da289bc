"""B-16: models of Keras on PyTorch and on JAX become checkpoints in one call; on TensorFlow see test_keras_policies."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

# A process has one backend.
SCRIPT = """
import sys, keras, numpy as np, ethogram as eg
from keras import layers, ops
rows = np.random.default_rng(0).standard_normal((5, 8)).astype(np.float32)
model = keras.Sequential([
    keras.Input((8,)), layers.Dense(16, "gelu", name="body"), layers.BatchNormalization(), layers.Dropout(0.5),
    layers.Dense(4, name="head"),
])
env = eg.describe("Toy-v0", observation_space=eg.space.box(-9, 9, (8,)), action_space=eg.space.discrete(4))
with eg.init(root=sys.argv[1], env=env, quiet=True, capture_code=False, strict=True) as run:
    with run.episode() as episode:
        episode.step(observation=rows[0], action=0, reward=0.0, q_values=ops.convert_to_numpy(model(rows[:1]))[0])
    run.checkpoint(model, global_step=1)
found = eg.open(run).checkpoint(1).model({"observation": rows})["q_values"]
expected = ops.convert_to_numpy(model(rows, training=False))
np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
print("as", keras.config.backend(), "says")
"""


@pytest.mark.parametrize("backend", ["torch", "jax"])
def test_row_b16_models_of_keras_on_other_backends(tmp_path: Path, backend: str) -> None:
    environ = os.environ | {"KERAS_BACKEND": backend, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", SCRIPT, str(tmp_path)]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=300, check=False)
    assert done.stdout.strip() == f"as {backend} says", done.stderr[-2000:]


NAMED = """
import sys, keras, numpy as np, ethogram as eg
from keras import layers, ops
rows = np.random.default_rng(0).standard_normal((5, 8)).astype(np.float32)
taken = keras.Input((8,))
hidden = layers.Dense(16, "relu")(taken)
model = keras.Model(taken, [layers.Dense(1, name="value")(hidden), layers.Dense(4, name="logits")(hidden)])
env = eg.describe("Toy-v0", observation_space=eg.space.box(-9, 9, (8,)), action_space=eg.space.discrete(4))
with eg.init(root=sys.argv[1], env=env, quiet=True, capture_code=False, strict=True) as run:
    run.checkpoint(model, global_step=1)
found = eg.open(run).checkpoint(1).model({"observation": rows})
for name, said in zip(("value", "logits"), model(rows, training=False)):
    np.testing.assert_allclose(found[name], ops.convert_to_numpy(said), rtol=1e-4, atol=1e-6)
print("as", keras.config.backend(), "says")
"""


@pytest.mark.parametrize("backend", ["torch", "jax"])
def test_row_b16_outputs_that_are_called_by_their_roles_need_nothing_else(tmp_path: Path, backend: str) -> None:
    environ = os.environ | {"KERAS_BACKEND": backend, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", NAMED, str(tmp_path)]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=300, check=False)
    assert done.stdout.strip() == f"as {backend} says", done.stderr[-2000:]
