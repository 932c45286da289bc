"""Policies written in JAX, with a signature: what they return says what it is, or the run does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ethogram.checkpoint import OUTPUT_ROLES, signature
from ethogram.errors import UnsupportedValueError
from ethogram.integrations.adapted import Adapted, needs_example
from ethogram.integrations.plain_module import called, roles_of
from ethogram.jax_function import JaxFunction


def adapt(
    policy: JaxFunction, example: Any, env: Mapping[str, Any] | None, said: Mapping[str, int | None]
) -> Adapted | None:
    """A function that returns a distribution (and the value), a dict by role, outputs called so, or what was annotated.

    Args:
        policy: Of an observation batch of one.
        example: Such a batch.
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
    import jax

    batch = single(np.asarray(example))
    try:
        found = jax.eval_shape(policy, batch)
    except UnsupportedValueError:
        raise
    except Exception as error:
        first = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise UnsupportedValueError(
            f"checkpoint: {policy.title} is no function of JAX that takes a batch of one observation, "
            f"{batch.dtype} {list(batch.shape)}: {first[:200]}; give example= and signature= for what it takes"
        ) from error
    if isinstance(found, Mapping):
        if not found or not set(found) <= set(OUTPUT_ROLES):
            return None
        roles: list[str] | None = list(found)
    else:
        outputs = list(found) if isinstance(found, tuple | list) else [found]
        if not all(getattr(output, "shape", ())[:1] == (1,) for output in outputs):
            return None
        widths = [int(np.prod(output.shape)) for output in outputs]
        roles = called(policy.output_names, len(outputs))
        roles = roles or roles_of(widths, env, _by_title(policy.title, env) or said)
    if not roles:
        return None
    named: dict[str, Any] = {role: role for role in roles}
    return Adapted(policy, batch, signature(observation="observation", **named))


def _by_title(title: str, env: Mapping[str, Any] | None) -> dict[str, int | None]:
    """What a network of CleanRL says, by what it is called there."""
    kind = ((env or {}).get("action_space") or {}).get("type")
    if "qnetwork" in title.lower() and kind == "discrete":
        return {"q_values": None}
    return {"action_mean": None} if title == "Actor" and kind == "box" else {}


def single(batch: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """A batch in the types that JAX computes in unless it is told otherwise."""
    wide = {"f8": np.float32, "i8": np.int32}
    return batch.astype(wide.get(batch.dtype.str[1:], batch.dtype))
