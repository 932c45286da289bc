"""Policies written in JAX as pure functions of arrays, whatever holds their weights."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ethogram.errors import UnsupportedValueError
from ethogram.live_module import owner


@dataclass(frozen=True)
class JaxFunction:
    """A function of a batch of each input, with its weights inside.

    Attributes:
        call: Traced, never run: it draws no chances, and changes nothing.
        title: What people call it.
        output_names: What a model calls its outputs; none where it does not.
    """

    call: Callable[..., Any]
    title: str
    output_names: tuple[str, ...] = ()

    def __call__(self, *inputs: Any) -> Any:
        """What it returns, distributions taken apart."""
        return plain(self.call(*inputs))


def function_of(source: Any) -> JaxFunction | None:
    """A policy as a function; `None` where JAX has nothing to do with it.

    Taken are modules of Flax (`nnx`, in evaluation mode; `linen`, bound to their weights), a `TrainState`, modules of
    Equinox (over each row, in inference mode), and functions.

    Raises:
        UnsupportedValueError: It is a module without its weights.
    """
    if isinstance(source, JaxFunction):
        return source
    if "jax" not in sys.modules or isinstance(source, type):
        return None
    kinds = [base.__module__ for base in type(source).__mro__]
    title = type(source).__name__
    if hasattr(source, "apply_fn") and hasattr(source, "params"):
        return _of_state(source)
    if any(kind.startswith("flax.nnx") for kind in kinds):
        from flax import nnx

        copy = nnx.clone(source)
        copy.eval()
        return JaxFunction(copy, title)
    if any(kind.startswith("flax.linen") for kind in kinds):
        if source.scope is None:
            raise UnsupportedValueError(
                f"checkpoint: {title} is a module of Flax without its weights; give network.bind(variables), the "
                "TrainState, or functools.partial(network.apply, variables)"
            )
        network, variables = source.unbind()
        return JaxFunction(functools.partial(network.apply, variables), title)
    if any(kind.startswith("equinox.") for kind in kinds):
        return JaxFunction(_over_rows(source), title)
    if not callable(source) or hasattr(source, "SerializeToString") or hasattr(owner(source), "named_modules"):
        return None
    return JaxFunction(source, getattr(source, "__name__", title))


def _of_state(state: Any) -> JaxFunction:
    if not callable(state.apply_fn):
        raise UnsupportedValueError(
            f"checkpoint: {type(state).__name__} has no apply_fn; give a function of the observation instead, "
            "lambda observation: …"
        )
    network = getattr(state.apply_fn, "__self__", state)
    call = functools.partial(state.apply_fn, variables_of(state))
    # C51 in CleanRL's manner: the network says chances, and its state at which returns they lie.
    if (atoms := getattr(state, "atoms", None)) is not None:
        return JaxFunction(
            lambda *inputs: {"atom_probabilities": call(*inputs), "atoms": atoms}, type(network).__name__
        )
    return JaxFunction(call, type(network).__name__)


def variables_of(state: Any) -> dict[str, Any]:
    """What `apply_fn` of a `TrainState` takes first: some are made with all variables, some with the weights alone."""
    params = state.params
    variables = dict(params) if "params" in params else {"params": params}
    for name in ("batch_stats",):
        if getattr(state, name, None) is not None:
            variables[name] = getattr(state, name)
    return variables


def _over_rows(module: Any) -> Callable[..., Any]:
    """A module of Equinox, which takes one row, as a function of a batch; wrapped functions take a batch."""
    import equinox
    import jax

    module = equinox.nn.inference_mode(module)
    if type(module).__module__.startswith("equinox._"):
        wrapped: Callable[..., Any] = module
        return wrapped
    over_rows: Callable[..., Any] = jax.vmap(module)
    return over_rows


def plain(said: Any) -> Any:
    """What a policy returns, with the numbers of its distributions in their place.

    A distribution and one more array, as actor and critic return them, are a dict by role: the other is the value.
    """
    if _is_distribution(said):
        return numbers_of(said)
    if type(said) is not tuple:
        return said
    parts = [numbers_of(part) if _is_distribution(part) else part for part in said]
    distributions = [part for part, before in zip(parts, said, strict=True) if part is not before]
    if len(parts) == 2 and len(distributions) == 1:
        value = parts[0] if parts[1] is distributions[0] else parts[1]
        if not isinstance(value, Mapping | tuple | list):
            return {**distributions[0], "value": value}
    return tuple(parts)


def _is_distribution(part: Any) -> bool:
    return any(
        base.__module__.split(".")[0] in ("distrax", "tensorflow_probability") and base.__name__ == "Distribution"
        for base in type(part).__mro__
    )


def numbers_of(distribution: Any) -> dict[str, Any]:
    """What a distribution of actions is made of, by role: logits, or a mean with the log of its deviation.

    Raises:
        UnsupportedValueError: It is of a kind that is not known.
    """
    import jax.numpy as jnp

    name = type(distribution).__name__
    if "Categorical" in name:
        own = getattr(distribution, "logits_parameter", None)
        return {"logits": own() if own is not None else distribution.logits}
    if name == "Independent":
        return numbers_of(distribution.distribution)
    if "Normal" in name:
        # Not by `mean()`, where it can be helped: it is traced through bijectors that no exporter knows.
        return {"action_mean": distribution.loc, "log_std": jnp.log(_deviation_of(distribution))}
    if hasattr(distribution, "bijector"):
        # Squashed: the likeliest action is the squashed mean, near enough for what it is used for.
        return {"action_mean": distribution.bijector.forward(distribution.distribution.mean())}
    raise UnsupportedValueError(
        f"checkpoint: the policy returns a {name}; return its numbers instead: logits, or mean and log of the deviation"
    )


def _deviation_of(normal: Any) -> Any:
    """Distrax has it by one of two names; TensorFlow Probability as an operator, or as a number a dimension."""
    import jax

    for name in ("scale_diag", "scale"):
        if isinstance(found := getattr(normal, name, None), jax.Array):
            return found
    return normal.stddev()
