"""Agents in the manner of CleanRL, and plain modules whose `forward` names what it returns, with a signature."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ethogram.checkpoint import OUTPUT_ROLES, signature
from ethogram.errors import UnsupportedValueError
from ethogram.integrations.adapted import Adapted, needs_example
from ethogram.stand_in import stand_in

_SCALE = {"op": "scale", "by": 1 / 255}
_TRANSPOSE = {"op": "transpose", "axes": [2, 0, 1]}
PREPROCESSING: tuple[tuple[dict[str, Any], ...], ...] = ((), (_SCALE,), (_TRANSPOSE, _SCALE), (_TRANSPOSE,))
"""What CleanRL's agents do to an observation before their network, in the order in which it is tried."""

TOLERANCE = 1e-5
"""How near the value by its parts must come to the agent's own `get_value`, relative to its size."""


def adapt(agent: Any, example: Any, env: Mapping[str, Any] | None) -> Adapted | None:
    """Take an agent apart by the names of its parts; `None` where they mean nothing to us.

    Known are PPO (`actor`, `critic`, with `network` before them or not, with `lstm`), continuous PPO (`actor_mean`,
    `actor_logstd`), DQN (`QNetwork`), C51 (`atoms`), the actors of SAC (`fc_mean`, `fc_logstd`) and of TD3 (`fc_mu`),
    and modules whose `forward` returns a dict by role.

    Raises:
        EthogramError: It is such an agent, but nothing says what it takes.
        UnsupportedValueError: It does to observations what is not known here.
    """
    from ethogram.integrations import cleanrl_heads as heads

    if not hasattr(agent, "named_children"):
        return None
    names = {name for name, _ in agent.named_children()}
    on_policy = "critic" in names and ("actor" in names or "actor_mean" in names)
    atoms = hasattr(agent, "atoms") and hasattr(agent, "n_atoms") and "network" in names
    if not (on_policy or atoms or _has_forward(agent)):
        return None
    if example is None:
        raise needs_example()
    batch = as_tensor(example, agent)
    if on_policy:
        return _on_policy(heads, agent, batch)
    if atoms:
        described = signature(observation="obs", atom_logits="atom_logits", atoms="atoms")
        return Adapted(heads.Atoms(agent, batch), batch, described)
    if {"fc_mean", "fc_logstd"} <= names:
        return Adapted(heads.Squashed(agent), batch, signature(observation="obs", action_mean="action_mean"))
    if "fc_mu" in names:
        return Adapted(agent, batch, signature(observation="obs", action_mean="action_mean"))
    return _by_role(agent, batch, env)


def _on_policy(heads: Any, agent: Any, batch: Any) -> Adapted:
    import torch

    recurrent = hasattr(agent, "lstm")
    lstm = agent.lstm if recurrent else None
    shape = (lstm.num_layers, 1, lstm.hidden_size) if lstm is not None else ()
    memory = tuple(torch.zeros(*shape, device=batch.device) for _ in range(2)) if recurrent else ()
    # Zeros would hide what is done to observations.
    probe = torch.arange(batch.numel(), device=batch.device).reshape(batch.shape).remainder(251).to(batch.dtype)
    with stand_in(agent) as asked, torch.no_grad():
        if not hasattr(asked, "get_value"):
            own = None
        elif recurrent:
            own = asked.get_value(probe, memory, torch.zeros(1, device=batch.device))
        else:
            own = asked.get_value(probe)
        parts = heads.OnPolicy(asked)
        for steps in PREPROCESSING:
            row = _prepared(probe, steps)
            try:
                value = parts(row, *memory)["value"]
            except (RuntimeError, ValueError, IndexError):
                continue
            if own is None or bool(((value - own).abs() <= TOLERANCE * (1 + own.abs())).all()):
                break
        else:
            raise UnsupportedValueError(
                f"checkpoint: get_value of {type(agent).__name__} does to observations what is not known "
                "(tried: nothing, /255, channels first); pass signature= with preprocessing and a module of the rest"
            )
    module = heads.OnPolicy(agent)
    outputs = ("logits", "value") if module.discrete else ("action_mean", "log_std", "value")
    described = signature(
        observation="obs",
        preprocessing=steps,
        state={"h": "h_next", "c": "c_next"} if recurrent else None,
        **{role: role for role in outputs},  # type: ignore[arg-type] # roles are outputs only
    )
    return Adapted(module, (row, *memory) if memory else row, described)


def _by_role(agent: Any, batch: Any, env: Mapping[str, Any] | None) -> Adapted | None:
    """A module whose outputs say what they are, or a network of Q-values by its name."""
    import torch

    try:
        with stand_in(agent) as asked, torch.no_grad():
            said = asked(batch)
    except Exception:
        return None
    if isinstance(said, Mapping) and said and set(said) <= set(OUTPUT_ROLES):
        return Adapted(agent, batch, signature(observation="obs", **{role: role for role in said}))
    actions = ((env or {}).get("action_space") or {}).get("n")
    alone = isinstance(said, torch.Tensor) and said.ndim == 2
    if alone and "qnetwork" in type(agent).__name__.lower() and actions in (None, said.shape[1]):
        return Adapted(agent, batch, signature(observation="obs", q_values="q_values"))
    return None


def _prepared(batch: Any, steps: tuple[dict[str, Any], ...]) -> Any:
    for step in steps:
        if step["op"] == "transpose":
            if batch.ndim != 4:
                return batch
            batch = batch.permute(0, *(axis + 1 for axis in step["axes"]))
        else:
            batch = batch.float() * step["by"]
    return batch.float()


def as_tensor(example: Any, agent: Any) -> Any:
    """A batch where the module's weights are, numbers with a point as `float32`."""
    import torch

    batch = example if isinstance(example, torch.Tensor) else torch.as_tensor(np.asarray(example))
    device = next((weight.device for weight in agent.parameters()), torch.device("cpu"))
    return batch.to(device, torch.float32 if batch.dtype.is_floating_point else batch.dtype)


def _has_forward(agent: Any) -> bool:
    """Whether `forward` is its own: a bare module has one that only raises."""
    return getattr(type(agent).forward, "__name__", "") != "_forward_unimplemented"
