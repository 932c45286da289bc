"""Policies that are no module of PyTorch, as functions that can be exported."""

from __future__ import annotations

from typing import Any

from ethogram import jax_function, tensorflow_function
from ethogram.jax_function import JaxFunction
from ethogram.tensorflow_function import TensorFlowFunction

Function = JaxFunction | TensorFlowFunction


def function_of(source: Any) -> Function | None:
    """A policy of Keras, TensorFlow or JAX; `None` where it is of none of them.

    Raises:
        UnsupportedValueError: It is a module without its weights.
    """
    return tensorflow_function.function_of(source) or jax_function.function_of(source)
