"""Algorithms and modules of RLlib's new API stack as networks with a signature."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ethogram.checkpoint import signature
from ethogram.errors import UnsupportedValueError
from ethogram.integrations import rllib_memory
from ethogram.integrations.adapted import Adapted
from ethogram.integrations.rllib_actions import ActionUnits, is_squashed
from ethogram.stand_in import stand_in


def adapt(source: Any) -> Adapted:
    """Take the module of an algorithm (`PPO`, `DQN`, `SAC`, …), or a module, apart.

    Of a module by itself nobody knows how its algorithm scales actions; RLlib's default is taken.

    Raises:
        UnsupportedValueError: There are several, or it is of a kind that is not known here.
    """
    from ethogram.integrations import rllib_heads

    module = module_of(source)
    title = type(module).__name__
    observed, acts = module.observation_space, type(module.action_space).__name__
    if type(observed).__name__ != "Box":
        raise UnsupportedValueError(
            f"checkpoint: of RLlib, modules that take a Box of numbers are known, found {title} for "
            f"{type(observed).__name__}; export a module of your own with signature= and example="
        )
    memory = rllib_memory.begun(module)
    units = ActionUnits(module.action_space, getattr(source, "config", None), is_squashed(module))
    if hasattr(module, "compute_q_values") and not hasattr(module, "pi"):
        heads: Any = rllib_heads.Values(module)
    else:
        kind = getattr(module.get_inference_action_dist_cls(), "__name__", "no distribution")
        if kind not in ("TorchCategorical", "TorchDiagGaussian", "TorchSquashedGaussian"):
            raise UnsupportedValueError(
                f"checkpoint: of RLlib, categorical and Gaussian policies and Q-values are known, found {title} "
                f"({kind}) for {acts}; export a module of your own with signature= and example="
            )
        discrete = kind == "TorchCategorical"
        if units.squashed:
            heads = rllib_heads.Squashed(module, units)
        elif discrete and hasattr(module, "compute_q_values"):
            heads = rllib_heads.Chances(module)
        else:
            valued = hasattr(module, "compute_values") and getattr(module, "vf", None) is not None
            heads = rllib_heads.Policy(module, discrete, valued, units)
    import torch

    if memory and not isinstance(heads, rllib_heads.Policy):
        raise UnsupportedValueError(
            f"checkpoint: of RLlib's modules with memory those of PPO and its kin are known, found {title}; export a "
            "module of your own with signature= and example="
        )
    example = torch.as_tensor(np.zeros((1, *observed.shape), np.float32))
    device = next((weight.device for weight in module.parameters()), torch.device("cpu"))
    if not memory:
        with stand_in(heads) as asked, torch.no_grad():
            roles: dict[str, Any] = {role: role for role in asked(example.to(device))}
        return Adapted(heads, example, signature(observation="obs", **roles))
    heads = rllib_heads.Remembering(heads)
    rows = {name: part.to(device) for name, part in heads.begun.items()}
    following = {name: f"{name}_next" for name in rows}
    with stand_in(heads) as asked, torch.no_grad():
        said = set(asked(example.to(device), rows)) - set(following.values())
    roles = {role: role for role in sorted(said)}
    return Adapted(heads, (example, rows), signature(observation="obs", state=following, **roles))


def module_of(source: Any) -> Any:
    """The module of an algorithm: the learner's where it lies in this process, for only that has the value.

    Raises:
        UnsupportedValueError: There are several.
    """
    if not hasattr(source, "learner_group"):
        return source
    learner = getattr(source.learner_group, "_learner", None)
    modules: Mapping[str, Any] = dict(learner.module.items()) if learner is not None else {}
    if len(modules) > 1:
        raise UnsupportedValueError(
            f"checkpoint: the algorithm has {len(modules)} modules ({', '.join(sorted(modules))}); give one of them, "
            f"run.checkpoint(algorithm.get_module({sorted(modules)[0]!r}), name=…)"
        )
    found = next(iter(modules.values()), None)
    return source.get_module() if found is None else found
