"""Arrays of PyTorch and JAX, logged as they are and read back to the bit."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from arrays import VALUES, kept, same

import ethogram as eg

TORCH = ["float16", "float32", "float64", "uint8", "int8", "int16", "int32", "int64", "bool"]


@pytest.mark.parametrize("dtype", TORCH)
def test_row_d1_tensors_of_pytorch(run: eg.Run, dtype: str) -> None:
    expected = np.abs(VALUES).astype(dtype)
    same(kept(run, torch.from_numpy(expected.copy())), expected)


def test_row_d1_tensors_of_pytorch_in_training(run: eg.Run) -> None:
    """With a gradient, as views that are not contiguous, and as parameters of a module."""
    weight = torch.nn.Linear(3, 2).weight
    same(kept(run, weight), weight.detach().numpy())


def test_row_d1_views_of_pytorch(run: eg.Run) -> None:
    values = torch.arange(24, dtype=torch.float32).reshape(2, 3, 4).permute(2, 0, 1)[::2]
    assert not values.is_contiguous()
    same(kept(run, values), values.numpy())


def test_row_d1_brain_floats_of_pytorch_and_jax_become_floats(run: eg.Run) -> None:
    """NumPy has no such type: each value is one of float32 too."""
    values = [1.0, -2.5, 3e38, 0.0078125]
    with run:
        run.log({"torch": torch.tensor(values, dtype=torch.bfloat16)}, global_step=1)
        run.log({"jax": jnp.array(values, jnp.bfloat16)}, global_step=1)
    view = eg.open(run)
    expected = torch.tensor(values, dtype=torch.bfloat16).float().numpy()
    for tag in ("torch", "jax"):
        (found,) = view.tensors(tag)
        same(found.numpy(), expected)


@pytest.mark.parametrize("dtype", ["float16", "float32", "uint8", "int32", "bool"])
def test_row_d1_arrays_of_jax(run: eg.Run, dtype: str) -> None:
    expected = np.abs(VALUES).astype(dtype)
    same(kept(run, jnp.asarray(expected)), expected)


def test_row_d1_what_jax_computed(run: eg.Run) -> None:
    def loss(weights: Any) -> Any:
        return (weights**2).sum()

    gradient = jax.jit(jax.grad(loss))(jnp.arange(4.0))
    same(kept(run, gradient), np.array([0, 2, 4, 6], np.float32))


class OnlyDLPack:
    """What a library offers that knows no NumPy."""

    def __init__(self, array: Any) -> None:
        self.array = array

    def __dlpack__(self, **options: Any) -> Any:
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self.array.__dlpack_device__()


@pytest.mark.parametrize("make", [torch.from_numpy, jnp.asarray], ids=["torch", "jax"])
def test_row_d1_dlpack_on_the_processor(run: eg.Run, make: Any) -> None:
    expected = VALUES.astype(np.float32)
    same(kept(run, OnlyDLPack(make(expected))), expected)


@pytest.mark.parametrize(
    "number", [torch.tensor(2.5), torch.tensor([2.5], requires_grad=True), jnp.float32(2.5)],
    ids=["torch", "torch with gradient", "jax"],
)  # fmt: skip
def test_row_d1_a_single_number_of_a_framework_is_a_scalar(run: eg.Run, number: Any) -> None:
    run.log({"loss": number}, global_step=7)
    run.finish()
    assert eg.open(run).scalars("loss")["value"].numpy().tolist() == [2.5]


def test_row_d1_what_a_policy_of_pytorch_said_of_each_step(run: eg.Run) -> None:
    network = torch.nn.Linear(4, 3)
    observations = torch.rand(5, 4)
    logits = network(observations)
    with run.episode() as episode:
        for t in range(5):
            probabilities = torch.softmax(logits[t], 0)
            episode.step(
                observation=observations[t],
                action=probabilities.argmax(),
                reward=torch.tensor(1.0),
                logits=logits[t],
                terminated=t == 4,
            )
    run.finish()
    view = eg.open(run).episode(0)
    same(view.field("logits").numpy(), logits.detach().numpy())
    same(view.field("observation").numpy()[:5], observations.numpy())
    derived = view.field("action_probabilities").numpy()
    np.testing.assert_allclose(derived, torch.softmax(logits, 1).detach().numpy(), rtol=1e-6)
