"""Policies of known libraries as networks with a signature: what `Run.checkpoint` exports in one call.

A policy is recognised by its shape, never by importing its library here. What is exported are its heads (logits,
values, Q-values, means), never the wrapper that samples an action.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from ethogram.errors import EthogramError
from ethogram.jax_function import JaxFunction
from ethogram.live_function import function_of
from ethogram.tensorflow_function import output_names_of


@dataclass(frozen=True)
class Adapted:
    """A policy ready to be exported.

    Attributes:
        module: A module of PyTorch, a `JaxFunction` or a `TensorFlowFunction`; it takes what the signature's
            preprocessing makes of an observation.
        example: Inputs of one row, as `Run.checkpoint` takes them.
        signature: As `ethogram.signature` makes it.
    """

    module: Any
    example: Any
    signature: dict[str, Any]


def adapted(
    source: Any,
    env: Mapping[str, Any] | None,
    example: Any = None,
    said: Mapping[str, int | None] = MappingProxyType({}),
) -> Adapted | None:
    """What is exported for `source`; `None` where its inputs and outputs have no meaning that we know.

    Args:
        source: An algorithm or policy of Stable-Baselines3 (or sb3-contrib), an agent in the manner of CleanRL, or a
            module whose `forward` returns a dict with the names of roles, or what was annotated; a policy in JAX, Keras
            or TensorFlow.
        env: The run's description of its environment, which says what an observation looks like.
        example: A batch of one observation, where the environment is not described.
        said: Names of the fields that were annotated, and how many numbers each has where that is known.
    """
    libraries = {base.__module__.split(".")[0] for base in type(source).__mro__}
    if "sbx" in libraries:
        from ethogram.integrations import sbx_policy

        return sbx_policy.adapt(source)
    if libraries & {"stable_baselines3", "sb3_contrib"}:
        from ethogram.integrations import sb3_policy

        return sb3_policy.adapt(source)
    if "ray" in libraries:
        from ethogram.integrations import rllib_module

        return rllib_module.adapt(source)
    if "torch" not in libraries and (function := function_of(source)) is not None:
        from ethogram.integrations import jax_policy, keras_policy

        example = observation_of(env) if example is None else example
        if isinstance(function, JaxFunction):
            return jax_policy.adapt(function, example, env, said)
        return keras_policy.adapt(function, example, env, said)
    if "torch" in libraries:
        from ethogram.integrations import cleanrl_agent, plain_module

        example = observation_of(env) if example is None else example
        found = cleanrl_agent.adapt(source, example, env)
        names = output_names_of(source) if "keras" in libraries else ()
        if found is not None or example is None or not (said or names):
            return found
        return plain_module.adapt(source, cleanrl_agent.as_tensor(example, source), env, said, names)
    return None


def observation_of(env: Mapping[str, Any] | None) -> Any:
    """A batch of one observation of zeros, after the run's description of its environment; `None` without one."""
    import numpy as np

    space = (env or {}).get("observation_space") or {}
    if space.get("type") == "box":
        return np.zeros((1, *space["shape"]), space["dtype"])
    if space.get("type") == "discrete":
        return np.zeros((1,), space.get("dtype", "int64"))
    return None


def observation_for(signature: Mapping[str, Any] | None, env: Mapping[str, Any] | None) -> Any:
    """A batch of one observation for a module with this signature; `None` where it takes anything else than that."""
    inputs = list(((signature or {}).get("inputs") or {}).values())
    alone = len(inputs) == 1 and inputs[0].get("field") == "observation" and not inputs[0].get("preprocessing")
    found = observation_of(env) if alone else None
    return found if found is None or found.dtype.kind != "f" else found.astype("float32")


def needs_example() -> EthogramError:
    """What to say where nothing tells what the network takes."""
    return EthogramError(
        "checkpoint: expected example=, an observation batch of one, for nothing says what the network takes; "
        "or record an environment with ethogram.record before"
    )
