"""Quantities of reinforcement learning for arrays: the same functions that derive the fields of a run.

A value that is masked (`numpy.ma`) or `None` is missing; what cannot be known without it is missing too, and comes back
as NaN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from ethogram import _native
from ethogram.errors import ShapeError

if TYPE_CHECKING:
    import numpy
    import numpy.typing

    Floats = numpy.typing.NDArray[numpy.float64]

Of = Literal["logits", "probabilities"]
"""What a policy's numbers are."""


def gae(
    rewards: Any,
    values: Any,
    terminated: Any,
    truncated: Any,
    final_value: float | None = None,
    *,
    gamma: float = 0.99,
    lam: float = 0.95,
) -> Floats:
    """Generalised advantage estimation, after Schulman et al. (2016), equations 11 and 16.

    After termination nothing follows; after a cut in the last row `final_value` stands for what would have. Without it
    the last row serves as the bootstrap only, and is missing itself.

    Args:
        rewards: `r_t`, T numbers; several episodes may follow one another.
        values: `V(s_t)`, T numbers.
        terminated: T flags, whether the task ended with that action.
        truncated: T flags, whether the episode was cut there.
        final_value: `V` of the observation after the last row.
        gamma: Discount, from 0 to 1.
        lam: λ, from 0 to 1.

    Returns:
        T advantages, float64; NaN where missing.

    Raises:
        ShapeError: Lengths differ, or a number is out of its bounds.
    """
    ends = (_flags("terminated", terminated), _flags("truncated", truncated))
    return _floats(_native.gae(_rows("rewards", rewards), _rows("values", values), ends, final_value, gamma, lam))


def td_error(
    rewards: Any,
    values: Any,
    terminated: Any,
    truncated: Any,
    final_value: float | None = None,
    *,
    gamma: float = 0.99,
) -> Floats:
    """`r_t + γ V(s_{t+1}) − V(s_t)`, after Sutton and Barto (2018), equation 6.5. Arguments and errors as in `gae`."""
    ends = (_flags("terminated", terminated), _flags("truncated", truncated))
    return _floats(_native.td_error(_rows("rewards", rewards), _rows("values", values), ends, final_value, gamma))


def entropy(policy: Any, *, of: Of = "logits") -> Floats:
    """How undecided a policy is, in nats: `−Σ_a p_a log p_a`.

    Args:
        policy: …×A numbers.
        of: Whether they are `logits` or `probabilities`. Probabilities are taken as they are, not scaled to sum to one.

    Returns:
        One number a row: the shape of `policy` without its last axis, float64.
    """
    rows, width = _policy("policy", policy)
    return _floats(_native.entropy(rows.ravel().tolist(), width, _of_logits(of))).reshape(rows.shape[:-1])


def kl(p: Any, q: Any, *, of: Of = "logits") -> Floats:
    """What is lost when policy `q` stands for `p`, in nats: `Σ_a p_a (log p_a − log q_a)`.

    Infinite where `p` takes an action that `q` never does; not the same the other way round.

    Args:
        p: …×A numbers.
        q: As many.
        of: Whether they are `logits` or `probabilities`.

    Returns:
        One number a row, 0 or more, float64.

    Raises:
        ShapeError: The shapes differ.
    """
    return _between("kl", p, q, of)


def js(p: Any, q: Any, *, of: Of = "logits") -> Floats:
    """How far two policies are apart, in nats: `½ KL(p‖m) + ½ KL(q‖m)` with `m = ½ (p + q)`.

    From 0 to ln 2, and the same both ways round; after Lin (1991). Arguments, shapes and errors as in `kl`.
    """
    return _between("js", p, q, of)


def _between(kind: str, p: Any, q: Any, of: Of) -> Floats:
    (first, width), (second, _) = _policy("p", p), _policy("q", q)
    if first.shape != second.shape:
        raise ShapeError(f"q: expected shape {list(first.shape)}, that of p, found {list(second.shape)}")
    found = _native.divergence(kind, first.ravel().tolist(), second.ravel().tolist(), width, _of_logits(of))
    return _floats(found).reshape(first.shape[:-1])


def _of_logits(of: str) -> bool:
    if of not in ("logits", "probabilities"):
        raise ShapeError(f"of: expected logits or probabilities, found {of!r}")
    return of == "logits"


def _policy(name: str, values: Any) -> tuple[Floats, int]:
    import numpy as np

    array = np.asarray(values, dtype=np.float64)
    if array.ndim == 0 or array.shape[-1] == 0:
        raise ShapeError(
            f"{name}: expected at least one axis, the last of the actions, found shape {list(array.shape)}"
        )
    return array, array.shape[-1]


def _rows(name: str, values: Any) -> list[float | None]:
    import numpy as np

    _one_axis(name, values)
    masked = np.ma.getmaskarray(values) if isinstance(values, np.ma.MaskedArray) else None
    rows = list(values) if masked is None else values.data.tolist()
    missing = [row is None for row in rows] if masked is None else masked.tolist()
    return [None if gone else float(row) for row, gone in zip(rows, missing, strict=True)]


def _flags(name: str, values: Any) -> list[bool]:
    _one_axis(name, values)
    return [bool(value) for value in values]


def _one_axis(name: str, values: Any) -> None:
    import numpy as np

    if not hasattr(values, "__iter__") or getattr(values, "ndim", 1) == 0:
        raise ShapeError(f"{name}: expected one axis of steps, found {values!r}")
    if any(np.ndim(row) for row in values):
        raise ShapeError(f"{name}: expected one axis of steps, found shape {list(np.shape(values))}")


def _floats(values: list[float | None] | list[float]) -> Floats:
    import numpy as np

    return np.array(values, dtype=np.float64)
