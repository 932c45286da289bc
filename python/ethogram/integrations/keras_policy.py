"""Policies of Keras and TensorFlow, with a signature: their outputs' names say what they are, or the run does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ethogram.checkpoint import OUTPUT_ROLES, signature
from ethogram.errors import UnsupportedValueError
from ethogram.integrations.adapted import Adapted, needs_example
from ethogram.integrations.plain_module import called, roles_of
from ethogram.tensorflow_function import TensorFlowFunction, canonical


def adapt(
    policy: TensorFlowFunction, example: Any, env: Mapping[str, Any] | None, said: Mapping[str, int | None]
) -> Adapted | None:
    """A model that returns a dict by role, has outputs called by their roles, or says what was annotated.

    Args:
        policy: Of an observation batch of one.
        example: Such a batch; of a tuple of several inputs nothing says which is the observation.
        env: The run's description of its environment.
        said: Fields that were annotated, and how many numbers each has.

    Returns:
        `None` where nothing says what its numbers are: nothing is guessed.

    Raises:
        EthogramError: Nothing says what it takes.
        UnsupportedValueError: It does not take that.
    """
    if example is None:
        raise needs_example()
    if isinstance(example, tuple) and len(example) != 1:
        return None
    batch = canonical(example[0] if isinstance(example, tuple) else example)
    try:
        found = policy.shapes(batch)
    except Exception as error:
        first = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise UnsupportedValueError(
            f"checkpoint: {policy.title} does not take a batch of one observation, {batch.dtype} {list(batch.shape)}: "
            f"{first[:200]}; give example= and signature= for what it takes"
        ) from error
    if isinstance(found, Mapping):
        return _with(policy, batch, list(found)) if found and set(found) <= set(OUTPUT_ROLES) else None
    outputs = list(found) if isinstance(found, tuple | list) else [found]
    if roles := called(policy.output_names, len(outputs)):
        return _with(policy, batch, roles)
    if not all(tuple(getattr(output, "shape", ()))[:1] == (1,) for output in outputs):
        return None
    roles = roles_of([int(np.prod(output.shape)) for output in outputs], env, said)
    return _with(policy, batch, roles) if roles else None


def _with(policy: TensorFlowFunction, batch: Any, roles: list[str]) -> Adapted:
    named: dict[str, Any] = {role: role for role in roles}
    return Adapted(policy, batch, signature(observation="observation", **named))
