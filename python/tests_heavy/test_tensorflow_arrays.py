"""Arrays of TensorFlow, logged as they are and read back to the bit. Without PyTorch: the two bring the same LLVM."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from arrays import VALUES, kept, same

import ethogram as eg


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "uint8", "int32", "int64", "bool"])
def test_row_d1_tensors_of_tensorflow(run: eg.Run, dtype: str) -> None:
    expected = np.abs(VALUES).astype(dtype)
    same(kept(run, tf.constant(expected)), expected)


def test_row_d1_variables_of_tensorflow(run: eg.Run) -> None:
    expected = VALUES.astype(np.float32)
    same(kept(run, tf.Variable(expected)), expected)


def test_row_d1_a_single_number_of_tensorflow_is_a_scalar(run: eg.Run) -> None:
    run.log({"loss": tf.constant(2.5)}, global_step=7)
    run.finish()
    assert eg.open(run).scalars("loss")["value"].numpy().tolist() == [2.5]
