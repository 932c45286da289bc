"""Policies of SBX (Stable-Baselines3 in JAX) as functions with a signature.

Observations are recorded as the environment made them, as with Stable-Baselines3: the signature tells what
`VecTransposeImage` and `VecNormalize` do to them before the network. SBX scales pictures within its network.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from ethogram.checkpoint import signature
from ethogram.errors import UnsupportedValueError
from ethogram.integrations.adapted import Adapted
from ethogram.integrations.sb3_policy import Layout
from ethogram.jax_function import JaxFunction, numbers_of, plain, variables_of

STATES = ("actor_state", "vf_state", "qf_state", "qf1_state", "qf2_state")
"""Networks that policies have."""


def adapt(source: Any) -> Adapted:
    """Take an algorithm (`PPO`, `DQN`, `SAC`, …) or a policy of SBX apart.

    Raises:
        UnsupportedValueError: Its network, or what it observes or does, is of a kind that is not known here.
    """
    policy = getattr(source, "policy", source)
    layout = Layout(source)
    layout.normalizes_images = False
    observed, acts = type(policy.observation_space).__name__, type(policy.action_space).__name__
    if observed != "Box" or acts not in ("Box", "Discrete"):
        raise UnsupportedValueError(
            f"checkpoint: of SBX, observations that are a Box and actions that are a Box or Discrete are taken, "
            f"found {observed} and {acts}; pass a function with signature= and example="
        )
    pictures = policy.observation_space.dtype == np.uint8 and len(policy.observation_space.shape) == 3
    given = np.zeros((1, *policy.observation_space.shape), np.uint8 if pictures else np.float32)
    said, roles = _said(policy, given)
    ((field, name),) = layout.inputs.items()
    described = signature(observation={field: name}, **{role: role for role in roles})  # type: ignore[arg-type] # roles are outputs only
    if steps := layout.preprocessing(field):
        described["inputs"][name]["preprocessing"] = steps
    call = functools.partial(said, weights(policy))
    return Adapted(JaxFunction(call, type(policy).__name__), given, described)


def weights(policy: Any) -> dict[str, Any]:
    """What the networks of a policy have learned so far, by network. Learning puts other states in their place."""
    return {name: variables_of(getattr(policy, name)) for name in STATES if hasattr(policy, name)}


def _said(policy: Any, example: Any) -> tuple[Any, list[str]]:
    """What a policy says, as a function of its weights and a batch, and the roles of that."""
    if hasattr(policy, "vf_state"):
        actor, critic = policy.actor_state.apply_fn, policy.vf_state.apply_fn
        discrete = type(policy.action_space).__name__ == "Discrete"

        def on_policy(held: Any, batch: Any) -> Any:
            return {
                **numbers_of(actor(held["actor_state"], batch)),
                "value": critic(held["vf_state"], batch)[:, 0],
            }

        return on_policy, ["logits", "value"] if discrete else ["action_mean", "log_std", "value"]
    if hasattr(policy, "actor_state"):
        return _off_policy(policy, example)
    if hasattr(policy, "qf_state"):
        values = policy.qf_state.apply_fn
        return lambda held, batch: {"q_values": values(held["qf_state"], batch)}, ["q_values"]
    raise UnsupportedValueError(
        f"checkpoint: expected a policy of SBX with actor_state or qf_state, found {type(policy).__name__}"
    )


def _off_policy(policy: Any, example: Any) -> tuple[Any, list[str]]:
    """The action without noise, in units of the environment, and the smaller critic of it (TQC: of its quantiles)."""
    import jax

    actor, low, high = policy.actor_state.apply_fn, policy.action_space.low, policy.action_space.high
    critics = {name: getattr(policy, name).apply_fn for name in STATES if "qf" in name and hasattr(policy, name)}

    def squashed(held: Any, batch: Any) -> Any:
        said = plain(actor(held["actor_state"], batch))
        return said["action_mean"] if isinstance(said, dict) else said

    def acts(held: Any, batch: Any) -> Any:
        return {"action_mean": low + (squashed(held, batch) + 1) / 2 * (high - low)}

    def acts_and_values(held: Any, batch: Any) -> Any:
        action = squashed(held, batch)
        found = [critic(held[name], batch, action) for name, critic in critics.items()]
        if "qf_state" in critics:
            value = found[0].min(axis=0)[:, 0]
        else:
            value = sum(quantiles.mean(axis=-1) for quantiles in found) / len(found)
        return {**acts(held, batch), "value": value}

    try:
        jax.eval_shape(acts_and_values, weights(policy), example)
    except Exception:  # critics with dropout draw chances whenever they are asked
        return acts, ["action_mean"]
    return acts_and_values, ["action_mean", "value"]
