"""Modules of a training loop of one's own, whose outputs are what `env.annotate` was given."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ethogram.checkpoint import OUTPUT_ROLES, signature
from ethogram.integrations.adapted import Adapted
from ethogram.stand_in import stand_in

POLICIES = ("logits", "q_values", "action_probabilities", "action_mean")
"""What a policy says with one number an action."""


def adapt(
    module: Any,
    batch: Any,
    env: Mapping[str, Any] | None,
    said: Mapping[str, int | None],
    names: Sequence[str] = (),
) -> Adapted | None:
    """A module that returns a row of numbers, or two: those of the policy, and the value.

    Args:
        module: A module of PyTorch.
        batch: Its input, an observation batch of one.
        env: The run's description of its environment.
        said: Names of fields that were annotated, and how many numbers each has where that is known. One of `POLICIES`
            must be among them, and no other.
        names: What the module calls its outputs; where these are roles, nothing else is asked.

    Returns:
        `None` where shapes and names leave a choice: nothing is guessed.
    """
    import torch

    try:
        with stand_in(module) as asked, torch.no_grad():
            found = asked(batch)
    except Exception:
        return None
    outputs = list(found) if isinstance(found, tuple | list) else [found]
    if not all(isinstance(output, torch.Tensor) and output.shape[:1] == (1,) for output in outputs):
        return None
    roles = called(names, len(outputs)) or roles_of([output.numel() for output in outputs], env, said)
    if roles is None:
        return None
    outputs_by_role: dict[str, Any] = {role: role for role in roles}
    return Adapted(module, batch, signature(observation="observation", **outputs_by_role))


def called(names: Sequence[str], outputs: int) -> list[str] | None:
    """What outputs are that are called by their roles, each; else `None`."""
    return list(names) if names and len(names) == outputs and set(names) <= set(OUTPUT_ROLES) else None


def roles_of(widths: list[int], env: Mapping[str, Any] | None, said: Mapping[str, int | None]) -> list[str] | None:
    """What outputs with so many numbers are, in order: what was annotated, alone or with the value; else `None`."""
    policies = [role for role in POLICIES if role in said]
    if len(policies) != 1:
        return None
    # A loop that counts by itself has no description of its environment: the width is that of what it said.
    policy, space = policies[0], (env or {}).get("action_space")
    width = _actions(space) if space else said[policy]
    if width is None or (width == 1 and len(widths) > 1):
        return None
    return {(width,): [policy], (width, 1): [policy, "value"], (1, width): ["value", policy]}.get(tuple(widths))


def _actions(space: Mapping[str, Any]) -> int | None:
    """How many numbers a policy says of an action in this space."""
    match space.get("type"):
        case "discrete":
            return int(space["n"])
        case "box":
            return int(math.prod(space["shape"]))
    return None
