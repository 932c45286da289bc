"""What the tests of frameworks' arrays have in common."""

from __future__ import annotations

from typing import Any

import numpy as np

import ethogram as eg

VALUES = np.array([[0.0, -1.5, 2.25], [1e-3, 7.0, -0.0]])


def kept(run: eg.Run, value: Any) -> np.ndarray:
    run.log({"x": value}, global_step=1)
    run.finish()
    (found,) = eg.open(run).tensors("x")
    return found.numpy()


def same(found: np.ndarray, expected: np.ndarray) -> None:
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
    assert found.tobytes() == np.ascontiguousarray(expected).tobytes()
